//! Tasks that come round again and again.

use crate::db::tasks::{NewTask, enqueue};
use crate::db::{self, Db, now_ms, properties};

/// A kind of task that is queued once in every interval, whatever the number of runners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The job.
    pub kind: &'static str,
    /// The interval. Intervals are counted from 1970, so that all hosts agree on them.
    pub every_s: u32,
}

impl Scheduled {
    /// Queues the task if this interval's has not been queued yet; tells whether it did. The row
    /// that holds the interval's number is raised in the same transaction.
    pub(super) fn queue_if_due(&self, db: &Db) -> db::Result<bool> {
        let interval = self.interval();
        let name = format!("schedule:{}", self.kind);
        db.transaction(|sql| {
            if !properties::advance(sql, &name, interval)? {
                return Ok(false);
            }
            let task = NewTask {
                dedupe_key: Some(name.clone()),
                max_attempts: 3,
                ..NewTask::new(self.kind)
            };
            enqueue(sql, &task)?;
            Ok(true)
        })
    }

    /// The number of the interval that is running.
    pub(super) fn interval(&self) -> i64 {
        now_ms() / (i64::from(self.every_s.max(1)) * 1000)
    }
}
