//! Replacing the running program: a new arbiter inherits the sockets of the old one.
//!
//! The old arbiter starts the program anew, as it was itself started, and leaves the sockets open
//! for it. The new one says when it serves; only then does the old one drain. If the new one ends
//! before that, nothing has changed.

use std::ffi::{CString, OsString};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::SigSet;
use nix::unistd::{Pid, execve, getppid};

use super::listen::{Listener, Origin};
use super::sys;

/// Old arbiter's process id, descriptor to answer on, descriptors of the sockets.
const VARIABLE: &str = "HALFTONE_HANDOVER";
/// Marks the descriptor of a socket that systemd keeps.
const FOREIGN: &str = "s";
/// What the new arbiter says when it serves.
const SERVING: u8 = b'R';

/// How this program was started.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
}

impl Program {
    /// Notes it; to be called before the file may be replaced.
    pub fn running() -> io::Result<Self> {
        Ok(Self { path: std::env::current_exe()?, arguments: std::env::args_os().collect() })
    }

    /// Starts it anew with these sockets.
    pub fn start_successor(&self, listeners: &[Listener], mask: SigSet) -> io::Result<Successor> {
        let (channel, theirs) = UnixStream::pair()?;
        channel.set_nonblocking(true)?;
        let path = c_string(self.path.as_os_str().as_bytes())?;
        let arguments = self
            .arguments
            .iter()
            .map(|argument| c_string(argument.as_bytes()))
            .collect::<io::Result<Vec<_>>>()?;
        let environment = environment(&theirs, listeners)?;
        match sys::fork()? {
            Some(pid) => Ok(Successor { pid, channel }),
            None => {
                let inherit = |fd: BorrowedFd<'_>| fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty()));
                let inherited = listeners.iter().all(|listener| inherit(listener.as_fd()).is_ok())
                    && inherit(theirs.as_fd()).is_ok()
                    && mask.thread_set_mask().is_ok();
                if inherited {
                    let Err(error) = execve(&path, &arguments, &environment);
                    log::error!("the new program cannot be started: {error}");
                }
                sys::exit_now(127)
            }
        }
    }
}

fn environment(channel: &UnixStream, listeners: &[Listener]) -> io::Result<Vec<CString>> {
    let mut handover = format!("{}:{}", std::process::id(), channel.as_raw_fd());
    for listener in listeners {
        let mark = if listener.origin == Origin::Systemd { FOREIGN } else { "" };
        handover.push_str(&format!(":{}{mark}", listener.as_raw_fd()));
    }
    let kept = std::env::vars_os().filter(|(name, _)| {
        ![VARIABLE, "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_PID"]
            .iter()
            .any(|own| name == own)
    });
    kept.chain([(VARIABLE.into(), handover.into())])
        .map(|(name, value)| c_string(&[name.as_bytes(), b"=", value.as_bytes()].concat()))
        .collect()
}

fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// The new arbiter, seen from the old one.
#[derive(Debug)]
pub struct Successor {
    /// Its process id.
    pub pid: Pid,
    channel: UnixStream,
}

impl Successor {
    /// Whether it has said that it serves.
    pub fn is_serving(&mut self) -> bool {
        let mut byte = [0];
        matches!(self.channel.read(&mut byte), Ok(1)) && byte[0] == SERVING
    }
}

impl AsFd for Successor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

/// What a new arbiter inherits from an old one.
#[derive(Debug)]
pub struct Inheritance {
    /// The sockets.
    pub listeners: Vec<Listener>,
    channel: UnixStream,
}

impl Inheritance {
    /// What the parent of this process left for it, if it did.
    pub fn take() -> io::Result<Option<Self>> {
        let Ok(text) = std::env::var(VARIABLE) else { return Ok(None) };
        let Some((channel, listeners)) = parse(&text, getppid()) else { return Ok(None) };
        let channel = UnixStream::from(own(channel)?);
        let listeners = listeners
            .into_iter()
            .map(|(fd, origin)| Listener::adopt(own(fd)?, origin))
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Some(Self { listeners, channel }))
    }

    /// Tells the old arbiter that it may go.
    pub fn serving(mut self) {
        if let Err(error) = self.channel.write_all(&[SERVING]) {
            log::warn!("the old arbiter does not listen: {error}");
        }
    }
}

fn own(fd: RawFd) -> io::Result<std::os::fd::OwnedFd> {
    let fd = sys::adopt(fd)?;
    fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(fd)
}

/// The descriptors, when the text is from this parent: a child of a worker inherits the variable
/// too, but neither the parent nor the descriptors.
fn parse(text: &str, parent: Pid) -> Option<(RawFd, Vec<(RawFd, Origin)>)> {
    let mut parts = text.split(':');
    if parts.next()?.parse() != Ok(parent.as_raw()) {
        return None;
    }
    let channel = parts.next()?.parse().ok()?;
    let listeners = parts.map(|part| match part.strip_suffix(FOREIGN) {
        Some(fd) => fd.parse().map(|fd| (fd, Origin::Systemd)),
        None => part.parse().map(|fd| (fd, Origin::Inherited)),
    });
    Some((channel, listeners.collect::<Result<Vec<_>, _>>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_parent_s_handover_is_taken() {
        let parent = Pid::from_raw(42);
        assert_eq!(
            parse("42:7:3:4s", parent),
            Some((7, vec![(3, Origin::Inherited), (4, Origin::Systemd)]))
        );
        assert_eq!(parse("42:7", parent), Some((7, vec![])));
        for text in ["43:7:3", "42", "", "42:x", "42:7:", "42:7:3:99999999999"] {
            assert_eq!(parse(text, parent), None, "{text}");
        }
    }

    #[test]
    fn the_environment_names_what_is_left_open() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let environment = environment(&ours, &[]).unwrap();
        let expected = format!("{VARIABLE}={}:{}", std::process::id(), ours.as_raw_fd());
        assert!(environment.iter().any(|entry| entry.as_bytes() == expected.as_bytes()));
        assert!(!environment.iter().any(|entry| entry.as_bytes().starts_with(b"LISTEN_FDS=")));
    }
}
