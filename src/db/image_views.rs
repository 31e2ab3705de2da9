//! Images together with the folders they lie in, one query for any number of them.

use super::STATUS_ACTIVE;
use super::bulk::id_list;
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

/// The order of a folder's images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The latest changed file first.
    Changed,
    /// The latest taken first, those of unknown time last.
    Taken,
    /// The longest file first.
    Size,
}

/// The paths of the active images of a folder, in an order.
///
/// # Errors
/// See [`super::Error`].
pub fn ordered(sql: &dyn Sql, folder_id: i64, order: Order) -> Result<Vec<String>> {
    let order = match order {
        Order::Changed => "CASE WHEN i.mtime_ns IS NULL THEN 1 ELSE 0 END, i.mtime_ns DESC, i.path",
        Order::Taken => "CASE WHEN m.taken_ms IS NULL THEN 1 ELSE 0 END, m.taken_ms DESC, i.path",
        Order::Size => {
            "CASE WHEN i.size_bytes IS NULL THEN 1 ELSE 0 END, i.size_bytes DESC, i.path"
        }
    };
    let rows = sql.query(
        &format!(
            "SELECT i.path FROM images i LEFT JOIN image_metadata m ON m.image_id = i.id \
             WHERE i.folder_id = $1 AND i.status = $2 ORDER BY {order}"
        ),
        values![folder_id, STATUS_ACTIVE],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// A folder's first image by path, and how many images lie in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// The folder.
    pub folder_id: i64,
    /// The image's path.
    pub path: String,
    /// How many active images there are right in it.
    pub count: i64,
}

/// The covers of folders, in no order; those without images are left out.
///
/// # Errors
/// See [`super::Error`].
pub fn covers(sql: &dyn Sql, folder_ids: &[i64]) -> Result<Vec<Cover>> {
    if folder_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sql.query(
        &format!(
            "SELECT folder_id, MIN(path), COUNT(*) FROM images \
             WHERE status = $1 AND folder_id IN ({}) GROUP BY folder_id",
            id_list(folder_ids)
        ),
        values![STATUS_ACTIVE],
    )?;
    let read =
        |row: &Row| Ok(Cover { folder_id: row.int(0)?, path: row.text(1)?, count: row.int(2)? });
    rows.iter().map(read).collect()
}

const BY_PATHS: &str = "SELECT COLUMNS FROM images i JOIN folders f ON f.id = i.folder_id \
     WHERE i.path_key IN ({texts_of_1})";
