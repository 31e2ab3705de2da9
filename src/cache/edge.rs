//! The folder in which a front server of this host keeps pictures: deleting there at once.
//!
//! nginx and Apache find a file missing that they thought was there, and ask again. Only files that are
//! named as theirs are, and say in their head which address they are for, are touched.
//!
//! The folder is the front server's, and root may be who looks into it. So nothing here goes by a path: every
//! file and folder is opened by its name in a folder that is open, links are not followed, and nothing is written
//! to a file that has another name elsewhere.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{Mode, SFlag, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};

/// How much of a file's head is looked at: both servers begin with the address.
const HEAD_BYTES: u64 = 64 * 1024;

/// What stands before the address in nginx's files.
const NGINX_KEY: &[u8] = b"\nKEY: ";

/// Where Apache's files tell how long the address is (`name_len` in `cache_disk_common.h`).
const APACHE_LEN: std::ops::Range<usize> = 8..8 + size_of::<usize>();

/// What Apache's heads end in.
const HEADER: &[u8] = b".header";

/// What a head of Apache's begins with that holds no answer and tells by which fields of requests the answers
/// beside it differ (`VARY_FORMAT_VERSION` there).
const APACHE_VARY: [u8; 4] = 5_u32.to_ne_bytes();

/// Folders within each other: nginx has three at most, Apache as many again for answers that vary.
const DEEPEST: u32 = 16;

const FOLDER: OFlag =
    OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC).union(OFlag::O_RDONLY);

const FILE: OFlag = OFlag::O_NOFOLLOW.union(OFlag::O_CLOEXEC).union(OFlag::O_NONBLOCK);

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

/// A folder that is open: whatever is put in its place meanwhile is another one.
#[derive(Debug)]
pub struct Folder(File);

impl Folder {
    /// Opens it; none when it is not there.
    ///
    /// # Errors
    /// When it cannot be opened, or is a link.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        // With a slash behind its name a link would be followed.
        match open(path.components().as_path(), FOLDER, Mode::empty()) {
            Ok(folder) => Ok(Some(Self(folder.into()))),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The numbers of the user and the group that it belongs to.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn owner(&self) -> io::Result<(u32, u32)> {
        let meta = self.0.metadata()?;
        Ok((meta.uid(), meta.gid()))
    }

    /// Counts the answers that it holds.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn usage(&self) -> io::Result<Kept> {
        let mut kept = Kept::default();
        self.each(&mut |found| {
            if !found.is_index() {
                kept.answers += 1;
                kept.bytes += found.size + found.body_size();
            }
        })?;
        Ok(kept)
    }

    /// Deletes all answers.
    ///
    /// # Errors
    /// When it cannot be read. What cannot be deleted is counted.
    pub fn clear(&self) -> io::Result<Kept> {
        self.delete_where(&|_, _| true)
    }

    /// Deletes the answers whose address `wanted` picks out, given as the front server names it: the path and
    /// the query as they were sent, after words of its own.
    ///
    /// # Errors
    /// When it cannot be read. What cannot be deleted is counted.
    pub fn purge(&self, wanted: &dyn Fn(&[u8]) -> bool) -> io::Result<Kept> {
        self.delete_where(&|found, head| found.address(head).is_some_and(wanted))
    }

    fn delete_where(&self, wanted: &Wanted<'_>) -> io::Result<Kept> {
        let mut gone = Kept::default();
        self.each(&mut |found| match found.delete(wanted) {
            Ok(Deleted::Answer(bytes)) => {
                gone.answers += 1;
                gone.bytes += bytes;
            }
            Ok(Deleted::Index | Deleted::Nothing) => {}
            Err(Errno::ENOENT) => {}
            Err(_) => gone.failed += 1,
        })?;
        Ok(gone)
    }

    /// Calls `found` for each file that is named as an answer is.
    fn each(&self, found: &mut dyn FnMut(&Named<'_>)) -> io::Result<()> {
        let again = openat(self.0.as_fd(), ".", FOLDER, Mode::empty())?;
        Ok(each(again, DEEPEST, found)?)
    }
}

/// Whether a file that begins like this is to go.
type Wanted<'a> = dyn Fn(&Named<'_>, &[u8]) -> bool + 'a;

/// What was deleted.
enum Deleted {
    Nothing,
    /// So many bytes.
    Answer(u64),
    /// What Apache finds answers by that vary.
    Index,
}

