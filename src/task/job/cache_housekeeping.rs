//! Keeps the cache within its bounds.

use serde_json::Value;

use crate::task::{Job, TaskContext};

/// What the cache does to keep itself within its bounds; gives back what it did, as JSON.
type Sweep = dyn Fn(&TaskContext<'_>) -> anyhow::Result<Value> + Send + Sync;

/// Keeps the cache within its bounds. What that means is known to the cache.
pub struct CacheHousekeeping {
    sweep: Box<Sweep>,
}

impl CacheHousekeeping {
    /// The name under which its tasks are queued.
    pub const KIND: &str = "cache_housekeeping";

    /// A job that calls `sweep`.
    pub fn new(
        sweep: impl Fn(&TaskContext<'_>) -> anyhow::Result<Value> + Send + Sync + 'static,
    ) -> Self {
        Self { sweep: Box::new(sweep) }
    }
}

impl Job for CacheHousekeeping {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        (self.sweep)(context)
    }
}
