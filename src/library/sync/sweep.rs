//! The end of a walk: what has moved, what is gone, and when that is too much to be believed.

use super::{Report, Walk, is_race};
use crate::db::image_history::{self, Action};
use crate::db::walk::{self, Missing};
use crate::db::{images, moves};
use crate::library::{Error, Library, Result, read};
use crate::source::{FolderPath, SourceError, SourcePath};

/// Rows looked at at once.
const ROWS: u32 = 500;

/// So few files may always be missing.
const ALWAYS_BELIEVED: i64 = 10;

impl Library {
    /// Settles what a walk missed.
    pub(super) fn settle(
        &self,
        walk: &Walk,
        yes: bool,
        report: &mut Report,
        go_on: &dyn Fn(&Report) -> bool,
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let rows = walk::missing_after(&self.db, walk.run, after, ROWS)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for missing in &rows {
                if !go_on(report) {
                    return Err(Error::Stopped);
                }
                if self.follow(missing, walk.run, walk.began_ms)? {
                    report.moved += 1;
                }
            }
        }
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

    /// Follows a file that is missing to where it came up, if it did; tells whether.
    pub(in crate::library) fn follow(
        &self,
        missing: &Missing,
        run: i64,
        since_ms: i64,
    ) -> Result<bool> {
        let Some((_, path)) = walk::came_up(&self.db, missing, run, since_ms)? else {
            return Ok(false);
        };
        let kind = |path: &str| path.rsplit_once('.').map(|(_, kind)| kind.to_lowercase());
        if kind(&path) != kind(&missing.path) {
            return Ok(false);
        }
        let done = self.db.transaction(|sql| {
            moves::image(sql, missing.id, &path)?;
            let detail = format!("moved on disk from {}", missing.path);
            image_history::add(sql, missing.id, None, Action::Moved, &detail)?;
            if let Some(image) = images::by_id(sql, missing.id)? {
                read::index(sql, &image)?;
            }
            Ok(())
        });
        match done {
            Err(error) if is_race(&error) => return Ok(false),
            done => done?,
        }
        for path in [path.as_str(), &missing.path] {
            if let Ok(path) = SourcePath::parse(path) {
                self.changed(&path);
            }
        }
        Ok(true)
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
            && self.is_there(path)?
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
                let found = folder.as_ref().ok().map(|folder| self.files.folder(folder));
                match found {
                    None | Some(Err(SourceError::NotFound | SourceError::NotAFile)) => {
                        walk::sweep_folder(&self.db, path)?;
                    }
                    // It is back, or cannot be looked at: the next walk will tell.
                    Some(_) => walk::meet_again(&self.db, path, run)?,
                }
            }
        }
    }
}
