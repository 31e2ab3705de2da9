//! Folders of the repository: rows for those that were seen, marked deleted when they vanish.
//!
//! A folder's path starts with a slash and has none at its end; `/` is the root. Paths are compared
//! byte for byte.

use super::error::Result;
use super::name_order::name_order;
use super::path_key::path_key;
use super::sql::{Sql, atomic};
use super::value::{Row, Value, values};
use super::{STATUS_ACTIVE, STATUS_DELETED, now_ms};

/// The root folder's path.
pub const ROOT: &str = "/";

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: i64,
    /// Its path.
    pub path: String,
    /// The last part of its path; empty for the root.
    pub name: String,
    /// The folder it lies in; none for the root.
    pub parent_id: Option<i64>,
    /// [`super::STATUS_ACTIVE`] or [`super::STATUS_DELETED`].
    pub status: i64,
}

fn read(row: &Row) -> Result<Folder> {
    Ok(Folder {
        id: row.int(0)?,
        path: row.text(1)?,
        name: row.text(2)?,
        parent_id: row.opt_int(3)?,
        status: row.int(4)?,
    })
}

/// A path in the form in which rows hold it: one slash in front, none at the end.
#[must_use]
pub fn normal_path(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// The path of the folder that an image or folder lies in; the root for the root itself.
#[must_use]
pub fn parent_path(path: &str) -> String {
    let path = path.trim_matches('/');
    path.rfind('/').map_or_else(|| ROOT.to_owned(), |at| normal_path(&path[..at]))
}

/// The folder with this path, deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn by_path(sql: &dyn Sql, path: &str) -> Result<Option<Folder>> {
    let row = sql.query_opt(
        "SELECT id, path, name, parent_id, status FROM folders WHERE path_key = $1",
        values![path_key(&normal_path(path))],
    )?;
    row.as_ref().map(read).transpose()
}

/// The folder with this id, deleted ones too.
///
/// # Errors
/// See [`super::Error`].
pub fn by_id(sql: &dyn Sql, id: i64) -> Result<Option<Folder>> {
    let row = sql.query_opt(
        "SELECT id, path, name, parent_id, status FROM folders WHERE id = $1",
        values![id],
    )?;
    row.as_ref().map(read).transpose()
}

/// The folders right in a folder, by path; of one status, or of both without.
///
/// # Errors
/// See [`super::Error`].
pub fn children(sql: &dyn Sql, id: i64, status: Option<i64>) -> Result<Vec<Folder>> {
    let rows = sql.query(
        "SELECT id, path, name, parent_id, status FROM folders WHERE parent_id = $1 \
         AND status = COALESCE($2, status) ORDER BY path",
        values![id, status],
    )?;
    rows.iter().map(read).collect()
}

/// Which of the folders right in a folder are told of, by their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All but these.
    AllBut(Vec<String>),
    /// No others than these.
    Only(Vec<String>),
}

impl Which {
    /// All of them.
    pub const ALL: Self = Self::AllBut(Vec::new());

    /// Whether a folder is one of them.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        match self {
            Self::AllBut(paths) => paths.iter().all(|other| other != path),
            Self::Only(paths) => paths.iter().any(|other| other == path),
        }
    }
}

/// The active folders right in a folder that are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Within<'a> {
    /// The folder that they lie in.
    pub parent_id: i64,
    /// Which of them.
    pub which: &'a Which,
    /// What their names have in them, whatever its case; blank for anything.
    pub named: &'a str,
}

