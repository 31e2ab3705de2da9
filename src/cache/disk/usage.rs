//! How many bytes a disk cache holds: one number, kept in a file that all processes share.
//!
//! It is brought up to date under a lock that is tried for some microseconds and never waited for;
//! what could not be added yet is added with the next change. A process that dies may leave the
//! number a little off; each sweep counts anew.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, TryLockError};
use std::time::Duration;

use crate::bytelock::ByteLocks;

/// The lock is held for two system calls at a time.
const ATTEMPTS: u32 = 20;
const PATIENT_ATTEMPTS: u32 = 1_000;

/// The shared number.
#[derive(Debug)]
pub(super) struct Usage {
    /// Also keeps this process's threads apart, whom the file's lock does not.
    file: Mutex<File>,
    locks: ByteLocks,
    pending: AtomicI64,
    last_known: AtomicU64,
}

impl Usage {
    /// Opens the number. The second value tells whether it was there and sound; if not it starts
    /// at 0 and is to be counted.
    pub(super) fn open(path: &Path) -> io::Result<(Self, bool)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path)?;
        let found = read(&file);
        let usage = Self {
            file: Mutex::new(file),
            locks: ByteLocks::open(path)?,
            pending: AtomicI64::new(0),
            last_known: AtomicU64::new(found.unwrap_or(0)),
        };
        usage.add_surely(0)?;
        Ok((usage, found.is_some()))
    }

    /// Adds to the number and returns it, as far as is known.
    pub(super) fn add(&self, bytes: i64) -> u64 {
        self.pending.fetch_add(bytes, Ordering::Relaxed);
        for _ in 0..ATTEMPTS {
            if let Some(bytes) = self.try_settle() {
                return bytes;
            }
            std::thread::yield_now();
        }
        self.bytes()
    }

    /// The same for those who have time, and must not go by an old number.
    pub(super) fn add_surely(&self, bytes: i64) -> io::Result<u64> {
        self.pending.fetch_add(bytes, Ordering::Relaxed);
        for _ in 0..PATIENT_ATTEMPTS {
            if let Some(bytes) = self.try_settle() {
                return Ok(bytes);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// The number as this process last saw it, with what it still has to add.
    pub(super) fn bytes(&self) -> u64 {
        let pending = self.pending.load(Ordering::Relaxed);
        self.last_known.load(Ordering::Relaxed).saturating_add_signed(pending)
    }

    /// Adds what is pending and returns the number, if nobody else is at it.
    fn try_settle(&self) -> Option<u64> {
        let file = match self.file.try_lock() {
            Ok(file) => file,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        if !matches!(self.locks.try_lock(0..1), Ok(true)) {
            return None;
        }
        let pending = self.pending.swap(0, Ordering::Relaxed);
        let found = read(&file);
        let bytes = found.unwrap_or(0).saturating_add_signed(pending);
        if (pending != 0 || found.is_none()) && write(&file, bytes).is_err() {
            self.pending.fetch_add(pending, Ordering::Relaxed);
        }
        self.last_known.store(bytes, Ordering::Relaxed);
        self.locks.unlock(0..1);
        Some(bytes)
    }
}

/// The number is followed by its complement, so that a torn or foreign file is told apart.
fn read(file: &File) -> Option<u64> {
    let mut bytes = [0; 16];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let number = u64::from_le_bytes(*bytes.first_chunk()?);
    let check = u64::from_le_bytes(*bytes.last_chunk()?);
    (number == !check).then_some(number)
}

fn write(file: &File, number: u64) -> io::Result<()> {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[8..].copy_from_slice(&(!number).to_le_bytes());
    file.write_all_at(&bytes, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_add_to_one_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("usage");
        let (one, sound) = Usage::open(&path).unwrap();
        assert!(!sound, "there was no number yet");
        assert_eq!(one.add(1_000), 1_000);
        let (two, sound) = Usage::open(&path).unwrap();
        assert!(sound);
        assert_eq!(two.add(-400), 600);
        assert_eq!(one.add(1), 601);
        assert_eq!(one.add(-10_000), 0, "it does not fall below nothing");
    }

    #[test]
    fn what_cannot_be_added_now_is_added_later() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("usage");
        let (one, _) = Usage::open(&path).unwrap();
        let (two, _) = Usage::open(&path).unwrap();
        assert!(two.locks.try_lock(0..1).unwrap());
        assert_eq!(one.add(5), 5);
        assert_eq!(one.add(6), 11);
        two.locks.unlock(0..1);
        assert_eq!(two.add(0), 0);
        assert_eq!(one.add(0), 11);
        assert_eq!(two.add(0), 11);
    }

    #[test]
    fn threads_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("usage");
        let (usage, _) = Usage::open(&path).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).map(|_| usage.add(3)).max());
            }
        });
        assert_eq!(usage.add(0), 12_000);
    }

    #[test]
    fn a_damaged_number_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("usage");
        Usage::open(&path).unwrap().0.add(77);
        std::fs::write(&path, [1; 16]).unwrap();
        assert!(!Usage::open(&path).unwrap().1);
    }
}
