//! From the event loop to the request threads and back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Sender;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use tokio::sync::{mpsc, oneshot};

use super::WorkerOptions;
use super::rows::WorkerRow;
use super::threads::{Crew, Fault, Job};
use crate::http::{Dispatch, Request, Response, Service, is_for_programs, plain};
use crate::pixel::Cancel;

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
    let dispatcher =
        Dispatcher { shared: Arc::new(Shared { service, jobs, faults, row, deadline }) };
    Ok(Started { dispatcher, faults: fault_receiver, threads })
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
        let cancel = Arc::new(match request.received.checked_add(shared.deadline) {
            Some(deadline) => Cancel::at(deadline),
            None => Cancel::never(),
        });
        let (answer, response) = oneshot::channel();
        let job = Job { request, cancel: Arc::clone(&cancel), answer };
        if shared.jobs.try_send(job).is_err() {
            shared.row.board().count_overload();
            return overloaded(for_programs);
        }
        let _guard = CancelOnDrop(cancel);
        // The thread always answers; it can only be gone when the worker is.
        response.await.unwrap_or_else(|_| failed(for_programs))
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
    use std::time::Instant;

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
    }

    impl Service for Gate {
        fn try_now(&self, request: &Request) -> Option<Response> {
            assert_ne!(request.path, "/panic-now");
            (request.path == "/now").then(|| Response::new(StatusCode::NO_CONTENT))
        }

        fn call(&self, request: Request, progress: &dyn Progress) -> Response {
            progress.enter(Stage::Other);
            progress.url_hash(7);
            let row = ThreadRow::current().expect("this is a request thread");
            row.held_pixels().store(1_000, Ordering::Relaxed);
            assert_ne!(request.path, "/panic");
            loop {
                if self.tokens.recv_timeout(Duration::from_millis(5)).is_ok() {
                    return Response::new(StatusCode::OK);
                }
                if progress.cancel().check().is_err() {
                    let _ = self.cancelled.send(());
                    return Response::new(StatusCode::GATEWAY_TIMEOUT);
                }
            }
        }
    }

    struct Fixture {
        started: Started,
        tokens: Sender<()>,
        cancelled: Receiver<()>,
        board: Scoreboard,
    }

    fn fixture(request_deadline: Duration) -> Fixture {
        let (tokens, gate_tokens) = unbounded();
        let (gate_cancelled, cancelled) = unbounded();
        let board = Scoreboard::private(1, 2).unwrap();
        board.worker(0).claim();
        let options =
            WorkerOptions { threads: 2, queue_len: 3, request_deadline, ..Default::default() };
        let service = Arc::new(Gate { tokens: gate_tokens, cancelled: gate_cancelled });
        let started = start(service, &options, board.worker(0)).unwrap();
        Fixture { started, tokens, cancelled, board }
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
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
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
