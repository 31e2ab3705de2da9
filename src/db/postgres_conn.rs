//! A connection to PostgreSQL on which no call waits for ever.
//!
//! The synchronous driver waits as long as the server keeps the connection open, so that a server
//! that is frozen (its machine paused, its disk hung) would hold every thread that asks. Hence the
//! asynchronous one, on a runtime of its own per connection, with a deadline for each call.

use std::collections::HashMap;
use std::future::Future;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Statement};

use super::dialect::Dialect;
use super::error::{Error, Result};
use super::tls::{Tls, in_the_clear};
use super::value::{Row, Value};

/// Statements that a connection keeps prepared.
const PREPARED_STATEMENTS: usize = 128;

/// For how long an answer is a sign of life: asking for one before every statement would nearly
/// double what a small statement costs.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// A connection to PostgreSQL with the statements that were prepared on it.
pub(super) struct PostgresConn {
    // Before the runtime on which its other half runs.
    client: Client,
    runtime: Runtime,
    prepared: HashMap<String, Statement>,
    /// Deadline of a call.
    patience: Duration,
    /// A call was given up: what the connection says next belongs to that one.
    given_up: bool,
    /// When the server last answered.
    answered: Instant,
}

impl PostgresConn {
    /// Opens a connection. The server itself ends statements after `statement_timeout`, calls are
    /// given up `connect_timeout` later.
    pub(super) fn open(
        config: &Config,
        tls: &Tls,
        connect_timeout: Duration,
        statement_timeout: Duration,
    ) -> Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let tls = tls.connector().map_err(Error::Unavailable)?;
        let client = runtime.block_on(async {
            let connecting = async {
                let opened = config.connect(tls.clone()).await;
                match opened.as_ref().err().and_then(|error| in_the_clear(config, error)) {
                    Some(clear) => clear.connect(tls).await,
                    None => opened,
                }
            };
            let opened = tokio::time::timeout(connect_timeout, connecting).await;
            let (client, other_half) = opened.map_err(|_| too_slow())?.map_err(connect_error)?;
            tokio::spawn(async move {
                if let Err(error) = other_half.await {
                    log::debug!("a connection to the database ended: {error}");
                }
            });
            Ok::<_, Error>(client)
        })?;
        let patience = statement_timeout.saturating_add(connect_timeout);
        let prepared = HashMap::new();
        let answered = Instant::now();
        let mut conn = Self { client, runtime, prepared, patience, given_up: false, answered };
        // The second one frees what a worker holds that was stopped inside a transaction.
        conn.run(&format!(
            "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}",
            statement_timeout.as_millis(),
            patience.as_millis(),
        ))?;
        Ok(conn)
    }

    /// Whether it can still be used.
    pub(super) fn is_broken(&self) -> bool {
        self.given_up || self.client.is_closed()
    }

    /// Asks the server for a sign of life, unless it has just given one.
    pub(super) fn ping(&mut self, patience: Duration) -> Result<()> {
        if self.answered.elapsed() < SIGN_OF_LIFE {
            self.catch_up();
            if !self.is_broken() {
                return Ok(());
            }
        }
        let Self { client, runtime, given_up, .. } = self;
        wait(runtime, patience, given_up, client.batch_execute(""))?;
        self.answered = Instant::now();
        Ok(())
    }

    /// Lets the other half see what has come since the last call, the connection's end for one. It waits
    /// for nothing: the first turn looks at the socket, the second reads, the third tells.
    fn catch_up(&self) {
        self.runtime.block_on(async {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        });
    }

    pub(super) fn run(&mut self, sql: &str) -> Result<()> {
        let Self { client, runtime, patience, given_up, .. } = self;
        wait(runtime, *patience, given_up, client.batch_execute(sql))
    }

    pub(super) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepare(sql, values)?;
        let values = references(values);
        let Self { client, runtime, patience, given_up, .. } = self;
        let rows = wait(runtime, *patience, given_up, client.query(&statement, &values));
        self.checked(rows)?.iter().map(Row::from_postgres).collect()
    }

    pub(super) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        let statement = self.prepare(sql, values)?;
        let values = references(values);
        let Self { client, runtime, patience, given_up, .. } = self;
        let changed = wait(runtime, *patience, given_up, client.execute(&statement, &values));
        self.checked(changed)
    }

    fn prepare(&mut self, sql: &str, values: &[Value]) -> Result<Statement> {
        let statement = match self.prepared.get(sql) {
            Some(statement) => statement.clone(),
            None => {
                let Self { client, runtime, patience, given_up, .. } = self;
                let rendered = Dialect::Postgres.render(sql);
                let statement = wait(runtime, *patience, given_up, client.prepare(&rendered))?;
                if self.prepared.len() >= PREPARED_STATEMENTS {
                    self.prepared.clear();
                }
                self.prepared.insert(sql.to_owned(), statement.clone());
                statement
            }
        };
        if statement.params().len() != values.len() {
            return Err(Error::Statement("it has another number of parameters".into()));
        }
        Ok(statement)
    }

    /// A migration under a running program may have changed what prepared statements give back;
    /// they are prepared anew after any such failure.
    fn checked<T>(&mut self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(_) => self.answered = Instant::now(),
            Err(Error::Statement(_)) => self.prepared.clear(),
            Err(_) => {}
        }
        outcome
    }
}

/// Waits for the server, but not for ever.
fn wait<T>(
    runtime: &Runtime,
    patience: Duration,
    given_up: &mut bool,
    call: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
) -> Result<T> {
    if *given_up {
        return Err(too_slow());
    }
    match runtime.block_on(async { tokio::time::timeout(patience, call).await }) {
        Ok(answer) => Ok(answer?),
        Err(_) => {
            *given_up = true;
            Err(too_slow())
        }
    }
}

fn too_slow() -> Error {
    Error::Unavailable("it did not answer in time".into())
}

/// Whatever the reason (refused, no such database, wrong password, starting up): it is not there.
pub(super) fn connect_error(error: tokio_postgres::Error) -> Error {
    let reason = error.as_db_error().map(|reported| reported.message().to_owned());
    let source = std::error::Error::source(&error).map(ToString::to_string);
    Error::Unavailable(reason.or(source).unwrap_or_else(|| error.to_string()))
}

fn references(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}
