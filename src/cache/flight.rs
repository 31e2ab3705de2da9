//! One maker per picture: whoever asks for what is being made already waits for it instead.
//!
//! Three circles, each inside the next. Requests of a process meet in a map: the first one makes it, and
//! the others are told when it is done, without a thread that waits. Processes of a host
//! meet at a lock file, one byte per key, which the kernel frees when a process dies. Hosts meet at a
//! lease in memcached, which ends by itself after some seconds; it can delay for a bounded time but
//! never keep anybody from making a picture. What could not be made is told in all three for a moment, so
//! that a damaged file that many ask for is not tried by each.

mod failures;
mod flying;
mod guard;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use self::failures::Failures;
use self::flying::Flying;
pub use self::flying::{Following, Outcome};
pub use self::guard::{Claim, Guard, Lead};
use super::Key;
use super::memcached::Memcached;
use crate::bytelock::ByteLocks;

/// Why a picture could not be made, in its maker's own terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A code of the maker's.
    pub kind: u16,
    /// What to tell whoever asked.
    pub message: Arc<str>,
}

/// What there is to do about a key that the caches do not have.
#[derive(Debug)]
pub enum Turn {
    /// Nobody in this process is at it: make it.
    Mine(Claim),
    /// Somebody in this process is: wait until that is done.
    Anothers(Following),
    /// It could not be made, about a second ago at most.
    Failed(Failure),
}

/// All that is being made, as one process sees it. To be opened after forking.
#[derive(Debug)]
pub struct Flights(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    locks: ByteLocks,
    failures: Failures,
    memcached: Option<Arc<Memcached>>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    flying: HashMap<Arc<str>, Arc<Flying>>,
    failed: HashMap<Arc<str>, (Instant, Failure)>,
}

impl Flights {
    /// Opens the lock file `flight.lock`, and `flight.failures`, in a folder that all processes of the
    /// host use.
    ///
    /// # Errors
    /// When a file can be neither opened nor made.
    pub fn open(lock_dir: &Path, memcached: Option<Arc<Memcached>>) -> io::Result<Self> {
        let locks = ByteLocks::open(&lock_dir.join("flight.lock"))?;
        let failures = Failures::open(&lock_dir.join("flight.failures"))?;
        Ok(Self(Arc::new(Shared { locks, failures, memcached, known: Mutex::default() })))
    }

    /// Tells whose turn it is to make an entry, at once: where it is nobody's yet it is the caller's.
    #[must_use]
    pub fn enter(&self, key: &Key) -> Turn {
        let mut known = lock(&self.0.known);
        if let Some(failure) = known.failure(key) {
            return Turn::Failed(failure);
        }
        if let Some(flying) = known.flying.get(key.text()) {
            return Turn::Anothers(Following::new(flying));
        }
        let flying = Arc::<Flying>::default();
        known.flying.insert(Arc::clone(key.shared_text()), Arc::clone(&flying));
        Turn::Mine(Claim::new(&self.0, key, flying))
    }

    /// Entries that are being made in this process now.
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
