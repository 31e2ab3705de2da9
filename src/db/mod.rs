//! The database: PostgreSQL for installations, SQLite for trying and developing.
//!
//! One repository layer serves both. Each table has a file with plain functions over [`Sql`], which
//! is either the whole database ([`Db`]: every call on its own) or a transaction ([`atomic`]).
//! Statements are written once, with `$1` placeholders; what the two dialects do not share stands in
//! [`dialect`] and nowhere else. The schema lies in `migrations/postgres` and `migrations/sqlite`
//! under the same numbers.
//!
//! Times are milliseconds since 1970 UTC. Nothing here knows a route, a permission rule or a file.

pub mod api_keys;
pub mod audit_log;
pub mod baskets;
pub mod bulk;
pub mod condition;
pub mod dialect;
mod error;
pub mod folder_moves;
pub mod folder_permissions;
pub mod folder_templates;
pub mod folders;
pub mod folio_exports;
pub mod folio_history;
pub mod folio_images;
pub mod folios;
pub mod groups;
mod history;
pub mod host_stats;
pub mod image_history;
pub mod image_ids;
pub mod image_metadata;
pub mod image_views;
pub mod images;
pub mod login_attempts;
pub mod migrate;
pub mod moves;
mod name_order;
mod open;
mod path_key;
mod pool;
mod postgres_conn;
pub mod properties;
pub mod purge;
pub mod recycled;
pub mod search;
pub mod sessions;
mod sql;
mod sqlite_conn;
pub mod stats;
pub mod stats_fold;
pub mod stats_logs;
pub mod system_permissions;
pub mod tags;
pub mod tasks;
pub mod templates;
mod tls;
pub mod totp;
pub mod uploads;
pub mod users;
mod value;
pub mod walk;

pub use dialect::Dialect;
pub use error::{Constraint, Error, Result};
pub use migrate::{check_schema, migrate, schema_version};
pub use name_order::name_order;
pub use path_key::path_key;
pub use pool::{Db, DbOptions};
pub use sql::{Sql, atomic};
pub use value::{Row, Value};

/// The row is marked deleted: its file or account is gone, what belongs to it is kept.
pub const STATUS_DELETED: i64 = 0;
/// The row is in use.
pub const STATUS_ACTIVE: i64 = 1;

/// The wall clock in milliseconds since 1970 UTC.
#[must_use]
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or(std::time::Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
