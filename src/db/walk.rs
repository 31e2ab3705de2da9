//! What a walk over the library's files asks and notes of folders and images, in pieces of bounded
//! size. A walk has a number; what it met carries that number, so that it can be taken up again after
//! an interruption, and what it missed is known before anything is marked deleted.

use super::error::Result;
use super::folders::{self, ROOT};
use super::path_key::path_key;
use super::sql::Sql;
use super::value::{Value, values};
use super::{STATUS_ACTIVE, STATUS_DELETED};

/// What is known of a file that a walk meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// The id of its row.
    pub id: i64,
    /// Its path.
    pub path: String,
    /// Whether the row is active.
    pub active: bool,
    /// Length when it was last seen.
    pub size_bytes: Option<i64>,
    /// Modification time when it was last seen, in nanoseconds.
    pub mtime_ns: Option<i64>,
}

/// A folder that waits to be walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingFolder {
    /// Its id.
    pub id: i64,
    /// Its path, as rows hold it.
    pub path: String,
}

/// A file that a walk missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The id of its row.
    pub id: i64,
    /// Its path.
    pub path: String,
    /// Length when it was last seen.
    pub size_bytes: Option<i64>,
    /// Modification time when it was last seen, in nanoseconds.
    pub mtime_ns: Option<i64>,
}

/// Makes the rows of a folder, and notes that a walk has met it. Gives back its id.
///
/// # Errors
/// See [`super::Error`].
pub fn meet_folder(sql: &dyn Sql, path: &str, run: i64) -> Result<i64> {
    let id = folders::seen(sql, path)?;
    sql.execute(
        "UPDATE folders SET seen_run = $2 WHERE id = $1 AND seen_run < $2",
        values![id, run],
    )?;
    Ok(id)
}

/// Notes that a walk has met a folder with all that lies below it, without going through it: it
/// cannot be read now, so nothing in it is missed.
///
/// # Errors
/// See [`super::Error`].
pub fn pass_over(sql: &dyn Sql, path: &str, run: i64) -> Result<()> {
    let path = folders::normal_path(path);
    let (from, to) = range_below(&path);
    sql.execute(
        "UPDATE folders SET seen_run = $1, walked_run = $1 WHERE path = $2 \
         OR (path >= $3 AND path < $4)",
        values![run, path, from, to],
    )?;
    Ok(())
}

/// The first and the first-not-any-more of the paths below a folder: all begin with `PATH/`.
pub(super) fn range_below(path: &str) -> (String, String) {
    if path == ROOT { ("/".into(), "0".into()) } else { (format!("{path}/"), format!("{path}0")) }
}

/// Rows of a table that one statement goes through at most: what has to do with many images is done in
/// parts, so that no statement takes longer than statements may.
const ROWS_OF_STATEMENT: i64 = 50_000;

/// All ids of images, in ranges that one statement can go through: each from beyond the first number to
/// the second one.
pub(super) fn ids_of_images(sql: &dyn Sql) -> Result<Vec<(i64, i64)>> {
    ids_of(sql, "images")
}

/// The same of any table.
pub(super) fn ids_of(sql: &dyn Sql, table: &'static str) -> Result<Vec<(i64, i64)>> {
    let row = sql.query_one(&format!("SELECT MAX(id) FROM {table}"), &[])?;
    let highest = row.opt_int(0)?.unwrap_or(0);
    let starts = (0..highest).step_by(ROWS_OF_STATEMENT as usize);
    Ok(starts.map(|after| (after, after + ROWS_OF_STATEMENT)).collect())
}

/// The next folders to go through.
///
/// # Errors
/// See [`super::Error`].
pub fn next_folders(sql: &dyn Sql, run: i64, limit: u32) -> Result<Vec<WaitingFolder>> {
    let rows = sql.query(
        "SELECT id, path FROM folders WHERE seen_run = $1 AND walked_run < $1 AND status = $2 \
         ORDER BY id LIMIT $3",
        values![run, STATUS_ACTIVE, limit],
    )?;
    rows.iter().map(|row| Ok(WaitingFolder { id: row.int(0)?, path: row.text(1)? })).collect()
}

/// Notes that a walk has been through a folder.
///
/// # Errors
/// See [`super::Error`].
pub fn walked(sql: &dyn Sql, folder_id: i64, run: i64) -> Result<()> {
    sql.execute("UPDATE folders SET walked_run = $2 WHERE id = $1", values![folder_id, run])?;
    Ok(())
}

/// What is known of the files at these paths, in no order.
///
/// # Errors
/// See [`super::Error`].
pub fn known_files(sql: &dyn Sql, paths: &[&str]) -> Result<Vec<KnownFile>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let numbers: Vec<String> = (1..=paths.len()).map(|number| format!("${number}")).collect();
    let statement = format!(
        "SELECT id, path, status, size_bytes, mtime_ns FROM images WHERE path_key IN ({})",
        numbers.join(", ")
    );
    let keys: Vec<Value> = paths.iter().map(|path| path_key(path).into()).collect();
    let rows = sql.query(&statement, &keys)?;
    rows.iter()
        .map(|row| {
            Ok(KnownFile {
                id: row.int(0)?,
                path: row.text(1)?,
                active: row.int(2)? == STATUS_ACTIVE,
                size_bytes: row.opt_int(3)?,
                mtime_ns: row.opt_int(4)?,
            })
        })
        .collect()
}

