//! Rows follow their files: what an image or a folder is called after a move.
//!
//! Ids stay, and with them titles, history, statistics and rights. A row that stood at the new path
//! belonged to a file that is gone: it keeps its id under a hidden path, where no file can be.

use super::error::Result;
use super::path_key::path_key;
use super::sql::{Sql, atomic};
use super::value::values;
use super::walk::{ids_of, range_below};
use super::{
    STATUS_ACTIVE, STATUS_DELETED, folder_permissions, folder_templates, folders, properties,
};

/// Where rows of gone files are kept: a hidden folder, as which none is served.
const GONE: &str = ".gone";

/// Paths up to this many characters are certainly their own keys.
const SHORT_CHARS: i64 = 240;

/// Rows that are renamed one by one at once.
const ROWS: u32 = 500;

/// Gives an image another path, and marks it active. The folder's rows are made when they are
/// missing.
///
/// # Errors
/// See [`super::Error`].
pub fn image(sql: &dyn Sql, id: i64, path: &str) -> Result<()> {
    atomic(sql, |sql| {
        let folder_id = folders::seen(sql, &folders::parent_path(path))?;
        if let Some(row) = sql.query_opt(
            "SELECT id FROM images WHERE path_key = $1 AND id <> $2",
            values![path_key(path), id],
        )? {
            set_aside_image(sql, row.int(0)?, path)?;
        }
        sql.execute(
            "UPDATE images SET path = $2, path_key = $3, folder_id = $4, status = $5, \
             missing_run = NULL WHERE id = $1",
            values![id, path, path_key(path), folder_id, STATUS_ACTIVE],
        )?;
        Ok(())
    })
}

fn set_aside_image(sql: &dyn Sql, id: i64, path: &str) -> Result<()> {
    let aside = format!("{GONE}/{id}/{path}");
    sql.execute(
        "UPDATE images SET path = $2, path_key = $3, status = $4, missing_run = NULL WHERE id = $1",
        values![id, aside.as_str(), path_key(&aside), STATUS_DELETED],
    )?;
    Ok(())
}

/// Gives a folder another path, with everything below it.
///
/// # Errors
/// See [`super::Error`].
pub fn folder(sql: &dyn Sql, from: &str, to: &str) -> Result<()> {
    let (from, to) = (folders::normal_path(from), folders::normal_path(to));
    atomic(sql, |sql| {
        if let Some(there) = folders::by_path(sql, &to)? {
            rename_below(sql, &to, &format!("/{GONE}/{}{to}", there.id), STATUS_DELETED)?;
        }
        let parent_id = folders::seen(sql, &folders::parent_path(&to))?;
        rename_below(sql, &from, &to, STATUS_ACTIVE)?;
        let name = to.rsplit('/').next().unwrap_or_default();
        sql.execute(
            "UPDATE folders SET parent_id = $2, name = $3, status = $4, name_order = $5, \
             name_lower = $6 WHERE path_key = $1",
            values![
                path_key(&to),
                parent_id,
                name,
                STATUS_ACTIVE,
                folders::stored_order(name),
                name.to_lowercase()
            ],
        )?;
        // Who holds rights holds them by path.
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(())
    })
}

/// Where a folder was before another took its place, if that is what has become of it.
#[must_use]
pub fn place_before(path: &str) -> Option<&str> {
    let (_id, old) =
        path.strip_prefix('/')?.strip_prefix(GONE)?.strip_prefix('/')?.split_once('/')?;
    Some(&path[path.len() - old.len() - 1..])
}

/// Gives the records of access and of templates of a folder, and of those below it, to another folder
/// and those below that: a group's record there is replaced. Gives back how many that were.
///
/// # Errors
/// See [`super::Error`].
pub fn records(sql: &dyn Sql, from: &str, to: &str) -> Result<u64> {
    let (from, to) = (folders::normal_path(from), folders::normal_path(to));
    let place = |path: &str| {
        let rest = path.strip_prefix(&from)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{to}{rest}"))
    };
    atomic(sql, |sql| {
        let mut moved = 0;
        for record in folder_permissions::all(sql)? {
            if let Some(path) = place(&record.folder_path) {
                let folder = folders::seen(sql, &path)?;
                folder_permissions::set(sql, folder, record.group_id, record.access)?;
                folder_permissions::remove(sql, record.folder_id, record.group_id)?;
                moved += 1;
            }
        }
        for record in folder_templates::all(sql)? {
            if let Some(path) = place(&record.folder_path) {
                let at = (folders::seen(sql, &path)?, record.group_id);
                folder_templates::set(sql, at, record.required, record.template_id)?;
                let before = (record.folder_id, record.group_id);
                folder_templates::remove(sql, before, record.required)?;
                moved += 1;
            }
        }
        Ok(moved)
    })
}

/// Renames the rows of a folder and of all below it. `STATUS_DELETED` marks all of them so; with
/// `STATUS_ACTIVE` each keeps its own status.
fn rename_below(sql: &dyn Sql, from: &str, to: &str, status: i64) -> Result<()> {
    let (first, end) = range_below(from);
    let skip = char_count(from);
    // "$2 || substr(path, …)" is the new path; the folder itself is its own prefix.
    for (table, to, skip) in [("folders", to, skip), ("images", &to[1..], skip - 1)] {
        let (first, end, own) = if table == "folders" {
            (first.as_str(), end.as_str(), from)
        } else {
            (&first[1..], &end[1..], "")
        };
        for (after, last) in ids_of(sql, table)? {
            sql.execute(
                &format!(
                    "UPDATE {table} SET path = $4 || substr(path, CAST($5 AS INTEGER)), \
                     path_key = $4 || substr(path, CAST($5 AS INTEGER)), \
                     status = CASE WHEN $6 = {STATUS_DELETED} THEN $6 ELSE status END \
                     WHERE id > $7 AND id <= $8 AND ((path >= $1 AND path < $2) OR path = $3) \
                     AND length(path) + length($4) <= {SHORT_CHARS}"
                ),
                values![first, end, own, to, skip + 1, status, after, last],
            )?;
        }
        loop {
            let long = sql.query(
                &format!(
                    "SELECT id, path FROM {table} \
                     WHERE (path >= $1 AND path < $2) OR path = $3 LIMIT {ROWS}"
                ),
                values![first, end, own],
            )?;
            if long.is_empty() {
                break;
            }
            for row in long {
                let old = row.text(1)?;
                let own_part = old.get(own_bytes(table, from)..).unwrap_or_default();
                let path = format!("{to}{own_part}");
                sql.execute(
                    &format!(
                        "UPDATE {table} SET path = $2, path_key = $3, \
                         status = CASE WHEN $4 = {STATUS_DELETED} THEN $4 ELSE status END \
                         WHERE id = $1"
                    ),
                    values![row.int(0)?, path.as_str(), path_key(&path), status],
                )?;
            }
        }
    }
    Ok(())
}

fn own_bytes(table: &str, from: &str) -> usize {
    if table == "folders" { from.len() } else { from.len() - 1 }
}

fn char_count(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}