impl Within<'_> {
    /// How many there are.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub fn count(&self, sql: &dyn Sql) -> Result<usize> {
        let (from, given) = self.rows()?;
        let count = sql.query_one(&format!("SELECT COUNT(*) {from}"), &given)?.int(0)?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Some of them, in the order of their names.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub fn page(&self, sql: &dyn Sql, start: usize, limit: usize) -> Result<Vec<Folder>> {
        let (from, mut given) = self.rows()?;
        for number in [limit, start] {
            given.push(i64::try_from(number).unwrap_or(i64::MAX).into());
        }
        let statement = format!(
            "SELECT id, path, name, parent_id, status {from} \
             ORDER BY name_order, path LIMIT ${} OFFSET ${}",
            given.len() - 1,
            given.len()
        );
        sql.query(&statement, &given)?.iter().map(read).collect()
    }

    /// What follows the columns that are asked for, and its values.
    fn rows(&self) -> Result<(String, Vec<Value>)> {
        let mut conditions = String::new();
        let mut given = Vec::new();
        let (word, paths) = match self.which {
            Which::AllBut(paths) => ("NOT IN", paths),
            Which::Only(paths) => ("IN", paths),
        };
        if *self.which != Which::ALL {
            // The dialect's text knows the list as $1.
            let keys: Vec<String> = paths.iter().map(|path| path_key(path)).collect();
            let list = serde_json::to_string(&keys);
            given.push(list.map_err(|error| super::Error::Statement(error.to_string()))?.into());
            conditions = format!(" AND path_key {word} ({{texts_of_1}})");
        }
        let mut place = |value: Value| {
            given.push(value);
            format!("${}", given.len())
        };
        let (parent, status) = (place(self.parent_id.into()), place(STATUS_ACTIVE.into()));
        if !self.named.is_empty() {
            let named = place(self.named.to_lowercase().into());
            conditions.push_str(&format!(" AND {{contains}}(name_lower, {named}) > 0"));
        }
        let from =
            format!("FROM folders WHERE parent_id = {parent} AND status = {status}{conditions}");
        Ok((from, given))
    }
}

/// Says of rows what folders are put in order and found by ([`Within`]), where an earlier program has left that out.
///
/// # Errors
/// See [`super::Error`].
pub fn put_in_order(sql: &dyn Sql) -> Result<()> {
    loop {
        let rows =
            sql.query("SELECT id, name FROM folders WHERE name_order IS NULL LIMIT 500", &[])?;
        let names = rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?)));
        let mut names = names.collect::<Result<Vec<_>>>()?;
        if names.is_empty() {
            return Ok(());
        }
        // In one order, as every transaction takes its locks.
        names.sort_unstable();
        atomic(sql, |sql| {
            for (id, name) in &names {
                let (order, lower) = (stored_order(name), name.to_lowercase());
                sql.execute(
                    "UPDATE folders SET name_order = $2, name_lower = $3 \
                     WHERE id = $1 AND name = $4",
                    values![*id, order, lower, name.as_str()],
                )?;
            }
            Ok(())
        })?;
    }
}

/// PostgreSQL indexes values up to about 2,700 bytes. Beyond this, names are as good as the same.
const LONGEST_ORDER_BYTES: usize = 1000;

/// What a folder's row says of the order of its name.
#[must_use]
pub fn stored_order(name: &str) -> String {
    let mut order = name_order(name);
    order.truncate(order.floor_char_boundary(LONGEST_ORDER_BYTES));
    order
}

/// The folders that a folder lies in, from the root downwards; none for the root.
///
/// # Errors
/// See [`super::Error`].
pub fn above(sql: &dyn Sql, path: &str) -> Result<Vec<Folder>> {
    let mut keys = Vec::new();
    let mut path = normal_path(path);
    while path != ROOT {
        path = parent_path(&path);
        keys.push(path_key(&path));
    }
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let list =
        serde_json::to_string(&keys).map_err(|error| super::Error::Statement(error.to_string()))?;
    let rows = sql.query(
        "SELECT id, path, name, parent_id, status FROM folders WHERE path_key IN ({texts_of_1})",
        values![list],
    )?;
    let mut found = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    found.sort_by_key(|folder| folder.path.len());
    Ok(found)
}

