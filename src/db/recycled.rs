//! What lies in the recycle folder, and where it came from.

use std::fmt::Write as _;

use super::error::Result;
use super::now_ms;
use super::search::Scope;
use super::sql::Sql;
use super::value::{Row, Value, values};

/// A file or folder in the recycle folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recycled {
    /// Its id.
    pub id: i64,
    /// Where it was: the path of a file, or of a folder.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Its name in the recycle folder.
    pub stored_as: String,
    /// The image that it was.
    pub image_id: Option<i64>,
    /// Who deleted or overwrote it.
    pub user_id: Option<i64>,
    /// Length of a file; 0 for a folder.
    pub size_bytes: i64,
    /// When that was.
    pub recycled_ms: i64,
    /// What groups could do in a folder, or in that of a file, in the words of who put it there.
    pub rights: String,
}

const COLUMNS: &str =
    "id, path, is_folder, stored_as, image_id, user_id, size_bytes, recycled_ms, rights";

fn read(row: &Row) -> Result<Recycled> {
    Ok(Recycled {
        id: row.int(0)?,
        path: row.text(1)?,
        is_folder: row.bool(2)?,
        stored_as: row.text(3)?,
        image_id: row.opt_int(4)?,
        user_id: row.opt_int(5)?,
        size_bytes: row.int(6)?,
        recycled_ms: row.int(7)?,
        rights: row.text(8)?,
    })
}

/// Notes what is about to be put into the recycle folder; its `id` and `recycled_ms` are made here.
/// Gives back the id.
///
/// # Errors
/// See [`super::Error`].
pub fn add(sql: &dyn Sql, what: &Recycled) -> Result<i64> {
    let row = sql.query_one(
        "INSERT INTO recycled (path, is_folder, stored_as, image_id, user_id, size_bytes, \
         recycled_ms, rights) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        values![
            what.path.as_str(),
            what.is_folder,
            what.stored_as.as_str(),
            what.image_id,
            what.user_id,
            what.size_bytes,
            now_ms(),
            what.rights.as_str(),
        ],
    )?;
    row.int(0)
}

/// Corrects how large one is.
///
/// # Errors
/// See [`super::Error`].
pub fn set_size(sql: &dyn Sql, id: i64, size_bytes: i64) -> Result<()> {
    let values = values![id, size_bytes];
    sql.execute("UPDATE recycled SET size_bytes = $2 WHERE id = $1", values)?;
    Ok(())
}

/// Forgets one; tells whether there was such.
///
/// # Errors
/// See [`super::Error`].
pub fn remove(sql: &dyn Sql, id: i64) -> Result<bool> {
    Ok(sql.execute("DELETE FROM recycled WHERE id = $1", values![id])? == 1)
}

/// One of them.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<Recycled>> {
    let statement = format!("SELECT {COLUMNS} FROM recycled WHERE id = $1");
    sql.query_opt(&statement, values![id])?.as_ref().map(read).transpose()
}

/// Whether the folder of a path lies in the recycle folder.
///
/// # Errors
/// See [`super::Error`].
pub fn is_of_folder(sql: &dyn Sql, path: &str) -> Result<bool> {
    let statement = "SELECT id FROM recycled WHERE is_folder = $1 AND path = $2 LIMIT 1";
    Ok(sql.query_opt(statement, values![true, path])?.is_some())
}

/// A part of what came from folders within these scopes (files by the one, folders by the folder that
/// they lay in by the other), the latest first, and how much there is in all.
///
/// # Errors
/// See [`super::Error`].
pub fn within(
    sql: &dyn Sql,
    files: &Scope,
    folders: &Scope,
    start: i64,
    limit: i64,
) -> Result<(Vec<Recycled>, i64)> {
    let mut given = Vec::new();
    let (of_files, of_folders) = (came_from(files, &mut given), came_from(folders, &mut given));
    let from = format!(
        "FROM recycled WHERE CASE WHEN is_folder THEN {of_folders} ELSE {of_files} END = 1"
    );
    let total = sql.query_one(&format!("SELECT COUNT(*) {from}"), &given)?.int(0)?;
    let places = (given.len() + 1, given.len() + 2);
    given.extend([limit.into(), start.into()]);
    let statement = format!(
        "SELECT {COLUMNS} {from} ORDER BY id DESC LIMIT ${} OFFSET ${}",
        places.0, places.1
    );
    let rows = sql.query(&statement, &given)?;
    Ok((rows.iter().map(read).collect::<Result<_>>()?, total))
}

/// 1 where a path lies within a scope, else 0. Files have no slash in front, folders have one.
fn came_from(scope: &Scope, given: &mut Vec<Value>) -> String {
    if scope.folders.is_empty() {
        return i32::from(scope.elsewhere).to_string();
    }
    let mut text = String::from("(CASE");
    for (folder, shown) in &scope.folders {
        let beginning = format!("{folder}/");
        let length = beginning.chars().count();
        given.push(beginning.into());
        let place = given.len();
        let _ = write!(
            text,
            " WHEN substr('/' || ltrim(path, '/'), 1, {length}) = ${place} THEN {}",
            i32::from(*shown)
        );
    }
    let _ = write!(text, " ELSE {} END)", i32::from(scope.elsewhere));
    text
}

/// The latest before an id (0 for the latest of all), the latest first.
///
/// # Errors
/// See [`super::Error`].
pub fn before(sql: &dyn Sql, id: i64, limit: u32) -> Result<Vec<Recycled>> {
    let statement =
        format!("SELECT {COLUMNS} FROM recycled WHERE id < $1 OR $1 = 0 ORDER BY id DESC LIMIT $2");
    sql.query(&statement, values![id, limit])?.iter().map(read).collect()
}

/// Those that were put there before a moment.
///
/// # Errors
/// See [`super::Error`].
pub fn older_than(sql: &dyn Sql, before_ms: i64, limit: u32) -> Result<Vec<Recycled>> {
    let statement =
        format!("SELECT {COLUMNS} FROM recycled WHERE recycled_ms < $1 ORDER BY id LIMIT $2");
    sql.query(&statement, values![before_ms, limit])?.iter().map(read).collect()
}
