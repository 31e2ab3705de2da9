//! Bringing another server's installation over: what stands in its database, and its settings.
//!
//! The server is Quru Image Server 4, which this one succeeds. Its database is read in one read-only
//! transaction and nothing is changed there. Here everything is written in one transaction, so that
//! an import that fails leaves nothing behind; a dry run is the same work with the transaction
//! rolled back, so that its report is that of the real one.
//!
//! Rows are known again by what they are called (user, group and template by name, folder and image by
//! path, portfolio by its address), which makes an import repeatable. The first one into an
//! installation takes over what is over there also where a row of that name is here already: the
//! accounts and permissions of the first start must not stay open beside those of a closed site. Later
//! ones leave alone what is here and bring what is new.
//!
//! Must not know routes. Files are not touched: they are the administrator's to move.

mod accounts;
mod folios;
mod history;
mod images;
mod permissions;
pub mod python;
mod report;
pub mod settings;
mod source;
mod statistics;
mod templates;

use std::collections::{HashMap, HashSet};

pub use report::Report;

use crate::db::{self, Db, Sql, bulk, properties};

/// When the first import was made.
const IMPORTED_MS: &str = "imported_ms";

/// Why an import did not take place; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database here.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// The database over there.
    #[error("the database to import from: {0}")]
    Source(db::Error),
    /// A row over there is not what it should be.
    #[error("the database to import from, table {table}, row {id}: {reason}")]
    Row {
        /// Its table.
        table: String,
        /// Its id.
        id: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// The same of a table of which nobody can say which row it is.
    #[error("the database to import from, table {table}: {reason}")]
    Table {
        /// Its name.
        table: String,
        /// What is wrong with it.
        reason: db::Error,
    },
    /// There is something else over there.
    #[error("the database to import from has no table \"{0}\": it is not one of Quru Image Server")]
    NotThere(&'static str),
}

/// The result of what is done here.
type Result<T> = std::result::Result<T, Error>;

/// Brings everything over, or with `dry_run` finds out what would come.
///
/// # Errors
/// See [`Error`].
pub fn run(source: &Db, here: &Db, dry_run: bool) -> Result<Report> {
    source::check(source)?;
    let mut outcome = None;
    let read = source.snapshot(|source| {
        let mut failure = None;
        let mut report = None;
        let written = here.transaction(|sql| {
            let mut import = Import::new(source, sql, dry_run)?;
            match import.all() {
                Ok(()) => report = Some(import.report),
                Err(Error::Db(error)) => return Err(error),
                Err(error) => failure = Some(error),
            }
            if dry_run || failure.is_some() { Err(rolled_back()) } else { Ok(()) }
        });
        outcome = Some(match (failure, written, report.take()) {
            (Some(error), _, _) => Err(error),
            (None, Err(error), None) => Err(error.into()),
            (None, Err(error), Some(_)) if !dry_run => Err(error.into()),
            (None, _, Some(report)) => Ok(report),
            (None, Ok(()), None) => Err(rolled_back().into()),
        });
        Ok(())
    });
    match (outcome, read) {
        (Some(outcome), _) => outcome,
        (None, Err(error)) => Err(Error::Source(error)),
        (None, Ok(())) => Err(rolled_back().into()),
    }
}

fn rolled_back() -> db::Error {
    db::Error::Statement("the import was rolled back".into())
}

/// An import under way. The maps lead from ids over there to ids here.
struct Import<'a> {
    source: &'a dyn Sql,
    sql: &'a dyn Sql,
    dry_run: bool,
    /// No import was made before.
    first: bool,
    report: Report,
    users: HashMap<i64, i64>,
    groups: HashMap<i64, i64>,
    folders: HashMap<i64, i64>,
    images: HashMap<i64, i64>,
    folios: HashMap<i64, i64>,
    /// Ids here of groups that this import has made.
    new_groups: HashSet<i64>,
    /// Ids here of folders that were here before.
    old_folders: HashSet<i64>,
}

impl<'a> Import<'a> {
    fn new(source: &'a dyn Sql, sql: &'a dyn Sql, dry_run: bool) -> db::Result<Self> {
        Ok(Self {
            source,
            sql,
            dry_run,
            first: properties::get(sql, IMPORTED_MS)?.is_none(),
            report: Report::default(),
            users: HashMap::new(),
            groups: HashMap::new(),
            folders: HashMap::new(),
            images: HashMap::new(),
            folios: HashMap::new(),
            new_groups: HashSet::new(),
            old_folders: HashSet::new(),
        })
    }

    fn all(&mut self) -> Result<()> {
        self.users()?;
        self.groups()?;
        self.memberships()?;
        self.system_permissions()?;
        self.folders()?;
        self.folder_permissions()?;
        self.images()?;
        self.image_history()?;
        self.templates()?;
        self.folios()?;
        self.folio_permissions()?;
        self.folio_images()?;
        self.folio_history()?;
        self.exports()?;
        self.image_statistics()?;
        self.system_statistics()?;
        self.report_on_tasks()?;
        if self.first {
            properties::set(self.sql, IMPORTED_MS, &db::now_ms().to_string())?;
        }
        if self.report.changed_anything() {
            properties::bump(self.sql, properties::RIGHTS_VERSION)?;
            properties::bump(self.sql, properties::TEMPLATES_VERSION)?;
        }
        if !db::system_permissions::has_administrator(self.sql)? {
            self.report.note(
                "nobody may administer this installation now: make an account with \
                 `halftone user add NAME --group Administrators`",
            );
        }
        Ok(())
    }
}

/// The first and the last of some times.
fn span(times: impl Iterator<Item = i64>) -> Option<(i64, i64)> {
    times.fold(None, |span, time| match span {
        Some((from, to)) => Some((time.min(from), time.max(to))),
        None => Some((time, time)),
    })
}

/// Gives out ids: those that rows had over there where they are free, or else ones above all that
/// either side has.
struct Ids {
    table: &'static str,
    highest: i64,
    given: HashSet<i64>,
}

impl Ids {
    /// For a table here, and the highest id of its rows over there.
    fn new(sql: &dyn Sql, table: &'static str, highest_there: i64) -> db::Result<Self> {
        let highest = bulk::highest_id(sql, table)?.max(highest_there);
        Ok(Self { table, highest, given: HashSet::new() })
    }

    /// An id for a row that had `wanted`, given which ones are in use.
    fn give(&mut self, wanted: i64, taken: &HashSet<i64>) -> i64 {
        let free = wanted > 0 && !taken.contains(&wanted) && !self.given.contains(&wanted);
        let id = if free { wanted } else { self.above() };
        self.given.insert(id);
        id
    }

    /// An id for a row that had none.
    fn above(&mut self) -> i64 {
        self.highest += 1;
        self.highest
    }

    /// Makes the ids of later rows follow. Not in a dry run: a sequence is not rolled back.
    fn end(self, import: &Import<'_>) -> db::Result<()> {
        if import.dry_run {
            return Ok(());
        }
        let highest = self.given.iter().copied().max().unwrap_or(0);
        bulk::follow_id(import.sql, self.table, highest.max(self.highest))
    }
}
