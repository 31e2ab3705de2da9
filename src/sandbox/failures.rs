//! Files whose reading has failed at great cost: for some minutes they fail again at no cost.
//!
//! A file that hangs would otherwise take a child, and the time that is allowed for it, with every
//! request. What failed is noted in small files of a folder, which all processes of a host share and
//! which outlive a worker that is replaced. A note holds for the file as it was and for the bounds that
//! it failed at: a changed file, or other settings, are tried anew.
//!
//! One page that fails says little about the others, and one resolution little about a much lower one;
//! so they are tried. A file that has failed at two things is not tried at a third.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::unistd::geteuid;

use crate::pixel::Error;

/// How long a failure is remembered.
pub const REMEMBERED: Duration = Duration::from_mins(10);

/// The most files that are remembered; then the oldest is forgotten.
const MOST_FILES: usize = 1_000;

/// Failures of one file that are noted.
const MOST_STEPS: usize = 2;

/// No note is longer.
const MAX_NOTE_BYTES: u64 = 4_096;

/// The notes.
#[derive(Debug)]
pub struct Failures {
    folder: PathBuf,
    /// Names the bounds: with others a file may not fail.
    bounds: String,
}

/// A file as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
    /// What changes with its content.
    revision: String,
}

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The page.
    pub page: u32,
    /// Its resolution.
    pub dpi: u32,
    /// Pixels that are painted; 0 while only the header is read.
    pub pixels: u64,
}

impl Identity {
    /// None for what has no name: it is gone before it could be asked for again.
    pub fn of(file: &File) -> Option<Self> {
        let stat = file.metadata().ok().filter(|stat| stat.nlink() > 0)?;
        let revision = format!(
            "{} {}.{} {}.{}",
            stat.len(),
            stat.mtime(),
            stat.mtime_nsec(),
            stat.ctime(),
            stat.ctime_nsec()
        );
        Some(Self { device: stat.dev(), inode: stat.ino(), revision })
    }
}

impl Step {
    /// Whether the other will fail, too, when this one has.
    fn predicts(&self, other: &Self) -> bool {
        let alike = match self.pixels {
            0 => u64::from(other.dpi) * 2 > u64::from(self.dpi) || self.dpi == 0,
            pixels => other.pixels.saturating_mul(4) > pixels,
        };
        self.page == other.page && alike
    }
}

impl Failures {
    /// Notes in this folder, which is made when there is something to note.
    pub fn new(folder: PathBuf, bounds: String) -> Self {
        Self { folder, bounds }
    }

    /// What the step would fail with, if it is known to.
    pub fn find(&self, file: &Identity, step: &Step) -> Option<Error> {
        let mut failed = self.read(file);
        if failed.len() < MOST_STEPS {
            failed.retain(|(before, _)| before.predicts(step));
        }
        failed.pop().map(|(_, error)| error)
    }

    /// Remembers a failure.
    pub fn note(&self, file: &Identity, step: &Step, error: &Error) {
        let Some((kind, text)) = told(error) else { return };
        let mut note = format!("{}\n", self.head(file));
        // Of an older one what is still true.
        for (before, error) in self.read(file).iter().take(MOST_STEPS - 1) {
            if let Some((kind, text)) = told(error) {
                note += &line(before, kind, text);
            }
        }
        note += &line(step, kind, text);
        if let Err(error) = self.write(&self.place(file), &note) {
            log::warn!("a file that cannot be read could not be noted: {error}");
        }
    }

    /// The first line of a note.
    fn head(&self, file: &Identity) -> String {
        format!("{} {}", file.revision, self.bounds)
    }

    fn place(&self, file: &Identity) -> PathBuf {
        self.folder.join(format!("{:x}-{:x}", file.device, file.inode))
    }

