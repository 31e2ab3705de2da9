//! Locks between the processes of a host: byte ranges of a file, by the kernel.
//!
//! They are open file description locks (`F_OFD_SETLK`, fcntl(2)): a lock belongs to one opening of
//! the file and is gone when that is closed, above all by the death of its process, whatever the
//! cause. Threads that share an opening do not exclude each other; that is their own business.
//!
//! The file must be opened after forking, because a child would share its parent's opening and with
//! it the locks.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

/// One opening of a lock file.
#[derive(Debug)]
pub struct ByteLocks {
    file: File,
}

impl ByteLocks {
    /// Opens a lock file, making it first where there is none.
    ///
    /// # Errors
    /// When the file can be neither opened nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        Ok(Self { file })
    }

    /// Locks a range unless another opening holds any of it. Never waits. Tells whether it is locked.
    ///
    /// # Errors
    /// When the kernel cannot lock at all (no memory for it, a file system without locks).
    pub fn try_lock(&self, bytes: Range<u64>) -> io::Result<bool> {
        match fcntl(&self.file, FcntlArg::F_OFD_SETLK(&region(libc::F_WRLCK, &bytes))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Gives a range back. What is not locked stays as it is.
    pub fn unlock(&self, bytes: Range<u64>) {
        if let Err(errno) = fcntl(&self.file, FcntlArg::F_OFD_SETLK(&region(libc::F_UNLCK, &bytes)))
        {
            log::error!("a lock could not be given back: {errno}");
        }
    }

    /// A part of the range that another opening holds: the one the kernel finds first.
    ///
    /// # Errors
    /// When the kernel cannot tell.
    pub fn held_by_others(&self, bytes: Range<u64>) -> io::Result<Option<Range<u64>>> {
        let mut found = region(libc::F_WRLCK, &bytes);
        fcntl(&self.file, FcntlArg::F_OFD_GETLK(&mut found))?;
        if i32::from(found.l_type) == libc::F_UNLCK {
            return Ok(None);
        }
        let start = found.l_start.cast_unsigned();
        let end = match found.l_len {
            0 => u64::MAX,
            len => start.saturating_add(len.cast_unsigned()),
        };
        Ok(Some(start..end))
    }
}

/// # Panics
/// When the range is empty, which to the kernel would mean "to the end", or ends past 2⁶³.
fn region(kind: i32, bytes: &Range<u64>) -> libc::flock {
    assert!(bytes.start < bytes.end && bytes.end <= i64::MAX.cast_unsigned(), "{bytes:?}");
    libc::flock {
        l_type: i16::try_from(kind).expect("lock types are small"),
        l_whence: i16::try_from(libc::SEEK_SET).expect("SEEK_SET is small"),
        l_start: bytes.start.cast_signed(),
        l_len: (bytes.end - bytes.start).cast_signed(),
        l_pid: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_exclude_each_other_by_the_byte() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let (one, two) = (ByteLocks::open(&path).unwrap(), ByteLocks::open(&path).unwrap());
        assert!(one.try_lock(10..20).unwrap());
        assert!(one.try_lock(10..20).unwrap(), "an opening does not exclude itself");
        assert!(!two.try_lock(19..30).unwrap());
        assert!(two.try_lock(20..30).unwrap());
        assert_eq!(two.held_by_others(0..40).unwrap(), Some(10..20));
        assert_eq!(two.held_by_others(20..40).unwrap(), None);
        one.unlock(15..20);
        assert!(two.try_lock(15..20).unwrap());
        drop(one);
        assert!(two.try_lock(0..i64::MAX.cast_unsigned()).unwrap());
    }
}
