//! Brings the schema up to date, and refuses one that this program does not know.

use std::fs::OpenOptions;

use super::Dialect;
use super::error::{Error, Result};
use super::open::{Conn, Target};
use super::pool::Db;
use super::properties;
use super::sql::Sql;
use super::value::values;

mod postgres {
    refinery::embed_migrations!("migrations/postgres");
}

mod sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

/// The oldest schema this program works with. Raised when it needs what a newer migration adds.
pub const OLDEST_SCHEMA: u32 = 1;
/// The newest schema this program knows, and makes: the number of the newest migration.
pub const NEWEST_SCHEMA: u32 = 1;

/// Names the lock under which PostgreSQL is migrated.
const ADVISORY_LOCK: i64 = 0x4861_6c66_746f_6e65;

fn runner(dialect: Dialect) -> refinery::Runner {
    match dialect {
        Dialect::Postgres => postgres::migrations::runner(),
        Dialect::Sqlite => sqlite::migrations::runner(),
    }
}

/// Applies the migrations that are missing. Safe when several processes do it at once: one works,
/// the others wait for it.
///
/// # Errors
/// [`Error::Unavailable`] without a database; [`Error::Migration`] when one fails.
pub fn migrate(db: &Db) -> Result<()> {
    let mut conn = db.opener().open_patient()?;
    let _lock = match &db.opener().target {
        Target::Postgres(_) => {
            // Goes with the connection.
            conn.run("SET lock_timeout = '120s'")?;
            conn.run(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))?;
            None
        }
        Target::Sqlite(path) => {
            let mut name = path.clone().into_os_string();
            name.push("-migrate");
            Some(lock_file(name.as_ref())?)
        }
    };
    if schema_version(db)? > NEWEST_SCHEMA {
        return check_schema(db);
    }
    run(&mut conn, db.dialect())
}

/// An exclusive lock that goes with its process.
fn lock_file(path: &std::path::Path) -> Result<std::fs::File> {
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(path);
    let locked = file.and_then(|file| file.lock().map(|()| file));
    locked.map_err(|error| Error::Unavailable(format!("its lock file: {}", error.kind())))
}

fn run(conn: &mut Conn, dialect: Dialect) -> Result<()> {
    conn.migrate(&runner(dialect)).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Error::Migration(cause.map_or_else(|| error.to_string(), |c| format!("{error}: {c}")))
    })
}

/// The number of the newest migration that was applied; 0 for an empty database.
///
/// # Errors
/// [`Error::Unavailable`] without a database.
pub fn schema_version(db: &Db) -> Result<u32> {
    if db.query_opt("{tables_named}", values!["refinery_schema_history"])?.is_none() {
        return Ok(0);
    }
    let row = db.query_one("SELECT MAX(version) FROM refinery_schema_history", &[])?;
    Ok(row.opt_int(0)?.and_then(|version| u32::try_from(version).ok()).unwrap_or(0))
}

/// Refuses a database that this program does not know. One that a newer program made is accepted as
/// long as its migrations left everything in place that this program uses; the database says so.
///
/// # Errors
/// [`Error::Schema`] when it is refused; [`Error::Unavailable`].
pub fn check_schema(db: &Db) -> Result<()> {
    let found = schema_version(db)?;
    let advice = match found {
        0 => "it is empty, run `halftone migrate` first",
        _ if found < OLDEST_SCHEMA => "run `halftone migrate` first",
        _ if found > NEWEST_SCHEMA && compatible_from(db)? > NEWEST_SCHEMA => {
            "a newer Halftone made it, use that one"
        }
        _ => return Ok(()),
    };
    Err(Error::Schema { found, oldest: OLDEST_SCHEMA, newest: NEWEST_SCHEMA, advice })
}

/// The number of the newest migration that a program must know to work with the database.
fn compatible_from(db: &Db) -> Result<u32> {
    let version = properties::get(db, properties::SCHEMA_COMPATIBLE_FROM)?;
    Ok(version.and_then(|version| version.parse().ok()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_migrations() {
        let names = |dialect| -> Vec<String> {
            runner(dialect).get_migrations().iter().map(ToString::to_string).collect()
        };
        assert_eq!(names(Dialect::Postgres), names(Dialect::Sqlite));
        assert_eq!(names(Dialect::Sqlite).len() as u32, NEWEST_SCHEMA);
    }

    #[test]
    fn every_migration_file_is_compiled_in() {
        for (folder, dialect) in [("postgres", Dialect::Postgres), ("sqlite", Dialect::Sqlite)] {
            let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
            let files = std::fs::read_dir(folder).unwrap().count();
            assert_eq!(files, runner(dialect).get_migrations().len());
        }
    }
}
