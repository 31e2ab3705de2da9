//! Framed messages over the socket between parent and child, with a descriptor beside them.
//!
//! A message is its length in four bytes and then itself. Waiting ends with the patience of whoever
//! waits: neither side can hold the other up.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

use super::message::MAX_BYTES;
use super::sys;
use crate::pixel::Cancel;

/// How often a waiting thread looks whether it still should.
const LOOK: Duration = Duration::from_millis(25);

/// How long one waits.
#[derive(Debug, Clone, Copy)]
pub struct Patience<'a> {
    /// Until when.
    pub until: Instant,
    /// And no longer than until this is called off.
    pub cancel: Option<&'a Cancel>,
}

/// Why a message did not come.
#[derive(Debug)]
pub enum Silence {
    /// Time is up.
    TimedOut,
    /// It was called off.
    Cancelled,
    /// The other side has gone, or the socket failed.
    Closed,
    /// It announces more than any message holds.
    TooLong,
}

/// One end of the socket.
#[derive(Debug)]
pub struct Channel {
    stream: UnixStream,
}

impl Channel {
    /// An end whose other end is in another process.
    pub fn new(stream: UnixStream) -> io::Result<Self> {
        Ok(Self { stream })
    }

    /// The socket.
    pub fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Sends a message, with a descriptor if there is one.
    pub fn send(&mut self, message: &[u8], with: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let len = u32::try_from(message.len()).ok().filter(|len| *len <= MAX_BYTES);
        let head = len.ok_or(ErrorKind::InvalidInput)?.to_ne_bytes();
        let fds = with.map(|fd| [fd.as_raw_fd()]);
        let rights = fds.as_ref().map(|fds| ControlMessage::ScmRights(fds));
        let sent = sendmsg::<()>(
            self.stream.as_raw_fd(),
            &[IoSlice::new(&head)],
            rights.as_slice(),
            MsgFlags::MSG_NOSIGNAL,
            None,
        )?;
        self.stream.write_all(&head[sent..])?;
        self.stream.write_all(message)
    }

    /// Sends bytes that belong to the message before.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Waits for a message for as long as it takes; `None` when the other side has gone. Any
    /// descriptor that comes along is taken.
    pub fn receive(&mut self) -> io::Result<Option<(Vec<u8>, Option<OwnedFd>)>> {
        let mut head = [0; 4];
        let (read, fd) = self.receive_head(&mut head)?;
        if read == 0 {
            return Ok(None);
        }
        self.stream.read_exact(&mut head[read..])?;
        let len = u32::from_ne_bytes(head);
        if len > MAX_BYTES {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut message = vec![0; len as usize];
        self.stream.read_exact(&mut message)?;
        Ok(Some((message, fd)))
    }

    fn receive_head(&mut self, head: &mut [u8; 4]) -> io::Result<(usize, Option<OwnedFd>)> {
        let mut space = nix::cmsg_space!([std::os::fd::RawFd; 1]);
        let mut parts = [IoSliceMut::new(head)];
        let received = recvmsg::<()>(
            self.stream.as_raw_fd(),
            &mut parts,
            Some(&mut space),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        let mut fd = None;
        for message in received.cmsgs()? {
            if let ControlMessageOwned::ScmRights(fds) = message {
                for received in fds {
                    fd = Some(sys::adopt(received));
                }
            }
        }
        Ok((received.bytes, fd))
    }

    /// Waits for a message with bounded patience.
    pub fn wait(&mut self, patience: Patience<'_>) -> Result<Vec<u8>, Silence> {
        let mut head = [0; 4];
        self.wait_bytes(&mut head, patience)?;
        let len = u32::from_ne_bytes(head);
        if len > MAX_BYTES {
            return Err(Silence::TooLong);
        }
        let mut message = vec![0; len as usize];
        self.wait_bytes(&mut message, patience)?;
        Ok(message)
    }

    /// Waits until `bytes` is full.
    pub fn wait_bytes(
        &mut self,
        mut bytes: &mut [u8],
        patience: Patience<'_>,
    ) -> Result<(), Silence> {
        self.stream.set_read_timeout(Some(LOOK)).map_err(|_| Silence::Closed)?;
        while !bytes.is_empty() {
            match self.stream.read(bytes) {
                Ok(0) => return Err(Silence::Closed),
                Ok(read) => bytes = &mut bytes[read..],
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => return Err(Silence::Closed),
                },
            }
            if !bytes.is_empty() {
                patience.check()?;
            }
        }
        Ok(())
    }
}

impl Patience<'_> {
    /// Fails when it has come to an end.
    pub fn check(&self) -> Result<(), Silence> {
        if self.cancel.is_some_and(|cancel| cancel.check().is_err()) {
            return Err(Silence::Cancelled);
        }
        if Instant::now() >= self.until { Err(Silence::TimedOut) } else { Ok(()) }
    }
}
