//! Restoring a backup.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};

use serde_json::Value as Json;

use super::lines::{Reader, from_json};
use super::{Error, FORMAT, Result};
use crate::db::bulk::{self, Kind, TABLES, Table};
use crate::db::migrate::{NEWEST_SCHEMA, OLDEST_SCHEMA};
use crate::db::{self, Db, Sql, Value, properties};

/// Rows that are held in memory at a time.
const BATCH_ROWS: usize = 500;

/// What stands in a backup besides rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// When it was made.
    pub made_ms: i64,
    /// The version of the program that made it.
    pub program: String,
    /// Its settings file.
    pub settings: String,
    /// Whether secrets are in the settings.
    pub with_secrets: bool,
    /// Rows of all tables.
    pub rows: u64,
}

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Rows of all tables.
    pub rows: u64,
}

/// Reads a backup to its end: that it is whole, that nothing in it was changed, and that this program
/// can restore it.
///
/// # Errors
/// [`Error::Damaged`], [`Error::Version`], [`Error::Io`].
pub fn check(file: &mut File) -> Result<Contents> {
    file.seek(SeekFrom::Start(0))?;
    let mut lines = Reader::new(&*file);
    let mut contents = head(&mut lines)?;
    let mut counted = 0;
    let mut told = None;
    while let Some(line) = lines.line()? {
        match line {
            Json::Array(_) => counted += 1,
            line => told = line.get("rows").and_then(Json::as_u64).or(told),
        }
    }
    if told != Some(counted) {
        return Err(Error::Damaged("it has another number of rows than it says".into()));
    }
    contents.rows = counted;
    Ok(contents)
}

