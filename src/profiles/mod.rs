//! The colour profiles that can be asked for: files in folders of the administrator's.
//!
//! A profile is known by its file's name without extension, whatever the case, so that a request
//! never names a path. Folders are looked through again at most every two seconds, so that a file
//! that is added, replaced or removed is noticed; a profile is read when it is first asked for, and
//! once.
//!
//! Knows files and [`Profile`]; nothing of parameters, keys or HTTP.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::pixel::{Error, Profile, Recipe};

/// How long what was seen of the folders is believed.
const BELIEVED: Duration = Duration::from_secs(2);

/// The largest profile that is read; those of presses have 0.5 to 4 MB.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// How deep folders are looked through; profiles lie one or two folders below the system's place.
const DEEPEST: usize = 4;

/// Entries that are looked at in all; a folder of anything else would cost time at each look.
const MOST_ENTRIES: usize = 10_000;

/// Names that an error lists.
const MOST_LISTED: usize = 60;

/// The name of the parameter at fault.
const ICC: &str = "icc";

/// The profiles of some folders.
#[derive(Debug)]
pub struct Profiles {
    folders: Vec<PathBuf>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    looked: Option<Instant>,
    by_name: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    state: State,
    /// What came of reading it, once it has been.
    read: Option<Result<Arc<Profile>, &'static str>>,
}

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    size: u64,
    modified_ns: i128,
    changed_ns: i128,
    inode: u64,
}

impl Profiles {
    /// The profiles in these folders and those below. Where two have the same name, the earlier
    /// folder wins, then the one that lies less deep, then the first in the alphabet. A folder that
    /// is not there holds none.
    #[must_use]
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders, known: Mutex::default() }
    }

    /// Looks up the profile that a recipe asks for, and puts it in.
    ///
    /// # Errors
    /// [`Error::Parameter`] named `icc` when there is none of this name, or it cannot be used.
    pub fn complete(&self, recipe: &mut Recipe) -> Result<(), Error> {
        if let Some(icc) = &mut recipe.icc {
            icc.profile = Some(self.find(&icc.name)?);
        }
        Ok(())
    }

    /// The names that can be asked for, in the order of the alphabet.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.look(&self.folders);
        known.by_name.keys().cloned().collect()
    }

    /// The profile of a name, in small letters and without extension.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub fn find(&self, name: &str) -> Result<Arc<Profile>, Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.looked.is_some_and(|looked| looked.elapsed() < BELIEVED);
        if !fresh {
            known.look(&self.folders);
        }
        let Some(entry) = known.by_name.get_mut(name) else {
            return Err(fault(known.none_of_this_name()));
        };
        let path = &entry.path;
        let read = entry.read.get_or_insert_with(|| {
            read(path).inspect_err(|reason| {
                log::warn!("the colour profile {} {reason}", path.display());
            })
        });
        read.clone().map_err(|reason| fault(format!("the profile of this name {reason}")))
    }
}

fn fault(reason: String) -> Error {
    Error::Parameter { name: ICC, reason }
}

impl Known {
    /// Looks through the folders, and keeps what has been read of files that are as they were.
    fn look(&mut self, folders: &[PathBuf]) {
        let mut found = BTreeMap::new();
        let mut left = MOST_ENTRIES;
        for folder in folders {
            gather(folder, &mut left, &mut found);
        }
        for (name, entry) in &mut found {
            let before = self.by_name.remove(name);
            entry.read = before
                .filter(|before| before.path == entry.path && before.state == entry.state)
                .and_then(|before| before.read);
        }
        self.by_name = found;
        self.looked = Some(Instant::now());
    }

    fn none_of_this_name(&self) -> String {
        let names: Vec<&str> = self.by_name.keys().map(String::as_str).take(MOST_LISTED).collect();
        match names.len() {
            0 => "there are no colour profiles".into(),
            listed => {
                let more = if self.by_name.len() > listed { ", …" } else { "" };
                format!(
                    "there is no colour profile of this name; there are {}{more}",
                    names.join(", ")
                )
            }
        }
    }
}

