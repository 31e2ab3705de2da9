//! The folder that a program may write to while it decodes, and how much it may hold in all.
//!
//! The kernel bounds each file, not their sum, and mounting a small file system takes rights that the
//! server does not have. So a thread of the parent measures the folder for as long as the child lives,
//! and hangs up on a child that has written too much, which ends it with the program that it runs.
//! Nothing escapes the measure: a child can neither remove files nor make nameless ones (`rules`,
//! `calls`), nor folders within.

use std::io;
use std::net::Shutdown;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

/// The most files that a program may make: what holds none of the bytes still takes an inode.
const MOST_FILES: usize = 1_000;

/// How often the folder is measured. A fast disk takes some ten megabytes meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// Enough for a thread that only looks.
const STACK_BYTES: usize = 128 << 10;

/// What `st_blocks` counts in, whatever the file system's own blocks are.
const BLOCK_BYTES: u64 = 512;

/// A folder of its own for one child, removed with this.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    flags: Arc<Flags>,
    watch: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Flags {
    is_over: AtomicBool,
    ends: AtomicBool,
}

impl Scratch {
    /// An empty folder beneath `parent`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("halftone-decode-").tempdir_in(parent)?;
        Ok(Self { folder, flags: Arc::default(), watch: None })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// From now on closes the socket to the child when the folder holds more than `most_bytes`.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch(&mut self, most_bytes: u64, socket: UnixStream) -> io::Result<()> {
        let (folder, flags) = (self.path().to_owned(), Arc::clone(&self.flags));
        let watch = move || {
            while !flags.ends.load(Ordering::Relaxed) {
                if holds_more(&folder, most_bytes) {
                    flags.is_over.store(true, Ordering::Relaxed);
                    // The child, which waits for this, ends itself and its program.
                    let _ = socket.shutdown(Shutdown::Both);
                    return;
                }
                thread::park_timeout(LOOK);
            }
        };
        let thread = thread::Builder::new().name("scratch".into()).stack_size(STACK_BYTES);
        self.watch = Some(thread.spawn(watch)?);
        Ok(())
    }

    /// Whether it held too much.
    pub fn is_over(&self) -> bool {
        self.flags.is_over.load(Ordering::Relaxed)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.flags.ends.store(true, Ordering::Relaxed);
        if let Some(watch) = self.watch.take() {
            watch.thread().unpark();
            let _ = watch.join();
        }
    }
}

/// Whether the files of a folder take more room than this, or there are too many.
fn holds_more(folder: &Path, most_bytes: u64) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let mut bytes = 0_u64;
    for (count, entry) in entries.flatten().enumerate() {
        if count >= MOST_FILES {
            return true;
        }
        if let Ok(file) = entry.metadata() {
            bytes = bytes.saturating_add(file.blocks().saturating_mul(BLOCK_BYTES));
        }
    }
    bytes > most_bytes
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;

    use super::*;

    #[test]
    fn files_count_together_by_the_room_that_they_take() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(folder.path().join(name), vec![1; 100_000]).unwrap();
        }
        assert!(holds_more(folder.path(), 250_000));
        assert!(!holds_more(folder.path(), 400_000));
        // A hole takes none.
        let hole = fs::File::create(folder.path().join("hole")).unwrap();
        hole.set_len(1 << 30).unwrap();
        assert!(!holds_more(folder.path(), 400_000));
    }

    #[test]
    fn empty_files_count_by_their_number() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=MOST_FILES {
            assert!(!holds_more(folder.path(), 1 << 30), "{number}");
            fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        assert!(holds_more(folder.path(), 1 << 30));
    }

    #[test]
    fn too_much_closes_the_socket_and_the_folder_goes() {
        let parent = tempfile::tempdir().unwrap();
        let mut scratch = Scratch::new(parent.path()).unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        scratch.watch(50_000, ours).unwrap();
        fs::write(scratch.path().join("small"), vec![1; 10_000]).unwrap();
        theirs.set_read_timeout(Some(5 * LOOK)).unwrap();
        assert!(theirs.read(&mut [0]).is_err(), "it is open as long as little is written");
        assert!(!scratch.is_over());
        fs::write(scratch.path().join("large"), vec![1; 60_000]).unwrap();
        theirs.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
        assert!(scratch.is_over());
        drop(scratch);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
