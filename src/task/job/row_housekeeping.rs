//! Deletes rows that have had their time.

use serde_json::{Value, json};

use crate::db::{host_stats, login_attempts, now_ms, sessions, stats, stats_fold, tasks};
use crate::task::{Job, TaskContext};

const DAY_MS: i64 = stats_fold::DAY_MS;

/// How long the ids of added statistics are remembered: far longer than a worker goes on sending a
/// batch.
const BATCHES_KEPT_MS: i64 = 7 * DAY_MS;

/// How long attempts to sign in are remembered: longer than they count.
const ATTEMPTS_KEPT_MS: i64 = DAY_MS;

/// Deletes finished tasks, ended sessions, attempts to sign in, and statistics that are older than they are
/// to be kept; folds older ones.
pub struct RowHousekeeping {
    /// Days for which statistics are kept; 0 keeps them for ever.
    pub stats_keep_days: u32,
    /// Days after which the statistics of a day are added up to one record; 0 for never.
    pub stats_fold_days: u32,
}

impl RowHousekeeping {
    /// The name under which its tasks are queued.
    pub const KIND: &str = "row_housekeeping";
}

impl Job for RowHousekeeping {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        let db = context.db();
        let finished = tasks::purge_finished(db)?;
        context.check()?;
        sessions::purge(db)?;
        login_attempts::purge(db, ATTEMPTS_KEPT_MS, login_attempts::KNOWN_FOR_MS)?;
        stats::purge_batches(db, BATCHES_KEPT_MS)?;
        let (mut images, mut system) = (0, 0);
        if self.stats_keep_days > 0 {
            let before_ms = now_ms() - i64::from(self.stats_keep_days) * DAY_MS;
            context.check()?;
            images = stats::purge_images(db, before_ms)?;
            context.check()?;
            system = stats::purge_system(db, before_ms)?;
            host_stats::purge(db, before_ms)?;
        }
        let mut folded = 0;
        if self.stats_fold_days > 0 {
            let before_ms = now_ms() - i64::from(self.stats_fold_days) * DAY_MS;
            folded = stats_fold::days(db, before_ms, &|| context.check().is_ok())?;
            context.check()?;
        }
        Ok(json!({
            "tasks": finished,
            "image_stats": images,
            "system_stats": system,
            "folded_days": folded,
        }))
    }
}
