//! The folder in which a front server of this host keeps pictures: deleting there at once.
//!
//! nginx and Apache find a file missing that they thought was there, and ask again. Only files that are
//! named as theirs are, and say in their head which address they are for, are touched.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

/// How much of a file's head is looked at: both servers begin with the address.
const HEAD_BYTES: u64 = 64 * 1024;

/// What stands before the address in nginx's files.
const NGINX_KEY: &[u8] = b"\nKEY: ";

/// Where Apache's files tell how long the address is (`name_len` in `cache_disk_common.h`).
const APACHE_LEN: std::ops::Range<usize> = 8..8 + size_of::<usize>();

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
    delete_where(folder, &|_, _| true)
}

/// Deletes the answers whose address `wanted` picks out, given as the front server names it: the path and the
/// query as they were sent, after words of its own.
///
/// # Errors
/// When the folder cannot be read. What cannot be deleted is counted.
pub fn purge(folder: &Path, wanted: &dyn Fn(&[u8]) -> bool) -> io::Result<Kept> {
    delete_where(folder, &|path, head| address(path, head).is_some_and(wanted))
}

/// Whether a file that begins like this is to go.
type Wanted<'a> = dyn Fn(&Path, &[u8]) -> bool + 'a;

fn delete_where(folder: &Path, wanted: &Wanted<'_>) -> io::Result<Kept> {
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
fn delete(path: &Path, wanted: &Wanted<'_>) -> io::Result<Option<u64>> {
    let mut head = Vec::new();
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    if !wanted(path, &head) {
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

/// The address in the head of a file.
fn address<'a>(path: &Path, head: &'a [u8]) -> Option<&'a [u8]> {
    if path.extension().is_none() {
        let rest = &head[find(head, NGINX_KEY)? + NGINX_KEY.len()..];
        return rest.split(|byte| *byte == b'\n').next();
    }
    // What comes before it are numbers, what comes behind it the first header field.
    let len = usize::from_ne_bytes(head.get(APACHE_LEN)?.try_into().ok()?);
    let rest = head.get(APACHE_LEN.end..)?;
    let start = [&b"http://"[..], b"https://"].iter().filter_map(|word| find(rest, word)).min()?;
    rest.get(start..start.checked_add(len)?)
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|part| part == word)
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

    fn nginx_file(key: &str) -> Vec<u8> {
        let numbers = [5, 0, 0, 0].repeat(80);
        [&numbers, &b"\nKEY: "[..], key.as_bytes(), b"\nHTTP/1.1 200 OK\r\n"].concat()
    }

    /// As Apache 2.4 writes it on a machine of 64 bits.
    fn apache_file(name: &str) -> Vec<u8> {
        let mut head = [&6_u32.to_ne_bytes()[..], &200_u32.to_ne_bytes()].concat();
        head.extend(name.len().to_ne_bytes());
        head.resize(120, 0);
        [&head, name.as_bytes(), b"ETag: \"x\"\r\n"].concat()
    }

    #[test]
    fn only_what_is_wanted_and_is_an_answer_goes() {
        let dir = tempfile::tempdir().unwrap();
        let nginx = dir.path().join("c/29/b7f54b2df7773722d382f4809d65029c");
        let other = dir.path().join("c/29/c7f54b2df7773722d382f4809d65029c");
        let apache = dir.path().join("Qx/yZ/abc.header");
        let longer = dir.path().join("Qx/yZ/longer.header");
        let stranger = dir.path().join("notes.txt");
        for path in [&nginx, &other, &apache, &longer, &stranger] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
        }
        let base = "http://h:80/halftone-edge/plain";
        fs::write(&nginx, nginx_file("GET|plain|/image?src=a/b.jpg")).unwrap();
        fs::write(&other, nginx_file("GET|plain|/image?src=c.jpg")).unwrap();
        fs::write(&apache, apache_file(&format!("{base}/image?src=a/b.jpg"))).unwrap();
        fs::write(&longer, apache_file(&format!("{base}/image?src=a/b.jpgETag"))).unwrap();
        fs::write(apache.with_extension("data"), "picture").unwrap();
        fs::write(&stranger, nginx_file("GET|plain|/image?src=a/b.jpg")).unwrap();
        assert_eq!(usage(dir.path()).unwrap().answers, 4);
        let wanted = |address: &[u8]| address.ends_with(b"/image?src=a/b.jpg");
        let gone = purge(dir.path(), &wanted).unwrap();
        assert_eq!((gone.answers, gone.failed), (2, 0));
        assert!(!nginx.exists() && !apache.exists() && !apache.with_extension("data").exists());
        assert!(other.exists() && longer.exists() && stranger.exists());
        assert_eq!(purge(&dir.path().join("none"), &wanted).unwrap(), Kept::default());
        fs::write(&nginx, "neither").unwrap();
        fs::write(&apache, apache_file("h")).unwrap();
        assert_eq!(purge(dir.path(), &|_| true).unwrap().answers, 2, "of those that tell");
        assert_eq!(clear(dir.path()).unwrap().answers, 2);
        assert!(stranger.exists());
    }
}
