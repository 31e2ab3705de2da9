//! Making a backup.

use std::fs::File;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::lines::{Writer, to_json};
use super::{FORMAT, Result};
use crate::db::bulk::{self, TABLES, Table};
use crate::db::{self, Db, Sql};

/// Rows that are held in memory at a time.
const PAGE_ROWS: usize = 1000;

/// The settings that a backup takes along.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// A settings file.
    pub toml: String,
    /// Whether secrets are in it.
    pub with_secrets: bool,
}

/// What was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// Rows of all tables.
    pub rows: u64,
    /// Length of the file.
    pub size_bytes: u64,
}

/// Saves one state of the database, and the settings, as a new file that only its owner can read.
/// The file has its name once it is whole and on the disk.
///
/// # Errors
/// [`super::Error::Exists`]; [`super::Error::Io`]; [`super::Error::Db`].
pub fn save(db: &Db, settings: &Settings, path: &Path) -> Result<Saved> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if path.try_exists()? {
        return Err(super::Error::Exists);
    }
    // Said of the folder, and not of the file that is made there first.
    std::fs::metadata(folder)?;
    // Such files are made for their owner alone.
    let file = tempfile::Builder::new().prefix(".halftone-backup.").tempfile_in(folder)?;
    let schema = db::schema_version(db)?;
    let mut failure = None;
    let done = db.snapshot(|sql| match write(sql, schema, settings, file.as_file()) {
        Ok(rows) => Ok(rows),
        Err(super::Error::Db(error)) => Err(error),
        Err(error) => {
            failure = Some(error);
            Err(db::Error::Statement("the backup could not be written".into()))
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let rows = done?;
    file.as_file().sync_all()?;
    let size_bytes = file.as_file().metadata()?.len();
    file.persist_noclobber(path).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => super::Error::Exists,
        _ => error.error.into(),
    })?;
    File::open(folder)?.sync_all()?;
    Ok(Saved { rows, size_bytes })
}

fn write(sql: &dyn Sql, schema: u32, settings: &Settings, file: &File) -> Result<u64> {
    let mut out = Writer::new(file);
    out.line(&json!({
        "halftone_backup": FORMAT,
        "schema": schema,
        "program": env!("CARGO_PKG_VERSION"),
        "made_ms": db::now_ms(),
    }))?;
    out.line(&json!({ "settings": settings.toml, "with_secrets": settings.with_secrets }))?;
    let mut rows = 0;
    for table in TABLES {
        rows += write_table(sql, table, &mut out)?;
    }
    out.line(&json!({ "rows": rows }))?;
    out.finish()?;
    Ok(rows)
}

fn write_table(sql: &dyn Sql, table: &Table, out: &mut Writer<&File>) -> Result<u64> {
    let columns = bulk::columns(sql, table.name)?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let highest_id = if table.has_ids() { Some(bulk::highest_id(sql, table.name)?) } else { None };
    out.line(&json!({ "table": table.name, "columns": names, "highest_id": highest_id }))?;
    let unfinished = unfinished(table.name, &names);
    let (mut after, mut written) = (None, 0);
    loop {
        let page = bulk::page(sql, table, &columns, after.as_deref(), PAGE_ROWS)?;
        for row in page.rows {
            if unfinished.is_some_and(|at| row[at] == db::Value::Text(String::new())) {
                continue;
            }
            let cells = columns.iter().zip(&row).map(|(column, value)| to_json(column.kind, value));
            out.line(&Json::Array(cells.collect()))?;
            written += 1;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(written),
        }
    }
}

/// The column that is blank in rows which only a task could finish, and tasks are not saved.
fn unfinished(table: &str, names: &[&str]) -> Option<usize> {
    (table == "folio_exports").then(|| names.iter().position(|name| *name == "filename")).flatten()
}
