//! Resumable uploads under way. What has arrived is the length of a hidden file in the target folder,
//! so that no row has to keep up with it.

use super::error::Result;
use super::now_ms;
use super::sql::Sql;
use super::value::{Row, values};

/// An upload under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Random; whoever knows it and is its user may go on with it.
    pub id: String,
    /// Who began it; none for the server itself.
    pub user_id: Option<i64>,
    /// The folder it is for.
    pub folder: String,
    /// The name it is to have.
    pub name: String,
    /// What happens when there is a file of that name: `yes`, `no` or `rename`.
    pub overwrite: String,
    /// The length it is to have.
    pub length_bytes: i64,
    /// When it is given up.
    pub expires_ms: i64,
    /// What its client said of it, word for word.
    pub note: String,
}

const COLUMNS: &str = "id, user_id, folder, name, overwrite, length_bytes, expires_ms, note";

fn read(row: &Row) -> Result<Upload> {
    Ok(Upload {
        id: row.text(0)?,
        user_id: row.opt_int(1)?,
        folder: row.text(2)?,
        name: row.text(3)?,
        overwrite: row.text(4)?,
        length_bytes: row.int(5)?,
        expires_ms: row.int(6)?,
        note: row.text(7)?,
    })
}

/// Notes a new one.
///
/// # Errors
/// See [`super::Error`].
pub fn add(sql: &dyn Sql, upload: &Upload) -> Result<()> {
    sql.execute(
        "INSERT INTO uploads (id, user_id, folder, name, overwrite, length_bytes, expires_ms, \
         note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        values![
            upload.id.as_str(),
            upload.user_id,
            upload.folder.as_str(),
            upload.name.as_str(),
            upload.overwrite.as_str(),
            upload.length_bytes,
            upload.expires_ms,
            upload.note.as_str(),
        ],
    )?;
    Ok(())
}

/// The upload of this id, unless it has expired.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: &str) -> Result<Option<Upload>> {
    let statement = format!("SELECT {COLUMNS} FROM uploads WHERE id = $1 AND expires_ms > $2");
    sql.query_opt(&statement, values![id, now_ms()])?.as_ref().map(read).transpose()
}

/// Puts off when an upload is given up.
///
/// # Errors
/// See [`super::Error`].
pub fn extend(sql: &dyn Sql, id: &str, expires_ms: i64) -> Result<()> {
    sql.execute("UPDATE uploads SET expires_ms = $2 WHERE id = $1", values![id, expires_ms])?;
    Ok(())
}

/// Forgets one; tells whether there was such.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, id: &str) -> Result<bool> {
    Ok(sql.execute("DELETE FROM uploads WHERE id = $1", values![id])? == 1)
}

/// Those that have expired.
///
/// # Errors
/// See [`super::Error`].
pub fn expired(sql: &dyn Sql, limit: u32) -> Result<Vec<Upload>> {
    let statement =
        format!("SELECT {COLUMNS} FROM uploads WHERE expires_ms <= $1 ORDER BY id LIMIT $2");
    sql.query(&statement, values![now_ms(), limit])?.iter().map(read).collect()
}

/// How many a user has under way.
///
/// # Errors
/// See [`super::Error`].
pub fn count_of_user(sql: &dyn Sql, user_id: i64) -> Result<i64> {
    sql.query_one("SELECT COUNT(*) FROM uploads WHERE user_id = $1", values![user_id])?.int(0)
}
