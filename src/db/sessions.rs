//! Sessions that were ended before their time. Sessions themselves are not kept: they are signed.

use super::error::Result;
use super::properties;
use super::sql::{Sql, atomic};
use super::value::values;

/// Ends a session that would have run out at `until_ms`.
///
/// # Errors
/// See [`super::Error`].
pub fn end(sql: &dyn Sql, id: &str, until_ms: i64) -> Result<()> {
    atomic(sql, |sql| {
        sql.execute(
            "INSERT INTO ended_sessions (id, until_ms) VALUES ($1, $2) \
             ON CONFLICT (id) DO NOTHING",
            values![id, until_ms],
        )?;
        properties::bump(sql, properties::SESSIONS_VERSION)?;
        Ok(())
    })
}

/// Every session that was ended and has not run out.
///
/// # Errors
/// See [`super::Error`].
pub fn ended(sql: &dyn Sql) -> Result<Vec<String>> {
    let rows = sql.query("SELECT id FROM ended_sessions WHERE until_ms > {now_ms}", &[])?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Forgets those that have run out; tells how many.
///
/// # Errors
/// See [`super::Error`].
pub fn purge(sql: &dyn Sql) -> Result<u64> {
    sql.execute("DELETE FROM ended_sessions WHERE until_ms <= {now_ms}", &[])
}
