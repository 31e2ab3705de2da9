//! Reads a log as it grows, and adds what it tells to the statistics.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::super::counters::batch_id;
use super::files::{self, LONGEST_LINE, Opened, Part};
use super::line::LogLine;
use crate::db::stats::{Batch, Bucket, Numbers};
use crate::db::stats_logs::{self, LogPlace};
use crate::db::{self, Sql};

/// How often a log that does not grow is looked at.
const POLL: Duration = Duration::from_millis(200);

/// How long a file that was rotated away is still looked at: its writers notice one after the other.
const ROTATED_QUIET: Duration = Duration::from_secs(2);

/// Buckets that are added at once at most.
const MOST_BUCKETS: usize = 2_000;

/// How far the clock of whoever writes the log may be ahead of this one.
const AHEAD_MS: i64 = 24 * 3600 * 1000;

/// How a log is followed.
pub struct FollowerOptions {
    /// The log.
    pub path: PathBuf,
    /// Its name among all logs of all hosts.
    pub name: String,
    /// Length of the time buckets.
    pub bucket: Duration,
    /// Time between two additions.
    pub flush_every: Duration,
    /// How long statistics are kept: a line that is older is passed over. None: for ever.
    pub keep: Option<Duration>,
    /// Whether to stop at the end instead of waiting for more.
    pub once: bool,
}

/// Why a log is no longer followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// It cannot be read.
    #[error("{}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is amiss.
        cause: io::Error,
    },
    /// The database refuses what was counted.
    #[error("the database: {0}")]
    Database(#[from] db::Error),
}

/// Which image a request was for, if that is to be counted.
pub type ImageOf<'a> = dyn FnMut(&str, &[u8]) -> db::Result<Option<i64>> + 'a;

/// Reads a log and adds what it tells.
pub struct Follower<'a> {
    options: FollowerOptions,
    sql: &'a dyn Sql,
    image_of: Box<ImageOf<'a>>,
    stop: &'a AtomicBool,
    gathered: HashMap<(Option<i64>, i64), Numbers>,
    /// How far reading has come, lines that count for nothing included; of a stream, that it is read.
    place: Option<LogPlace>,
    moved: bool,
    flushed: Instant,
    /// Lines since the last addition whose time cannot be, or is not kept any more.
    out_of_time: u64,
}

/// Why reading a file ended.
#[derive(PartialEq, Eq)]
enum End {
    /// There is no more of it.
    OfFile,
    /// It was told to stop.
    Stopped,
    /// It has gone, or is not whole yet: what there is to read has to be looked for anew.
    Changed,
}

impl<'a> Follower<'a> {
    /// Reads and counts nothing yet.
    pub fn new(
        options: FollowerOptions,
        sql: &'a dyn Sql,
        image_of: Box<ImageOf<'a>>,
        stop: &'a AtomicBool,
    ) -> Self {
        Self {
            options,
            sql,
            image_of,
            stop,
            gathered: HashMap::new(),
            place: None,
            moved: false,
            flushed: Instant::now(),
            out_of_time: 0,
        }
    }

    /// Follows the file until it is told to stop, through all rotations.
    ///
    /// # Errors
    /// [`FollowError`]. That the database is away is none: reading waits for it.
    pub fn follow_file(&mut self) -> Result<(), FollowError> {
        self.place = self.patiently(|sql, options| stats_logs::find(sql, &options.name))?;
        while !self.stopped() {
            let parts = self.parts()?;
            let last = parts.len() - 1;
            let mut end = End::OfFile;
            for (at, part) in parts.into_iter().enumerate() {
                end = self.read_part(&part, at == last)?;
                if end != End::OfFile {
                    break;
                }
            }
            self.flush()?;
            if end == End::Changed {
                std::thread::sleep(POLL);
            } else if self.options.once {
                return Ok(());
            }
        }
        self.flush()
    }

