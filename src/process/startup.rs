//! What the arbiter does once, before the first fork: sockets and limits.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::handover::Inheritance;
use super::listen::{self, Listener, Origin};
use super::{ListenAddress, PoolOptions, ScoreboardError};

/// Why the pool could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A socket could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: ListenAddress,
        /// Why.
        source: io::Error,
    },
    /// Nothing to listen on, neither configured nor handed over.
    #[error("there is no address to listen on")]
    NoAddress,
    /// The first workers could not boot.
    #[error("a worker could not start: {0}")]
    Boot(String),
    /// The process id could not be written down.
    #[error("the pid file cannot be written: {0}")]
    PidFile(io::Error),
    /// The scoreboard could not be made.
    #[error(transparent)]
    Scoreboard(#[from] ScoreboardError),
    /// Anything that the system refused.
    #[error("the pool cannot run: {0}")]
    Io(#[from] io::Error),
}

/// The sockets to serve: systemd's, else a predecessor's and those that are new since.
pub(super) fn open_listeners(
    options: &PoolOptions,
    inheritance: Option<&mut Inheritance>,
) -> Result<Vec<Listener>, Error> {
    let from_systemd = listen::from_systemd()?;
    if !from_systemd.is_empty() {
        return Ok(from_systemd);
    }
    let inherited = inheritance.map(|inheritance| std::mem::take(&mut inheritance.listeners));
    let (mut listeners, mut inherited): (Vec<_>, Vec<_>) = inherited
        .unwrap_or_default()
        .into_iter()
        .partition(|listener| listener.origin == Origin::Systemd);
    if !listeners.is_empty() {
        return Ok(listeners);
    }
    for address in &options.listen {
        let listener = match inherited.iter().position(|listener| listener.is_at(address)) {
            Some(at) => inherited.swap_remove(at),
            None => Listener::bind(address, options.socket_mode)
                .map_err(|source| Error::Listen { address: address.clone(), source })?,
        };
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Connections are descriptors; the soft limit is far below what a front server may keep open.
pub(super) fn raise_descriptor_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        log::warn!("the limit on open files cannot be raised: {error}");
    }
}
