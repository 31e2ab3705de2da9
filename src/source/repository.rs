//! The repository itself: stat and open below one root.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use super::beneath::Links;
use super::stat_cache::{StatCache, StatSource};
use super::{Folder, FolderPath, PathError, SourceError, SourcePath, Stat, beneath, list, names};

/// How a repository behaves.
#[derive(Debug, Clone)]
pub struct RepositoryOptions {
    /// For how long the state of a file is believed without looking again.
    pub stat_cache: Duration,
    /// How long a request waits for the file system to tell the state of a file.
    pub stat_timeout: Duration,
    /// How many threads ask the file system. While some folder below the root hangs there may be
    /// up to four times as many.
    pub pool_threads: usize,
    /// Whether symbolic links that stay inside are followed. Else whatever has one in its path does
    /// not exist.
    pub follow_links: bool,
}

impl Default for RepositoryOptions {
    fn default() -> Self {
        Self {
            stat_cache: Duration::from_secs(1),
            stat_timeout: Duration::from_secs(1),
            pool_threads: 4,
            follow_links: false,
        }
    }
}

/// The files below one root. Threads start with the first [`stat`](Self::stat).
///
/// The root is looked up anew by each call, so that a file system mounted there later, or a folder
/// put in its place, is seen. Names that are hidden (see [`SourcePath::is_hidden`]) do not exist
/// here, nor do symbolic links that leave the root or have an absolute target; those that stay inside
/// are followed where the options say so. What a link leads to is then as open to everybody as the
/// place of the link is: rights go by paths as they are asked for.
pub struct Repository {
    files: Arc<Files>,
    stats: StatCache,
}

