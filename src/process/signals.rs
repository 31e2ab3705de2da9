//! Signals as a queue.
//!
//! The arbiter blocks the signals that it reacts to and reads them from a descriptor, so that there
//! is no handler at all and nothing is interrupted. A worker gets its signals back as they were
//! before it boots, and then has the kernel queue them into pipes, so that programs it starts
//! inherit nothing.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What the arbiter reacts to.
const ARBITER: [Signal; 9] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGCHLD,
];

/// The arbiter's signals.
#[derive(Debug)]
pub struct SignalQueue {
    queue: SignalFd,
    before: SigSet,
}

impl SignalQueue {
    /// Blocks the signals and queues them from now on.
    pub fn new() -> io::Result<Self> {
        let wanted: SigSet = ARBITER.into_iter().collect();
        let before = wanted.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let queue = SignalFd::with_flags(&wanted, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { queue, before })
    }

    /// The descriptor to wait on.
    pub fn descriptor(&self) -> &SignalFd {
        &self.queue
    }

    /// The next signal, if there is one.
    pub fn next(&self) -> io::Result<Option<Signal>> {
        let info = self.queue.read_signal()?;
        // Numbers of signals fit; an unknown one cannot come out of a set of known ones.
        Ok(info.and_then(|info| Signal::try_from(info.ssi_signo as i32).ok()))
    }

    /// What was blocked before.
    pub fn mask_before(&self) -> SigSet {
        self.before
    }
}

impl Drop for SignalQueue {
    fn drop(&mut self) {
        // Fails only for a mask that is none.
        let _ = self.before.thread_set_mask();
    }
}

/// A worker's signals: each stream has a byte to read after one has come.
#[derive(Debug)]
pub struct WorkerSignals {
    /// TERM or QUIT: drain.
    pub drain: UnixStream,
    /// USR1: open the log files anew.
    pub reopen_logs: UnixStream,
}

impl WorkerSignals {
    /// Takes the signals over. INT and HUP reach whole terminals' groups and are the arbiter's.
    pub fn install() -> io::Result<Self> {
        let (drain, on_drain) = UnixStream::pair()?;
        let (reopen_logs, on_reopen) = UnixStream::pair()?;
        for signal in [Signal::SIGTERM, Signal::SIGQUIT] {
            signal_hook::low_level::pipe::register(signal as i32, on_drain.try_clone()?)?;
        }
        signal_hook::low_level::pipe::register(Signal::SIGUSR1 as i32, on_reopen)?;
        for signal in
            [Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR2, Signal::SIGTTIN, Signal::SIGTTOU]
        {
            let ignored = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal as i32, ignored)?;
        }
        Ok(Self { drain, reopen_logs })
    }
}
