//! The folder in which a front server of this host keeps pictures: deleting there at once.
//!
//! nginx and Apache find a file missing that they thought was there, and ask again. Only files that are
//! named as theirs are, and say in their head which address they are for, are touched.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// How much of a file's head is looked at: both servers begin with the address.
const HEAD_BYTES: u64 = 64 * 1024;

/// What is in the folder, or was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Answers.
    pub answers: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Answers that could not be read or deleted.
    pub failed: u64,
}

/// Counts the answers that the folder holds.
///
/// # Errors
/// When the folder cannot be read.
pub fn usage(folder: &Path) -> io::Result<Kept> {
    let mut kept = Kept::default();
    each(folder, &mut |path| {
        kept.answers += 1;
        kept.bytes += fs::metadata(path).map_or(0, |meta| meta.len());
    })?;
    Ok(kept)
}

/// Deletes all answers.
///
/// # Errors
/// When the folder cannot be read. What cannot be deleted is counted.
pub fn clear(folder: &Path) -> io::Result<Kept> {
    delete_where(folder, &|_| true)
}

/// Deletes the answers to requests for which `wanted` says so, given path and query as they were sent.
///
/// # Errors
/// When the folder cannot be read. What cannot be deleted is counted.
pub fn purge(folder: &Path, wanted: &dyn Fn(&[u8]) -> bool) -> io::Result<Kept> {
    delete_where(folder, &|head| target(head).is_some_and(wanted))
}

fn delete_where(folder: &Path, wanted: &dyn Fn(&[u8]) -> bool) -> io::Result<Kept> {
    let mut gone = Kept::default();
    each(folder, &mut |path| match delete(path, wanted) {
        Ok(Some(bytes)) => {
            gone.answers += 1;
            gone.bytes += bytes;
        }
        Ok(None) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => gone.failed += 1,
    })?;
    Ok(gone)
}

/// Deletes an answer whose file begins as is wanted, and tells its size.
fn delete(path: &Path, wanted: &dyn Fn(&[u8]) -> bool) -> io::Result<Option<u64>> {
    let mut head = Vec::new();
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    if !wanted(&head) {
        return Ok(None);
    }
    if path.extension().is_none() {
        spoil(path)?;
    }
    fs::remove_file(path)?;
    // Apache keeps the body beside the head.
    let body = path.with_extension("data");
    if path.extension().is_some_and(|extension| extension == "header") && body.exists() {
        fs::remove_file(body)?;
    }
    Ok(Some(bytes))
}

/// Makes an answer of nginx's unusable: it may hold the file open for the next requests
/// (`open_file_cache`), but reads the head for each, which begins with the number of its layout.
fn spoil(path: &Path) -> io::Result<()> {
    File::options().write(true).open(path)?.write_all(&[0; size_of::<u64>()])
}

/// The address in the head of a file: what both servers write of it ends with its path and query.
fn target(head: &[u8]) -> Option<&[u8]> {
    let start = (0..head.len()).find(|start| shows_pictures(&head[*start..]))?;
    let rest = &head[start..];
    // nginx ends the line of its key; Apache goes on with header fields, of which each ends a line, so
    // that what stands before the first colon is the address and the name of a field.
    let end = rest.iter().position(|byte| *byte < b' ').unwrap_or(rest.len());
    Some(&rest[..end])
}

/// Whether what begins here is an address that shows a picture: `/image?`, or an old one, `/erez5/erez?`.
fn shows_pictures(text: &[u8]) -> bool {
    let Some(old) = text.strip_prefix(b"/erez") else { return text.starts_with(b"/image?") };
    let digits = old.iter().take_while(|byte| byte.is_ascii_digit()).count();
    old[digits..].starts_with(b"/erez?")
}

/// Calls `found` for each file that holds an answer.
fn each(folder: &Path, found: &mut dyn FnMut(&Path)) -> io::Result<()> {
    let mut ahead = vec![folder.to_owned()];
    while let Some(folder) = ahead.pop() {
        let entries = match fs::read_dir(&folder) {
            // A folder within that is gone meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                ahead.push(entry.path());
            } else if kind.is_file() && is_answer(&entry.file_name().to_string_lossy()) {
                found(&entry.path());
            }
        }
    }
    Ok(())
}

/// nginx names files by an MD5 in hexadecimal digits; Apache's heads end in `.header`.
fn is_answer(name: &str) -> bool {
    let digits = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits || name.ends_with(".header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_and_is_an_answer_goes() {
        let dir = tempfile::tempdir().unwrap();
        let nginx = dir.path().join("c/29/b7f54b2df7773722d382f4809d65029c");
        let other = dir.path().join("c/29/c7f54b2df7773722d382f4809d65029c");
        let apache = dir.path().join("Qx/yZ/abc.header");
        let old = dir.path().join("Qx/yZ/old.header");
        let stranger = dir.path().join("notes.txt");
        for path in [&nginx, &other, &apache, &old, &stranger] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
        }
        fs::write(&nginx, b"\x05\0\0KEY: GET|plain|/image?src=a/b.jpg&width=5\nHTTP").unwrap();
        fs::write(&other, b"\x05\0\0KEY: GET|plain|/image?src=c.jpg\nHTTP").unwrap();
        fs::write(&apache, b"\x06\0http://h:80/halftone-edge/plain/image?src=a/b.jpgETag: x\r\n")
            .unwrap();
        fs::write(
            &old,
            b"\x06\0http://h:80/halftone-edge/avif-webp/erez5/erez?src=/image?.jpgETag: x\r\n",
        )
        .unwrap();
        fs::write(apache.with_extension("data"), "picture").unwrap();
        fs::write(&stranger, "KEY: /image?src=a/b.jpg\n").unwrap();
        assert_eq!(usage(dir.path()).unwrap().answers, 4);
        let wanted = |target: &[u8]| target.starts_with(b"/image?src=a/b.jpg");
        let gone = purge(dir.path(), &wanted).unwrap();
        assert_eq!((gone.answers, gone.failed), (2, 0));
        assert!(!nginx.exists() && !apache.exists() && !apache.with_extension("data").exists());
        assert!(other.exists() && old.exists() && stranger.exists());
        let gone = purge(dir.path(), &|target| target.starts_with(b"/erez5/erez?src=/image?"));
        assert_eq!((gone.unwrap().answers, old.exists()), (1, false));
        assert_eq!(purge(&dir.path().join("none"), &wanted).unwrap(), Kept::default());
        fs::write(&nginx, b"\x05\0\0KEY: GET|plain|/%69mage?src=a/b.jpg\nHTTP").unwrap();
        assert_eq!(clear(dir.path()).unwrap().answers, 2);
        assert!(!nginx.exists() && !other.exists() && stranger.exists());
    }
}
