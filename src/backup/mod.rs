//! Backups of an installation: all that the database holds, and the settings, in one file that either
//! database can be restored from.
//!
//! The file is lines of JSON, compressed with gzip: a head, the settings, every table with its
//! columns, the highest id it ever generated and its rows, the number of rows, and in the last line
//! the SHA-256 of all lines before it. What can be made from rows (the full text) and what is under
//! way (tasks, uploads) is not in it, nor are the pictures: those are files of the administrator.
//!
//! Knows tables by their names alone. Must not know what stands in them, settings, or HTTP.

mod lines;
mod restore;
mod save;

pub use restore::{Contents, Restored, check, restore};
pub use save::{Saved, Settings, save};

use crate::db;

/// The version of the form of backups. Raised when older programs could not read it.
pub const FORMAT: u64 = 1;

/// Why a backup could not be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database; nothing was changed in it.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// The file, or its disk.
    #[error("the backup file: {0}")]
    Io(#[from] std::io::Error),
    /// There is such a file.
    #[error("there is a file of this name already, and a backup never replaces one")]
    Exists,
    /// It is no backup, or it was cut off or changed.
    #[error("this is no whole backup: {0}")]
    Damaged(String),
    /// Another program made it.
    #[error("the backup is of another version: {0}")]
    Version(String),
    /// The database has rows.
    #[error("the database is in use: it has rows in \"{0}\"; only --replace overwrites them")]
    InUse(&'static str),
}

/// The result of what is done here.
pub type Result<T> = std::result::Result<T, Error>;
