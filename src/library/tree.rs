//! What one call of the system does not do: files that go over to another file system, and folders
//! with all that lies in them.

use std::ffi::{OsStr, OsString};
use std::io;

use super::{Error, Result};
use crate::source::{Entry, Folder, SourceError, Taken, incoming_name};

/// Moves a file; over to another file system it is copied whole before the old one goes.
pub(super) fn move_file(from: &Folder, name: &str, to: &Folder, new: &str) -> io::Result<()> {
    match from.rename(name, to, new, Taken::Refuse) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy_file(from, name.as_ref(), to, new)?;
            from.remove_file(name)
        }
        moved => moved,
    }
}

/// Copies a file with its time.
pub(super) fn copy_file(from: &Folder, name: &OsStr, to: &Folder, new: &str) -> io::Result<()> {
    let mut file = from.open(name).map_err(lost)?;
    let time = file.metadata()?.modified()?;
    let mut incoming = to.incoming()?;
    incoming.fill(&mut file, u64::MAX)?;
    incoming.file().set_modified(time)?;
    incoming.name_as(new, Taken::Refuse)
}

fn lost(error: SourceError) -> io::Error {
    match error {
        SourceError::NotFound | SourceError::NotAFile => io::ErrorKind::NotFound.into(),
        error => io::Error::other(error),
    }
}

/// Moves a folder; over to another file system it is copied with all that lies in it before the old
/// one goes, under a hidden name until it is whole. `copied` is told when it is, before it gets its
/// name. Gives back whether the old one could be removed; an error means that nothing has moved.
pub(super) fn move_folder(
    (from, name): (&Folder, &str),
    (to, new): (&Folder, &str),
    go_on: &dyn Fn() -> bool,
    copied: &dyn Fn() -> Result<()>,
) -> Result<Result<()>> {
    match from.rename(name, to, new, Taken::Refuse) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        moved => return Ok(Ok(moved?)),
    }
    let hidden = incoming_name()?;
    to.make_folder(&hidden)?;
    let done = copy_tree(&from.folder(name)?, &to.folder(&hidden)?, go_on)
        .and_then(|()| copied())
        .and_then(|()| Ok(to.rename(&hidden, to, new, Taken::Refuse)?));
    if let Err(error) = done {
        remove_tree(to, hidden.as_ref(), &|| true)?;
        return Err(error);
    }
    // From here on the move has happened; what cannot be removed of the old folder is still there.
    Ok(remove_tree(from, name.as_ref(), &|| true))
}

fn names(folder: &Folder) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    folder.each_name(|name| {
        names.push(name.to_owned());
        io::Result::Ok(())
    })?;
    Ok(names)
}

fn copy_tree(from: &Folder, to: &Folder, go_on: &dyn Fn() -> bool) -> Result<()> {
    for name in names(from)? {
        if !go_on() {
            return Err(Error::Stopped);
        }
        let told = || {
            let told = name.to_string_lossy().into_owned();
            Error::parameter("path", format!("\"{told}\" in it cannot be moved to another disk"))
        };
        let new = name.to_str().ok_or_else(told)?;
        match from.entry(&name)? {
            Entry::File(_) => copy_file(from, &name, to, new)?,
            Entry::Folder { .. } => {
                to.make_folder(new)?;
                copy_tree(&from.folder(&name)?, &to.folder(new)?, go_on)?;
            }
            Entry::Other => return Err(told()),
        }
    }
    Ok(())
}

/// Removes a folder with all that lies in it, the folder itself last. What vanishes meanwhile is no
/// error; links are removed and not followed.
pub(super) fn remove_tree(within: &Folder, name: &OsStr, go_on: &dyn Fn() -> bool) -> Result<()> {
    let folder = within.folder(name)?;
    for inside in names(&folder)? {
        if !go_on() {
            return Err(Error::Stopped);
        }
        let removed = match folder.entry(&inside) {
            Ok(Entry::Folder { .. }) => remove_tree(&folder, &inside, go_on),
            Ok(_) => folder.remove_file(&inside).map_err(Error::from),
            Err(error) => Err(error.into()),
        };
        match removed {
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    Ok(within.remove_folder(name)?)
}
