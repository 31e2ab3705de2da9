//! How connections are opened, and what the pool asks of them.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::dialect::Dialect;
use super::error::{Error, Result};
use super::postgres_conn::PostgresConn;
use super::sqlite_conn::SqliteConn;
use super::tls::{self, Tls};
use super::value::{Row, Value};

/// Where the database is, and how long to wait for it.
#[derive(Debug, Clone)]
pub(super) struct Opener {
    pub(super) target: Target,
    connect_timeout: Duration,
    statement_timeout: Duration,
    /// Why the last attempt to connect failed; the pool tells it only as a part of its own message.
    last_failure: Arc<Mutex<Option<String>>>,
}

/// Where the database is. Its `Debug` form shows no password.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Postgres(Box<(tokio_postgres::Config, Tls)>),
    Sqlite(PathBuf),
}

/// A connection.
pub(super) enum Conn {
    Postgres(Box<PostgresConn>),
    Sqlite(SqliteConn),
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
            let (rest, parts) = tls::split(address)?;
            let tls = Tls::new(&parts)?;
            // The driver's message may repeat parts of the address, hence a password.
            let mut config = tokio_postgres::Config::from_str(&rest).map_err(|_| {
                Error::Address("expected sqlite:PATH or postgresql://USER@HOST/NAME".into())
            })?;
            if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
                let socket = "postgresql://USER@/NAME?host=/run/postgresql for the local server";
                return Err(Error::Address(format!("it names no host; {socket}")));
            }
            config.connect_timeout(connect_timeout);
            config.tcp_user_timeout(statement_timeout + connect_timeout);
            config.keepalives_idle(Duration::from_secs(30));
            if config.get_application_name().is_none() {
                config.application_name("halftone");
            }
            tls.apply(&mut config);
            Target::Postgres(Box::new((config, tls)))
        };
        Ok(Self { target, connect_timeout, statement_timeout, last_failure: Arc::default() })
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.target {
            Target::Postgres(_) => Dialect::Postgres,
            Target::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// Why the last attempt to connect failed, unless a later one succeeded.
    pub(super) fn last_failure(&self) -> Option<String> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn open(&self) -> Result<Conn> {
        Ok(match &self.target {
            Target::Postgres(target) => {
                let (config, tls) = &**target;
                let (connect, statement) = (self.connect_timeout, self.statement_timeout);
                let opened = PostgresConn::open(config, tls, connect, statement)?;
                Conn::Postgres(Box::new(opened))
            }
            Target::Sqlite(path) => Conn::Sqlite(SqliteConn::open(path, self.statement_timeout)?),
        })
    }
}

impl r2d2::ManageConnection for Opener {
    type Connection = Conn;
    type Error = Error;

    fn connect(&self) -> Result<Conn> {
        let opened = self.open();
        let failure = match &opened {
            Ok(_) => None,
            Err(Error::Unavailable(reason)) => Some(reason.clone()),
            Err(error) => Some(error.to_string()),
        };
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        opened
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<()> {
        match conn {
            Conn::Postgres(postgres) => postgres.ping(self.connect_timeout),
            Conn::Sqlite(_) => Ok(()),
        }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        match conn {
            Conn::Postgres(postgres) => postgres.is_broken(),
            Conn::Sqlite(sqlite) => sqlite.is_broken(),
        }
    }
}

impl Conn {
    /// Runs a statement and gives back its rows.
    pub(super) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        log::trace!("statement: {sql}");
        match self {
            Self::Postgres(postgres) => postgres.query(sql, values),
            Self::Sqlite(sqlite) => sqlite.query(sql, values),
        }
    }

    /// Runs a statement and gives back how many rows it changed.
    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        log::trace!("statement: {sql}");
        match self {
            Self::Postgres(postgres) => postgres.execute(sql, values),
            Self::Sqlite(sqlite) => sqlite.execute(sql, values),
        }
    }

    /// Runs a statement that is not worth preparing, without values.
    pub(super) fn run(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Postgres(postgres) => postgres.run(sql),
            Self::Sqlite(sqlite) => sqlite.run(sql),
        }
    }
}
