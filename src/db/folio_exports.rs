//! Files that portfolios were published as.

use super::error::Result;
use super::now_ms;
use super::sql::Sql;
use super::value::{Row, values};

/// A published file, or one that is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolioExport {
    /// Its id.
    pub id: i64,
    /// The portfolio.
    pub folio_id: i64,
    /// What it is.
    pub description: String,
    /// `zip` or `pdf`.
    pub format: String,
    /// Whether it holds the originals as they are.
    pub originals: bool,
    /// What is done to the images, as JSON.
    pub parameters: String,
    /// The task that makes it; none when there is nothing left to do.
    pub task_id: Option<i64>,
    /// Its name; blank until it is there.
    pub filename: String,
    /// Its length in bytes.
    pub filesize: i64,
    /// When it was asked for.
    pub created_ms: i64,
    /// When it is deleted.
    pub keep_until_ms: i64,
}

const COLUMNS: &str = "id, folio_id, description, originals, parameters, task_id, filename, \
     filesize, created_ms, keep_until_ms, format";

fn read(row: &Row) -> Result<FolioExport> {
    Ok(FolioExport {
        id: row.int(0)?,
        folio_id: row.int(1)?,
        description: row.text(2)?,
        originals: row.bool(3)?,
        parameters: row.text(4)?,
        task_id: row.opt_int(5)?,
        filename: row.text(6)?,
        filesize: row.int(7)?,
        created_ms: row.int(8)?,
        keep_until_ms: row.int(9)?,
        format: row.text(10)?,
    })
}

/// The exports of a portfolio, by id.
///
/// # Errors
/// See [`super::Error`].
pub fn of_folio(sql: &dyn Sql, folio_id: i64) -> Result<Vec<FolioExport>> {
    let statement = format!("SELECT {COLUMNS} FROM folio_exports WHERE folio_id = $1 ORDER BY id");
    sql.query(&statement, values![folio_id])?.iter().map(read).collect()
}

/// Every export whose file is there, by portfolio.
///
/// # Errors
/// See [`super::Error`].
pub fn all_ready(sql: &dyn Sql) -> Result<Vec<FolioExport>> {
    let statement =
        format!("SELECT {COLUMNS} FROM folio_exports WHERE filename <> '' ORDER BY folio_id, id");
    sql.query(&statement, &[])?.iter().map(read).collect()
}

/// The export with this id.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<FolioExport>> {
    let statement = format!("SELECT {COLUMNS} FROM folio_exports WHERE id = $1");
    sql.query_opt(&statement, values![id])?.as_ref().map(read).transpose()
}

/// The exports whose time is over.
///
/// # Errors
/// See [`super::Error`].
pub fn over(sql: &dyn Sql) -> Result<Vec<FolioExport>> {
    let statement = format!("SELECT {COLUMNS} FROM folio_exports WHERE keep_until_ms <= $1");
    sql.query(&statement, values![now_ms()])?.iter().map(read).collect()
}

/// What is wanted of an export.
#[derive(Debug, Clone)]
pub struct NewExport {
    /// The portfolio.
    pub folio_id: i64,
    /// What it is.
    pub description: String,
    /// `zip` or `pdf`.
    pub format: &'static str,
    /// Whether it holds the originals as they are.
    pub originals: bool,
    /// What is done to the images, as JSON.
    pub parameters: String,
    /// When it is deleted.
    pub keep_until_ms: i64,
}

/// Notes that an export is wanted, and gives back its id.
///
/// # Errors
/// See [`super::Error`].
pub fn insert(sql: &dyn Sql, export: &NewExport) -> Result<i64> {
    let row = sql.query_one(
        "INSERT INTO folio_exports (folio_id, description, format, originals, parameters, \
         filename, filesize, created_ms, keep_until_ms) \
         VALUES ($1, $2, $3, $4, $5, '', 0, $6, $7) RETURNING id",
        values![
            export.folio_id,
            export.description.as_str(),
            export.format,
            export.originals,
            export.parameters.as_str(),
            now_ms(),
            export.keep_until_ms,
        ],
    )?;
    row.int(0)
}

/// Says which task makes an export.
///
/// # Errors
/// See [`super::Error`].
pub fn set_task(sql: &dyn Sql, id: i64, task_id: i64) -> Result<()> {
    sql.execute("UPDATE folio_exports SET task_id = $2 WHERE id = $1", values![id, task_id])?;
    Ok(())
}

/// Says that an export's file is there; tells whether there is still such an export.
///
/// # Errors
/// See [`super::Error`].
pub fn finish(sql: &dyn Sql, id: i64, filename: &str, filesize: i64) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE folio_exports SET filename = $2, filesize = $3, task_id = NULL WHERE id = $1",
        values![id, filename, filesize],
    )?;
    Ok(changed == 1)
}

/// Deletes an export's row; tells whether there was one.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, id: i64) -> Result<bool> {
    Ok(sql.execute("DELETE FROM folio_exports WHERE id = $1", values![id])? == 1)
}
