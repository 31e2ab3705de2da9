//! What the workers of a host do, counted in the scoreboard and told in the words of Prometheus.
//!
//! Here stands which count of a worker's row is what (`table`); the scoreboard itself knows numbers
//! alone. Counting is adding to a word of the own row, and adding up the rows is the reader's business.

mod page;
mod table;

use std::time::{Duration, Instant};

use http::StatusCode;

pub use page::{metrics, summary};
pub use table::{CLASSES, Cause, Kind, Verdict};

use crate::http::Response;
use crate::process::{SlotUse, WorkerRow};

/// Where this worker counts.
#[derive(Debug, Clone)]
pub struct Meters(WorkerRow);

impl Meters {
    /// Counts in a row of the scoreboard.
    #[must_use]
    pub fn new(row: WorkerRow) -> Self {
        Self(row)
    }

    /// The row, for what stands in others.
    #[must_use]
    pub fn row(&self) -> &WorkerRow {
        &self.0
    }

    /// Counts an answer to a request that had arrived then.
    pub fn answered(&self, kind: Kind, response: &Response, received: Instant) {
        self.0.count(table::requests(kind, class(response.status)), 1);
        self.0.count(table::micros(kind), micros(received.elapsed()));
    }

    /// Counts a picture by where it came from.
    pub fn picture(&self, verdict: Verdict) {
        self.0.count(table::pictures(verdict), 1);
    }

    /// Counts a request that was refused.
    pub fn refused(&self, cause: Cause) {
        self.0.count(table::refusals(cause), 1);
    }

    /// Counts a picture that was made, by the time it took once it had its slot.
    pub fn made(&self, took: Duration) {
        self.observe(&table::MAKING, took);
    }

    /// Counts how long a picture waited for its turn.
    pub fn waited(&self, took: Duration) {
        self.observe(&table::WAITING, took);
    }

    /// Notes that a slot is in use.
    #[must_use]
    pub fn use_slot(&self) -> SlotUse {
        self.0.use_slot()
    }

    fn observe(&self, histogram: &table::Histogram, took: Duration) {
        self.0.count(histogram.bucket(took), 1);
        self.0.count(histogram.sum_micros(), micros(took));
    }
}

fn class(status: StatusCode) -> usize {
    usize::from(status.as_u16() / 100).clamp(2, 5) - 2
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