/// Adds the profiles in a folder and below, level by level.
fn gather(folder: &Path, left: &mut usize, found: &mut BTreeMap<String, Entry>) {
    let mut level = vec![folder.to_owned()];
    for _ in 0..DEEPEST {
        let mut below = Vec::new();
        for folder in level {
            let mut paths: Vec<PathBuf> =
                fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
            paths.sort();
            for path in paths {
                if *left == 0 {
                    return;
                }
                *left -= 1;
                match (name_of(&path), fs::metadata(&path)) {
                    (_, Ok(metadata)) if metadata.is_dir() => below.push(path),
                    (Some(name), Ok(metadata)) if metadata.is_file() => {
                        let state = State::of(&metadata);
                        found.entry(name).or_insert(Entry { path, state, read: None });
                    }
                    _ => {}
                }
            }
        }
        level = below;
    }
}

/// The name by which a profile's file is asked for; none for other files.
fn name_of(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?;
    let profile = ["icc", "icm"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    let name = path.file_stem()?.to_str()?.to_lowercase();
    (profile && !name.starts_with('.')).then_some(name)
}

impl State {
    fn of(metadata: &fs::Metadata) -> Self {
        let ns = |seconds: i64, ns: i64| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        Self {
            size: metadata.len(),
            modified_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

fn read(path: &Path) -> Result<Arc<Profile>, &'static str> {
    let file = File::open(path).map_err(|_| "cannot be read")?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|_| "cannot be read")?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err("is larger than 16 MB");
    }
    Profile::read(bytes).map(Arc::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{ColourSpace, ProfileKind};

    fn srgb() -> Vec<u8> {
        lcms2::Profile::new_srgb().icc().unwrap()
    }

    fn gray() -> Vec<u8> {
        let white = lcms2::CIExyY { x: 0.3457, y: 0.3585, Y: 1.0 };
        lcms2::Profile::new_gray(&white, &lcms2::ToneCurve::new(2.2)).unwrap().icc().unwrap()
    }

    fn reason(profiles: &Profiles, name: &str) -> String {
        match profiles.find(name).unwrap_err() {
            Error::Parameter { name: "icc", reason } => reason,
            other => panic!("{other}"),
        }
    }

    /// Makes the next look be at the disk.
    fn forget(profiles: &Profiles) {
        profiles.known.lock().unwrap().looked = None;
    }

    #[test]
    fn files_are_found_by_name_and_the_first_folder_wins() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one/deep"), dir.path().join("two"));
        fs::create_dir_all(&one).unwrap();
        fs::create_dir_all(&two).unwrap();
        fs::write(one.join("My Screen.ICC"), srgb()).unwrap();
        fs::write(two.join("my screen.icm"), gray()).unwrap();
        fs::write(two.join("Gray.icm"), gray()).unwrap();
        fs::write(two.join("notes.txt"), "x").unwrap();
        let folders = ["absent", "one", "two"].map(|name| dir.path().join(name));
        let profiles = Profiles::new(folders.to_vec());
        let kind = |name: &str| profiles.find(name).unwrap().kind();
        assert_eq!(kind("my screen"), ProfileKind::Device(ColourSpace::Rgb));
        assert_eq!(kind("gray"), ProfileKind::Device(ColourSpace::Gray));
        let reason = reason(&profiles, "notes");
        assert!(reason.ends_with("there are gray, my screen"), "{reason}");
        assert!(!reason.contains('/'), "{reason}");
        assert!(Arc::ptr_eq(&profiles.find("gray").unwrap(), &profiles.find("gray").unwrap()));
    }

    #[test]
    fn changes_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.icc");
        let profiles = Profiles::new(vec![dir.path().to_owned()]);
        assert_eq!(reason(&profiles, "a"), "there are no colour profiles");
        fs::write(&path, srgb()).unwrap();
        forget(&profiles);
        let first = profiles.find("a").unwrap();
        forget(&profiles);
        assert!(Arc::ptr_eq(&first, &profiles.find("a").unwrap()), "not read again");
        fs::write(&path, gray()).unwrap();
        forget(&profiles);
        assert_ne!(first, profiles.find("a").unwrap());
        fs::remove_file(&path).unwrap();
        forget(&profiles);
        assert!(profiles.find("a").is_err());
    }

    #[test]
    fn unfit_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
        put("broken.icc", &srgb()[..300]);
        put("text.icc", &[b'x'; 500]);
        let mut large = srgb();
        large.resize(MOST_BYTES as usize + 1, 0);
        put("large.icc", &large);
        let profiles = Profiles::new(vec![dir.path().to_owned()]);
        assert_eq!(reason(&profiles, "broken"), "the profile of this name is damaged");
        assert_eq!(reason(&profiles, "text"), "the profile of this name is not an ICC profile");
        assert_eq!(reason(&profiles, "large"), "the profile of this name is larger than 16 MB");
    }
}
