//! A connection to SQLite.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Statement};

use super::dialect::Dialect;
use super::error::{Error, Result};
use super::value::{Row, Value};

/// Statements that a connection keeps prepared.
const PREPARED_STATEMENTS: usize = 128;

/// A connection to SQLite.
pub(super) struct SqliteConn {
    connection: Connection,
}

impl SqliteConn {
    /// Opens a database, which is made when it does not exist. Its folder has to exist.
    pub(super) fn open(path: &Path, busy_timeout: Duration) -> Result<Self> {
        let new = !path.exists();
        let connection = Connection::open(path)?;
        if new {
            // It will hold password hashes. By name: to close another descriptor of the file would
            // give up SQLite's locks.
            std::fs::set_permissions(path, Permissions::from_mode(0o600))
                .map_err(|error| Error::Unavailable(error.kind().to_string()))?;
        }
        connection.busy_timeout(busy_timeout)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;",
        )?;
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        Ok(Self { connection })
    }

    /// The driver's own connection, for the migrations.
    pub(super) fn driver(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Whether a rollback failed, so that it is still in a transaction.
    pub(super) fn is_broken(&self) -> bool {
        !self.connection.is_autocommit()
    }

    pub(super) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(&Dialect::Sqlite.render(sql))?;
        bind(&mut statement, values)?;
        let columns = statement.column_count();
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            found.push(Row::from_sqlite(row, columns)?);
        }
        Ok(found)
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        let mut statement = self.connection.prepare_cached(&Dialect::Sqlite.render(sql))?;
        bind(&mut statement, values)?;
        Ok(statement.raw_execute()? as u64)
    }

    pub(super) fn run(&mut self, sql: &str) -> Result<()> {
        Ok(self.connection.execute_batch(sql)?)
    }
}

/// Binds by number: SQLite itself counts `$2` before `$1` when it comes first in the text.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> Result<()> {
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
