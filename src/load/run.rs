//! The loops: clients that ask, each on a connection of its own.
//!
//! In a closed loop every client asks again as soon as it is answered. In an open loop requests are due at
//! a set rate whether or not earlier ones are answered, and a request that has to wait for a free client has
//! waited: its time counts from when it was due, so that a server which stalls cannot hide it by not being
//! asked (what is called coordinated omission).

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use tokio::sync::{Mutex, mpsc};
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use super::connection::{Connection, Failure};
use super::pace::{Timer, due};
use super::response::Head;
use super::{Error, Server, Tally};

/// How long a client that could not connect waits before it tries again.
const AFTER_NO_CONNECTION: Duration = Duration::from_millis(100);

/// One request.
pub struct Question<'a> {
    /// What it is counted as: an index into the kinds.
    pub kind: usize,
    /// As it goes over the wire.
    pub request: Cow<'a, [u8]>,
}

/// What is asked for.
pub trait Asks: Send + Sync {
    /// The names of the kinds of requests.
    fn kinds(&self) -> Vec<String>;

    /// The request of a number; numbers are counted from none.
    fn question(&self, number: u64) -> Question<'_>;
}

/// When requests are begun.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// By each client when it is answered.
    Closed,
    /// So many each second.
    Open {
        /// How many.
        per_s: f64,
    },
}

/// When a load ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// After such a time.
    After(Duration),
    /// After so many requests.
    Requests(u64),
}

/// A load.
#[derive(Clone)]
pub struct Load {
    /// Whom it is put on.
    pub server: Server,
    /// What is asked for.
    pub asks: Arc<dyn Asks>,
    /// Connections at a time.
    pub clients: usize,
    /// Threads that drive them; no more than there are clients.
    pub threads: usize,
    /// When requests are begun.
    pub pace: Pace,
    /// What is asked for at the beginning is not counted.
    pub warm_up: Duration,
    /// When it ends, from the end of the warm-up.
    pub end: End,
    /// How long an answer may take before it is given up.
    pub patience: Duration,
    /// How long a client waits after it was told that the server is too busy (503).
    pub after_refusal: Duration,
}

impl Load {
    /// A closed loop of one thread, without warm-up, of clients that are patient.
    #[must_use]
    pub fn new(server: &Server, asks: Arc<dyn Asks>, clients: usize, end: End) -> Self {
        Self {
            server: server.clone(),
            asks,
            clients,
            threads: 1,
            pace: Pace::Closed,
            warm_up: Duration::ZERO,
            end,
            patience: Duration::from_secs(60),
            after_refusal: Duration::ZERO,
        }
    }
}

/// Puts the load on and waits for its end.
///
/// # Errors
/// When a thread or its timer cannot be started. What goes wrong with a request is counted.
pub fn run(load: &Load) -> Result<Tally, Error> {
    let kinds = load.asks.kinds().len();
    let threads = load.threads.clamp(1, load.clients.max(1));
    let job = Arc::new(Job {
        load: load.clone(),
        kinds,
        threads,
        counted_from: Instant::now() + load.warm_up,
        next: AtomicU64::new(0),
        counted: AtomicU64::new(0),
    });
    let tallies = thread::scope(|scope| {
        let spawned: Vec<_> = (0..threads)
            .map(|index| {
                let job = Arc::clone(&job);
                let named = thread::Builder::new().name(format!("load-{index}"));
                named.spawn_scoped(scope, move || drive(&job, index))
            })
            .collect::<io::Result<_>>()?;
        let join = |thread: thread::ScopedJoinHandle<'_, io::Result<Tally>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        spawned.into_iter().map(join).collect::<io::Result<Vec<Tally>>>()
    })?;
    let mut sum = Tally::new(kinds);
    tallies.iter().for_each(|tally| sum.add(tally));
    Ok(sum)
}

/// What the threads share.
struct Job {
    load: Load,
    kinds: usize,
    threads: usize,
    /// When the warm-up ends.
    counted_from: Instant,
    next: AtomicU64,
    counted: AtomicU64,
}

/// A request that is to be made.
struct Turn {
    number: u64,
    /// From when its time counts.
    since: Instant,
}

impl Job {
    /// When nothing more is begun, where time ends it.
    fn end_at(&self) -> Option<Instant> {
        match self.load.end {
            End::After(time) => Some(self.counted_from + time),
            End::Requests(_) => None,
        }
    }

    /// Whether a request that is begun or due at `since` is still wanted.
    fn wants(&self, since: Instant) -> bool {
        if self.end_at().is_some_and(|end| since >= end) {
            return false;
        }
        match self.load.end {
            End::Requests(number) if since >= self.counted_from => {
                self.counted.fetch_add(1, Ordering::Relaxed) < number
            }
            _ => true,
        }
    }
}

