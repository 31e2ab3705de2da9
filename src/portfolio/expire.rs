//! Deletes published files whose time is over, and what killed processes left behind.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::exports::Exports;
use crate::db::{Db, folio_exports, tasks};
use crate::task::{Job, TaskContext};

/// How old a file without a row has to be: longer than any export takes.
const ABANDONED: Duration = Duration::from_secs(2 * 24 * 3600);

/// Deletes exports whose time is over.
pub struct ExpireExports {
    /// Where the files lie.
    pub exports: Exports,
}

impl ExpireExports {
    /// The name under which its tasks are queued.
    pub const KIND: &str = "expire_exports";

    fn sweep(&self, db: &Db) -> anyhow::Result<usize> {
        let old = self.exports.older_than(ABANDONED)?;
        let ready = folio_exports::all_ready(db)?;
        let known: HashSet<String> = ready.into_iter().map(|export| export.filename).collect();
        let abandoned: Vec<String> = old.into_iter().filter(|name| !known.contains(name)).collect();
        for name in &abandoned {
            self.exports.sweep(name)?;
        }
        Ok(abandoned.len())
    }
}

impl Job for ExpireExports {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        let over = folio_exports::over(context.db())?;
        let mut expired = 0;
        for export in over {
            context.check()?;
            let waits = match export.task_id {
                Some(id) => tasks::by_id(context.db(), id)?
                    .is_some_and(|task| task.status != tasks::COMPLETE),
                None => false,
            };
            if waits {
                continue;
            }
            // The file first: a row without a file answers 404, a file without a row stays.
            self.exports.remove(&export.filename)?;
            folio_exports::remove(context.db(), export.id)?;
            expired += 1;
        }
        let abandoned = self.sweep(context.db())?;
        Ok(json!({ "expired": expired, "abandoned": abandoned }))
    }
}
