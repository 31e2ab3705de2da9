//! The tier that all hosts share: any number of memcached servers.
//!
//! An own client, because what matters here is what happens when a server is slow, dead or lying:
//! every call has one bound that covers everything from name to last byte, a dead server costs
//! nothing until it is probed again, and whatever comes back is checked to be whole and to be what
//! was asked for. Keys of a dead server are misses; they do not move to the others, so that a server
//! that flaps cannot leave stale copies about.

mod address;
mod connection;
mod facts;
mod health;
mod ring;
mod server;
mod split;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use address::Address;
use connection::Connection;
pub use facts::{Facts, facts};
use ring::Ring;
use server::Server;
use split::Split;

use super::entry::{from_record, record_head};
use super::{Entry, Key};

/// How long opening waits for the names of servers to be looked up.
const LOOK_UP_WAIT: Duration = Duration::from_secs(1);

/// How long a server may take to tell of itself: nobody waits for that.
const USAGE_WAIT: Duration = Duration::from_millis(500);

/// What a server says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes that its items take.
    pub bytes: u64,
    /// The most that they may take.
    pub limit_bytes: u64,
    /// Items that it holds, those of others that use it included.
    pub items: u64,
    /// Items that it dropped for want of space since it was started.
    pub evictions: u64,
}

/// A server and its share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemcachedServer {
    /// `host`, `host:port`, `[v6]:port` or the path of a Unix socket.
    pub address: String,
    /// Its share of the keys relative to the others'.
    pub weight: u32,
}

/// How to use memcached.
#[derive(Debug, Clone)]
pub struct MemcachedOptions {
    /// The servers. Every host must list the same ones, spelled alike, in any order.
    pub servers: Vec<MemcachedServer>,
    /// What every key begins with, so that others can use the same servers: up to 64 of
    /// `A–Z a–z 0–9 . _ -`.
    pub prefix: String,
    /// Bound on all that one request waits for the servers, connecting included.
    pub timeout_ms: u32,
    /// Largest value to store as one item, a little below the servers' `-I`.
    pub item_bytes: usize,
    /// Largest entry to store at all.
    pub object_bytes: usize,
    /// Idle connections kept per server: the number of threads that use the cache.
    pub idle_connections: usize,
}

/// How long a failure is told. The servers count whole seconds, so that one might be no time at all.
const FAILURE_TTL_S: u32 = 2;

impl Default for MemcachedOptions {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            prefix: "halftone.".into(),
            timeout_ms: 50,
            item_bytes: 1_000_000,
            object_bytes: 32 << 20,
            idle_connections: 16,
        }
    }
}

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MemcachedError {
    /// No server is named, or all weights are 0.
    #[error("no memcached server with a weight above 0 is named")]
    NoServer,
    /// A server's address cannot be read.
    #[error("`{0}` is not the address of a memcached server")]
    Address(String),
    /// The prefix holds something else than letters, digits, `.`, `_` and `-`, or is too long.
    #[error(
        "the prefix of memcached keys must be up to 64 letters, digits, dots, dashes or underscores"
    )]
    Prefix,
    /// The item size is too small to be of use.
    #[error("memcached items must hold at least 1000 bytes")]
    ItemSize,
}

