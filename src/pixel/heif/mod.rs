//! A thin, safe cover over libheif, which reads and writes HEIC and AVIF.
//!
//! It knows the C library's rules (version 1.15 and later, `libheif/heif.h`) and nothing else: what
//! the pixels mean is left to decoder and encoder.
#![allow(unsafe_code)]

mod read;
mod sys;
mod write;

pub(in crate::pixel) use read::{Colours, Container, Picture, Plane};
pub(in crate::pixel) use write::{Chroma, Layout, Settings, write};

use std::ffi::CStr;

/// What libheif says of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pixel) enum Failure {
    /// The library is not there, or has no codec for the file.
    Missing(String),
    /// The file uses what it does not know.
    Unsupported(String),
    /// A size is beyond its own bounds.
    Limit(String),
    /// Memory is short.
    Memory,
    /// The data is damaged.
    Corrupt(String),
}

/// Loads the library and its codecs, so that they are there when files can no longer be opened.
pub(in crate::pixel) fn prepare() -> Result<(), Failure> {
    sys::functions().map(drop)
}

fn judge(error: sys::heif_error) -> Result<(), Failure> {
    if error.code == sys::OK {
        return Ok(());
    }
    let message = if error.message.is_null() {
        String::new()
    } else {
        // SAFETY: libheif's messages are terminated strings that live as long as the object that
        // reported them, which its caller still holds.
        unsafe { CStr::from_ptr(error.message) }.to_string_lossy().into_owned()
    };
    Err(match (error.code, error.subcode) {
        // It says of its own bounds, too, that they are a matter of memory.
        (_, sys::SECURITY_LIMIT) => Failure::Limit(message),
        (sys::MEMORY, _) => Failure::Memory,
        (_, sys::UNSUPPORTED_CODEC) | (sys::PLUGIN_LOADING, _) => Failure::Missing(
            "libheif on this server has no codec for it (on Debian 13 and later: packages \
             libheif-plugin-aomenc, libheif-plugin-dav1d and libheif-plugin-libde265)"
                .to_owned(),
        ),
        (sys::UNSUPPORTED_FILETYPE | sys::UNSUPPORTED_FEATURE, _) => Failure::Unsupported(message),
        _ => Failure::Corrupt(message),
    })
}