impl Repository {
    /// A repository at `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, options: RepositoryOptions) -> Self {
        let RepositoryOptions { stat_cache, stat_timeout, pool_threads, follow_links } = options;
        let links = if follow_links { Links::Followed } else { Links::Refused };
        let files = Arc::new(Files { root: root.into(), links });
        let source: Arc<dyn StatSource> = Arc::<Files>::clone(&files);
        Self { files, stats: StatCache::new(source, stat_cache, stat_timeout, pool_threads) }
    }

    /// The folder in which the repository lies.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.files.root
    }

    /// What the file is like, at most as long ago as the options say.
    ///
    /// Waits no longer than the options say; past that, and when the file system fails, it tells
    /// the last that is known of the file.
    ///
    /// # Errors
    ///
    /// [`SourceError`]; [`SourceError::Unreachable`] and [`SourceError::TimedOut`] only when nothing
    /// is known of the file, or when the system denies the access.
    pub fn stat(&self, path: &SourcePath) -> Result<Stat, SourceError> {
        self.stats.stat(path)
    }

    /// What the file is like when that is known and fresh, without waiting for anything. `None` says
    /// nothing of the file.
    #[must_use]
    pub fn cached_stat(&self, path: &SourcePath) -> Option<Stat> {
        self.stats.cached(path)
    }

    /// Fails when [`stat`](Self::stat) told what was known of the file from before, because the file system
    /// did not answer or failed: who would go on to read the file would have to wait as well.
    ///
    /// # Errors
    ///
    /// [`SourceError::Unreachable`] and [`SourceError::TimedOut`].
    pub fn require_answer(&self, path: &SourcePath) -> Result<(), SourceError> {
        self.stats.require_answer(path)
    }

    /// Whether the absence of a file says that somebody removed it: not when nothing is left in its folder,
    /// or in the nearest one above that is there, which is what a file system that is not mounted looks like.
    /// Waits as long as the file system does.
    #[must_use]
    pub fn is_removal(&self, path: &SourcePath) -> bool {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NONBLOCK;
        let mut folder = path.folder();
        loop {
            let opened = match SourcePath::parse(folder) {
                Ok(folder) => self.files.open(&folder, flags),
                Err(_) => open(&self.files.root, flags | OFlag::O_CLOEXEC, Mode::empty())
                    .map_err(|errno| SourceError::unreachable(errno.into())),
            };
            match opened {
                Ok(folder) => return names::any(folder).unwrap_or(false),
                Err(SourceError::NotFound) if !folder.is_empty() => {
                    folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
                }
                Err(_) => return false,
            }
        }
    }

    /// Forgets what is known of a file, because this process has just changed it.
    pub fn forget(&self, path: &SourcePath) {
        self.stats.forget(path);
    }

    /// Opens a file for reading. Waits as long as the file system does; pipes and the like are
    /// refused without waiting for their other end.
    ///
    /// The file may have changed since [`stat`](Self::stat): [`Stat::of`] tells what was opened.
    ///
    /// # Errors
    ///
    /// [`SourceError`], never [`SourceError::TimedOut`].
    pub fn open(&self, path: &SourcePath) -> Result<File, SourceError> {
        self.files.open_to_read(path)
    }

    /// Opens a file for reading as [`open`](Self::open) does, and waits no longer than the options say.
    ///
    /// # Errors
    ///
    /// [`SourceError`].
    pub fn open_in_time(&self, path: &SourcePath) -> Result<File, SourceError> {
        let (files, asked) = (Arc::clone(&self.files), path.clone());
        self.stats.within(path, move || files.open_to_read(&asked))
    }

    /// Opens a folder, also a hidden one: what is hidden from requests the library keeps its own
    /// things in. Links are as for files.
    ///
    /// # Errors
    ///
    /// [`SourceError::NotFound`], also for what is no folder; [`SourceError::Unreachable`].
    pub fn folder(&self, path: &FolderPath) -> Result<Folder, SourceError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let at_root = |errno: nix::errno::Errno| SourceError::unreachable(errno.into());
        let root = open(&self.files.root, flags, Mode::empty()).map_err(at_root)?;
        if path.is_root() {
            return Ok(Folder::new(root));
        }
        let opened = beneath::open(root.as_fd(), path.as_str(), flags, self.files.links);
        Ok(Folder::new(opened.map_err(SourceError::of_file)?))
    }

    /// Opens a folder, and makes it and those above it when they are missing.
    ///
    /// # Errors
    ///
    /// [`SourceError::NotFound`] when a file stands in the way; [`SourceError::Unreachable`].
    pub fn make_folder(&self, path: &FolderPath) -> Result<Folder, SourceError> {
        match self.folder(path) {
            Err(SourceError::NotFound) => {}
            found => return found,
        }
        let Some(parent) = path.parent() else { return self.folder(path) };
        match self.make_folder(&parent)?.make_folder(path.name()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(SourceError::unreachable(error))
            }
            _ => self.folder(path),
        }
    }

    /// Files whose extension `wanted` accepts, folder by folder from the root down, by name within
    /// each: at most `limit` of them, and however large the repository is, a bounded part of it is
    /// looked at. Hidden names and names that are not UTF-8 are left out, linked folders not entered.
    /// Waits as long as the file system does.
    ///
    /// # Errors
    ///
    /// [`SourceError::Unreachable`] when the root cannot be read.
    pub fn list_pictures(
        &self,
        limit: usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<SourcePath>, SourceError> {
        let is_file = |path: &SourcePath| self.files.stat(path).is_ok();
        list::pictures(&self.files.root, limit, wanted, is_file).map_err(SourceError::unreachable)
    }

    /// The names of the files in a folder, sorted byte for byte; slashes at the folder's ends do not
    /// matter, and the empty path is the root. Left out are hidden names, and what is no path of a source: names
    /// that are not UTF-8 or hold control characters. Waits as long as the file system does.
    ///
    /// # Errors
    ///
    /// [`FolderError`].
    pub fn files_in(&self, folder: &str) -> Result<Vec<String>, FolderError> {
        let inner = folder.trim_matches('/');
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NONBLOCK;
        let opened = if inner.is_empty() {
            open(&self.files.root, flags | OFlag::O_CLOEXEC, Mode::empty())
                .map_err(|errno| SourceError::unreachable(io::Error::from(errno)))?
        } else {
            self.files.open(&SourcePath::parse(inner)?, flags)?
        };
        let names = names::names(opened).map_err(SourceError::unreachable)?;
        let is_file = |name: &names::Name| {
            // What cannot be asked for is not told of.
            let Ok(path) = SourcePath::parse(&format!("{inner}/{}", name.text)) else {
                return false;
            };
            name.is_file.unwrap_or_else(|| self.files.stat(&path).is_ok())
        };
        Ok(names.into_iter().filter(is_file).map(|name| name.text).collect())
    }
}

/// Why a folder cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Its path cannot be one.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It is not there, or cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Access to the files, without any memory.
struct Files {
    root: PathBuf,
    links: Links,
}

impl Files {
    fn open_to_read(&self, path: &SourcePath) -> Result<File, SourceError> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let file = File::from(self.open(path, flags)?);
        Stat::of(&file)?;
        Ok(file)
    }

    fn open(&self, path: &SourcePath, flags: OFlag) -> Result<OwnedFd, SourceError> {
        if path.is_hidden() {
            return Err(SourceError::NotFound);
        }
        let as_folder = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        // A root that is away is a fault of the installation, not a missing picture.
        let root = open(&self.root, as_folder, Mode::empty())
            .map_err(|errno| SourceError::unreachable(io::Error::from(errno)))?;
        let opened = beneath::open(root.as_fd(), path.as_str(), flags, self.links);
        opened.map_err(SourceError::of_file)
    }
}

