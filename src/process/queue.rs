//! Jobs on their way to threads. Of several idle threads the one that became idle last goes on: what it
//! used is still in the processor's caches, and what others keep is not kept once more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::bounded;

/// Where jobs are put; when it is dropped, threads get what is left and then no more.
#[derive(Debug)]
pub struct Sender<T>(Arc<Queue<T>>);

/// Where threads get jobs.
#[derive(Debug)]
pub struct Receiver<T>(Arc<Queue<T>>);

#[derive(Debug)]
struct Queue<T> {
    most: usize,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    jobs: VecDeque<T>,
    /// While there are any, there are no jobs.
    idle: Vec<crossbeam_channel::Sender<T>>,
    open: bool,
}

/// A queue in which at most so many jobs wait for a thread.
pub fn queue<T>(most: usize) -> (Sender<T>, Receiver<T>) {
    let state = State { jobs: VecDeque::new(), idle: Vec::new(), open: true };
    let queue = Arc::new(Queue { most, state: Mutex::new(state) });
    (Sender(Arc::clone(&queue)), Receiver(queue))
}

impl<T> Sender<T> {
    /// Hands a job to an idle thread, or has it wait for one.
    ///
    /// # Errors
    /// The job, when too many wait.
    pub fn try_send(&self, job: T) -> Result<(), T> {
        let mut state = self.0.lock();
        if let Some(thread) = state.idle.pop() {
            drop(state);
            // It waits for this and has room for it; were it gone, so would be its process.
            return thread.send(job).map_err(|unsent| unsent.into_inner());
        }
        if state.jobs.len() >= self.0.most {
            return Err(job);
        }
        state.jobs.push_back(job);
        Ok(())
    }

    /// How many jobs wait for a thread.
    pub fn waiting(&self) -> usize {
        self.0.lock().jobs.len()
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.open = false;
        state.idle.clear();
    }
}

impl<T> Receiver<T> {
    /// Waits for a job; none when there will be none.
    pub fn next(&self) -> Option<T> {
        let mut state = self.0.lock();
        if let Some(job) = state.jobs.pop_front() {
            return Some(job);
        }
        if !state.open {
            return None;
        }
        let (idle, job) = bounded(1);
        state.idle.push(idle);
        drop(state);
        job.recv().ok()
    }

    /// How many jobs wait for a thread.
    pub fn waiting(&self) -> usize {
        self.0.lock().jobs.len()
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn jobs_come_in_their_order_and_no_more_than_fit() {
        let (sender, receiver) = queue(2);
        assert_eq!([1, 2, 3].map(|job| sender.try_send(job)), [Ok(()), Ok(()), Err(3)]);
        assert_eq!((sender.waiting(), receiver.waiting()), (2, 2));
        assert_eq!(receiver.next(), Some(1));
        // What is left is had even when nobody sends any more.
        drop(sender);
        assert_eq!(receiver.clone().next(), Some(2));
        assert_eq!(receiver.next(), None);
    }

    #[test]
    fn who_was_idle_last_goes_on() {
        let (sender, receiver) = queue::<u32>(0);
        let (tell, told) = crossbeam_channel::unbounded();
        let idle = |count: usize| {
            while receiver.0.lock().idle.len() < count {
                thread::yield_now();
            }
        };
        thread::scope(|scope| {
            for number in 0..3 {
                let (receiver, tell) = (receiver.clone(), tell.clone());
                scope.spawn(move || {
                    while let Some(job) = receiver.next() {
                        tell.send((number, job)).unwrap();
                    }
                });
                idle(number + 1);
            }
            for job in 0..5 {
                sender.try_send(job).unwrap();
                assert_eq!(told.recv().unwrap(), (2, job));
                idle(3);
            }
            // Idle threads end with the queue.
            drop(sender);
        });
    }

    #[test]
    fn none_is_lost_between_many() {
        let (sender, receiver) = queue(usize::MAX);
        let mut had: Vec<u32> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let receiver = receiver.clone();
                    scope.spawn(move || std::iter::from_fn(|| receiver.next()).collect::<Vec<_>>())
                })
                .collect();
            for job in 0..10_000 {
                sender.try_send(job).unwrap();
            }
            drop(sender);
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        had.sort_unstable();
        assert_eq!(had, (0..10_000).collect::<Vec<_>>());
    }
}
