//! Shared memory in which every worker tells what it is doing.
//!
//! It exists so that the arbiter can find a stuck request, and an administrator can see every
//! thread, without asking a process that may not answer. Rows are fixed: a header, then per worker
//! a row and its threads' rows, all of them 64-bit words reached by atomics only. A worker writes
//! its own rows; the arbiter gives rows out and clears them when their worker is gone.

use std::fs::{File, OpenOptions};
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::rows::{WorkerRow, WorkerState};
use super::snapshot::Snapshot;
use super::sys::SharedWords;

const MAGIC: u64 = u64::from_be_bytes(*b"halftone");
const VERSION: u64 = 2;

/// Counts of each worker. What they are of is the business of whoever counts.
pub const COUNTS: usize = 104;

const HEADER_WORDS: usize = 16 + COUNTS;
pub(super) const WORKER_WORDS: usize = 24 + COUNTS;
pub(super) const THREAD_WORDS: usize = 8;
/// More rows than this no file may claim.
const MAX_ROWS: u64 = 65_536;

/// Words of the header.
pub(super) mod header {
    pub const MAGIC: usize = 0;
    pub const VERSION: usize = 1;
    pub const WORKERS: usize = 2;
    pub const THREADS: usize = 3;
    pub const ARBITER_PID: usize = 4;
    pub const STARTED_UNIX_S: usize = 5;
    pub const PAST_REQUESTS: usize = 6;
    pub const OVERLOADS: usize = 7;
    pub const RESPAWNS: usize = 8;
    pub const WANTED_WORKERS: usize = 9;
    pub const PANICS: usize = 10;
    pub const KILLS: usize = 11;
    /// What workers had counted that are gone.
    pub const PAST_COUNTS: usize = 16;
}

/// Why there is no scoreboard to look at.
#[derive(Debug, thiserror::Error)]
pub enum ScoreboardError {
    /// It cannot be made.
    #[error("the scoreboard {} cannot be made: {cause}", path.display())]
    Make {
        /// Where it was to be.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It cannot be read.
    #[error("the scoreboard cannot be opened: {0}")]
    Io(#[from] io::Error),
    /// The file is something else, or of another version of this program.
    #[error("this is not a scoreboard of this version")]
    Foreign,
}

/// The scoreboard, mapped for writing. Clones share it; so do forked processes.
#[derive(Debug, Clone)]
pub struct Scoreboard {
    words: Arc<SharedWords>,
    workers: usize,
    threads: usize,
}

impl Scoreboard {
    /// Makes a scoreboard in a file (mode 0640). A file of that name is replaced, not written to:
    /// whoever uses it goes on with the old one.
    ///
    /// # Errors
    /// When the file cannot be made, or there is no space for all of it.
    pub fn create(path: &Path, workers: usize, threads: usize) -> Result<Self, ScoreboardError> {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = Path::new(&name);
        let make = || {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o640)
                .open(temporary)?;
            let words = SharedWords::of_file(&file, word_count(workers, threads))?;
            let board = Self::over(words, workers, threads);
            std::fs::rename(temporary, path)?;
            Ok(board)
        };
        make().map_err(|cause| {
            // Where it could not be begun there is none.
            let _ = std::fs::remove_file(temporary);
            ScoreboardError::Make { path: path.to_owned(), cause }
        })
    }

    /// Makes a scoreboard that nobody else can look at.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn private(workers: usize, threads: usize) -> Result<Self, ScoreboardError> {
        let words = SharedWords::anonymous(word_count(workers, threads))?;
        Ok(Self::over(words, workers, threads))
    }

    /// Opens a scoreboard of another process for looking at.
    ///
    /// # Errors
    /// When it cannot be read or is not one of this version.
    pub fn open_readonly(path: &Path) -> Result<Reader, ScoreboardError> {
        Reader::open(path)
    }

