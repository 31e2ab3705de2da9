//! Images: found by id, moved, renamed, deleted.

use super::{Caller, Error, Library, Result, name, read, readable, tree};
use crate::auth::Level;
use crate::db::image_history::{self, Action};
use crate::db::images::{self, ImageRow};
use crate::db::{self, STATUS_ACTIVE, STATUS_DELETED, image_metadata, moves};
use crate::source::{FolderPath, SourcePath};

impl Library {
    /// An image, deleted ones too, that the caller has this level for.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`].
    pub fn image(&self, caller: &Caller<'_>, id: i64, level: Level) -> Result<ImageRow> {
        let missing = || Error::NotFound(format!("image {id}"));
        let image = images::by_id(&self.db, id)?.ok_or_else(missing)?;
        let folder = folder_of(&image.path)?;
        caller.require(&folder, level)?;
        Ok(image)
    }

    /// Moves or renames an image's file. Its id stays, and with it all that is known of it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the image, its file or the folder it should go to; [`Error::Denied`];
    /// [`Error::Exists`]; [`Error::Parameter`] named `path`; [`Error::NotAPicture`] when the new name
    /// promises another format than the content has.
    pub fn move_image(&self, caller: &Caller<'_>, id: i64, to: &str) -> Result<ImageRow> {
        let image = self.image(caller, id, Level::View)?;
        let (from, to) = (path_of(&image.path)?, new_path(to)?);
        let (from_folder, to_folder) = (FolderPath::of(&from), FolderPath::of(&to));
        let moving = from_folder != to_folder;
        caller.require(&from_folder, if moving { Level::Delete } else { Level::Upload })?;
        caller.require(&to_folder, Level::Upload)?;
        let missing = || Error::NotFound(from.to_string());
        if image.status != STATUS_ACTIVE {
            return Err(missing());
        }
        if from == to {
            return Ok(image);
        }
        let promised = readable(&to)
            .ok_or_else(|| Error::parameter("path", "the name is not one of a picture"))?;
        let (source, target) = (self.open_folder(&from_folder)?, self.open_folder(&to_folder)?);
        if readable(&from) != Some(promised) {
            self.read_header(&source.open(from.file_name())?, Some(promised))?;
        }
        tree::move_file(&source, from.file_name(), &target, to.file_name()).map_err(|error| {
            match error.kind() {
                std::io::ErrorKind::AlreadyExists => Error::Exists(to.to_string()),
                std::io::ErrorKind::NotFound => missing(),
                _ => error.into(),
            }
        })?;
        let moved = self.rename_rows(|sql| {
            moves::image(sql, id, to.as_str())?;
            let detail = image_history::moved_from(from.as_str());
            image_history::add(sql, id, caller.user_id(), Action::Moved, &detail)?;
            let image = images::by_id(sql, id)?;
            if let Some(image) = &image {
                read::index(sql, image)?;
            }
            Ok(image)
        });
        self.changed(&from);
        self.changed(&to);
        moved?.ok_or_else(missing)
    }

    /// Deletes an image's file; it can be restored while the recycle folder keeps it.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for one that is deleted already; [`Error::Denied`].
    pub fn delete_image(&self, caller: &Caller<'_>, id: i64) -> Result<ImageRow> {
        let image = self.image(caller, id, Level::View)?;
        let path = path_of(&image.path)?;
        let folder_path = FolderPath::of(&path);
        caller.require(&folder_path, Level::Delete)?;
        if image.status != STATUS_ACTIVE {
            return Err(Error::NotFound(path.to_string()));
        }
        let folder = self.open_folder(&folder_path)?;
        match self.discard_file(caller, &folder, &path, Some(id)) {
            // The file is gone already: so is the image.
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        self.changed(&path);
        let deleted = self.db.transaction(|sql| {
            images::vanished(sql, path.as_str())?;
            image_history::add(sql, id, caller.user_id(), Action::Deleted, "deleted")
        });
        self.changed(&path);
        deleted?;
        Ok(ImageRow { status: STATUS_DELETED, ..image })
    }

    /// What was done to an image, the latest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`].
    pub fn history(
        &self,
        caller: &Caller<'_>,
        id: i64,
        limit: u32,
    ) -> Result<Vec<image_history::Entry>> {
        let image = self.image(caller, id, Level::Edit)?;
        Ok(image_history::of_image(&self.db, image.id, limit)?)
    }

    /// The format of an image's file, as far as it was read.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn format_of(&self, id: i64) -> db::Result<Option<String>> {
        Ok(image_metadata::get(&self.db, id)?.map(|said| said.format))
    }
}

/// The path of a row; those of rows that were set aside do not stand for files.
pub(super) fn path_of(path: &str) -> Result<SourcePath> {
    SourcePath::parse(path).map_err(|error| Error::path("path", error))
}

fn folder_of(path: &str) -> Result<FolderPath> {
    Ok(FolderPath::of(&path_of(path)?))
}

/// A path that a caller gives for a file, its last name composed.
fn new_path(text: &str) -> Result<SourcePath> {
    let given = SourcePath::parse(text).map_err(|error| Error::path("path", error))?;
    let folder = FolderPath::of(&given);
    name::check_direction(given.file_name())?;
    let path = folder
        .join(&name::composed(given.file_name()))
        .map_err(|error| Error::path("path", error))?;
    if path.is_hidden() {
        return Err(Error::parameter("path", "names that start with a dot are kept back"));
    }
    Ok(path)
}
