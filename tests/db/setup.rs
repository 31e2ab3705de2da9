//! A database for one case.

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use halftone::db::{self, Db, DbOptions};
use postgres::NoTls;

/// An own database, dropped in the end.
pub struct TestDb {
    options: DbOptions,
    /// The database, not migrated.
    pub db: Db,
    home: Home,
}

pub enum Home {
    Sqlite(tempfile::TempDir),
    Postgres { server: postgres::Config, name: String },
}

fn options(url: String) -> DbOptions {
    DbOptions {
        url,
        pool_size: 4,
        connect_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(20),
    }
}

impl TestDb {
    pub fn sqlite() -> Self {
        let home = tempfile::tempdir().unwrap();
        let options = options(format!("sqlite:{}", home.path().join("halftone.sqlite").display()));
        let db = Db::connect(&options).unwrap();
        Self { options, db, home: Home::Sqlite(home) }
    }

    pub fn postgres() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var("HALFTONE_TEST_POSTGRES").expect(
            "HALFTONE_TEST_POSTGRES must name a PostgreSQL server where databases may be made \
             (run scripts/test, which starts one)",
        );
        let server = postgres::Config::from_str(&url).unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("halftone_test_{}_{number}", std::process::id());
        let home = Home::Postgres { server, name: name.clone() };
        home.administer(&format!("CREATE DATABASE {name}"));
        // The last of several names holds.
        let separator = if url.contains('?') { '&' } else { '?' };
        let options = options(format!("{url}{separator}dbname={name}"));
        let db = Db::connect(&options).unwrap();
        Self { options, db, home }
    }

    pub fn migrated(&self) -> &Db {
        db::migrate(&self.db).unwrap();
        &self.db
    }

    /// Connections of their own, as another process has them.
    pub fn open(&self) -> Db {
        Db::connect(&self.options).unwrap()
    }

    /// As [`Self::open`], with short waits.
    pub fn open_impatient(&self) -> Db {
        let mut options = self.options.clone();
        options.connect_timeout = Duration::from_millis(400);
        options.statement_timeout = Duration::from_millis(400);
        Db::connect(&options).unwrap()
    }

    /// Makes the database unreachable for whoever writes: PostgreSQL cuts every connection and takes
    /// no new one, SQLite is locked by another writer. It is back when the result is dropped.
    pub fn take_away(&self) -> Away<'_> {
        match &self.home {
            Home::Sqlite(home) => {
                let other =
                    rusqlite::Connection::open(home.path().join("halftone.sqlite")).unwrap();
                other.busy_timeout(Duration::from_secs(5)).unwrap();
                other.execute_batch("BEGIN IMMEDIATE").unwrap();
                Away::Sqlite(other)
            }
            Home::Postgres { name, .. } => {
                self.home.administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
                self.home.administer(&format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                ));
                Away::Postgres(&self.home, name)
            }
        }
    }
}

pub enum Away<'a> {
    Sqlite(rusqlite::Connection),
    Postgres(&'a Home, &'a str),
}

impl Drop for Away<'_> {
    fn drop(&mut self) {
        match self {
            Self::Sqlite(other) => other.execute_batch("ROLLBACK").unwrap(),
            Self::Postgres(home, name) => {
                home.administer(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
            }
        }
    }
}

impl Home {
    fn administer(&self, sql: &str) {
        if let Self::Postgres { server, .. } = self {
            let mut server = server.connect(NoTls).expect("HALFTONE_TEST_POSTGRES does not answer");
            server.batch_execute(sql).unwrap();
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Self::Postgres { name, .. } = &*self {
            self.administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// Runs `work` in several threads at once, each with a number, and gives back what they return.
pub fn at_once<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = std::sync::Barrier::new(threads);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| {
                let (work, start) = (&work, &start);
                scope.spawn(move || {
                    start.wait();
                    work(number)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Waits until a condition holds; fails after 20 seconds.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
