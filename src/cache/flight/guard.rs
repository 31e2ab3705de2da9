//! The lead in making one entry: first within the process, then on the host, then among hosts.

use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::failures::LIFE as FAILURE_LIFE;
use super::flying::{Flying, Outcome};
use super::{Failure, Shared, lock};
use crate::cache::{Entry, Key};

const FIRST_POLL: Duration = Duration::from_millis(2);
const LAST_POLL: Duration = Duration::from_millis(10);
const LEASE_POLL: Duration = Duration::from_millis(25);
const LEASE_TTL_S: u32 = 5;
pub(super) const LEASE_WAIT: Duration = Duration::from_secs(2);

/// The turn to make an entry, as far as this process is concerned. Dropping it lets the next one try.
#[derive(Debug)]
pub struct Claim(Guard);

/// What comes of asking the other processes and hosts for the lead.
#[derive(Debug)]
pub enum Lead {
    /// Make it. Look in the cache once more first: another may have finished just before.
    Taken(Guard),
    /// Another could not make it, about a second ago at most.
    Failed(Failure),
    /// Another is still at it, and is waited for no longer.
    TimedOut,
}

impl Claim {
    pub(super) fn new(shared: &Arc<Shared>, key: &Key, flying: Arc<Flying>) -> Self {
        Self(Guard {
            shared: Arc::clone(shared),
            key: key.clone(),
            flying,
            host_lock: false,
            lease: Mutex::new(None),
            outcome: Outcome::Nothing,
        })
    }

    /// Takes the lead among all processes, waiting at most `wait` for whoever has it, and only while
    /// `is_wanted`. Blocks: one thread for each entry and process.
    #[must_use]
    pub fn lead(self, wait: Duration, is_wanted: &dyn Fn() -> bool) -> Lead {
        let patience = Patience { deadline: Instant::now() + wait, is_wanted };
        let Self(mut guard) = self;
        if !guard.take_host_lock(patience) {
            return Lead::TimedOut;
        }
        if let Some(failure) = guard.shared.failures.told(&guard.key) {
            return guard.end_with(failure);
        }
        guard.take_lease(patience);
        if let Some(failure) = guard.told_by_another_host() {
            return guard.end_with(failure);
        }
        Lead::Taken(guard)
    }
}

/// How long one waits for whoever has the lead.
#[derive(Clone, Copy)]
struct Patience<'a> {
    deadline: Instant,
    is_wanted: &'a dyn Fn() -> bool,
}

impl Patience<'_> {
    /// What is left of it.
    fn left(&self) -> Option<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        (!left.is_zero() && (self.is_wanted)()).then_some(left)
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
    /// Hands the result to all in this process who wait for it. To be called after the
    /// entry was put into the cache, where the other processes look for it.
    pub fn finish(mut self, entry: &Entry) {
        self.outcome = Outcome::Made(entry.clone());
    }

    /// Tells all who wait, or ask within about a second, that it cannot be made: in this
    /// process, in other processes of the host, and on other hosts.
    pub fn fail(mut self, failure: Failure) {
        self.shared.failures.tell(&self.key, &failure);
        if let Some(memcached) = &self.shared.memcached {
            // Without it, the other hosts find out for themselves.
            let _: Result<(), _> = memcached.put_failure(&self.key, failure.kind, &failure.message);
        }
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

    /// Ends the flight with a failure that somebody else told.
    fn end_with(mut self, failure: Failure) -> Lead {
        self.outcome = Outcome::Failed(failure.clone());
        Lead::Failed(failure)
    }

    fn told_by_another_host(&self) -> Option<Failure> {
        let memcached = self.shared.memcached.as_ref()?;
        let (kind, message) = memcached.failure(&self.key).ok()??;
        Some(Failure { kind, message: message.into() })
    }

    fn take_host_lock(&mut self, patience: Patience) -> bool {
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
            let Some(left) = patience.left() else { return false };
            sleep(nap.min(left));
            nap = (nap * 2).min(LAST_POLL);
        }
    }

    fn take_lease(&mut self, patience: Patience) {
        let Some(memcached) = &self.shared.memcached else { return };
        let deadline = patience.deadline.min(Instant::now() + LEASE_WAIT);
        let patience = Patience { deadline, ..patience };
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
            let Some(left) = patience.left() else { return };
            sleep(LEASE_POLL.min(left));
            key = Key::new(self.key.text().to_owned());
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::Nothing);
        self.flying.land(outcome);
        let lease = lock(&self.lease).take();
        if let (Some(memcached), Some(since)) = (&self.shared.memcached, lease) {
            // An older lease has ended; what is there by now is another's.
            if since.elapsed() < Duration::from_secs(LEASE_TTL_S.into()) {
                let _: Result<(), _> = memcached.give_lease_back(&self.key);
            }
        }
        // The map comes after the lock: who finds the key gone from it takes the lock as its own, and the
        // kernel would not keep the two apart.
        if self.host_lock {
            let place = self.key.place();
            self.shared.locks.unlock(place..place + 1);
        }
        lock(&self.shared.known).flying.remove(self.key.text());
        self.flying.tell_all();
    }
}
