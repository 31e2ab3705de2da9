//! From the event loop to the threads and back.
//!
//! Requests go to the request threads. What takes long to make, and has to wait for a turn at it, goes on
//! from there to the makers, which have a queue of their own: however many wait for pictures, request
//! threads stay free for what is there already.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::{mpsc, oneshot, watch};

use super::WorkerOptions;
use super::queue::{Sender, queue};
use super::rows::WorkerRow;
use super::threads::{Crew, Duty, Fault, Job, Of, Work};
use crate::http::{Answer, Dispatch, Later, Places, Request, Response, Service, plain, request_id};
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
    /// For the makers. Whoever sends has a place, so that it needs no bound of its own.
    making: Sender<Job>,
    places: Places,
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

/// Starts the threads of a worker.
///
/// # Errors
/// When a thread cannot be started.
pub(super) fn start(
    service: Arc<dyn Service>,
    options: &WorkerOptions,
    row: WorkerRow,
) -> std::io::Result<Started> {
    let (jobs, receiver) = queue(options.queue_len.max(1));
    let (faults, fault_receiver) = mpsc::unbounded_channel();
    let (making, making_receiver) = queue(usize::MAX);
    let (requesters, all) = (options.threads.max(1), options.all_threads());
    row.set_threads(all, all - requesters);
    let crew = Crew {
        duty: Duty::Requests,
        service: Arc::clone(&service),
        jobs: receiver,
        places: Places::new(options.making_places.max(1)),
        faults: faults.clone(),
        row: row.clone(),
        kill_after: options.cancel_grace.saturating_add(options.kill_grace),
    };
    let places = crew.places.clone();
    let makers = Crew { duty: Duty::Making, jobs: making_receiver, ..crew.clone() };
    let mut threads = crew.start(0..requesters)?;
    threads.extend(makers.start(requesters..all)?);
    let deadline = options.request_deadline;
    let hurry = watch::Sender::new(false);
    let shared = Shared { service, jobs, making, places, faults, row, deadline, hurry };
    let dispatcher = Dispatcher { shared: Arc::new(shared) };
    Ok(Started { dispatcher, faults: fault_receiver, threads })
}

impl Dispatcher {
    /// Has every answer that waits for something made at once: the worker is to end.
    pub fn hurry(&self) {
        self.shared.hurry.send_replace(true);
    }

    /// Notes how many wait, for whoever looks at the scoreboard: threads that note it at the same moment may
    /// overwrite each other's.
    pub(super) fn tell_of_queues(&self) {
        self.shared.row.set_queued(self.shared.jobs.waiting());
        self.shared.row.set_unmade(self.shared.places.taken());
    }

    /// Has a thread behind a queue do something; an error when the queue has no place for it.
    async fn run(
        &self,
        queue: &Sender<Job>,
        work: Work,
        of: &Arc<Of>,
        end: Option<Instant>,
    ) -> Result<Answer, Box<Work>> {
        let cancel = Arc::new(end.map_or_else(Cancel::never, Cancel::at));
        let (answer, answered) = oneshot::channel();
        let job = Job { work, of: Arc::clone(of), cancel: Arc::clone(&cancel), answer };
        if let Err(unsent) = queue.try_send(job) {
            return Err(Box::new(unsent.work));
        }
        let queued = self.shared.jobs.waiting();
        if queued > 0 {
            self.shared.row.set_queued(queued);
        }
        let _guard = CancelOnDrop(cancel);
        // The thread always answers; it can only be gone when the worker is.
        Ok(answered.await.unwrap_or_else(|_| failed(of.is_for_programs()).into()))
    }

