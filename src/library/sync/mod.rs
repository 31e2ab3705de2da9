//! Rows in step with files, which come, change, move and go as they like.
//!
//! A walk ([`Library::sync`]) goes through the library folder by folder; folders that wait are rows,
//! so that memory does not grow with the library and a walk that was interrupted goes on where it was.
//! What it misses is only noted at first. At its end files that came up elsewhere with the same
//! length and time are taken for moved ones, and what is still missing is marked deleted, unless it is
//! so much that an absent disk is more likely: then somebody has to say yes.

mod look;
mod sweep;

pub(super) use sweep::{MOVED_WITHIN_MS, Renamed};

use serde::Serialize;

use super::{Error, Library, Result};
use crate::db::{self, folders, now_ms, properties, walk};
use crate::source::{FolderPath, SourcePath};

/// The walk that is under way, or was last: its number, when it began, and whether it is over.
const WALK: &str = "library_walk";

/// Folders fetched at once.
const FOLDERS: u32 = 100;

/// The most names and folders that a report lists.
const MAX_LISTED: usize = 100;

/// What a walk did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The walk's number.
    pub run: i64,
    /// Folders gone through.
    pub folders: u64,
    /// Pictures met.
    pub files: u64,
    /// Pictures met for the first time.
    pub new: u64,
    /// Pictures that have changed.
    pub changed: u64,
    /// Pictures that were marked deleted and are there again.
    pub returned: u64,
    /// Pictures that have moved.
    pub moved: u64,
    /// Pictures marked deleted.
    pub deleted: u64,
    /// Pictures that are missing and wait for a yes before they are marked deleted.
    pub waiting: u64,
    /// How many names cannot be served: not UTF-8, or with control characters.
    pub skipped: u64,
    /// The first of them, what cannot be shown written as `\x..`.
    pub skipped_names: Vec<String>,
    /// Folders that could not be looked into, and why: nothing in them counts as missing.
    pub problems: Vec<String>,
}

impl Report {
    fn problem(&mut self, folder: &FolderPath, reason: &str) {
        log::warn!("the library: {folder}: {reason}");
        if self.problems.len() < MAX_LISTED {
            self.problems.push(format!("{folder}: {reason}"));
        }
    }

    fn skip(&mut self, folder: &FolderPath, name: &[u8]) {
        self.skipped += 1;
        if self.skipped_names.len() < MAX_LISTED {
            self.skipped_names.push(format!("{folder}: {}", name.escape_ascii()));
        }
    }
}

/// The walk that is under way, or was last.
struct Walk {
    run: i64,
    began_ms: i64,
}

impl Library {
    /// Brings the rows in step with the files. `go_on` is told what was done so far, and says whether
    /// to go on; a walk that stops is gone on with by the next. `yes` marks what is missing deleted
    /// however much it is, and takes mounts as they are now for what they should be.
    ///
    /// # Errors
    /// [`Error::Stopped`]; [`Error::Files`] when the root cannot be read; [`Error::Parameter`] named
    /// `images_dir` when it is not mounted, or empty though it should not be; [`Error::Database`].
    pub fn sync(&self, yes: bool, go_on: &dyn Fn(&Report) -> bool) -> Result<Report> {
        self.settle_moves()?;
        if yes {
            walk::forget_mounts(&self.db, &self.options.host)?;
        }
        let walk = self.begin_walk()?;
        let mut report = Report { run: walk.run, ..Report::default() };
        self.check_root(yes)?;
        walk::meet_folder(&self.db, folders::ROOT, walk.run)?;
        loop {
            let waiting = walk::next_folders(&self.db, walk.run, FOLDERS)?;
            if waiting.is_empty() {
                break;
            }
            for folder in &waiting {
                if !go_on(&report) {
                    return Err(Error::Stopped);
                }
                self.walk_folder(folder, walk.run, &mut report)?;
                report.folders += 1;
            }
        }
        self.check_root(yes)?;
        walk::miss_unmet(&self.db, walk.run)?;
        self.settle(&walk, yes, &mut report, go_on)?;
        // Of those that programs of an earlier version, which still run, have met.
        folders::put_in_order(&self.db)?;
        self.end_walk(&walk)?;
        Ok(report)
    }

