//! From the event loop to the request threads and back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use tokio::sync::{mpsc, oneshot, watch};

use super::WorkerOptions;
use super::rows::WorkerRow;
use super::threads::{Crew, Fault, Job, Work};
use crate::http::{Answer, Dispatch, Later, Request, Response, Service, is_for_programs, plain};
use crate::pixel::Cancel;

/// How long to wait for a place in a full queue before another try.
const QUEUE_PAUSE: Duration = Duration::from_millis(20);

/// Gets requests answered: at once when the service can, else by a request thread, else with 503.
#[derive(Clone)]
pub struct Dispatcher {
    shared: Arc<Shared>,
}

struct Shared {
    service: Arc<dyn Service>,
    jobs: Sender<Job>,
    faults: mpsc::UnboundedSender<Fault>,
    row: WorkerRow,
    deadline: Duration,
    /// True once nothing is to be waited for any more.
    hurry: watch::Sender<bool>,
}

/// A dispatcher with what stands behind it.
pub(super) struct Started {
    pub dispatcher: Dispatcher,
    pub faults: mpsc::UnboundedReceiver<Fault>,
    pub threads: Vec<JoinHandle<()>>,
}

/// Starts the request threads of a worker.
///
/// # Errors
/// When a thread cannot be started.
pub(super) fn start(
    service: Arc<dyn Service>,
    options: &WorkerOptions,
    row: WorkerRow,
) -> std::io::Result<Started> {
    let (jobs, receiver) = crossbeam_channel::bounded(options.effective_queue_len().max(1));
    let (faults, fault_receiver) = mpsc::unbounded_channel();
    let threads = options.threads.max(1);
    row.set_threads(threads);
    let crew = Crew {
        service: Arc::clone(&service),
        jobs: receiver,
        faults: faults.clone(),
        row: row.clone(),
        kill_after: options.cancel_grace.saturating_add(options.kill_grace),
    };
    let threads = crew.start(threads)?;
    let deadline = options.request_deadline;
    let hurry = watch::Sender::new(false);
    let dispatcher =
        Dispatcher { shared: Arc::new(Shared { service, jobs, faults, row, deadline, hurry }) };
    Ok(Started { dispatcher, faults: fault_receiver, threads })
}

impl Dispatcher {
    /// Has every answer that waits for something made at once: the worker is to end.
    pub fn hurry(&self) {
        self.shared.hurry.send_replace(true);
    }

    /// Has a thread do something; an error when the queue has no place for it.
    async fn run(
        &self,
        work: Work,
        end: Option<Instant>,
        for_programs: bool,
    ) -> Result<Answer, Box<Work>> {
        let cancel = Arc::new(end.map_or_else(Cancel::never, Cancel::at));
        let (answer, answered) = oneshot::channel();
        let job = Job { work, cancel: Arc::clone(&cancel), for_programs, answer };
        if let Err(full) = self.shared.jobs.try_send(job) {
            return Err(Box::new(full.into_inner().work));
        }
        let _guard = CancelOnDrop(cancel);
        // The thread always answers; it can only be gone when the worker is.
        Ok(answered.await.unwrap_or_else(|_| failed(for_programs).into()))
    }

    /// Waits for what an answer needs, and then for a thread that makes it: who has waited that long is
    /// not sent away because the queue is full for a moment.
    async fn make_later(&self, later: Later, for_programs: bool) -> Response {
        let mut hurry = self.shared.hurry.subscribe();
        tokio::select! {
            _ = later.ready => {}
            () = tokio::time::sleep_until(later.until.into()) => {}
            // An error means that whoever could hurry is gone.
            _ = hurry.wait_for(|hurry| *hurry) => {}
        }
        let end = Instant::now().checked_add(self.shared.deadline);
        let mut work = Work::Then(later.then);
        loop {
            match self.run(work, end, for_programs).await {
                Ok(Answer::Now(response)) => return response,
                Ok(Answer::Later(_)) => return failed(for_programs),
                Err(back) if end.is_none_or(|end| Instant::now() < end) => work = *back,
                Err(_) => return self.overloaded(for_programs),
            }
            tokio::time::sleep(QUEUE_PAUSE).await;
        }
    }

    fn overloaded(&self, for_programs: bool) -> Response {
        self.shared.row.board().count_overload();
        overloaded(for_programs)
    }
}

impl Dispatch for Dispatcher {
    async fn dispatch(&self, request: Request) -> Response {
        let shared = &*self.shared;
        shared.row.count_request();
        let for_programs = is_for_programs(&request.path);
        match catch_unwind(AssertUnwindSafe(|| shared.service.try_now(&request))) {
            Ok(Some(response)) => return response,
            Ok(None) => {}
            Err(_) => {
                shared.row.board().count_panic();
                // The worker is gone only when nothing is left to be told.
                let _ = shared.faults.send(Fault::Panicked);
                return failed(for_programs);
            }
        }
        let end = request.received.checked_add(shared.deadline);
        match self.run(Work::Request(request), end, for_programs).await {
            Ok(Answer::Now(response)) => response,
            Ok(Answer::Later(later)) => self.make_later(later, for_programs).await,
            Err(_) => self.overloaded(for_programs),
        }
    }
}

