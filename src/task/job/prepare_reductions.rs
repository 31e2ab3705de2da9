//! Makes the reductions of a picture, from which later pictures are made faster.

use serde::Deserialize;
use serde_json::Value;

use crate::task::{Job, TaskContext};

/// Which picture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WantedReductions {
    /// Its path in the repository.
    pub path: String,
    /// Its page, from 1.
    pub page: u32,
}

/// What makes them; gives back what it did, as JSON.
type Prepare = dyn Fn(&WantedReductions, &TaskContext<'_>) -> anyhow::Result<Value> + Send + Sync;

/// Makes the reductions of a picture. To run it again costs a look at what is there.
pub struct PrepareReductions {
    prepare: Box<Prepare>,
}

impl PrepareReductions {
    /// The name under which its tasks are queued.
    pub const KIND: &str = "prepare_reductions";

    /// A job that calls `prepare`.
    pub fn new(
        prepare: impl Fn(&WantedReductions, &TaskContext<'_>) -> anyhow::Result<Value>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self { prepare: Box::new(prepare) }
    }
}

impl Job for PrepareReductions {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        (self.prepare)(&context.params()?, context)
    }
}
