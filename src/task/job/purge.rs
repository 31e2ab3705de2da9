//! Deletes what an administrator asks to be deleted: old statistics, rows of vanished files.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::db::{host_stats, purge, search, stats};
use crate::task::{Job, TaskContext};

/// Rows deleted in one transaction.
const AT_ONCE: u32 = 1000;

/// Deletes statistics that are older than a time.
pub struct PurgeStatistics {
    kind: &'static str,
}

#[derive(Deserialize)]
struct Before {
    before_ms: i64,
}

impl PurgeStatistics {
    /// The name under which tasks for statistics of the system are queued.
    pub const SYSTEM: &str = "purge_system_stats";
    /// The name under which tasks for statistics of images are queued.
    pub const IMAGES: &str = "purge_image_stats";

    /// The jobs for both kinds of statistics.
    #[must_use]
    pub fn both() -> [Self; 2] {
        [Self { kind: Self::SYSTEM }, Self { kind: Self::IMAGES }]
    }
}

impl Job for PurgeStatistics {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        let Before { before_ms } = context.params()?;
        let deleted = match self.kind {
            Self::SYSTEM => {
                host_stats::purge(context.db(), before_ms)?;
                stats::purge_system(context.db(), before_ms)?
            }
            _ => stats::purge_images(context.db(), before_ms)?,
        };
        Ok(json!({ "deleted": deleted }))
    }
}

/// Deletes the rows of folders and images that are only marked deleted, below a folder, with all that
/// belongs to them.
pub struct PurgeDeleted;

#[derive(Deserialize)]
struct Below {
    path: String,
}

impl PurgeDeleted {
    /// The name under which its tasks are queued.
    pub const KIND: &str = "purge_deleted_folder_data";
}

impl Job for PurgeDeleted {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        let Below { path } = context.params()?;
        let (mut images, mut folders) = (0, 0);
        loop {
            context.check()?;
            match purge::deleted_images(context.db(), &path, AT_ONCE)? {
                0 => break,
                deleted => images += deleted,
            }
        }
        // Only folders in which nothing lies can go: the deepest ones first.
        loop {
            context.check()?;
            match purge::deleted_folders(context.db(), &path, AT_ONCE)? {
                0 => break,
                deleted => folders += deleted,
            }
        }
        search::purge(context.db())?;
        Ok(json!({ "images": images, "folders": folders }))
    }
}
