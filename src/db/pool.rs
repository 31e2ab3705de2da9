//! The connections of one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::dialect::Dialect;
use super::error::{Error, Result};
use super::open::{Conn, Opener};
use super::sql::{Sql, Transaction};
use super::value::{Row, Value};

/// Attempts at a transaction that meets others.
const TRANSACTION_ATTEMPTS: u32 = 6;

/// How to reach the database.
#[derive(Clone)]
pub struct DbOptions {
    /// `sqlite:PATH`, or what PostgreSQL takes: `postgresql://USER:PASSWORD@HOST/NAME`, also with
    /// `?host=/run/postgresql`, or `key=value` pairs; with `sslmode`, `sslrootcert`, `sslcert` and
    /// `sslkey` as libpq means them, but that no home folder is looked into.
    pub url: String,
    /// Connections that one process may hold at once.
    pub pool_size: u32,
    /// How long a call may wait for a connection, a new or a free one.
    pub connect_timeout: Duration,
    /// How long one statement may take; for SQLite how long it may wait for another writer.
    pub statement_timeout: Duration,
}

impl std::fmt::Debug for DbOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DbOptions")
            .field("url", &"(hidden: may hold a password)")
            .field("pool_size", &self.pool_size)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .finish()
    }
}

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            pool_size: 5,
            connect_timeout: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(10),
        }
    }
}

/// The database, as one process sees it. Clones share the connections.
///
/// Make it after the process was forked: it owns threads, and connections must not be shared over
/// processes.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    opener: Opener,
    pool: r2d2::Pool<Opener>,
    /// The last attempt to get a connection failed. The pool goes on trying in the background, so
    /// that calls need not wait before there is one.
    away: AtomicBool,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("dialect", &self.inner.opener.dialect()).finish_non_exhaustive()
    }
}

impl Db {
    /// Prepares the pool. Nothing is connected before the first call.
    ///
    /// # Errors
    /// [`Error::Address`] when the address cannot be read.
    pub fn connect(options: &DbOptions) -> Result<Self> {
        let opener = Opener::new(&options.url, options.connect_timeout, options.statement_timeout)?;
        let pool = r2d2::Pool::builder()
            .max_size(options.pool_size.max(1))
            .min_idle(Some(0))
            .connection_timeout(options.connect_timeout)
            .idle_timeout(Some(Duration::from_secs(300)))
            // Failures are reported once, by whoever waits for the connection.
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(opener.clone());
        Ok(Self { inner: Arc::new(Inner { opener, pool, away: AtomicBool::new(false) }) })
    }

