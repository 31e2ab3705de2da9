//! The jobs, a file each. What they need from other parts is given to them by whoever makes them.

mod cache_housekeeping;
mod of_path;
mod prepare_reductions;
mod purge;
mod row_housekeeping;

pub use cache_housekeeping::CacheHousekeeping;
pub use of_path::OfPath;
pub use prepare_reductions::{PrepareReductions, WantedReductions};
pub use purge::{PurgeDeleted, PurgeStatistics};
pub use row_housekeeping::RowHousekeeping;
