//! Counts requests in the worker, and adds the numbers to the database every few seconds.
//!
//! Counting touches a few words in memory, whatever the database does: it never delays or fails a
//! request. What was counted is lost only with the process, or beyond a bound while the database is
//! away; nothing is counted twice. Nothing here knows a route.

mod counters;
mod flusher;
mod host;
pub mod log;

pub use counters::{Counters, CountersOptions, Kind, Served};
pub use flusher::Flusher;
pub use host::{CacheGauge, Fill, Sampler, SamplerOptions};
