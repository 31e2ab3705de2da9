//! The children of one process: how many, which of them is free, and when they end.
//!
//! A child that has opened a file keeps it until its pixels are asked for, which may be a while: the
//! asking thread waits for its turn in between. Such a child counts as free all the same. When every
//! child is taken, the one that has waited longest loses its file, and whoever wanted it has the file
//! opened anew. So nobody waits for anything but work, which is bounded.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::SandboxOptions;
use super::channel::{Patience, Silence};
use super::process::{Child, Fault};
use crate::pixel::decode::Needs;

/// How often a thread that waits for a child looks whether it still should.
const LOOK: Duration = Duration::from_millis(25);

/// The children.
#[derive(Debug)]
pub struct Pool {
    options: Arc<SandboxOptions>,
    /// Threads that may wait for a child.
    waiters: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    parked: Vec<Parked>,
    busy: usize,
    waiting: usize,
    next_file: u64,
    keeper: bool,
}

#[derive(Debug)]
struct Parked {
    child: Child,
    since: Instant,
    /// The opened file that it keeps.
    file: Option<u64>,
}

/// A child that works for whoever holds this. Dropped, it is killed; parked, it is kept.
#[derive(Debug)]
pub struct Lease {
    pool: Arc<Pool>,
    child: Option<Child>,
    /// Whether it still keeps the file that was asked for.
    pub has_file: bool,
}

impl Pool {
    /// No child yet. When `waiters` wait for one, one more is told so at once.
    pub fn new(options: Arc<SandboxOptions>, waiters: usize) -> Arc<Self> {
        Arc::new(Self { options, waiters, state: Mutex::default(), changed: Condvar::new() })
    }

    /// A number for a file that is to be kept open.
    pub fn number_file(&self) -> u64 {
        let mut state = self.lock();
        state.next_file += 1;
        state.next_file
    }

    /// Takes a child with these rights: the one that keeps `file`, else any that is free, else a new
    /// one.
    pub fn take(
        self: &Arc<Self>,
        needs: Needs,
        file: Option<u64>,
        patience: Patience<'_>,
    ) -> Result<Lease, Fault> {
        let (child, has_file) = self.find(needs, file, patience)?;
        // From here on it is counted as busy: the lease sees to it that this ends.
        let mut lease = Lease { pool: Arc::clone(self), child, has_file };
        if !lease.child.as_mut().is_some_and(Child::is_idle) {
            lease.has_file = false;
            lease.child = None;
            lease.child = Some(Child::start(&self.options, needs)?);
        }
        Ok(lease)
    }

    /// A free child, or leave to start one.
    fn find(
        &self,
        needs: Needs,
        file: Option<u64>,
        patience: Patience<'_>,
    ) -> Result<(Option<Child>, bool), Fault> {
        let mut state = self.lock();
        let mut waits = false;
        loop {
            let picked = state.pick(needs, file, self.options.children);
            let outcome = match (picked, patience.check()) {
                (Some(picked), _) => {
                    state.busy += 1;
                    Ok(picked)
                }
                (None, Err(Silence::Cancelled)) => Err(Fault::Cancelled),
                (None, Err(_)) => Err(Fault::Busy),
                (None, Ok(())) if !waits && state.waiting >= self.waiters => Err(Fault::Busy),
                (None, Ok(())) => {
                    state.waiting += usize::from(!waits);
                    waits = true;
                    let woken = self.changed.wait_timeout(state, LOOK);
                    state = woken.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            };
            state.waiting -= usize::from(waits);
            return outcome;
        }
    }

    /// Lets go of a file that is not wanted any more.
    pub fn forget(&self, file: u64) {
        let mut state = self.lock();
        if let Some(parked) = state.parked.iter_mut().find(|parked| parked.file == Some(file)) {
            parked.file = None;
        }
    }

    /// Children there are now.
    pub fn count(&self) -> usize {
        let state = self.lock();
        state.parked.len() + state.busy
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends children that have been idle for long, and itself when there are none left.
    fn keep(pool: &Weak<Self>, idle: Duration) {
        loop {
            thread::sleep((idle / 4).clamp(Duration::from_millis(50), Duration::from_secs(5)));
            let Some(pool) = pool.upgrade() else { return };
            let mut state = pool.lock();
            let (old, young) =
                state.parked.drain(..).partition(|parked| parked.since.elapsed() >= idle);
            state.parked = young;
            let none_left = state.parked.is_empty() && state.busy == 0;
            state.keeper = !none_left;
            drop(state);
            drop::<Vec<Parked>>(old);
            if none_left {
                return;
            }
        }
    }

    fn start_keeper(self: &Arc<Self>, state: &mut State) {
        if state.keeper {
            return;
        }
        let (pool, idle) = (Arc::downgrade(self), self.options.idle);
        let thread = thread::Builder::new().name("children".into());
        state.keeper = thread.spawn(move || Self::keep(&pool, idle)).is_ok();
    }
}

impl State {
    /// The child to use; none in it when one has to be started; nothing when all are at work.
    fn pick(
        &mut self,
        needs: Needs,
        file: Option<u64>,
        most: usize,
    ) -> Option<(Option<Child>, bool)> {
        let fits = |parked: &Parked| parked.child.needs() == needs;
        let keeps = |parked: &Parked| file.is_some() && parked.file == file;
        if let Some(at) = self.parked.iter().position(keeps) {
            return Some((Some(self.parked.remove(at).child), true));
        }
        if let Some(at) = self.parked.iter().rposition(|it| fits(it) && it.file.is_none()) {
            return Some((Some(self.parked.remove(at).child), false));
        }
        if self.parked.len() + self.busy < most {
            return Some((None, false));
        }
        if self.parked.is_empty() {
            return None;
        }
        // The first has waited longest. One with other rights makes room for a new one.
        let at = self.parked.iter().position(fits);
        let child = self.parked.remove(at.unwrap_or(0)).child;
        Some((at.map(|_| child), false))
    }
}

impl Lease {
    /// The child.
    pub fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("a lease has a child until it is parked")
    }

    /// Gives the child back, with the file that it is to keep open.
    pub fn park(mut self, file: Option<u64>) {
        let Some(child) = self.child.take() else { return };
        // What a program has left in its scratch folder is nothing for the next file.
        let single = matches!(child.needs(), Needs::Tool(_));
        let worn = file.is_none() && (single || child.files >= self.pool.options.files);
        if worn {
            return;
        }
        let mut state = self.pool.lock();
        state.parked.push(Parked { child, since: Instant::now(), file });
        self.pool.start_keeper(&mut state);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Gone before it stops counting, so that there are never more than allowed.
        self.child = None;
        self.pool.lock().busy -= 1;
        self.pool.changed.notify_one();
    }
}