fn each(folder: OwnedFd, deepest: u32, found: &mut dyn FnMut(&Named<'_>)) -> Result<(), Errno> {
    let mut folder = Dir::from_fd(folder)?;
    let names: Vec<CString> =
        folder.iter().flatten().map(|entry| entry.file_name().to_owned()).collect();
    let folder = folder.as_fd();
    for name in names.iter().filter(|name| !matches!(name.to_bytes(), b"." | b"..")) {
        let Ok(stat) = fstatat(folder, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) else {
            continue;
        };
        match SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFDIR if deepest > 0 => {
                match openat(folder, name.as_c_str(), FOLDER, Mode::empty()) {
                    Ok(below) => each(below, deepest - 1, found)?,
                    // It is gone meanwhile, or is another thing by now.
                    Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => {}
                    Err(errno) => return Err(errno),
                }
            }
            SFlag::S_IFREG if is_answer(name.to_bytes()) => {
                let size = u64::try_from(stat.st_size).unwrap_or(0);
                found(&Named { folder, name, size });
            }
            _ => {}
        }
    }
    Ok(())
}

/// A file that is named as an answer is.
struct Named<'a> {
    folder: BorrowedFd<'a>,
    name: &'a CStr,
    size: u64,
}

impl Named<'_> {
    /// Deletes it if it begins as is wanted.
    fn delete(&self, wanted: &Wanted<'_>) -> Result<Deleted, Errno> {
        let access = if self.is_apaches() { OFlag::O_RDONLY } else { OFlag::O_RDWR };
        let (file, head) = self.head(access)?;
        if !wanted(self, &head) {
            return Ok(Deleted::Nothing);
        }
        if !self.is_apaches() {
            spoil(&file)?;
        }
        let bytes = self.size + self.body_size();
        unlinkat(self.folder, self.name, UnlinkatFlags::NoRemoveDir)?;
        if let Some(body) = self.body() {
            match unlinkat(self.folder, body.as_c_str(), UnlinkatFlags::NoRemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(if self.begins_an_index(&head) { Deleted::Index } else { Deleted::Answer(bytes) })
    }

    /// Opens it and reads how it begins.
    fn head(&self, access: OFlag) -> Result<(File, Vec<u8>), Errno> {
        let file = File::from(openat(self.folder, self.name, FILE | access, Mode::empty())?);
        let mut head = Vec::new();
        if !file.metadata().map_err(errno)?.is_file() {
            return Err(Errno::ENOENT);
        }
        (&file).take(HEAD_BYTES).read_to_end(&mut head).map_err(errno)?;
        Ok((file, head))
    }

    fn is_apaches(&self) -> bool {
        self.name.to_bytes().ends_with(HEADER)
    }

    /// Whether it holds no answer itself.
    fn is_index(&self) -> bool {
        self.is_apaches()
            && self.head(OFlag::O_RDONLY).is_ok_and(|(_, head)| self.begins_an_index(&head))
    }

    fn begins_an_index(&self, head: &[u8]) -> bool {
        self.is_apaches() && head.starts_with(&APACHE_VARY)
    }

    /// The file in which Apache keeps the body, beside the head.
    fn body(&self) -> Option<CString> {
        let stem = self.name.to_bytes().strip_suffix(HEADER)?;
        CString::new([stem, b".data"].concat()).ok()
    }

    fn body_size(&self) -> u64 {
        let stat = |body: CString| {
            fstatat(self.folder, body.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW).ok()
        };
        let size = self.body().and_then(stat).map(|stat| stat.st_size);
        size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
    }

    /// The address in the head of a file.
    fn address<'a>(&self, head: &'a [u8]) -> Option<&'a [u8]> {
        if !self.is_apaches() {
            let rest = &head[find(head, NGINX_KEY)? + NGINX_KEY.len()..];
            return rest.split(|byte| *byte == b'\n').next();
        }
        // What comes before it are numbers, what comes behind it the first header field.
        let len = usize::from_ne_bytes(head.get(APACHE_LEN)?.try_into().ok()?);
        let rest = head.get(APACHE_LEN.end..)?;
        let words = [&b"http://"[..], b"https://"];
        let start = words.iter().filter_map(|word| find(rest, word)).min()?;
        rest.get(start..start.checked_add(len)?)
    }
}

/// Makes an answer of nginx's unusable: it may hold the file open for the next requests
/// (`open_file_cache`), but reads the head for each, which begins with the number of its layout. What has
/// another name elsewhere is no answer of nginx's, and stays as it is.
fn spoil(file: &File) -> Result<(), Errno> {
    if file.metadata().map_err(errno)?.nlink() == 1 {
        file.write_all_at(&[0; size_of::<u64>()], 0).map_err(errno)?;
    }
    Ok(())
}

fn errno(error: io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|part| part == word)
}

