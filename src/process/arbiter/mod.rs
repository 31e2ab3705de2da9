//! The arbiter: one thread that binds, forks, and from then on only reacts.
//!
//! It opens no database, no cache and no picture, so that there is next to nothing in it that could
//! fail, and so that a fork is a fork of almost nothing. After every event it compares the workers
//! there are with the workers there should be, and takes the next step; starting, replacing,
//! reloading and stopping are all this one comparison, which stands in `workers`; here is what
//! the arbiter is, and what signals mean.

mod workers;

use std::io;
use std::os::fd::AsFd as _;
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::PoolOptions;
use super::child::Child;
use super::files::Files;
use super::handover::{Inheritance, Program, Successor};
use super::listen::Listener;
use super::scoreboard::Scoreboard;
use super::signals::SignalQueue;
use super::startup::{self, Error};
use super::supervisor::Supervisor;
use super::worker::{Boot, WorkerContext};

/// How often the scoreboard is looked at when nothing happens.
const TICK_MS: u16 = 250;
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
        SPARE_THREADS.max(options.worker.all_threads()),
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
        has_served: false,
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
    /// A worker of this arbiter has served.
    has_served: bool,
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
}
