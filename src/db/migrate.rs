//! Brings the schema up to date, and refuses one that this program does not know.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use super::Dialect;
use super::error::{Error, Result};
use super::folders;
use super::open::Target;
use super::pool::Db;
use super::postgres_conn::connect_error;
use super::properties;
use super::sql::Sql;
use super::sqlite_conn::SqliteConn;
use super::tls::in_the_clear;
use super::value::values;

mod postgres {
    refinery::embed_migrations!("migrations/postgres");
}

mod sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

/// The oldest schema this program works with. Raised when it needs what a newer migration adds.
pub const OLDEST_SCHEMA: u32 = 11;
/// The newest schema this program knows, and makes: the number of the newest migration.
pub const NEWEST_SCHEMA: u32 = 11;

/// Names the lock under which PostgreSQL is migrated.
const ADVISORY_LOCK: i64 = 0x4861_6c66_746f_6e65;

/// How long a migration of SQLite waits for others that write.
const LOCK_TIMEOUT: Duration = Duration::from_secs(120);

fn runner(dialect: Dialect) -> refinery::Runner {
    match dialect {
        Dialect::Postgres => postgres::migrations::runner(),
        Dialect::Sqlite => sqlite::migrations::runner(),
    }
}

/// Applies the migrations that are missing, and does what of them only the program can. Safe when several processes do it at once: one works,
/// the others wait for it. A migration may take as long as it needs.
///
/// # Errors
/// [`Error::Unavailable`] without a database; [`Error::Migration`] when one fails.
pub fn migrate(db: &Db) -> Result<()> {
    apply(db)?;
    folders::put_in_order(db)
}

fn apply(db: &Db) -> Result<()> {
    match &db.opener().target {
        Target::Postgres(target) => {
            let (config, tls) = &**target;
            let connector = tls.connector().map_err(Error::Unavailable)?;
            let connect = |config: &tokio_postgres::Config| {
                ::postgres::Config::from(config.clone()).connect(connector.clone())
            };
            let connected = connect(config).or_else(|error| match in_the_clear(config, &error) {
                Some(clear) => connect(&clear),
                None => Err(error),
            });
            let mut client = connected.map_err(connect_error)?;
            // The lock goes with the connection.
            let lock =
                format!("SET lock_timeout = '120s'; SELECT pg_advisory_lock({ADVISORY_LOCK})");
            client.batch_execute(&lock)?;
            run(db, &mut client)
        }
        Target::Sqlite(path) => {
            let mut name = path.clone().into_os_string();
            name.push("-migrate");
            let _lock = lock_file(name.as_ref())?;
            run(db, SqliteConn::open(path, LOCK_TIMEOUT)?.driver())
        }
    }
}

/// An exclusive lock that goes with its process.
fn lock_file(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(path);
    let locked = file.and_then(|file| file.lock().map(|()| file));
    locked.map_err(|error| Error::Unavailable(format!("its lock file: {}", error.kind())))
}

fn run<C: refinery::Migrate>(db: &Db, connection: &mut C) -> Result<()> {
    if schema_version(db)? > NEWEST_SCHEMA {
        return check_schema(db);
    }
    runner(db.dialect()).run(connection).map(|_| ()).map_err(|error| {
        let first: &dyn std::error::Error = &error;
        let causes = std::iter::successors(Some(first), |error| error.source());
        let told: Vec<String> = causes.map(ToString::to_string).collect();
        Error::Migration(told.join(": "))
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
        let newest =
            runner(Dialect::Sqlite).get_migrations().iter().map(|m| m.version() as u32).max();
        assert_eq!(newest, Some(NEWEST_SCHEMA));
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
