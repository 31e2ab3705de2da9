//! A folder of the repository, held open: what lies in it, and every change of it.
//!
//! All names are looked up from the open folder, so that nothing that happens above it meanwhile
//! leads elsewhere. A new file is written under a hidden name in the folder where it will stand, made
//! durable, and then given its name in one step: under its name there is never a part of it.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, RenameFlags, openat, renameat, renameat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};

use super::{PathError, SourceError, SourcePath, Stat};

/// What the names of files begin with that are still being written.
const INCOMING: &str = ".halftone-incoming-";

/// The path of a folder below the repository's root, in its one normal spelling; the root's is empty.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FolderPath(String);

impl FolderPath {
    /// Reads a path; slashes at its ends mean nothing.
    ///
    /// # Errors
    /// As [`SourcePath::parse`], but that the empty path is the root.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        match SourcePath::parse(text.trim_matches('/')) {
            Ok(path) => Ok(Self(path.as_str().to_owned())),
            Err(PathError::Missing) => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The folder that holds a file.
    #[must_use]
    pub fn of(path: &SourcePath) -> Self {
        Self(path.folder().trim_start_matches('/').to_owned())
    }

    /// A path that is known to be that of a folder.
    #[must_use]
    pub fn of_folder(path: &SourcePath) -> Self {
        Self(path.as_str().to_owned())
    }

    /// The path without slashes at its ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it or a folder above it has a name that starts with a dot.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.0.starts_with('.') || self.0.contains("/.")
    }

    /// Its own name; empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The folder that holds it; none for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rfind('/').map_or_else(String::new, |at| self.0[..at].to_owned())))
    }

    /// Whether it is `other` or lies in it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        other.is_root()
            || self
                .0
                .strip_prefix(&other.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path of something in it.
    ///
    /// # Errors
    /// As [`SourcePath::parse`]; [`PathError::Invalid`] for a name with a slash.
    pub fn join(&self, name: &str) -> Result<SourcePath, PathError> {
        if name.contains('/') || matches!(name, "." | "..") {
            return Err(PathError::Invalid("a name in it is none"));
        }
        if name.is_empty() {
            return Err(PathError::Missing);
        }
        SourcePath::parse(&format!("{}/{name}", self.0))
    }

    /// The path of a folder in it.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn folder(&self, name: &str) -> Result<Self, PathError> {
        Ok(Self(self.join(name)?.as_str().to_owned()))
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0)
    }
}

impl fmt::Debug for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File(Stat),
    /// A folder, and the device it lies on.
    Folder {
        /// The number of the file system.
        device: u64,
    },
    /// A link, a pipe, a socket or a device.
    Other,
}

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
}

/// A file that is being written under a hidden name; gone when it is dropped before it got its own.
#[derive(Debug)]
pub struct Incoming<'a> {
    folder: &'a Folder,
    name: String,
    file: File,
    named: bool,
}

/// What to do when the wanted name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Fail with [`io::ErrorKind::AlreadyExists`].
    Refuse,
    /// Take the place of what is there.
    Replace,
}

impl Folder {
    pub(super) fn new(descriptor: OwnedFd) -> Self {
        Self { descriptor }
    }

    /// The number of its file system.
    ///
    /// # Errors
    /// What the system says.
    pub fn device(&self) -> io::Result<u64> {
        Ok(fstat(&self.descriptor)?.st_dev)
    }

    /// When something in it last came or went, in nanoseconds since 1970.
    ///
    /// # Errors
    /// What the system says.
    pub fn mtime_ns(&self) -> io::Result<i64> {
        Ok(Stat::from_regular(&fstat(&self.descriptor)?).mtime_ns)
    }

    /// The number of the file system of the folder above it.
    ///
    /// # Errors
    /// What the system says.
    pub fn device_above(&self) -> io::Result<u64> {
        Ok(fstatat(&self.descriptor, "..", AtFlags::empty())?.st_dev)
    }

