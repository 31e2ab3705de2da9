//! The end of a walk: what has moved, what is gone, and when that is too much to be believed.

use std::collections::BTreeSet;

use super::{Report, Walk, is_race};
use crate::auth::{Actor, audit};
use crate::db::image_history::{self, Action};
use crate::db::walk::{self, Missing};
use crate::db::{folder_moves, folders, images, moves, recycled};
use crate::library::{Error, Library, Result, journal, read};
use crate::source::{FolderPath, SourceError, SourcePath};

/// Rows looked at at once.
const ROWS: u32 = 500;

/// A file that came up this long ago at most may be one that moved.
pub(in crate::library) const MOVED_WITHIN_MS: i64 = 10 * 60 * 1000;

/// The most renamed folders that one walk looks at.
const MAX_RENAMED: usize = 10_000;

/// So few files may always be missing.
const ALWAYS_BELIEVED: i64 = 10;

/// Folders that seem to have been renamed, by files that were followed: the old path and the new one.
#[derive(Default)]
pub(in crate::library) struct Renamed(BTreeSet<(String, String)>);

impl Renamed {
    /// Takes note of a file that was followed. Names that both paths end with lay in the folder that was
    /// renamed.
    pub fn add(&mut self, from: &str, to: &str) {
        let (mut old, mut new) = (from, to);
        while let (Some((above, name)), Some((new_above, new_name))) =
            (old.rsplit_once('/'), new.rsplit_once('/'))
            && name == new_name
        {
            (old, new) = (above, new_above);
        }
        // A file that got another name itself tells of no folder.
        if old.len() < from.len() && new.len() < to.len() && self.0.len() < MAX_RENAMED {
            self.0.insert((folders::normal_path(old), folders::normal_path(new)));
        }
    }
}

impl Library {
    /// Settles what a walk missed.
    pub(super) fn settle(
        &self,
        walk: &Walk,
        yes: bool,
        report: &mut Report,
        go_on: &dyn Fn(&Report) -> bool,
    ) -> Result<()> {
        let (mut after, mut renamed) = (0, Renamed::default());
        // What watching or a request has met before the walk has moved none the less.
        let since_ms = walk.began_ms - MOVED_WITHIN_MS;
        loop {
            let rows = walk::missing_after(&self.db, walk.run, after, ROWS)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for missing in &rows {
                if !go_on(report) {
                    return Err(Error::Stopped);
                }
                if let Some(path) = self.follow(missing, walk.run, since_ms)? {
                    report.moved += 1;
                    renamed.add(&missing.path, &path);
                }
            }
        }
        self.close_renamed(&renamed, since_ms)?;
        let (active, missing) = walk::count_missing(&self.db, walk.run)?;
        if !yes && !self.is_believed(active, missing) {
            report.waiting = missing.unsigned_abs();
            return Ok(());
        }
        report.deleted = self.sweep(walk.run, &|| go_on(report))?;
        Ok(())
    }

    /// Whether so many missing files are taken for deleted ones.
    pub(in crate::library) fn is_believed(&self, active: i64, missing: i64) -> bool {
        let share = active.saturating_mul(self.options.missing_percent.into()) / 100;
        missing <= share.max(ALWAYS_BELIEVED)
    }

    /// Follows a file that is missing to where it came up, if it did; gives back where that is.
    pub(in crate::library) fn follow(
        &self,
        missing: &Missing,
        run: i64,
        since_ms: i64,
    ) -> Result<Option<String>> {
        if self.is_on_the_way(&missing.path)? {
            return Ok(None);
        }
        let Some((_, path)) = walk::came_up(&self.db, missing, run, since_ms)? else {
            return Ok(None);
        };
        let kind = |path: &str| path.rsplit_once('.').map(|(_, kind)| kind.to_lowercase());
        if kind(&path) != kind(&missing.path) {
            return Ok(None);
        }
        let done = self.db.transaction(|sql| {
            moves::image(sql, missing.id, &path)?;
            let detail = image_history::moved_on_disk_from(&missing.path);
            image_history::add(sql, missing.id, None, Action::Moved, &detail)?;
            if let Some(image) = images::by_id(sql, missing.id)? {
                read::index(sql, &image)?;
            }
            Ok(())
        });
        match done {
            Err(error) if is_race(&error) => return Ok(None),
            done => done?,
        }
        for path in [path.as_str(), &missing.path] {
            if let Ok(path) = SourcePath::parse(path) {
                self.changed(&path);
            }
        }
        Ok(Some(path))
    }

