//! Wakes threads of all processes of a host: a counter in a file that they all map, and the kernel's futex
//! on it.

use std::fs::OpenOptions;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::sys::{self, SharedWords};

/// One process's hold on it.
#[derive(Debug)]
pub struct Bell(SharedWords);

/// How often a bell had rung at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung(u64);

impl Bell {
    /// Opens a bell's file, making it first where there is none. What else locks bytes of that file is not
    /// touched.
    ///
    /// # Errors
    /// When the file can be neither opened nor made, or not mapped.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        SharedWords::of_file(&file, NonZeroUsize::MIN).map(Self)
    }

    /// To be asked before looking at what is waited for: what rings after that ends the waiting.
    #[must_use]
    pub fn rung(&self) -> Rung {
        Rung(self.0.words()[0].load(Ordering::Acquire))
    }

    /// Wakes all who wait.
    pub fn ring(&self) {
        let word = &self.0.words()[0];
        word.fetch_add(1, Ordering::Release);
        sys::wake_all(word);
    }

    /// Waits until it has rung since then, no longer than `time`; may end sooner without a reason.
    pub fn wait(&self, since: Rung, time: Duration) {
        sys::wait_for_change(&self.0.words()[0], since.0, time);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Two openings stand for two processes: each has a mapping of its own.
    #[test]
    fn it_is_heard_through_other_openings() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bell");
        let (one, two) = (Bell::open(&path).unwrap(), Bell::open(&path).unwrap());
        let start = Instant::now();
        let since = two.rung();
        one.ring();
        assert_ne!(two.rung(), since);
        // Whoever looked before it rang does not wait.
        two.wait(since, LONG);
        std::thread::scope(|scope| {
            let since = two.rung();
            let waiting = scope.spawn(move || {
                while two.rung() == since {
                    two.wait(since, LONG);
                }
            });
            one.ring();
            waiting.join().unwrap();
        });
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn waiting_has_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let bell = Bell::open(&dir.path().join("bell")).unwrap();
        bell.wait(bell.rung(), Duration::from_millis(1));
    }

    #[test]
    fn what_stands_in_its_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bell");
        Bell::open(&path).unwrap().ring();
        let again = Bell::open(&path).unwrap();
        assert_eq!(again.rung(), Rung(1));
    }
}