    /// Counts lines from a stream until its end. Where it stopped cannot be remembered.
    ///
    /// # Errors
    /// [`FollowError`].
    pub fn follow_stream(&mut self, input: &mut dyn PolledRead) -> Result<(), FollowError> {
        let mut lines = Lines::default();
        self.place = Some(LogPlace {
            log: self.options.name.clone(),
            file_mark: String::new(),
            offset_bytes: 0,
        });
        while !self.stopped() {
            let ready =
                input.is_ready(POLL).map_err(|cause| self.unreadable("-".as_ref(), cause))?;
            let read = if ready { lines.fill(|some| input.read(some)).map(Some) } else { Ok(None) };
            if read.map_err(|cause| self.unreadable("-".as_ref(), cause))? == Some(0) {
                break;
            }
            while let Some(line) = lines.next() {
                self.count(&line)?;
            }
            self.flush_in_time()?;
        }
        self.flush()
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn unreadable(&self, path: &Path, cause: io::Error) -> FollowError {
        FollowError::Read { path: path.to_owned(), cause }
    }

    /// What there is to read from the place on.
    fn parts(&mut self) -> Result<Vec<Part>, FollowError> {
        let path = self.options.path.clone();
        let Some(place) = &self.place else { return Ok(vec![Part { path, offset: 0 }]) };
        let offset = u64::try_from(place.offset_bytes).unwrap_or(0);
        let found = files::after(&path, &place.file_mark, offset);
        Ok(match found.map_err(|cause| self.unreadable(&path, cause))? {
            Ok(parts) => parts,
            Err(now) => {
                log::warn!(
                    "{}: the file that was read last is gone; what was not read of it is not counted",
                    path.display()
                );
                vec![now]
            }
        })
    }

    /// Reads one file; the last one, which is written to, until it is rotated away.
    fn read_part(&mut self, part: &Part, last: bool) -> Result<End, FollowError> {
        let path = part.path.clone();
        let mut opened = match self.open(part, last)? {
            Ok(opened) => opened,
            Err(end) => return Ok(end),
        };
        let inode = opened.inode().map_err(|cause| self.unreadable(&path, cause))?;
        let mut lines = Lines::default();
        let mut offset = part.offset;
        let mut mark = None;
        let mut gone_since: Option<Instant> = None;
        loop {
            let read = match lines.fill(|some| opened.read(some)) {
                Ok(read) => read,
                Err(_) if opened.may_grow() => return Ok(End::Changed),
                Err(cause) if !last => {
                    log::error!("{}: {cause}; the rest of it is not counted", path.display());
                    return Ok(End::OfFile);
                }
                Err(cause) => return Err(self.unreadable(&path, cause)),
            };
            while let Some(line) = lines.next() {
                if mark.is_none() {
                    mark = opened.mark().map_err(|cause| self.unreadable(&path, cause))?;
                }
                self.count(&line)?;
                offset += lines.taken;
                self.come_to(mark.as_deref(), offset);
                self.flush_in_time()?;
                if self.stopped() {
                    return Ok(End::Stopped);
                }
            }
            if read > 0 {
                gone_since = gone_since.map(|_| Instant::now());
                continue;
            }
            if !last || self.options.once {
                return Ok(End::OfFile);
            }
            if self.stopped() {
                return Ok(End::Stopped);
            }
            self.flush_in_time()?;
            match state(&path, inode, offset) {
                State::Same => gone_since = None,
                State::Shorter => return Ok(End::OfFile),
                State::Another if gone_since.is_some_and(|at| at.elapsed() > ROTATED_QUIET) => {
                    return Ok(End::OfFile);
                }
                State::Another => gone_since = gone_since.or_else(|| Some(Instant::now())),
            }
            std::thread::sleep(POLL);
            // It may have been emptied and have grown beyond the place since.
            let begins = opened.mark().map_err(|cause| self.unreadable(&path, cause))?;
            if mark.is_some() && begins != mark {
                return Ok(End::OfFile);
            }
        }
    }

    /// Opens a file; the one that is written to is waited for. Where that cannot be, how reading ends.
    fn open(&self, part: &Part, last: bool) -> Result<Result<Opened, End>, FollowError> {
        loop {
            match Opened::at(&part.path, part.offset) {
                Ok(opened) => return Ok(Ok(opened)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if !last {
                        return Ok(Err(End::Changed));
                    }
                    if self.stopped() || self.options.once {
                        return Ok(Err(End::Stopped));
                    }
                    std::thread::sleep(POLL);
                }
                Err(cause) => return Err(self.unreadable(&part.path, cause)),
            }
        }
    }

    fn come_to(&mut self, mark: Option<&str>, offset: u64) {
        let Some(mark) = mark else { return };
        self.place = Some(LogPlace {
            log: self.options.name.clone(),
            file_mark: mark.to_owned(),
            offset_bytes: i64::try_from(offset).unwrap_or(i64::MAX),
        });
        self.moved = true;
    }

    fn count(&mut self, line: &[u8]) -> Result<(), FollowError> {
        let Some(line) = LogLine::parse(line) else { return Ok(()) };
        let numbers = line.numbers();
        if numbers == Numbers::default() {
            return Ok(());
        }
        if !self.is_kept(line.at_ms) {
            self.out_of_time += 1;
            return Ok(());
        }
        let image_id = loop {
            match (self.image_of)(&line.path, &line.query) {
                Ok(image_id) => break image_id,
                Err(error) if !is_passing(&error) => {
                    log::error!("an image of the log cannot be looked up: {error}");
                    break None;
                }
                // Read again the next time.
                Err(error) if self.stopped() => return Err(error.into()),
                Err(_) => std::thread::sleep(POLL),
            }
        };
        let from_ms = line.at_ms - line.at_ms.rem_euclid(self.bucket_ms());
        self.gathered.entry((None, from_ms)).or_default().add(&numbers);
        if image_id.is_some() {
            self.gathered.entry((image_id, from_ms)).or_default().add(&numbers);
        }
        Ok(())
    }

    /// Whether there are to be numbers of this time.
    fn is_kept(&self, at_ms: i64) -> bool {
        let now_ms = db::now_ms();
        let keep =
            self.options.keep.map(|keep| i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
        let oldest_ms = keep.map_or(i64::MIN, |keep_ms| now_ms.saturating_sub(keep_ms));
        (oldest_ms..=now_ms.saturating_add(AHEAD_MS)).contains(&at_ms)
    }

    fn bucket_ms(&self) -> i64 {
        i64::try_from(self.options.bucket.as_millis()).unwrap_or(i64::MAX).max(1)
    }

    fn flush_in_time(&mut self) -> Result<(), FollowError> {
        let due = self.flushed.elapsed() >= self.options.flush_every;
        if due || self.gathered.len() >= MOST_BUCKETS { self.flush() } else { Ok(()) }
    }

    /// Adds what was gathered, together with how far that goes.
    fn flush(&mut self) -> Result<(), FollowError> {
        self.flushed = Instant::now();
        let out_of_time = std::mem::take(&mut self.out_of_time);
        if out_of_time > 0 {
            log::warn!(
                "{}: {out_of_time} lines were not counted: their time is more than a day ahead, or longer \
                 ago than statistics are kept",
                self.options.path.display()
            );
        }
        if self.gathered.is_empty() && !self.moved {
            return Ok(());
        }
        let bucket_ms = self.bucket_ms();
        let bucket = |((image_id, from_ms), numbers): ((_, i64), _)| Bucket {
            image_id,
            from_ms,
            to_ms: from_ms.saturating_add(bucket_ms),
            numbers,
        };
        let mut buckets: Vec<Bucket> = self.gathered.drain().map(bucket).collect();
        // As workers sort theirs.
        buckets.sort_unstable_by_key(|it| (it.image_id.is_none(), it.image_id, it.from_ms));
        let batch = Batch { buckets, hosts: Vec::new(), place: self.place.clone() };
        let id = batch_id()?;
        match self.patiently(|sql, _| db::stats::add(sql, &id, &batch)) {
            // What the database will never take must not hold up what comes after it.
            Err(FollowError::Database(error)) if !is_passing(&error) => {
                log::error!("{}: numbers are lost: {error}", self.options.path.display());
                let place = Batch { place: batch.place, ..Batch::default() };
                let id = batch_id()?;
                self.patiently(|sql, _| db::stats::add(sql, &id, &place))?;
            }
            added => {
                added?;
            }
        }
        self.moved = false;
        Ok(())
    }

    /// Does something again and again while the database is away. Told to stop, it tries once more and
    /// then gives up: what was not added is read again the next time.
    fn patiently<T>(
        &self,
        work: impl Fn(&dyn Sql, &FollowerOptions) -> db::Result<T>,
    ) -> Result<T, FollowError> {
        loop {
            let stopped = self.stopped();
            match work(self.sql, &self.options) {
                Ok(done) => return Ok(done),
                Err(error) if stopped || !is_passing(&error) => return Err(error.into()),
                Err(_) => std::thread::sleep(POLL),
            }
        }
    }
}

/// Whether the same may succeed later.
fn is_passing(error: &db::Error) -> bool {
    matches!(error, db::Error::Unavailable(_) | db::Error::Conflict)
}

/// What can be read from, and waited for.
pub trait PolledRead: Read {
    /// Waits for at most this long; tells whether there is something to read, or the end.
    ///
    /// # Errors
    /// Of the system.
    fn is_ready(&self, patience: Duration) -> io::Result<bool>;
}

/// How a file stands that has been read up to here.
enum State {
    Same,
    /// It was emptied.
    Shorter,
    /// There is another one, or none, in its place.
    Another,
}

fn state(path: &Path, inode: u64, offset: u64) -> State {
    match fs::metadata(path) {
        Ok(meta) if meta.ino() != inode => State::Another,
        Ok(meta) if meta.len() < offset => State::Shorter,
        Ok(_) => State::Same,
        Err(_) => State::Another,
    }
}

/// Cuts what is read into lines.
#[derive(Default)]
struct Lines {
    held: Vec<u8>,
    /// Bytes that the line before took, its end included.
    taken: u64,
    /// Bytes of a line that is too long, so far.
    skipped: u64,
}

impl Lines {
    /// Reads some more; 0 at the end.
    fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let mut some = [0; 16 * 1024];
        let read = read(&mut some)?;
        self.held.extend_from_slice(&some[..read]);
        Ok(read)
    }

    /// The next whole line without its end; a blank one in place of one that is too long.
    fn next(&mut self) -> Option<Vec<u8>> {
        let Some(end) = self.held.iter().position(|byte| *byte == b'\n') else {
            if self.held.len() > LONGEST_LINE {
                self.skipped += self.held.len() as u64;
                self.held.clear();
            }
            return None;
        };
        let mut line: Vec<u8> = self.held.drain(..=end).collect();
        line.pop();
        self.taken = self.skipped + line.len() as u64 + 1;
        if std::mem::take(&mut self.skipped) > 0 {
            line.clear();
        }
        Some(line)
    }
}
