//! A worker: boots what it serves, then runs one event loop and its request threads.

use std::future::Future;
use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::LocalSet;

use super::accept::{Accepted, Connections, accept_loop};
use super::dispatcher::{self, Dispatcher, Started};
use super::listen::Listener;
use super::rows::{WorkerRow, WorkerState};
use super::scoreboard::{Scoreboard, ScoreboardError};
use super::signals::WorkerSignals;
use super::sys::monotonic_ms;
use super::threads::Fault;
use super::{BOOT_FAILED, WorkerOptions, control};
use crate::fastcgi;
use crate::http::Service;

/// How often a worker looks after itself.
const TICK: Duration = Duration::from_millis(250);
/// Helper threads for files: reading what is sent, writing what is received.
const FILE_THREADS: usize = 4;
/// How long a worker lives before it is judged by its memory: a ceiling below what every worker takes must
/// not have the arbiter do nothing but start workers.
const GROWTH_GRACE: Duration = Duration::from_secs(5);
/// How often it gives back memory that lies free between blocks in use. Without that, what many pictures
/// leave behind adds up for hours before it stays the same.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(30);
/// Descriptors that connections leave to others: databases, caches, logs, locks and the runtime,
const FILES_SPARED: usize = 64;
/// and for each thread, which may have an original and its overlay, a file to send, a child to talk to.
const FILES_SPARED_PER_THREAD: usize = 4;
/// How long finished threads are waited for at the end.
const THREAD_PATIENCE: Duration = Duration::from_secs(1);

/// What the closure that boots a worker is told.
#[derive(Debug)]
pub struct WorkerContext {
    row: WorkerRow,
}

impl WorkerContext {
    /// Which of the scoreboard's rows is this worker's.
    #[must_use]
    pub fn index(&self) -> usize {
        self.row.index()
    }

    /// The scoreboard of the pool.
    #[must_use]
    pub fn scoreboard(&self) -> &Scoreboard {
        self.row.board()
    }

    /// The worker's row of the scoreboard.
    #[must_use]
    pub fn row(&self) -> &WorkerRow {
        &self.row
    }
}

/// What a worker serves, made inside the worker: threads and connections may be opened by then.
pub struct Boot {
    /// Answers the requests.
    pub service: Arc<dyn Service>,
    /// How to serve, as the settings now say; `None` for what the pool was started with.
    pub options: Option<WorkerOptions>,
    /// How many workers the settings now ask for; heeded on a reload.
    pub workers: Option<usize>,
    /// Called last, when every connection is closed: the place to flush what is still in memory.
    pub shutdown: Option<Box<dyn FnOnce()>>,
}

impl Boot {
    /// Serves with the pool's own options.
    #[must_use]
    pub fn new(service: Arc<dyn Service>) -> Self {
        Self { service, options: None, workers: None, shutdown: None }
    }
}

/// What the arbiter gives a worker on its way.
pub(super) struct WorkerStart {
    pub row: WorkerRow,
    pub listeners: Vec<Listener>,
    pub channel: StdUnixStream,
    pub options: WorkerOptions,
    /// How long to finish what has begun when there is no arbiter to be the judge of it.
    pub drain: Duration,
}

/// Runs a worker to its end; gives the status to exit with.
pub(super) fn run(
    start: WorkerStart,
    boot: &dyn Fn(&WorkerContext) -> Result<Boot, String>,
    reopen_logs: &dyn Fn(),
) -> i32 {
    let WorkerStart { row, listeners, mut channel, options, drain } = start;
    row.set_pid(u64::from(std::process::id()));
    let booted = boot_up(&row, options, boot).and_then(|(booted, options)| {
        prepare(Arc::clone(&booted.service), &options, &row)
            .and_then(|(runtime, started)| {
                Ok((booted, options, runtime, started, WorkerSignals::install()?))
            })
            .map_err(|error| format!("the worker cannot start: {error}"))
    });
    let (booted, options, runtime, started, signals) = match booted {
        Ok(booted) => booted,
        Err(reason) => {
            let message = [&[control::FAILED], reason.as_bytes()].concat();
            // The exit status tells it too.
            let _ = io::Write::write_all(&mut channel, &message);
            return BOOT_FAILED;
        }
    };
    let Boot { service, shutdown, .. } = booted;
    // The threads hold it from now on, so that it ends with them.
    drop(service);
    let threads = started.threads;
    let worker = Worker {
        row,
        options,
        drain,
        dispatcher: started.dispatcher,
        faults: started.faults,
        reopen_logs,
        retiring: false,
        started: Instant::now(),
        gave_back: Instant::now(),
    };
    let result = LocalSet::new().block_on(&runtime, worker.serve(listeners, channel, signals));
    if let Err(error) = &result {
        log::error!("a worker failed: {error}");
    }
    let patience = Instant::now() + THREAD_PATIENCE;
    while threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(2));
    }
    if let Some(shutdown) = shutdown {
        shutdown();
    }
    log::logger().flush();
    i32::from(result.is_err())
}

