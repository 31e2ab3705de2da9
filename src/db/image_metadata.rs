//! What the files themselves say: read once, kept until a file changes or the reader gets better.

use std::collections::HashMap;

use super::STATUS_ACTIVE;
use super::bulk::id_list;
use super::error::Result;
use super::sql::Sql;
use super::value::{Row, values};

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageMetadata {
    /// Why the file could not be read; the rest is empty then.
    pub error: Option<String>,
    /// The format's name.
    pub format: String,
    /// Pages or frames.
    pub pages: i64,
    /// When it was taken, by the camera's clock taken for UTC, in milliseconds since 1970.
    pub taken_ms: Option<i64>,
    /// The camera's maker and model.
    pub camera: String,
    /// Where it was taken, in degrees, north and east positive.
    pub position: Option<(f64, f64)>,
    /// Title or headline.
    pub headline: String,
    /// Caption.
    pub caption: String,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Who made it.
    pub creator: String,
    /// Whose it is.
    pub copyright: String,
}

/// The state of a file that was read, and by which version of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadState {
    /// The reader's version.
    pub reader: i64,
    /// Length.
    pub size_bytes: i64,
    /// Modification time in nanoseconds.
    pub mtime_ns: i64,
    /// Counter of writes through the server.
    pub revision_counter: i64,
}

/// An image whose file has to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The image.
    pub id: i64,
    /// Its path.
    pub path: String,
}

/// Notes what a file says.
///
/// # Errors
/// See [`super::Error`].
pub fn put(sql: &dyn Sql, image_id: i64, state: &ReadState, read: &ImageMetadata) -> Result<()> {
    sql.execute(
        "INSERT INTO image_metadata (image_id, reader, size_bytes, mtime_ns, revision_counter, \
         error, format, pages, taken_ms, camera, latitude, longitude, headline, caption, keywords, \
         creator, copyright) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
         ON CONFLICT (image_id) DO UPDATE SET reader = $2, size_bytes = $3, mtime_ns = $4, \
         revision_counter = $5, error = $6, format = $7, pages = $8, taken_ms = $9, camera = $10, \
         latitude = $11, longitude = $12, headline = $13, caption = $14, keywords = $15, \
         creator = $16, copyright = $17",
        values![
            image_id,
            state.reader,
            state.size_bytes,
            state.mtime_ns,
            state.revision_counter,
            read.error.clone(),
            read.format.as_str(),
            read.pages,
            read.taken_ms,
            read.camera.as_str(),
            read.position.map(|(latitude, _)| latitude),
            read.position.map(|(_, longitude)| longitude),
            read.headline.as_str(),
            read.caption.as_str(),
            read.keywords.join("\n"),
            read.creator.as_str(),
            read.copyright.as_str(),
        ],
    )?;
    Ok(())
}

/// What an image's file says, as far as it was read.
///
/// # Errors
/// See [`super::Error`].
pub fn get(sql: &dyn Sql, image_id: i64) -> Result<Option<ImageMetadata>> {
    let row = sql.query_opt(
        &format!("SELECT {COLUMNS} FROM image_metadata WHERE image_id = $1"),
        values![image_id],
    )?;
    row.as_ref().map(read).transpose()
}

/// What the files of some images say, by their ids, as far as they were read.
///
/// # Errors
/// See [`super::Error`].
pub fn of_images(sql: &dyn Sql, ids: &[i64]) -> Result<HashMap<i64, ImageMetadata>> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS}, image_id FROM image_metadata WHERE image_id IN ({})",
            id_list(ids)
        ),
        &[],
    )?;
    rows.iter().map(|row| Ok((row.int(12)?, read(row)?))).collect()
}

/// What [`read`] reads.
const COLUMNS: &str = "error, format, pages, taken_ms, camera, latitude, longitude, headline, \
     caption, keywords, creator, copyright";

fn read(row: &Row) -> Result<ImageMetadata> {
    Ok(ImageMetadata {
        error: row.opt_text(0)?,
        format: row.text(1)?,
        pages: row.int(2)?,
        taken_ms: row.opt_int(3)?,
        camera: row.text(4)?,
        position: row.opt_real(5)?.zip(row.opt_real(6)?),
        headline: row.text(7)?,
        caption: row.text(8)?,
        keywords: row.text(9)?.lines().map(str::to_owned).collect(),
        creator: row.text(10)?,
        copyright: row.text(11)?,
    })
}

/// The next active images after an id whose files were not read as they are now, or by an older
/// reader. Files that were never looked at are left out.
///
/// # Errors
/// See [`super::Error`].
pub fn unread_after(sql: &dyn Sql, reader: i64, id: i64, limit: u32) -> Result<Vec<Unread>> {
    let rows = sql.query(
        "SELECT i.id, i.path FROM images i LEFT JOIN image_metadata m ON m.image_id = i.id \
         WHERE i.id > $1 AND i.status = $2 AND i.size_bytes IS NOT NULL \
         AND (m.image_id IS NULL OR m.reader < $3 OR m.size_bytes <> i.size_bytes \
         OR m.mtime_ns <> i.mtime_ns OR m.revision_counter <> i.revision_counter) \
         ORDER BY i.id LIMIT $4",
        values![id, STATUS_ACTIVE, reader, limit],
    )?;
    rows.iter().map(|row| Ok(Unread { id: row.int(0)?, path: row.text(1)? })).collect()
}
