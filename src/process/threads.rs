//! Request threads: take a request from the queue, have it answered, and tell what they are at.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use tokio::sync::{mpsc, oneshot};

use super::dispatcher::failed;
use super::rows::{ThreadRow, WorkerRow};
use crate::http::{Answer, Progress, Request, Service, Stage, Then};
use crate::pixel::Cancel;

/// Enough for what blocks and recurses little; only what is touched takes memory.
const STACK_BYTES: usize = 2 << 20;

/// Work on its way to a thread.
pub struct Job {
    pub work: Work,
    pub cancel: Arc<Cancel>,
    /// Whether programs rather than people are told of failures.
    pub for_programs: bool,
    pub answer: oneshot::Sender<Answer>,
}

/// What a thread is to do.
#[expect(clippy::large_enum_variant, reason = "nearly all of it is requests")]
pub enum Work {
    /// Answer a request.
    Request(Request),
    /// Make a response that had to wait.
    Then(Then),
}

/// Something that the worker must know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A request panicked: whatever it was changing may be half-changed.
    Panicked,
}

/// What every request thread needs.
#[derive(Clone)]
pub struct Crew {
    pub service: Arc<dyn Service>,
    pub jobs: Receiver<Job>,
    pub faults: mpsc::UnboundedSender<Fault>,
    pub row: WorkerRow,
    /// From a request's deadline to the end of its worker.
    pub kill_after: Duration,
}

impl Crew {
    /// Starts the threads. They end when the queue has lost its last sender.
    pub fn start(self, count: usize) -> std::io::Result<Vec<JoinHandle<()>>> {
        (0..count)
            .map(|index| {
                let crew = self.clone();
                std::thread::Builder::new()
                    .name(format!("request-{index}"))
                    .stack_size(STACK_BYTES)
                    .spawn(move || crew.work(&crew.row.thread(index)))
            })
            .collect()
    }

    fn work(&self, row: &ThreadRow) {
        ThreadRow::set_current(row);
        for job in &self.jobs {
            if job.answer.is_closed() {
                continue;
            }
            let left = job
                .cancel
                .deadline()
                .map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            row.begin(millis(left), millis(left.saturating_add(self.kill_after)));
            let progress = ThreadProgress { row, cancel: &job.cancel };
            let call = || match job.work {
                Work::Request(request) => Arc::clone(&self.service).call(request, &progress),
                Work::Then(then) => then(&progress).into(),
            };
            let answer = catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
                self.row.board().count_panic();
                // The worker is gone only when nothing is left to be told.
                let _ = self.faults.send(Fault::Panicked);
                failed(job.for_programs).into()
            });
            row.end();
            // Nobody waits any more when the client has gone away.
            let _ = job.answer.send(answer);
        }
    }
}

/// Bounded so that sums with the clock cannot overflow: a day is forever for a request.
fn millis(duration: Duration) -> u64 {
    const DAY_MS: u64 = 86_400_000;
    u64::try_from(duration.as_millis()).map_or(DAY_MS, |ms| ms.min(DAY_MS))
}

struct ThreadProgress<'a> {
    row: &'a ThreadRow,
    cancel: &'a Cancel,
}

impl Progress for ThreadProgress<'_> {
    fn enter(&self, stage: Stage) {
        self.row.enter(stage);
    }

    fn url_hash(&self, hash: u64) {
        self.row.set_url_hash(hash);
    }

    fn cancel(&self) -> &Cancel {
        self.cancel
    }
}
