//! The recycle folder: where deleted and overwritten files wait until their days are over.
//!
//! It is a hidden folder at the library's root, so that what goes there is renamed and not copied. Its
//! row is written first: nothing lies there that nobody knows of.

use std::io;

use super::put::MAX_NUMBER;
use super::{Caller, Error, Library, Result, name, tree};
use crate::auth::Level;
use crate::db::image_history::{self, Action};
use crate::db::recycled::{self, Recycled};
use crate::db::{images, moves, now_ms};
use crate::source::{Entry, Folder, FolderPath, SourceError, SourcePath, Stat};

/// The recycle folder's name.
const FOLDER: &str = ".halftone-recycled";

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Rows looked at at once.
const ROWS: u32 = 100;

impl Library {
    /// Takes a file away: into the recycle folder, or for good when there is none.
    pub(super) fn discard_file(
        &self,
        caller: &Caller<'_>,
        folder: &Folder,
        path: &SourcePath,
        image_id: Option<i64>,
    ) -> Result<()> {
        let name = path.file_name();
        let gone = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::NotFound(path.to_string()),
            _ => error.into(),
        };
        let Entry::File(stat) = folder.entry(name).map_err(gone)? else {
            // A link: what it leads to is another file.
            return folder.remove_file(name).map_err(gone);
        };
        let Some(bin) = self.bin()? else { return folder.remove_file(name).map_err(gone) };
        let row = self.row(caller, path.as_str(), name, image_id, Some(stat));
        self.recycle(row, |stored| tree::move_file(folder, name, &bin, stored).map_err(gone))
    }

    /// Keeps a second name of a file that is about to be replaced.
    pub(super) fn keep_copy(
        &self,
        caller: &Caller<'_>,
        folder: &Folder,
        path: &SourcePath,
    ) -> Result<()> {
        let Some(bin) = self.bin()? else { return Ok(()) };
        let name = path.file_name();
        let Ok(Entry::File(stat)) = folder.entry(name) else { return Ok(()) };
        let image_id = images::by_path(&self.db, path.as_str())?.map(|image| image.id);
        let row = self.row(caller, path.as_str(), name, image_id, Some(stat));
        self.recycle(row, |stored| {
            loop {
                match folder.link(name, &bin, stored) {
                    // Not there, or replaced by somebody else between looking its name up and linking.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        if folder.entry(name).is_err() {
                            return Err(Error::NotFound(path.to_string()));
                        }
                    }
                    // Another file system, or one without second names.
                    Err(_) => return Ok(tree::copy_file(folder, name.as_ref(), &bin, stored)?),
                    Ok(()) => return Ok(()),
                }
            }
        })
    }

    /// Takes a folder away with all that lies in it.
    pub(super) fn discard_folder(
        &self,
        caller: &Caller<'_>,
        within: &Folder,
        path: &FolderPath,
        go_on: &dyn Fn() -> bool,
    ) -> Result<()> {
        let gone = |error: Error| match error {
            Error::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                Error::NotFound(path.to_string())
            }
            error => error,
        };
        let name = path.name();
        let Some(bin) = self.bin()? else {
            return tree::remove_tree(within, name.as_ref(), go_on).map_err(gone);
        };
        let row = self.row(caller, &path.to_string(), name, None, None);
        self.recycle(row, |stored| {
            tree::move_folder(within, name, &bin, stored, go_on).map_err(gone)
        })
    }

    fn bin(&self) -> Result<Option<Folder>> {
        if self.options.recycle_days == 0 {
            return Ok(None);
        }
        let path = FolderPath::parse(FOLDER).map_err(|error| Error::path("path", error))?;
        Ok(Some(self.files.make_folder(&path)?))
    }

    fn row(
        &self,
        caller: &Caller<'_>,
        path: &str,
        name: &str,
        image_id: Option<i64>,
        file: Option<Stat>,
    ) -> Recycled {
        let random = getrandom::u64().unwrap_or_else(|_| now_ms().unsigned_abs());
        let mut stored_as = format!("{random:016x}-{name}");
        while stored_as.len() > 255 {
            stored_as.pop();
        }
        Recycled {
            id: 0,
            path: path.to_owned(),
            is_folder: file.is_none(),
            stored_as,
            image_id,
            user_id: caller.user_id(),
            size_bytes: file.map_or(0, |stat| i64::try_from(stat.size).unwrap_or(i64::MAX)),
            recycled_ms: 0,
        }
    }

    fn recycle(&self, row: Recycled, put: impl FnOnce(&str) -> Result<()>) -> Result<()> {
        let id = recycled::add(&self.db, &row)?;
        let done = put(&row.stored_as);
        if done.is_err() {
            recycled::remove(&self.db, id)?;
        }
        done
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
        Ok(recycled::within(&self.db, &files, &folders, start, limit)?)
    }

    /// Puts something back where it was; when something else stands there by now and `rename` says so,
    /// beside it under a name with a number. Gives back its path.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Denied`] without the right to upload there, or to make folders;
    /// [`Error::Exists`].
    pub fn restore(&self, caller: &Caller<'_>, id: i64, rename: bool) -> Result<String> {
        let item = recycled::by_id(&self.db, id)?.ok_or_else(|| missing(id))?;
        let was = super::images::path_of(&item.path)?;
        let folder_path = FolderPath::of(&was);
        let level = if item.is_folder { Level::CreateFolder } else { Level::Upload };
        caller.require(&folder_path, level)?;
        let bin = self.bin()?.ok_or_else(|| missing(id))?;
        let folder = self.files.make_folder(&folder_path)?;
        let path = put_back(&bin, &item, &folder, &folder_path, &was, rename)?;
        recycled::remove(&self.db, id)?;
        self.changed(&path);
        if item.is_folder {
            self.look_through(&FolderPath::of_folder(&path))?;
        } else {
            self.revive(caller, &item, &path)?;
        }
        Ok(path.to_string())
    }

    fn revive(&self, caller: &Caller<'_>, item: &Recycled, path: &SourcePath) -> Result<()> {
        let stat = Stat::of(&self.files.open(path)?)?;
        let size_bytes = i64::try_from(stat.size).unwrap_or(i64::MAX);
        self.rename_rows(|sql| {
            // The image that it was, unless that one lives on elsewhere or with another file.
            if let Some(id) = item.image_id
                && images::by_id(sql, id)?
                    .is_some_and(|old| old.status == crate::db::STATUS_DELETED)
            {
                moves::image(sql, id, path.as_str())?;
            }
            let image = images::seen(sql, path.as_str(), size_bytes, stat.mtime_ns)?;
            images::raise_revision(sql, image.id)?;
            let by = caller.user_id();
            image_history::add(sql, image.id, by, Action::Created, "restored")
        })?;
        Ok(())
    }

    /// Removes what has been in the recycle folder for its days. Gives back how much that was.
    ///
    /// # Errors
    /// [`Error::Stopped`]; [`Error::Database`]; [`Error::Files`].
    pub fn purge_recycled(&self, go_on: &dyn Fn() -> bool) -> Result<u64> {
        let path = FolderPath::parse(FOLDER).map_err(|error| Error::path("path", error))?;
        let bin = match self.files.folder(&path) {
            Err(SourceError::NotFound) => return Ok(0),
            found => found?,
        };
        let before_ms = now_ms() - i64::from(self.options.recycle_days) * DAY_MS;
        let mut removed = 0;
        loop {
            let items = recycled::older_than(&self.db, before_ms, ROWS)?;
            if items.is_empty() {
                return Ok(removed);
            }
            for item in items {
                self.remove_for_ever(&bin, &item, go_on)?;
                removed += 1;
            }
        }
    }

    /// Removes one thing, or with none all that lies in the recycle folder by now. Gives back how much
    /// that was.
    ///
    /// # Errors
    /// [`Error::NotAdministrator`]; [`Error::Stopped`]; [`Error::Database`]; [`Error::Files`].
    pub fn empty_recycled(
        &self,
        caller: &Caller<'_>,
        only: Option<i64>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<u64> {
        caller.require_administrator()?;
        let path = FolderPath::parse(FOLDER).map_err(|error| Error::path("path", error))?;
        let bin = match self.files.folder(&path) {
            Err(SourceError::NotFound) => return Ok(0),
            found => found?,
        };
        if let Some(id) = only {
            let Some(item) = recycled::by_id(&self.db, id)? else { return Ok(0) };
            self.remove_for_ever(&bin, &item, go_on)?;
            return Ok(1);
        }
        let (mut removed, mut before) = (0, 0);
        loop {
            let items = recycled::before(&self.db, before, ROWS)?;
            let Some(last) = items.last() else { return Ok(removed) };
            before = last.id;
            for item in &items {
                self.remove_for_ever(&bin, item, go_on)?;
                removed += 1;
            }
        }
    }

    fn remove_for_ever(
        &self,
        bin: &Folder,
        item: &Recycled,
        go_on: &dyn Fn() -> bool,
    ) -> Result<()> {
        if !go_on() {
            return Err(Error::Stopped);
        }
        let done = if item.is_folder {
            tree::remove_tree(bin, item.stored_as.as_ref(), go_on)
        } else {
            bin.remove_file(&item.stored_as).map_err(Error::from)
        };
        match done {
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
        recycled::remove(&self.db, item.id)?;
        Ok(())
    }
}

fn missing(id: i64) -> Error {
    Error::NotFound(format!("item {id} of the recycle folder"))
}

/// Moves something from the recycle folder to its old name, or to the next one that is free.
fn put_back(
    bin: &Folder,
    item: &Recycled,
    folder: &Folder,
    folder_path: &FolderPath,
    was: &SourcePath,
    rename: bool,
) -> Result<SourcePath> {
    let last = if rename { MAX_NUMBER } else { 0 };
    for number in 0..=last {
        let name = match number {
            0 => was.file_name().to_owned(),
            _ if item.is_folder => format!("{}-{number:03}", was.file_name()),
            _ => name::numbered(was.file_name(), number),
        };
        let moved = if item.is_folder {
            tree::move_folder(bin, &item.stored_as, folder, &name, &|| true)
        } else {
            tree::move_file(bin, &item.stored_as, folder, &name).map_err(Error::from)
        };
        match moved {
            Ok(()) => return folder_path.join(&name).map_err(|error| Error::path("path", error)),
            Err(Error::Io(error)) => match error.kind() {
                io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => {}
                io::ErrorKind::NotFound => return Err(missing(item.id)),
                _ => return Err(error.into()),
            },
            Err(error) => return Err(error),
        }
    }
    Err(Error::Exists(was.to_string()))
}
