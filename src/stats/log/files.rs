//! The files of a log: the one that is written to, and those that were rotated away.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::line::LogLine;

/// The longest line that is looked at.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

/// How long nobody has written to a packed file that will not get any longer.
const PACKED_QUIET: Duration = Duration::from_secs(60);

/// A file that has a place to go on from.
#[derive(Debug)]
pub(super) struct Part {
    pub path: PathBuf,
    pub offset: u64,
}

/// What is left to read after a place: files in the order in which they were written, the last one is
/// the one that is written to. `Err` gives that one alone: the file of the place is gone.
pub(super) fn after(log: &Path, mark: &str, offset: u64) -> io::Result<Result<Vec<Part>, Part>> {
    let now = Part { path: log.to_owned(), offset: 0 };
    let written_to = mark_of(log)?;
    if written_to.as_deref() == Some(mark) {
        return Ok(Ok(vec![Part { offset, ..now }]));
    }
    let mut rotated = rotated(log)?;
    // A copy of what is written to now will be read under its own name.
    rotated.retain(|old| Some(&old.mark) != written_to.as_ref());
    let Some(first) = rotated.iter().position(|old| old.mark == mark) else {
        return Ok(Err(now));
    };
    let mut parts: Vec<Part> =
        rotated.into_iter().skip(first).map(|old| Part { path: old.path, offset: 0 }).collect();
    parts[0].offset = offset;
    parts.push(now);
    Ok(Ok(parts))
}

/// A file that was rotated away.
struct Rotated {
    /// When it was begun, by its first line, in milliseconds since 1970; when it was last written to where
    /// that says nothing.
    begun_ms: i64,
    mark: String,
    path: PathBuf,
    packed: bool,
    size: u64,
}

impl Rotated {
    /// Whether it is to be read rather than another one with the same beginning: packed ones may not be
    /// whole yet, and copies may have been made before the last line was written.
    fn is_better_than(&self, other: &Self) -> bool {
        (!self.packed, self.size) > (!other.packed, other.size)
    }
}

/// The files beside a log whose names go on from its name after a `.` or a `-`, oldest first, each text
/// once. What cannot be read, or has no whole line, is none.
fn rotated(log: &Path) -> io::Result<Vec<Rotated>> {
    let folder = log.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found: Vec<Rotated> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let entry_name = entry.file_name().to_string_lossy().into_owned();
        let goes_on =
            entry_name.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['.', '-']));
        let Ok(meta) = entry.metadata() else { continue };
        if !goes_on || !meta.is_file() {
            continue;
        }
        // A file may go while it is looked at.
        let Ok(Some(old)) = look(&entry.path(), &meta) else { continue };
        match found.iter_mut().find(|known| known.mark == old.mark) {
            Some(known) if old.is_better_than(known) => *known = old,
            Some(_) => {}
            None => found.push(old),
        }
    }
    found.sort_by(|one, other| (one.begun_ms, &one.path).cmp(&(other.begun_ms, &other.path)));
    Ok(found)
}

fn look(path: &Path, meta: &fs::Metadata) -> io::Result<Option<Rotated>> {
    let Some(line) = Opened::at(path, 0)?.first_line()? else { return Ok(None) };
    let written_ms = || {
        let written = meta.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        i64::try_from(written.as_millis()).ok()
    };
    let begun_ms = LogLine::parse(line.trim_ascii_end()).map(|line| line.at_ms);
    Ok(Some(Rotated {
        begun_ms: begun_ms.or_else(written_ms).unwrap_or(i64::MAX),
        mark: mark_by(&line),
        path: path.to_owned(),
        packed: is_packed(path),
        size: meta.len(),
    }))
}

/// What tells a file from others of its name: a hash of its first line, which holds a time and the
/// number of a request. None while there is no whole line, or no file.
pub(super) fn mark_of(path: &Path) -> io::Result<Option<String>> {
    match Opened::at(path, 0) {
        Ok(opened) => opened.mark(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file that is being read, compressed or not.
pub(super) struct Opened {
    path: PathBuf,
    file: File,
    text: Box<dyn Read>,
}

impl Opened {
    /// Opens it at a byte of its text.
    pub fn at(path: &Path, offset: u64) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self { path: path.to_owned(), text: text(path, file.try_clone()?, offset)?, file })
    }

    /// The number by which the system knows it.
    pub fn inode(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.ino())
    }

    /// Reads on.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.text.read(buffer)
    }

    /// See [`mark_of`]: of this very file, whatever its name leads to by now.
    pub fn mark(&self) -> io::Result<Option<String>> {
        Ok(self.first_line()?.map(|line| mark_by(&line)))
    }

    /// Its first line, none while that is not whole; of a very long one the beginning.
    fn first_line(&self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        if is_packed(&self.path) {
            let reader = text(&self.path, File::open(&self.path)?, 0)?;
            BufReader::new(reader.take(LONGEST_LINE as u64)).read_until(b'\n', &mut line)?;
        } else {
            line.resize(LONGEST_LINE, 0);
            let read = self.file.read_at(&mut line, 0)?;
            line.truncate(read);
            let end = line.iter().position(|byte| *byte == b'\n').map_or(read, |at| at + 1);
            line.truncate(end);
        }
        let whole = line.last() == Some(&b'\n') || line.len() == LONGEST_LINE;
        Ok(whole.then_some(line))
    }

    /// Whether it is packed, and was written to so lately that it may not be whole yet.
    pub fn may_grow(&self) -> bool {
        let age = self.file.metadata().and_then(|meta| meta.modified()).map(|at| at.elapsed());
        is_packed(&self.path) && !matches!(age, Ok(Ok(age)) if age > PACKED_QUIET)
    }
}

