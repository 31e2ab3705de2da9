//! Deleting the rows of images and folders that are only marked deleted. Their ids are not used
//! again.

use super::STATUS_DELETED;
use super::error::Result;
use super::folders::{ROOT, normal_path};
use super::properties;
use super::sql::{Sql, atomic};
use super::value::values;

/// The paths that a folder and what lies below it have: itself, and from here to before there.
fn bounds(folder: &str) -> (String, String, String) {
    let path = normal_path(folder);
    let below = if path == ROOT { String::new() } else { path.clone() };
    // Every path below starts with "PATH/", hence sorts from there to before "PATH0".
    (path, format!("{below}/"), format!("{below}0"))
}

/// Deletes some of the images in and below a folder that are marked deleted, at most `limit`, with
/// their statistics; gives back how many.
///
/// # Errors
/// See [`super::Error`].
pub fn deleted_images(sql: &dyn Sql, folder: &str, limit: u32) -> Result<u64> {
    let (path, from, to) = bounds(folder);
    atomic(sql, |sql| {
        let rows = sql.query(
            "SELECT i.id FROM images i JOIN folders f ON f.id = i.folder_id WHERE i.status = $1 \
             AND (f.path = $2 OR (f.path >= $3 AND f.path < $4)) ORDER BY i.id LIMIT $5",
            values![STATUS_DELETED, path.as_str(), from.as_str(), to.as_str(), limit],
        )?;
        for row in &rows {
            let id = row.int(0)?;
            sql.execute("DELETE FROM image_stats WHERE image_id = $1", values![id])?;
            sql.execute("DELETE FROM images WHERE id = $1", values![id])?;
        }
        Ok(rows.len() as u64)
    })
}

/// Deletes some of the folders in and below a folder that are marked deleted and hold nothing, at
/// most `limit`, with their permissions; gives back how many. The root stays.
///
/// # Errors
/// See [`super::Error`].
pub fn deleted_folders(sql: &dyn Sql, folder: &str, limit: u32) -> Result<u64> {
    let (path, from, to) = bounds(folder);
    atomic(sql, |sql| {
        let deleted = sql.execute(
            "DELETE FROM folders WHERE id IN (SELECT f.id FROM folders f WHERE f.status = $1 \
             AND f.parent_id IS NOT NULL AND (f.path = $2 OR (f.path >= $3 AND f.path < $4)) \
             AND NOT EXISTS (SELECT 1 FROM folders c WHERE c.parent_id = f.id) \
             AND NOT EXISTS (SELECT 1 FROM images i WHERE i.folder_id = f.id) LIMIT $5)",
            values![STATUS_DELETED, path.as_str(), from.as_str(), to.as_str(), limit],
        )?;
        if deleted > 0 {
            properties::bump(sql, properties::RIGHTS_VERSION)?;
        }
        Ok(deleted)
    })
}
