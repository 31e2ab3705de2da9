//! The workers there are and the workers there should be: hearing, reaping, judging and starting
//! them.
//!
//! Knows nothing of signals and settings, and of a worker only what its row and its channel say.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::{Arbiter, Stopping};
use crate::process::child::{Child, Phase};
use crate::process::handover::Inheritance;
use crate::process::listen::{Listener, Origin};
use crate::process::rows::WorkerState;
use crate::process::startup::Error;
use crate::process::sys;
use crate::process::worker::{self, WorkerStart};

/// The longest pause between two attempts to start a worker.
const MAX_BACK_OFF: Duration = Duration::from_secs(10);
/// A worker that lived as long as this did not fail at once.
const SETTLED: Duration = Duration::from_secs(10);

impl Arbiter<'_> {
    /// Reads what workers and the successor have said.
    pub(super) fn listen(&mut self) {
        let mut ready = 0;
        for child in &mut self.children {
            let starting = child.is_starting();
            child.take_news(self.options.drain);
            if starting && child.is_ready() {
                ready += 1;
                log::info!("worker {} is ready", child.pid);
            }
        }
        self.has_served |= ready > 0;
        if ready > 0 && self.reloading {
            let wanted = self.board.wanted_workers().load(Ordering::Relaxed);
            if let Ok(wanted @ 1..) = usize::try_from(wanted)
                && wanted != self.target
            {
                self.retarget(wanted);
            }
        }
        if let Some(successor) = &mut self.successor
            && successor.is_serving()
        {
            log::info!("{} serves now, stopping", successor.pid);
            self.supervisor.main_process(successor.pid);
            self.handed_over = true;
            self.successor = None;
            self.stop(Stopping::Asked);
        }
    }

    pub(super) fn reap(&mut self) {
        loop {
            match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(_) => return,
                Ok(status) => self.reaped(status),
            }
        }
    }

    pub(super) fn reaped(&mut self, status: WaitStatus) {
        let (pid, how) = match status {
            WaitStatus::Exited(pid, code) => (pid, format!("exited with status {code}")),
            WaitStatus::Signaled(pid, signal, _) => (pid, format!("was ended by {signal}")),
            _ => return,
        };
        if self.successor.as_ref().is_some_and(|successor| successor.pid == pid) {
            log::error!("the program started anew {how} before it served; going on");
            self.successor = None;
            return;
        }
        let Some(at) = self.children.iter().position(|child| child.pid == pid) else { return };
        let mut child = self.children.swap_remove(at);
        // What it said last may still be unread.
        child.take_news(self.options.drain);
        child.row.clear();
        if self.stopping.is_some() {
            return;
        }
        if child.is_starting() {
            self.boot_failed(&child, &how);
        } else if let Phase::Draining { .. } = child.phase {
            log::info!("worker {pid} {how}");
        } else {
            log::error!("worker {pid} {how}, starting another one");
            self.board.count_respawn();
            let settled = child.started.elapsed() >= SETTLED;
            self.failures = if settled { 0 } else { self.failures + 1 };
            self.back_off();
        }
    }

    /// A pool that has never served stops: whoever started it is told why, and starts it again or goes on
    /// with the program before it. Any other goes on with the workers it has, and tries again after a pause:
    /// what workers need, the database above all, comes back.
    fn boot_failed(&mut self, child: &Child, how: &str) {
        let reason = match &child.failure {
            Some(reason) if !reason.is_empty() => reason.clone(),
            _ => format!("it {how}"),
        };
        // Others may have come to serve since they were last heard.
        self.listen();
        let serving = self.children.iter().any(Child::is_ready);
        if !serving && (!self.has_served || self.inheritance.is_some()) {
            self.stop(Stopping::Failed(reason));
        } else if std::mem::take(&mut self.reloading) {
            log::error!("reload failed, going on as before: {reason}");
            self.children.iter_mut().for_each(|child| child.outdated = false);
            self.supervisor.ready();
            if !serving {
                self.back_off_once();
            }
        } else {
            log::error!("a worker could not start: {reason}");
            self.back_off_once();
        }
    }

    /// Workers that were started together fail together: that is one failure.
    fn back_off_once(&mut self) {
        if Instant::now() >= self.start_at {
            self.failures += 1;
            self.back_off();
        }
    }

    fn back_off(&mut self) {
        let pause = match self.failures {
            0 => Duration::ZERO,
            failures => Duration::from_millis(50 << failures.min(10)),
        };
        self.start_at = Instant::now() + pause.min(MAX_BACK_OFF);
    }

    /// Kills what is past its time.
    pub(super) fn judge(&mut self) {
        let (now, now_ms) = (Instant::now(), sys::monotonic_ms());
        let stall_ms = u64::try_from(self.options.stall_timeout.as_millis()).unwrap_or(u64::MAX);
        // Without any worker it waits to start one.
        let mut alive = self.children.is_empty();
        for child in self.children.iter_mut().filter(|child| !child.killed) {
            let silent_ms = now_ms.saturating_sub(child.row.heartbeat_ms());
            let fault = match child.phase {
                Phase::Starting if child.started.elapsed() > self.options.boot_timeout => {
                    "takes too long to boot"
                }
                Phase::Draining { kill_at } if now >= kill_at => "takes too long to drain",
                Phase::Ready | Phase::Draining { .. } if child.row.has_overdue(now_ms) => {
                    "does not give up a request"
                }
                Phase::Ready if silent_ms > stall_ms => "gives no sign of life",
                phase => {
                    alive |= matches!(phase, Phase::Starting | Phase::Ready);
                    continue;
                }
            };
            log::error!("worker {} {fault}, killing it", child.pid);
            self.board.count_kill();
            child.kill();
        }
        if alive {
            self.supervisor.watchdog();
        }
    }

    /// Compares the workers there are with those there should be, and takes the next step.
    pub(super) fn take_steps(&mut self) -> Result<(), Error> {
        if self.stopping.is_some() {
            return Ok(());
        }
        let starting = self.count(Child::is_starting);
        let ready = self.count(Child::is_ready);
        let old = self.count(|child| child.is_ready() && !child.is_current());
        let current = ready - old;
        if old == 0 && current >= self.target {
            if let Some(inheritance) = self.inheritance.take() {
                self.succeed(inheritance)?;
            }
            if std::mem::take(&mut self.reloading) {
                log::info!("reloaded");
                self.supervisor.ready();
            }
            self.supervisor.ready_once();
        }
        let kill_at = Instant::now() + self.options.drain;
        for _ in self.target..ready {
            // The ones to be replaced first, then the youngest.
            let surplus = self
                .children
                .iter_mut()
                .filter(|child| child.is_ready())
                .max_by_key(|child| (!child.is_current(), child.started));
            if let Some(child) = surplus {
                child.drain(kill_at);
            }
        }
        let coming = current + self.count(|child| child.is_starting() && child.is_current());
        for child in self.children.iter_mut().filter(|child| child.is_starting()) {
            if child.outdated {
                child.drain(kill_at);
            }
        }
        // Replacing goes one by one, so that there are never many more than there should be.
        let room = if old > 0 { 1_usize.saturating_sub(starting) } else { usize::MAX };
        let missing = self.target.saturating_sub(coming).min(room);
        if Instant::now() >= self.start_at {
            for _ in 0..missing {
                self.start_worker()?;
            }
        }
        Ok(())
    }

    /// Takes the place of the old arbiter: its files and paths are ours from now on.
    fn succeed(&mut self, inheritance: Inheritance) -> Result<(), Error> {
        self.files.publish()?;
        self.files.write_pid().map_err(Error::PidFile)?;
        for listener in &mut self.listeners {
            if listener.origin == Origin::Inherited {
                listener.origin = Origin::Bound;
            }
        }
        inheritance.serving();
        Ok(())
    }

    fn count(&self, which: impl Fn(&Child) -> bool) -> usize {
        self.children.iter().filter(|child| which(child)).count()
    }

    fn start_worker(&mut self) -> Result<(), Error> {
        let free = self.board.workers().find(|row| row.state() == WorkerState::Free);
        // Rows come back as draining workers end.
        let Some(row) = free else { return Ok(()) };
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let listeners =
            self.listeners.iter().map(Listener::try_clone).collect::<io::Result<Vec<_>>>()?;
        row.claim();
        match sys::fork() {
            Ok(Some(pid)) => {
                // The worker does so too: whichever comes first, nobody sees it serve without one.
                row.set_pid(u64::from(pid.as_raw().unsigned_abs()));
                self.children.push(Child::new(pid, row, ours));
                Ok(())
            }
            Ok(None) => {
                // What belongs to the arbiter alone: other workers' ends above all, which would
                // keep those from noticing its death.
                self.children.clear();
                self.listeners.clear();
                self.successor = None;
                self.inheritance = None;
                drop(ours);
                self.signals = None;
                let start = WorkerStart {
                    row,
                    listeners,
                    channel: theirs,
                    options: self.options.worker.clone(),
                    drain: self.options.drain,
                };
                sys::exit_now(worker::run(start, self.boot, self.reopen_logs))
            }
            Err(error) => {
                row.clear();
                log::error!("a worker cannot be forked: {error}");
                self.failures += 1;
                self.back_off();
                if self.children.is_empty() && !self.has_served {
                    Err(error.into())
                } else {
                    Ok(())
                }
            }
        }
    }
}
