//! Images together with the folders they lie in, one query for any number of them.

use super::error::Result;
use super::folders::Folder;
use super::path_key::path_key;
use super::sql::Sql;
use super::value::{Row, values};

/// An image as it is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageView {
    /// Its id.
    pub id: i64,
    /// Its path, without a slash in front.
    pub path: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Width as displayed, once known.
    pub width: Option<i64>,
    /// Height as displayed, once known.
    pub height: Option<i64>,
    /// [`super::STATUS_ACTIVE`] or [`super::STATUS_DELETED`].
    pub status: i64,
    /// Length of the file when it was last seen.
    pub size_bytes: Option<i64>,
    /// Modification time of the file when it was last seen, in nanoseconds since 1970 UTC.
    pub mtime_ns: Option<i64>,
    /// The folder it lies in.
    pub folder: Folder,
}

impl ImageView {
    /// The path's last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The columns of a view, for statements that join `images i` and `folders f`.
pub(super) const COLUMNS: &str = "i.id, i.path, i.title, i.description, i.width, i.height, i.status, \
     i.size_bytes, i.mtime_ns, f.id, f.path, f.name, f.parent_id, f.status";

/// Reads a view from the columns that begin at `from`.
pub(super) fn read(row: &Row, from: usize) -> Result<ImageView> {
    Ok(ImageView {
        id: row.int(from)?,
        path: row.text(from + 1)?,
        title: row.text(from + 2)?,
        description: row.text(from + 3)?,
        width: row.opt_int(from + 4)?,
        height: row.opt_int(from + 5)?,
        status: row.int(from + 6)?,
        size_bytes: row.opt_int(from + 7)?,
        mtime_ns: row.opt_int(from + 8)?,
        folder: Folder {
            id: row.int(from + 9)?,
            path: row.text(from + 10)?,
            name: row.text(from + 11)?,
            parent_id: row.opt_int(from + 12)?,
            status: row.int(from + 13)?,
        },
    })
}

/// The image with this id, deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<ImageView>> {
    let statement = format!(
        "SELECT {COLUMNS} FROM images i JOIN folders f ON f.id = i.folder_id WHERE i.id = $1"
    );
    sql.query_opt(&statement, values![id])?.map(|row| read(&row, 0)).transpose()
}

/// The image with this path, deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn by_path(sql: &dyn Sql, path: &str) -> Result<Option<ImageView>> {
    let statement = format!(
        "SELECT {COLUMNS} FROM images i JOIN folders f ON f.id = i.folder_id WHERE i.path_key = $1"
    );
    let key = path_key(path.trim_matches('/'));
    sql.query_opt(&statement, values![key])?.map(|row| read(&row, 0)).transpose()
}

/// The images with these paths, deleted ones too, in no order; paths without a row are left out.
///
/// # Errors
/// See [`super::Error`].
pub fn by_paths(sql: &dyn Sql, paths: &[String]) -> Result<Vec<ImageView>> {
    let keys: Vec<String> = paths.iter().map(|path| path_key(path.trim_matches('/'))).collect();
    let list =
        serde_json::to_string(&keys).map_err(|error| super::Error::Statement(error.to_string()))?;
    let rows = sql.query(&BY_PATHS.replace("COLUMNS", COLUMNS), values![list])?;
    rows.iter().map(|row| read(row, 0)).collect()
}

const BY_PATHS: &str = "SELECT COLUMNS FROM images i JOIN folders f ON f.id = i.folder_id \
     WHERE i.path_key IN ({texts_of_1})";
