//! Named API keys. Only their hashes are kept.

use super::error::Result;
use super::properties;
use super::sql::{Sql, atomic};
use super::value::{Row, values};
use super::{STATUS_ACTIVE, now_ms};

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// What its owner calls it.
    pub name: String,
    /// What it is good for: sum of 1 read, 2 write, 4 administer.
    pub scopes: i64,
    /// When it was made.
    pub created_ms: i64,
    /// When it runs out; none for never.
    pub expires_ms: Option<i64>,
    /// When it was last used, give or take a minute.
    pub last_used_ms: Option<i64>,
}

const COLUMNS: &str = "id, user_id, name, scopes, created_ms, expires_ms, last_used_ms";

fn read(row: &Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row.int(0)?,
        user_id: row.int(1)?,
        name: row.text(2)?,
        scopes: row.int(3)?,
        created_ms: row.int(4)?,
        expires_ms: row.opt_int(5)?,
        last_used_ms: row.opt_int(6)?,
    })
}

/// Keeps a new key and gives back its id.
///
/// # Errors
/// [`super::Error::Constraint`] (reference) without such a user; see [`super::Error`].
pub fn insert(
    sql: &dyn Sql,
    user_id: i64,
    name: &str,
    key_hash: &str,
    scopes: i64,
    expires_ms: Option<i64>,
) -> Result<i64> {
    atomic(sql, |sql| {
        let row = sql.query_one(
            "INSERT INTO api_keys (user_id, name, key_hash, scopes, created_ms, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            values![user_id, name, key_hash, scopes, now_ms(), expires_ms],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        row.int(0)
    })
}

/// The keys of a user, the oldest first.
///
/// # Errors
/// See [`super::Error`].
pub fn of_user(sql: &dyn Sql, user_id: i64) -> Result<Vec<ApiKey>> {
    let statement = format!("SELECT {COLUMNS} FROM api_keys WHERE user_id = $1 ORDER BY id");
    sql.query(&statement, values![user_id])?.iter().map(read).collect()
}

/// The keys of active users with their hashes, run out or not.
///
/// # Errors
/// See [`super::Error`].
pub fn active(sql: &dyn Sql) -> Result<Vec<(String, ApiKey)>> {
    let rows = sql.query(
        "SELECT k.id, k.user_id, k.name, k.scopes, k.created_ms, k.expires_ms, k.last_used_ms, \
         k.key_hash FROM api_keys k JOIN users u ON u.id = k.user_id WHERE u.status = $1",
        values![STATUS_ACTIVE],
    )?;
    rows.iter().map(|row| Ok((row.text(7)?, read(row)?))).collect()
}

/// Deletes a user's key and gives back its name; none when the user has no such key.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, user_id: i64, id: i64) -> Result<Option<String>> {
    atomic(sql, |sql| {
        let row = sql.query_opt(
            "DELETE FROM api_keys WHERE id = $1 AND user_id = $2 RETURNING name",
            values![id, user_id],
        )?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        row.map(|row| row.text(0)).transpose()
    })
}

/// Notes that a key is in use, unless that was noted within the last `apart_ms`.
///
/// # Errors
/// See [`super::Error`].
pub fn used(sql: &dyn Sql, id: i64, apart_ms: i64) -> Result<()> {
    sql.execute(
        "UPDATE api_keys SET last_used_ms = {now_ms} \
         WHERE id = $1 AND (last_used_ms IS NULL OR last_used_ms <= {now_ms} - $2)",
        values![id, apart_ms],
    )?;
    Ok(())
}
