//! New files: written under a hidden name beside where they will stand, looked at, and only then
//! given their name. Whatever goes wrong before leaves what was there untouched.

use std::fs::File;
use std::io::Read as Source;

use time::OffsetDateTime;

use super::{Caller, Error, Library, Result, name, readable, target};
use crate::auth::Level;
use crate::db::image_history::{self, Action};
use crate::db::images::{self, ImageRow};
use crate::pixel::Format;
use crate::pixel::decode::{self, Input};
use crate::source::{Entry, Folder, FolderPath, Incoming, SourceError, SourcePath, Stat, Taken};

/// The most numbers that are tried for a name that is taken.
pub(super) const MAX_NUMBER: u32 = 9_999;

/// What happens when there is a file of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// The new one takes its place.
    Yes,
    /// The new one is refused.
    No,
    /// The new one gets a number.
    Rename,
}

impl Overwrite {
    /// Reads it as forms write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "yes" | "true" | "1" => Some(Self::Yes),
            "no" | "false" | "0" => Some(Self::No),
            "rename" => Some(Self::Rename),
            _ => None,
        }
    }

    /// As it is kept.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Rename => "rename",
        }
    }
}

/// A file that somebody sends.
#[derive(Debug, Clone, Copy)]
pub struct NewFile<'a> {
    /// Where it is to stand.
    pub folder: &'a FolderPath,
    /// Its name, as it was sent.
    pub name: &'a str,
    /// What happens when there is a file of that name.
    pub overwrite: Overwrite,
}

impl Library {
    /// The folder that the administrator's target of this number means today; it is made when it is
    /// missing, whoever asks.
    ///
    /// # Errors
    /// [`Error::Parameter`] named `path_index`; [`Error::Denied`] without the right to upload there;
    /// [`Error::Files`].
    pub fn target_folder(&self, caller: &Caller<'_>, index: usize) -> Result<FolderPath> {
        let target = self.options.targets.get(index);
        let target = target
            .ok_or_else(|| Error::parameter("path_index", "there is no target of this number"))?;
        let folder = target::expand(target, OffsetDateTime::now_utc())?;
        caller.require(&folder, Level::Upload)?;
        self.files.make_folder(&folder)?;
        Ok(folder)
    }

    /// The folder that a caller named, when it is there and may be uploaded to.
    ///
    /// # Errors
    /// [`Error::Parameter`] named `path`; [`Error::Denied`]; [`Error::NotFound`]; [`Error::Files`].
    pub fn upload_folder(&self, caller: &Caller<'_>, path: &str) -> Result<FolderPath> {
        let folder = FolderPath::parse(path).map_err(|error| Error::path("path", error))?;
        caller.require(&folder, Level::Upload)?;
        self.open_folder(&folder)?;
        Ok(folder)
    }

    pub(super) fn open_folder(&self, path: &FolderPath) -> Result<Folder> {
        let missing = || Error::NotFound(format!("the folder {path}"));
        if path.is_hidden() {
            return Err(missing());
        }
        match self.files.folder(path) {
            Err(SourceError::NotFound | SourceError::NotAFile) => Err(missing()),
            found => Ok(found?),
        }
    }

    /// Takes a file that comes from `from`. Gives back its image, as it is then.
    ///
    /// # Errors
    /// [`Error::Parameter`] named `files` for a name that does not do; [`Error::Denied`], also when the
    /// right goes while the file arrives; [`Error::NotFound`] for the folder; [`Error::TooLarge`];
    /// [`Error::Full`]; [`Error::BrokenOff`]; [`Error::NotAPicture`]; [`Error::Exists`].
    pub fn put(
        &self,
        caller: &Caller<'_>,
        new: &NewFile<'_>,
        from: &mut dyn Source,
    ) -> Result<ImageRow> {
        let name = self.clean_name(new.name)?;
        caller.require(new.folder, Level::Upload)?;
        let folder = self.open_folder(new.folder)?;
        let mut incoming = folder.incoming()?;
        self.fill(&mut incoming, from, self.options.max_file_bytes)?;
        self.finish(caller, &folder, &NewFile { name: &name, ..*new }, incoming)
    }

    /// The name under which a file is kept, when it is one of a picture.
    pub(super) fn clean_name(&self, sent: &str) -> Result<String> {
        let name = name::clean(sent, self.options.unicode_names)?;
        let path = SourcePath::parse(&name).map_err(|error| Error::path("files", error))?;
        if readable(&path).is_none() {
            return Err(Error::NotAPicture("files of this kind are not taken".into()));
        }
        Ok(name)
    }