fn mark_by(line: &[u8]) -> String {
    let digest = Sha256::digest(line);
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_packed(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("gz"))
}

fn text(path: &Path, mut file: File, offset: u64) -> io::Result<Box<dyn Read>> {
    if is_packed(path) {
        let mut text = MultiGzDecoder::new(file);
        io::copy(&mut text.by_ref().take(offset), &mut io::sink())?;
        return Ok(Box::new(text));
    }
    file.seek(SeekFrom::Start(offset))?;
    Ok(Box::new(file))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn write(path: &Path, text: &str, age_s: u64) {
        fs::write(path, text).unwrap();
        let then = SystemTime::now() - Duration::from_secs(age_s);
        File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }

    fn names(parts: &[Part]) -> Vec<(String, u64)> {
        let name = |part: &Part| part.path.file_name().unwrap().to_string_lossy().into_owned();
        parts.iter().map(|part| (name(part), part.offset)).collect()
    }

    #[test]
    fn reading_goes_on_in_the_file_where_it_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("a.log");
        write(&log, "first\nsecond\n", 0);
        let mark = mark_of(&log).unwrap().unwrap();
        let now = after(&log, &mark, 6).unwrap().unwrap();
        assert_eq!(names(&now), [("a.log".into(), 6)]);

        // Rotated twice, the older one compressed; another log's files are none of ours.
        fs::remove_file(&log).unwrap();
        let packed = File::create(dir.path().join("a.log.2.gz")).unwrap();
        let mut packer = flate2::write::GzEncoder::new(packed, flate2::Compression::default());
        packer.write_all(b"first\nsecond\n").unwrap();
        let packed = packer.finish().unwrap();
        packed.set_modified(SystemTime::now() - Duration::from_secs(20)).unwrap();
        write(&dir.path().join("a.log.1"), "third\n", 10);
        write(&dir.path().join("a.log.3"), "before\n", 30);
        write(&dir.path().join("a.log2"), "other\n", 5);
        write(&log, "fourth\n", 0);
        let parts = after(&log, &mark, 6).unwrap().unwrap();
        let expected = [("a.log.2.gz".into(), 6), ("a.log.1".into(), 0), ("a.log".into(), 0)];
        assert_eq!(names(&parts), expected);
        let mut rest = String::new();
        let mut opened = Opened::at(&parts[0].path, parts[0].offset).unwrap();
        opened.text.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "second\n");

        // The new file may not be there yet, or be empty.
        fs::remove_file(&log).unwrap();
        assert_eq!(names(&after(&log, &mark, 6).unwrap().unwrap()), expected);
        assert!(after(&log, "no such mark", 6).unwrap().is_err());
        assert_eq!(mark_of(&log).unwrap(), None);
        write(&log, "not whole", 0);
        assert_eq!(mark_of(&log).unwrap(), None);
    }

    #[test]
    fn each_text_is_read_once_whatever_copies_lie_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let line = |s: u32| {
            format!(
                "halftone at={s}.000 status=200 cache=HIT bytes=1 took_s=0 request=\"GET /image?{s} HTTP/1.1\"\n"
            )
        };
        let (old, new) = (format!("{}{}", line(10), line(11)), line(20));
        // Copies are younger than what they are of, and end sooner.
        write(&at("a.log.save"), &line(10), 0);
        write(&at("a.log-20261122"), &old, 30);
        write(&at("a.log.2.gz"), "not packed", 0);
        write(&at("a.log.bak"), &line(5), 0);
        write(&at("a.log.copy"), &new, 0);
        write(&at("a.log"), &new, 0);
        let mark = mark_of(&at("a.log-20261122")).unwrap().unwrap();
        let parts = after(&at("a.log"), &mark, 7).unwrap().unwrap();
        assert_eq!(names(&parts), [("a.log-20261122".into(), 7), ("a.log".into(), 0)]);
        // What is being packed is there twice for a while.
        let mut packer = flate2::write::GzEncoder::new(
            File::create(at("a.log-20261122.gz")).unwrap(),
            flate2::Compression::default(),
        );
        packer.write_all(old.as_bytes()).unwrap();
        packer.finish().unwrap();
        let parts = after(&at("a.log"), &mark, 7).unwrap().unwrap();
        assert_eq!(names(&parts)[0].0, "a.log-20261122");
        fs::remove_file(at("a.log-20261122")).unwrap();
        fs::remove_file(at("a.log.save")).unwrap();
        let parts = after(&at("a.log"), &mark, 7).unwrap().unwrap();
        assert_eq!(names(&parts)[0].0, "a.log-20261122.gz");
        assert!(Opened::at(&at("a.log-20261122.gz"), 0).unwrap().may_grow());
        assert!(!Opened::at(&at("a.log"), 0).unwrap().may_grow());
    }
}
