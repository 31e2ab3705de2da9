//! The recycle folder: where deleted and overwritten files wait until their days are over.
//!
//! It is a hidden folder at the library's root, so that what goes there is renamed and not copied. Its
//! row is written first: nothing lies there that nobody knows of.

use std::io;

use super::put::MAX_NUMBER;
use super::{Caller, Error, Library, Result, job, journal, name, tree};
use crate::auth::{KeptRights, Level, Rights};
use crate::db::image_history::{self, Action};
use crate::db::recycled::{self, Recycled};
use crate::db::{folders, images, moves, now_ms};
use crate::source::{Entry, Folder, FolderPath, Incoming, SourceError, SourcePath, Stat, Taken};

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
        let mut row = self.row(caller, path.as_str(), name, image_id, Some(stat));
        row.rights = self.rights_in(&FolderPath::of(path))?;
        self.recycle(row, |stored| tree::move_file(folder, name, &bin, stored).map_err(gone))
    }

    /// Gives an arrived file its name, and puts into the recycle folder just what had that name until then,
    /// however many do so at once. Tells whether anything had.
    ///
    /// The file goes to the recycle folder first and trades places there with the one that it replaces: a
    /// process that is killed on the way leaves both.
    pub(super) fn replace(
        &self,
        caller: &Caller<'_>,
        folder: &Folder,
        path: &SourcePath,
        incoming: &mut Incoming<'_>,
    ) -> Result<bool> {
        let name = path.file_name();
        let Some(bin) = self.bin()? else {
            let replaced = folder.entry(name).is_ok();
            incoming.name_as(name, Taken::Replace)?;
            return Ok(replaced);
        };
        let image_id = images::by_path(&self.db, path.as_str())?.map(|image| image.id);
        let stat = Stat::of(incoming.file())?;
        let mut row = self.row(caller, path.as_str(), name, image_id, Some(stat));
        row.rights = self.rights_in(&FolderPath::of(path))?;
        let id = recycled::add(&self.db, &row)?;
        let traded = trade((folder, name), (&bin, &row.stored_as), incoming);
        if let Ok(Traded::For(old)) = &traded {
            recycled::set_size(&self.db, id, i64::try_from(old.size).unwrap_or(i64::MAX))?;
            return Ok(true);
        }
        recycled::remove(&self.db, id)?;
        match traded.map_err(|error| named(error, path))? {
            Traded::For(_) => Ok(true),
            Traded::Free => Ok(false),
            Traded::Not => {
                let replaced = self.keep_copy(caller, folder, path)?;
                incoming.name_as(name, Taken::Replace)?;
                Ok(replaced)
            }
        }
    }

    /// Keeps a second name of a file that is about to be replaced; tells whether there is one. Of what
    /// comes between this and the replacing nothing is kept.
    fn keep_copy(&self, caller: &Caller<'_>, folder: &Folder, path: &SourcePath) -> Result<bool> {
        let Some(bin) = self.bin()? else { return Ok(false) };
        let name = path.file_name();
        let Ok(Entry::File(stat)) = folder.entry(name) else { return Ok(false) };
        let image_id = images::by_path(&self.db, path.as_str())?.map(|image| image.id);
        let mut row = self.row(caller, path.as_str(), name, image_id, Some(stat));
        row.rights = self.rights_in(&FolderPath::of(path))?;
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
        })?;
        Ok(true)
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
        let mut row = self.row(caller, &path.to_string(), name, None, None);
        row.rights = self.rights_of(path)?;
        self.recycle(row, |stored| {
            tree::move_folder((within, name), (&bin, stored), go_on, &|| Ok(()))
                .and_then(|removed| removed)
                .map_err(gone)
        })
    }

    /// What groups can do in a folder now, as it is kept with what is deleted.
    fn rights_of(&self, path: &FolderPath) -> Result<String> {
        let kept = self.db.snapshot(|sql| {
            let above = folders::by_path(sql, &folders::parent_path(path.as_str()))?;
            Ok(Rights::load(sql)?.kept(path.as_str(), above.map(|row| row.id)))
        })?;
        Ok(serde_json::to_string(&kept).unwrap_or_default())
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
            rights: String::new(),
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

    /// Passes when the caller may put something back; gives back what it is, and where it was: the
    /// folder, and the whole path. Asked before a task is made of it, and again when it is done.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn may_restore(
        &self,
        caller: &Caller<'_>,
        id: i64,
    ) -> Result<(Recycled, FolderPath, SourcePath)> {
        let item = recycled::by_id(&self.db, id)?.ok_or_else(|| missing(id))?;
        let was = super::images::path_of(&item.path)?;
        let folder = FolderPath::of(&was);
        let level = if item.is_folder { Level::CreateFolder } else { Level::Upload };
        caller.require(&folder, level)?;
        if !item.is_folder {
            self.require_kept(caller, &item, level)?;
        }
        Ok((item, folder, was))
    }

    /// Puts something back where it was; when something else stands there by now and `rename` says so,
    /// beside it under a name with a number. Nobody may do more with what comes back than when it was
    /// deleted: records that are needed for that are set, and known to every worker, before the files
    /// are there. Gives back its path.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Denied`] without the right to upload there, or to make folders;
    /// [`Error::Exists`], also when a file's folder is another one by now and more open;
    /// [`Error::Stopped`], before anything has moved.
    pub fn restore(
        &self,
        caller: &Caller<'_>,
        id: i64,
        rename: bool,
        go_on: &dyn Fn() -> bool,
    ) -> Result<String> {
        let (item, folder_path, was) = self.may_restore(caller, id)?;
        let bin = self.bin()?.ok_or_else(|| missing(id))?;
        if bin.entry(&item.stored_as).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            // Put back by an attempt that did not live to say so, or taken away by hand.
            recycled::remove(&self.db, id)?;
            return Err(missing(id));
        }
        if !item.is_folder && self.close_folder_of(&item, &folder_path)? {
            self.until_rights_are_known(go_on)?;
        }
        let folder = self.files.make_folder(&folder_path)?;
        let place = Place { bin: &bin, item: &item, folder: &folder, folder_path: &folder_path };
        let path = self.put_back(&place, &was, rename, go_on)?;
        recycled::remove(&self.db, id)?;
        self.changed(&path);
        if item.is_folder {
            self.look_through(&FolderPath::of_folder(&path))?;
        } else {
            self.revive(caller, &item, &path)?;
        }
        job::want_reading(&self.db)?;
        Ok(path.to_string())
    }

    /// Moves something from the recycle folder to its old name, or to the next one that is free.
    fn put_back(
        &self,
        place: &Place<'_>,
        was: &SourcePath,
        rename: bool,
        go_on: &dyn Fn() -> bool,
    ) -> Result<SourcePath> {
        let Place { bin, item, folder, folder_path } = *place;
        let last = if rename { MAX_NUMBER } else { 0 };
        for number in 0..=last {
            let name = match number {
                0 => was.file_name().to_owned(),
                _ if item.is_folder => format!("{}-{number:03}", was.file_name()),
                _ => name::numbered(was.file_name(), number),
            };
            if folder.entry(&name).is_ok() {
                continue;
            }
            let path = folder_path.join(&name).map_err(|error| Error::path("path", error))?;
            let moved = if item.is_folder {
                if self.close(item, &path)? {
                    self.until_rights_are_known(go_on)?;
                }
                tree::move_folder((bin, &item.stored_as), (folder, &name), go_on, &|| Ok(()))
                    .and_then(|removed| removed)
            } else {
                tree::move_file(bin, &item.stored_as, folder, &name).map_err(Error::from)
            };
            match moved {
                Ok(()) => return Ok(path),
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

    /// Sets the records without which a folder would be more open at a path than it was; tells whether
    /// there were any.
    fn close(&self, item: &Recycled, path: &SourcePath) -> Result<bool> {
        Ok(self.db.transaction(|sql| {
            let rights = Rights::load(sql)?;
            let above = folders::by_path(sql, &folders::parent_path(path.as_str()))?;
            let above = above.map(|row| row.id);
            // One that an older release deleted has what stands at its old path.
            let kept: KeptRights = serde_json::from_str(&item.rights)
                .unwrap_or_else(|_| rights.kept(&item.path, above));
            let same_above = kept.above.is_some() && kept.above == above;
            journal::set_rights(sql, &rights, &kept, path.as_str(), same_above)
        })?)
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

/// What is put back, and where.
#[derive(Clone, Copy)]
struct Place<'a> {
    bin: &'a Folder,
    item: &'a Recycled,
    folder: &'a Folder,
    folder_path: &'a FolderPath,
}

/// What came of trading an arrived file for the one that had its name.
enum Traded {
    /// The old one, of this kind, lies where the new one was.
    For(Stat),
    /// Nothing had the name.
    Free,
    /// The file systems do not have this; nothing has changed.
    Not,
}

/// Gives an arrived file its name by way of another folder, where it leaves what had the name.
fn trade(
    (folder, name): (&Folder, &str),
    (bin, stored): (&Folder, &str),
    incoming: &mut Incoming<'_>,
) -> io::Result<Traded> {
    match incoming.name_in(bin, stored, Taken::Refuse) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => return Ok(Traded::Not),
        named => named?,
    }
    let traded = trade_named((folder, name), (bin, stored));
    match &traded {
        Ok(Traded::Not) => incoming.take_back(bin, stored)?,
        Ok(_) => {}
        Err(_) => bin.remove_file(stored)?,
    }
    traded
}

fn trade_named(
    (folder, name): (&Folder, &str),
    (bin, stored): (&Folder, &str),
) -> io::Result<Traded> {
    loop {
        match bin.exchange(stored, folder, name) {
            Ok(false) => return Ok(Traded::Not),
            Ok(true) => match bin.entry(stored)? {
                Entry::File(old) => return Ok(Traded::For(old)),
                // A folder or a link has come there meanwhile.
                _ => {
                    bin.exchange(stored, folder, name)?;
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match bin.rename(stored, folder, name, Taken::Refuse) {
            Ok(()) => return Ok(Traded::Free),
            // Somebody was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

fn named(error: io::Error, path: &SourcePath) -> Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(path.to_string()),
        _ => error.into(),
    }
}