    fn begin_walk(&self) -> Result<Walk> {
        let walk = self.db.transaction(|sql| {
            let last = properties::get(sql, WALK)?.unwrap_or_default();
            let mut parts = last.split(' ');
            let mut number = || parts.next().and_then(|text| text.parse::<i64>().ok());
            let (run, began_ms) = (number().unwrap_or(0), number().unwrap_or(0));
            if parts.next() == Some("open") {
                return Ok(Walk { run, began_ms });
            }
            let walk = Walk { run: run + 1, began_ms: now_ms() };
            properties::set(sql, WALK, &format!("{} {} open", walk.run, walk.began_ms))?;
            Ok(walk)
        })?;
        Ok(walk)
    }

    fn end_walk(&self, walk: &Walk) -> Result<()> {
        let text = format!("{} {} done", walk.run, walk.began_ms);
        Ok(properties::set(&self.db, WALK, &text)?)
    }

    /// The number of the latest walk.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn latest_walk(&self) -> Result<i64> {
        let last = properties::get(&self.db, WALK)?.unwrap_or_default();
        Ok(last.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Refuses a root that is not the one it was: one that was a mount point and is not, or one that
    /// is empty while rows say that it should not be.
    fn check_root(&self, yes: bool) -> Result<()> {
        let root = self.files.folder(&FolderPath::default())?;
        let id = folders::seen(&self.db, folders::ROOT)?;
        let reason = if !self.is_mounted(id, &root)? {
            "nothing is mounted at the folder of the library; run halftone sync --yes if that is right"
        } else if !yes && root_is_empty(&root)? && walk::any_active(&self.db)? {
            "the folder of the library is empty; run halftone sync --yes if that is right"
        } else {
            return Ok(());
        };
        Err(Error::parameter("images_dir", reason))
    }

    /// Whether a folder that was a mount point on this host still is; notes when it is one.
    fn is_mounted(&self, id: i64, folder: &crate::source::Folder) -> Result<bool> {
        let device = folder.device()?;
        let host = &self.options.host;
        let known = walk::mount(&self.db, id, host)?;
        let number = device.cast_signed();
        if device == folder.device_above()? {
            return Ok(known.is_none());
        }
        if known != Some(number) {
            walk::set_mount(&self.db, id, host, number)?;
        }
        Ok(true)
    }

    /// Whether there is a file at a path, looked at now.
    fn is_there(&self, path: &SourcePath) -> Result<bool> {
        use crate::source::SourceError::{NotAFile, NotFound};
        match self.files.open(path) {
            Ok(_) => Ok(true),
            Err(NotFound | NotAFile) => Ok(false),
            Err(crate::source::SourceError::Unreachable(error))
                if error.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn root_is_empty(root: &crate::source::Folder) -> std::io::Result<bool> {
    let mut empty = true;
    root.each_name(|name| {
        empty &= name.as_encoded_bytes().first() == Some(&b'.');
        std::io::Result::Ok(())
    })?;
    Ok(empty)
}

impl From<Report> for serde_json::Value {
    fn from(report: Report) -> Self {
        serde_json::to_value(report).unwrap_or(Self::Null)
    }
}

/// A path as rows of images hold it, made of a folder's and a name.
fn picture_path(folder: &FolderPath, name: &str) -> Option<SourcePath> {
    let path = folder.join(name).ok()?;
    super::readable(&path).map(|_| path)
}

/// Whether the database's error is one of rows that others have changed meanwhile.
fn is_race(error: &db::Error) -> bool {
    error.is_duplicate() || matches!(error, db::Error::Conflict)
}
