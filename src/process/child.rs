//! What the arbiter knows of one worker.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::control;
use super::rows::WorkerRow;

/// What a worker is at, as far as the arbiter was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Booting.
    Starting,
    /// Serving.
    Ready,
    /// Finishing what it has begun, until then.
    Draining { kill_at: Instant },
}

/// A worker of the pool.
#[derive(Debug)]
pub struct Child {
    pub pid: Pid,
    pub row: WorkerRow,
    pub phase: Phase,
    pub started: Instant,
    /// It booted with settings that are no longer the newest.
    pub outdated: bool,
    /// It asked to be replaced.
    pub retiring: bool,
    /// Why it could not boot.
    pub failure: Option<String>,
    /// It has been killed, and is yet to be reaped.
    pub killed: bool,
    /// It has closed its end of the channel.
    pub silent: bool,
    channel: UnixStream,
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

impl Child {
    pub fn new(pid: Pid, row: WorkerRow, channel: UnixStream) -> Self {
        Self {
            pid,
            row,
            phase: Phase::Starting,
            started: Instant::now(),
            outdated: false,
            retiring: false,
            failure: None,
            killed: false,
            silent: false,
            channel,
        }
    }

    /// Whether it is to stay, rather than to be replaced.
    pub fn is_current(&self) -> bool {
        !self.outdated && !self.retiring
    }

    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    pub fn is_starting(&self) -> bool {
        self.phase == Phase::Starting
    }

    /// Asks it to finish what it has begun by `kill_at`. One that still boots has begun nothing.
    pub fn drain(&mut self, kill_at: Instant) {
        match self.phase {
            Phase::Starting => self.signal(Signal::SIGTERM),
            Phase::Ready => self.say(control::DRAIN),
            Phase::Draining { .. } => return,
        }
        self.phase = Phase::Draining { kill_at };
    }

    /// Asks it to open the logs anew; one that still boots hears of it afterwards.
    pub fn reopen_logs(&mut self) {
        self.say(control::REOPEN_LOGS);
    }

    pub fn kill(&mut self) {
        self.killed = true;
        self.signal(Signal::SIGKILL);
    }

    fn signal(&self, signal: Signal) {
        // Fails only when it has ended already, which is heard of otherwise.
        let _ = kill(self.pid, signal);
    }

    /// Reads what it has said since the last time. One that drains by itself has `drain` to end.
    pub fn take_news(&mut self, drain: Duration) {
        let mut bytes = [0; 1024];
        loop {
            let count = match self.channel.read(&mut bytes) {
                Ok(count @ 1..) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(_) | Err(_) => {
                    self.silent = true;
                    return;
                }
            };
            for (at, byte) in bytes[..count].iter().enumerate() {
                if let Some(reason) = &mut self.failure {
                    reason.push_str(&String::from_utf8_lossy(&bytes[at..count]));
                    break;
                }
                match *byte {
                    control::READY if self.is_starting() => self.phase = Phase::Ready,
                    control::RETIRING => self.retiring = true,
                    control::DRAINING if self.is_ready() => {
                        self.phase = Phase::Draining { kill_at: Instant::now() + drain };
                    }
                    control::FAILED => self.failure = Some(String::new()),
                    _ => {}
                }
            }
        }
    }

    fn say(&mut self, byte: u8) {
        if let Err(error) = self.channel.write_all(&[byte])
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            log::warn!("worker {} does not listen: {error}", self.pid);
        }
    }
}
