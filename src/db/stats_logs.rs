//! How far the logs of front servers have been read.

use super::error::Result;
use super::sql::Sql;
use super::value::values;

/// A place in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPlace {
    /// Which log: host and path.
    pub log: String,
    /// Which file, of those that bore its name one after the other.
    pub file_mark: String,
    /// Bytes that have been read of it.
    pub offset_bytes: i64,
}

/// Where reading stopped, if it ever began.
///
/// # Errors
/// See [`super::Error`].
pub fn find(sql: &dyn Sql, log: &str) -> Result<Option<LogPlace>> {
    let row = sql
        .query_opt("SELECT file_mark, offset_bytes FROM stats_logs WHERE log = $1", values![log])?;
    let place = |row: super::Row| {
        Ok(LogPlace { log: log.to_owned(), file_mark: row.text(0)?, offset_bytes: row.int(1)? })
    };
    row.map(place).transpose()
}

/// When any log was read last, in milliseconds since 1970; none when none ever was.
///
/// # Errors
/// See [`super::Error`].
pub fn last_read_ms(sql: &dyn Sql) -> Result<Option<i64>> {
    let row =
        sql.query_opt("SELECT read_ms FROM stats_logs ORDER BY read_ms DESC LIMIT 1", values![])?;
    row.map(|row| row.int(0)).transpose()
}

/// Remembers a place. Belongs in the transaction that adds what was read up to it.
pub(super) fn set(sql: &dyn Sql, place: &LogPlace) -> Result<()> {
    sql.execute(
        "INSERT INTO stats_logs (log, file_mark, offset_bytes, read_ms) \
         VALUES ($1, $2, $3, {now_ms}) ON CONFLICT (log) DO UPDATE \
         SET file_mark = $2, offset_bytes = $3, read_ms = {now_ms}",
        values![place.log.as_str(), place.file_mark.as_str(), place.offset_bytes],
    )?;
    Ok(())
}