/// Has the worker's content made, and notes what the settings say now.
fn boot_up(
    row: &WorkerRow,
    options: WorkerOptions,
    boot: &dyn Fn(&WorkerContext) -> Result<Boot, String>,
) -> Result<(Boot, WorkerOptions), String> {
    let context = WorkerContext { row: row.clone() };
    let mut booted = catch_unwind(AssertUnwindSafe(|| boot(&context)))
        .unwrap_or_else(|_| Err("the worker panicked while it booted".into()))?;
    let options = booted.options.take().unwrap_or(options);
    let capacity = row.board().thread_capacity();
    let threads = options.all_threads();
    if threads > capacity {
        return Err(format!(
            "{threads} threads, those that make pictures included, exceed the {capacity} that the \
             running arbiter has room for: restart it"
        ));
    }
    if let Some(workers) = booted.workers {
        row.board().wanted_workers().store(workers as u64, Ordering::Relaxed);
    }
    Ok((booted, options))
}

fn prepare(
    service: Arc<dyn Service>,
    options: &WorkerOptions,
    row: &WorkerRow,
) -> io::Result<(Runtime, Started)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(FILE_THREADS)
        .thread_name("file")
        .build()?;
    Ok((runtime, dispatcher::start(service, options, row.clone())?))
}

struct Worker<'a> {
    row: WorkerRow,
    options: WorkerOptions,
    drain: Duration,
    dispatcher: Dispatcher,
    faults: mpsc::UnboundedReceiver<Fault>,
    reopen_logs: &'a dyn Fn(),
    retiring: bool,
    started: Instant,
    gave_back: Instant,
}

