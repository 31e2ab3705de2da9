//! Why something could not be done with the library. Messages are fit to be shown: they name paths
//! within the library, which the caller may see, and nothing of the host.

use std::io;

use crate::auth::{Level, Unavailable};
use crate::source::{PathError, SourceError};
use crate::{db, pixel};

/// The result of a change of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value does not do.
    #[error("{name}: {reason}")]
    Parameter {
        /// What it is called in forms.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such thing.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The name is taken.
    #[error("{0} already exists")]
    Exists(String),
    /// The caller may not do that there.
    #[error("permission is missing: {} in {folder}", level.title())]
    Denied {
        /// What is missing.
        level: Level,
        /// Where.
        folder: String,
    },
    /// The caller may not do that.
    #[error("only who administers files may do this")]
    NotAdministrator,
    /// The content is no picture that can be read, or not the one that its name says.
    #[error("{0}")]
    NotAPicture(String),
    /// The file is longer than allowed.
    #[error("the file is longer than the {limit_bytes} bytes that are allowed")]
    TooLarge {
        /// The longest that is taken.
        limit_bytes: u64,
    },
    /// Somebody else has changed what is to be changed since it was read.
    #[error("changed by somebody else meanwhile: {}", .0.join(", "))]
    Overtaken(Vec<&'static str>),
    /// There is no room for it.
    #[error("there is no space left for the file")]
    Full,
    /// What was sent ended too early.
    #[error("the upload was broken off")]
    BrokenOff,
    /// An upload is being gone on with by somebody else, or is at another place.
    #[error("the upload is at byte {at}")]
    OutOfStep {
        /// Where it has to go on.
        at: u64,
    },
    /// Another request works on the same thing.
    #[error("another request is at it")]
    Busy,
    /// The files cannot be reached.
    #[error(transparent)]
    Files(#[from] SourceError),
    /// The file system failed.
    #[error("the file system failed: {}", .0.kind())]
    Io(io::Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// Rights are not known at the moment.
    #[error(transparent)]
    Rights(#[from] Unavailable),
    /// Whoever had it done wants it to stop.
    #[error("stopped")]
    Stopped,
}

impl Error {
    pub(super) fn parameter(name: &'static str, reason: impl Into<String>) -> Self {
        Self::Parameter { name, reason: reason.into() }
    }

    /// Whether trying again cannot help, as long as nobody changes anything.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Parameter { .. }
                | Self::NotFound(_)
                | Self::Exists(_)
                | Self::Overtaken(_)
                | Self::Denied { .. }
                | Self::NotAdministrator
        )
    }

    /// A path that a caller gave.
    pub(super) fn path(name: &'static str, error: PathError) -> Self {
        Self::parameter(name, error.to_string())
    }

    /// A fault of the content, or of reading it.
    pub(super) fn picture(error: pixel::Error) -> Self {
        match error {
            pixel::Error::Io(error) => error.into(),
            pixel::Error::Memory => io::Error::from(io::ErrorKind::OutOfMemory).into(),
            error => Self::NotAPicture(error.to_string()),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        // A limit of the process or of the account's files is a full disk, too.
        match error.raw_os_error() {
            Some(libc::ENOSPC | libc::EDQUOT | libc::EFBIG) => Self::Full,
            _ if error.kind() == io::ErrorKind::UnexpectedEof => Self::BrokenOff,
            _ => Self::Io(error),
        }
    }
}