/// nginx names files by an MD5 in hexadecimal digits; Apache's heads end in `.header`.
fn is_answer(name: &[u8]) -> bool {
    name.len() == 32 && name.iter().all(u8::is_ascii_hexdigit) || name.ends_with(HEADER)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const NAME: &str = "b7f54b2df7773722d382f4809d65029c";

    fn open(path: &Path) -> Folder {
        Folder::open(path).unwrap().unwrap()
    }

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
        assert_eq!(open(dir.path()).usage().unwrap().answers, 4);
        let wanted = |address: &[u8]| address.ends_with(b"/image?src=a/b.jpg");
        let gone = open(dir.path()).purge(&wanted).unwrap();
        assert_eq!((gone.answers, gone.failed), (2, 0));
        assert!(!nginx.exists() && !apache.exists() && !apache.with_extension("data").exists());
        assert!(other.exists() && longer.exists() && stranger.exists());
        assert!(Folder::open(&dir.path().join("none")).unwrap().is_none());
        fs::write(&nginx, "neither").unwrap();
        fs::write(&apache, apache_file("h")).unwrap();
        assert_eq!(open(dir.path()).purge(&|_| true).unwrap().answers, 2, "of those that tell");
        assert_eq!(open(dir.path()).clear().unwrap().answers, 2);
        assert!(stranger.exists());
    }

    #[test]
    fn what_apache_holds_is_heads_with_their_bodies() {
        let dir = tempfile::tempdir().unwrap();
        let answer = dir.path().join("Q/abc.header.vary/x/yz.header");
        let index = dir.path().join("Q/abc.header");
        fs::create_dir_all(answer.parent().unwrap()).unwrap();
        let head = apache_file("http://h:80/halftone-edge/plain/image?src=a/b.jpg");
        fs::write(&answer, &head).unwrap();
        fs::write(answer.with_extension("data"), [7; 1000]).unwrap();
        fs::write(&index, [&5_u32.to_ne_bytes()[..], b"12345678Accept\r\n\r\n"].concat()).unwrap();
        let one = Kept { answers: 1, bytes: head.len() as u64 + 1000, failed: 0 };
        assert_eq!(open(dir.path()).usage().unwrap(), one);
        assert_eq!(open(dir.path()).clear().unwrap(), one);
        assert!(!answer.exists() && !index.exists());
        assert!(!answer.with_extension("data").exists());
    }

    /// What the front server's user may put there to have root damage what is not the front server's.
    #[test]
    fn nothing_that_lies_elsewhere_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        let [elsewhere, folder] = ["elsewhere", "cache"].map(|name| dir.path().join(name));
        for folder in [&elsewhere, &folder] {
            fs::create_dir(folder).unwrap();
        }
        let content = nginx_file("GET|plain|/image?src=a/b.jpg");
        let header = apache_file("http://h:80/halftone-edge/plain/image?src=a/b.jpg");
        let victims = [NAME, "linked", "x.header", "x.data"].map(|name| elsewhere.join(name));
        for victim in &victims {
            fs::write(victim, if victim.ends_with("x.header") { &header } else { &content })
                .unwrap();
        }
        let [victim, linked, head, body] = &victims;
        symlink(victim, folder.join(NAME)).unwrap();
        symlink(head, folder.join("y.header")).unwrap();
        symlink(&elsewhere, folder.join("29")).unwrap();
        symlink(&elsewhere, folder.join("z.header.vary")).unwrap();
        // A head of its own, whose body is said to be elsewhere.
        fs::write(folder.join("x.header"), &header).unwrap();
        symlink(body, folder.join("x.data")).unwrap();
        let hard = folder.join(NAME.replace('b', "c"));
        fs::hard_link(linked, &hard).unwrap();
        // The folder may be made a link between two looks.
        let link = dir.path().join("link");
        symlink(&elsewhere, &link).unwrap();

        assert_eq!(open(&folder).usage().unwrap().answers, 2);
        let gone = open(&folder).purge(&|address| address.ends_with(b"/image?src=a/b.jpg"));
        assert_eq!(gone.unwrap().answers, 2);
        assert!(!hard.exists() && !folder.join("x.header").exists());
        assert_eq!(open(&folder).clear().unwrap(), Kept::default());
        assert!(Folder::open(&link).is_err() && Folder::open(&link.join("")).is_err());
        for victim in &victims {
            let now = fs::read(victim).unwrap();
            let whole = if victim.ends_with("x.header") { &header } else { &content };
            assert!(now == *whole, "{}", victim.display());
        }
    }

    #[test]
    fn a_file_that_takes_the_place_of_what_was_looked_at_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let (answer, victim) = (dir.path().join(NAME), dir.path().join("victim"));
        let content = nginx_file("GET|plain|/image?src=a/b.jpg");
        for path in [&answer, &victim] {
            fs::write(path, &content).unwrap();
        }
        let gone = open(dir.path()).purge(&|_| {
            // Between the look at its head and what is done with it.
            fs::remove_file(&answer).unwrap();
            symlink(&victim, &answer).unwrap();
            true
        });
        assert_eq!(gone.unwrap().answers, 1);
        assert!(fs::read(&victim).unwrap() == content);
    }
}
