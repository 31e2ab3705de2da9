//! What the database says of itself: for checks of an installation, not for serving.

use super::error::Result;
use super::pool::Db;
use super::sql::Sql as _;
use super::{Dialect, now_ms};

/// What the database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its version as a number: 150_013 for PostgreSQL 15.13, 3_040_001 for SQLite 3.40.1.
    pub version: i64,
    /// Its version for people.
    pub version_text: String,
    /// Whether tables can be made, which migrations take.
    pub may_create: bool,
    /// Our tables whose rows cannot be read, added, changed and removed.
    pub closed_tables: Vec<String>,
    /// Connections that the server takes in all; none where that is no question.
    pub connections: Option<i64>,
    /// Whether nothing can be written: a standby, or one that was set so.
    pub read_only: bool,
    /// How it keeps text.
    pub encoding: String,
    /// How far its clock is before ours, in milliseconds.
    pub clock_ahead_ms: i64,
    /// What is said to it goes over a network, not only within this host.
    pub elsewhere: bool,
    /// What is said to it is encrypted.
    pub encrypted: bool,
}

/// Asks the database.
///
/// # Errors
/// [`Error::Unavailable`](super::Error::Unavailable) without one.
pub fn condition(db: &Db) -> Result<Condition> {
    match db.dialect() {
        Dialect::Postgres => postgres(db),
        Dialect::Sqlite => sqlite(db),
    }
}

fn postgres(db: &Db) -> Result<Condition> {
    let before = now_ms();
    let row = db.query_one(
        "SELECT current_setting('server_version_num')::bigint, current_setting('server_version'), \
         COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE), \
         current_setting('max_connections')::bigint, \
         (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint, \
         current_setting('transaction_read_only')::boolean OR pg_is_in_recovery(), \
         current_setting('server_encoding'), \
         inet_client_addr() IS DISTINCT FROM inet_server_addr(), \
         COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), FALSE)",
        &[],
    )?;
    let middle = before + (now_ms() - before) / 2;
    let closed = db.query(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') \
         AND relnamespace = current_schema()::regnamespace \
         AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') \
         AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')) ORDER BY 1",
        &[],
    )?;
    Ok(Condition {
        version: row.int(0)?,
        version_text: format!("PostgreSQL {}", row.text(1)?),
        may_create: row.bool(2)?,
        closed_tables: closed.iter().map(|row| row.text(0)).collect::<Result<_>>()?,
        connections: Some(row.int(3)?),
        clock_ahead_ms: row.int(4)? - middle,
        read_only: row.bool(5)?,
        encoding: row.text(6)?,
        elsewhere: row.bool(7)?,
        encrypted: row.bool(8)?,
    })
}

fn sqlite(db: &Db) -> Result<Condition> {
    let text = db.query_one("SELECT sqlite_version()", &[])?.text(0)?;
    let version =
        text.split('.').fold(0, |sum, part| sum * 1000 + part.parse::<i64>().unwrap_or_default());
    Ok(Condition {
        version,
        version_text: format!("SQLite {text}"),
        may_create: true,
        closed_tables: Vec::new(),
        connections: None,
        read_only: false,
        encoding: "UTF8".into(),
        clock_ahead_ms: 0,
        elsewhere: false,
        encrypted: false,
    })
}