impl Worker<'_> {
    async fn serve(
        mut self,
        listeners: Vec<Listener>,
        channel: StdUnixStream,
        signals: WorkerSignals,
    ) -> io::Result<()> {
        let mut channel = from_std(channel)?;
        let mut on_drain = from_std(signals.drain)?;
        let mut on_reopen = from_std(signals.reopen_logs)?;
        let (drain, draining) = watch::channel(false);
        let connections = Connections::new(self.row.clone());
        self.accept(listeners, &connections, &draining);
        // The arbiter first, so that it knows of every worker that the scoreboard shows as ready.
        channel.write_all(&[control::READY]).await?;
        self.row.set_state(WorkerState::Ready);

        let max_requests = self.jittered_max_requests();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                said = channel.read_u8() => match said {
                    Ok(control::REOPEN_LOGS) => (self.reopen_logs)(),
                    Ok(control::DRAIN) => break,
                    Ok(_) => {}
                    Err(_) => {
                        log::warn!("the arbiter is gone, draining");
                        break;
                    }
                },
                _ = on_drain.read_u8() => break,
                _ = on_reopen.read_u8() => (self.reopen_logs)(),
                Some(Fault::Panicked) = self.faults.recv() => {
                    log::error!("a request panicked, replacing the worker");
                    break;
                }
                _ = tick.tick() => {
                    if self.look_after(&mut channel, max_requests).await? {
                        break;
                    }
                }
            }
        }
        self.row.set_state(WorkerState::Draining);
        // Without an arbiter there is nobody to tell.
        let _ = channel.write_all(&[control::DRAINING]).await;
        drain.send_replace(true);
        self.dispatcher.hurry();
        self.finish(&mut channel, &connections).await;
        Ok(())
    }

    /// Accepts on every socket, as tasks that end with the drain.
    fn accept(
        &self,
        listeners: Vec<Listener>,
        connections: &Connections,
        draining: &watch::Receiver<bool>,
    ) {
        let options = Rc::new(self.options.fastcgi.clone());
        let places = Rc::new(Semaphore::new(self.connections_at_most()));
        let max_requests = self.options.threads;
        for listener in listeners {
            let (dispatcher, options) = (self.dispatcher.clone(), Rc::clone(&options));
            let draining_connections = draining.clone();
            let serve = move |stream| {
                let (dispatcher, options) = (dispatcher.clone(), Rc::clone(&options));
                let drain = draining_connections.clone();
                serve_stream(stream, dispatcher, options, max_requests, drain)
            };
            let accepting = accept_loop(
                listener,
                connections.clone(),
                Rc::clone(&places),
                draining.clone(),
                serve,
            );
            tokio::task::spawn_local(async move {
                if let Err(error) = accepting.await {
                    log::error!("a socket cannot be accepted from: {error}");
                }
            });
        }
    }

    /// Connections that are taken at once: what the settings say, as far as enough descriptors are left for
    /// originals, decode children, databases and caches. Others wait to be accepted, which harms nobody who
    /// is being answered.
    fn connections_at_most(&self) -> usize {
        let wanted = self.options.fastcgi.max_connections.clamp(1, 1 << 20);
        let limit = getrlimit(Resource::RLIMIT_NOFILE)
            .map_or(usize::MAX, |(soft, _)| usize::try_from(soft).unwrap_or(usize::MAX));
        let spared = FILES_SPARED + FILES_SPARED_PER_THREAD * self.options.all_threads();
        let most = limit.saturating_sub(spared).max(limit / 4).max(1);
        if most < wanted {
            log::warn!("the limit of {limit} open files leaves room for {most} connections");
        }
        wanted.min(most)
    }

    /// Waits for the connections to end. Meanwhile signs of life and logs go on; without an
    /// arbiter, which would end a drain that takes too long, the worker does so itself.
    async fn finish(&self, channel: &mut UnixStream, connections: &Connections) {
        let mut orphaned_until = None;
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                () = connections.none_left() => return,
                said = channel.read_u8(), if orphaned_until.is_none() => match said {
                    Ok(control::REOPEN_LOGS) => (self.reopen_logs)(),
                    Ok(_) => {}
                    Err(_) => orphaned_until = Some(Instant::now() + self.drain),
                },
                _ = tick.tick() => {
                    self.row.beat();
                    if orphaned_until.is_some_and(|end| Instant::now() >= end) {
                        return;
                    }
                }
            }
        }
    }

    /// Whether it is time to drain at once; asks for a replacement when it is time for that.
    async fn look_after(
        &mut self,
        channel: &mut UnixStream,
        max_requests: Option<u64>,
    ) -> io::Result<bool> {
        self.row.beat();
        self.dispatcher.tell_of_queues();
        if self.gave_back.elapsed() >= GIVE_BACK_EVERY {
            self.gave_back = Instant::now();
            // Beside the event loop: it takes milliseconds.
            tokio::task::spawn_blocking(super::sys::give_back_memory);
        }
        let memory_bytes = resident_bytes();
        self.row.set_memory_bytes(memory_bytes);
        let grace_ms = u64::try_from(self.options.cancel_grace.as_millis()).unwrap_or(u64::MAX);
        if self.row.has_ignored_cancel(monotonic_ms(), grace_ms) {
            log::error!("a request goes on past its deadline, replacing the worker");
            return Ok(true);
        }
        let ceiling = self.options.max_worker_memory_bytes;
        let reason = if max_requests.is_some_and(|max| self.row.requests() >= max) {
            "has had its number of requests"
        } else if ceiling > 0 && memory_bytes > ceiling && self.started.elapsed() >= GROWTH_GRACE {
            "is above its memory ceiling"
        } else {
            return Ok(false);
        };
        if !self.retiring {
            self.retiring = true;
            log::info!("the worker {reason} and will be replaced");
            channel.write_all(&[control::RETIRING]).await?;
        }
        Ok(false)
    }

    /// A tenth more or less, so that workers started together do not end together.
    fn jittered_max_requests(&self) -> Option<u64> {
        let max = self.options.max_requests;
        if max == 0 {
            return None;
        }
        let mut bytes = [0; 8];
        // Without randomness they end together: no harm but a moment of fewer workers.
        let _ = getrandom::fill(&mut bytes);
        let tenth = max / 10;
        Some(max - tenth + u64::from_ne_bytes(bytes) % (2 * tenth + 1))
    }
}

