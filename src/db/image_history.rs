//! What was done to each image through the server, and what walks over the files have found.

use super::error::Result;
pub use super::history::Entry;
use super::history::entries;
use super::now_ms;
use super::sql::Sql;
use super::value::values;

/// What was done. The numbers are those of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    /// The file was deleted, or vanished.
    Deleted = 0,
    /// The file was uploaded, or found.
    Created = 1,
    /// The file was replaced.
    Replaced = 2,
    /// Title, description or tags were changed.
    Edited = 3,
    /// The file was moved or renamed.
    Moved = 4,
}

/// Notes what was done to an image.
///
/// # Errors
/// See [`super::Error`].
pub fn add(
    sql: &dyn Sql,
    image_id: i64,
    user_id: Option<i64>,
    action: Action,
    detail: &str,
) -> Result<()> {
    sql.execute(
        "INSERT INTO image_history (image_id, user_id, action, detail, at_ms) \
         VALUES ($1, $2, $3, $4, $5)",
        values![image_id, user_id, i64::from(action as u8), detail, now_ms()],
    )?;
    Ok(())
}

/// What was done to an image, the latest first.
///
/// # Errors
/// See [`super::Error`].
pub fn of_image(sql: &dyn Sql, image_id: i64, limit: u32) -> Result<Vec<Entry>> {
    let rows = sql.query(
        "SELECT id, user_id, action, detail, at_ms FROM image_history WHERE image_id = $1 \
         ORDER BY id DESC LIMIT $2",
        values![image_id, limit],
    )?;
    entries(&rows)
}
