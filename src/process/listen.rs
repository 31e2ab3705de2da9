//! Listening sockets: bound here, handed over by systemd, or inherited from a predecessor.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrLike, SockaddrStorage, UnixAddr, bind,
    getsockname, listen, socket,
};
use nix::sys::stat::{Mode, fchmod};

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

/// Whose a socket is, which tells who removes its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Bound here: the path is removed at the end.
    Bound,
    /// Of a predecessor that still serves: its path is left alone.
    Inherited,
    /// Handed over by systemd, which keeps it.
    Systemd,
}

#[derive(Debug)]
enum Socket {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// A connection just accepted, not blocking.
#[derive(Debug)]
pub enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// A listening socket, not blocking.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// Whose it is.
    pub origin: Origin,
}

impl Listener {
    /// Binds and listens.
    pub fn bind(address: &ListenAddress, mode: u32) -> io::Result<Self> {
        let socket = match address {
            ListenAddress::Unix(path) => Socket::Unix(bind_unix(path, mode)?),
            ListenAddress::Tcp(address) => Socket::Tcp(bind_tcp(*address)?),
        };
        Ok(Self { socket, origin: Origin::Bound })
    }

    /// Takes over a socket that somebody else bound and listens on.
    pub fn adopt(fd: OwnedFd, origin: Origin) -> io::Result<Self> {
        let name: SockaddrStorage = getsockname(fd.as_raw_fd())?;
        let socket = match name.family() {
            Some(AddressFamily::Unix) => {
                let socket = UnixListener::from(fd);
                socket.set_nonblocking(true)?;
                Socket::Unix(socket)
            }
            Some(AddressFamily::Inet | AddressFamily::Inet6) => {
                let socket = TcpListener::from(fd);
                socket.set_nonblocking(true)?;
                Socket::Tcp(socket)
            }
            _ => return Err(io::Error::other("an inherited socket is neither Unix nor TCP")),
        };
        Ok(Self { socket, origin })
    }

    /// Accepts a connection, if one waits.
    pub fn accept(&self) -> io::Result<Stream> {
        Ok(match &self.socket {
            Socket::Unix(socket) => {
                let (stream, _) = socket.accept()?;
                stream.set_nonblocking(true)?;
                Stream::Unix(stream)
            }
            Socket::Tcp(socket) => {
                let (stream, _) = socket.accept()?;
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
        })
    }

    /// Whether it listens at this address.
    pub fn is_at(&self, address: &ListenAddress) -> bool {
        self.address().as_ref() == Some(address)
    }

    /// Removes the path of a socket that was bound here, so that nobody finds a dead one.
    pub fn remove_path(&self) {
        if self.origin == Origin::Bound
            && let Some(ListenAddress::Unix(path)) = self.address()
            && let Err(error) = std::fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::warn!("a socket could not be removed: {error}");
        }
    }

    /// A second handle on the same socket.
    pub fn try_clone(&self) -> io::Result<Self> {
        let socket = match &self.socket {
            Socket::Unix(socket) => Socket::Unix(socket.try_clone()?),
            Socket::Tcp(socket) => Socket::Tcp(socket.try_clone()?),
        };
        Ok(Self { socket, origin: self.origin })
    }

    /// Where it listens; a Unix socket without a path has no address to speak of.
    fn address(&self) -> Option<ListenAddress> {
        match &self.socket {
            Socket::Unix(socket) => {
                let name = socket.local_addr().ok()?;
                name.as_pathname().map(|path| ListenAddress::Unix(path.to_owned()))
            }
            Socket::Tcp(socket) => socket.local_addr().ok().map(ListenAddress::Tcp),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Socket::Unix(socket) => socket.as_fd(),
            Socket::Tcp(socket) => socket.as_fd(),
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
        match self.address() {
            Some(address) => address.fmt(out),
            None => out.write_str("a socket without a name"),
        }
    }
}

/// The sockets that systemd hands over, if it does.
pub fn from_systemd() -> io::Result<Vec<Listener>> {
    sd_notify::listen_fds()?.map(|fd| Listener::adopt(sys::adopt(fd)?, Origin::Systemd)).collect()
}

fn bind_unix(path: &Path, mode: u32) -> io::Result<UnixListener> {
    remove_stale(path)?;
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    // The kernel takes the mode over when it makes the path, so that the socket is at no moment open
    // to more users than it is meant for; what the umask took away is given back afterwards.
    fchmod(&fd, Mode::from_bits_truncate(mode))?;
    bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    listen(&fd, Backlog::MAXALLOWABLE)?;
    Ok(UnixListener::from(fd))
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

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    // Again, for a longer queue than the standard library asks for.
    listen(&socket, Backlog::MAXALLOWABLE)?;
    Ok(socket)
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
        let bound = listener.address().unwrap();
        let fd = listener.as_fd().try_clone_to_owned().unwrap();
        let adopted = Listener::adopt(fd, Origin::Systemd).unwrap();
        assert!(matches!(adopted.socket, Socket::Tcp(_)));
        assert!(adopted.is_at(&bound) && !adopted.is_at(&address));
    }

    #[test]
    fn only_the_path_of_a_bound_socket_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let mut listener = Listener::bind(&ListenAddress::Unix(path.clone()), 0o600).unwrap();
        for origin in [Origin::Inherited, Origin::Systemd, Origin::Bound] {
            listener.origin = origin;
            listener.remove_path();
            assert_eq!(path.exists(), origin != Origin::Bound, "{origin:?}");
        }
    }
}
