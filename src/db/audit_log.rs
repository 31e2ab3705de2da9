//! The record of administrative acts.

use super::error::Result;
use super::now_ms;
use super::sql::Sql;
use super::value::{Row, values};

/// An act to be noted.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    /// Who did it.
    pub user_id: Option<i64>,
    /// The name at that time.
    pub username: &'a str,
    /// Where from.
    pub address: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what.
    pub object: &'a str,
    /// More about it.
    pub detail: &'a str,
}

/// An act that was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// When.
    pub at_ms: i64,
    /// Who did it, if an account did.
    pub user_id: Option<i64>,
    /// The name at that time.
    pub username: String,
    /// Where from, or empty.
    pub address: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// More about it.
    pub detail: String,
}

/// Notes an act.
///
/// # Errors
/// See [`super::Error`].
pub fn insert(sql: &dyn Sql, entry: &NewEntry<'_>) -> Result<()> {
    sql.execute(
        "INSERT INTO audit_log (at_ms, user_id, username, address, action, object, detail) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![
            now_ms(),
            entry.user_id,
            entry.username,
            entry.address,
            entry.action,
            entry.object,
            entry.detail,
        ],
    )?;
    Ok(())
}

/// The latest acts, the newest first, at most `most`, older than the one numbered `before` if one is
/// given.
///
/// # Errors
/// See [`super::Error`].
pub fn latest(sql: &dyn Sql, before: Option<i64>, most: i64) -> Result<Vec<Entry>> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM audit_log WHERE id < $1 ORDER BY id DESC LIMIT $2"),
        values![before.unwrap_or(i64::MAX), most],
    )?;
    rows.iter().map(read).collect()
}

/// Which acts are wanted; blank for all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Those of this name.
    pub username: &'a str,
    /// Those whose action begins so.
    pub action: &'a str,
}

/// A part of the acts that are wanted, the newest first; and how many there are.
///
/// # Errors
/// See [`super::Error`].
pub fn part(
    sql: &dyn Sql,
    wanted: Wanted<'_>,
    (start, limit): (i64, i64),
) -> Result<(Vec<Entry>, i64)> {
    const WHERE: &str = "FROM audit_log WHERE (username = $1 OR $1 = '') \
                         AND SUBSTR(action, 1, LENGTH($2)) = $2";
    let rows = sql.query(
        &format!("SELECT {COLUMNS} {WHERE} ORDER BY id DESC LIMIT $4 OFFSET $3"),
        values![wanted.username, wanted.action, start, limit],
    )?;
    let count = format!("SELECT COUNT(*) {WHERE}");
    let total = sql.query_one(&count, values![wanted.username, wanted.action])?;
    Ok((rows.iter().map(read).collect::<Result<_>>()?, total.int(0)?))
}

const COLUMNS: &str = "id, at_ms, user_id, username, address, action, object, detail";

fn read(row: &Row) -> Result<Entry> {
    Ok(Entry {
        id: row.int(0)?,
        at_ms: row.int(1)?,
        user_id: row.opt_int(2)?,
        username: row.text(3)?,
        address: row.text(4)?,
        action: row.text(5)?,
        object: row.text(6)?,
        detail: row.text(7)?,
    })
}