/// Whether a folder was first seen at or after a moment.
///
/// # Errors
/// See [`super::Error`].
pub fn is_new(sql: &dyn Sql, path: &str, since_ms: i64) -> Result<bool> {
    let row = sql.query_opt(
        "SELECT id FROM folders WHERE path_key = $1 AND first_seen_ms >= $2",
        values![path_key(&normal_path(path)), since_ms],
    )?;
    Ok(row.is_some())
}

/// The paths of folders that are marked deleted and have records of access or of templates.
///
/// # Errors
/// See [`super::Error`].
pub fn gone_with_records(sql: &dyn Sql) -> Result<Vec<String>> {
    let rows = sql.query(
        "SELECT path FROM folders WHERE status = $1 AND id IN \
         (SELECT folder_id FROM folder_permissions UNION ALL \
         SELECT folder_id FROM folder_templates) ORDER BY path",
        values![STATUS_DELETED],
    )?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Notes that a folder exists: makes the rows that are missing on the way to it, and marks returning
/// ones active. Gives back its id. Any number may do so at once.
///
/// # Errors
/// See [`super::Error`].
pub fn seen(sql: &dyn Sql, path: &str) -> Result<i64> {
    let path = normal_path(path);
    match by_path(sql, &path)? {
        Some(folder) if folder.status == STATUS_ACTIVE => Ok(folder.id),
        _ => atomic(sql, |sql| make(sql, &path)),
    }
}

/// From the root downwards, the order in which every transaction takes its locks.
fn make(sql: &dyn Sql, path: &str) -> Result<i64> {
    let mut id = make_one(sql, ROOT, "", None)?;
    let mut reached = String::new();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        reached.push('/');
        reached.push_str(name);
        id = make_one(sql, &reached, name, Some(id))?;
    }
    Ok(id)
}

fn make_one(sql: &dyn Sql, path: &str, name: &str, parent_id: Option<i64>) -> Result<i64> {
    if let Some(folder) = by_path(sql, path)?
        && folder.status == STATUS_ACTIVE
    {
        return Ok(folder.id);
    }
    let row = sql.query_one(
        "INSERT INTO folders (path, path_key, name, parent_id, status, first_seen_ms, \
         name_order, name_lower) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (path_key) DO UPDATE SET status = $5 RETURNING id",
        values![
            path,
            path_key(path),
            name,
            parent_id,
            STATUS_ACTIVE,
            now_ms(),
            stored_order(name),
            name.to_lowercase()
        ],
    )?;
    row.int(0)
}

/// Notes that a folder has vanished: marks it deleted with everything in it. The root stays. Gives
/// back how many folders and images were marked.
///
/// # Errors
/// See [`super::Error`].
pub fn vanished(sql: &dyn Sql, path: &str) -> Result<u64> {
    let path = normal_path(path);
    if path == ROOT {
        return Ok(0);
    }
    // Every path below starts with "PATH/", hence sorts from there to before "PATH0".
    let (from, to) = (format!("{path}/"), format!("{path}0"));
    let given = values![STATUS_DELETED, STATUS_ACTIVE, path.as_str(), from.as_str(), to.as_str()];
    atomic(sql, |sql| {
        let images = sql.execute(
            "UPDATE images SET status = $1 WHERE status = $2 AND folder_id IN \
             (SELECT id FROM folders WHERE path = $3 OR (path >= $4 AND path < $5))",
            given,
        )?;
        let folders = sql.execute(
            "UPDATE folders SET status = $1 WHERE status = $2 \
             AND (path = $3 OR (path >= $4 AND path < $5))",
            given,
        )?;
        Ok(folders + images)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_form() {
        for (path, normal, parent) in [
            ("", "/", "/"),
            ("/", "/", "/"),
            ("a.jpg", "/a.jpg", "/"),
            ("/a/b/", "/a/b", "/a"),
            ("a/b/c.jpg", "/a/b/c.jpg", "/a/b"),
        ] {
            assert_eq!(normal_path(path), normal);
            assert_eq!(parent_path(path), parent);
        }
    }
}
