//! Opening a file below a folder so that nothing in its path, symbolic links included, leads out.
//!
//! Linux does it in one call since 5.6 (`openat2` with `RESOLVE_BENEATH`). Where the call is missing
//! or a container's filter forbids it, the same rules are kept by walking the path name by name with
//! links never followed by the kernel. In both, a link with an absolute target is a way out, wherever
//! it points: an absolute path is resolved from the system's root.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::{Mode, SFlag, fstat};

/// How often a call is repeated that the kernel asks to repeat: a rename raced with the look-up, or
/// a file server is about to give up its lease of the file.
const MAX_ATTEMPTS: u32 = 20;

/// How long to wait before repeating.
const RETRY_PAUSE: Duration = Duration::from_millis(1);

/// How many symbolic links one path may lead through, as in the kernel.
const MAX_LINKS: u32 = 40;

/// What symbolic links in a path do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// They lead on, as long as they stay inside.
    Followed,
    /// A path with one leads nowhere.
    Refused,
}

/// Opens `path`, relative to `root`, with `flags` (`O_CLOEXEC` is added).
///
/// # Errors
///
/// What the kernel says; `EXDEV` when the path leads out of `root`, `ELOOP` when it has a link and
/// links are refused.
pub fn open(root: BorrowedFd<'_>, path: &str, flags: OFlag, links: Links) -> io::Result<OwnedFd> {
    match open_by_kernel(root, path, flags, links) {
        Err(Errno::ENOSYS | Errno::EPERM) => Ok(open_by_walk(root, path, flags, links)?),
        result => Ok(result?),
    }
}

fn open_by_kernel(
    root: BorrowedFd<'_>,
    path: &str,
    flags: OFlag,
    links: Links,
) -> Result<OwnedFd, Errno> {
    let mut resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    resolve.set(ResolveFlag::RESOLVE_NO_SYMLINKS, links == Links::Refused);
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(resolve);
    persist(|| openat2(root, path, how))
}

/// The walk keeps the descriptors of the folders it came through, so that `..` in a link's target is
/// the folder it came from and not whatever the kernel thinks is above by then.
fn open_by_walk(
    root: BorrowedFd<'_>,
    path: &str,
    flags: OFlag,
    may_link: Links,
) -> Result<OwnedFd, Errno> {
    let mut folders: Vec<OwnedFd> = Vec::new();
    let mut ahead = segments(OsStr::new(path));
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        let here = folders.last().map_or(root, AsFd::as_fd);
        if name.as_bytes() == b".." {
            folders.pop().ok_or(Errno::EXDEV)?;
            continue;
        }
        let probe = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let found = persist(|| openat(here, name.as_os_str(), probe, Mode::empty()))?;
        match SFlag::from_bits_truncate(fstat(&found)?.st_mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFLNK => {
                links += 1;
                if links > MAX_LINKS || may_link == Links::Refused {
                    return Err(Errno::ELOOP);
                }
                let target = readlinkat(&found, "")?;
                if target.as_bytes().first() == Some(&b'/') {
                    return Err(Errno::EXDEV);
                }
                ahead.extend(segments(&target));
            }
            SFlag::S_IFDIR => folders.push(found),
            _ if !ahead.is_empty() => return Err(Errno::ENOTDIR),
            _ => {
                let last = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
                return persist(|| openat(here, name.as_os_str(), last, Mode::empty()));
            }
        }
    }
    // The path ended at a folder.
    let here = folders.last().map_or(root, AsFd::as_fd);
    persist(|| openat(here, ".", flags | OFlag::O_CLOEXEC, Mode::empty()))
}

/// The names of a path, the first one last.
fn segments(path: &OsStr) -> Vec<OsString> {
    let names = path.as_bytes().split(|byte| *byte == b'/');
    names
        .rev()
        .filter(|name| !matches!(*name, b"" | b"."))
        .map(|name| OsStr::from_bytes(name).to_owned())
        .collect()
}