    fn over(words: SharedWords, workers: usize, threads: usize) -> Self {
        let board = Self { words: Arc::new(words), workers, threads };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        board.word(header::VERSION).store(VERSION, Ordering::Relaxed);
        board.word(header::WORKERS).store(workers as u64, Ordering::Relaxed);
        board.word(header::THREADS).store(threads as u64, Ordering::Relaxed);
        board.word(header::ARBITER_PID).store(u64::from(std::process::id()), Ordering::Relaxed);
        board.word(header::STARTED_UNIX_S).store(now, Ordering::Relaxed);
        board.word(header::MAGIC).store(MAGIC, Ordering::Release);
        board
    }

    /// How many workers have a row.
    #[must_use]
    pub fn worker_capacity(&self) -> usize {
        self.workers
    }

    /// How many threads of each worker have a row.
    #[must_use]
    pub fn thread_capacity(&self) -> usize {
        self.threads
    }

    /// The row of a worker.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn worker(&self, index: usize) -> WorkerRow {
        assert!(index < self.workers, "no row {index} of {} workers", self.workers);
        WorkerRow::new(self.clone(), index, worker_at(index, self.threads))
    }

    /// All rows of workers.
    pub fn workers(&self) -> impl Iterator<Item = WorkerRow> + '_ {
        (0..self.workers).map(|index| self.worker(index))
    }

    /// Counts a request that was answered 503 because the queue was full.
    pub fn count_overload(&self) {
        self.word(header::OVERLOADS).fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request that panicked.
    pub fn count_panic(&self) {
        self.word(header::PANICS).fetch_add(1, Ordering::Relaxed);
    }

    /// The sum of pixels that all threads of all workers say they hold.
    #[must_use]
    pub fn held_pixels(&self) -> u64 {
        let mut sum = 0_u64;
        for row in self.workers().filter(|row| row.state() != WorkerState::Free) {
            for thread in 0..self.threads {
                sum = sum.saturating_add(row.thread(thread).held_pixels().load(Ordering::Relaxed));
            }
        }
        sum
    }

    /// What it says now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let words: Vec<u64> =
            self.words.words().iter().map(|word| word.load(Ordering::Relaxed)).collect();
        Snapshot::of_words(&Words { words: &words, workers: self.workers, threads: self.threads })
    }

    pub(super) fn count_respawn(&self) {
        self.word(header::RESPAWNS).fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_kill(&self) {
        self.word(header::KILLS).fetch_add(1, Ordering::Relaxed);
    }

    /// How many workers the settings ask for, as the worker that booted last has read them.
    pub(super) fn wanted_workers(&self) -> &AtomicU64 {
        self.word(header::WANTED_WORKERS)
    }

    pub(super) fn word(&self, at: usize) -> &AtomicU64 {
        &self.words.words()[at]
    }
}

/// A scoreboard of another process.
#[derive(Debug)]
pub struct Reader {
    file: File,
}

impl Reader {
    fn open(path: &Path) -> Result<Self, ScoreboardError> {
        let reader = Self { file: File::open(path)? };
        reader.snapshot()?;
        Ok(reader)
    }

    /// What it says now.
    ///
    /// # Errors
    /// When the file cannot be read, or never was a scoreboard of this version.
    pub fn snapshot(&self) -> Result<Snapshot, ScoreboardError> {
        let mut head = [0; HEADER_WORDS * 8];
        self.file.read_exact_at(&mut head, 0).map_err(foreign_if_short)?;
        let head = to_words(&head);
        let (workers, threads) = (head[header::WORKERS], head[header::THREADS]);
        if head[header::MAGIC] != MAGIC
            || head[header::VERSION] != VERSION
            || workers.checked_mul(threads).is_none_or(|rows| rows > MAX_ROWS)
        {
            return Err(ScoreboardError::Foreign);
        }
        // Both fit: their product does, and a pool without threads has few words.
        let (workers, threads) = (workers.min(MAX_ROWS) as usize, threads.min(MAX_ROWS) as usize);
        let mut bytes = vec![0; word_count(workers, threads).get() * 8];
        self.file.read_exact_at(&mut bytes, 0).map_err(foreign_if_short)?;
        Ok(Snapshot::of_words(&Words { words: &to_words(&bytes), workers, threads }))
    }
}

fn foreign_if_short(error: io::Error) -> ScoreboardError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ScoreboardError::Foreign,
        _ => ScoreboardError::Io(error),
    }
}

