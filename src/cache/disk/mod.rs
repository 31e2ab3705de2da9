//! The tier on disk: one plain file per entry, in folders by hash, within a number of bytes.
//!
//! Processes share the folder without an index. A file appears whole, by renaming a temporary one,
//! and carries its own checksum; so nothing is synced, and what a power cut leaves behind is found
//! damaged when it is read, is a miss and is removed. The time of a file's last change is the time of
//! its last use, to the minute. A thread of each process waits until the cap comes near; one of them
//! then removes what was not used for longest ([`sweep`]). Beyond the cap nothing is stored.
//!
//! ```text
//! ab3/ab3f…       an entry: the first three hexadecimal digits of its hash, then all 64
//! tmp/            entries that are being written
//! usage           how many bytes there are
//! sweep.lock      held by the process that sweeps
//! ```

mod sweep;
#[cfg(test)]
mod tests;
mod usage;

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, Sender, bounded};

use self::usage::Usage;
use super::entry::{from_record, record_head};
use super::{Entry, Key};
use crate::bytelock::ByteLocks;

/// Files take whole blocks.
const BLOCK_BYTES: u64 = 4096;

/// How exactly the last use of an entry is known.
const TOUCH_AFTER: Duration = Duration::from_secs(60);

/// How to keep a cache on disk.
#[derive(Debug, Clone)]
pub struct DiskOptions {
    /// A folder of its own, on a local file system.
    pub folder: PathBuf,
    /// Bytes that its files may take.
    pub cap_bytes: u64,
}

/// A folder of entries.
#[derive(Debug)]
pub(super) struct DiskTier {
    store: Arc<Store>,
    wake: Sender<()>,
    /// The last entry could not be written, which is told once.
    failing: AtomicBool,
}

/// What the request threads and the sweeping thread share.
#[derive(Debug)]
struct Store {
    folder: PathBuf,
    cap_bytes: u64,
    usage: Usage,
    sweep_lock: ByteLocks,
    /// Tells this process's temporary files from any other's.
    run: u64,
    written: AtomicU64,
}

impl DiskTier {
    /// Opens the folder, making it where there is none. Nothing in it is read; to be called after
    /// forking.
    pub(super) fn open(options: &DiskOptions) -> io::Result<Self> {
        let empty = !options.folder.join("tmp").exists();
        fs::create_dir_all(options.folder.join("tmp"))?;
        let (usage, sound) = Usage::open(&options.folder.join("usage"))?;
        let store = Arc::new(Store {
            folder: options.folder.clone(),
            cap_bytes: options.cap_bytes,
            usage,
            sweep_lock: ByteLocks::open(&options.folder.join("sweep.lock"))?,
            run: getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?,
            written: AtomicU64::new(0),
        });
        let (wake, woken) = bounded(1);
        let tier = Self { store: Arc::clone(&store), wake, failing: AtomicBool::new(false) };
        let thread = std::thread::Builder::new().name("cache-sweep".into());
        thread.spawn(move || sweep_when_woken(&store, &woken))?;
        if !sound && !empty {
            tier.wake_sweeper();
        }
        Ok(tier)
    }