    /// Which SQL it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.inner.opener.dialect()
    }

    /// Whether the last attempt to reach it failed. Costs nothing.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.inner.away.load(Ordering::Relaxed)
    }

    pub(super) fn opener(&self) -> &Opener {
        &self.inner.opener
    }

    fn get(&self) -> Result<r2d2::PooledConnection<Opener>> {
        let Inner { pool, away, opener } = &*self.inner;
        let reason = || opener.last_failure().unwrap_or_else(|| "it does not answer".into());
        if away.load(Ordering::Relaxed) && pool.state().connections == 0 {
            return Err(Error::Unavailable(reason()));
        }
        match pool.get() {
            Ok(conn) => {
                if away.swap(false, Ordering::Relaxed) {
                    log::info!("the database answers again");
                }
                Ok(conn)
            }
            Err(_) if pool.state().connections >= pool.max_size() => {
                Err(Error::Unavailable("every connection is in use".into()))
            }
            Err(_) => {
                let reason = reason();
                if !away.swap(true, Ordering::Relaxed) {
                    log::warn!("the database is away: {reason}");
                }
                Err(Error::Unavailable(reason))
            }
        }
    }

    fn with_conn<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        work(&mut *self.get()?)
    }

    /// Runs `work` in a transaction, again when it met another transaction. Whatever else `work`
    /// does must therefore bear to be repeated.
    ///
    /// # Errors
    /// What `work` returns: nothing was written then. After [`Error::Unavailable`] from the commit
    /// itself it is unknown whether it was.
    pub fn transaction<T>(&self, mut work: impl FnMut(&dyn Sql) -> Result<T>) -> Result<T> {
        let begin = self.dialect().begin();
        for attempt in 1..TRANSACTION_ATTEMPTS {
            match self.try_transaction(begin, &mut work) {
                Err(Error::Conflict) => std::thread::sleep(pause(attempt)),
                done => return done,
            }
        }
        self.try_transaction(begin, &mut work)
    }

    /// Runs `work` over one state of the database, whatever others write meanwhile. It may only
    /// read.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn snapshot<T>(&self, mut work: impl FnMut(&dyn Sql) -> Result<T>) -> Result<T> {
        self.try_transaction(self.dialect().begin_snapshot(), &mut work)
    }

    fn try_transaction<T>(
        &self,
        begin: &str,
        work: &mut dyn FnMut(&dyn Sql) -> Result<T>,
    ) -> Result<T> {
        let mut conn = self.get()?;
        let transaction = Transaction::begin(&mut conn, self.dialect(), begin)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

/// Longer with each attempt, and different for every thread, so that they do not meet again.
fn pause(attempt: u32) -> Duration {
    let spread = u64::from(getrandom::u32().unwrap_or(0) % 10);
    Duration::from_millis(u64::from(attempt) * 5 + spread)
}

impl Sql for Db {
    fn dialect(&self) -> Dialect {
        self.inner.opener.dialect()
    }

    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        self.with_conn(|conn| conn.query(sql, values))
    }

    fn execute(&self, sql: &str, values: &[Value]) -> Result<u64> {
        self.with_conn(|conn| conn.execute(sql, values))
    }

    fn atomically(&self, work: &mut dyn FnMut(&dyn Sql) -> Result<()>) -> Result<()> {
        self.transaction(work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> DbOptions {
        DbOptions { url: url.to_owned(), ..DbOptions::default() }
    }

    #[test]
    fn nothing_is_connected_before_the_first_call() {
        for url in ["postgresql://nobody@127.0.0.1:1/none", "sqlite:/nowhere/at/all.sqlite"] {
            let db = Db::connect(&options(url)).unwrap();
            assert_eq!(db.inner.pool.state().connections, 0);
            assert!(!db.is_away());
        }
    }

    #[test]
    fn addresses_are_understood_and_passwords_not_repeated() {
        for (url, dialect) in [
            ("sqlite:relative.sqlite", Dialect::Sqlite),
            ("sqlite:///absolute.sqlite", Dialect::Sqlite),
            ("postgresql://user:secret@host:5433/name?sslmode=prefer", Dialect::Postgres),
            ("postgres:///name?host=/run/postgresql", Dialect::Postgres),
            ("host=/run/postgresql user=halftone dbname=name", Dialect::Postgres),
        ] {
            let db = Db::connect(&options(url)).unwrap();
            assert_eq!(db.dialect(), dialect, "{url}");
            let shown = format!("{db:?} {:?} {:?}", options(url), db.opener());
            assert!(!shown.contains("secret"), "{shown}");
        }
        for url in [
            "",
            "sqlite:",
            "secret",
            "postgresql://user:secret@host:port/name",
            "postgresql://user:secret@host/name?sslmode=allow",
            "postgresql://user:secret@host/name?sslmode=verify-full",
        ] {
            let refused = Db::connect(&options(url)).unwrap_err();
            assert!(matches!(refused, Error::Address(_)), "{url}: {refused}");
            assert!(!refused.to_string().contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_new_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("halftone.sqlite");
        let db = Db::connect(&options(&format!("sqlite:{}", file.display()))).unwrap();
        crate::db::migrate(&db).unwrap();
        for entry in std::fs::read_dir(home.path()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert!(mode == 0o600 || name.ends_with("-migrate"), "{name}: {mode:o}");
        }
    }
}
