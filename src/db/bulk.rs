//! Whole tables, row by row, alike for both databases: what backup, restore and import move.
//!
//! Knows the order in which tables refer to each other, and nothing of what stands in them.

use std::collections::{HashMap, HashSet};

use super::error::{Error, Result};
use super::sql::Sql;
use super::value::{Value, values};

/// Parameters of one statement; SQLite takes 32,766, and longer statements gain nothing.
const MAX_PARAMETERS: usize = 900;

/// A table whose rows can be moved.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Columns, or expressions of them, by which its rows are read in turn. A row comes after those
    /// that it refers to.
    key: &'static [&'static str],
}

impl Table {
    /// Whether its rows have ids that are generated.
    #[must_use]
    pub fn has_ids(&self) -> bool {
        self.key.last() == Some(&"id") && self.name != "ended_sessions"
    }
}

const fn table(name: &'static str, key: &'static [&'static str]) -> Table {
    Table { name, key }
}

/// The tables that make an installation, each after those that it refers to.
pub const TABLES: &[Table] = &[
    table("properties", &["key"]),
    table("users", &["id"]),
    table("groups", &["id"]),
    table("user_groups", &["user_id", "group_id"]),
    table("system_permissions", &["group_id"]),
    // A folder's path is longer than its parent's.
    table("folders", &["length(path)", "id"]),
    table("folder_permissions", &["id"]),
    table("folder_moves", &["id"]),
    table("folder_mounts", &["folder_id", "host"]),
    table("images", &["id"]),
    table("image_metadata", &["image_id"]),
    table("templates", &["id"]),
    table("folder_templates", &["folder_id", "group_id", "required"]),
    table("tag_lists", &["id"]),
    table("tags", &["id"]),
    table("image_tags", &["image_id", "tag_id"]),
    table("image_history", &["id"]),
    table("recycled", &["id"]),
    table("folios", &["id"]),
    table("folio_permissions", &["id"]),
    table("folio_images", &["id"]),
    table("folio_history", &["id"]),
    table("folio_exports", &["id"]),
    table("baskets", &["user_id"]),
    table("image_stats", &["image_id", "from_ms"]),
    table("system_stats", &["from_ms"]),
    table("host_stats", &["host", "worker", "from_ms"]),
    // With the numbers that came of them: what was read after a backup is counted again after its
    // restoration.
    table("stats_logs", &["log"]),
    table("ended_sessions", &["id"]),
    table("api_keys", &["id"]),
    table("user_totp", &["user_id"]),
    table("recovery_codes", &["user_id", "code_hash"]),
    table("audit_log", &["id"]),
];

/// Tables of what is under way, which another time or place must not take up again: a task to
/// delete a folder, say. The full text beside them is made from the rows.
pub const PASSING: &[&str] = &["tasks", "uploads", "login_attempts", "stats_batches"];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Int,
    /// Floating-point numbers.
    Real,
    /// Text.
    Text,
    /// Truth values.
    Bool,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// The columns of a table, none when there is no such table.
///
/// # Errors
/// See [`Error`].
pub fn columns(sql: &dyn Sql, table: &str) -> Result<Vec<Column>> {
    let rows = sql.query("{columns_of_1}", values![table])?;
    let read = |row: &super::Row| {
        let kind = match row.text(1)?.to_ascii_lowercase().as_str() {
            "bigint" | "integer" => Kind::Int,
            "double precision" => Kind::Real,
            "text" => Kind::Text,
            "boolean" => Kind::Bool,
            other => return Err(Error::Statement(format!("a column has type {other}"))),
        };
        Ok(Column { name: row.text(0)?, kind })
    };
    rows.iter().map(read).collect()
}

/// Some rows of a table, and where the next ones begin.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows, in the order of the columns that were asked for.
    pub rows: Vec<Vec<Value>>,
    /// What to ask for next; `None` when these were the last ones.
    pub next: Option<Vec<Value>>,
}