    /// Looks an entry up. A damaged file is removed.
    pub(super) fn get(&self, key: &Key) -> io::Result<Option<Entry>> {
        let path = self.store.path(&key.hex());
        let mut file = match open_unnoticed(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = file.metadata()?;
        if let Some(entry) = self.store.read(key, &mut file, found.len())? {
            let now = SystemTime::now();
            let age = found.modified().ok().and_then(|used| now.duration_since(used).ok());
            if age.is_none_or(|age| age > TOUCH_AFTER) {
                // Only the order of removal suffers when this fails.
                let _: io::Result<()> = file.set_modified(now);
            }
            return Ok(Some(entry));
        }
        self.store.remove(&path, found.len());
        Ok(None)
    }

    /// Stores an entry, unless there is no room for it now. Tells whether it did.
    pub(super) fn put(&self, key: &Key, entry: &Entry) -> io::Result<bool> {
        let Some(head) = record_head(key, entry) else { return Ok(false) };
        let store = &self.store;
        let bytes = on_disk((head.len() + entry.body.len()) as u64);
        if bytes > store.cap_bytes / 8 {
            return Ok(false);
        }
        // Counted before it is written, so that processes together stay within the cap.
        let used = store.usage.add(bytes.cast_signed());
        if used > store.high_water() {
            self.wake_sweeper();
        }
        if used > store.cap_bytes {
            store.usage.add(-bytes.cast_signed());
            return Ok(false);
        }
        let written = store.write(&key.hex(), &head, &entry.body);
        let was_failing = self.failing.swap(written.is_err(), Ordering::Relaxed);
        match &written {
            Err(error) if !was_failing => log::warn!("the disk cache keeps nothing: {error}"),
            Ok(_) if was_failing => log::info!("the disk cache keeps pictures again"),
            _ => {}
        }
        match written {
            Ok(replaced) => {
                if replaced > 0 {
                    store.usage.add(-on_disk(replaced).cast_signed());
                }
                Ok(true)
            }
            Err(error) => {
                store.usage.add(-bytes.cast_signed());
                Err(error)
            }
        }
    }

    /// Forgets an entry.
    pub(super) fn remove(&self, key: &Key) {
        let path = self.store.path(&key.hex());
        if let Ok(found) = fs::symlink_metadata(&path) {
            self.store.remove(&path, found.len());
        }
    }

    /// Counts the folder anew, brings it below its cap and clears away what crashes left.
    pub(super) fn sweep(&self) -> io::Result<()> {
        self.store.sweep()
    }

    /// Removes every entry; tells how many there were and how long they were.
    pub(super) fn clear(&self) -> io::Result<(u64, u64)> {
        self.store.clear()
    }

    /// The most bytes that it may hold.
    pub(super) fn cap_bytes(&self) -> u64 {
        self.store.cap_bytes
    }

    /// Bytes in use, as far as this process knows.
    pub(super) fn used_bytes(&self) -> u64 {
        self.store.usage.bytes()
    }

    fn wake_sweeper(&self) {
        // A full channel means that it has been woken already.
        let _: Result<(), _> = self.wake.try_send(());
    }
}

fn sweep_when_woken(store: &Store, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        if let Err(error) = store.sweep() {
            log::warn!("the disk cache cannot be swept: {error}");
        }
    }
}

impl Store {
    fn path(&self, hex: &str) -> PathBuf {
        self.folder.join(&hex[..3]).join(hex)
    }

    /// From here on room is made.
    fn high_water(&self) -> u64 {
        self.cap_bytes / 16 * 15
    }

    /// Nothing when the record is damaged, torn, or larger than any that is written here.
    fn read(&self, key: &Key, file: &mut File, len: u64) -> io::Result<Option<Entry>> {
        let Some(len) = usize::try_from(len).ok().filter(|len| *len as u64 <= self.cap_bytes)
        else {
            return Ok(None);
        };
        let mut record = vec![0; len];
        match file.read_exact(&mut record) {
            Ok(()) => Ok(from_record(key, record)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a file and puts it in its place. Returns the length of the one it replaced, or 0.
    fn write(&self, hex: &str, head: &[u8], body: &[u8]) -> io::Result<u64> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let temporary = self.folder.join("tmp").join(format!("{:016x}-{number}", self.run));
        let path = self.path(hex);
        let written = write_new(&temporary, head, body).and_then(|()| {
            let replaced = fs::symlink_metadata(&path).map_or(0, |found| found.len());
            rename_into(&temporary, &path)?;
            Ok(replaced)
        });
        if written.is_err() {
            // Whatever it was (a full disk), half a file is of no use.
            let _: io::Result<()> = fs::remove_file(&temporary);
        }
        written
    }

    fn remove(&self, path: &Path, len: u64) -> bool {
        let removed = fs::remove_file(path).is_ok();
        if removed {
            self.usage.add(-on_disk(len).cast_signed());
        }
        removed
    }
}

/// The space that a file of this length takes.
fn on_disk(len: u64) -> u64 {
    len.div_ceil(BLOCK_BYTES) * BLOCK_BYTES
}

/// Opens a file for reading without the kernel noting the time, which would be a write of its own.
fn open_unnoticed(path: &Path) -> io::Result<File> {
    match OpenOptions::new().read(true).custom_flags(libc::O_NOATIME).open(path) {
        // Another user's file.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path),
        other => other,
    }
}

fn write_new(path: &Path, head: &[u8], body: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Somebody emptied the folder while it was in use.
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            options.open(path)?
        }
        other => other?,
    };
    let mut parts = [IoSlice::new(head), IoSlice::new(body)];
    let mut rest = &mut parts[..];
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn rename_into(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(to.parent().unwrap_or(to))?;
            fs::rename(from, to)
        }
        other => other,
    }
}
