//! A running `halftone serve` whose database, files and settings a test may change.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use halftone::db::{self, Db, DbOptions};
use nix::sys::signal::Signal;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::TempDir;

use crate::library;
use crate::support::database::Database;
use crate::support::files::temp_dir;
use crate::support::halftone::binary;
use crate::support::http::{Client, Response};
use crate::support::process::Process;
use crate::support::wait;

/// What the program keeps its rows in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A database of the server that `scripts/test` starts.
    Postgres,
}

/// Both, for tests that hold for each.
pub const BOTH: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

/// The server and all that it uses.
pub struct Site {
    // In this order: the processes end before their database and their files go.
    process: Process,
    db: Db,
    _database: Option<Database>,
    addr: SocketAddr,
    dir: TempDir,
}

impl Site {
    /// Starts it on SQLite with settings in TOML and with the pictures that `prepare` makes.
    pub fn start(settings: &str, prepare: impl FnOnce(&Path)) -> Self {
        Self::on(Backend::Sqlite, settings, prepare)
    }

    /// Starts it on either database.
    pub fn on(backend: Backend, settings: &str, prepare: impl FnOnce(&Path)) -> Self {
        let dir = temp_dir();
        let images = dir.path().join("images");
        fs::create_dir(&images).unwrap();
        prepare(&images);
        let database = (backend == Backend::Postgres).then(Database::create);
        let url = match &database {
            Some(database) => database.url(),
            None => format!("sqlite:{}", dir.path().join("test.db").display()),
        };
        let config = dir.path().join("halftone.toml");
        let text = format!(
            "images_dir = '{}'\ndata_dir = '{}'\ndatabase = '{url}'\n{settings}\n",
            images.display(),
            dir.path().join("data").display()
        );
        fs::write(&config, text).unwrap();
        let (process, addr) = launch("serve", dir.path());
        let db = Db::connect(&DbOptions { url, pool_size: 2, ..DbOptions::default() }).unwrap();
        Self { process, db, _database: database, addr, dir }
    }

    /// Starts a second process on the same files and the same database, and tells its address.
    pub fn second(&self) -> (Process, SocketAddr) {
        launch("second", self.dir.path())
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Where it answers.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A file of its repository.
    pub fn image(&self, path: &str) -> PathBuf {
        self.dir.path().join("images").join(path)
    }

    /// Its folder for all that is not pictures.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Its settings file.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("halftone.toml")
    }

    /// A folder for the test's own files.
    pub fn scratch(&self) -> &Path {
        self.dir.path()
    }

    /// Ends it as an administrator would, and tells how it ended.
    pub fn stop(mut self) -> ExitStatus {
        self.process.signal(Signal::SIGTERM);
        self.process.wait()
    }

    /// Ends the server; its database and its files stay.
    pub fn halt(&mut self) {
        self.process.signal(Signal::SIGTERM);
        assert!(self.process.wait().success(), "{}", self.log());
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// What it wrote and logged.
    pub fn log(&self) -> String {
        self.process.output()
    }

    /// GET.
    pub fn get(&self, target: &str) -> Response {
        self.get_with(target, &[])
    }

    /// GET with header fields.
    pub fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Response {
        self.send("GET", target.as_bytes(), headers)
    }

    /// Any request without a body.
    pub fn send(&self, method: &str, target: &[u8], headers: &[(&str, &str)]) -> Response {
        let response = Client::connect(self.addr)
            .and_then(|mut client| client.request(method, target, headers, b""));
        response.unwrap_or_else(|error| {
            let target = String::from_utf8_lossy(target);
            panic!("{method} {target}: {error}\n{}", self.log())
        })
    }

    /// GET of what has to be there.
    ///
    /// # Panics
    /// When the status is another one than 200.
    pub fn ok(&self, target: &str) -> Response {
        let response = self.get(target);
        assert_eq!(response.status, 200, "{target}: {}\n{}", response.text(), self.log());
        response
    }

    /// The status of a GET.
    pub fn status(&self, target: &str) -> u16 {
        self.get(target).status
    }

    /// Sets what a group may do in a folder.
    pub fn permit(&self, folder: &str, group: i64, access: i64) {
        let folder = db::folders::seen(&self.db, folder).unwrap();
        db::folder_permissions::set(&self.db, folder, group, access).unwrap();
    }

    /// Makes a template.
    pub fn template(&self, name: &str, json: &str) -> i64 {
        db::templates::insert(&self.db, name, "", json).unwrap()
    }

    /// The same, and waits until the server knows it.
    pub fn known_template(&self, name: &str, json: &str) {
        self.template(name, json);
        wait::until("the template is known", || {
            !self.get(&format!("/image?src=a/photo.jpg&tmp={name}")).text().contains("tmp: ")
        });
    }
}

/// The server over the common library with default settings, for tests that change nothing. It is
/// shared by those that run at the same time, and ends with the last of them.
pub fn shared() -> Arc<Site> {
    static SHARED: Mutex<Weak<Site>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(site) = shared.upgrade() {
        return site;
    }
    let site = Arc::new(Site::start("", library::make));
    *shared = Arc::downgrade(&site);
    site
}

/// Text as the value of a parameter.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Waits for what the program promises to happen in a set time.
///
/// # Panics
/// When it happens later.
pub fn within(limit: Duration, what: &str, condition: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    wait::until(what, condition);
    assert!(start.elapsed() <= limit, "{what}: took {:?}", start.elapsed());
}

/// Starts a server whose settings lie in a folder, and tells its address.
pub fn launch(name: &str, dir: &Path) -> (Process, SocketAddr) {
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(dir.join("halftone.toml"));
    let mut process = Process::start(name, dir, &mut command);
    let output = dir.join(format!("{name}.out"));
    let mut addr = None;
    process.wait_until("the server tells its address", || {
        addr = address(&fs::read_to_string(&output).unwrap_or_default());
        addr.is_some()
    });
    (process, addr.expect("waited for it"))
}

fn address(output: &str) -> Option<SocketAddr> {
    let (_, rest) = output.split_once("http://")?;
    rest.split_once("/\n")?.0.parse().ok()
}