/// Why a call came to nothing. Never more than a miss to whoever made it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The server failed lately and is not asked.
    #[error("the server is away")]
    Away,
    /// No connection could be made.
    #[error("no connection: {0}")]
    Unreachable(#[source] io::Error),
    /// The time was up.
    #[error("no answer in time")]
    Timeout {
        /// Whether some of the answer, or the request's own time, was there.
        answered: bool,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Closed(#[source] io::Error),
    /// The answer was not memcached's.
    #[error("the server sent {0}")]
    Protocol(&'static str),
}

/// The servers.
#[derive(Debug)]
pub struct Memcached {
    ring: Ring,
    servers: Vec<Server>,
    prefix: String,
    timeout: Duration,
    item_bytes: usize,
    object_bytes: usize,
}

impl Memcached {
    /// Prepares to use the servers. Nothing is connected yet; names are looked up for at most a
    /// second, and again in the background whenever their server cannot be reached.
    ///
    /// # Errors
    /// [`MemcachedError`] when the options cannot be used.
    pub fn open(options: &MemcachedOptions) -> Result<Self, MemcachedError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if options.prefix.len() > 64 || !options.prefix.chars().all(plain) {
            return Err(MemcachedError::Prefix);
        }
        if options.item_bytes < 1_000 {
            return Err(MemcachedError::ItemSize);
        }
        let mut named: Vec<(String, u32, Arc<Address>)> = Vec::new();
        for server in &options.servers {
            let address = Address::parse(&server.address)
                .ok_or_else(|| MemcachedError::Address(server.address.clone()))?;
            if server.weight > 0 {
                named.push((address.name(), server.weight, Arc::new(address)));
            }
        }
        if named.is_empty() {
            return Err(MemcachedError::NoServer);
        }
        look_up(&named);
        let ring = Ring::new(named.iter().map(|(name, weight, _)| (name.as_str(), *weight)));
        let server = |(_, _, address)| Server::new(address, options.idle_connections);
        Ok(Self {
            ring,
            servers: named.into_iter().map(server).collect(),
            prefix: options.prefix.clone(),
            timeout: Duration::from_millis(options.timeout_ms.into()),
            item_bytes: options.item_bytes,
            object_bytes: options.object_bytes,
        })
    }

    /// Looks an entry up. What is damaged, incomplete or of another key is as good as missing.
    ///
    /// # Errors
    /// [`Fault`] when the server could not be asked.
    pub fn get(&self, key: &Key) -> Result<Option<Entry>, Fault> {
        let hex = key.hex();
        let name = format!("{}e{hex}", self.prefix);
        self.timed(key, |deadline| {
            self.call(&hex, deadline, |connection| {
                let Some(value) = connection.get(&name, self.item_bytes)? else { return Ok(None) };
                match Split::from_bytes(&value, self.object_bytes) {
                    None => Ok(from_record(key, value)),
                    Some(split) => self.get_split(connection, key, &hex, split),
                }
            })
        })
    }

    /// Stores an entry. Tells whether it was stored; what is too large is not.
    ///
    /// # Errors
    /// [`Fault`] when the server could not be asked.
    pub fn put(&self, key: &Key, entry: &Entry) -> Result<bool, Fault> {
        let Some(head) = record_head(key, entry) else { return Ok(false) };
        let record_bytes = head.len() + entry.body.len();
        if record_bytes > self.object_bytes {
            return Ok(false);
        }
        let hex = key.hex();
        let name = format!("{}e{hex}", self.prefix);
        self.timed(key, |deadline| {
            self.call(&hex, deadline, |connection| {
                if record_bytes > self.item_bytes {
                    return self.put_split(connection, &name, &hex, [&head, &entry.body]);
                }
                connection.send_set(&name, &[&head, &entry.body])?;
                connection.stored()
            })
        })
    }

    /// Forgets an entry.
    ///
    /// # Errors
    /// [`Fault`] when the server could not be asked.
    pub fn remove(&self, key: &Key) -> Result<(), Fault> {
        let hex = key.hex();
        let name = format!("{}e{hex}", self.prefix);
        self.timed(key, |deadline| self.call(&hex, deadline, |connection| connection.delete(&name)))
    }

    /// Takes the lease on making an entry, unless another holds it. Tells whether it did. The lease
    /// ends by itself after `ttl_s`.
    ///
    /// # Errors
    /// [`Fault`] when the server could not be asked.
    pub fn take_lease(&self, key: &Key, ttl_s: u32) -> Result<bool, Fault> {
        self.lease(key, |connection, name| connection.add(name, ttl_s, b"1"))
    }

    /// Lets a lease last for another `ttl_s` from now.
    ///
    /// # Errors
    /// [`Fault`] when the server could not be asked.
    pub fn renew_lease(&self, key: &Key, ttl_s: u32) -> Result<(), Fault> {
        self.lease(key, |connection, name| connection.touch(name, ttl_s))
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// [`Fault`] when the server could not be asked.
    pub fn give_lease_back(&self, key: &Key) -> Result<(), Fault> {
        self.lease(key, |connection, name| connection.delete(name))
    }

    /// What each server says of itself, by its name; none of one that does not answer in time.
    #[must_use]
    pub fn usage(&self) -> Vec<(String, Option<Usage>)> {
        let ask = |server: &Server| {
            let deadline = Instant::now() + self.timeout.max(USAGE_WAIT);
            (server.name(), server.call(deadline, Connection::usage).ok())
        };
        self.servers.iter().map(ask).collect()
    }

    fn lease<T>(
        &self,
        key: &Key,
        call: impl FnMut(&mut Connection, &str) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.beside(key, 'l', call)
    }

    /// Does something with what stands beside an entry, under a letter of its own.
    fn beside<T>(
        &self,
        key: &Key,
        letter: char,
        mut call: impl FnMut(&mut Connection, &str) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let hex = key.hex();
        let name = format!("{}{letter}{hex}", self.prefix);
        self.timed(key, |deadline| self.call(&hex, deadline, |connection| call(connection, &name)))
    }

    /// Tells all who share the servers that an entry could not be made: a number and words of the
    /// maker's. It is forgotten after one to two seconds.
    ///
    /// # Errors
    /// [`Fault`] when the server could not be asked.
    pub fn put_failure(&self, key: &Key, kind: u16, message: &str) -> Result<(), Fault> {
        let value = [&kind.to_be_bytes(), message.as_bytes()].concat();
        self.beside(key, 'f', |connection, name| {
            connection.add(name, FAILURE_TTL_S, &value).map(drop)
        })
    }

    /// What was told like that.
    ///
    /// # Errors
    /// [`Fault`] when the server could not be asked.
    pub fn failure(&self, key: &Key) -> Result<Option<(u16, String)>, Fault> {
        self.beside(key, 'f', |connection, name| {
            let value = connection.get(name, self.item_bytes)?;
            Ok(value.and_then(|value| {
                let (kind, message) = value.split_first_chunk()?;
                let message = std::str::from_utf8(message).ok()?;
                Some((u16::from_be_bytes(*kind), message.to_owned()))
            }))
        })
    }

    /// Asks every server whether it is there, and names those that do not answer.
    #[must_use]
    pub fn silent(&self) -> Vec<String> {
        let name = format!("{}health", self.prefix);
        let silent = self.servers.iter().filter(|server| {
            let deadline = Instant::now() + self.timeout;
            server.call(deadline, |connection| connection.get(&name, self.item_bytes)).is_err()
        });
        silent.map(Server::name).collect()
    }

    fn get_split(
        &self,
        connection: &mut Connection,
        key: &Key,
        hex: &str,
        split: Split,
    ) -> Result<Option<Entry>, Fault> {
        let mut record = Vec::new();
        if record.try_reserve_exact(split.record_bytes).is_err() {
            return Ok(None);
        }
        record.resize(split.record_bytes, 0);
        let keys: Vec<String> =
            (0..split.count()).map(|chunk| split.key(&self.prefix, hex, chunk)).collect();
        if !connection.get_all(&keys, split.chunk_bytes, &mut record)? {
            return Ok(None);
        }
        Ok(from_record(key, record))
    }

    fn put_split(
        &self,
        connection: &mut Connection,
        name: &str,
        hex: &str,
        record: [&[u8]; 2],
    ) -> Result<bool, Fault> {
        let Ok(generation) = getrandom::u64() else { return Ok(false) };
        let record_bytes = record[0].len() + record[1].len();
        let split = Split { chunk_bytes: self.item_bytes, record_bytes, generation };
        let Some(head) = split.to_bytes() else { return Ok(false) };
        for chunk in 0..split.count() {
            let range = split.range(chunk);
            let first = range.start.min(record[0].len())..range.end.min(record[0].len());
            let skipped = record[0].len();
            let second = range.start.saturating_sub(skipped)..range.end.saturating_sub(skipped);
            let chunk_name = split.key(&self.prefix, hex, chunk);
            connection.send_set(&chunk_name, &[&record[0][first], &record[1][second]])?;
        }
        let mut whole = true;
        for _ in 0..split.count() {
            whole &= connection.stored()?;
        }
        if !whole {
            return Ok(false);
        }
        connection.send_set(name, &[&head])?;
        connection.stored()
    }

    fn call<T>(
        &self,
        hex: &str,
        deadline: Instant,
        call: impl FnMut(&mut Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let server = self.ring.server(hex).ok_or(Fault::Away)?;
        self.servers[server].call(deadline, call)
    }

    /// Runs a call within what is left of its request's patience, and charges the time to it.
    fn timed<T>(
        &self,
        key: &Key,
        call: impl FnOnce(Instant) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let start = Instant::now();
        let result = call(start + key.patience(self.timeout));
        key.spend(start.elapsed());
        result
    }
}

fn look_up(named: &[(String, u32, Arc<Address>)]) {
    let (done, finished) = mpsc::channel();
    for (_, _, address) in named {
        let done = done.clone();
        address.look_up(move || drop(done));
    }
    drop(done);
    // Nothing is ever sent: the wait ends when the last look-up has dropped its end.
    let _: Result<(), _> = finished.recv_timeout(LOOK_UP_WAIT);
}
