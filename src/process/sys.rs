//! The few calls into the system that the compiler cannot check, each as small as it can be.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt as _;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use nix::unistd::{ForkResult, Pid};
use tokio::io::unix::AsyncFd;

use super::listen::Listener;

/// Heaps that the threads of a process share.
const HEAPS: libc::c_int = 2;

/// Blocks from this size on are mapped by themselves. A picture of a page's size stays below it, so that
/// its memory serves the next one without being cleared by the system again.
const LARGE_BYTES: libc::c_int = 4 << 20;

/// As much may lie free at the end of a heap.
const FREE_BYTES: libc::c_int = 8 << 20;

/// Forks. `None` in the child.
///
/// # Errors
/// When another thread exists: its locks would stay locked in the child forever. Otherwise what the
/// system says.
pub fn fork() -> io::Result<Option<Pid>> {
    let threads = std::fs::read_dir("/proc/self/task")?.count();
    if threads != 1 {
        return Err(io::Error::other(format!("cannot fork with {threads} threads")));
    }
    // SAFETY: this is the only thread, so that no lock is held and no state is half-written by
    // another; the child may do whatever the parent could.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// Ends the process without running exit handlers: those belong to the process that forked, and
/// a stuck thread must not stop it.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process; nothing of it is used afterwards.
    unsafe { libc::_exit(code) }
}

/// Bounds what the heap keeps of freed memory, of this process and of those it forks.
///
/// By itself glibc gives every thread a heap and lets each of them grow to the largest block that was
/// ever freed in it; with many threads that decode pictures that is most of a gigabyte. Large blocks
/// are mapped one by one here, and unmapped when they are freed; the rest comes from few heaps.
/// `docs/decisions/0006-allocator.md` has the figures. Other C libraries are left as they are.
pub fn bound_heap() {
    #[cfg(target_env = "gnu")]
    for (option, value) in [
        (libc::M_ARENA_MAX, HEAPS),
        (libc::M_MMAP_THRESHOLD, LARGE_BYTES),
        (libc::M_TRIM_THRESHOLD, FREE_BYTES),
    ] {
        // SAFETY: sets one number inside the allocator. One that it does not take changes nothing.
        unsafe { libc::mallopt(option, value) };
    }
}

/// Gives pages that lie free anywhere in the heaps back to the system; by itself glibc looks at their ends only.
pub fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes the allocator's own locks and touches nothing that is in use.
    unsafe {
        libc::malloc_trim(0)
    };
}

/// Has the process end without a word when whoever reads its output has gone, as the system's own
/// programs do. Not for what has to finish its work.
pub fn end_with_reader() {
    // SAFETY: gives one signal back to the system, before there is any other thread.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Takes a descriptor that was left open by whoever started this process.
///
/// # Errors
/// When there is no such descriptor.
pub fn adopt(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl with F_GETFD only looks; a closed descriptor is an error, no fault.
    if fd < 3 || unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: it is open, and handed over by name to be owned here; each is adopted once at start.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Registers a listening socket with the event loop.
///
/// # Errors
/// What the system says.
pub fn watch(listener: Listener) -> io::Result<AsyncFd<Listener>> {
    // SAFETY: the listener owns its descriptor, always names the same one, and lives as long as
    // the registration.
    Ok(unsafe { AsyncFd::register(listener) }?)
}

/// Milliseconds of the monotonic clock, which all processes of a host share. Never 0.
#[must_use]
pub fn monotonic_ms() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the answer, and this clock always exists on Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec.unsigned_abs() * 1000 + now.tv_nsec.unsigned_abs() / 1_000_000 + 1
}

/// Sleeps while the low half of a word, which other processes may share, is that of `seen`, and no longer than
/// `time`; may end sooner without a reason.
pub fn wait_for_change(word: &AtomicU64, seen: u64, time: Duration) {
    let seconds = libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX);
    let time = libc::timespec { tv_sec: seconds, tv_nsec: time.subsec_nanos().into() };
    // The kernel compares 32 bits.
    let seen = seen as u32;
    // SAFETY: the address is that of a living word, the time is valid, and the kernel only reads both.
    unsafe {
        libc::syscall(libc::SYS_futex, low_half(word), libc::FUTEX_WAIT, seen, &raw const time);
    }
}

/// Wakes all who sleep by [`wait_for_change`], in whichever process.
pub fn wake_all(word: &AtomicU64) {
    // SAFETY: the address is that of a living word, which the kernel takes for a name only.
    unsafe {
        libc::syscall(libc::SYS_futex, low_half(word), libc::FUTEX_WAKE, libc::c_int::MAX);
    }
}

fn low_half(word: &AtomicU64) -> *const u32 {
    let halves: *const u32 = word.as_ptr().cast_const().cast();
    halves.wrapping_add(usize::from(cfg!(target_endian = "big")))
}

/// Words of memory that several processes share.
#[derive(Debug)]
pub struct SharedWords {
    start: NonNull<AtomicU64>,
    len: NonZeroUsize,
}

