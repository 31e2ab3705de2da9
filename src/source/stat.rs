//! What is known of a file without reading it.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use nix::sys::stat::{FileStat, fstat};

use super::SourceError;

/// Size and time of a source: with the counter of writes through the server, its revision. Never
/// inode or device, which differ between hosts that share the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stat {
    /// Size in bytes.
    pub size: u64,
    /// Time of the last change of the content, in nanoseconds since 1970; times outside of about
    /// 1677 to 2262 are held at these ends.
    pub mtime_ns: i64,
}

impl Stat {
    /// Of an open file, so that a reader can tell whether it holds the revision that was asked for.
    ///
    /// # Errors
    ///
    /// [`SourceError::NotAFile`] and [`SourceError::Unreachable`].
    pub fn of(file: &File) -> Result<Self, SourceError> {
        Self::of_descriptor(file)
    }

    /// Of a descriptor, which may be one opened with `O_PATH`.
    pub(super) fn of_descriptor(descriptor: impl AsFd) -> Result<Self, SourceError> {
        let stat =
            fstat(descriptor).map_err(|errno| SourceError::unreachable(io::Error::from(errno)))?;
        if stat.st_mode & libc::S_IFMT != libc::S_IFREG {
            return Err(SourceError::NotAFile);
        }
        Ok(Self::from_regular(&stat))
    }

    pub(super) fn from_regular(stat: &FileStat) -> Self {
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mtime_ns: stat
                .st_mtime
                .saturating_mul(1_000_000_000)
                .saturating_add(stat.st_mtime_nsec),
        }
    }
}