    pub(super) fn fill(
        &self,
        incoming: &mut Incoming<'_>,
        from: &mut dyn Source,
        limit: u64,
    ) -> Result<u64> {
        incoming.fill(from, limit).map_err(|error| {
            // The system's own limit has a number, ours has none.
            let ours = error.kind() == std::io::ErrorKind::FileTooLarge;
            if ours && error.raw_os_error().is_none() {
                Error::TooLarge { limit_bytes: self.options.max_file_bytes }
            } else {
                error.into()
            }
        })
    }

    /// Looks at a file that has arrived whole, gives it its name and makes its rows.
    pub(super) fn finish(
        &self,
        caller: &Caller<'_>,
        folder: &Folder,
        new: &NewFile<'_>,
        mut incoming: Incoming<'_>,
    ) -> Result<ImageRow> {
        let promised = new.folder.join(new.name).map_err(|error| Error::path("files", error))?;
        let read = self.read_header(incoming.file(), readable(&promised))?;
        if !self.options.accept_cut_off {
            check_end(incoming.file(), readable(&promised))?;
        }
        // The upload may have taken hours.
        caller.require(new.folder, Level::Upload)?;
        let (path, replaced) = self.give_name(caller, folder, new, &mut incoming)?;
        let stat = Stat::of(incoming.file())?;
        drop(incoming);
        self.changed(&path);
        let size_bytes = i64::try_from(stat.size).unwrap_or(i64::MAX);
        let image = self.db.transaction(|sql| {
            let mut image = images::seen(sql, path.as_str(), size_bytes, stat.mtime_ns)?;
            if let Some(counter) = images::raise_revision(sql, image.id)? {
                image.revision_counter = counter;
            }
            Self::keep_read(sql, &image, &read)?;
            let (action, detail) = if replaced {
                (Action::Replaced, "uploaded in place of the file before")
            } else {
                (Action::Created, "uploaded")
            };
            image_history::add(sql, image.id, caller.user_id(), action, detail)?;
            Ok(ImageRow {
                width: read.size.map(|(width, _)| width.into()),
                height: read.size.map(|(_, height)| height.into()),
                ..image
            })
        })?;
        // A request may have remembered the row before its counter was raised.
        self.changed(&path);
        self.want_pages(caller, &image)?;
        Ok(image)
    }

    /// Gives an arrived file the name that is wanted, or the next one that is free. Gives back its
    /// path, and whether a file was replaced.
    fn give_name(
        &self,
        caller: &Caller<'_>,
        folder: &Folder,
        new: &NewFile<'_>,
        incoming: &mut Incoming<'_>,
    ) -> Result<(SourcePath, bool)> {
        let path_of = |name: &str| new.folder.join(name).map_err(|e| Error::path("files", e));
        let path = path_of(new.name)?;
        let exists = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::Exists(path.to_string()),
            _ => error.into(),
        };
        match new.overwrite {
            Overwrite::No => {
                incoming.name_as(new.name, Taken::Refuse).map_err(exists)?;
                Ok((path, false))
            }
            Overwrite::Yes => {
                match folder.entry(new.name) {
                    Ok(Entry::File(_)) => {}
                    // A link or a folder is not what an upload replaces.
                    Ok(_) => return Err(Error::Exists(path.to_string())),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error.into()),
                }
                let replaced = self.replace(caller, folder, &path, incoming)?;
                Ok((path, replaced))
            }
            Overwrite::Rename => {
                for number in 0..=MAX_NUMBER {
                    let name = match number {
                        0 => new.name.to_owned(),
                        number => name::numbered(new.name, number),
                    };
                    match incoming.name_as(&name, Taken::Refuse) {
                        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                        named => {
                            named?;
                            return Ok((path_of(&name)?, false));
                        }
                    }
                }
                Err(Error::Exists(path.to_string()))
            }
        }
    }
}

/// Fails for a file that ends before its picture does. The reader of headers would not notice.
fn check_end(file: &File, named: Option<Format>) -> Result<()> {
    let (file, len) = (file.try_clone()?, file.metadata()?.len());
    let input = Input::of_file(file, len, named).map_err(Error::picture)?;
    decode::check_end(input).map_err(Error::picture)
}
