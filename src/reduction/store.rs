//! The folder of reductions: one file a picture, within a number of bytes.
//!
//! ```text
//! ab/ab3f…        the reductions of one page of one picture
//! tmp/            what is being written
//! make.lock       held by the process that makes reductions
//! ```
//!
//! A file's name says which picture it belongs to, not in which revision: when the original changes
//! the file is found stale and replaced. The time of its last change is that of its last use, to the
//! hour; when the folder is too large, those go first that nobody used for longest.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::Result;
use super::container::read_header;
use super::level::Prepared;
use super::make::{Making, Outcome, suits};
use crate::bytelock::ByteLocks;
use crate::pixel::Limits;
use crate::pixel::decode::{Info, Source};

/// Raised when files of an older program can no longer be read or are no longer good enough.
const VERSION: u32 = 2;

/// How exactly the last use is known.
const TOUCH_AFTER: Duration = Duration::from_secs(3600);

/// A temporary file older than this belongs to no process that still writes it.
const TEMPORARY_LIFE: Duration = Duration::from_secs(24 * 3600);

/// How reductions are kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// A folder of its own.
    pub folder: PathBuf,
    /// Bytes that its files may take.
    pub budget_bytes: u64,
    /// Pictures of more pixels than this have reductions.
    pub above_pixels: u64,
    /// Whether pixels are mixed in proportion to light; reductions of the other kind are others.
    pub linear: bool,
    /// Pictures from this size on have a level of full size too: to read a region of the original may
    /// mean to read all that comes before it.
    pub huge_pixels: u64,
    /// Bytes of the decoded original that are held at once while its reductions are made.
    pub band_bytes: u64,
}

impl Options {
    /// A folder with the usual bounds.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            budget_bytes: 10 << 30,
            above_pixels: 1_000_000,
            linear: true,
            huge_pixels: 50_000_000,
            band_bytes: 48 << 20,
        }
    }
}

/// A page of a picture in one revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Among installations that share a folder.
    pub installation: &'a str,
    /// The picture's id.
    pub image_id: i64,
    /// The page, from 1.
    pub page: u32,
    /// Changes whenever the original does.
    pub revision: &'a str,
}

/// What the folder holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Pictures with reductions.
    pub files: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Files that were removed to make room.
    pub removed: u64,
}

/// The folder of reductions.
#[derive(Debug)]
pub struct Reductions {
    options: Options,
    lock: ByteLocks,
    /// The kernel's lock keeps other processes out, this one other threads.
    making: Mutex<()>,
    written: AtomicU64,
}

impl Reductions {
    /// Opens the folder, making it where there is none. To be called after forking.
    ///
    /// # Errors
    /// When it can be neither opened nor made.
    pub fn open(options: Options) -> io::Result<Self> {
        fs::create_dir_all(options.folder.join("tmp"))?;
        let lock = ByteLocks::open(&options.folder.join("make.lock"))?;
        Ok(Self { options, lock, making: Mutex::new(()), written: AtomicU64::new(0) })
    }

    /// The reductions of a picture, when they are there and of this revision. Those that cannot be
    /// read count as absent.
    #[must_use]
    pub fn find(&self, subject: &Subject<'_>) -> Option<Prepared> {
        let file = File::open(self.path(subject)).ok()?;
        let header = read_header(&file).ok()??;
        if header.revision != subject.revision {
            return None;
        }
        touch(&file);
        Some(Prepared { file: Arc::new(file), header })
    }

    /// Whether reductions of such a picture are made.
    #[must_use]
    pub fn suits(&self, info: &Info) -> bool {
        suits(info, self.options.above_pixels)
    }