/// Drives a thread's share of the clients.
fn drive(job: &Arc<Job>, index: usize) -> io::Result<Tally> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let tally = Rc::new(RefCell::new(Tally::new(job.kinds)));
    let share = (job.load.clients + job.threads - 1 - index) / job.threads;
    let clients = LocalSet::new();
    let used_before = Rc::new(RefCell::new(thread_cpu()));
    let (sender, receiver) = mpsc::unbounded_channel();
    let turns = match job.load.pace {
        Pace::Closed => Turns::Closed,
        Pace::Open { .. } => Turns::Open(Rc::new(Mutex::new(receiver))),
    };
    for _ in 0..share {
        let client = Client {
            job: Arc::clone(job),
            turns: turns.clone(),
            tally: Rc::clone(&tally),
            connection: None,
        };
        clients.spawn_local(client.ask());
    }
    drop(turns);
    let mark = Rc::clone(&used_before);
    let counted_from = job.counted_from;
    clients.spawn_local(async move {
        sleep(counted_from.saturating_duration_since(Instant::now())).await;
        *mark.borrow_mut() = thread_cpu();
    });
    runtime.block_on(async {
        if let Pace::Open { per_s } = job.load.pace {
            clients.run_until(hand_out(job, index, per_s, sender)).await?;
        }
        clients.await;
        io::Result::Ok(())
    })?;
    let mut tally = Rc::into_inner(tally).map(RefCell::into_inner).unwrap_or_default();
    tally.client_cpu = thread_cpu().saturating_sub(*used_before.borrow());
    Ok(tally)
}

/// Hands out the requests of a thread when they are due.
async fn hand_out(
    job: &Job,
    index: usize,
    per_s: f64,
    turns: mpsc::UnboundedSender<Turn>,
) -> io::Result<()> {
    let timer = Timer::new()?;
    let start = job.counted_from - job.load.warm_up;
    let mut number = index as u64;
    loop {
        let since = start + due(number, per_s);
        if !job.wants(since) {
            return Ok(());
        }
        timer.wait_until(since).await?;
        if turns.send(Turn { number, since }).is_err() {
            return Ok(());
        }
        number += job.threads as u64;
    }
}

/// Where a client gets its next request from.
#[derive(Clone)]
enum Turns {
    Closed,
    Open(Rc<Mutex<mpsc::UnboundedReceiver<Turn>>>),
}

struct Client {
    job: Arc<Job>,
    turns: Turns,
    tally: Rc<RefCell<Tally>>,
    connection: Option<Connection>,
}

impl Client {
    async fn ask(mut self) {
        let job = Arc::clone(&self.job);
        while let Some(turn) = self.turn().await {
            let question = job.load.asks.question(turn.number);
            // Nobody waits for ever for what the server cannot keep up with.
            let given_up = job.end_at().is_some_and(|end| Instant::now() > end + job.load.patience);
            let outcome =
                if given_up { Err("never sent") } else { self.get(&question.request).await };
            let now = Instant::now();
            let took = now - turn.since;
            let mut pause = Duration::ZERO;
            let error = match &outcome {
                Ok((head, _)) => head.status >= 400,
                Err(_) => true,
            };
            if let Ok((head, _)) = &outcome
                && head.status == 503
            {
                pause = job.load.after_refusal;
            }
            if outcome.as_ref().is_err_and(|name| *name == NOT_CONNECTED) {
                pause = AFTER_NO_CONNECTION;
            }
            if let Some(at) = now.checked_duration_since(job.counted_from)
                && turn.since >= job.counted_from
            {
                let mut tally = self.tally.borrow_mut();
                match outcome {
                    Ok((head, bytes)) => tally.answered(question.kind, &head, bytes, took),
                    Err(name) => tally.failed(question.kind, name, took),
                }
                tally.ended(at, took, error);
            }
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
    }

    async fn turn(&mut self) -> Option<Turn> {
        match &self.turns {
            Turns::Open(turns) => turns.lock().await.recv().await,
            Turns::Closed => {
                let since = Instant::now();
                let wanted = self.job.wants(since);
                wanted
                    .then(|| Turn { number: self.job.next.fetch_add(1, Ordering::Relaxed), since })
            }
        }
    }

    /// The head of the answer and the size of its body, or the name of what went wrong.
    async fn get(&mut self, request: &[u8]) -> Result<(Head, u64), &'static str> {
        let patience = self.job.load.patience;
        let answer = match timeout(patience, self.exchange(request)).await {
            Ok(answer) => answer.map_err(|failure| failure.name()),
            Err(_) => Err("no answer in time"),
        };
        if !answer.as_ref().is_ok_and(|(head, _)| head.keeps) {
            self.connection = None;
        }
        answer
    }

    /// Over the connection that is open, or over a new one: a server may close a kept one at any time, and
    /// a GET that it has not begun to answer is sent again, as browsers do.
    async fn exchange(&mut self, request: &[u8]) -> Result<(Head, u64), Failure> {
        loop {
            let connection = match &mut self.connection {
                Some(open) => open,
                None => self.connection.insert(Connection::open(&self.job.load.server).await?),
            };
            let used = connection.used;
            let mut bytes = 0;
            let count = &mut |part: &[u8]| bytes += part.len() as u64;
            match connection.exchange(request, &mut |_| {}, count).await {
                Err(Failure::Closed) if used => {
                    self.connection = None;
                    self.tally.borrow_mut().reopened += 1;
                }
                answer => return answer.map(|head| (head, bytes)),
            }
        }
    }
}

const NOT_CONNECTED: &str = "not connected";

/// CPU time of this thread.
fn thread_cpu() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Duration::ZERO };
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|time| {
            let us = time.tv_sec() * 1_000_000 + time.tv_usec();
            Duration::from_micros(u64::try_from(us).unwrap_or(0))
        })
        .sum()
}
