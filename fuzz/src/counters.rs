//! The coverage of a child, brought to libFuzzer's process.
//!
//! Both are the same program, so that their counters stand at the same places, in a section of their
//! own. A child puts memory that it shares with its parent in the place of the pages of that section;
//! the parent adds what it finds there to its own after each file.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::fs::{self, File};
use std::os::fd::{AsRawFd as _, FromRawFd as _, IntoRawFd as _};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::parent_id;
use std::ptr;

/// By which the child finds it among its parent's descriptors.
const NAME: &std::ffi::CStr = c"halftone-counters";

unsafe extern "C" {
    // Made by the linker: where the section begins and ends.
    static mut __start___sancov_cntrs: u8;
    static mut __stop___sancov_cntrs: u8;
}

/// The whole pages that hold the section, and the section.
struct Place {
    pages: usize,
    pages_len: usize,
    start: usize,
    len: usize,
}

impl Place {
    fn of_section() -> Self {
        // SAFETY: asks for nothing but how large a page is.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("a size");
        let start = (&raw mut __start___sancov_cntrs).addr();
        let end = (&raw mut __stop___sancov_cntrs).addr();
        assert!(end > start, "built without coverage; see scripts/fuzz");
        let pages = start / page * page;
        Self { pages, pages_len: end.next_multiple_of(page) - pages, start, len: end - start }
    }
}

/// The counters of children.
pub struct Counters {
    theirs: *mut u8,
    ours: *mut u8,
    len: usize,
}

// SAFETY: both places stay for as long as the process, and bytes of counters may be torn.
unsafe impl Send for Counters {}
// SAFETY: as above; libFuzzer runs one input at a time.
unsafe impl Sync for Counters {}

impl Counters {
    /// Memory that children will find.
    pub fn shared() -> Self {
        let place = Place::of_section();
        // SAFETY: makes a new descriptor from a name that ends with a nought.
        let fd = unsafe { libc::memfd_create(NAME.as_ptr(), libc::MFD_CLOEXEC) };
        assert!(fd >= 0, "no memory to share");
        // SAFETY: it is new and nobody else's.
        let file = unsafe { File::from_raw_fd(fd) };
        file.set_len(place.pages_len as u64).expect("there is room");
        let shared = map(ptr::null_mut(), place.pages_len, &file, 0);
        // Stays open as long as this process, for children to find.
        let _ = file.into_raw_fd();
        Self {
            theirs: shared.cast::<u8>().wrapping_add(place.start - place.pages),
            ours: &raw mut __start___sancov_cntrs,
            len: place.len,
        }
    }

    /// Forgets what was counted.
    pub fn clear(&self) {
        // SAFETY: the mapping holds as many bytes from there.
        unsafe { ptr::write_bytes(self.theirs, 0, self.len) };
    }

    /// Counts as this process's what the children have counted.
    pub fn collect(&self) {
        // SAFETY: both hold as many bytes, apart from each other; the child waits for its next file.
        let (theirs, ours) = unsafe {
            let theirs = std::slice::from_raw_parts(self.theirs, self.len);
            (theirs, std::slice::from_raw_parts_mut(self.ours, self.len))
        };
        for (ours, theirs) in ours.iter_mut().zip(theirs) {
            *ours = ours.saturating_add(*theirs);
        }
    }
}

/// In a child: has everything counted where its parent looks.
pub fn share_with_parent() {
    let place = Place::of_section();
    let folder = format!("/proc/{}/fd", parent_id());
    let wanted = format!("/memfd:{}", NAME.to_str().expect("it is text"));
    let entries = fs::read_dir(&folder).expect("the parent's descriptors can be listed");
    let found = entries.filter_map(Result::ok).find(|entry| {
        fs::read_link(entry.path()).is_ok_and(|link| link.to_string_lossy().starts_with(&wanted))
    });
    let path = found.expect("the parent shares its counters").path();
    let file = File::options().read(true).write(true).open(path).expect("it is the same user's");
    // What else stands in the first and last page stays as it is: nothing but counters is written
    // between here and the mapping, as this is the only thread.
    // SAFETY: these pages hold the section, and are read as bytes.
    let bytes = unsafe { std::slice::from_raw_parts(place.pages as *const u8, place.pages_len) };
    file.write_all_at(bytes, 0).expect("there is room");
    map(place.pages as *mut c_void, place.pages_len, &file, libc::MAP_FIXED);
}

fn map(at: *mut c_void, len: usize, file: &File, flags: libc::c_int) -> *mut c_void {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | flags);
    // SAFETY: at a place of the kernel's choice nothing is touched; at a fixed one the caller has put
    // what was there into the file.
    let mapped = unsafe { libc::mmap(at, len, protection, flags, file.as_raw_fd(), 0) };
    assert_ne!(mapped, libc::MAP_FAILED, "shared memory can be mapped");
    mapped
}
