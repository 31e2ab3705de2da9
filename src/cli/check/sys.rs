//! Thin wrappers of what only C offers.

use std::ffi::{CStr, CString};
use std::{mem, ptr};

/// The full name of a host, as the system's resolver completes it.
pub fn full_name(host: &str) -> Option<String> {
    let host = CString::new(host).ok()?;
    // SAFETY: all fields of `addrinfo` may be zero, which is what hints ask for.
    let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
    hints.ai_flags = libc::AI_CANONNAME;
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut found: *mut libc::addrinfo = ptr::null_mut();
    // SAFETY: the name is a terminated string, the pointers are valid for the call.
    let status =
        unsafe { libc::getaddrinfo(host.as_ptr(), ptr::null(), &raw const hints, &raw mut found) };
    if status != 0 || found.is_null() {
        return None;
    }
    // SAFETY: after success `found` is a list whose first entry holds the name, if there is one.
    let name = unsafe {
        let name = (*found).ai_canonname;
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    };
    // SAFETY: the list came from `getaddrinfo` and is freed once.
    unsafe { libc::freeaddrinfo(found) };
    name
}

/// Whether the kernel's clock is kept in step by somebody; none when it does not say.
pub fn clock_is_kept() -> Option<bool> {
    // SAFETY: all fields of `timex` may be zero; without modes the call only reads.
    let mut state: libc::timex = unsafe { mem::zeroed() };
    // SAFETY: the pointer is valid for the call.
    let status = unsafe { libc::adjtimex(&raw mut state) };
    (status >= 0).then_some(status != libc::TIME_ERROR)
}