fn persist<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    let mut attempts = 1;
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) if attempts < MAX_ATTEMPTS => {
                attempts += 1;
                std::thread::sleep(RETRY_PAUSE);
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use super::*;

    type Opener = fn(BorrowedFd<'_>, &str, OFlag, Links) -> Result<OwnedFd, Errno>;

    /// Both ways have to behave alike, whichever the kernel of the day offers.
    const OPENERS: [Opener; 2] = [open_by_kernel, open_by_walk];

    struct Tree {
        folder: tempfile::TempDir,
        root: File,
    }

    /// `root/` is the repository; `secret.txt` lies beside it.
    fn tree() -> Tree {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        fs::create_dir_all(base.join("root/a/b")).unwrap();
        fs::write(base.join("secret.txt"), "secret").unwrap();
        fs::write(base.join("root/top.txt"), "top").unwrap();
        fs::write(base.join("root/a/b/deep.txt"), "deep").unwrap();
        let root = File::open(base.join("root")).unwrap();
        Tree { folder, root }
    }

    impl Tree {
        fn link(&self, target: &str, at: &str) {
            symlink(target, self.folder.path().join("root").join(at)).unwrap();
        }

        fn read(&self, opener: Opener, path: &str) -> Result<String, Errno> {
            self.read_with(opener, path, Links::Followed)
        }

        fn read_with(&self, opener: Opener, path: &str, links: Links) -> Result<String, Errno> {
            let fd = opener(self.root.as_fd(), path, OFlag::O_RDONLY | OFlag::O_NONBLOCK, links)?;
            let mut text = String::new();
            File::from(fd).read_to_string(&mut text).unwrap();
            Ok(text)
        }
    }

    #[test]
    fn files_and_links_inside_open() {
        let tree = tree();
        tree.link("top.txt", "same.txt");
        tree.link("a/b", "short");
        tree.link("../../top.txt", "a/b/up.txt");
        tree.link("./a/../a//b/deep.txt", "odd.txt");
        for opener in OPENERS {
            for (path, text) in [
                ("top.txt", "top"),
                ("a/b/deep.txt", "deep"),
                ("same.txt", "top"),
                ("short/deep.txt", "deep"),
                ("a/b/up.txt", "top"),
                ("short/up.txt", "top"),
                ("odd.txt", "deep"),
            ] {
                assert_eq!(tree.read(opener, path).as_deref(), Ok(text), "{path}");
            }
        }
    }

    #[test]
    fn links_inside_lead_nowhere_where_they_are_refused() {
        let tree = tree();
        tree.link("top.txt", "same.txt");
        tree.link("a/b", "short");
        tree.link("../secret.txt", "out.txt");
        for opener in OPENERS {
            let read = |path| tree.read_with(opener, path, Links::Refused);
            assert_eq!(read("top.txt").as_deref(), Ok("top"));
            assert_eq!(read("a/b/deep.txt").as_deref(), Ok("deep"));
            for path in ["same.txt", "short/deep.txt", "out.txt"] {
                assert_eq!(read(path), Err(Errno::ELOOP), "{path}");
            }
        }
    }

    #[test]
    fn links_that_leave_are_refused() {
        let tree = tree();
        let outside = tree.folder.path().join("secret.txt");
        let inside = tree.folder.path().join("root/top.txt");
        tree.link("../secret.txt", "out.txt");
        tree.link("..", "up");
        tree.link("../../..", "a/b/far");
        tree.link("a/../../secret.txt", "winding.txt");
        tree.link("../root/top.txt", "out-and-back.txt");
        tree.link(outside.to_str().unwrap(), "absolute.txt");
        tree.link(inside.to_str().unwrap(), "absolute-inside.txt");
        tree.link("absolute.txt", "indirect.txt");
        for opener in OPENERS {
            for path in [
                "out.txt",
                "up/secret.txt",
                "a/b/far/secret.txt",
                "winding.txt",
                "out-and-back.txt",
                "absolute.txt",
                "absolute-inside.txt",
                "indirect.txt",
            ] {
                assert_eq!(tree.read(opener, path), Err(Errno::EXDEV), "{path}");
            }
        }
    }

    #[test]
    fn links_into_the_process_file_system_are_refused() {
        let tree = tree();
        tree.link("/proc/self/root", "magic");
        tree.link("/proc/self/fd/0", "descriptor");
        for opener in OPENERS {
            assert_eq!(tree.read(opener, "magic/etc/passwd"), Err(Errno::EXDEV));
            assert_eq!(tree.read(opener, "descriptor"), Err(Errno::EXDEV));
        }
    }

    #[test]
    fn endless_and_dangling_links_fail() {
        let tree = tree();
        tree.link("loop-b", "loop-a");
        tree.link("loop-a", "loop-b");
        tree.link("nothing", "dangling");
        for opener in OPENERS {
            assert_eq!(tree.read(opener, "loop-a"), Err(Errno::ELOOP));
            assert_eq!(tree.read(opener, "loop-a/x"), Err(Errno::ELOOP));
            assert_eq!(tree.read(opener, "dangling"), Err(Errno::ENOENT));
            assert_eq!(tree.read(opener, "missing/top.txt"), Err(Errno::ENOENT));
            assert_eq!(tree.read(opener, "top.txt/x"), Err(Errno::ENOTDIR));
        }
    }

    #[test]
    fn folders_open_as_folders() {
        let tree = tree();
        for opener in OPENERS {
            let fd = opener(tree.root.as_fd(), "a/b", OFlag::O_PATH, Links::Refused).unwrap();
            assert_eq!(fstat(&fd).unwrap().st_mode & libc::S_IFMT, libc::S_IFDIR);
        }
    }

    #[test]
    fn a_folder_swapped_for_a_link_while_names_are_looked_up_never_leads_out() {
        let tree = tree();
        let base = tree.folder.path();
        let (folder, swap) = (base.join("root/a/b"), base.join("root/a/swap"));
        fs::create_dir(base.join("outside")).unwrap();
        fs::write(base.join("outside/deep.txt"), "secret").unwrap();
        symlink("../../outside", &swap).unwrap();
        assert_eq!(fs::read_to_string(swap.join("deep.txt")).unwrap(), "secret");

        let stop = AtomicBool::new(false);
        let (mut found, mut refused, mut leaked) = (0, 0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let spare = base.join("root/a/spare");
                while !stop.load(Ordering::Relaxed) {
                    fs::rename(&folder, &spare).unwrap();
                    fs::rename(&swap, &folder).unwrap();
                    std::thread::yield_now();
                    fs::rename(&folder, &swap).unwrap();
                    fs::rename(&spare, &folder).unwrap();
                    std::thread::yield_now();
                }
            });
            // Until both states have been met many times.
            let limit = Instant::now() + Duration::from_secs(20);
            while (found < 1000 || refused < 1000) && Instant::now() < limit {
                for opener in OPENERS {
                    match tree.read(opener, "a/b/deep.txt").as_deref() {
                        Ok("deep") => found += 1,
                        Ok(_) => leaked += 1,
                        Err(Errno::EXDEV) => refused += 1,
                        Err(_) => {}
                    }
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(leaked, 0);
        assert!(found >= 1000 && refused >= 1000, "found {found}, refused {refused}");
    }
}
