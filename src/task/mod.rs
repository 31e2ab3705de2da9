//! Background work: a runner over the rows of `tasks`, and the jobs it knows.
//!
//! Any number of runners on any hosts share the queue: each task is claimed by one of them, and
//! taken over when that one dies. A task can therefore be run more than once, and every [`Job`] has
//! to bear it.
//!
//! A task's status is 0 pending, 1 active, 2 complete; a complete one has failed when its error is
//! set.

mod context;
pub mod job;
mod reasons;
mod runner;
mod schedule;

pub use context::{Stop, TaskContext};
pub use reasons::reasons;
pub use runner::{Runner, RunnerOptions};
pub use schedule::Scheduled;

/// One kind of background work.
pub trait Job: Send + Sync {
    /// The name under which tasks of this kind are queued.
    fn kind(&self) -> &'static str;

    /// Whether somebody waits for such a task to be done. A runner keeps a thread free for those,
    /// whatever else there is to do.
    fn is_waited_for(&self) -> bool {
        false
    }

    /// Whether a failure is the same however often the task is tried: it then ends at once.
    fn is_final(&self, _error: &anyhow::Error) -> bool {
        false
    }

    /// Does a task, and gives back its result. Long work calls [`TaskContext::check`] now and then
    /// and passes its error on.
    ///
    /// # Errors
    /// Whatever went wrong; unless that [is final](Self::is_final), the task is tried again later, up
    /// to its number of attempts.
    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<serde_json::Value>;
}