    /// Forgets the reductions of a picture, because they turned out to be damaged.
    pub fn discard(&self, subject: &Subject<'_>) {
        let path = self.path(subject);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::warn!("{} cannot be removed: {error}", path.display());
        }
    }

    /// Makes the reductions of a picture unless they are there. `open` opens the original, again for
    /// every band of a large one, and once more at the end: when it fails then, because the original
    /// has changed meanwhile, nothing is kept. `pace` is called some hundred times a second, may wait,
    /// and says whether to go on.
    ///
    /// # Errors
    /// [`Error`](super::Error).
    pub fn make(
        &self,
        subject: &Subject<'_>,
        limits: &Limits,
        open: &mut dyn FnMut() -> Result<Source>,
        pace: &dyn Fn() -> bool,
    ) -> Result<Outcome> {
        if self.find(subject).is_some() {
            return Ok(Outcome::Current);
        }
        let Ok(_making) = self.making.try_lock() else { return Ok(Outcome::Busy) };
        if !self.lock.try_lock(0..1)? {
            return Ok(Outcome::Busy);
        }
        let made = self.make_locked(subject, limits, open, pace);
        self.lock.unlock(0..1);
        made
    }

    fn make_locked(
        &self,
        subject: &Subject<'_>,
        limits: &Limits,
        open: &mut dyn FnMut() -> Result<Source>,
        pace: &dyn Fn() -> bool,
    ) -> Result<Outcome> {
        let first = open()?;
        if !self.suits(first.info()) {
            return Ok(Outcome::NotWanted);
        }
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}-{}", std::process::id(), &self.name(subject)[..16]);
        let temporary = self.options.folder.join("tmp").join(name);
        let written = self.write(&temporary, subject, limits, first, open, pace);
        if written.is_err() {
            // Half a file is of no use; it may not even have come to be.
            let _: io::Result<()> = fs::remove_file(&temporary);
        }
        written
    }

    fn write(
        &self,
        temporary: &Path,
        subject: &Subject<'_>,
        limits: &Limits,
        first: Source,
        open: &mut dyn FnMut() -> Result<Source>,
        pace: &dyn Fn() -> bool,
    ) -> Result<Outcome> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(temporary)?;
        let file = Arc::new(file);
        let mut making =
            Making { revision: subject.revision, options: &self.options, limits, open, pace };
        let usable = making.write(first, &file)?;
        file.sync_all()?;
        // Whoever finds the file may rely on it: what can speak against it comes before the rename.
        (making.open)()?;
        let bytes = file.metadata()?.len();
        let path = self.path(subject);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::rename(temporary, &path)?;
        self.tidy()?;
        Ok(Outcome::Made { usable, bytes })
    }

    /// Brings the folder within its budget, those first that nobody used for longest, and clears
    /// away what crashes left. Looks at every file.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn tidy(&self) -> io::Result<Usage> {
        let mut found = self.walk()?;
        let mut usage = Usage {
            files: found.len() as u64,
            bytes: found.iter().map(|f| f.bytes).sum(),
            removed: 0,
        };
        found.sort_unstable_by_key(|found| found.used);
        for old in &found {
            if usage.bytes <= self.options.budget_bytes {
                break;
            }
            if fs::remove_file(&old.path).is_ok() {
                usage.bytes -= old.bytes;
                usage.files -= 1;
                usage.removed += 1;
            }
        }
        for file in fs::read_dir(self.options.folder.join("tmp"))?.flatten() {
            let written = file.metadata().and_then(|found| found.modified());
            let age = written.ok().and_then(|written| written.elapsed().ok());
            if age.is_some_and(|age| age > TEMPORARY_LIFE) {
                // Another process may have been faster.
                let _: io::Result<()> = fs::remove_file(file.path());
            }
        }
        Ok(usage)
    }

    /// What the folder holds.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn usage(&self) -> io::Result<Usage> {
        let found = self.walk()?;
        let bytes = found.iter().map(|found| found.bytes).sum();
        Ok(Usage { files: found.len() as u64, bytes, removed: 0 })
    }

    /// Removes everything.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn purge(&self) -> io::Result<Usage> {
        let mut usage = Usage::default();
        for found in self.walk()? {
            fs::remove_file(&found.path)?;
            usage.removed += 1;
        }
        Ok(usage)
    }

    fn walk(&self) -> io::Result<Vec<Found>> {
        let mut all = Vec::new();
        for folder in fs::read_dir(&self.options.folder)?.flatten() {
            if folder.file_name().len() != 2 {
                continue;
            }
            for file in fs::read_dir(folder.path())?.flatten() {
                let Ok(found) = file.metadata() else { continue };
                let used = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                all.push(Found { path: file.path(), used, bytes: found.len() });
            }
        }
        Ok(all)
    }

    fn path(&self, subject: &Subject<'_>) -> PathBuf {
        let name = self.name(subject);
        self.options.folder.join(&name[..2]).join(name)
    }

    fn name(&self, subject: &Subject<'_>) -> String {
        let Subject { installation, image_id, page, revision: _ } = subject;
        let linear = u8::from(self.options.linear);
        let text = format!("r{VERSION}:{linear}:{installation}:{image_id}:{page}");
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

struct Found {
    path: PathBuf,
    used: SystemTime,
    bytes: u64,
}

/// Notes that a file was used now.
fn touch(file: &File) {
    let now = SystemTime::now();
    let used = file.metadata().and_then(|found| found.modified()).ok();
    let age = used.and_then(|used| now.duration_since(used).ok());
    if age.is_none_or(|age| age > TOUCH_AFTER) {
        // Only the order of removal suffers when this fails.
        let _: io::Result<()> = file.set_modified(now);
    }
}