    /// What is noted of a file as it is now.
    fn read(&self, file: &Identity) -> Vec<(Step, Error)> {
        let Ok(note) = File::open(self.place(file)) else { return Vec::new() };
        let mut text = String::new();
        if is_old(&note) || note.take(MAX_NOTE_BYTES).read_to_string(&mut text).is_err() {
            return Vec::new();
        }
        let mut lines = text.lines();
        if lines.next() != Some(&*self.head(file)) {
            return Vec::new();
        }
        lines.filter_map(parsed).collect()
    }

    fn write(&self, place: &Path, note: &str) -> io::Result<()> {
        if !self.can_note()? {
            return Ok(());
        }
        self.make_room()?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(note.as_bytes())?;
        file.persist(place).map(drop).map_err(|error| error.error)
    }

    /// Makes the folder if it is missing. Nothing is noted where the folder around it is missing, or is
    /// another user's: an administrator's own conversions leave nothing that the server cannot write.
    fn can_note(&self) -> io::Result<bool> {
        let around = self.folder.parent().and_then(|around| fs::metadata(around).ok());
        if around.is_none_or(|around| around.uid() != geteuid().as_raw()) {
            return Ok(false);
        }
        match fs::DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(true),
            made => made.map(|()| true),
        }
    }

    /// Removes what is old, and the oldest where there are too many.
    fn make_room(&self) -> io::Result<()> {
        let mut notes = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            if let Ok(noted) = entry.metadata().and_then(|stat| stat.modified()) {
                notes.push((noted, entry.path()));
            }
        }
        notes.sort();
        let surplus = (notes.len() + 1).saturating_sub(MOST_FILES);
        for (at, (noted, path)) in notes.iter().enumerate() {
            if at < surplus || age(*noted) > REMEMBERED {
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }
}

fn is_old(note: &File) -> bool {
    let noted = note.metadata().and_then(|stat| stat.modified());
    noted.map_or(true, |noted| age(noted) > REMEMBERED)
}

/// A note from a future, after the clock was set back, is as old as can be.
fn age(noted: SystemTime) -> Duration {
    noted.elapsed().unwrap_or(Duration::MAX)
}

/// What is kept of an error; none of those that say nothing about the file.
fn told(error: &Error) -> Option<(&'static str, &str)> {
    match error {
        Error::Malformed(text) => Some(("malformed", text)),
        Error::Unsupported(text) => Some(("unsupported", text)),
        Error::Limit(text) => Some(("limit", text)),
        Error::Parameter { .. }
        | Error::Encode(_)
        | Error::Memory
        | Error::Cancelled
        | Error::Io(_) => None,
    }
}

fn line(step: &Step, kind: &str, text: &str) -> String {
    format!("{} {} {} {kind} {text}\n", step.page, step.dpi, step.pixels)
}

