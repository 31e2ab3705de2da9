//! One connection and the few words of memcached's text protocol that are needed here
//! (`doc/protocol.txt` of memcached 1.6).
//!
//! The socket does not block: every read and write is bounded by the call's deadline. Keys come
//! from [`super`] alone and hold only letters, digits, `.`, `-` and `_`, so that nothing but lengths
//! and our own words ever stands on a command line.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Fault, Usage};

const INPUT_BYTES: usize = 4096;

/// A connected socket.
#[derive(Debug)]
pub(super) enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix socket.
    Unix(UnixStream),
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl Stream {
    fn read_vectored(&mut self, parts: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read_vectored(parts),
            Self::Unix(stream) => stream.read_vectored(parts),
        }
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write_vectored(parts),
            Self::Unix(stream) => stream.write_vectored(parts),
        }
    }
}

/// What stands before a value in an answer.
struct ValueLine {
    key: String,
    len: usize,
}

/// A connection to one server.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    input: Box<[u8; INPUT_BYTES]>,
    start: usize,
    end: usize,
    answered: bool,
    spent: bool,
    deadline: Instant,
}

impl Connection {
    /// Wraps a socket in non-blocking mode.
    pub(super) fn new(stream: Stream, deadline: Instant) -> Self {
        Self {
            stream,
            input: Box::new([0; INPUT_BYTES]),
            start: 0,
            end: 0,
            answered: false,
            spent: false,
            deadline,
        }
    }

    /// Begins another call.
    pub(super) fn begin(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.answered = false;
    }

    /// Whether another call may use this connection: nothing of an earlier answer is left in it.
    pub(super) fn is_clean(&self) -> bool {
        !self.spent && self.start == self.end
    }

    /// The value of a key, of at most `max_bytes`.
    pub(super) fn get(&mut self, key: &str, max_bytes: usize) -> Result<Option<Vec<u8>>, Fault> {
        self.send(&[b"get ", key.as_bytes(), b"\r\n"])?;
        let Some(line) = self.value_line()? else { return Ok(None) };
        if line.key != key {
            return Err(Fault::Protocol("an answer to another question"));
        }
        if line.len > max_bytes {
            return Err(Fault::Protocol("a value of impossible size"));
        }
        let mut value = vec![0; line.len];
        self.fill(&mut value)?;
        self.expect(b"\r\n")?;
        self.expect(b"END\r\n")?;
        Ok(Some(value))
    }

    /// The values of several keys, each exactly as long as its part of `target`. Nothing when any
    /// is missing or of another length.
    pub(super) fn get_all(
        &mut self,
        keys: &[String],
        chunk_bytes: usize,
        target: &mut [u8],
    ) -> Result<bool, Fault> {
        let mut question = Vec::with_capacity(keys.iter().map(|key| key.len() + 1).sum::<usize>());
        for key in keys {
            question.push(b' ');
            question.extend_from_slice(key.as_bytes());
        }
        self.send(&[b"get", &question, b"\r\n"])?;
        for (key, part) in keys.iter().zip(target.chunks_mut(chunk_bytes)) {
            match self.value_line()? {
                Some(line) if line.key == *key && line.len == part.len() => self.fill(part)?,
                Some(_) => {
                    // The rest of the answer is of no use; cheaper to hang up than to read it.
                    self.spent = true;
                    return Ok(false);
                }
                None => return Ok(false),
            }
            self.expect(b"\r\n")?;
        }
        self.expect(b"END\r\n")?;
        Ok(true)
    }

    /// Sends a value to be stored; the answer is to be read by [`Self::stored`].
    pub(super) fn send_set(&mut self, key: &str, value: &[&[u8]]) -> Result<(), Fault> {
        self.send_value("set", key, 0, value)
    }

    /// Whether a value was stored.
    pub(super) fn stored(&mut self) -> Result<bool, Fault> {
        let answer = self.line()?;
        match &answer[..] {
            b"STORED" => Ok(true),
            // Raced with another `add`, too large, or no memory: the connection is in order.
            b"NOT_STORED" | b"EXISTS" => Ok(false),
            answer if answer.starts_with(b"SERVER_ERROR ") => Ok(false),
            _ => Err(Fault::Protocol("an unknown answer to a store")),
        }
    }

    /// Stores a small value unless the key has one. Tells whether it did.
    pub(super) fn add(&mut self, key: &str, ttl_s: u32, value: &[u8]) -> Result<bool, Fault> {
        self.send_value("add", key, ttl_s, &[value])?;
        self.stored()
    }

    /// Lets a value live for another while.
    pub(super) fn touch(&mut self, key: &str, ttl_s: u32) -> Result<(), Fault> {
        self.send(&[b"touch ", key.as_bytes(), format!(" {ttl_s}\r\n").as_bytes()])?;
        match &self.line()?[..] {
            b"TOUCHED" | b"NOT_FOUND" => Ok(()),
            _ => Err(Fault::Protocol("an unknown answer to touch")),
        }
    }

    /// Forgets a value.
    pub(super) fn delete(&mut self, key: &str) -> Result<(), Fault> {
        self.send(&[b"delete ", key.as_bytes(), b"\r\n"])?;
        match &self.line()?[..] {
            b"DELETED" | b"NOT_FOUND" => Ok(()),
            _ => Err(Fault::Protocol("an unknown answer to delete")),
        }
    }

