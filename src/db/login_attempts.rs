//! Attempts to sign in that were not seen to succeed, by account or by address.

use super::error::Result;
use super::sql::Sql;
use super::value::values;

/// What is known of the attempts of one account or address. Times are the database's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How many there were in a row.
    pub failures: i64,
    /// When the last one was.
    pub last_ms: i64,
    /// Until when there must be no other.
    pub blocked_until_ms: i64,
}

/// What is known, and the database's time. In a transaction, others who ask for the same wait for its
/// end.
///
/// # Errors
/// See [`super::Error`].
pub fn lock(sql: &dyn Sql, key: &str) -> Result<(Attempts, i64)> {
    let row = sql.query_one(
        "INSERT INTO login_attempts (key, failures, last_ms, blocked_until_ms) \
         VALUES ($1, 0, 0, 0) ON CONFLICT (key) DO UPDATE SET failures = login_attempts.failures \
         RETURNING failures, last_ms, blocked_until_ms, {now_ms}",
        values![key],
    )?;
    let attempts =
        Attempts { failures: row.int(0)?, last_ms: row.int(1)?, blocked_until_ms: row.int(2)? };
    Ok((attempts, row.int(3)?))
}

/// Notes what is known now.
///
/// # Errors
/// See [`super::Error`].
pub fn set(sql: &dyn Sql, key: &str, attempts: Attempts) -> Result<()> {
    sql.execute(
        "UPDATE login_attempts SET failures = $2, last_ms = $3, blocked_until_ms = $4 \
         WHERE key = $1",
        values![key, attempts.failures, attempts.last_ms, attempts.blocked_until_ms],
    )?;
    Ok(())
}

/// Forgets the attempts of one.
///
/// # Errors
/// See [`super::Error`].
pub fn forget(sql: &dyn Sql, key: &str) -> Result<()> {
    sql.execute("DELETE FROM login_attempts WHERE key = $1", values![key])?;
    Ok(())
}

/// Forgets attempts that were longer ago than this; tells how many.
///
/// # Errors
/// See [`super::Error`].
pub fn purge(sql: &dyn Sql, older_than_ms: i64) -> Result<u64> {
    sql.execute("DELETE FROM login_attempts WHERE last_ms < {now_ms} - $1", values![older_than_ms])
}
