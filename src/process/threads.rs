//! Threads that take work from a queue, have it done, and tell what they are at: those that answer
//! requests, and those that make what takes long.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio::sync::{mpsc, oneshot};

use super::dispatcher::failed;
use super::queue::Receiver;
use super::rows::{ThreadRow, WorkerRow};
use crate::http::{
    Answer, Place, Places, Progress, Request, Service, Stage, Then, is_for_programs, request_id,
};
use crate::pixel::Cancel;

/// Enough for what blocks and recurses little; only what is touched takes memory.
const STACK_BYTES: usize = 2 << 20;

/// Work on its way to a thread.
pub struct Job {
    pub work: Work,
    pub of: Arc<Of>,
    pub cancel: Arc<Cancel>,
    pub answer: oneshot::Sender<Answer>,
}

/// What is known of a request wherever its answer is worked on.
pub struct Of {
    pub id: HeaderValue,
    pub path: String,
    pub received: Instant,
}

impl Of {
    /// Whether programs rather than people are told of failures.
    pub fn is_for_programs(&self) -> bool {
        is_for_programs(&self.path)
    }
}

/// What a thread is to do.
#[expect(clippy::large_enum_variant, reason = "nearly all of it is requests")]
pub enum Work {
    /// Answer a request.
    Request(Request),
    /// Go on with an answer that had to wait, or takes long to make.
    Then(Then),
}

/// Something that the worker must know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A request panicked: whatever it was changing may be half-changed.
    Panicked,
}

/// What the threads of a crew do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// They answer requests.
    Requests,
    /// They make what takes long.
    Making,
}

/// What every thread of a crew needs.
#[derive(Clone)]
pub struct Crew {
    pub duty: Duty,
    pub service: Arc<dyn Service>,
    pub jobs: Receiver<Job>,
    /// Of what is being made or waits to be.
    pub places: Places,
    pub faults: mpsc::UnboundedSender<Fault>,
    pub row: WorkerRow,
    /// From a request's deadline to the end of its worker.
    pub kill_after: Duration,
}

impl Crew {
    /// Starts threads with these rows. They end when the queue has lost its last sender.
    pub fn start(self, rows: Range<usize>) -> std::io::Result<Vec<JoinHandle<()>>> {
        let name = match self.duty {
            Duty::Requests => "request",
            Duty::Making => "maker",
        };
        rows.enumerate()
            .map(|(number, index)| {
                let crew = self.clone();
                std::thread::Builder::new()
                    .name(format!("{name}-{number}"))
                    .stack_size(STACK_BYTES)
                    .spawn(move || crew.work(&crew.row.thread(index)))
            })
            .collect()
    }

    fn work(&self, row: &ThreadRow) {
        ThreadRow::set_current(row);
        while let Some(job) = self.jobs.next() {
            self.tell_of_queue();
            if job.answer.is_closed() {
                drop(job);
                self.tell_of_queue();
                continue;
            }
            let _named = request_id::name(&job.of.id);
            let left = job
                .cancel
                .deadline()
                .map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            row.begin(millis(left), millis(left.saturating_add(self.kill_after)));
            let progress = ThreadProgress { row, cancel: &job.cancel, places: &self.places };
            let call = || match job.work {
                Work::Request(request) => Arc::clone(&self.service).call(request, &progress),
                Work::Then(then) => then(&progress),
            };
            let answer = catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
                self.row.board().count_panic();
                // The worker is gone only when nothing is left to be told.
                let _ = self.faults.send(Fault::Panicked);
                let response = failed(job.of.is_for_programs());
                self.service.note(&job.of.path, &response, job.of.received);
                response.into()
            });
            row.end();
            self.tell_of_queue();
            // Nobody waits any more when the client has gone away.
            let _ = job.answer.send(answer);
        }
    }

    /// Notes how many wait, for whoever looks at the scoreboard.
    fn tell_of_queue(&self) {
        if self.duty == Duty::Requests {
            self.row.set_queued(self.jobs.waiting());
        }
        self.row.set_unmade(self.places.taken());
    }
}

/// Bounded so that sums with the clock cannot overflow: a day is forever for a request.
fn millis(duration: Duration) -> u64 {
    const DAY_MS: u64 = 86_400_000;
    u64::try_from(duration.as_millis()).map_or(DAY_MS, |ms| ms.min(DAY_MS))
}

struct ThreadProgress<'a> {
    row: &'a ThreadRow,
    cancel: &'a Arc<Cancel>,
    places: &'a Places,
}

impl Progress for ThreadProgress<'_> {
    fn enter(&self, stage: Stage) {
        self.row.enter(stage);
    }

    fn url_hash(&self, hash: u64) {
        self.row.set_url_hash(hash);
    }

    fn cancel(&self) -> &Arc<Cancel> {
        self.cancel
    }

    fn place(&self) -> Option<Place> {
        self.places.take()
    }
}