    /// Closes folders that were renamed outside of the server as far as they were closed before: a new
    /// folder with the files of one that is gone, and that had records. Nothing is opened by that; the
    /// records stay where they are until somebody says what is to become of them.
    pub(in crate::library) fn close_renamed(&self, renamed: &Renamed, since_ms: i64) -> Result<()> {
        for (old, new) in &renamed.0 {
            let gone = !self.stands(old)? && folder_moves::has_records(&self.db, old)?;
            if !gone || !folders::is_new(&self.db, new, since_ms)? {
                continue;
            }
            self.db.transaction(|sql| {
                if journal::close(sql, old, new)? {
                    log::warn!("the library: {new} was {old}, and is closed as that was");
                    let detail = format!("it was {old}, and is closed as far as that was");
                    audit::write(sql, &Actor::server(), "folder.close", new, &detail)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Marks deleted what a walk missed, each looked for once more before. Gives back how many
    /// pictures that were.
    ///
    /// # Errors
    /// [`Error::Stopped`]; [`Error::Files`] when the files cannot be reached; [`Error::Database`].
    pub fn sweep(&self, run: i64, go_on: &dyn Fn() -> bool) -> Result<u64> {
        let (mut after, mut deleted) = (0, 0);
        loop {
            let rows = walk::missing_after(&self.db, run, after, ROWS)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for missing in &rows {
                if !go_on() {
                    return Err(Error::Stopped);
                }
                if self.sweep_one(missing, run)? {
                    deleted += 1;
                }
            }
        }
        self.sweep_folders(run, go_on)?;
        Ok(deleted)
    }

    fn sweep_one(&self, missing: &Missing, run: i64) -> Result<bool> {
        let path = SourcePath::parse(&missing.path).ok();
        if let Some(path) = &path
            && (self.is_on_the_way(&missing.path)? || self.is_there(path)?)
        {
            walk::found_again(&self.db, missing.id)?;
            return Ok(false);
        }
        let swept = self.db.transaction(|sql| {
            let swept = walk::sweep(sql, missing.id, run)?;
            if swept {
                image_history::add(sql, missing.id, None, Action::Deleted, "gone from disk")?;
            }
            Ok(swept)
        })?;
        if let Some(path) = &path {
            self.changed(path);
        }
        Ok(swept)
    }

    /// Whether a file lies in a folder that is being moved: its row will follow it.
    pub(in crate::library) fn is_on_the_way(&self, path: &str) -> Result<bool> {
        match SourcePath::parse(path) {
            Ok(path) => self.is_moving(&FolderPath::of(&path)),
            Err(_) => Ok(false),
        }
    }

    fn sweep_folders(&self, run: i64, go_on: &dyn Fn() -> bool) -> Result<()> {
        loop {
            let paths = walk::unmet_folders(&self.db, run, ROWS)?;
            if paths.is_empty() {
                return Ok(());
            }
            for path in &paths {
                if !go_on() {
                    return Err(Error::Stopped);
                }
                let folder = FolderPath::parse(path);
                let found = match &folder {
                    Ok(folder) if self.is_moving(folder)? => None,
                    Ok(folder) => Some(self.files.folder(folder)),
                    Err(_) => Some(Err(SourceError::NotFound)),
                };
                match found {
                    Some(Err(SourceError::NotFound | SourceError::NotAFile)) => {
                        self.sweep_folder(path)?;
                    }
                    // It is back, or cannot be looked at: the next walk will tell.
                    _ => walk::meet_again(&self.db, path, run)?,
                }
            }
        }
    }

    /// Marks a folder deleted that is gone, and tells who administers if it had records: they are not
    /// known wherever it may have gone.
    fn sweep_folder(&self, path: &str) -> Result<()> {
        self.db.transaction(|sql| {
            walk::sweep_folder(sql, path)?;
            if walk::has_own_records(sql, path)? && !recycled::is_of_folder(sql, path)? {
                log::warn!(
                    "the library: the folder {path} is gone, and groups have records there; \
                     see halftone access orphans"
                );
                let detail = "its records of access stand at no folder now";
                audit::write(sql, &Actor::server(), "folder.gone", path, detail)?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_tell_of_the_folder_that_was_renamed() {
        let pairs = |from: &str, to: &str| {
            let mut renamed = Renamed::default();
            renamed.add(from, to);
            renamed.0.into_iter().next()
        };
        let pair = |old: &str, new: &str| Some((old.to_owned(), new.to_owned()));
        assert_eq!(pairs("a/b/x.jpg", "a/c/x.jpg"), pair("/a/b", "/a/c"));
        assert_eq!(pairs("a/b/c/x.jpg", "d/b/c/x.jpg"), pair("/a", "/d"));
        assert_eq!(pairs("a/x.jpg", "a/y.jpg"), None);
        assert_eq!(pairs("b/x.jpg", "a/b/x.jpg"), pair("/b", "/a/b"));
    }
}
