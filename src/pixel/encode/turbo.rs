//! A thin, safe cover over libjpeg-turbo's compressor: one handle per thread, reused.
//!
//! The counterpart of the decoder's cover. It knows the C library's rules and nothing else.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::{CStr, c_int, c_uchar, c_void};
use std::ptr::{self, NonNull};

use turbojpeg_sys as tj;

use crate::pixel::decode::tells_of_memory;
use crate::pixel::{Error, Result};

/// The layout of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Gray,
    Rgb,
    /// As Adobe stores it: 255 is no ink.
    InvertedCmyk,
}

/// How to compress.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) layout: Layout,
    pub(super) quality: u8,
    /// Whether chroma is stored at half the resolution along both axes.
    pub(super) halve_chroma: bool,
    pub(super) progressive: bool,
    /// Whether the Huffman tables are made for this picture, in a second pass.
    pub(super) optimise: bool,
}

struct Handle(NonNull<c_void>);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle came from tj3Init and is destroyed only here.
        unsafe { tj::tj3Destroy(self.0.as_ptr()) }
    }
}

/// Memory that the library has allocated.
struct Buffer {
    data: *mut c_uchar,
    len: tj::size_t,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the pointer is null or came from the library, and is freed only here.
        unsafe { tj::tj3Free(self.data.cast()) }
    }
}

impl Handle {
    fn new() -> Option<Self> {
        // SAFETY: tj3Init takes a plain number; a null result means no memory.
        let handle = unsafe { tj::tj3Init(tj::TJINIT_TJINIT_COMPRESS as c_int) };
        NonNull::new(handle).map(Self)
    }

    fn judge(&self, result: c_int) -> Result<()> {
        if result == 0 {
            return Ok(());
        }
        // SAFETY: the handle is live; the string is terminated and copied before the next call.
        let message = unsafe { CStr::from_ptr(tj::tj3GetErrorStr(self.0.as_ptr())) };
        Err(fault(&message.to_string_lossy()))
    }

    fn set(&self, param: tj::TJPARAM, value: c_int) -> Result<()> {
        // SAFETY: the handle is live, and the library checks parameter and value.
        self.judge(unsafe { tj::tj3Set(self.0.as_ptr(), param as c_int, value) })
    }

    fn configure(&self, settings: &Settings) -> Result<()> {
        let subsampling = match settings.layout {
            Layout::Gray => tj::TJSAMP_TJSAMP_GRAY,
            _ if settings.halve_chroma => tj::TJSAMP_TJSAMP_420,
            _ => tj::TJSAMP_TJSAMP_444,
        };
        let colours = match settings.layout {
            Layout::Gray => tj::TJCS_TJCS_GRAY,
            Layout::Rgb => tj::TJCS_TJCS_YCbCr,
            Layout::InvertedCmyk => tj::TJCS_TJCS_YCCK,
        };
        self.set(tj::TJPARAM_TJPARAM_QUALITY, c_int::from(settings.quality.clamp(1, 100)))?;
        self.set(tj::TJPARAM_TJPARAM_SUBSAMP, subsampling)?;
        self.set(tj::TJPARAM_TJPARAM_COLORSPACE, colours as c_int)?;
        self.set(tj::TJPARAM_TJPARAM_PROGRESSIVE, c_int::from(settings.progressive))?;
        self.set(tj::TJPARAM_TJPARAM_OPTIMIZE, c_int::from(settings.optimise))
    }
}

thread_local! {
    static HANDLE: RefCell<Option<Handle>> = const { RefCell::new(None) };
}

/// Compresses `pixels`, which holds exactly `width × height` pixels, to a whole file.
pub(super) fn compress(
    pixels: &[u8],
    (width, height): (u32, u32),
    settings: &Settings,
) -> Result<Vec<u8>> {
    let (bands, format) = match settings.layout {
        Layout::Gray => (1, tj::TJPF_TJPF_GRAY),
        Layout::Rgb => (3, tj::TJPF_TJPF_RGB),
        Layout::InvertedCmyk => (4, tj::TJPF_TJPF_CMYK),
    };
    let row = width as usize * bands;
    assert_eq!(Some(pixels.len()), row.checked_mul(height as usize), "the buffer must fit");
    let number = |value| c_int::try_from(value).map_err(|_| Error::Encode("too large".into()));
    let (columns, rows) = (number(width as usize)?, number(height as usize)?);
    let pitch = number(row)?;
    HANDLE.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Handle::new();
        }
        let handle = slot.as_ref().ok_or(Error::Memory)?;
        handle.configure(settings)?;
        let mut out = Buffer { data: ptr::null_mut(), len: 0 };
        // SAFETY: `pixels` holds `rows` rows of `pitch` bytes, as asserted above; a null output
        // pointer makes the library allocate, and `out` frees what it allocated.
        let result = unsafe {
            tj::tj3Compress8(
                handle.0.as_ptr(),
                pixels.as_ptr(),
                columns,
                pitch,
                rows,
                format,
                &raw mut out.data,
                &raw mut out.len,
            )
        };
        handle.judge(result)?;
        if out.data.is_null() {
            return Err(Error::Encode("no output".into()));
        }
        // SAFETY: the library has stored a buffer of `len` initialised bytes, alive until `out` drops.
        Ok(unsafe { std::slice::from_raw_parts(out.data, out.len as usize) }.to_vec())
    })
}

/// Why the library gave up, from what it says.
fn fault(message: &str) -> Error {
    if tells_of_memory(message) { Error::Memory } else { Error::Encode(message.to_owned()) }
}
