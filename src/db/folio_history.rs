//! What was done to portfolios.

use super::error::Result;
pub use super::history::Entry;
use super::history::entries;
use super::now_ms;
use super::sql::Sql;
use super::value::values;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    /// It was made.
    Created = 1,
    /// Its name, description or access was changed.
    Edited = 2,
    /// A picture came, went, moved or was changed.
    Pictures = 3,
    /// An export was asked for.
    Published = 4,
    /// An export was downloaded.
    Downloaded = 5,
    /// An export was deleted.
    Unpublished = 6,
}

/// Notes an act.
///
/// # Errors
/// See [`super::Error`].
pub fn add(
    sql: &dyn Sql,
    folio_id: i64,
    user_id: Option<i64>,
    action: Action,
    detail: &str,
) -> Result<()> {
    sql.execute(
        "INSERT INTO folio_history (folio_id, user_id, action, detail, at_ms) \
         VALUES ($1, $2, $3, $4, $5)",
        values![folio_id, user_id, i64::from(action as u8), detail, now_ms()],
    )?;
    Ok(())
}

/// What was done to a portfolio, in order.
///
/// # Errors
/// See [`super::Error`].
pub fn of_folio(sql: &dyn Sql, folio_id: i64) -> Result<Vec<Entry>> {
    let rows = sql.query(
        "SELECT id, user_id, action, detail, at_ms FROM folio_history WHERE folio_id = $1 \
         ORDER BY id",
        values![folio_id],
    )?;
    entries(&rows)
}
