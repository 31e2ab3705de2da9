//! A thin, safe cover over LibRaw, by way of the C++ file beside it.
//!
//! It knows the library's rules and nothing else. One handle works on one file, on one thread.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{NonNull, null};

use crate::pixel::{Error, Result};

/// What is known of a raw file. Keep in step with `cover.cpp`.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(super) struct About {
    /// Size of the developed picture, not turned.
    pub(super) width: u32,
    pub(super) height: u32,
    /// How it has to be turned, as LibRaw counts: 1 mirrors, 2 turns upside down, 4 swaps the axes.
    pub(super) flip: u32,
    /// Colours of the sensor.
    pub(super) colours: u32,
    /// Size of the sensor's data.
    pub(super) raw_width: u32,
    pub(super) raw_height: u32,
    /// Not 0 when it can be developed at half its size: one pixel for each cell of the filter.
    pub(super) halves: u32,
}

unsafe extern "C" {
    fn halftone_raw_open(data: *const c_void, len: usize, result: *mut c_int) -> *mut c_void;
    fn halftone_raw_close(handle: *mut c_void);
    fn halftone_raw_about(handle: *mut c_void, about: *mut About) -> c_int;
    fn halftone_raw_preview(handle: *mut c_void, data: *mut *const u8, len: *mut usize) -> c_int;
    fn halftone_raw_xmp(handle: *mut c_void, data: *mut *const u8, len: *mut usize);
    fn halftone_raw_develop(
        handle: *mut c_void,
        half: c_int,
        width: *mut u32,
        height: *mut u32,
        bands: *mut u32,
    ) -> c_int;
    fn halftone_raw_copy(handle: *mut c_void, out: *mut u16, len: usize) -> c_int;
}

/// A raw file in memory whose head LibRaw has read.
pub(super) struct Raw<'a> {
    handle: NonNull<c_void>,
    data: PhantomData<&'a [u8]>,
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle came from halftone_raw_open and is closed only here.
        unsafe { halftone_raw_close(self.handle.as_ptr()) }
    }
}

impl<'a> Raw<'a> {
    pub(super) fn open(data: &'a [u8]) -> Result<Self> {
        let mut result = 0;
        // SAFETY: pointer and length are those of a slice that outlives the handle by its lifetime,
        // and the library only reads it.
        let handle =
            unsafe { halftone_raw_open(data.as_ptr().cast(), data.len(), &raw mut result) };
        judge(result)?;
        let handle = NonNull::new(handle).ok_or_else(|| failure(NO_MEMORY))?;
        Ok(Self { handle, data: PhantomData })
    }

    /// What the file holds. No pixels can be had afterwards.
    pub(super) fn about(&mut self) -> Result<About> {
        let mut about = About::default();
        // SAFETY: the handle is live, and the structure is the one that the cover fills.
        judge(unsafe { halftone_raw_about(self.handle.as_ptr(), &raw mut about) })?;
        Ok(about)
    }

    /// The largest JPEG that the camera put into the file.
    pub(super) fn preview(&mut self) -> Result<Option<Vec<u8>>> {
        let (mut data, mut len) = (null(), 0);
        // SAFETY: the handle is live, and both places are ours.
        judge(unsafe { halftone_raw_preview(self.handle.as_ptr(), &raw mut data, &raw mut len) })?;
        // SAFETY: the cover names that many bytes of the handle's memory, or none.
        Ok(unsafe { copied(data, len) })
    }

    /// The XMP packet.
    pub(super) fn xmp(&self) -> Option<Vec<u8>> {
        let (mut data, mut len) = (null(), 0);
        // SAFETY: as in `preview`.
        unsafe {
            halftone_raw_xmp(self.handle.as_ptr(), &raw mut data, &raw mut len);
            copied(data, len)
        }
    }

    /// Develops the picture, at half its size when `half`: width, height, bands (1 or 3).
    pub(super) fn develop(&mut self, half: bool) -> Result<(u32, u32, u32)> {
        let (mut width, mut height, mut bands) = (0, 0, 0);
        // SAFETY: the handle is live, and all places are ours.
        judge(unsafe {
            halftone_raw_develop(
                self.handle.as_ptr(),
                c_int::from(half),
                &raw mut width,
                &raw mut height,
                &raw mut bands,
            )
        })?;
        Ok((width, height, bands))
    }

    /// Copies the developed samples; `out` has room for exactly them.
    pub(super) fn copy(&mut self, out: &mut [u16]) -> Result<()> {
        // SAFETY: the handle is live, and the cover refuses a length that is not the picture's.
        judge(unsafe { halftone_raw_copy(self.handle.as_ptr(), out.as_mut_ptr(), out.len()) })
    }
}

/// # Safety
/// `data` is null, or `len` bytes can be read there.
unsafe fn copied(data: *const u8, len: usize) -> Option<Vec<u8>> {
    if data.is_null() || len == 0 {
        return None;
    }
    // SAFETY: by the contract of this function.
    Some(unsafe { std::slice::from_raw_parts(data, len) }.to_vec())
}

const DAMAGED: c_int = -1;
const NO_MEMORY: c_int = -3;
const UNKNOWN: c_int = -4;
const LARGE: c_int = -5;

fn judge(result: c_int) -> Result<()> {
    if result == 0 { Ok(()) } else { Err(failure(result)) }
}

fn failure(code: c_int) -> Error {
    match code {
        UNKNOWN => Error::Unsupported("LibRaw does not know this raw file".into()),
        NO_MEMORY => Error::Memory,
        LARGE => Error::Limit("developing it takes too much memory".into()),
        DAMAGED => Error::Malformed("its sensor data is damaged or ends too early".into()),
        _ => Error::Malformed("LibRaw cannot make sense of it".into()),
    }
}
