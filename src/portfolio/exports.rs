//! The folder of published files.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

/// What the names of files begin with that are being written.
const UNFINISHED: &str = ".export-";

/// The folder of published files. Their names are random, so that an address tells nothing of others.
#[derive(Debug, Clone)]
pub struct Exports {
    folder: PathBuf,
}

impl Exports {
    /// Files in `folder`, which is made when the first is written.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a file; it is gone when it is dropped before it is kept.
    ///
    /// # Errors
    /// Of the file system.
    pub fn begin(&self) -> io::Result<NamedTempFile> {
        fs::create_dir_all(&self.folder)?;
        // As the umask says, like originals that are uploaded: a front server may have to read it.
        let mode = Permissions::from_mode(0o666);
        tempfile::Builder::new().prefix(UNFINISHED).permissions(mode).tempfile_in(&self.folder)
    }

    /// Keeps a file that was written whole, and gives back its name and its length in bytes.
    ///
    /// # Errors
    /// Of the file system.
    pub fn keep(&self, file: NamedTempFile, extension: &str) -> io::Result<(String, u64)> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{digits}.{extension}");
        file.as_file().sync_all()?;
        let len = file.as_file().metadata()?.len();
        file.persist_noclobber(self.folder.join(&name)).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()?;
        Ok((name, len))
    }

    /// Opens a file for reading; none when there is none of this name.
    ///
    /// # Errors
    /// Of the file system.
    pub fn open(&self, name: &str) -> io::Result<Option<File>> {
        if !is_name(name) {
            return Ok(None);
        }
        found(File::open(self.folder.join(name)))
    }

    /// Deletes a file; tells whether there was one.
    ///
    /// # Errors
    /// Of the file system.
    pub fn remove(&self, name: &str) -> io::Result<bool> {
        if !is_name(name) {
            return Ok(false);
        }
        found(fs::remove_file(self.folder.join(name))).map(|removed| removed.is_some())
    }

    /// Names of files that are older than this, finished or not; what else lies in the folder is not
    /// ours.
    ///
    /// # Errors
    /// Of the file system.
    pub fn older_than(&self, age: Duration) -> io::Result<Vec<String>> {
        let Some(entries) = found(fs::read_dir(&self.folder))? else { return Ok(Vec::new()) };
        let mut old = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let ours = is_name(&name) || name.starts_with(UNFINISHED);
            if ours && is_older(&entry.path(), age) {
                old.push(name);
            }
        }
        Ok(old)
    }

    /// Deletes a file that [`older_than`](Self::older_than) named.
    ///
    /// # Errors
    /// Of the file system.
    pub fn sweep(&self, name: &str) -> io::Result<()> {
        found(fs::remove_file(self.folder.join(name))).map(|_| ())
    }
}

fn is_older(path: &Path, age: Duration) -> bool {
    let changed = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    let since = changed.ok().and_then(|changed| SystemTime::now().duration_since(changed).ok());
    since.is_some_and(|since| since > age)
}

/// 32 hexadecimal digits and one of the extensions: no name from outside leads elsewhere.
fn is_name(name: &str) -> bool {
    name.split_once('.').is_some_and(|(digits, extension)| {
        digits.len() == 32
            && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && matches!(extension, "zip" | "pdf")
    })
}

fn found<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn files_are_kept_found_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let exports = Exports::new(home.path().join("new"));
        assert_eq!(exports.older_than(Duration::ZERO).unwrap(), Vec::<String>::new());
        drop(exports.begin().unwrap());
        let mut file = exports.begin().unwrap();
        file.write_all(b"published").unwrap();
        let (name, len) = exports.keep(file, "zip").unwrap();
        assert_eq!(len, 9);
        let mut text = String::new();
        exports.open(&name).unwrap().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "published");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let like = home.path().join("like");
        fs::write(&like, "any file").unwrap();
        assert_eq!(mode(&home.path().join("new").join(&name)), mode(&like), "as the umask says");
        assert_eq!(fs::read_dir(home.path().join("new")).unwrap().count(), 1);
        assert!(exports.remove(&name).unwrap());
        assert!(!exports.remove(&name).unwrap());
        assert!(exports.open(&name).unwrap().is_none());
    }

    #[test]
    fn other_names_lead_nowhere() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("secret.zip"), "x").unwrap();
        let exports = Exports::new(home.path().to_owned());
        let digits = "0".repeat(32);
        for name in [
            "secret.zip",
            "../secret.zip",
            "",
            "a",
            &digits,
            &format!("{digits}.exe"),
            "x/../y.zip",
        ] {
            assert!(exports.open(name).unwrap().is_none(), "{name}");
            assert!(!exports.remove(name).unwrap(), "{name}");
        }
    }
}