async fn serve_stream(
    stream: Accepted,
    dispatcher: Dispatcher,
    options: Rc<fastcgi::Options>,
    max_requests: usize,
    drain: watch::Receiver<bool>,
) {
    let served = match stream {
        Accepted::Unix(stream) => {
            fastcgi::serve_connection(stream, dispatcher, &options, max_requests, drain).await
        }
        Accepted::Tcp(stream) => {
            fastcgi::serve_connection(stream, dispatcher, &options, max_requests, drain).await
        }
    };
    match served {
        Ok(()) => {}
        Err(error @ fastcgi::Error::Malformed(_)) => log::warn!("connection closed: {error}"),
        Err(error) => log::debug!("connection closed: {error}"),
    }
}

fn from_std(stream: StdUnixStream) -> io::Result<UnixStream> {
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// Resident memory of this process; 0 when the system does not tell.
fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok().and_then(|statm| {
        statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok())
    });
    let page_bytes = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)
        .ok()
        .flatten()
        .and_then(|bytes| u64::try_from(bytes).ok())
        .unwrap_or(4096);
    pages.unwrap_or(0) * page_bytes
}

/// Serves from this process alone: the same dispatcher, queue and threads as a worker of the pool,
/// under whatever `transport` speaks. Returns when `transport` does.
///
/// A request that panics is answered 500 and nothing is replaced; there is nobody to do it.
///
/// # Errors
/// When the runtime, the threads or the scoreboard cannot be made.
pub fn serve_in_process<F, Fut>(
    options: &WorkerOptions,
    scoreboard: &Scoreboard,
    service: Arc<dyn Service>,
    transport: F,
) -> Result<Fut::Output, ScoreboardError>
where
    F: FnOnce(Dispatcher) -> Fut,
    Fut: Future,
{
    let row = scoreboard.worker(0);
    row.claim();
    row.set_pid(u64::from(std::process::id()));
    let capacity = scoreboard.thread_capacity();
    let threads = options.threads.clamp(1, capacity.saturating_sub(1).max(1));
    let makers = options.makers.clamp(1, capacity.saturating_sub(threads).max(1));
    let options = WorkerOptions { threads, makers, ..options.clone() };
    let (runtime, started) = prepare(service, &options, &row)?;
    row.set_state(WorkerState::Ready);
    let ticking = row.clone();
    let output = LocalSet::new().block_on(&runtime, async move {
        let told = started.dispatcher.clone();
        let tick = tokio::task::spawn_local(async move {
            let mut tick = tokio::time::interval(TICK);
            loop {
                tick.tick().await;
                ticking.beat();
                told.tell_of_queues();
                ticking.set_memory_bytes(resident_bytes());
            }
        });
        let output = transport(started.dispatcher).await;
        tick.abort();
        output
    });
    row.set_state(WorkerState::Draining);
    let patience = Instant::now() + THREAD_PATIENCE;
    while started.threads.iter().any(|thread| !thread.is_finished()) && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(2));
    }
    row.clear();
    Ok(output)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method, StatusCode};

    use super::*;
    use crate::http::{Answer, Client, Dispatch, Progress, Request, RequestBody, Response};

    struct Teapot;

    impl Service for Teapot {
        fn try_now(&self, _: &Request) -> Option<Response> {
            None
        }

        fn call(self: Arc<Self>, _: Request, _: &dyn Progress) -> Answer {
            Response::new(StatusCode::IM_A_TEAPOT).into()
        }
    }

    #[test]
    fn one_process_serves_through_the_same_dispatcher() {
        let board = Scoreboard::private(1, 2).unwrap();
        let inside = board.clone();
        let status = serve_in_process(
            &WorkerOptions::default(),
            &board,
            Arc::new(Teapot),
            |dispatcher| async move {
                let request = Request {
                    method: Method::GET,
                    path: "/".into(),
                    query: Vec::new(),
                    headers: HeaderMap::new(),
                    client: Client::default(),
                    body: RequestBody::Empty,
                    received: Instant::now(),
                };
                assert_eq!(inside.snapshot().workers[0].threads.len(), 2);
                dispatcher.dispatch(request).await.status
            },
        );
        assert_eq!(status.unwrap(), StatusCode::IM_A_TEAPOT);
        assert_eq!(board.snapshot().requests, 1);
        assert!(board.snapshot().workers.is_empty());
    }

    #[test]
    fn resident_memory_is_told() {
        let bytes = resident_bytes();
        assert!((1 << 20..1 << 34).contains(&bytes), "{bytes}");
    }
}
