//! A database for one case.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
    Postgres { server: Box<postgres::Config>, name: String },
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
        let server = Box::new(postgres::Config::from_str(&url).unwrap());
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("halftone_test_{}_{number}", std::process::id());
        let home = Home::Postgres { server, name: name.clone() };
        home.administer(&format!("CREATE DATABASE {name}"));
        // The last of several names holds, in both forms of an address.
        let separator = match (url.contains("://"), url.contains('?')) {
            (false, _) => ' ',
            (true, false) => '?',
            (true, true) => '&',
        };
        let options = options(format!("{url}{separator}dbname={name}"));
        let db = Db::connect(&options).unwrap();
        Self { options, db, home }
    }

    pub fn migrated(&self) -> &Db {
        db::migrate(&self.db).unwrap();
        &self.db
    }

    /// The file of SQLite.
    pub fn sqlite_file(&self) -> Option<std::path::PathBuf> {
        match &self.home {
            Home::Sqlite(home) => Some(home.path().join("halftone.sqlite")),
            Home::Postgres { .. } => None,
        }
    }

    /// A connection to PostgreSQL that knows nothing of the program.
    pub fn postgres_client(&self) -> postgres::Client {
        let Home::Postgres { server, name } = &self.home else { panic!("SQLite has no server") };
        server.clone().dbname(name).connect(NoTls).unwrap()
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

    /// A way to the same PostgreSQL database over a relay that can be stopped.
    pub fn over_relay(&self) -> (Db, Relay) {
        let Home::Postgres { server, name } = &self.home else { panic!("SQLite has no server") };
        let relay = Relay::start(server);
        let mut options = self.options.clone();
        let user = server.get_user().unwrap_or("postgres");
        options.url = format!("host=127.0.0.1 port={} user={user} dbname={name}", relay.port);
        if let Some(password) = server.get_password() {
            options.url += &format!(" password='{}'", String::from_utf8_lossy(password));
        }
        options.connect_timeout = Duration::from_millis(400);
        options.statement_timeout = Duration::from_millis(400);
        (Db::connect(&options).unwrap(), relay)
    }

    /// A database that does not exist before [`Missing::appear`].
    pub fn missing(&self) -> Missing {
        let mut options = self.options.clone();
        options.connect_timeout = Duration::from_millis(400);
        let (home, create) = match &self.home {
            Home::Sqlite(home) => {
                let folder = home.path().join("later");
                options.url = format!("sqlite:{}", folder.join("halftone.sqlite").display());
                (None, Create::Folder(folder))
            }
            Home::Postgres { server, name } => {
                let later = format!("{name}_later");
                options.url = format!("{}_later", options.url);
                let home = Home::Postgres { server: server.clone(), name: later.clone() };
                (Some(home), Create::Database(later))
            }
        };
        Missing { db: Db::connect(&options).unwrap(), home, create }
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

/// Carries bytes between clients and the server, until it is frozen: then connections stay open and
/// nothing comes through, as when a machine is paused.
pub struct Relay {
    port: u16,
    frozen: Arc<AtomicBool>,
}

impl Relay {
    fn start(server: &postgres::Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let frozen = Arc::new(AtomicBool::new(false));
        let (server, gate) = (server.clone(), Arc::clone(&frozen));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                relay(&client.unwrap(), &server, &gate);
            }
        });
        Self { port, frozen }
    }

    pub fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::Relaxed);
    }
}

fn relay(client: &TcpStream, server: &postgres::Config, gate: &Arc<AtomicBool>) {
    let port = server.get_ports().first().copied().unwrap_or(5432);
    match server.get_hosts().first().expect("the address names a host") {
        postgres::config::Host::Tcp(host) => {
            let server = TcpStream::connect((host.as_str(), port)).unwrap();
            let end = server.try_clone().unwrap();
            carry(client.try_clone().unwrap(), server.try_clone().unwrap(), gate, move || {
                end.shutdown(Shutdown::Both)
            });
            let end = client.try_clone().unwrap();
            carry(server, client.try_clone().unwrap(), gate, move || end.shutdown(Shutdown::Both));
        }
        postgres::config::Host::Unix(folder) => {
            let server = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).unwrap();
            let end = server.try_clone().unwrap();
            carry(client.try_clone().unwrap(), server.try_clone().unwrap(), gate, move || {
                end.shutdown(Shutdown::Both)
            });
            let end = client.try_clone().unwrap();
            carry(server, client.try_clone().unwrap(), gate, move || end.shutdown(Shutdown::Both));
        }
    }
}

/// Carries bytes one way, and then ends the other side too.
fn carry(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    gate: &Arc<AtomicBool>,
    end: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) {
    let gate = Arc::clone(gate);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read) = from.read(&mut buffer)
            && read > 0
        {
            while gate.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(5));
            }
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        // The other direction may have ended it before.
        end().unwrap_or_default();
    });
}

/// A database that does not exist yet.
pub struct Missing {
    pub db: Db,
    home: Option<Home>,
    create: Create,
}

enum Create {
    Folder(std::path::PathBuf),
    Database(String),
}

impl Missing {
    pub fn appear(&self) {
        match (&self.create, &self.home) {
            (Create::Folder(folder), _) => std::fs::create_dir(folder).unwrap(),
            (Create::Database(name), home) => {
                home.as_ref().unwrap().administer(&format!("CREATE DATABASE {name}"));
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