    /// What the server says of itself.
    pub(super) fn usage(&mut self) -> Result<Usage, Fault> {
        self.send(&[b"stats\r\n"])?;
        let mut usage = Usage::default();
        loop {
            let line = self.line()?;
            if line == b"END" {
                return Ok(usage);
            }
            let text = std::str::from_utf8(&line).ok().and_then(|line| line.strip_prefix("STAT "));
            let Some((name, value)) = text.and_then(|text| text.split_once(' ')) else {
                return Err(Fault::Protocol("statistics that are none"));
            };
            let field = match name {
                "bytes" => &mut usage.bytes,
                "limit_maxbytes" => &mut usage.limit_bytes,
                "curr_items" => &mut usage.items,
                "evictions" => &mut usage.evictions,
                _ => continue,
            };
            *field = value.parse().map_err(|_| Fault::Protocol("a number that is none"))?;
        }
    }

    fn send_value(
        &mut self,
        verb: &str,
        key: &str,
        ttl_s: u32,
        value: &[&[u8]],
    ) -> Result<(), Fault> {
        let len: usize = value.iter().map(|part| part.len()).sum();
        let command = format!("{verb} {key} 0 {ttl_s} {len}\r\n");
        let mut parts = Vec::with_capacity(value.len() + 2);
        parts.push(command.as_bytes());
        parts.extend_from_slice(value);
        parts.push(b"\r\n");
        self.send(&parts)
    }

    fn send(&mut self, parts: &[&[u8]]) -> Result<(), Fault> {
        let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let mut rest = &mut slices[..];
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            self.check_deadline()?;
            match self.stream.write_vectored(rest) {
                Ok(0) => return Err(Fault::Closed(io::ErrorKind::WriteZero.into())),
                Ok(sent) => IoSlice::advance_slices(&mut rest, sent),
                Err(error) => self.recover(error, PollFlags::POLLOUT)?,
            }
        }
        Ok(())
    }

    /// One line of the answer, without its end.
    fn line(&mut self) -> Result<Vec<u8>, Fault> {
        let mut scanned = self.start;
        loop {
            if let Some(at) = self.input[scanned..self.end].iter().position(|byte| *byte == b'\n') {
                let line = &self.input[self.start..scanned + at];
                let line = line.strip_suffix(b"\r").ok_or(Fault::Protocol("a bare line feed"))?;
                let line = line.to_vec();
                self.start = scanned + at + 1;
                return Ok(line);
            }
            self.input.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            scanned = self.end;
            if self.end == INPUT_BYTES {
                return Err(Fault::Protocol("an endless line"));
            }
            self.receive(&mut [])?;
        }
    }

    fn value_line(&mut self) -> Result<Option<ValueLine>, Fault> {
        let line = self.line()?;
        if line == b"END" {
            return Ok(None);
        }
        parse_value_line(&line).map(Some).ok_or(Fault::Protocol("an unknown answer to get"))
    }

    /// Fills `target` from what has arrived already and then straight from the socket.
    fn fill(&mut self, target: &mut [u8]) -> Result<(), Fault> {
        let ready = (self.end - self.start).min(target.len());
        target[..ready].copy_from_slice(&self.input[self.start..self.start + ready]);
        self.start += ready;
        let mut filled = ready;
        while filled < target.len() {
            filled += self.receive(&mut target[filled..])?;
        }
        Ok(())
    }

    fn expect(&mut self, wanted: &[u8]) -> Result<(), Fault> {
        let mut found = [0; 8];
        let found = &mut found[..wanted.len()];
        self.fill(found)?;
        if found == wanted { Ok(()) } else { Err(Fault::Protocol("a value without its end")) }
    }

    /// Reads what is there into `target` and, past its end, into the input buffer. Returns how much
    /// of `target` was filled.
    fn receive(&mut self, target: &mut [u8]) -> Result<usize, Fault> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let wanted = target.len();
        let mut patient = wanted > 0;
        loop {
            self.check_deadline()?;
            // The first read of an answer would find nothing: wait before it, not after it.
            if !patient {
                self.wait(PollFlags::POLLIN)?;
                patient = true;
            }
            let mut parts = [IoSliceMut::new(target), IoSliceMut::new(&mut self.input[self.end..])];
            match self.stream.read_vectored(&mut parts) {
                Ok(0) => return Err(Fault::Closed(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => {
                    self.answered = true;
                    let direct = count.min(wanted);
                    self.end += count - direct;
                    return Ok(direct);
                }
                Err(error) => self.recover(error, PollFlags::POLLIN)?,
            }
        }
    }

    fn recover(&self, error: io::Error, readiness: PollFlags) -> Result<(), Fault> {
        match error.kind() {
            io::ErrorKind::WouldBlock => self.wait(readiness),
            io::ErrorKind::Interrupted => Ok(()),
            _ => Err(Fault::Closed(error)),
        }
    }

    /// A peer that is always ready, but never done, is too late as well.
    fn check_deadline(&self) -> Result<(), Fault> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(Fault::Timeout { answered: self.answered })
    }

    fn wait(&self, readiness: PollFlags) -> Result<(), Fault> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let left_ms = u16::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u16::MAX);
            let mut fds = [PollFd::new(self.stream.as_fd(), readiness)];
            match poll(&mut fds, PollTimeout::from(left_ms)) {
                Ok(0) => return Err(Fault::Timeout { answered: self.answered }),
                Ok(_) => return Ok(()),
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(Fault::Closed(errno.into())),
            }
        }
    }
}

/// Parses `VALUE <key> <flags> <bytes>`.
fn parse_value_line(line: &[u8]) -> Option<ValueLine> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    if words.next()? != "VALUE" {
        return None;
    }
    let key = words.next()?.to_owned();
    words.next()?.parse::<u32>().ok()?;
    let len = words.next()?.parse().ok()?;
    words.next().is_none().then_some(ValueLine { key, len })
}
