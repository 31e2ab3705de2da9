//! The arbiter: one thread that binds, forks, and from then on only reacts.
//!
//! It opens no database, no cache and no picture, so that there is next to nothing in it that could
//! fail, and so that a fork is a fork of almost nothing. After every event it compares the workers
//! there are with the workers there should be, and takes the next step; starting, replacing,
//! reloading and stopping are all this one comparison.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::child::{Child, Phase};
use super::files::Files;
use super::handover::{Inheritance, Program, Successor};
use super::listen::{Listener, Origin};
use super::rows::WorkerState;
use super::scoreboard::Scoreboard;
use super::signals::SignalQueue;
use super::startup::{self, Error};
use super::supervisor::Supervisor;
use super::worker::{self, Boot, WorkerContext, WorkerStart};
use super::{PoolOptions, sys};

/// How often the scoreboard is looked at when nothing happens.
const TICK_MS: u16 = 250;
/// The longest pause between two attempts to start a worker.
const MAX_BACK_OFF: Duration = Duration::from_secs(10);
/// A worker that lived as long as this did not fail at once.
const SETTLED: Duration = Duration::from_secs(10);
/// Rows for threads that later settings may ask for.
const SPARE_THREADS: usize = 64;
/// Rows for workers that drain while others have taken their place.
const SPARE_WORKERS: usize = 32;

/// Runs the pool until it is told to stop.
///
/// To be called while there is one thread and nothing is open that workers must not share. `boot`
/// is called in each new worker, where it loads the settings and opens whatever it needs;
/// `reopen_logs` in every process on USR1.
///
/// Signals: TERM, INT and QUIT drain and stop (a second one does not wait); HUP boots new workers
/// and then drains the old ones, one at a time; USR1 reopens logs; USR2 starts the program's file
/// anew and hands the sockets over; TTIN and TTOU mean one worker more or fewer.
///
/// # Errors
/// [`Error`]; the workers have ended by then.
pub fn run_pool(
    options: PoolOptions,
    boot: impl Fn(&WorkerContext) -> Result<Boot, String>,
    reopen_logs: impl Fn(),
) -> Result<(), Error> {
    let signals = SignalQueue::new()?;
    let program = Program::running()?;
    startup::raise_descriptor_limit();
    let mut inheritance = Inheritance::take()?;
    let listeners = startup::open_listeners(&options, inheritance.as_mut())?;
    if listeners.is_empty() {
        return Err(Error::NoAddress);
    }
    let files = Files::new(&options, inheritance.is_some());
    let board = Scoreboard::create(
        files.scoreboard(),
        SPARE_WORKERS.max(4 * options.workers),
        SPARE_THREADS.max(options.worker.threads),
    )?;
    if inheritance.is_none() {
        files.write_pid().map_err(Error::PidFile)?;
    }
    for listener in &listeners {
        log::info!("listening on {listener}");
    }
    let arbiter = Arbiter {
        target: options.workers.max(1),
        supervisor: Supervisor::new(),
        options,
        program,
        signals: Some(signals),
        listeners,
        board,
        files,
        children: Vec::new(),
        inheritance,
        successor: None,
        reloading: false,
        stopping: None,
        handed_over: false,
        failures: 0,
        start_at: Instant::now(),
        boot: &boot,
        reopen_logs: &reopen_logs,
    };
    arbiter.run()
}

/// How the pool is coming to its end.
enum Stopping {
    Asked,
    Failed(String),
}

struct Arbiter<'a> {
    options: PoolOptions,
    program: Program,
    /// Taken out in a worker, which has its own.
    signals: Option<SignalQueue>,
    listeners: Vec<Listener>,
    board: Scoreboard,
    files: Files,
    children: Vec<Child>,
    supervisor: Supervisor,
    /// How many workers there should be.
    target: usize,
    /// The old arbiter, until it has been told that we serve.
    inheritance: Option<Inheritance>,
    /// The new arbiter, until it serves or ends.
    successor: Option<Successor>,
    reloading: bool,
    stopping: Option<Stopping>,
    /// The sockets and files now belong to a successor.
    handed_over: bool,
    /// Workers in a row that failed soon after their start.
    failures: u32,
    /// No worker is started before.
    start_at: Instant,
    boot: &'a dyn Fn(&WorkerContext) -> Result<Boot, String>,
    reopen_logs: &'a dyn Fn(),
}