// SAFETY: the memory is only ever reached through atomics.
unsafe impl Send for SharedWords {}
// SAFETY: as above.
unsafe impl Sync for SharedWords {}

impl SharedWords {
    /// Maps the first `len` words of a file, which is made longer where it is shorter.
    ///
    /// # Errors
    /// What the system says; also when there is no space for all of them.
    pub fn of_file(file: &File, len: NonZeroUsize) -> io::Result<Self> {
        reserve(file, bytes(len).get())?;
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no other memory.
        let start = unsafe { mmap(None, bytes(len), read_write(), MapFlags::MAP_SHARED, file, 0)? };
        Ok(Self { start: start.cast(), len })
    }

    /// Words that this process and those it forks share.
    ///
    /// # Errors
    /// What the system says.
    pub fn anonymous(len: NonZeroUsize) -> io::Result<Self> {
        // SAFETY: as above.
        let start =
            unsafe { mmap_anonymous(None, bytes(len), read_write(), MapFlags::MAP_SHARED)? };
        Ok(Self { start: start.cast(), len })
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is page-aligned, zero-filled where never written, `len` words long,
        // valid for as long as `self`, and every access in every process is atomic.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len.get()) }
    }
}

impl Drop for SharedWords {
    fn drop(&mut self) {
        // SAFETY: unmaps exactly what was mapped; no reference outlives `self`.
        let _ = unsafe { munmap(self.start.cast(), bytes(self.len).get()) };
    }
}

/// Sees to it that the first bytes of a file exist and have their space: writing to a mapped page for which
/// there is none ends the process (SIGBUS). What stands in them stays.
fn reserve(file: &File, len: usize) -> io::Result<()> {
    let too_long = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let end = libc::off_t::try_from(len).map_err(too_long)?;
    loop {
        match fallocate(file, FallocateFlags::empty(), 0, end) {
            Ok(()) => return Ok(()),
            Err(Errno::EINTR) => {}
            // Not every file system can: what the file lacks is written.
            Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => {
                let from = file.metadata()?.len();
                let lacking = len.saturating_sub(usize::try_from(from).map_err(too_long)?);
                return file.write_all_at(&vec![0; lacking], from);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn bytes(words: NonZeroUsize) -> NonZeroUsize {
    words.saturating_mul(NonZeroUsize::new(size_of::<AtomicU64>()).expect("a word has a size"))
}

fn read_write() -> ProtFlags {
    ProtFlags::PROT_READ | ProtFlags::PROT_WRITE
}

/// Lets everything else on the host go first, on processor and disk, for the rest of this thread's
/// life. What the system does not grant changes nothing.
pub fn let_others_first() {
    const NICEST: libc::c_int = 19;
    const IO_CLASS_IDLE: libc::c_int = 3;
    const IO_CLASS_SHIFT: libc::c_int = 13;
    const IO_PRIO_WHO_PROCESS: libc::c_int = 1;
    // SAFETY: both calls change numbers of the calling thread (0) inside the kernel: setpriority(2),
    // whose "process" is a thread on Linux, and ioprio_set(2), for which there is no wrapper.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICEST);
        libc::syscall(
            libc::SYS_ioprio_set,
            IO_PRIO_WHO_PROCESS,
            0,
            IO_CLASS_IDLE << IO_CLASS_SHIFT,
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn words_of_a_file_are_its_bytes() {
        let file = tempfile::tempfile().unwrap();
        let words = SharedWords::of_file(&file, NonZeroUsize::new(4).unwrap()).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 32);
        words.words()[2].store(0x0102, Ordering::Relaxed);
        let mut read = [0; 8];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut read, 16).unwrap();
        assert_eq!(u64::from_ne_bytes(read), 0x0102);
    }

    #[test]
    fn words_of_a_file_have_their_space_and_keep_what_stands_there() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&[7; 16], 0).unwrap();
        // Longer than what is written to it, as a file that was made without asking for space.
        file.set_len(1 << 20).unwrap();
        let len = NonZeroUsize::new(1 << 16).unwrap();
        let words = SharedWords::of_file(&file, len).unwrap();
        assert_eq!(words.words()[1].load(Ordering::Relaxed), u64::from_ne_bytes([7; 8]));
        let meta = file.metadata().unwrap();
        assert_eq!(meta.len(), 1 << 20);
        let held = std::os::unix::fs::MetadataExt::blocks(&meta) * 512;
        assert!(held >= 8 << 16, "{held} bytes have their space");
    }

    #[test]
    fn forking_a_threaded_process_is_refused() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || receiver.recv());
        assert!(fork().unwrap_err().to_string().contains("threads"));
        drop(sender);
        assert!(other.join().unwrap().is_err());
    }

    #[test]
    fn only_open_descriptors_are_adopted() {
        assert!(adopt(1).is_err());
        assert!(adopt(900_000).is_err());
    }
}
