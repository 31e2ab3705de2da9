//! Images of the repository: rows for those that were seen, marked deleted when their file vanishes.
//!
//! An image's path has no slash in front (`a/b/c.jpg`) and is compared byte for byte.

use super::error::Result;
use super::path_key::path_key;
use super::sql::{Sql, atomic};
use super::value::{Row, values};
use super::{STATUS_ACTIVE, STATUS_DELETED, folders, now_ms};

/// The point of an image that matters most, as fractions of its width and height when it stands
/// upright.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FocalPoint {
    x: f64,
    y: f64,
}

impl FocalPoint {
    /// A point, rounded to 5 decimals; none unless both fractions are from 0 to 1.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Option<Self> {
        let within = |at: f64| (0.0..=1.0).contains(&at);
        let rounded = |at: f64| (at * 1e5).round() / 1e5;
        (within(x) && within(y)).then(|| Self { x: rounded(x), y: rounded(y) })
    }

    /// From the left edge.
    #[must_use]
    pub fn x(self) -> f64 {
        self.x
    }

    /// From the top edge.
    #[must_use]
    pub fn y(self) -> f64 {
        self.y
    }
}

/// An image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageRow {
    /// Its id; never given to another image.
    pub id: i64,
    /// Its path.
    pub path: String,
    /// The folder it lies in.
    pub folder_id: i64,
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
    /// Raised by every write through the server.
    pub revision_counter: i64,
    /// Length of the file when it was last seen.
    pub size_bytes: Option<i64>,
    /// Modification time of the file when it was last seen, in nanoseconds since 1970 UTC.
    pub mtime_ns: Option<i64>,
    /// Its focal point, if somebody set one.
    pub focal_point: Option<FocalPoint>,
}

const COLUMNS: &str = "id, path, folder_id, title, description, width, height, status, \
                       revision_counter, size_bytes, mtime_ns, focal_x, focal_y";

fn read(row: &Row) -> Result<ImageRow> {
    Ok(ImageRow {
        id: row.int(0)?,
        path: row.text(1)?,
        folder_id: row.int(2)?,
        title: row.text(3)?,
        description: row.text(4)?,
        width: row.opt_int(5)?,
        height: row.opt_int(6)?,
        status: row.int(7)?,
        revision_counter: row.int(8)?,
        size_bytes: row.opt_int(9)?,
        mtime_ns: row.opt_int(10)?,
        focal_point: row
            .opt_real(11)?
            .zip(row.opt_real(12)?)
            .and_then(|(x, y)| FocalPoint::new(x, y)),
    })
}

fn normal_path(path: &str) -> &str {
    path.trim_matches('/')
}

/// The image with this path, deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn by_path(sql: &dyn Sql, path: &str) -> Result<Option<ImageRow>> {
    let statement = format!("SELECT {COLUMNS} FROM images WHERE path_key = $1");
    let row = sql.query_opt(&statement, values![path_key(normal_path(path))])?;
    row.as_ref().map(read).transpose()
}

/// The paths of some of the images in and below a folder (blank for the root), at most `limit`, in the
/// order of their paths, from behind `after` on.
///
/// # Errors
/// See [`super::Error`].
pub fn below(sql: &dyn Sql, folder: &str, after: &str, limit: i64) -> Result<Vec<String>> {
    let (path, from, to) = super::purge::bounds(folder);
    let rows = sql.query(
        "SELECT i.path FROM images i JOIN folders f ON f.id = i.folder_id WHERE i.status = $1 \
         AND (f.path = $2 OR (f.path >= $3 AND f.path < $4)) AND i.path > $5 \
         ORDER BY i.path LIMIT $6",
        values![super::STATUS_ACTIVE, path.as_str(), from.as_str(), to.as_str(), after, limit],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// How many images there are in and below a folder (blank for the root); beyond `most` none is counted.
///
/// # Errors
/// See [`super::Error`].
pub fn count_below(sql: &dyn Sql, folder: &str, most: i64) -> Result<i64> {
    let (path, from, to) = super::purge::bounds(folder);
    let row = sql.query_one(
        "SELECT COUNT(*) FROM (SELECT i.id FROM images i JOIN folders f ON f.id = i.folder_id \
         WHERE i.status = $1 AND (f.path = $2 OR (f.path >= $3 AND f.path < $4)) LIMIT $5) q",
        values![super::STATUS_ACTIVE, path.as_str(), from.as_str(), to.as_str(), most],
    )?;
    row.int(0)
}

/// The image with this id, deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<ImageRow>> {
    let row = sql.query_opt(&format!("SELECT {COLUMNS} FROM images WHERE id = $1"), values![id])?;
    row.as_ref().map(read).transpose()
}

/// The images with these ids, in no order; unknown ids are left out.
///
/// # Errors
/// See [`super::Error`].
pub fn by_ids(sql: &dyn Sql, ids: &[i64]) -> Result<Vec<ImageRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM images WHERE id IN ({list})"), &[])?;
    rows.iter().map(read).collect()
}

