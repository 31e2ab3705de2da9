//! The few calls into the system that the compiler cannot check, each as small as it can be.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// What a process ends with that breaks off for want of memory; nothing else here does.
pub const OUT_OF_MEMORY: libc::c_int = 71;

/// From now on this process ends with [`OUT_OF_MEMORY`] when it breaks off because it gets no more memory. Rust
/// and C++ abort where code that allocates does not look whether it could: by itself that looks like any fault.
pub fn tell_of_memory() -> io::Result<()> {
    let handler = SigHandler::Handler(on_abort);
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler calls nothing that must not be called there.
    unsafe { sigaction(Signal::SIGABRT, &action) }?;
    Ok(())
}

/// Forgets how the last call into the system has failed.
pub fn forget_errors() {
    Errno::clear();
}

extern "C" fn on_abort(_: libc::c_int) {
    // What malloc(3) has left behind; whoever aborts is the thread that asked it.
    if Errno::last() == Errno::ENOMEM {
        // SAFETY: ends the process; nothing of it is used afterwards.
        unsafe { libc::_exit(OUT_OF_MEMORY) }
    }
}

/// The version of landlock that the kernel offers, 0 for none.
pub fn landlock_version() -> u32 {
    const VERSION: libc::c_ulong = 1;
    let nothing = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the call takes no structure and only tells a number.
    let answer =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0usize, VERSION) };
    u32::try_from(answer).unwrap_or(0)
}

/// Closes every descriptor from `first` on: nothing that a parent forgot to close stays open.
pub fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: called first thing in a process, before anything in it owns such a descriptor.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0u32) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Takes a descriptor that a message has brought.
pub fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just made it for this process; each is adopted where it is received,
    // and nowhere else.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Lets other processes go first, from now on: of a contended core this one gets a quarter. Much less
/// would make it miss its time where the machine is busy with other things.
pub fn be_nice() {
    const STEPS: libc::c_int = 5;
    // SAFETY: only changes a number of this process; the new one, which it answers, is not needed.
    let _ = unsafe { libc::nice(STEPS) };
}

/// Whether a descriptor is open.
pub fn is_open(fd: RawFd) -> bool {
    // SAFETY: fcntl with F_GETFD only looks; a closed descriptor is an error, no fault.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

/// A file in memory, which no folder holds.
pub fn memory_file() -> io::Result<File> {
    Ok(File::from(memfd_create(c"picture", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?))
}

/// Lets a process use `more_s` seconds of processor time from now on; then it is killed.
pub fn bound_cpu(pid: u32, more_s: u32) -> io::Result<()> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    let used_s = cpu_time(pid)?.as_secs();
    let mut limit = MaybeUninit::<libc::rlimit64>::uninit();
    // SAFETY: without a new limit the call only writes the old one to the place that it is given.
    check(unsafe { libc::prlimit64(pid, libc::RLIMIT_CPU, std::ptr::null(), limit.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded, so that it is written.
    let mut limit = unsafe { limit.assume_init() };
    limit.rlim_cur = (used_s + 1 + u64::from(more_s)).min(limit.rlim_max);
    // SAFETY: sets two numbers of another process from a structure that outlives the call.
    check(unsafe { libc::prlimit64(pid, libc::RLIMIT_CPU, &raw const limit, std::ptr::null_mut()) })
}

/// Processor time that a process has used, its threads together.
fn cpu_time(pid: libc::pid_t) -> io::Result<Duration> {
    let mut clock = 0;
    // SAFETY: `clock` is a valid place for the answer.
    let error = unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error));
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer.
    check(unsafe { libc::clock_gettime(clock, &raw mut time) })?;
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Ok(Duration::new(time.tv_sec.unsigned_abs(), nanos))
}

fn check(answer: libc::c_int) -> io::Result<()> {
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Forks, for the probe that must not be able to; a child that comes of it ends at once.
pub fn try_fork() -> io::Result<()> {
    // SAFETY: the child does nothing but end.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: ends the process; nothing of it is used afterwards.
            unsafe { libc::_exit(0) }
        }
        pid if pid > 0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes memory executable, for the probe that must not be able to.
pub fn try_map_code() -> io::Result<()> {
    let protection = libc::PROT_READ | libc::PROT_EXEC;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a fresh mapping at an address of the kernel's choice touches no other memory.
    let place = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) };
    if place == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The path by which a process may run the program behind an open file, whatever became of its name.
pub fn path_of(program: &File) -> String {
    format!("/proc/self/fd/{}", program.as_raw_fd())
}