/// Puts the rows of a backup in place, all of them or none, then does `after` as a part of the same
/// transaction. The schema has to be there and up to date. With `replace` all that the database had
/// is deleted. Servers that run on the database take notice by themselves.
///
/// # Errors
/// See [`Error`]; the database is as it was then.
pub fn restore(
    db: &Db,
    file: &mut File,
    replace: bool,
    after: &mut dyn FnMut(&dyn Sql) -> db::Result<()>,
) -> Result<Restored> {
    check(file)?;
    let mut failure = None;
    let done = db.transaction(|sql| {
        let put = put(sql, file, replace).and_then(|rows| {
            after(sql)?;
            Ok(Restored { rows })
        });
        match put {
            Ok(restored) => Ok(restored),
            Err(Error::Db(error)) => Err(error),
            Err(error) => {
                failure = Some(error);
                Err(db::Error::Statement("the backup could not be restored".into()))
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(done?),
    }
}

fn head(lines: &mut Reader<&File>) -> Result<Contents> {
    let damaged = || Error::Damaged("it does not begin like one".into());
    let head = lines.line()?.ok_or_else(damaged)?;
    let format = head.get("halftone_backup").and_then(Json::as_u64).ok_or_else(damaged)?;
    let schema = head.get("schema").and_then(Json::as_u64).ok_or_else(damaged)?;
    if format != FORMAT || schema > NEWEST_SCHEMA.into() || schema < OLDEST_SCHEMA.into() {
        return Err(Error::Version(format!(
            "it has form {format} and schema {schema}, this program reads form {FORMAT} and \
             schema {OLDEST_SCHEMA} to {NEWEST_SCHEMA}"
        )));
    }
    let settings = lines.line()?.ok_or_else(damaged)?;
    let text = |line: &Json, name: &str| line.get(name).and_then(Json::as_str).map(str::to_owned);
    Ok(Contents {
        made_ms: head.get("made_ms").and_then(Json::as_i64).ok_or_else(damaged)?,
        program: text(&head, "program").unwrap_or_default(),
        settings: text(&settings, "settings").ok_or_else(damaged)?,
        with_secrets: settings.get("with_secrets").and_then(Json::as_bool).unwrap_or(false),
        rows: 0,
    })
}

/// The table whose rows follow each other.
struct Open<'a> {
    table: &'static Table,
    columns: Vec<(String, Kind)>,
    highest_id: Option<i64>,
    waiting: Vec<Vec<Value>>,
    sql: &'a dyn Sql,
}

impl<'a> Open<'a> {
    fn new(sql: &'a dyn Sql, line: &Json) -> Result<Self> {
        let damaged = |what: &str| Error::Damaged(what.to_owned());
        let name = line.get("table").and_then(Json::as_str);
        let table = TABLES.iter().find(|table| Some(table.name) == name);
        let table = table.ok_or_else(|| damaged("it has a table that is not known"))?;
        let known = bulk::columns(sql, table.name)?;
        let names = line.get("columns").and_then(Json::as_array);
        let columns = names.ok_or_else(|| damaged("a table has no columns"))?.iter().map(|name| {
            let column = known.iter().find(|column| name.as_str() == Some(&column.name));
            let column = column.ok_or_else(|| damaged("it has a column that is not known"))?;
            Ok((column.name.clone(), column.kind))
        });
        Ok(Self {
            table,
            columns: columns.collect::<Result<_>>()?,
            highest_id: line.get("highest_id").and_then(Json::as_i64),
            waiting: Vec::new(),
            sql,
        })
    }

    fn row(&mut self, cells: &[Json]) -> Result<()> {
        if cells.len() != self.columns.len() {
            return Err(Error::Damaged("a row has another number of columns".into()));
        }
        let values = self.columns.iter().zip(cells).map(|((_, kind), cell)| from_json(*kind, cell));
        let values: Vec<Value> = values.collect::<Result<_>>()?;
        // The schema is the database's own, and stays.
        let own = Value::from(properties::SCHEMA_COMPATIBLE_FROM);
        if self.table.name != "properties" || !values.contains(&own) {
            self.waiting.push(values);
        }
        if self.waiting.len() == BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        bulk::insert(self.sql, self.table.name, &names, self.waiting.drain(..))?;
        Ok(())
    }

    fn close(mut self) -> Result<()> {
        self.flush()?;
        if let Some(id) = self.highest_id {
            bulk::follow_id(self.sql, self.table.name, id)?;
        }
        Ok(())
    }
}

fn put(sql: &dyn Sql, file: &mut File, replace: bool) -> Result<u64> {
    if let Some(table) = bulk::first_in_use(sql)?
        && !replace
    {
        return Err(Error::InUse(table));
    }
    let before = properties::versions(sql)?;
    bulk::clear(sql)?;
    file.seek(SeekFrom::Start(0))?;
    let mut lines = Reader::new(&*file);
    head(&mut lines)?;
    let mut open: Option<Open<'_>> = None;
    let mut rows = 0;
    while let Some(line) = lines.line()? {
        match (&line, &mut open) {
            (Json::Array(cells), Some(open)) => {
                open.row(cells)?;
                rows += 1;
            }
            (Json::Array(_), None) => return Err(Error::Damaged("a row has no table".into())),
            _ => {
                if let Some(open) = open.take() {
                    open.close()?;
                }
                if line.get("table").is_some() {
                    open = Some(Open::new(sql, &line)?);
                }
            }
        }
    }
    raise_versions(sql, before)?;
    Ok(rows)
}

/// Servers that know an earlier state of this database must see that all has changed: the counters
/// go beyond those that either had.
fn raise_versions(sql: &dyn Sql, before: properties::Versions) -> Result<()> {
    let now = properties::versions(sql)?;
    for (key, a, b) in [
        (properties::RIGHTS_VERSION, before.rights, now.rights),
        (properties::TEMPLATES_VERSION, before.templates, now.templates),
        (properties::SESSIONS_VERSION, before.sessions, now.sessions),
    ] {
        properties::set(sql, key, &(a.max(b) + 1).to_string())?;
    }
    Ok(())
}
