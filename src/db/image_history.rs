//! What was done to each image through the server, and what walks over the files have found.

use super::error::Result;
pub use super::history::Entry;
use super::history::entries;
use super::sql::Sql;
use super::value::values;
use super::walk::{ids_of_images, range_below};
use super::{STATUS_ACTIVE, folders, now_ms};

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

/// Notes what was done to every active image in and below a folder, in few statements however many
/// there are. Gives back how many that was.
///
/// # Errors
/// See [`super::Error`].
pub fn add_below(
    sql: &dyn Sql,
    folder: &str,
    user_id: Option<i64>,
    action: Action,
    detail: &str,
) -> Result<u64> {
    let (first, end) = range_below(&folders::normal_path(folder));
    let mut noted = 0;
    for (after, last) in ids_of_images(sql)? {
        noted += sql.execute(
            "INSERT INTO image_history (image_id, user_id, action, detail, at_ms) \
             SELECT id, CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), \
             CAST($4 AS BIGINT) FROM images \
             WHERE id > $5 AND id <= $6 AND path >= $7 AND path < $8 AND status = $9",
            values![
                user_id,
                i64::from(action as u8),
                detail,
                now_ms(),
                after,
                last,
                &first[1..],
                end.get(1..).unwrap_or_default(),
                STATUS_ACTIVE,
            ],
        )?;
    }
    Ok(noted)
}

/// What is said of a file that was moved, before the path where it was.
const MOVED: [&str; 2] = ["moved from ", "moved on disk from "];

/// What is said of a file that was moved with a folder, before the path where that was.
const MOVED_WITH_FOLDER: &str = "moved with its folder from ";

/// What is said of a file that was moved through the server.
#[must_use]
pub fn moved_from(path: &str) -> String {
    format!("{}{path}", MOVED[0])
}

/// What is said of a file that somebody has moved on disk.
#[must_use]
pub fn moved_on_disk_from(path: &str) -> String {
    format!("{}{path}", MOVED[1])
}

/// What is said of a file whose folder, or one above it, was moved.
#[must_use]
pub fn moved_with_folder_from(folder: &str) -> String {
    format!("{MOVED_WITH_FOLDER}{folder}")
}

impl Entry {
    /// Whether it may be told to somebody who sees these folders: where a file or a folder was before may be for
    /// others to know.
    #[must_use]
    pub fn is_for(&self, sees: impl Fn(&str) -> bool) -> bool {
        if let Some(folder) = self.detail.strip_prefix(MOVED_WITH_FOLDER) {
            // Its own rights went with it, and another folder may stand there now: the one above counts, too.
            return sees(folder) && sees(&folders::parent_path(folder));
        }
        let old = MOVED.iter().find_map(|words| self.detail.strip_prefix(words));
        old.is_none_or(|path| sees(&folders::parent_path(path)))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_something_was_is_told_to_who_sees_the_place() {
        let entry = |detail: String| Entry { id: 1, user_id: None, action: 4, detail, at_ms: 0 };
        let sees = |folder: &str| !folder.starts_with("/shut");
        for (detail, told) in [
            (moved_from("open/a.png"), true),
            (moved_from("shut/a.png"), false),
            (moved_from("shut.png"), true),
            (moved_on_disk_from("shut/in/a.png"), false),
            (moved_with_folder_from("/open/in"), true),
            (moved_with_folder_from("/shut"), false),
            (moved_with_folder_from("/shut/in"), false),
            ("Uploaded".to_owned(), true),
        ] {
            assert_eq!(entry(detail.clone()).is_for(sees), told, "{detail}");
        }
        let within = entry(moved_with_folder_from("/above/in"));
        assert!(!within.is_for(|folder| folder == "/above/in"), "what it lay in is closed");
    }
}