fn parsed(line: &str) -> Option<(Step, Error)> {
    let mut words = line.splitn(5, ' ');
    let step = Step {
        page: words.next()?.parse().ok()?,
        dpi: words.next()?.parse().ok()?,
        pixels: words.next()?.parse().ok()?,
    };
    let (kind, text) = (words.next()?, words.next()?.to_owned());
    let error = match kind {
        "malformed" => Error::Malformed(text),
        "unsupported" => Error::Unsupported(text),
        "limit" => Error::Limit(text),
        _ => return None,
    };
    Some((step, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Step = Step { page: 1, dpi: 150, pixels: 0 };

    fn failures(folder: &Path) -> Failures {
        Failures::new(folder.join("failed"), "30 30 2048".into())
    }

    fn identity(path: &Path) -> Identity {
        Identity::of(&File::open(path).unwrap()).unwrap()
    }

    fn slow() -> Error {
        Error::Limit("reading it takes too long".into())
    }

    #[test]
    fn what_was_noted_is_told_again_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one").unwrap();
        let notes = failures(folder.path());
        assert!(notes.find(&identity(&path), &OPEN).is_none());
        notes.note(&identity(&path), &OPEN, &slow());
        let found = notes.find(&identity(&path), &OPEN).unwrap();
        assert!(matches!(found, Error::Limit(text) if text == "reading it takes too long"));
        // Another process of the host knows, too; one with other bounds does not.
        assert!(failures(folder.path()).find(&identity(&path), &OPEN).is_some());
        let other = Failures::new(folder.path().join("failed"), "60 60 2048".into());
        assert!(other.find(&identity(&path), &OPEN).is_none());
        fs::write(&path, "other").unwrap();
        assert!(notes.find(&identity(&path), &OPEN).is_none());
    }

    #[test]
    fn a_failure_is_forgotten_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one").unwrap();
        let notes = failures(folder.path());
        notes.note(&identity(&path), &OPEN, &slow());
        let note = File::options().write(true).open(notes.place(&identity(&path))).unwrap();
        let age = |age: Duration| note.set_modified(SystemTime::now() - age).unwrap();
        age(REMEMBERED - Duration::from_secs(30));
        assert!(notes.find(&identity(&path), &OPEN).is_some());
        age(REMEMBERED + Duration::from_secs(30));
        assert!(notes.find(&identity(&path), &OPEN).is_none());
    }

    #[test]
    fn other_pages_and_much_smaller_pictures_are_tried_until_two_have_failed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one").unwrap();
        let (notes, file) = (failures(folder.path()), identity(&path));
        let fails = |step: Step| notes.find(&file, &step).is_some();
        notes.note(&file, &OPEN, &slow());
        assert!(fails(Step { dpi: 149, ..OPEN }) && fails(Step { dpi: 76, ..OPEN }));
        assert!(!fails(Step { dpi: 75, ..OPEN }));
        assert!(!fails(Step { page: 2, ..OPEN }));
        let painting = Step { page: 2, dpi: 150, pixels: 4_000_000 };
        notes.note(&file, &painting, &slow());
        assert!(fails(Step { page: 3, ..OPEN }));
        // Painting alone says how large is too large.
        fs::write(&path, "two").unwrap();
        let file = identity(&path);
        notes.note(&file, &painting, &slow());
        let fails = |step: Step| notes.find(&file, &step).is_some();
        assert!(fails(painting) && fails(Step { pixels: 1_000_001, ..painting }));
        assert!(!fails(Step { pixels: 1_000_000, ..painting }));
        assert!(!fails(Step { pixels: 0, ..painting }));
    }

    #[test]
    fn there_are_never_more_notes_than_so_many() {
        let folder = tempfile::tempdir().unwrap();
        let notes = failures(folder.path());
        let file = |inode| Identity { device: 1, inode, revision: "1 1.0 1.0".into() };
        for inode in 0..MOST_FILES as u64 + 20 {
            notes.note(&file(inode), &OPEN, &slow());
        }
        assert!(fs::read_dir(&notes.folder).unwrap().count() <= MOST_FILES);
        assert!(notes.find(&file(MOST_FILES as u64 + 19), &OPEN).is_some());
    }

    #[test]
    fn what_says_nothing_about_the_file_is_not_noted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one").unwrap();
        let (notes, file) = (failures(folder.path()), identity(&path));
        let io = Error::Io(io::ErrorKind::Other.into());
        for error in [Error::Cancelled, Error::Memory, io] {
            notes.note(&file, &OPEN, &error);
            assert!(notes.find(&file, &OPEN).is_none());
        }
        assert!(Identity::of(&tempfile::tempfile().unwrap()).is_none());
    }

    #[test]
    fn a_note_that_is_none_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one").unwrap();
        let (notes, file) = (failures(folder.path()), identity(&path));
        notes.note(&file, &OPEN, &slow());
        for broken in ["", "1 2 3", "\u{1}\n\n\n", "1 150 0 limit x"] {
            fs::write(notes.place(&file), broken).unwrap();
            assert!(notes.find(&file, &OPEN).is_none(), "{broken:?}");
        }
        fs::write(notes.place(&file), format!("{}\nx y z\n1 1\n", notes.head(&file))).unwrap();
        assert!(notes.find(&file, &OPEN).is_none());
    }
}
