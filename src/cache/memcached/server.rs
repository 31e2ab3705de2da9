//! One server: its idle connections and its health.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::Fault;
use super::address::Address;
use super::connection::Connection;
use super::health::{Attempt, Health, Severity};

/// A server of the ring.
#[derive(Debug)]
pub(super) struct Server {
    address: Arc<Address>,
    max_idle: usize,
    idle: Mutex<Vec<Connection>>,
    health: Mutex<Health>,
}

impl Server {
    /// A server to which nothing is connected yet.
    pub(super) fn new(address: Arc<Address>, max_idle: usize) -> Self {
        Self { address, max_idle, idle: Mutex::default(), health: Mutex::default() }
    }

    /// Its address, for people.
    pub(super) fn name(&self) -> String {
        self.address.name()
    }

    /// Does something over a connection, idle or new. An idle connection that turns out to have been
    /// closed in the meantime is replaced once by a new one, so `call` may run twice.
    pub(super) fn call<T>(
        &self,
        deadline: Instant,
        mut call: impl FnMut(&mut Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let now = Instant::now();
        if now >= deadline {
            return Err(Fault::Timeout { answered: true });
        }
        let Some(attempt) = lock(&self.health).attempt(now) else { return Err(Fault::Away) };
        let idle = lock(&self.idle).pop();
        if let Some(mut connection) = idle {
            connection.begin(deadline);
            match call(&mut connection) {
                Ok(value) => return Ok(self.done(connection, value)),
                // The server was restarted or tidied up: all idle connections are as old.
                Err(Fault::Closed(_)) => lock(&self.idle).clear(),
                Err(fault) => return Err(self.failed(attempt, fault)),
            }
        }
        let mut connection = match self.address.connect(deadline) {
            Ok(stream) => Connection::new(stream, deadline),
            Err(error) => return Err(self.failed(attempt, Fault::Unreachable(error))),
        };
        match call(&mut connection) {
            Ok(value) => Ok(self.done(connection, value)),
            Err(fault) => Err(self.failed(attempt, fault)),
        }
    }

    fn done<T>(&self, connection: Connection, value: T) -> T {
        if lock(&self.health).succeeded() {
            log::info!("memcached server {} answers again", self.address.name());
        }
        if connection.is_clean() {
            let mut idle = lock(&self.idle);
            if idle.len() < self.max_idle {
                idle.push(connection);
            }
        }
        value
    }

    fn failed(&self, attempt: Attempt, fault: Fault) -> Fault {
        let severity = match &fault {
            // It is alive; there was just more to carry than time.
            Fault::Timeout { answered: true } | Fault::Away => return fault,
            Fault::Unreachable(_) => Severity::Unreachable,
            Fault::Timeout { answered: false } | Fault::Closed(_) | Fault::Protocol(_) => {
                Severity::Failing
            }
        };
        if lock(&self.health).failed(Instant::now(), attempt, severity) {
            log::warn!("memcached server {} is away: {fault}", self.address.name());
            lock(&self.idle).clear();
        }
        if severity == Severity::Unreachable {
            self.address.look_up(|| ());
        }
        fault
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
