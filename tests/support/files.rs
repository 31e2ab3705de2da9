//! Temporary folders, free ports, and the repository's own files.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A temporary folder that the front servers' own users may enter. Its path is short enough for a
/// unix socket's name.
pub fn temp_dir() -> TempDir {
    let dir = tempfile::Builder::new().prefix("halftone-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    dir
}

/// A loopback port on which nobody listened a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file of the repository, with each `(from, to)` replaced everywhere.
///
/// # Panics
/// When a text to replace does not occur: the installed file has changed under the test.
pub fn substituted(path: &str, replacements: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(repository(path)).unwrap();
    for (from, to) in replacements {
        assert!(text.contains(from), "{path} no longer contains {from:?}");
        text = text.replace(from, to);
    }
    text
}

/// Finds a program that a Debian package provides.
///
/// # Panics
/// When it is not installed.
pub fn program(name: &str, package: &str) -> PathBuf {
    ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
        .iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{name} is missing: apt-get install {package}"))
}

/// Whether the tests run as root, in which case the front servers change to their own user.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// How many files in a folder and below it have such a name. Others may come and go meanwhile.
pub fn count(dir: &Path, named: &dyn Fn(&str) -> bool) -> usize {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let each = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => count(&entry.path(), named),
        _ => usize::from(named(&entry.file_name().to_string_lossy())),
    };
    entries.flatten().map(each).sum()
}
