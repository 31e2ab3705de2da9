//! The library: what people do with originals, and how rows keep up with files.
//!
//! Files are the truth. Rules stand here once, whoever asks: names, rights, what happens when a name
//! is taken, what is kept of what goes. Every change is made on disk first and then in the database;
//! what an interruption leaves between the two, the next walk over the files ([`sync`]) puts right.
//!
//! Knows files, rows, rights and the headers of pictures. Must not know HTTP, settings or which
//! process it runs in.

mod access;
mod details;
mod error;
mod folders;
mod images;
pub mod job;
mod journal;
pub mod name;
mod pages;
mod put;
mod read;
mod recycle;
mod recycled_files;
mod resumable;
mod search;
pub mod sync;
mod tags;
mod target;
mod tree;
mod watch;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

pub use access::{Caller, RightsNow};
pub use details::{Amendment, Changes, Was};
pub use error::{Error, Result};
pub use put::{NewFile, Overwrite};
pub use read::{READER, index_all};
pub use resumable::Started;
pub use search::Found;
pub use target::{expand as expand_target, valid as valid_target};
pub use watch::Watcher;

use crate::auth;
use crate::db::{self, Db};
use crate::pixel::{Engine, Format};
use crate::source::{Repository, SourcePath};

/// Attempts at giving rows other paths.
const RENAME_ATTEMPTS: u32 = 5;

/// How the library behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether names of uploads keep letters of all scripts, or are written in ASCII.
    pub unicode_names: bool,
    /// Whether files that end before their picture does are taken.
    pub accept_cut_off: bool,
    /// The longest file that is taken, in bytes.
    pub max_file_bytes: u64,
    /// Folders that uploads may name by their number, with places for dates.
    pub targets: Vec<String>,
    /// Days for which deleted and overwritten files are kept; 0 keeps none.
    pub recycle_days: u32,
    /// Hours after which an unfinished resumable upload is given up.
    pub upload_expiry_h: u32,
    /// Whether pictures are shown as their orientation says.
    pub upright: bool,
    /// The share of the library, in percent, that a walk may find missing without asking.
    pub missing_percent: u32,
    /// Names this host among those that see the files.
    pub host: String,
    /// Whether documents that are uploaded or found are turned into folders of page pictures.
    pub burst_documents: bool,
    /// Resolution of those pictures in dots per inch.
    pub burst_dpi: u32,
    /// After this time every worker knows of a change of rights.
    pub rights_known_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            unicode_names: true,
            accept_cut_off: false,
            max_file_bytes: 1 << 30,
            targets: Vec::new(),
            recycle_days: 30,
            upload_expiry_h: 24,
            upright: true,
            missing_percent: 10,
            host: String::new(),
            burst_documents: false,
            burst_dpi: 150,
            rights_known_after: auth::KNOWN_AFTER,
        }
    }
}

/// Told of each path whose file was changed, so that whoever remembers it forgets.
pub type Forget = dyn Fn(&SourcePath) + Send + Sync;

/// The library.
pub struct Library {
    db: Db,
    files: Arc<Repository>,
    engine: Engine,
    options: Options,
    forget: Box<Forget>,
}

impl Library {
    /// A library over these files and rows. `forget` is called with each path that was changed.
    #[must_use]
    pub fn new(
        db: Db,
        files: Arc<Repository>,
        engine: Engine,
        options: Options,
        forget: impl Fn(&SourcePath) + Send + Sync + 'static,
    ) -> Self {
        Self { db, files, engine, options, forget: Box::new(forget) }
    }

    /// How it behaves.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Gives rows other paths. A request or a walk that meets the file at its new place at the same
    /// moment makes a row there; the next attempt sets that one aside.
    fn rename_rows<T>(&self, mut work: impl FnMut(&dyn db::Sql) -> db::Result<T>) -> db::Result<T> {
        for _ in 1..RENAME_ATTEMPTS {
            match self.db.transaction(&mut work) {
                Err(error) if error.is_duplicate() => {}
                done => return done,
            }
        }
        self.db.transaction(work)
    }

    fn changed(&self, path: &SourcePath) {
        self.files.forget(path);
        (self.forget)(path);
    }
}

/// The format that a file's name promises, if it is one that can be read.
#[must_use]
pub fn readable(path: &SourcePath) -> Option<Format> {
    Format::from_extension(path.extension()?).filter(|format| format.row().read)
}