    /// Waits for what an answer needs, and then for a thread that goes on with it: who has waited that
    /// long is not sent away because the queue is full for a moment.
    async fn wait(&self, later: Later, of: &Arc<Of>) -> Option<Answer> {
        let mut hurry = self.shared.hurry.subscribe();
        tokio::select! {
            _ = later.ready => {}
            () = tokio::time::sleep_until(later.until.into()) => {}
            // An error means that whoever could hurry is gone.
            _ = hurry.wait_for(|hurry| *hurry), if later.outlasts_worker => {}
        }
        let end = Instant::now().checked_add(self.shared.deadline);
        let mut work = Work::Then(later.then);
        loop {
            match self.run(&self.shared.jobs, work, of, end).await {
                Ok(answer) => return Some(answer),
                Err(back) if end.is_none_or(|end| Instant::now() < end) => work = *back,
                Err(_) => return None,
            }
            tokio::time::sleep(QUEUE_PAUSE).await;
        }
    }

    /// Answers on the event loop, if that can be done.
    fn try_now(&self, request: &Request, of: &Of) -> Option<Response> {
        let shared = &*self.shared;
        let _named = request_id::name(&of.id);
        catch_unwind(AssertUnwindSafe(|| shared.service.try_now(request))).unwrap_or_else(|_| {
            shared.row.board().count_panic();
            // The worker is gone only when nothing is left to be told.
            let _ = shared.faults.send(Fault::Panicked);
            let response = failed(of.is_for_programs());
            shared.service.note(&of.path, &response, of.received);
            Some(response)
        })
    }

    async fn answer(&self, request: Request, of: &Arc<Of>) -> Response {
        if let Some(response) = self.try_now(&request, of) {
            return response;
        }
        let end = request.received.checked_add(self.shared.deadline);
        let mut answer = self.run(&self.shared.jobs, Work::Request(request), of, end).await.ok();
        loop {
            answer = match answer {
                Some(Answer::Now(response)) => return response,
                Some(Answer::Later(later)) => self.wait(later, of).await,
                Some(Answer::Make(then)) => {
                    self.run(&self.shared.making, Work::Then(then), of, end).await.ok()
                }
                None => return self.overloaded(of),
            };
        }
    }

    fn overloaded(&self, of: &Of) -> Response {
        self.shared.row.board().count_overload();
        let response = overloaded(of.is_for_programs());
        self.shared.service.note(&of.path, &response, of.received);
        response
    }
}

impl Dispatch for Dispatcher {
    async fn dispatch(&self, mut request: Request) -> Response {
        self.shared.row.count_request();
        let of = Arc::new(Of {
            id: request_id::settle(&mut request.headers),
            path: request.path.clone(),
            received: request.received,
        });
        let response = self.answer(request, &of).await;
        response.header(request_id::X_REQUEST_ID, of.id.clone())
    }