/// Sets title and description; tells whether there is such an image.
///
/// # Errors
/// See [`super::Error`].
pub fn set_texts(sql: &dyn Sql, id: i64, title: &str, description: &str) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE images SET title = $2, description = $3 WHERE id = $1",
        values![id, title, description],
    )?;
    Ok(changed == 1)
}

/// The image with this id, as it is once whoever changes its texts at the moment has done so. Others wait until
/// the transaction ends.
///
/// # Errors
/// See [`super::Error`].
pub fn held(sql: &dyn Sql, id: i64) -> Result<Option<ImageRow>> {
    let statement = format!("UPDATE images SET title = title WHERE id = $1 RETURNING {COLUMNS}");
    sql.query_opt(&statement, values![id])?.as_ref().map(read).transpose()
}

/// Notes that a file exists, with its length and modification time: makes the rows of the image and
/// of the folders on the way to it when they are missing, and marks returning ones active. Any
/// number may do so at once. A known file that did not change costs one query and no write.
///
/// # Errors
/// See [`super::Error`].
pub fn seen(sql: &dyn Sql, path: &str, size_bytes: i64, mtime_ns: i64) -> Result<ImageRow> {
    let path = normal_path(path);
    if let Some(image) = by_path(sql, path)?
        && image.status == STATUS_ACTIVE
        && image.size_bytes == Some(size_bytes)
        && image.mtime_ns == Some(mtime_ns)
    {
        return Ok(image);
    }
    // Another file may have another size in pixels; an imported row's file was never seen.
    let statement = format!(
        "INSERT INTO images \
         (path, folder_id, status, size_bytes, mtime_ns, first_seen_ms, path_key) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (path_key) DO UPDATE \
         SET folder_id = $2, status = $3, size_bytes = $4, mtime_ns = $5, \
         width = CASE WHEN COALESCE(images.size_bytes, $4) = $4 \
         AND COALESCE(images.mtime_ns, $5) = $5 THEN images.width END, \
         height = CASE WHEN COALESCE(images.size_bytes, $4) = $4 \
         AND COALESCE(images.mtime_ns, $5) = $5 THEN images.height END \
         RETURNING {COLUMNS}"
    );
    atomic(sql, |sql| {
        let folder_id = folders::seen(sql, &folders::parent_path(path))?;
        let row = sql.query_one(
            &statement,
            values![path, folder_id, STATUS_ACTIVE, size_bytes, mtime_ns, now_ms(), path_key(path)],
        )?;
        read(&row)
    })
}

/// Notes that a file has vanished; tells whether its image was active.
///
/// # Errors
/// See [`super::Error`].
pub fn vanished(sql: &dyn Sql, path: &str) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE images SET status = $1 WHERE path_key = $2 AND status = $3",
        values![STATUS_DELETED, path_key(normal_path(path)), STATUS_ACTIVE],
    )?;
    Ok(changed == 1)
}

/// The next active images after an id, as (id, path), in the order of their ids.
///
/// # Errors
/// See [`super::Error`].
pub fn active_after(sql: &dyn Sql, id: i64, limit: u32) -> Result<Vec<(i64, String)>> {
    let rows = sql.query(
        "SELECT id, path FROM images WHERE id > $1 AND status = $2 ORDER BY id LIMIT $3",
        values![id, STATUS_ACTIVE, limit],
    )?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

/// Notes how large an image is when displayed.
///
/// # Errors
/// See [`super::Error`].
pub fn set_size(sql: &dyn Sql, id: i64, width: u32, height: u32) -> Result<()> {
    sql.execute(
        "UPDATE images SET width = $2, height = $3 WHERE id = $1",
        values![id, width, height],
    )?;
    Ok(())
}

/// Sets an image's focal point, or takes it away; tells whether there is such an image. Pictures that
/// follow the focal point have it in their keys, so that nothing else has to be told.
///
/// # Errors
/// See [`super::Error`].
pub fn set_focal_point(sql: &dyn Sql, id: i64, point: Option<FocalPoint>) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE images SET focal_x = $2, focal_y = $3 WHERE id = $1",
        values![id, point.map(FocalPoint::x), point.map(FocalPoint::y)],
    )?;
    Ok(changed == 1)
}

/// How many images have this status.
///
/// # Errors
/// See [`super::Error`].
pub fn count(sql: &dyn Sql, status: i64) -> Result<i64> {
    sql.query_one("SELECT COUNT(*) FROM images WHERE status = $1", values![status])?.int(0)
}

/// Raises the revision counter, after a write through the server; gives back its new value, or none
/// without such an image.
///
/// # Errors
/// See [`super::Error`].
pub fn raise_revision(sql: &dyn Sql, id: i64) -> Result<Option<i64>> {
    let row = sql.query_opt(
        "UPDATE images SET revision_counter = revision_counter + 1 WHERE id = $1 \
         RETURNING revision_counter",
        values![id],
    )?;
    row.map(|row| row.int(0)).transpose()
}
