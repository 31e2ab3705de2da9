//! Counting a disk cache and making room in it.
//!
//! One walk does both. It goes through the folders in batches of some thousand files, so that its
//! memory does not grow with the cache, and removes from each batch the same fraction of bytes, least
//! recently used first. Entries lie in folders by hash, so each batch is a fair sample of all: a small
//! cache loses exactly its oldest entries, a large one very nearly so.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use super::{Store, on_disk};

const BATCH_FILES: usize = 4096;

/// A temporary file older than this belongs to no process that still writes it.
const TEMPORARY_LIFE: Duration = Duration::from_secs(3600);

/// Longer than an entry takes to be written. Entries are counted before they are written: those in
/// the number at the start of a walk must be seen by it, or it would take them for gone.
const WRITE_TIME: Duration = Duration::from_millis(50);

struct Found {
    path: PathBuf,
    used: SystemTime,
    len: u64,
}

impl Store {
    /// Counts the folder and, when it holds more than the high-water mark, brings it down to seven
    /// eighths of the cap. Returns at once when another process is at it.
    pub(super) fn sweep(&self) -> io::Result<()> {
        if !self.sweep_lock.try_lock(0..1)? {
            return Ok(());
        }
        let swept = self.walk().and_then(|left| {
            // A number that was too low hid that there is too much: go again with the right one.
            if left > self.high_water() { self.walk() } else { Ok(left) }
        });
        self.sweep_lock.unlock(0..1);
        swept.map(drop)
    }

    /// Removes every entry; tells how many there were and what they took.
    pub(super) fn clear(&self) -> io::Result<(u64, u64)> {
        let (mut removed, mut bytes) = (0, 0);
        for folder in fs::read_dir(&self.folder)?.flatten().filter(holds_entries) {
            for entry in entries(&folder.path()) {
                self.remove(&entry.path, entry.len);
                removed += 1;
                bytes += entry.len;
            }
        }
        Ok((removed, bytes))
    }

    /// Returns how many bytes are left.
    fn walk(&self) -> io::Result<u64> {
        self.clear_temporary();
        let before = self.usage.add_surely(0)?;
        sleep(WRITE_TIME);
        let surplus = match before > self.high_water() {
            true => before - self.cap_bytes / 8 * 7,
            false => 0,
        };
        let (mut counted, mut removed) = (0, 0);
        let mut batch = Vec::new();
        let mut folders = fs::read_dir(&self.folder)?.flatten().filter(holds_entries).peekable();
        while let Some(folder) = folders.next() {
            batch.extend(entries(&folder.path()));
            if batch.len() >= BATCH_FILES || folders.peek().is_none() {
                let bytes: u64 = batch.iter().map(|found| on_disk(found.len)).sum();
                counted += bytes;
                let share = u128::from(bytes) * u128::from(surplus) / u128::from(before.max(1));
                removed += self.remove_oldest(&mut batch, u64::try_from(share).unwrap_or(bytes));
                batch.clear();
            }
        }
        self.usage.add_surely(counted.cast_signed().saturating_sub(before.cast_signed()))?;
        Ok(counted - removed)
    }

    fn remove_oldest(&self, batch: &mut [Found], share: u64) -> u64 {
        if share == 0 {
            return 0;
        }
        batch.sort_unstable_by_key(|found| found.used);
        let mut removed = 0;
        for found in batch {
            if removed >= share {
                break;
            }
            if self.remove(&found.path, found.len) {
                removed += on_disk(found.len);
            }
        }
        removed
    }

    fn clear_temporary(&self) {
        let Ok(files) = fs::read_dir(self.folder.join("tmp")) else { return };
        for file in files.flatten() {
            let written = file.metadata().and_then(|found| found.modified()).ok();
            let age = written.and_then(|written| written.elapsed().ok());
            if age.is_some_and(|age| age > TEMPORARY_LIFE) {
                // Another process may have been faster.
                let _: io::Result<()> = fs::remove_file(file.path());
            }
        }
    }
}

fn holds_entries(folder: &DirEntry) -> bool {
    let name = folder.file_name();
    name.len() == 3 && is_hex(name.as_encoded_bytes())
}

fn entries(folder: &Path) -> Vec<Found> {
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let entry = |file: DirEntry| {
        let name = file.file_name();
        if name.len() != 64 || !is_hex(name.as_encoded_bytes()) {
            return None;
        }
        let found = file.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Found { path: file.path(), used: found.modified().ok()?, len: found.len() })
    };
    files.flatten().filter_map(entry).collect()
}

fn is_hex(name: &[u8]) -> bool {
    name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
