//! One connection to either database, and how it is opened.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use postgres::{Client, NoTls, Statement, types::ToSql};

use super::dialect::Dialect;
use super::error::{Error, Result};
use super::value::{Row, Value};

/// Statements that a connection keeps prepared.
const PREPARED_STATEMENTS: usize = 128;

/// Where the database is, and how long to wait for it.
#[derive(Debug, Clone)]
pub(super) struct Opener {
    pub(super) target: Target,
    pub(super) statement_timeout: Duration,
}

/// Where the database is. Its `Debug` form shows no password.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Postgres(Box<postgres::Config>),
    Sqlite(PathBuf),
}

/// A connection.
pub(super) enum Conn {
    Postgres(Box<PostgresConn>),
    Sqlite(rusqlite::Connection),
}

/// A connection to PostgreSQL with the statements that were prepared on it.
pub(super) struct PostgresConn {
    client: Client,
    prepared: HashMap<String, Statement>,
}

impl Opener {
    /// Reads an address: `sqlite:PATH`, or what PostgreSQL takes (a URL or `key=value` pairs).
    pub(super) fn new(
        address: &str,
        connect_timeout: Duration,
        statement_timeout: Duration,
    ) -> Result<Self> {
        let target = if let Some(path) = address.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(Error::Address("sqlite: needs the path of a file".into()));
            }
            Target::Sqlite(PathBuf::from(path))
        } else {
            // The driver's message may repeat parts of the address, hence a password.
            let mut config = postgres::Config::from_str(address).map_err(|_| {
                Error::Address("expected sqlite:PATH or postgresql://USER@HOST/NAME".into())
            })?;
            config.connect_timeout(connect_timeout);
            config.tcp_user_timeout(statement_timeout + connect_timeout);
            config.keepalives_idle(Duration::from_secs(30));
            if config.get_application_name().is_none() {
                config.application_name("halftone");
            }
            Target::Postgres(Box::new(config))
        };
        Ok(Self { target, statement_timeout })
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.target {
            Target::Postgres(_) => Dialect::Postgres,
            Target::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// Opens a connection whose statements may take as long as they need.
    pub(super) fn open_patient(&self) -> Result<Conn> {
        match &self.target {
            Target::Postgres(config) => {
                let client = config.connect(NoTls).map_err(connect_error)?;
                Ok(Conn::Postgres(Box::new(PostgresConn { client, prepared: HashMap::new() })))
            }
            Target::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path)?;
                connection.busy_timeout(self.statement_timeout)?;
                connection.execute_batch(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
                     PRAGMA foreign_keys = ON;",
                )?;
                connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
                Ok(Conn::Sqlite(connection))
            }
        }
    }
}

/// Whatever the reason (refused, no such database, wrong password, starting up): it is not there.
fn connect_error(error: postgres::Error) -> Error {
    let reason = error.as_db_error().map(|reported| reported.message().to_owned());
    let source = std::error::Error::source(&error).map(ToString::to_string);
    Error::Unavailable(reason.or(source).unwrap_or_else(|| error.to_string()))
}

impl r2d2::ManageConnection for Opener {
    type Connection = Conn;
    type Error = Error;

    fn connect(&self) -> Result<Conn> {
        let mut conn = self.open_patient()?;
        if let Conn::Postgres(postgres) = &mut conn {
            let timeout_ms = self.statement_timeout.as_millis();
            postgres.client.batch_execute(&format!("SET statement_timeout = {timeout_ms}"))?;
        }
        Ok(conn)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<()> {
        match conn {
            Conn::Postgres(postgres) => Ok(postgres.client.simple_query("").map(|_| ())?),
            Conn::Sqlite(_) => Ok(()),
        }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        match conn {
            Conn::Postgres(postgres) => postgres.client.is_closed(),
            // Only a failed rollback leaves one behind.
            Conn::Sqlite(sqlite) => !sqlite.is_autocommit(),
        }
    }
}

impl Conn {
    /// Runs a statement and gives back its rows.
    pub(super) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        match self {
            Self::Postgres(postgres) => postgres.query(sql, values),
            Self::Sqlite(sqlite) => {
                let rendered = Dialect::Sqlite.render(sql);
                let mut statement = sqlite.prepare_cached(&rendered)?;
                bind(&mut statement, values)?;
                let columns = statement.column_count();
                let mut found = Vec::new();
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    found.push(Row::from_sqlite(row, columns)?);
                }
                Ok(found)
            }
        }
    }

    /// Runs a statement and gives back how many rows it changed.
    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        match self {
            Self::Postgres(postgres) => postgres.execute(sql, values),
            Self::Sqlite(sqlite) => {
                let mut statement = sqlite.prepare_cached(&Dialect::Sqlite.render(sql))?;
                bind(&mut statement, values)?;
                Ok(statement.raw_execute()? as u64)
            }
        }
    }

    /// Runs a statement that is not worth preparing, without values.
    pub(super) fn run(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Postgres(postgres) => Ok(postgres.client.batch_execute(sql)?),
            Self::Sqlite(sqlite) => Ok(sqlite.execute_batch(sql)?),
        }
    }

    /// The driver's own connection, for the migrations.
    pub(super) fn migrate(&mut self, runner: &refinery::Runner) -> Result<(), refinery::Error> {
        match self {
            Self::Postgres(postgres) => runner.run(&mut postgres.client).map(|_| ()),
            Self::Sqlite(sqlite) => runner.run(sqlite).map(|_| ()),
        }
    }
}

/// Binds by number: SQLite itself counts `$2` before `$1` when it comes first in the text.
fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> Result<()> {
    for index in 1..=statement.parameter_count() {
        let number = statement
            .parameter_name(index)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|digits| digits.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.wrapping_sub(1)));
        let value = value.ok_or_else(|| Error::Statement("a parameter has no value".into()))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

impl PostgresConn {
    fn prepare(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&Dialect::Postgres.render(sql))?;
        if self.prepared.len() >= PREPARED_STATEMENTS {
            self.prepared.clear();
        }
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql)?;
        let rows = self.client.query(&statement, &references(values));
        rows.map_err(|error| self.forget(error))?.iter().map(Row::from_postgres).collect()
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        let statement = self.prepare(sql)?;
        let changed = self.client.execute(&statement, &references(values));
        changed.map_err(|error| self.forget(error))
    }

    /// A migration under a running program may have changed what prepared statements give back.
    fn forget(&mut self, error: postgres::Error) -> Error {
        if error.code() == Some(&postgres::error::SqlState::FEATURE_NOT_SUPPORTED) {
            self.prepared.clear();
        }
        error.into()
    }
}

fn references(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}