    fn refuse(&self, path: &str, headers: &mut HeaderMap, response: Response) -> Response {
        self.shared.row.count_request();
        self.shared.service.note(path, &response, Instant::now());
        response.header(request_id::X_REQUEST_ID, request_id::settle(headers))
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
    let text = "The server failed to answer. The error has been logged.";
    plain(StatusCode::INTERNAL_SERVER_ERROR, text, for_programs)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::sync::atomic::Ordering;
    use std::task::{Context, Poll, Waker};

    use crossbeam_channel::{Receiver, Sender, unbounded};
    use http::Method;

    use super::super::rows::ThreadRow;
    use super::super::scoreboard::Scoreboard;
    use super::*;
    use crate::http::{Client, Progress, RequestBody, Stage};

    /// Answers `/now` at once; elsewhere waits for a token, or for its cancellation.
    struct Gate {
        tokens: Receiver<()>,
        cancelled: Sender<()>,
        parked: Sender<oneshot::Sender<()>>,
        made: Sender<String>,
        noted: Sender<(String, StatusCode)>,
    }

    impl Service for Gate {
        fn note(&self, path: &str, response: &Response, _: Instant) {
            self.noted.send((path.to_owned(), response.status)).unwrap();
        }

        fn try_now(&self, request: &Request) -> Option<Response> {
            assert_ne!(request.path, "/panic-now");
            (request.path == "/now").then(|| Response::new(StatusCode::NO_CONTENT))
        }

        fn call(self: Arc<Self>, request: Request, progress: &dyn Progress) -> Answer {
            progress.enter(Stage::Other);
            progress.url_hash(7);
            let row = ThreadRow::current().expect("this is a request thread");
            if let Some(number) = request.path.strip_prefix("/make/") {
                let Some(place) = progress.place() else {
                    return Response::new(StatusCode::INSUFFICIENT_STORAGE).into();
                };
                let number = number.to_owned();
                return Answer::Make(Box::new(move |progress: &dyn Progress| {
                    let _place = place;
                    let made = self.wait(progress);
                    self.made.send(number).unwrap();
                    made.into()
                }));
            }
            if request.path == "/patient" {
                let (tell, ready) = oneshot::channel();
                self.parked.send(tell).unwrap();
                let until = Instant::now() + Duration::from_secs(600);
                // A turn of its own at making comes of it, once what it waited for is done.
                let then = Box::new(move |progress: &dyn Progress| {
                    let place = progress.place().expect("one is free");
                    Answer::Make(Box::new(move |_: &dyn Progress| {
                        drop(place);
                        self.made.send("in the end".into()).unwrap();
                        Response::new(StatusCode::CREATED).into()
                    }))
                });
                return Answer::Later(Later { ready, until, outlasts_worker: false, then });
            }
            row.held_pixels().store(1_000, Ordering::Relaxed);
            assert_ne!(request.path, "/panic");
            if let Some(waits_ms) = request.path.strip_prefix("/later/") {
                let (tell, ready) = oneshot::channel();
                self.parked.send(tell).unwrap();
                let until = Instant::now() + Duration::from_millis(waits_ms.parse().unwrap());
                let then = Box::new(|_: &dyn Progress| Response::new(StatusCode::ACCEPTED).into());
                return Answer::Later(Later { ready, until, outlasts_worker: true, then });
            }
            self.wait(progress).into()
        }
    }

    impl Gate {
        fn wait(&self, progress: &dyn Progress) -> Response {
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
        parked: Receiver<oneshot::Sender<()>>,
        made: Receiver<String>,
        noted: Receiver<(String, StatusCode)>,
        board: Scoreboard,
    }

    fn fixture(request_deadline: Duration) -> Fixture {
        let (tokens, gate_tokens) = unbounded();
        let (gate_cancelled, cancelled) = unbounded();
        let (gate_parked, parked) = unbounded();
        let (gate_made, made) = unbounded();
        let (gate_noted, noted) = unbounded();
        let board = Scoreboard::private(1, 3).unwrap();
        board.worker(0).claim();
        let options = WorkerOptions {
            threads: 2,
            makers: 1,
            making_places: 4,
            queue_len: 3,
            request_deadline,
            ..Default::default()
        };
        let service = Arc::new(Gate {
            tokens: gate_tokens,
            cancelled: gate_cancelled,
            parked: gate_parked,
            made: gate_made,
            noted: gate_noted,
        });
        let started = start(service, &options, board.worker(0)).unwrap();
        Fixture { started, tokens, cancelled, parked, made, noted, board }
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
        assert!(response.headers.contains_key(request_id::X_REQUEST_ID));
        assert_eq!(fixture.board.snapshot().overloads, 1);
        let noted = ("/".to_owned(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(fixture.noted.try_iter().collect::<Vec<_>>(), [noted]);
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
    fn what_is_made_keeps_request_threads_free_and_its_order() {
        let fixture = fixture(Duration::from_secs(60));
        let dispatcher = &fixture.started.dispatcher;
        block_on(async {
            let local = tokio::task::LocalSet::new();
            let mut making = tokio::task::JoinSet::new();
            local
                .run_until(async {
                    for number in 1..=4_u64 {
                        let dispatcher = dispatcher.clone();
                        let path = format!("/make/{number}");
                        making.spawn_local(async move {
                            dispatcher.dispatch(request(&path)).await.status
                        });
                        // In this order, each with its place.
                        while fixture.board.snapshot().workers[0].unmade < number {
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                    let refused = dispatcher.dispatch(request("/make/5")).await;
                    assert_eq!(refused.status, StatusCode::INSUFFICIENT_STORAGE);
                    // All of them are with the one maker, and both request threads are free.
                    let parked = dispatcher.dispatch(request("/later/1")).await;
                    assert_eq!(parked.status, StatusCode::ACCEPTED);
                    let seen = fixture.board.snapshot();
                    assert_eq!((seen.workers[0].makers, seen.workers[0].unmade), (1, 4));
                    assert_eq!(seen.workers[0].threads[2].stage, "routing");
                    for _ in 0..4 {
                        fixture.tokens.send(()).unwrap();
                    }
                    while let Some(status) = making.join_next().await {
                        assert_eq!(status.unwrap(), StatusCode::OK);
                    }
                })
                .await;
        });
        assert_eq!(fixture.made.try_iter().collect::<Vec<_>>(), ["1", "2", "3", "4"]);
        wait_until(|| fixture.board.snapshot().workers[0].unmade == 0);
    }

    #[test]
    fn answers_have_the_id_of_their_request_whoever_gives_them() {
        let fixture = fixture(Duration::from_secs(60));
        fixture.tokens.send(()).unwrap();
        fixture.tokens.send(()).unwrap();
        for path in ["/now", "/", "/make/1", "/later/1", "/panic"] {
            let mut asked = request(path);
            asked.headers.insert(request_id::X_REQUEST_ID, HeaderValue::from_static("mine"));
            let response = block_on(fixture.started.dispatcher.dispatch(asked));
            assert_eq!(response.headers[request_id::X_REQUEST_ID], "mine", "{path}");
        }
        let first = block_on(fixture.started.dispatcher.dispatch(request("/now")));
        let second = block_on(fixture.started.dispatcher.dispatch(request("/now")));
        let id = |response: &Response| response.headers[request_id::X_REQUEST_ID].clone();
        assert_ne!(id(&first), id(&second));
    }

    #[test]
    fn what_the_transport_refuses_is_named_and_noted() {
        let fixture = fixture(Duration::from_secs(60));
        let mut headers = HeaderMap::new();
        headers.insert(request_id::X_REQUEST_ID, HeaderValue::from_static("mine"));
        let refused = || Response::new(StatusCode::PAYLOAD_TOO_LARGE);
        let dispatcher = &fixture.started.dispatcher;
        let response = dispatcher.refuse("/api/x", &mut headers, refused());
        assert_eq!(response.headers[request_id::X_REQUEST_ID], "mine");
        let response = dispatcher.refuse("", &mut HeaderMap::new(), refused());
        assert!(response.headers.contains_key(request_id::X_REQUEST_ID));
        let noted = ["/api/x", ""].map(|path| (path.to_owned(), StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(fixture.noted.try_iter().collect::<Vec<_>>(), noted);
        assert_eq!(fixture.board.worker(0).requests(), 2);
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

    /// What is waited for ends with the worker: then it is waited for in any case.
    #[test]
    fn what_the_worker_does_itself_is_waited_for_and_may_have_to_be_made() {
        let fixture = fixture(Duration::from_secs(60));
        let dispatcher = &fixture.started.dispatcher;
        dispatcher.hurry();
        let mut future = Box::pin(dispatcher.dispatch(request("/patient")));
        let status = block_on(async {
            let told = async {
                while fixture.parked.is_empty() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                response = &mut future => panic!("it did not wait: {}", response.status),
                () = told => {}
            }
            assert!(fixture.made.is_empty());
            fixture.parked.recv().unwrap().send(()).unwrap();
            future.await.status
        });
        assert_eq!(status, StatusCode::CREATED);
        assert_eq!(fixture.made.recv().unwrap(), "in the end");
    }

    #[test]
    fn a_panic_is_a_500_that_the_worker_hears_of() {
        for path in ["/panic", "/panic-now"] {
            let mut fixture = fixture(Duration::from_secs(60));
            let response = block_on(fixture.started.dispatcher.dispatch(request(path)));
            assert_eq!(response.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(fixture.started.faults.try_recv(), Ok(Fault::Panicked));
            assert_eq!(fixture.board.snapshot().panics, 1);
            let noted = (path.to_owned(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(fixture.noted.try_iter().collect::<Vec<_>>(), [noted]);
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