/// Calls the work off when nobody waits for it any more; without effect once it is done.
struct CancelOnDrop(Arc<Cancel>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

fn overloaded(for_programs: bool) -> Response {
    let text = "The server is too busy, please try again.";
    plain(StatusCode::SERVICE_UNAVAILABLE, text, for_programs)
        .header(RETRY_AFTER, HeaderValue::from_static("5"))
}

/// The answer in place of one that a panic prevented.
pub(super) fn failed(for_programs: bool) -> Response {
    let text = "The server failed to answer. The failure has been logged.";
    plain(StatusCode::INTERNAL_SERVER_ERROR, text, for_programs)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::sync::atomic::Ordering;
    use std::task::{Context, Poll, Waker};

    use crossbeam_channel::{Receiver, unbounded};
    use http::{HeaderMap, Method};

    use super::super::rows::ThreadRow;
    use super::super::scoreboard::Scoreboard;
    use super::*;
    use crate::http::{Client, Progress, RequestBody, Stage};

    /// Answers `/now` at once; elsewhere waits for a token, or for its cancellation.
    struct Gate {
        tokens: Receiver<()>,
        cancelled: Sender<()>,
        parked: Sender<oneshot::Sender<()>>,
    }

    impl Service for Gate {
        fn try_now(&self, request: &Request) -> Option<Response> {
            assert_ne!(request.path, "/panic-now");
            (request.path == "/now").then(|| Response::new(StatusCode::NO_CONTENT))
        }

        fn call(self: Arc<Self>, request: Request, progress: &dyn Progress) -> Answer {
            progress.enter(Stage::Other);
            progress.url_hash(7);
            let row = ThreadRow::current().expect("this is a request thread");
            row.held_pixels().store(1_000, Ordering::Relaxed);
            assert_ne!(request.path, "/panic");
            if let Some(waits_ms) = request.path.strip_prefix("/later/") {
                let (tell, ready) = oneshot::channel();
                self.parked.send(tell).unwrap();
                let until = Instant::now() + Duration::from_millis(waits_ms.parse().unwrap());
                let then = Box::new(|_: &dyn Progress| Response::new(StatusCode::ACCEPTED));
                return Answer::Later(Later { ready, until, then });
            }
            loop {
                if self.tokens.recv_timeout(Duration::from_millis(5)).is_ok() {
                    return Response::new(StatusCode::OK).into();
                }
                if progress.cancel().check().is_err() {
                    let _ = self.cancelled.send(());
                    return Response::new(StatusCode::GATEWAY_TIMEOUT).into();
                }
            }
        }
    }

    struct Fixture {
        started: Started,
        tokens: Sender<()>,
        cancelled: Receiver<()>,
        parked: Receiver<oneshot::Sender<()>>,
        board: Scoreboard,
    }

    fn fixture(request_deadline: Duration) -> Fixture {
        let (tokens, gate_tokens) = unbounded();
        let (gate_cancelled, cancelled) = unbounded();
        let (gate_parked, parked) = unbounded();
        let board = Scoreboard::private(1, 2).unwrap();
        board.worker(0).claim();
        let options =
            WorkerOptions { threads: 2, queue_len: 3, request_deadline, ..Default::default() };
        let service =
            Arc::new(Gate { tokens: gate_tokens, cancelled: gate_cancelled, parked: gate_parked });
        let started = start(service, &options, board.worker(0)).unwrap();
        Fixture { started, tokens, cancelled, parked, board }
    }

    fn request(path: &str) -> Request {
        Request {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            client: Client::default(),
            body: RequestBody::Empty,
            received: Instant::now(),
        }
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.unwrap().block_on(future)
    }

    fn wait_until(condition: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !condition() {
            assert!(Instant::now() < end, "the condition never came");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_can_be_answered_at_once_needs_no_thread() {
        let fixture = fixture(Duration::from_secs(60));
        let response = block_on(fixture.started.dispatcher.dispatch(request("/now")));
        assert_eq!(response.status, StatusCode::NO_CONTENT);
        assert_eq!(fixture.board.worker(0).requests(), 1);
        assert_eq!(fixture.board.worker(0).thread(0).requests(), 0);
    }

    #[test]
    fn threads_answer_the_rest() {
        let fixture = fixture(Duration::from_secs(60));
        fixture.tokens.send(()).unwrap();
        let response = block_on(fixture.started.dispatcher.dispatch(request("/")));
        assert_eq!(response.status, StatusCode::OK);
    }

    #[test]
    fn a_thread_tells_what_it_holds_until_it_is_done() {
        let fixture = fixture(Duration::from_secs(60));
        let mut future = Box::pin(fixture.started.dispatcher.dispatch(request("/")));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        wait_until(|| fixture.board.held_pixels() == 1_000);
        let seen = fixture.board.snapshot();
        let busy = seen.workers[0].threads.iter().find(|thread| thread.stage == "other").unwrap();
        assert_eq!((busy.url_hash, busy.held_pixels), (7, 1_000));
        assert!((1..=60_000).contains(&busy.deadline_in_ms));
        fixture.tokens.send(()).unwrap();
        assert_eq!(block_on(future).status, StatusCode::OK);
        assert_eq!(fixture.board.held_pixels(), 0);
        assert!(ThreadRow::current().is_none());
    }

    #[test]
    fn a_full_queue_is_503_with_retry_after() {
        let fixture = fixture(Duration::from_secs(60));
        let dispatcher = &fixture.started.dispatcher;
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting: Vec<_> = Vec::new();
        for count in 1..=5 {
            let mut future = Box::pin(dispatcher.dispatch(request("/")));
            assert!(future.as_mut().poll(&mut context).is_pending());
            waiting.push(future);
            if count <= 2 {
                wait_until(|| fixture.board.snapshot().busy_threads() == count);
            }
        }
        let Poll::Ready(response) =
            Box::pin(dispatcher.dispatch(request("/"))).as_mut().poll(&mut context)
        else {
            panic!("two at work and three waiting leave no room")
        };
        assert_eq!(response.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers.contains_key(RETRY_AFTER));
        assert_eq!(fixture.board.snapshot().overloads, 1);
        for _ in 0..5 {
            fixture.tokens.send(()).unwrap();
        }
        for future in waiting {
            assert_eq!(block_on(future).status, StatusCode::OK);
        }
    }

    #[test]
    fn nobody_waiting_calls_the_work_off() {
        let fixture = fixture(Duration::from_secs(60));
        let mut future = Box::pin(fixture.started.dispatcher.dispatch(request("/")));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        wait_until(|| fixture.board.snapshot().busy_threads() == 1);
        drop(future);
        fixture.cancelled.recv_timeout(Duration::from_secs(20)).unwrap();
    }

    #[test]
    fn the_deadline_calls_the_work_off() {
        let fixture = fixture(Duration::from_millis(30));
        let response = block_on(fixture.started.dispatcher.dispatch(request("/")));
        assert_eq!(response.status, StatusCode::GATEWAY_TIMEOUT);
    }

    #[test]
    fn who_waits_holds_no_thread() {
        let fixture = fixture(Duration::from_secs(60));
        let dispatcher = fixture.started.dispatcher.clone();
        block_on(async {
            // Far more than threads and places in the queue together.
            let mut waiting = tokio::task::JoinSet::new();
            let local = tokio::task::LocalSet::new();
            local
                .run_until(async {
                    let mut tell = Vec::new();
                    for _ in 0..50 {
                        let dispatcher = dispatcher.clone();
                        waiting.spawn_local(async move {
                            dispatcher.dispatch(request("/later/600000")).await.status
                        });
                        while tell.len() < waiting.len() {
                            tokio::task::yield_now().await;
                            tell.extend(fixture.parked.try_iter());
                        }
                    }
                    // Both threads are free.
                    fixture.tokens.send(()).unwrap();
                    let response = dispatcher.dispatch(request("/")).await;
                    assert_eq!(response.status, StatusCode::OK);
                    assert_eq!(fixture.board.snapshot().busy_threads(), 0);
                    for tell in tell.drain(..) {
                        tell.send(()).unwrap();
                    }
                    while let Some(status) = waiting.join_next().await {
                        assert_eq!(status.unwrap(), StatusCode::ACCEPTED);
                    }
                })
                .await;
        });
    }

    #[test]
    fn waiting_ends_in_time_and_with_the_worker() {
        let fixture = fixture(Duration::from_secs(60));
        let dispatcher = &fixture.started.dispatcher;
        let response = block_on(dispatcher.dispatch(request("/later/1")));
        assert_eq!(response.status, StatusCode::ACCEPTED);
        dispatcher.hurry();
        let response = block_on(dispatcher.dispatch(request("/later/600000")));
        assert_eq!(response.status, StatusCode::ACCEPTED);
    }

    #[test]
    fn a_panic_is_a_500_that_the_worker_hears_of() {
        for path in ["/panic", "/panic-now"] {
            let mut fixture = fixture(Duration::from_secs(60));
            let response = block_on(fixture.started.dispatcher.dispatch(request(path)));
            assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(fixture.started.faults.try_recv(), Ok(Fault::Panicked));
            assert_eq!(fixture.board.snapshot().panics, 1);
        }
    }

    #[test]
    fn threads_end_with_the_dispatcher() {
        let Fixture { started: Started { dispatcher, threads, .. }, .. } =
            fixture(Duration::from_secs(60));
        drop(dispatcher);
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