    /// Calls `each` with every name in it, in no order, `.` and `..` left out. Names are bytes and need
    /// not be UTF-8. Holds one name at a time.
    ///
    /// # Errors
    /// What the system says, and what `each` returns.
    pub fn each_name<E: From<io::Error>>(
        &self,
        mut each: impl FnMut(&OsStr) -> Result<(), E>,
    ) -> Result<(), E> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut listed =
            Dir::openat(&self.descriptor, ".", flags, Mode::empty()).map_err(io::Error::from)?;
        for entry in listed.iter() {
            let entry = entry.map_err(io::Error::from)?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                each(OsStr::from_bytes(name))?;
            }
        }
        Ok(())
    }

    /// What stands under a name; links are not followed.
    ///
    /// # Errors
    /// What the system says.
    pub fn entry(&self, name: impl AsRef<OsStr>) -> io::Result<Entry> {
        let stat = fstatat(&self.descriptor, name.as_ref(), AtFlags::AT_SYMLINK_NOFOLLOW)?;
        Ok(entry_of(&stat))
    }

    /// Begins a file under a hidden name of its own.
    ///
    /// # Errors
    /// What the system says.
    pub fn incoming(&self) -> io::Result<Incoming<'_>> {
        let name = incoming_name()?;
        let file = self.create(&name)?;
        Ok(Incoming { folder: self, name, file, named: false })
    }

    /// Makes an empty file under a hidden name that outlives this process, to be gone on with by
    /// [`resume`](Self::resume).
    ///
    /// # Errors
    /// What the system says.
    pub fn begin(&self, id: &str) -> io::Result<File> {
        self.create(&format!("{INCOMING}{id}"))
    }

    fn create(&self, name: &str) -> io::Result<File> {
        let flags =
            OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(0o666);
        Ok(File::from(openat(&self.descriptor, name, flags, mode)?))
    }

    /// Goes on with a file that [`begin`](Self::begin) has made; it stays when this is dropped.
    ///
    /// # Errors
    /// What the system says.
    pub fn resume(&self, id: &str) -> io::Result<Incoming<'_>> {
        let name = format!("{INCOMING}{id}");
        let flags = OFlag::O_RDWR | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = File::from(openat(&self.descriptor, name.as_str(), flags, Mode::empty())?);
        Ok(Incoming { folder: self, name, file, named: true })
    }

    /// Removes a file that was begun and not finished.
    ///
    /// # Errors
    /// What the system says.
    pub fn give_up(&self, id: &str) -> io::Result<()> {
        self.remove_file(format!("{INCOMING}{id}"))
    }

    /// Whether a name is that of a file still being written, by whatever process.
    #[must_use]
    pub fn is_incoming(name: &OsStr) -> bool {
        name.as_bytes().starts_with(INCOMING.as_bytes())
    }

    /// Opens a file in it for reading.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn open(&self, name: impl AsRef<OsStr>) -> Result<File, SourceError> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let descriptor = openat(&self.descriptor, name.as_ref(), flags, Mode::empty())
            .map_err(|errno| SourceError::of_file(errno.into()))?;
        let file = File::from(descriptor);
        Stat::of(&file)?;
        Ok(file)
    }

    /// Opens a folder in it; a link is none.
    ///
    /// # Errors
    /// What the system says.
    pub fn folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        Ok(Self::new(openat(&self.descriptor, name.as_ref(), flags, Mode::empty())?))
    }

    /// Makes a folder in it.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the name is taken; what the system says.
    pub fn make_folder(&self, name: &str) -> io::Result<()> {
        mkdirat(&self.descriptor, name, Mode::from_bits_truncate(0o777))?;
        self.sync()
    }

    /// Gives something in it another name, in another folder perhaps, in one step.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`]; [`io::ErrorKind::CrossesDevices`] when the other folder lies
    /// on another file system; what the system says.
    pub fn rename(
        &self,
        name: impl AsRef<OsStr>,
        to: &Self,
        new: impl AsRef<OsStr>,
        taken: Taken,
    ) -> io::Result<()> {
        let (name, new) = (name.as_ref(), new.as_ref());
        match taken {
            Taken::Replace => renameat(&self.descriptor, name, &to.descriptor, new)?,
            Taken::Refuse => self.rename_to_free(name, to, new)?,
        }
        to.sync()?;
        self.sync()
    }

    /// Lets something in it and something in another folder trade places in one step. False, and nothing
    /// has changed, where the file system cannot do that.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when one of them is not there; as [`rename`](Self::rename).
    pub fn exchange(&self, name: &str, to: &Self, other: &str) -> io::Result<bool> {
        let (from, into) = (&self.descriptor, &to.descriptor);
        match renameat2(from, name, into, other, RenameFlags::RENAME_EXCHANGE) {
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::ENOTSUP) => return Ok(false),
            result => result?,
        }
        to.sync()?;
        self.sync()?;
        Ok(true)
    }

    /// Not every file system can rename without replacing. A second name that is made before the
    /// first one goes does the same for files.
    fn rename_to_free(&self, name: &OsStr, to: &Self, new: &OsStr) -> io::Result<()> {
        let (from, into) = (&self.descriptor, &to.descriptor);
        match renameat2(from, name, into, new, RenameFlags::RENAME_NOREPLACE) {
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::ENOTSUP) => {}
            result => return Ok(result?),
        }
        if matches!(self.entry(name)?, Entry::Folder { .. }) {
            // Takes the place of an empty folder at most, unless it is seen before.
            return match to.entry(new) {
                Ok(_) => Err(Errno::EEXIST.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Ok(renameat(from, name, into, new)?)
                }
                Err(error) => Err(error),
            };
        }
        linkat(from, name, into, new, AtFlags::empty())?;
        Ok(unlinkat(from, name, UnlinkatFlags::NoRemoveDir)?)
    }

    /// Gives a file a second name, in another folder perhaps.
    ///
    /// # Errors
    /// As [`rename`](Self::rename).
    pub fn link(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        linkat(&self.descriptor, name, &to.descriptor, new, AtFlags::empty())?;
        to.sync()
    }

    /// Removes a file, or a link.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove_file(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        unlinkat(&self.descriptor, name.as_ref(), UnlinkatFlags::NoRemoveDir)?;
        self.sync()
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove_folder(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        unlinkat(&self.descriptor, name.as_ref(), UnlinkatFlags::RemoveDir)?;
        self.sync()
    }

    /// Makes changes of names durable. File systems that cannot (some network ones) are believed.
    fn sync(&self) -> io::Result<()> {
        match nix::unistd::fsync(&self.descriptor) {
            Err(Errno::EINVAL | Errno::ENOTSUP | Errno::EBADF) => Ok(()),
            result => Ok(result?),
        }
    }
}