/// The next active images of a folder after an id, as (id, path).
///
/// # Errors
/// See [`super::Error`].
pub fn in_folder_after(
    sql: &dyn Sql,
    folder_id: i64,
    id: i64,
    limit: u32,
) -> Result<Vec<(i64, String)>> {
    let rows = sql.query(
        "SELECT id, path FROM images WHERE folder_id = $1 AND id > $2 AND status = $3 \
         ORDER BY id LIMIT $4",
        values![folder_id, id, STATUS_ACTIVE, limit],
    )?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

/// The next active images of a folder and all below it, after an id, as (id, path).
///
/// # Errors
/// See [`super::Error`].
pub fn below_after(sql: &dyn Sql, folder: &str, id: i64, limit: u32) -> Result<Vec<(i64, String)>> {
    let path = folders::normal_path(folder);
    let (first, end) = range_below(&path);
    let rows = sql.query(
        "SELECT id, path FROM images WHERE path >= $1 AND path < $2 AND id > $3 AND status = $4 \
         ORDER BY id LIMIT $5",
        values![&first[1..], end.get(1..).unwrap_or_default(), id, STATUS_ACTIVE, limit],
    )?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

/// Takes back that a walk met a folder: it is gone by now.
///
/// # Errors
/// See [`super::Error`].
pub fn unmeet(sql: &dyn Sql, folder_id: i64, run: i64) -> Result<()> {
    sql.execute("UPDATE folders SET seen_run = $2 WHERE id = $1", values![folder_id, run - 1])?;
    Ok(())
}

/// Notes that a folder is there after all.
///
/// # Errors
/// See [`super::Error`].
pub fn meet_again(sql: &dyn Sql, path: &str, run: i64) -> Result<()> {
    sql.execute(
        "UPDATE folders SET seen_run = $2 WHERE path_key = $1",
        values![path_key(path), run],
    )?;
    Ok(())
}

/// Whether there is any active image.
///
/// # Errors
/// See [`super::Error`].
pub fn any_active(sql: &dyn Sql) -> Result<bool> {
    let row =
        sql.query_opt("SELECT id FROM images WHERE status = $1 LIMIT 1", values![STATUS_ACTIVE])?;
    Ok(row.is_some())
}

/// An active image as one whose file is missing.
///
/// # Errors
/// See [`super::Error`].
pub fn as_missing(sql: &dyn Sql, image_id: i64) -> Result<Option<Missing>> {
    let row = sql.query_opt(
        "SELECT id, path, size_bytes, mtime_ns FROM images WHERE id = $1 AND status = $2",
        values![image_id, STATUS_ACTIVE],
    )?;
    row.as_ref().map(read_missing).transpose()
}

fn read_missing(row: &super::value::Row) -> Result<Missing> {
    Ok(Missing {
        id: row.int(0)?,
        path: row.text(1)?,
        size_bytes: row.opt_int(2)?,
        mtime_ns: row.opt_int(3)?,
    })
}

/// Notes that a walk missed an image's file.
///
/// # Errors
/// See [`super::Error`].
pub fn miss(sql: &dyn Sql, image_id: i64, run: i64) -> Result<()> {
    sql.execute("UPDATE images SET missing_run = $2 WHERE id = $1", values![image_id, run])?;
    Ok(())
}

/// Adds what lies in folders that a finished walk did not meet to what it missed. The folders
/// themselves are told by [`unmet_folders`].
///
/// # Errors
/// See [`super::Error`].
pub fn miss_unmet(sql: &dyn Sql, run: i64) -> Result<()> {
    sql.execute(
        "UPDATE images SET missing_run = $1 WHERE status = $2 AND folder_id IN \
         (SELECT id FROM folders WHERE status = $2 AND seen_run < $1)",
        values![run, STATUS_ACTIVE],
    )?;
    Ok(())
}

/// Active folders that a finished walk did not meet, those above before those within.
///
/// # Errors
/// See [`super::Error`].
pub fn unmet_folders(sql: &dyn Sql, run: i64, limit: u32) -> Result<Vec<String>> {
    let rows = sql.query(
        "SELECT path FROM folders WHERE status = $2 AND seen_run < $1 ORDER BY path LIMIT $3",
        values![run, STATUS_ACTIVE, limit],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// How many active images there are, and how many of them a walk missed.
///
/// # Errors
/// See [`super::Error`].
pub fn count_missing(sql: &dyn Sql, run: i64) -> Result<(i64, i64)> {
    let row = sql.query_one(
        "SELECT COUNT(*), COUNT(CASE WHEN missing_run = $1 THEN 1 END) FROM images \
         WHERE status = $2",
        values![run, STATUS_ACTIVE],
    )?;
    Ok((row.int(0)?, row.int(1)?))
}

/// The next files that a walk missed, after an id.
///
/// # Errors
/// See [`super::Error`].
pub fn missing_after(sql: &dyn Sql, run: i64, id: i64, limit: u32) -> Result<Vec<Missing>> {
    let rows = sql.query(
        "SELECT id, path, size_bytes, mtime_ns FROM images WHERE missing_run = $1 AND id > $2 \
         AND status = $3 ORDER BY id LIMIT $4",
        values![run, id, STATUS_ACTIVE, limit],
    )?;
    rows.iter().map(read_missing).collect()
}

/// An active image that may be the file that was missed, come up at another path: it was first seen
/// at or after `since_ms`, and is the only one of this length and time, as the missed one is. Gives
/// back its id and path.
///
/// # Errors
/// See [`super::Error`].
pub fn came_up(
    sql: &dyn Sql,
    missing: &Missing,
    run: i64,
    since_ms: i64,
) -> Result<Option<(i64, String)>> {
    let (Some(size_bytes), Some(mtime_ns)) = (missing.size_bytes, missing.mtime_ns) else {
        return Ok(None);
    };
    let rows = sql.query(
        "SELECT id, path, first_seen_ms >= $4 AND title = '' AND description = '' \
         AND (missing_run IS NULL OR missing_run < $3) FROM images \
         WHERE size_bytes = $1 AND mtime_ns = $2 AND status = $5 AND id <> $6 LIMIT 2",
        values![size_bytes, mtime_ns, run, since_ms, STATUS_ACTIVE, missing.id],
    )?;
    match rows.as_slice() {
        [row] if size_bytes > 0 && row.bool(2)? => Ok(Some((row.int(0)?, row.text(1)?))),
        _ => Ok(None),
    }
}

/// Marks a missed image deleted; tells whether it was still active and missed.
///
/// # Errors
/// See [`super::Error`].
pub fn sweep(sql: &dyn Sql, image_id: i64, run: i64) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE images SET status = $3, missing_run = NULL \
         WHERE id = $1 AND missing_run = $2 AND status = $4",
        values![image_id, run, STATUS_DELETED, STATUS_ACTIVE],
    )?;
    Ok(changed == 1)
}

/// Takes back that a file was missed: it is there.
///
/// # Errors
/// See [`super::Error`].
pub fn found_again(sql: &dyn Sql, image_id: i64) -> Result<()> {
    sql.execute("UPDATE images SET missing_run = NULL WHERE id = $1", values![image_id])?;
    Ok(())
}

/// Whether a folder has records of access or of templates of its own.
///
/// # Errors
/// See [`super::Error`].
pub fn has_own_records(sql: &dyn Sql, path: &str) -> Result<bool> {
    let row = sql.query_opt(
        "SELECT f.id FROM folders f WHERE f.path_key = $1 AND f.id IN \
         (SELECT folder_id FROM folder_permissions UNION ALL \
         SELECT folder_id FROM folder_templates) LIMIT 1",
        values![path_key(path)],
    )?;
    Ok(row.is_some())
}

/// Marks one folder deleted, and nothing in it.
///
/// # Errors
/// See [`super::Error`].
pub fn sweep_folder(sql: &dyn Sql, path: &str) -> Result<()> {
    sql.execute(
        "UPDATE folders SET status = $1 WHERE path_key = $2 AND path <> $3",
        values![STATUS_DELETED, path_key(path), ROOT],
    )?;
    Ok(())
}

/// Notes that a folder is a mount point on a host.
///
/// # Errors
/// See [`super::Error`].
pub fn set_mount(sql: &dyn Sql, folder_id: i64, host: &str, device: i64) -> Result<()> {
    sql.execute(
        "INSERT INTO folder_mounts (folder_id, host, device) VALUES ($1, $2, $3) \
         ON CONFLICT (folder_id, host) DO UPDATE SET device = $3",
        values![folder_id, host, device],
    )?;
    Ok(())
}

/// The device that was mounted at a folder when a host last saw it, if it was a mount point.
///
/// # Errors
/// See [`super::Error`].
pub fn mount(sql: &dyn Sql, folder_id: i64, host: &str) -> Result<Option<i64>> {
    let row = sql.query_opt(
        "SELECT device FROM folder_mounts WHERE folder_id = $1 AND host = $2",
        values![folder_id, host],
    )?;
    row.map(|row| row.int(0)).transpose()
}

/// Forgets which folders were mount points on a host.
///
/// # Errors
/// See [`super::Error`].
pub fn forget_mounts(sql: &dyn Sql, host: &str) -> Result<()> {
    sql.execute("DELETE FROM folder_mounts WHERE host = $1", values![host])?;
    Ok(())
}
