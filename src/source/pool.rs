//! A few threads for calls into a file system that may never come back.
//!
//! A thread inside a hung network file system cannot be interrupted, so whoever must not wait hands
//! the call over and stops listening when its time is up. Each call belongs to a region, a part of
//! the files that may hang on its own. A region can hold only so many threads; when it holds them
//! all, others are started for the rest, up to a bound, and calls into it are refused until it
//! answers: what is queued behind a hung call would only be late.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

/// How many calls may wait for a thread.
const MAX_QUEUED: usize = 1024;

/// How many hung regions, at least, leave the others served.
const MAX_HUNG_REGIONS: usize = 3;

/// The threads only wait inside system calls.
const STACK_BYTES: usize = 128 * 1024;

/// The pool. Its threads start with the first call, so that a process may still fork before, and
/// end when it is dropped, a stuck one as soon as its call returns.
pub struct Pool {
    queue: Sender<Call>,
    waiting: Receiver<Call>,
    threads: Arc<Threads>,
}

/// What became of a call that was handed over.
pub enum Handover {
    /// It will be made, or told that it may not.
    Taken,
    /// It will not: its region hangs, or too many calls are waiting.
    Refused,
    /// It will not: no thread could be started.
    Failed(io::Error),
}

/// Says to a call whether it may go ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// It may.
    Ahead,
    /// Its region has been found to hang while it was waiting.
    Back,
}

struct Call {
    region: u64,
    make: Box<dyn FnOnce(Go) + Send>,
}

struct Threads {
    /// How many there are while nothing hangs, and how many one region can hold.
    usual: usize,
    patience: Duration,
    /// By thread: the region that it is in, and since when.
    inside: Mutex<Vec<Option<(u64, Instant)>>>,
}

impl Pool {
    /// A pool of `threads` (at least one) threads. A call hangs when it takes longer than
    /// `patience`.
    pub fn new(threads: usize, patience: Duration) -> Self {
        let (queue, waiting) = bounded(MAX_QUEUED);
        let threads = Threads { usual: threads.max(1), patience, inside: Mutex::default() };
        Self { queue, waiting, threads: Arc::new(threads) }
    }

    /// Hands over a call into `region`. Never waits, but for starting threads.
    pub fn hand_over(&self, region: u64, make: impl FnOnce(Go) + Send + 'static) -> Handover {
        match self.provide(region) {
            Ok(true) => {}
            Ok(false) => return Handover::Refused,
            Err(error) => return Handover::Failed(error),
        }
        match self.queue.try_send(Call { region, make: Box::new(make) }) {
            Ok(()) => Handover::Taken,
            Err(_) => Handover::Refused,
        }
    }

    /// Sees to it that a thread can make a call into `region`; false when none can.
    fn provide(&self, region: u64) -> io::Result<bool> {
        let mut inside = self.threads.lock();
        while inside.len() < self.threads.usual {
            self.start(&mut inside)?;
        }
        if self.threads.is_hung(&inside, region) {
            return Ok(false);
        }
        if inside.iter().all(|at| self.threads.is_stuck(at)) {
            if inside.len() >= self.threads.usual * (MAX_HUNG_REGIONS + 1) {
                return Ok(false);
            }
            self.start(&mut inside)?;
        }
        Ok(true)
    }

    fn start(&self, inside: &mut Vec<Option<(u64, Instant)>>) -> io::Result<()> {
        let index = inside.len();
        let (waiting, threads) = (self.waiting.clone(), Arc::clone(&self.threads));
        thread::Builder::new()
            .name(format!("stat-{index}"))
            .stack_size(STACK_BYTES)
            .spawn(move || threads.work(&waiting, index))?;
        inside.push(None);
        Ok(())
    }
}

impl Threads {
    fn work(&self, waiting: &Receiver<Call>, index: usize) {
        while let Ok(call) = waiting.recv() {
            let go = self.enter(index, call.region);
            (call.make)(go);
            self.lock()[index] = None;
        }
    }

    fn enter(&self, index: usize, region: u64) -> Go {
        let mut inside = self.lock();
        if self.is_hung(&inside, region) {
            return Go::Back;
        }
        inside[index] = Some((region, Instant::now()));
        Go::Ahead
    }

    fn is_hung(&self, inside: &[Option<(u64, Instant)>], region: u64) -> bool {
        let here = |at: &&Option<(u64, Instant)>| at.is_some_and(|(other, _)| other == region);
        inside.iter().filter(here).filter(|at| self.is_stuck(at)).count() >= self.usual
    }

    fn is_stuck(&self, at: &Option<(u64, Instant)>) -> bool {
        at.is_some_and(|(_, since)| since.elapsed() > self.patience)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<(u64, Instant)>>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Occupies a thread until `gate` is closed.
    fn hang(pool: &Pool, region: u64, gate: &Receiver<()>) -> Handover {
        let gate = gate.clone();
        pool.hand_over(region, move |go| {
            if go == Go::Ahead {
                _ = gate.recv();
            }
        })
    }

    fn until(mut condition: impl FnMut() -> bool) {
        let limit = Instant::now() + LIMIT;
        while !condition() {
            assert!(Instant::now() < limit, "the condition never came true");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether a call into `region` goes ahead.
    fn answers(pool: &Pool, region: u64) -> bool {
        let (done, answer) = bounded(1);
        match pool.hand_over(region, move |go| _ = done.send(go)) {
            Handover::Taken => answer.recv_timeout(LIMIT).unwrap() == Go::Ahead,
            Handover::Refused => false,
            Handover::Failed(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_hung_region_is_refused_and_recovers() {
        let pool = Pool::new(2, Duration::from_millis(5));
        let (release, gate) = bounded::<()>(0);
        for _ in 0..2 {
            assert!(matches!(hang(&pool, 1, &gate), Handover::Taken));
        }
        until(|| matches!(hang(&pool, 1, &gate), Handover::Refused));
        drop(release);
        until(|| answers(&pool, 1));
    }

    #[test]
    fn other_regions_go_on_though_many_calls_hang_or_wait() {
        let pool = Pool::new(2, Duration::from_millis(5));
        let (_release, gate) = bounded::<()>(0);
        // More than threads, all before anything is known to hang.
        for _ in 0..50 {
            hang(&pool, 1, &gate);
        }
        until(|| matches!(hang(&pool, 1, &gate), Handover::Refused));
        until(|| answers(&pool, 2));
        assert!(pool.threads.lock().len() <= 2 + 1 + 1, "{}", pool.threads.lock().len());
    }

    #[test]
    fn threads_are_bounded_however_many_regions_hang() {
        let pool = Pool::new(2, Duration::from_millis(1));
        let (release, gate) = bounded::<()>(0);
        until(|| {
            let refused = (0..20).filter(|i| matches!(hang(&pool, *i, &gate), Handover::Refused));
            refused.count() == 20
        });
        assert_eq!(pool.threads.lock().len(), 8);
        drop(release);
        until(|| (0..20).all(|i| answers(&pool, i)));
    }

    #[test]
    fn one_stuck_thread_leaves_the_others_working() {
        let pool = Pool::new(2, Duration::from_millis(1));
        let (_release, gate) = bounded::<()>(0);
        assert!(matches!(hang(&pool, 1, &gate), Handover::Taken));
        for _ in 0..50 {
            until(|| answers(&pool, 1));
        }
    }
}