/// A new hidden name, for what is not whole yet. What is left of it by a process that was killed is
/// known by it.
///
/// # Errors
/// When the system has no random numbers.
pub fn incoming_name() -> io::Result<String> {
    let random = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(format!("{INCOMING}{random:016x}"))
}

fn entry_of(stat: &FileStat) -> Entry {
    match SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFDIR => Entry::Folder { device: stat.st_dev },
        SFlag::S_IFREG => Entry::File(Stat::from_regular(stat)),
        _ => Entry::Other,
    }
}

impl Incoming<'_> {
    /// The file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Writes all that comes from `from`, `limit` bytes at most. Gives back how many there were.
    ///
    /// # Errors
    /// [`io::ErrorKind::FileTooLarge`] for more; what reading and writing say.
    pub fn fill(&mut self, from: &mut dyn Read, limit: u64) -> io::Result<u64> {
        let copied = io::copy(&mut from.take(limit), &mut self.file)?;
        if copied == limit && from.read(&mut [0])? > 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.file.flush()?;
        Ok(copied)
    }

    /// Makes the content durable and gives the file its name.
    ///
    /// # Errors
    /// As [`Folder::rename`].
    pub fn name_as(&mut self, name: &str, taken: Taken) -> io::Result<()> {
        self.name_in(self.folder, name, taken)
    }

    /// The same in another folder.
    ///
    /// # Errors
    /// As [`Folder::rename`].
    pub fn name_in(&mut self, folder: &Folder, name: &str, taken: Taken) -> io::Result<()> {
        self.file.sync_all()?;
        self.folder.rename(&self.name, folder, name, taken)?;
        self.named = true;
        Ok(())
    }

    /// Makes it nameless again after [`name_in`](Self::name_in).
    ///
    /// # Errors
    /// As [`Folder::rename`].
    pub fn take_back(&mut self, folder: &Folder, name: &str) -> io::Result<()> {
        folder.rename(name, self.folder, &self.name, Taken::Refuse)?;
        self.named = false;
        Ok(())
    }
}

impl Drop for Incoming<'_> {
    fn drop(&mut self) {
        if !self.named
            && let Err(error) = self.folder.remove_file(&self.name)
        {
            log::warn!("an unfinished file could not be removed: {error}");
        }
    }
}
