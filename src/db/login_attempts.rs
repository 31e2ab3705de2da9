//! Attempts to sign in that were not seen to succeed, by account and by address, and from which addresses
//! somebody did sign in to an account: rows of the same table, whose keys begin with `known`.

use std::net::IpAddr;

use super::error::Result;
use super::sql::Sql;
use super::value::values;

/// For how long an address is known from which somebody has signed in to an account.
pub const KNOWN_FOR_MS: i64 = 30 * 24 * 3600 * 1000;

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

/// The key under which it is noted that somebody has signed in to an account from an address.
#[must_use]
pub fn known(account: &str, address: IpAddr) -> String {
    format!("known {account} {address}")
}

/// Whether what has this key was noted within so many milliseconds.
///
/// # Errors
/// See [`super::Error`].
pub fn is_within(sql: &dyn Sql, key: &str, within_ms: i64) -> Result<bool> {
    let found = sql.query_opt(
        "SELECT last_ms FROM login_attempts WHERE key = $1 AND last_ms > {now_ms} - $2",
        values![key, within_ms],
    )?;
    Ok(found.is_some())
}

/// Forgets attempts that were longer ago than this, and addresses that were known longer ago than
/// `known_ms`; tells how many.
///
/// # Errors
/// See [`super::Error`].
pub fn purge(sql: &dyn Sql, older_than_ms: i64, known_ms: i64) -> Result<u64> {
    sql.execute(
        "DELETE FROM login_attempts WHERE (key NOT LIKE 'known %' AND last_ms < {now_ms} - $1) \
         OR (key LIKE 'known %' AND last_ms < {now_ms} - $2)",
        values![older_than_ms, known_ms],
    )
}
