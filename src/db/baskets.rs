//! Baskets: which of the portfolios each person gathers pictures into.

use super::STATUS_ACTIVE;
use super::error::Result;
use super::sql::Sql;
use super::value::values;

/// The portfolio that somebody gathers into, if there is one.
///
/// # Errors
/// See [`super::Error`].
pub fn of_user(sql: &dyn Sql, user_id: i64) -> Result<Option<i64>> {
    let row = sql.query_opt("SELECT folio_id FROM baskets WHERE user_id = $1", values![user_id])?;
    row.map(|row| row.int(0)).transpose()
}

/// How many pictures lie in the portfolio that somebody gathers into; none without one.
///
/// # Errors
/// See [`super::Error`].
pub fn count(sql: &dyn Sql, user_id: i64) -> Result<Option<i64>> {
    let row = sql.query_opt(
        "SELECT COUNT(i.id) FROM baskets b LEFT JOIN folio_images m ON m.folio_id = b.folio_id \
         LEFT JOIN images i ON i.id = m.image_id AND i.status = $2 \
         WHERE b.user_id = $1 GROUP BY b.folio_id",
        values![user_id, STATUS_ACTIVE],
    )?;
    row.map(|row| row.int(0)).transpose()
}

/// Says which portfolio somebody gathers into from now on.
///
/// # Errors
/// [`super::Error::Constraint`] (reference) without such a portfolio; see [`super::Error`].
pub fn set(sql: &dyn Sql, user_id: i64, folio_id: i64) -> Result<()> {
    sql.execute(
        "INSERT INTO baskets (user_id, folio_id) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET folio_id = $2",
        values![user_id, folio_id],
    )?;
    Ok(())
}

/// Says that somebody gathers into none; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn clear(sql: &dyn Sql, user_id: i64) -> Result<bool> {
    Ok(sql.execute("DELETE FROM baskets WHERE user_id = $1", values![user_id])? == 1)
}
