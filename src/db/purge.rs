//! Deleting the rows of images and folders that are only marked deleted. Their ids are not used
//! again.

use super::STATUS_DELETED;
use super::error::Result;
use super::folders::{ROOT, normal_path};
use super::path_key::path_key;
use super::properties;
use super::sql::{Sql, atomic};
use super::value::values;

/// The paths that a folder and what lies below it have: itself, and from here to before there.
pub(super) fn bounds(folder: &str) -> (String, String, String) {
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

/// Which made pictures are to be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made<'a> {
    /// Those of one original.
    OfImage(&'a str),
    /// Those of all originals in and below a folder; the root's are all there are.
    Below(&'a str),
}

/// Has made pictures made anew, as if their originals had been written again: what caches hold of them is
/// not asked for any more. Gives back of how many originals.
///
/// # Errors
/// See [`super::Error`].
pub fn made_pictures(sql: &dyn Sql, made: Made<'_>) -> Result<u64> {
    atomic(sql, |sql| {
        const RAISE: &str = "UPDATE images SET revision_counter = revision_counter + 1";
        let raised = match made {
            Made::OfImage(path) => sql.execute(
                &format!("{RAISE} WHERE path_key = $1"),
                values![path_key(path.trim_matches('/'))],
            )?,
            Made::Below(folder) => {
                let (path, from, to) = bounds(folder);
                sql.execute(
                    &format!(
                        "{RAISE} WHERE folder_id IN (SELECT id FROM folders \
                         WHERE path = $1 OR (path >= $2 AND path < $3))"
                    ),
                    values![path.as_str(), from.as_str(), to.as_str()],
                )?
            }
        };
        properties::bump(sql, properties::PURGES)?;
        Ok(raised)
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