impl StatSource for Files {
    fn stat(&self, path: &SourcePath) -> Result<Stat, SourceError> {
        Stat::of_descriptor(self.open(path, OFlag::O_PATH)?)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::time::{Instant, SystemTime};

    use nix::unistd::mkfifo;

    use super::*;

    struct Bench {
        folder: tempfile::TempDir,
        repository: Repository,
    }

    /// A repository whose answers are never remembered.
    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        let options = RepositoryOptions {
            stat_cache: Duration::ZERO,
            stat_timeout: Duration::from_secs(10),
            pool_threads: 1,
            follow_links: true,
        };
        Bench { repository: Repository::new(root, options), folder }
    }

    impl Bench {
        fn at(&self, name: &str) -> PathBuf {
            self.repository.root().join(name)
        }

        fn stat(&self, name: &str) -> Result<Stat, SourceError> {
            self.repository.stat(&SourcePath::parse(name).unwrap())
        }

        fn open(&self, name: &str) -> Result<File, SourceError> {
            self.repository.open(&SourcePath::parse(name).unwrap())
        }

        fn assert_not_found(&self, name: &str) {
            assert!(matches!(self.stat(name), Err(SourceError::NotFound)), "stat {name}");
            assert!(matches!(self.open(name), Err(SourceError::NotFound)), "open {name}");
        }

        fn assert_not_a_file(&self, name: &str) {
            assert!(matches!(self.stat(name), Err(SourceError::NotAFile)), "stat {name}");
            assert!(matches!(self.open(name), Err(SourceError::NotAFile)), "open {name}");
        }
    }

    #[test]
    fn size_and_time_are_those_of_the_file() {
        let bench = bench();
        fs::create_dir(bench.at("a")).unwrap();
        fs::write(bench.at("a/b.jpg"), [7; 1234]).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_600_000_000, 123_456_789);
        let file = File::options().write(true).open(bench.at("a/b.jpg")).unwrap();
        file.set_modified(time).unwrap();
        let expected = Stat { size: 1234, mtime_ns: 1_600_000_000_123_456_789 };
        assert_eq!(bench.stat("/a//b.jpg").unwrap(), expected);

