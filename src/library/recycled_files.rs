//! Single files in the recycle folder: whatever becomes of the folder that one lay in, nobody may do
//! more with it there, or when it is back, than when it was deleted.
//!
//! As long as the same folder stands at its path, what holds in that folder holds for the file. Once
//! that folder has gone elsewhere or its rows are purged, what groups could do in it then holds too.

use std::collections::HashMap;

use super::{Caller, Error, Library, Result, journal};
use crate::auth::{KeptRights, Level, Rights};
use crate::db::recycled::{self, Recycled};
use crate::db::{folders, templates};
use crate::source::FolderPath;

/// Rows looked at at once.
const ROWS: i64 = 5000;

/// What has to allow something with a file, beside what holds at its path.
enum Bound {
    /// Nothing: the folder that it lay in stands there.
    Folder,
    /// What groups could do when it was deleted.
    Kept(KeptRights),
    /// That, but it was not kept.
    Unknown,
}

impl Library {
    /// What groups can do with the files of a folder now, as it is kept with one that is deleted.
    pub(super) fn rights_in(&self, folder: &FolderPath) -> Result<String> {
        let kept = self.db.snapshot(|sql| {
            let row = folders::by_path(sql, folder.as_str())?;
            Ok(Rights::load(sql)?.kept_of_file(folder.as_str(), row.map(|row| row.id)))
        })?;
        Ok(serde_json::to_string(&kept).unwrap_or_default())
    }

    fn bound(&self, folder: &str, kept: &str) -> Result<Bound> {
        let row = folders::by_path(&self.db, folder)?.map(|row| row.id);
        let Ok(kept) = serde_json::from_str::<KeptRights>(kept) else {
            return Ok(if row.is_some() { Bound::Folder } else { Bound::Unknown });
        };
        let same = kept.above.is_some() && kept.above == row;
        Ok(if same { Bound::Folder } else { Bound::Kept(kept) })
    }

    fn was_allowed(
        &self,
        caller: &Caller<'_>,
        (folder, kept): (&str, &str),
        level: Level,
    ) -> Result<bool> {
        match self.bound(folder, kept)? {
            Bound::Folder => Ok(true),
            Bound::Kept(kept) => Ok(caller.kept_level(&kept)? >= level),
            Bound::Unknown => Ok(false),
        }
    }

    /// Passes when what is kept with a file lets the caller do this with it. Who administers files may
    /// do everything.
    pub(super) fn require_kept(
        &self,
        caller: &Caller<'_>,
        item: &Recycled,
        level: Level,
    ) -> Result<()> {
        if caller.administers()? {
            return Ok(());
        }
        let folder = folders::parent_path(&item.path);
        match self.was_allowed(caller, (&folder, &item.rights), level)? {
            true => Ok(()),
            false => Err(Error::Denied { level, folder }),
        }
    }

    /// A part of what lies in the recycle folder and the caller might have deleted, the latest first;
    /// and how much there is of it in all.
    ///
    /// # Errors
    /// [`Error::Database`]; [`Error::Rights`].
    pub fn recycled(
        &self,
        caller: &Caller<'_>,
        start: i64,
        limit: i64,
    ) -> Result<(Vec<Recycled>, i64)> {
        let files = caller.scope(Level::Delete)?;
        let folders = caller.scope(Level::DeleteFolder)?;
        if caller.administers()? {
            return Ok(recycled::within(&self.db, &files, &folders, start, limit)?);
        }
        // Thousands of files have few folders.
        let mut known: HashMap<(String, String), bool> = HashMap::new();
        let (mut shown, mut total, mut at) = (Vec::new(), 0, 0);
        loop {
            let (rows, _) = recycled::within(&self.db, &files, &folders, at, ROWS)?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < ROWS);
            at += ROWS;
            for item in rows {
                if !item.is_folder {
                    let key = (folders::parent_path(&item.path), item.rights.clone());
                    let allowed = match known.get(&key) {
                        Some(allowed) => *allowed,
                        None => {
                            let allowed =
                                self.was_allowed(caller, (&key.0, &key.1), Level::Delete)?;
                            known.insert(key, allowed);
                            allowed
                        }
                    };
                    if !allowed {
                        continue;
                    }
                }
                if total >= start && total < start.saturating_add(limit) {
                    shown.push(item);
                }
                total += 1;
            }
            if is_last {
                return Ok((shown, total));
            }
        }
    }

    /// Sets the records without which a file would be more open in its folder than it was; tells
    /// whether there were any. Only a folder that is not there gets records: another one by that name
    /// has its own, and a file that was less open does not go there.
    pub(super) fn close_folder_of(&self, item: &Recycled, folder: &FolderPath) -> Result<bool> {
        let Bound::Kept(kept) = self.bound(folder.as_str(), &item.rights)? else {
            return Ok(false);
        };
        let stands = self.stands(folder.as_str())?;
        let set = self.db.transaction(|sql| {
            let rights = Rights::load(sql)?;
            let known: Vec<i64> = templates::all(sql)?.iter().map(|template| template.id).collect();
            let (levels, mut missing) = rights.file_tightenings(&kept, folder.as_str());
            missing.retain(|(_, _, _, template)| template.is_none_or(|id| known.contains(&id)));
            if stands {
                return Ok((levels.is_empty() && missing.is_empty()).then_some(false));
            }
            journal::set(sql, &levels, &missing).map(Some)
        })?;
        set.ok_or_else(|| Error::Exists(format!("another, more open folder {folder}")))
    }
}
