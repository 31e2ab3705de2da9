//! Listening sockets: bound here, handed over by systemd, or inherited from a predecessor.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrLike, SockaddrStorage, UnixAddr, bind,
    getsockname, listen, socket,
};
use nix::sys::stat::{Mode, umask};

use super::sys;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP port.
    Tcp(SocketAddr),
}

/// Not an address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected unix:/path or host:port")]
pub struct ListenAddressError;

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    /// `unix:/path`, `/path`, or `host:port`; a name is looked up once, its first address counts.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text.strip_prefix("unix:").or(text.starts_with('/').then_some(text));
        if let Some(path) = path {
            let absolute = path.starts_with('/') && !path.contains('\0');
            return if absolute { Ok(Self::Unix(path.into())) } else { Err(ListenAddressError) };
        }
        let mut addresses = text.to_socket_addrs().map_err(|_| ListenAddressError)?;
        addresses.next().map(Self::Tcp).ok_or(ListenAddressError)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
            Self::Tcp(address) => write!(out, "{address}"),
        }
    }
}

/// A listening socket, not blocking.
#[derive(Debug)]
pub enum Listener {
    /// Of a path, which is removed at the end when it is ours.
    Unix(UnixListener, Option<PathBuf>),
    /// Of a TCP port.
    Tcp(TcpListener),
}

impl Listener {
    /// Binds and listens.
    pub fn bind(address: &ListenAddress, mode: u32) -> io::Result<Self> {
        match address {
            ListenAddress::Unix(path) => bind_unix(path, mode),
            ListenAddress::Tcp(address) => bind_tcp(*address),
        }
    }

    /// Takes over a socket that somebody else bound and listens on.
    pub fn adopt(fd: OwnedFd) -> io::Result<Self> {
        let name: SockaddrStorage = getsockname(fd.as_raw_fd())?;
        let listener = match name.family() {
            Some(AddressFamily::Unix) => Self::Unix(UnixListener::from(fd), None),
            Some(AddressFamily::Inet | AddressFamily::Inet6) => Self::Tcp(TcpListener::from(fd)),
            _ => return Err(io::Error::other("an inherited socket is neither Unix nor TCP")),
        };
        match &listener {
            Self::Unix(socket, _) => socket.set_nonblocking(true)?,
            Self::Tcp(socket) => socket.set_nonblocking(true)?,
        }
        Ok(listener)
    }

    /// Whether it listens at this address.
    pub fn is_at(&self, address: &ListenAddress) -> bool {
        match (self, address) {
            (Self::Unix(socket, _), ListenAddress::Unix(path)) => {
                socket.local_addr().is_ok_and(|name| name.as_pathname() == Some(path))
            }
            (Self::Tcp(socket), ListenAddress::Tcp(address)) => {
                socket.local_addr().is_ok_and(|name| name == *address)
            }
            _ => false,
        }
    }

    /// Makes its path be removed at the end.
    pub fn own_path(&mut self) {
        if let Self::Unix(socket, path) = self {
            let name = socket.local_addr().ok();
            *path = name.and_then(|name| name.as_pathname().map(Path::to_owned));
        }
    }

    /// Removes the path of a socket that was bound here, so that nobody finds a dead one.
    pub fn remove_path(&self) {
        if let Self::Unix(_, Some(path)) = self
            && let Err(error) = std::fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::warn!("a socket could not be removed: {error}");
        }
    }

    /// A second handle on the same socket.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Unix(socket, _) => Self::Unix(socket.try_clone()?, None),
            Self::Tcp(socket) => Self::Tcp(socket.try_clone()?),
        })
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(socket, _) => socket.as_fd(),
            Self::Tcp(socket) => socket.as_fd(),
        }
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(socket, _) => match socket.local_addr() {
                Ok(name) => {
                    write!(out, "unix:{}", name.as_pathname().unwrap_or(Path::new("?")).display())
                }
                Err(_) => write!(out, "unix:?"),
            },
            Self::Tcp(socket) => match socket.local_addr() {
                Ok(name) => write!(out, "{name}"),
                Err(_) => write!(out, "tcp:?"),
            },
        }
    }
}

/// The sockets that systemd hands over, if it does.
pub fn from_systemd() -> io::Result<Vec<Listener>> {
    sd_notify::listen_fds()?.map(|fd| Listener::adopt(sys::adopt(fd)?)).collect()
}

fn bind_unix(path: &Path, mode: u32) -> io::Result<Listener> {
    remove_stale(path)?;
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    // The socket must not be open to more users than it is meant for, not even for a moment. There
    // is one thread only, so that nobody else's files are affected.
    let before = umask(Mode::from_bits_truncate(0o777 & !mode));
    let bound = bind(fd.as_raw_fd(), &UnixAddr::new(path)?);
    umask(before);
    bound?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    listen(&fd, Backlog::MAXALLOWABLE)?;
    Ok(Listener::Unix(UnixListener::from(fd), Some(path.to_owned())))
}

/// Removes a socket that nobody listens on any more; one that is in use, and any other file, stays.
fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the path is no socket"));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        _ => Err(io::ErrorKind::AddrInUse.into()),
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<Listener> {
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    // Again, for a longer queue than the standard library asks for.
    listen(&socket, Backlog::MAXALLOWABLE)?;
    Ok(Listener::Tcp(socket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_paths_or_ports() {
        let unix = ListenAddress::Unix("/run/x.sock".into());
        assert_eq!("unix:/run/x.sock".parse(), Ok(unix.clone()));
        assert_eq!("/run/x.sock".parse(), Ok(unix.clone()));
        assert_eq!(unix.to_string(), "unix:/run/x.sock");
        let tcp = ListenAddress::Tcp("127.0.0.1:9000".parse().unwrap());
        assert_eq!("127.0.0.1:9000".parse(), Ok(tcp.clone()));
        assert_eq!(tcp.to_string(), "127.0.0.1:9000");
        assert!("[::1]:9000".parse::<ListenAddress>().is_ok());
        for bad in ["", "9000", "unix:", "unix:relative", "127.0.0.1", "127.0.0.1:99999"] {
            assert_eq!(bad.parse::<ListenAddress>(), Err(ListenAddressError), "{bad}");
        }
    }

    #[test]
    fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let address = ListenAddress::Unix(path.clone());
        let first = Listener::bind(&address, 0o600).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(first.is_at(&address));
        assert_eq!(Listener::bind(&address, 0o600).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        let second = Listener::bind(&address, 0o660).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        second.remove_path();
        assert!(!path.exists());
    }

    #[test]
    fn another_file_is_never_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("precious");
        std::fs::write(&path, "x").unwrap();
        assert!(Listener::bind(&ListenAddress::Unix(path.clone()), 0o600).is_err());
        assert!(path.exists());
    }

    #[test]
    fn an_adopted_socket_is_what_it_was() {
        let address = ListenAddress::Tcp("127.0.0.1:0".parse().unwrap());
        let listener = Listener::bind(&address, 0).unwrap();
        let Listener::Tcp(socket) = &listener else { panic!("a TCP port gives a TCP listener") };
        let bound = ListenAddress::Tcp(socket.local_addr().unwrap());
        let adopted = Listener::adopt(listener.as_fd().try_clone_to_owned().unwrap()).unwrap();
        assert!(matches!(adopted, Listener::Tcp(_)));
        assert!(adopted.is_at(&bound) && !adopted.is_at(&address));
    }
}