/// At most `limit` rows of a table, from its beginning or from where another page ended.
///
/// # Errors
/// See [`Error`].
pub fn page(
    sql: &dyn Sql,
    table: &Table,
    columns: &[Column],
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Page> {
    let key = table.key.join(", ");
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let places: Vec<String> = (1..=table.key.len()).map(|at| format!("${at}")).collect();
    let beyond = match after {
        Some(_) => format!("WHERE ({key}) > ({})", places.join(", ")),
        None => String::new(),
    };
    let statement = format!(
        "SELECT {}, {key} FROM {} {beyond} ORDER BY {key} LIMIT {limit}",
        names.join(", "),
        table.name
    );
    let found = sql.query(&statement, after.unwrap_or_default())?;
    let full = found.len() == limit;
    let mut page = Page::default();
    for row in found {
        let mut row = row.into_values();
        let key = row.split_off(columns.len());
        page.next = full.then_some(key);
        page.rows.push(row);
    }
    Ok(page)
}

/// Inserts rows that have a value for each of the columns.
///
/// # Errors
/// See [`Error`].
pub fn insert(
    sql: &dyn Sql,
    table: &str,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<Value>>,
) -> Result<u64> {
    let most = (MAX_PARAMETERS / columns.len().max(1)).max(1);
    let (mut values, mut count, mut inserted) = (Vec::new(), 0, 0);
    for row in rows {
        values.extend(row);
        count += 1;
        if count == most {
            inserted += insert_some(sql, table, columns, count, &values)?;
            values.clear();
            count = 0;
        }
    }
    if count > 0 {
        inserted += insert_some(sql, table, columns, count, &values)?;
    }
    Ok(inserted)
}

fn insert_some(
    sql: &dyn Sql,
    table: &str,
    columns: &[&str],
    count: usize,
    values: &[Value],
) -> Result<u64> {
    let width = columns.len();
    let rows: Vec<String> = (0..count)
        .map(|row| {
            let places = (1..=width).map(|at| format!("${}", row * width + at));
            format!("({})", places.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let statement =
        format!("INSERT INTO {table} ({}) VALUES {}", columns.join(", "), rows.join(", "));
    sql.execute(&statement, values)
}

/// Deletes every row of every table, except that the schema's own property stays.
///
/// # Errors
/// See [`Error`].
pub fn clear(sql: &dyn Sql) -> Result<()> {
    for table in ["image_search"].iter().chain(PASSING) {
        sql.execute(&format!("DELETE FROM {table}"), &[])?;
    }
    for table in TABLES.iter().rev() {
        match table.name {
            "properties" => sql.execute(
                "DELETE FROM properties WHERE key <> $1",
                values![super::properties::SCHEMA_COMPATIBLE_FROM],
            )?,
            name => sql.execute(&format!("DELETE FROM {name}"), &[])?,
        };
    }
    Ok(())
}

/// The first table that has rows, properties aside; `None` for an installation that was never set up.
///
/// # Errors
/// See [`Error`].
pub fn first_in_use(sql: &dyn Sql) -> Result<Option<&'static str>> {
    for table in TABLES.iter().map(|table| table.name).chain(PASSING.iter().copied()) {
        if table != "properties"
            && sql.query_opt(&format!("SELECT 1 FROM {table} LIMIT 1"), &[])?.is_some()
        {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// The highest id that a table has or ever generated; 0 when there was none.
///
/// # Errors
/// See [`Error`].
pub fn highest_id(sql: &dyn Sql, table: &str) -> Result<i64> {
    let generated = sql.query_opt(&sql.dialect().highest_id(table), &[])?;
    let generated = generated.map(|row| row.opt_int(0)).transpose()?.flatten();
    let held = sql.query_one(&format!("SELECT MAX(id) FROM {table}"), &[])?.opt_int(0)?;
    Ok(generated.max(held).unwrap_or(0))
}

/// Makes the ids that a table generates follow `id`, and those it has.
///
/// # Errors
/// See [`Error`].
pub fn follow_id(sql: &dyn Sql, table: &str, id: i64) -> Result<()> {
    let id = id.max(highest_id(sql, table)?);
    if id > 0 {
        for statement in sql.dialect().follow_id(table) {
            sql.query(&statement, values![id])?;
        }
    }
    Ok(())
}

/// The ids of the rows that have one of these texts in a column.
///
/// # Errors
/// See [`Error`].
pub fn ids_of(
    sql: &dyn Sql,
    table: &str,
    column: &str,
    texts: &[String],
) -> Result<HashMap<String, i64>> {
    let list = serde_json::to_string(texts).map_err(|error| Error::Statement(error.to_string()))?;
    let rows = sql.query(
        &format!("SELECT {column}, id FROM {table} WHERE {column} IN ({{texts_of_1}})"),
        values![list],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}

/// Which of these ids a table has.
///
/// # Errors
/// See [`Error`].
pub fn taken(sql: &dyn Sql, table: &str, ids: &[i64]) -> Result<HashSet<i64>> {
    let list = id_list(ids);
    let rows = sql.query(&format!("SELECT id FROM {table} WHERE id IN ({list})"), &[])?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// A span of the numbers of a column, both ends included.
pub type Span<'a> = (&'a str, i64, i64);

/// Those rows of a table that have one of these numbers in a column, and where a span is given lie
/// in it.
///
/// # Errors
/// See [`Error`].
pub fn rows_of(
    sql: &dyn Sql,
    table: &str,
    columns: &[&str],
    (column, ids): (&str, &[i64]),
    span: Option<Span<'_>>,
) -> Result<Vec<Vec<Value>>> {
    let names = columns.join(", ");
    let span = match span {
        Some((column, from, to)) => format!(" AND {column} BETWEEN {from} AND {to}"),
        None => String::new(),
    };
    let statement =
        format!("SELECT {names} FROM {table} WHERE {column} IN ({}){span}", id_list(ids));
    Ok(sql.query(&statement, &[])?.into_iter().map(super::Row::into_values).collect())
}

/// Ids as they stand in a list of a statement.
pub(super) fn id_list(ids: &[i64]) -> String {
    match ids {
        [] => "NULL".to_owned(),
        ids => ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::db::{Db, DbOptions, migrate};

    #[test]
    fn every_table_of_the_schema_is_moved_or_passing() {
        let home = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", home.path().join("test.db").display());
        let db = Db::connect(&DbOptions { url, ..DbOptions::default() }).unwrap();
        migrate(&db).unwrap();
        let rows = db.query("{all_columns}", &[]).unwrap();
        let found: BTreeSet<String> = rows.iter().map(|row| row.text(0).unwrap()).collect();
        let moved = TABLES.iter().map(|table| table.name);
        let known: BTreeSet<String> =
            moved.chain(PASSING.iter().copied()).map(str::to_owned).collect();
        assert_eq!(found, known);
        for table in TABLES {
            assert!(!columns(&db, table.name).unwrap().is_empty(), "{}", table.name);
            let seen = db.query_opt(
                "SELECT name FROM sqlite_master WHERE name = $1 AND sql LIKE '%AUTOINCREMENT%'",
                values![table.name],
            );
            assert_eq!(seen.unwrap().is_some(), table.has_ids(), "{}", table.name);
        }
    }
}
