//! One maker per picture: whoever asks for what is being made already waits for it instead.
//!
//! Three circles, each inside the next. Threads of a process meet in a map. Processes of a host
//! meet at a lock file, one byte per key, which the kernel frees when a process dies. Hosts meet at a
//! lease in memcached, which ends by itself after some seconds; it can delay for a bounded time but
//! never keep anybody from making a picture.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::memcached::Memcached;
use super::{Entry, Key};
use crate::bytelock::ByteLocks;

const FIRST_POLL: Duration = Duration::from_millis(2);
const LAST_POLL: Duration = Duration::from_millis(10);
const LEASE_POLL: Duration = Duration::from_millis(25);
const LEASE_TTL_S: u32 = 5;
const LEASE_WAIT: Duration = Duration::from_secs(2);
const FAILURE_LIFE: Duration = Duration::from_secs(1);

/// Why a picture could not be made, in its maker's own terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A code of the maker's.
    pub kind: u16,
    /// What to tell whoever asked.
    pub message: Arc<str>,
}

/// What to do about a key that the caches do not have.
#[derive(Debug)]
pub enum Flight {
    /// Make it. Look in the cache once more first: another may have finished just before.
    Lead(Guard),
    /// Another thread of this process made it meanwhile.
    Made(Entry),
    /// Another thread of this process could not make it, less than a second ago.
    Failed(Failure),
    /// Another was at it but left no result here: look in the cache, and if need be join again.
    Follow,
    /// Another is still at it.
    TimedOut,
}

/// All that is being made, as one process sees it. To be opened after forking.
#[derive(Debug)]
pub struct Flights(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    locks: ByteLocks,
    memcached: Option<Arc<Memcached>>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    flying: HashMap<Arc<str>, Arc<Flying>>,
    failed: HashMap<Arc<str>, (Instant, Failure)>,
}

/// A flight and those who wait for it.
#[derive(Debug, Default)]
struct Flying {
    outcome: Mutex<Option<Outcome>>,
    landed: Condvar,
}

#[derive(Debug, Clone)]
enum Outcome {
    Made(Entry),
    Failed(Failure),
    Nothing,
}

impl From<Outcome> for Flight {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Made(entry) => Self::Made(entry),
            Outcome::Failed(failure) => Self::Failed(failure),
            Outcome::Nothing => Self::Follow,
        }
    }
}

impl Flights {
    /// Opens the lock file `flight.lock` in a folder that all processes of the host use.
    ///
    /// # Errors
    /// When the file can be neither opened nor made.
    pub fn open(lock_dir: &Path, memcached: Option<Arc<Memcached>>) -> io::Result<Self> {
        let locks = ByteLocks::open(&lock_dir.join("flight.lock"))?;
        Ok(Self(Arc::new(Shared { locks, memcached, known: Mutex::default() })))
    }

    /// Takes the lead in making an entry, or waits at most `wait` for whoever has it.
    #[must_use]
    pub fn join(&self, key: &Key, wait: Duration) -> Flight {
        let deadline = Instant::now() + wait;
        let flying = {
            let mut known = lock(&self.0.known);
            if let Some(failure) = known.failure(key) {
                return Flight::Failed(failure);
            }
            if let Some(flying) = known.flying.get(key.text()).map(Arc::clone) {
                drop(known);
                return flying.follow(deadline);
            }
            let flying = Arc::<Flying>::default();
            known.flying.insert(Arc::clone(key.shared_text()), Arc::clone(&flying));
            flying
        };
        // From here on whatever happens takes the flight off the map again.
        let mut guard = Guard {
            shared: Arc::clone(&self.0),
            key: key.clone(),
            flying,
            host_lock: false,
            lease: Mutex::new(None),
            outcome: Outcome::Nothing,
        };
        if !guard.take_host_lock(deadline) {
            return Flight::TimedOut;
        }
        guard.take_lease(deadline);
        Flight::Lead(guard)
    }

    /// Entries that threads of this process are making now.
    #[must_use]
    pub fn flying(&self) -> usize {
        lock(&self.0.known).flying.len()
    }
}

