//! Who may do what: levels of folder access, system permissions, and what a worker knows of them.
//!
//! Rights are read from the database as a whole ([`Rights`]) and kept in memory ([`RightsStore`]),
//! so that deciding on a request costs no query, and goes on for a while when the database is away.
//! Nothing here knows a route or a file.

mod first_start;
pub mod password;
mod permission;
mod rights;
mod store;

pub use first_start::{FirstStart, FirstStartError, first_start};
pub use permission::{Level, SystemPermission, SystemPermissions};
pub use rights::{FolderTemplates, Identity, Rights};
pub use store::{RightsStore, StoreOptions, Templates, Unavailable};