fn to_words(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<8>().0.iter().map(|word| u64::from_ne_bytes(*word)).collect()
}

fn word_count(workers: usize, threads: usize) -> NonZeroUsize {
    NonZeroUsize::new(worker_at(workers, threads)).expect("the header alone has words")
}

fn worker_at(index: usize, threads: usize) -> usize {
    HEADER_WORDS + index * (WORKER_WORDS + threads * THREAD_WORDS)
}

/// A copy of the words, for whoever makes a snapshot of them.
pub(super) struct Words<'a> {
    words: &'a [u64],
    pub workers: usize,
    pub threads: usize,
}

impl Words<'_> {
    pub fn header(&self, field: usize) -> u64 {
        self.words[field]
    }

    pub fn past_count(&self, count: usize) -> u64 {
        self.words[header::PAST_COUNTS + count]
    }

    pub fn worker(&self, index: usize, field: usize) -> u64 {
        self.words[worker_at(index, self.threads) + field]
    }

    pub fn thread(&self, index: usize, thread: usize, field: usize) -> u64 {
        let row = worker_at(index, self.threads) + WORKER_WORDS;
        self.words[row + thread * THREAD_WORDS + field]
    }
}

#[cfg(test)]
mod tests {
    use super::super::sys::monotonic_ms;
    use super::*;
    use crate::http::Stage;

    #[test]
    fn a_reader_sees_what_the_writer_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("scoreboard");
        let board = Scoreboard::create(&path, 3, 2).unwrap();
        let row = board.worker(1);
        row.claim();
        row.set_pid(4711);
        row.set_threads(2, 0);
        row.set_state(WorkerState::Ready);
        row.count_request();
        row.thread(1).begin(60_000, 75_000);
        row.thread(1).enter(Stage::Decoding);
        row.thread(1).held_pixels().store(1234, Ordering::Relaxed);
        board.count_overload();

        let seen = Scoreboard::open_readonly(&path).unwrap().snapshot().unwrap();
        assert_eq!(seen.arbiter_pid, u64::from(std::process::id()));
        assert_eq!((seen.requests, seen.overloads), (1, 1));
        let [worker] = &seen.workers[..] else { panic!("one worker, not {seen:?}") };
        assert_eq!((worker.pid, worker.state), (4711, WorkerState::Ready));
        assert_eq!(worker.threads[0].stage, "idle");
        assert_eq!(worker.threads[1].stage, "decoding");
        assert_eq!(worker.threads[1].held_pixels, 1234);
        assert_eq!(board.held_pixels(), 1234);
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&path).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_cleared_row_is_free_and_its_requests_stay_counted() {
        let board = Scoreboard::private(2, 1).unwrap();
        let row = board.worker(0);
        row.claim();
        row.count_request();
        row.count_request();
        row.thread(0).begin(1, 2);
        row.clear();
        let seen = board.snapshot();
        assert_eq!(seen.requests, 2);
        assert!(seen.workers.is_empty());
        assert!(!row.has_overdue(u64::MAX));
    }

    #[test]
    fn overdue_is_past_the_moment_and_nothing_else() {
        let board = Scoreboard::private(1, 2).unwrap();
        let row = board.worker(0);
        assert!(!row.has_overdue(u64::MAX), "an idle thread is never overdue");
        row.thread(1).begin(1000, 2000);
        let now = monotonic_ms();
        assert!(!row.has_ignored_cancel(now, 0));
        assert!(row.has_ignored_cancel(now + 1001, 0));
        assert!(!row.has_ignored_cancel(now + 1001, 500));
        assert!(!row.has_overdue(now + 1500));
        assert!(row.has_overdue(now + 2001));
        row.thread(1).end();
        assert!(!row.has_overdue(u64::MAX));
    }

    #[test]
    fn other_files_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("scoreboard");
        for content in [vec![], vec![0; 4096], vec![0xff; 4096]] {
            std::fs::write(&path, content).unwrap();
            assert!(matches!(Scoreboard::open_readonly(&path), Err(ScoreboardError::Foreign)));
        }
        assert!(matches!(
            Scoreboard::open_readonly(&dir.path().join("none")),
            Err(ScoreboardError::Io(_))
        ));
    }
}