impl Known {
    fn failure(&mut self, key: &Key) -> Option<Failure> {
        if self.failed.is_empty() {
            return None;
        }
        let now = Instant::now();
        self.failed.retain(|_, (until, _)| now < *until);
        self.failed.get(key.text()).map(|(_, failure)| failure.clone())
    }
}

impl Flying {
    fn follow(&self, deadline: Instant) -> Flight {
        let mut outcome = lock(&self.outcome);
        loop {
            if let Some(outcome) = &*outcome {
                return outcome.clone().into();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Flight::TimedOut;
            }
            let woken = self.landed.wait_timeout(outcome, left);
            outcome = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The lead in making one entry. Dropping it without a result lets the next one try.
#[derive(Debug)]
pub struct Guard {
    shared: Arc<Shared>,
    key: Key,
    flying: Arc<Flying>,
    host_lock: bool,
    /// Since when the lease is held.
    lease: Mutex<Option<Instant>>,
    outcome: Outcome,
}

impl Guard {
    /// Hands the result to all threads of this process that wait for it. To be called after the
    /// entry was put into the cache, where the other processes look for it.
    pub fn finish(mut self, entry: &Entry) {
        self.outcome = Outcome::Made(entry.clone());
    }

    /// Tells all threads of this process that wait, or ask within a second, that it cannot be made.
    pub fn fail(mut self, failure: Failure) {
        let until = Instant::now() + FAILURE_LIFE;
        let text = Arc::clone(self.key.shared_text());
        lock(&self.shared.known).failed.insert(text, (until, failure.clone()));
        self.outcome = Outcome::Failed(failure);
    }

    /// To be called now and then while making takes long (between phases will do): keeps the other
    /// hosts waiting for this one.
    pub fn renew(&self) {
        let Some(memcached) = &self.shared.memcached else { return };
        let mut lease = lock(&self.lease);
        let half_life = Duration::from_secs(LEASE_TTL_S.into()) / 2;
        if lease.is_some_and(|since| since.elapsed() >= half_life) {
            let renewed = memcached.renew_lease(&self.key, LEASE_TTL_S);
            *lease = renewed.is_ok().then(Instant::now);
        }
    }

    fn take_host_lock(&mut self, deadline: Instant) -> bool {
        let place = self.key.place();
        let mut nap = FIRST_POLL;
        loop {
            match self.shared.locks.try_lock(place..place + 1) {
                Ok(true) => {
                    self.host_lock = true;
                    return true;
                }
                Ok(false) => {}
                Err(error) => {
                    log::error!("work cannot be shared with other processes: {error}");
                    return true;
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            sleep(nap.min(left));
            nap = (nap * 2).min(LAST_POLL);
        }
    }

    fn take_lease(&mut self, deadline: Instant) {
        let Some(memcached) = &self.shared.memcached else { return };
        let deadline = deadline.min(Instant::now() + LEASE_WAIT);
        // The first question is charged to the request's patience. Those that follow are part of a
        // wait with a bound of its own.
        let mut key = self.key.clone();
        loop {
            let since = Instant::now();
            match memcached.take_lease(&key, LEASE_TTL_S) {
                Ok(true) => {
                    *lock(&self.lease) = Some(since);
                    return;
                }
                Ok(false) => {}
                Err(_) => return,
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            sleep(LEASE_POLL.min(left));
            key = Key::new(self.key.text().to_owned());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::Nothing);
        *lock(&self.flying.outcome) = Some(outcome);
        self.flying.landed.notify_all();
        let lease = lock(&self.lease).take();
        if let (Some(memcached), Some(since)) = (&self.shared.memcached, lease) {
            // An older lease has ended; what is there by now is another's.
            if since.elapsed() < Duration::from_secs(LEASE_TTL_S.into()) {
                let _: Result<(), _> = memcached.give_lease_back(&self.key);
            }
        }
        // The map comes last: a thread that finds the key gone from it takes the lock as its own,
        // and the kernel would not keep the two apart.
        if self.host_lock {
            let place = self.key.place();
            self.shared.locks.unlock(place..place + 1);
        }
        lock(&self.shared.known).flying.remove(self.key.text());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
