//! Work on what lies below a path that an administrator names. What is done is known to whoever makes the job.

use serde::Deserialize;
use serde_json::Value;

use crate::task::{Job, TaskContext};

/// What does it; gives back what it did, as JSON.
type Work = dyn Fn(&str, &TaskContext<'_>) -> anyhow::Result<Value> + Send + Sync;

/// Work on what lies below a path. It must bear to be done again.
pub struct OfPath {
    kind: &'static str,
    work: Box<Work>,
}

#[derive(Deserialize)]
struct Below {
    path: String,
}

impl OfPath {
    /// The name under which it is queued that pictures are made anew.
    pub const PURGE_MADE: &str = "purge_made_pictures";
    /// The name under which it is queued that the originals of a folder get prepared reductions.
    pub const PREPARE: &str = "prepare_folder";

    /// A job that calls `work` with the path, which has a slash at its beginning.
    pub fn new(
        kind: &'static str,
        work: impl Fn(&str, &TaskContext<'_>) -> anyhow::Result<Value> + Send + Sync + 'static,
    ) -> Self {
        Self { kind, work: Box::new(work) }
    }
}

impl Job for OfPath {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        let Below { path } = context.params()?;
        (self.work)(&path, context)
    }
}
