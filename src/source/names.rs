//! The names in one folder of the repository.

use std::io;
use std::os::fd::OwnedFd;

use nix::dir::{Dir, Type};

/// A name in a folder.
pub struct Name {
    /// The name, without the folder.
    pub text: String,
    /// Whether it is a file; none when only a look at it can tell.
    pub is_file: Option<bool>,
}

/// Whether a folder has anything visible in it.
pub fn any(folder: OwnedFd) -> io::Result<bool> {
    for entry in Dir::from_fd(folder)?.iter() {
        if !entry?.file_name().to_bytes().starts_with(b".") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The visible UTF-8 names of a folder, sorted.
pub fn names(folder: OwnedFd) -> io::Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in Dir::from_fd(folder)?.iter() {
        let entry = entry?;
        let Ok(text) = entry.file_name().to_str() else { continue };
        if text.starts_with('.') {
            continue;
        }
        let is_file = match entry.file_type() {
            Some(Type::File) => Some(true),
            None | Some(Type::Symlink) => None,
            Some(_) => Some(false),
        };
        names.push(Name { text: text.to_owned(), is_file });
    }
    names.sort_unstable_by(|a, b| a.text.cmp(&b.text));
    Ok(names)
}
