//! Where a server listens, and how to get a connection there within a bounded time.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};

use super::connection::Stream;

const DEFAULT_PORT: u16 = 11211;

/// A server's address.
#[derive(Debug)]
pub(super) enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host and port.
    Tcp(Host),
}

/// A host by number or name. Names are looked up on a thread of their own, because the system's
/// resolver may block for many seconds; until it has answered, the server counts as unreachable.
#[derive(Debug)]
pub(super) struct Host {
    name: String,
    numeric: bool,
    found: Mutex<Vec<SocketAddr>>,
    looking: AtomicBool,
}

impl Address {
    /// Reads `host`, `host:port`, `[v6]:port`, `/path` or `unix:/path`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.starts_with('/') {
            return UnixAddr::new(path).is_ok().then(|| Self::Unix(path.into()));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/') {
            return None;
        }
        let name = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                port.parse::<u16>().ok().filter(|port| *port != 0)?;
                if host.is_empty() {
                    return None;
                }
                text.to_owned()
            }
            None if text.is_empty() => return None,
            None => format!("{text}:{DEFAULT_PORT}"),
            Some(_) if text.starts_with('[') => format!("{text}:{DEFAULT_PORT}"),
            Some(_) => format!("[{text}]:{DEFAULT_PORT}"),
        };
        let literal = name.parse::<SocketAddr>();
        if name.starts_with('[') && literal.is_err() {
            return None;
        }
        Some(Self::Tcp(Host {
            name,
            numeric: literal.is_ok(),
            found: Mutex::new(literal.into_iter().collect()),
            looking: AtomicBool::new(false),
        }))
    }

    /// The name that stands for this server on the ring.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Unix(path) => path.to_string_lossy().into_owned(),
            Self::Tcp(host) => host.name.clone(),
        }
    }

    /// Starts to look the host's name up unless that is under way or needless; `done` is called
    /// when it is over.
    pub(super) fn look_up(self: &Arc<Self>, done: impl FnOnce() + Send + 'static) {
        let Self::Tcp(host) = &**self else { return done() };
        if host.numeric || host.looking.swap(true, Ordering::AcqRel) {
            return done();
        }
        let address = Arc::clone(self);
        let thread = std::thread::Builder::new().name("memcached-dns".into());
        let started = thread.spawn(move || {
            if let Self::Tcp(host) = &*address {
                host.resolve();
            }
            done();
        });
        if started.is_err() {
            host.looking.store(false, Ordering::Release);
        }
    }

    /// A connection, in non-blocking mode.
    pub(super) fn connect(&self, deadline: Instant) -> io::Result<Stream> {
        match self {
            Self::Unix(path) => connect_unix(path).map(Stream::Unix),
            Self::Tcp(host) => host.connect(deadline).map(Stream::Tcp),
        }
    }
}

impl Host {
    fn resolve(&self) {
        if let Ok(found) = self.name.to_socket_addrs() {
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found.collect();
        }
        self.looking.store(false, Ordering::Release);
    }

    fn connect(&self, deadline: Instant) -> io::Result<TcpStream> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in found {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match TcpStream::connect_timeout(&address, left) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_nonblocking(true)?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Unlike the standard library's, this connect does not wait for room in a full backlog.
fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(UnixStream::from(fd))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_named() {
        for (text, name) in [
            ("127.0.0.1", "127.0.0.1:11211"),
            ("127.0.0.1:11311", "127.0.0.1:11311"),
            ("cache.example:1", "cache.example:1"),
            ("cache.example", "cache.example:11211"),
            ("::1", "[::1]:11211"),
            ("[::1]", "[::1]:11211"),
            ("[::1]:11311", "[::1]:11311"),
            ("/run/m.sock", "/run/m.sock"),
            ("unix:/run/m.sock", "/run/m.sock"),
        ] {
            assert_eq!(Address::parse(text).unwrap().name(), name, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("/{}", "x".repeat(200));
        for text in [
            "",
            ":1",
            "host:",
            "host:0",
            "host:70000",
            "ho st",
            "a\r\nb",
            "tcp://h:1",
            "[::1",
            &long,
        ] {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }
}
