//! What can be wrong with a name, and with the file behind a sound one.

use std::io;
use std::sync::Arc;

/// Why a text is not the path of a source. Messages hold no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It names nothing: empty, or the root itself.
    #[error("no image is named")]
    Missing,
    /// It has a `..` segment.
    #[error("the path leads outside the library")]
    Outside,
    /// It cannot be the path of a file; the reason is fit to be shown.
    #[error("the path is not valid: {0}")]
    Invalid(&'static str),
}

/// Why a source cannot be had. Cheap to clone, since one answer may go to many who wait for it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// There is no such file, or none that may be seen: hidden, or outside by a symbolic link.
    #[error("the file does not exist")]
    NotFound,
    /// There is something of that name, but it is a folder, a pipe, a socket or a device.
    #[error("this is not a file")]
    NotAFile,
    /// The file system refused or failed, or the library's root itself is away.
    #[error("the library cannot be read")]
    Unreachable(#[source] Arc<io::Error>),
    /// The file system did not answer in time and nothing is known of the file from before.
    #[error("the library does not answer")]
    TimedOut,
}

impl SourceError {
    /// Sorts what the kernel says of a path below the root.
    pub(super) fn of_file(error: io::Error) -> Self {
        match error.raw_os_error() {
            // EXDEV and ELOOP: a link that leaves the root, or that never ends. EINVAL and EILSEQ:
            // names that this file system cannot hold.
            Some(
                libc::ENOENT
                | libc::ENOTDIR
                | libc::ELOOP
                | libc::EXDEV
                | libc::ENAMETOOLONG
                | libc::EINVAL
                | libc::EILSEQ,
            ) => Self::NotFound,
            Some(libc::ENXIO | libc::ENODEV | libc::EISDIR) => Self::NotAFile,
            _ => Self::unreachable(error),
        }
    }

    /// A fault of the file system, not of the name.
    pub(super) fn unreachable(error: io::Error) -> Self {
        Self::Unreachable(Arc::new(error))
    }
}
