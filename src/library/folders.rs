//! Folders: made, moved, renamed, deleted, each with all that lies in it.

use super::{Caller, Error, Library, Result, name};
use crate::auth::{Level, audit};
use crate::db::folders::{self, Folder as FolderRow};
use crate::db::image_history::{self, Action};
use crate::db::{STATUS_ACTIVE, STATUS_DELETED};
use crate::source::{FolderPath, SourceError};

impl Library {
    /// A folder, deleted ones too.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn folder_row(&self, id: i64) -> Result<FolderRow> {
        folders::by_id(&self.db, id)?.ok_or_else(|| Error::NotFound(format!("folder {id}")))
    }

    /// The row of a folder that is on disk; it is made when it is missing.
    ///
    /// # Errors
    /// [`Error::Parameter`] named `path`, [`Error::Denied`], [`Error::NotFound`].
    pub fn folder_at(&self, caller: &Caller<'_>, path: &str) -> Result<FolderRow> {
        let path = FolderPath::parse(path).map_err(|error| Error::path("path", error))?;
        caller.require(&path, Level::View)?;
        self.open_folder(&path)?;
        self.row_of(&path)
    }

    fn row_of(&self, path: &FolderPath) -> Result<FolderRow> {
        let id = folders::seen(&self.db, path.as_str())?;
        self.folder_row(id)
    }

    /// Makes a folder, and those above it that are missing.
    ///
    /// # Errors
    /// [`Error::Exists`]; [`Error::Denied`] at the nearest folder that exists; [`Error::Parameter`]
    /// named `path`.
    pub fn make_folder(&self, caller: &Caller<'_>, path: &str) -> Result<FolderRow> {
        let path = new_folder_path(path)?;
        let mut nearest = path.parent();
        while let Some(above) = &nearest {
            match self.files.folder(above) {
                Err(SourceError::NotFound | SourceError::NotAFile) => nearest = above.parent(),
                found => {
                    found?;
                    break;
                }
            }
        }
        let nearest = nearest.ok_or_else(|| Error::Exists(path.to_string()))?;
        caller.require(&nearest, Level::CreateFolder)?;
        let parent = path.parent().unwrap_or_default();
        let within = self.files.make_folder(&parent).map_err(|error| match error {
            SourceError::NotFound => Error::parameter("path", "a file stands in the way"),
            error => error.into(),
        })?;
        within.make_folder(path.name()).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::Exists(path.to_string()),
            _ => error.into(),
        })?;
        self.row_of(&path)
    }

    /// Passes when the caller may move the folder there; gives back both paths. Asked before a task
    /// is made of it, and again when the task is done.
    ///
    /// # Errors
    /// As [`move_folder`](Self::move_folder).
    pub fn may_move_folder(
        &self,
        caller: &Caller<'_>,
        id: i64,
        to: &str,
    ) -> Result<(FolderPath, FolderPath)> {
        let from = self.active_path(id)?;
        let to = new_folder_path(to)?;
        let (Some(above), Some(new_above)) = (from.parent(), to.parent()) else {
            return Err(Error::parameter("path", "the root folder stays where it is"));
        };
        // Its own records count too: who is kept out of a folder does not take it elsewhere.
        let needed = if above == new_above { Level::CreateFolder } else { Level::DeleteFolder };
        caller.require(&from, needed)?;
        if above != new_above {
            caller.require(&above, needed)?;
        }
        caller.require(&new_above, Level::CreateFolder)?;
        if to != from && to.is_within(&from) {
            return Err(Error::parameter("path", "a folder cannot be moved into itself"));
        }
        Ok((from, to))
    }

    /// Moves or renames a folder with all that lies in it. Ids stay, and with them rights, titles and
    /// history. The records of both places hold until the rows have followed; where there are any, the
    /// files move after [`rights_known_after`](super::Options::rights_known_after).
    ///
    /// # Errors
    /// [`Error::NotFound`] for the folder and the one that it should go to; [`Error::Denied`];
    /// [`Error::Exists`]; [`Error::Parameter`] named `path`; [`Error::Stopped`], before anything has
    /// moved; [`Error::Busy`] while other folders above, below or at these places move.
    pub fn move_folder(
        &self,
        caller: &Caller<'_>,
        id: i64,
        to: &str,
        go_on: &dyn Fn() -> bool,
    ) -> Result<FolderRow> {
        self.move_folder_for(None, caller, id, to, go_on)
    }

    /// The same for a task. What an earlier attempt has left is settled first.
    ///
    /// # Errors
    /// As [`move_folder`](Self::move_folder).
    pub fn move_folder_for(
        &self,
        task_id: Option<i64>,
        caller: &Caller<'_>,
        id: i64,
        to: &str,
        go_on: &dyn Fn() -> bool,
    ) -> Result<FolderRow> {
        let moved = task_id.map(|task| self.settle_task(task)).transpose()?;
        if moved == Some(true) || self.active_path(id)? == new_folder_path(to)? {
            return self.folder_row(id);
        }
        let (from, to) = self.may_move_folder(caller, id, to)?;
        self.carry_out(caller, (id, task_id), (&from, &to), go_on)?;
        self.folder_row(id)
    }

    /// Passes when the caller may delete the folder; gives back its path.
    ///
    /// # Errors
    /// As [`delete_folder`](Self::delete_folder).
    pub fn may_delete_folder(&self, caller: &Caller<'_>, id: i64) -> Result<FolderPath> {
        let path = self.active_path(id)?;
        let above = path
            .parent()
            .ok_or_else(|| Error::parameter("path", "the root folder cannot be deleted"))?;
        caller.require(&above, Level::DeleteFolder)?;
        // Its own records count too.
        caller.require(&path, Level::DeleteFolder)?;
        Ok(path)
    }

    /// Deletes a folder with all that lies in it; it can be restored while the recycle folder keeps
    /// it.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for one that is deleted already; [`Error::Denied`];
    /// [`Error::Stopped`].
    pub fn delete_folder(
        &self,
        caller: &Caller<'_>,
        id: i64,
        go_on: &dyn Fn() -> bool,
    ) -> Result<FolderRow> {
        let path = self.may_delete_folder(caller, id)?;
        let (row, actor) = (self.folder_row(id)?, caller.actor()?);
        let within = self.open_folder(&path.parent().unwrap_or_default())?;
        match self.discard_folder(caller, &within, &path, go_on) {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        self.forget_below(path.as_str())?;
        self.db.transaction(|sql| {
            let (by, detail) = (caller.user_id(), "deleted with its folder");
            image_history::add_below(sql, path.as_str(), by, Action::Deleted, detail)?;
            folders::vanished(sql, path.as_str())?;
            audit::write(sql, &actor, "folder.delete", &row.path, "")
        })?;
        Ok(FolderRow { status: STATUS_DELETED, ..row })
    }

    fn active_path(&self, id: i64) -> Result<FolderPath> {
        let row = self.folder_row(id)?;
        if row.status != STATUS_ACTIVE {
            return Err(Error::NotFound(format!("the folder {}", row.path)));
        }
        FolderPath::parse(&row.path).map_err(|error| Error::path("path", error))
    }
}

/// A path that a caller gives for a folder, its last name composed.
fn new_folder_path(text: &str) -> Result<FolderPath> {
    let given = FolderPath::parse(text).map_err(|error| Error::path("path", error))?;
    let Some(above) = given.parent() else {
        return Err(Error::parameter("path", "it names the root folder"));
    };
    name::check_direction(given.name())?;
    let path =
        above.folder(&name::composed(given.name())).map_err(|error| Error::path("path", error))?;
    if path.is_hidden() {
        return Err(Error::parameter("path", "names that start with a dot are kept back"));
    }
    Ok(path)
}
