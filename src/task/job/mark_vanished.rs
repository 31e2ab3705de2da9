//! Marks the images deleted whose files are gone, so that those which nobody asks for are found too.

use serde_json::{Value, json};

use crate::db::images;
use crate::task::{Job, TaskContext};

/// Rows read at once.
const ROWS: u32 = 500;

/// Whether there is a file at an image's path; an error when that cannot be told. The empty path
/// asks for the repository itself.
type Exists = dyn Fn(&str) -> anyhow::Result<bool> + Send + Sync;

/// Marks the images deleted whose files are gone. While the repository itself is not there (a share
/// that is not mounted), or files cannot be looked at, nothing is marked.
pub struct MarkVanished {
    exists: Box<Exists>,
}

impl MarkVanished {
    /// The name under which its tasks are queued.
    pub const KIND: &str = "mark_vanished";

    /// A job that asks `exists` for each image's path, and first for the empty path, the repository
    /// itself.
    pub fn new(exists: impl Fn(&str) -> anyhow::Result<bool> + Send + Sync + 'static) -> Self {
        Self { exists: Box::new(exists) }
    }
}

impl Job for MarkVanished {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        let (mut after, mut looked_at, mut marked) = (0, 0, 0);
        loop {
            context.check()?;
            anyhow::ensure!((self.exists)("")?, "the repository is not there");
            let rows = images::active_after(context.db(), after, ROWS)?;
            let Some((last, _)) = rows.last() else {
                return Ok(json!({ "looked_at": looked_at, "marked": marked }));
            };
            after = *last;
            for (_, path) in &rows {
                if !(self.exists)(path)? && images::vanished(context.db(), path)? {
                    marked += 1;
                }
            }
            looked_at += rows.len();
            context.progress(i64::try_from(looked_at)?, 0);
        }
    }
}