        let mut file = bench.open("a/b.jpg").unwrap();
        assert_eq!(Stat::of(&file).unwrap(), expected);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [7; 1234]);
    }

    #[test]
    fn times_before_1970_are_negative() {
        let bench = bench();
        fs::write(bench.at("old.jpg"), "x").unwrap();
        let file = File::options().write(true).open(bench.at("old.jpg")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH - Duration::from_millis(1500)).unwrap();
        assert_eq!(bench.stat("old.jpg").unwrap().mtime_ns, -1_500_000_000);
    }

    #[test]
    fn missing_and_hidden_files_do_not_exist() {
        let bench = bench();
        fs::create_dir(bench.at(".kept")).unwrap();
        fs::write(bench.at(".kept/a.jpg"), "x").unwrap();
        fs::write(bench.at(".a.jpg"), "x").unwrap();
        fs::write(bench.at("file"), "x").unwrap();
        for name in
            ["none.jpg", "none/none.jpg", ".kept/a.jpg", ".a.jpg", "file/below", "/etc/passwd"]
        {
            bench.assert_not_found(name);
        }
    }

    #[test]
    fn links_inside_work_and_links_outside_do_not_exist() {
        let bench = bench();
        fs::write(bench.folder.path().join("secret.jpg"), "secret").unwrap();
        fs::write(bench.at("a.jpg"), "1234").unwrap();
        symlink("a.jpg", bench.at("same.jpg")).unwrap();
        symlink("../secret.jpg", bench.at("out.jpg")).unwrap();
        symlink("/etc", bench.at("etc")).unwrap();
        symlink("loop.jpg", bench.at("loop.jpg")).unwrap();
        assert_eq!(bench.stat("same.jpg").unwrap().size, 4);
        assert!(bench.open("same.jpg").is_ok());
        for name in ["out.jpg", "etc/passwd", "loop.jpg"] {
            bench.assert_not_found(name);
        }
    }

    #[test]
    fn links_inside_do_not_exist_unless_they_are_followed() {
        let bench = bench();
        fs::create_dir(bench.at("a")).unwrap();
        fs::write(bench.at("a/b.jpg"), "1234").unwrap();
        symlink("a/b.jpg", bench.at("same.jpg")).unwrap();
        symlink("a", bench.at("folder")).unwrap();
        let plain = Repository::new(bench.repository.root(), RepositoryOptions::default());
        for name in ["same.jpg", "folder/b.jpg"] {
            let path = SourcePath::parse(name).unwrap();
            assert!(matches!(plain.stat(&path), Err(SourceError::NotFound)), "{name}");
            assert!(matches!(plain.open(&path), Err(SourceError::NotFound)), "{name}");
            assert_eq!(bench.stat(name).unwrap().size, 4);
        }
        assert_eq!(plain.files_in("").unwrap(), [""; 0]);
        assert!(plain.files_in("folder").is_err());
        let folder = FolderPath::parse("folder").unwrap();
        assert!(matches!(plain.folder(&folder), Err(SourceError::NotFound)));
        assert_eq!(plain.files_in("a").unwrap(), ["b.jpg"]);
    }

    #[test]
    fn folders_pipes_sockets_and_devices_are_not_files() {
        let bench = bench();
        fs::create_dir(bench.at("folder.jpg")).unwrap();
        mkfifo(&bench.at("pipe.jpg"), Mode::S_IRWXU).unwrap();
        let _socket = UnixListener::bind(bench.at("socket.jpg")).unwrap();
        for name in ["folder.jpg", "pipe.jpg", "socket.jpg"] {
            bench.assert_not_a_file(name);
        }
    }

    #[test]
    fn names_that_cannot_be_asked_for_are_not_listed() {
        let bench = bench();
        fs::create_dir(bench.at("folder")).unwrap();
        for name in ["line\nbreak.jpg", "tab\t.jpg", "\u{85}.jpg", ".hidden.jpg", "a b.jpg"] {
            fs::write(bench.at("folder").join(name), "1").unwrap();
        }
        fs::write(bench.at("folder").join(OsStr::from_bytes(b"\xff.jpg")), "1").unwrap();
        assert_eq!(bench.repository.files_in("folder").unwrap(), ["a b.jpg"]);
    }

    #[test]
    fn names_are_byte_for_byte() {
        let bench = bench();
        fs::write(bench.at("caf\u{e9}.jpg"), "1").unwrap();
        fs::write(bench.at("cafe\u{301}.jpg"), "22").unwrap();
        fs::write(bench.at("back\\slash.jpg"), "333").unwrap();
        assert_eq!(bench.stat("caf\u{e9}.jpg").unwrap().size, 1);
        assert_eq!(bench.stat("cafe\u{301}.jpg").unwrap().size, 2);
        assert_eq!(bench.stat("back\\slash.jpg").unwrap().size, 3);
        bench.assert_not_found("Caf\u{e9}.jpg");
    }

    #[test]
    fn files_that_come_change_and_vanish_are_seen() {
        let bench = bench();
        bench.assert_not_found("a.jpg");
        fs::write(bench.at("a.jpg"), "1").unwrap();
        assert_eq!(bench.stat("a.jpg").unwrap().size, 1);
        let held = bench.open("a.jpg").unwrap();
        fs::write(bench.at("new"), "22").unwrap();
        fs::rename(bench.at("new"), bench.at("a.jpg")).unwrap();
        assert_eq!(bench.stat("a.jpg").unwrap().size, 2);
        assert_eq!(Stat::of(&held).unwrap().size, 1);
        fs::remove_file(bench.at("a.jpg")).unwrap();
        bench.assert_not_found("a.jpg");
    }

    #[test]
    fn a_root_that_is_away_is_not_a_missing_picture() {
        let bench = bench();
        fs::write(bench.at("a.jpg"), "1").unwrap();
        fs::rename(bench.repository.root(), bench.folder.path().join("away")).unwrap();
        assert!(matches!(bench.stat("a.jpg"), Err(SourceError::Unreachable(_))));
        assert!(matches!(bench.open("a.jpg"), Err(SourceError::Unreachable(_))));
        assert!(bench.repository.list_pictures(10, |_| true).is_err());
        fs::rename(bench.folder.path().join("away"), bench.repository.root()).unwrap();
        assert_eq!(bench.stat("a.jpg").unwrap().size, 1);
    }

    #[test]
    fn the_memory_lasts_as_long_as_the_options_say() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.jpg"), "1").unwrap();
        let repository = Repository::new(folder.path(), RepositoryOptions::default());
        let path = SourcePath::parse("a.jpg").unwrap();
        assert_eq!(repository.cached_stat(&path), None);
        let begun = Instant::now();
        let first = repository.stat(&path).unwrap();
        fs::write(folder.path().join("a.jpg"), "22").unwrap();
        let cached = repository.cached_stat(&path);
        if begun.elapsed() < Duration::from_secs(1) {
            assert_eq!(cached, Some(first));
        }
        let limit = begun + Duration::from_secs(10);
        while repository.stat(&path).unwrap().size != 2 {
            assert!(Instant::now() < limit, "the change was never seen");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    }
}
