//! A few threads for calls into a file system that may never come back.
//!
//! A thread inside a hung network file system cannot be interrupted, so whoever must not wait hands
//! the call over and stops listening when its time is up. The pool notices when every thread of it
//! is stuck and then takes nothing more: what is queued behind a hung call would only be late.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

/// How many calls may wait for a thread.
const MAX_QUEUED: usize = 1024;

/// The threads only wait inside system calls.
const STACK_BYTES: usize = 128 * 1024;

type Job = Box<dyn FnOnce() + Send>;

/// The pool. Its threads start with the first call, so that a process may still fork before, and
/// end when it is dropped, a stuck one as soon as its call returns.
pub struct Pool {
    threads: usize,
    patience: Duration,
    queue: Mutex<Option<Sender<Job>>>,
    busy: Arc<Busy>,
}

/// What became of a call that was handed over.
pub enum Handover {
    /// It will be made.
    Taken,
    /// It will not: the threads are stuck, or too many calls are waiting.
    Refused,
    /// It will not: no thread could be started.
    Failed(io::Error),
}

/// Per thread, when it began its call: microseconds since `base`, 0 while it has none.
struct Busy {
    base: Instant,
    since_us: Vec<AtomicU64>,
}

impl Pool {
    /// A pool of `threads` (at least one) threads, stuck when each has been inside one call for
    /// longer than `patience`.
    pub fn new(threads: usize, patience: Duration) -> Self {
        let threads = threads.max(1);
        let since_us = (0..threads).map(|_| AtomicU64::new(0)).collect();
        let busy = Arc::new(Busy { base: Instant::now(), since_us });
        Self { threads, patience, queue: Mutex::new(None), busy }
    }

    /// Hands a call over. Never waits, but for starting the threads the first time.
    pub fn hand_over(&self, job: impl FnOnce() + Send + 'static) -> Handover {
        if self.busy.all_longer_than(self.patience) {
            return Handover::Refused;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match queue.as_ref() {
            Some(sender) => sender,
            None => match self.start() {
                Ok(sender) => queue.insert(sender),
                Err(error) => return Handover::Failed(error),
            },
        };
        match sender.try_send(Box::new(job)) {
            Ok(()) => Handover::Taken,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Handover::Refused,
        }
    }

    fn start(&self) -> io::Result<Sender<Job>> {
        let (sender, receiver) = bounded(MAX_QUEUED);
        for index in 0..self.threads {
            let (receiver, busy) = (receiver.clone(), Arc::clone(&self.busy));
            thread::Builder::new()
                .name(format!("stat-{index}"))
                .stack_size(STACK_BYTES)
                .spawn(move || work(&receiver, &busy, index))?;
        }
        Ok(sender)
    }
}

fn work(receiver: &Receiver<Job>, busy: &Busy, index: usize) {
    while let Ok(job) = receiver.recv() {
        busy.since_us[index].store(busy.now_us(), Ordering::Relaxed);
        job();
        busy.since_us[index].store(0, Ordering::Relaxed);
    }
}

impl Busy {
    fn now_us(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    fn all_longer_than(&self, patience: Duration) -> bool {
        let patience_us = u64::try_from(patience.as_micros()).unwrap_or(u64::MAX);
        let now_us = self.now_us();
        self.since_us.iter().all(|since_us| match since_us.load(Ordering::Relaxed) {
            0 => false,
            since_us => now_us.saturating_sub(since_us) > patience_us,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_while_every_thread_is_stuck_and_recovers() {
        let pool = Pool::new(2, Duration::from_millis(5));
        let (release, gate) = bounded::<()>(0);
        for _ in 0..2 {
            let gate = gate.clone();
            assert!(matches!(pool.hand_over(move || _ = gate.recv()), Handover::Taken));
        }
        let limit = Instant::now() + Duration::from_secs(10);
        while !matches!(pool.hand_over(|| {}), Handover::Refused) {
            assert!(Instant::now() < limit, "the pool never noticed");
            thread::yield_now();
        }
        drop(release);
        let (done, answer) = bounded(1);
        loop {
            let done = done.clone();
            if let Handover::Taken = pool.hand_over(move || _ = done.try_send(())) {
                break;
            }
            assert!(Instant::now() < limit, "the pool never recovered");
        }
        answer.recv_timeout(Duration::from_secs(10)).unwrap();
    }

    #[test]
    fn one_stuck_thread_leaves_the_others_working() {
        let pool = Pool::new(2, Duration::from_millis(1));
        let (_release, gate) = bounded::<()>(0);
        assert!(matches!(pool.hand_over(move || _ = gate.recv()), Handover::Taken));
        let limit = Instant::now() + Duration::from_secs(10);
        for _ in 0..50 {
            let (done, answer) = bounded(1);
            // The other thread may still be leaving its last call.
            loop {
                let done = done.clone();
                if let Handover::Taken = pool.hand_over(move || done.send(()).unwrap()) {
                    break;
                }
                assert!(Instant::now() < limit, "the pool refuses though one thread is free");
            }
            answer.recv_timeout(Duration::from_secs(10)).unwrap();
        }
    }
}
