//! What a job gets to work with.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use serde::de::DeserializeOwned;

use crate::db::Db;
use crate::db::tasks::Task;

/// Why a job should stop. Jobs pass it on as their error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Someone asked for it: the task ends.
    #[error("cancelled")]
    Cancelled,
    /// The runner is about to end: the task goes back into the queue.
    #[error("the runner stops")]
    Stopping,
    /// Another runner has taken the task over.
    #[error("another runner has taken the task over")]
    Lost,
}

/// A claim that is being worked on: shared by the thread that works and the one that renews leases.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) task: Task,
    pub(super) lease_owner: String,
    pub(super) done: AtomicI64,
    pub(super) total: AtomicI64,
    pub(super) cancelled: AtomicBool,
    pub(super) lost: AtomicBool,
}

/// What a job gets to work with.
pub struct TaskContext<'a> {
    pub(super) db: &'a Db,
    pub(super) claim: &'a Claim,
    pub(super) stop: &'a AtomicBool,
}

impl TaskContext<'_> {
    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        self.db
    }

    /// The task, as it was claimed.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.claim.task
    }

    /// The task's parameters.
    ///
    /// # Errors
    /// When they do not have the form of `T`.
    pub fn params<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        Ok(serde_json::from_str(&self.claim.task.params)?)
    }

    /// Notes that `done` of `total` is done. Costs nothing: it is written with the next renewal of
    /// the lease.
    pub fn progress(&self, done: i64, total: i64) {
        self.claim.done.store(done, Ordering::Relaxed);
        self.claim.total.store(total, Ordering::Relaxed);
    }

    /// Whether the job should go on. Costs nothing.
    ///
    /// # Errors
    /// [`Stop`] when it should not.
    pub fn check(&self) -> Result<(), Stop> {
        if self.claim.lost.load(Ordering::Relaxed) {
            Err(Stop::Lost)
        } else if self.claim.cancelled.load(Ordering::Relaxed) {
            Err(Stop::Cancelled)
        } else if self.stop.load(Ordering::Relaxed) {
            Err(Stop::Stopping)
        } else {
            Ok(())
        }
    }
}