impl Arbiter<'_> {
    fn run(mut self) -> Result<(), Error> {
        let result = self.react();
        self.children.iter_mut().for_each(Child::kill);
        while !self.children.is_empty() {
            match waitpid(None::<Pid>, None) {
                Ok(status) => self.reaped(status),
                Err(nix::Error::EINTR) => {}
                Err(_) => break,
            }
        }
        if !self.handed_over {
            self.listeners.iter().for_each(Listener::remove_path);
            self.files.remove();
        }
        result
    }

    fn react(&mut self) -> Result<(), Error> {
        loop {
            self.take_steps()?;
            match &self.stopping {
                Some(Stopping::Asked) if self.children.is_empty() => return Ok(()),
                Some(Stopping::Failed(reason)) if self.children.is_empty() => {
                    return Err(Error::Boot(reason.clone()));
                }
                _ => {}
            }
            self.wait()?;
            while let Some(signal) = self.next_signal()? {
                self.take_signal(signal);
            }
            self.reap();
            self.listen();
            self.judge();
        }
    }

    fn next_signal(&self) -> io::Result<Option<Signal>> {
        self.signals.as_ref().map_or(Ok(None), SignalQueue::next)
    }

    fn wait(&self) -> io::Result<()> {
        let mut waiting: Vec<PollFd<'_>> = Vec::with_capacity(self.children.len() + 2);
        let mut on = |fd| waiting.push(PollFd::new(fd, PollFlags::POLLIN));
        if let Some(signals) = &self.signals {
            on(signals.descriptor().as_fd());
        }
        if let Some(successor) = &self.successor {
            on(successor.as_fd());
        }
        for child in self.children.iter().filter(|child| !child.silent) {
            on(child.as_fd());
        }
        match poll(&mut waiting, PollTimeout::from(TICK_MS)) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn take_signal(&mut self, signal: Signal) {
        match signal {
            Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT => {
                if self.stopping.is_some() {
                    log::warn!("asked to stop again, not waiting any more");
                    self.children.iter_mut().for_each(Child::kill);
                } else {
                    log::info!("stopping");
                    self.stop(Stopping::Asked);
                }
            }
            Signal::SIGHUP => self.reload(),
            Signal::SIGUSR1 => {
                (self.reopen_logs)();
                self.children.iter_mut().for_each(Child::reopen_logs);
            }
            Signal::SIGUSR2 => self.start_successor(),
            Signal::SIGTTIN => self.retarget(self.target.saturating_add(1)),
            Signal::SIGTTOU => self.retarget(self.target - 1),
            _ => {}
        }
    }

    fn retarget(&mut self, target: usize) {
        // A row for each, and one for the one that replaces it.
        self.target = target.clamp(1, self.board.worker_capacity() / 2);
        log::info!("{} workers", self.target);
    }

    fn stop(&mut self, how: Stopping) {
        self.supervisor.stopping();
        let kill_at = Instant::now() + self.options.drain;
        self.children.iter_mut().for_each(|child| child.drain(kill_at));
        if !self.handed_over {
            self.listeners.iter().for_each(Listener::remove_path);
        }
        self.listeners.clear();
        self.stopping = Some(how);
    }

    fn reload(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        log::info!("reloading");
        self.supervisor.reloading();
        self.reloading = true;
        self.failures = 0;
        self.start_at = Instant::now();
        for child in &mut self.children {
            child.outdated = true;
        }
    }

    fn start_successor(&mut self) {
        if self.stopping.is_some() || self.successor.is_some() {
            return;
        }
        let Some(signals) = &self.signals else { return };
        match self.program.start_successor(&self.listeners, signals.mask_before()) {
            Ok(successor) => {
                log::info!("starting the program anew as {}", successor.pid);
                self.successor = Some(successor);
            }
            Err(error) => log::error!("the program cannot be started anew: {error}"),
        }
    }

    /// Reads what workers and the successor have said.
    fn listen(&mut self) {
        let mut ready = 0;
        for child in &mut self.children {
            let starting = child.is_starting();
            child.take_news(self.options.drain);
            if starting && child.is_ready() {
                ready += 1;
                log::info!("worker {} is ready", child.pid);
            }
        }
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

    fn reap(&mut self) {
        loop {
            match waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(_) => return,
                Ok(status) => self.reaped(status),
            }
        }
    }

    fn reaped(&mut self, status: WaitStatus) {
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

    /// The pool must not go on starting what cannot start: it goes back to the settings that
    /// work, or goes on with the workers it has, or stops.
    fn boot_failed(&mut self, child: &Child, how: &str) {
        let reason = match &child.failure {
            Some(reason) if !reason.is_empty() => reason.clone(),
            _ => format!("it {how}"),
        };
        // Others may have come to serve since they were last heard.
        self.listen();
        let serving = self.children.iter().any(Child::is_ready);
        if !serving {
            self.stop(Stopping::Failed(reason));
        } else if self.reloading {
            log::error!("reload failed, going on as before: {reason}");
            self.reloading = false;
            self.children.iter_mut().for_each(|child| child.outdated = false);
            self.supervisor.ready();
        } else {
            log::error!("a worker could not start: {reason}");
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
    fn judge(&mut self) {
        let (now, now_ms) = (Instant::now(), sys::monotonic_ms());
        let stall_ms = u64::try_from(self.options.stall_timeout.as_millis()).unwrap_or(u64::MAX);
        let mut alive = false;
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
                    alive |= phase == Phase::Ready;
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
    fn take_steps(&mut self) -> Result<(), Error> {
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
                if self.children.is_empty() { Err(error.into()) } else { Ok(()) }
            }
        }
    }
}
