//! A thin, safe cover over libjpeg-turbo's decompressor: one handle per thread, reused as long as its input
//! is sound.
//!
//! It exists because the `turbojpeg` crate does not offer crop regions, scan limits or the
//! difference between a warning and an error. It knows the C library's rules and nothing else.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_int};
use std::ptr::NonNull;

use turbojpeg_sys as tj;

use crate::pixel::{Depth, Error, Samples};

/// The layout of decoded samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Gray,
    Rgb,
    Cmyk,
}

impl Layout {
    fn code(self) -> c_int {
        match self {
            Self::Gray => tj::TJPF_TJPF_GRAY,
            Self::Rgb => tj::TJPF_TJPF_RGB,
            Self::Cmyk => tj::TJPF_TJPF_CMYK,
        }
    }

    fn bands(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// A part of the scaled picture; `x` is a multiple of the scaled width of an MCU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Why the library is not content.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Complaint {
    /// It went on to the end; the message is the first warning's.
    Warning(String),
    /// It gave up.
    Fatal(String),
    /// Memory is short.
    Memory,
}

impl Complaint {
    /// The library gave up, and says why.
    pub(super) fn fatal(message: String) -> Self {
        if tells_of_memory(&message) { Self::Memory } else { Self::Fatal(message) }
    }
}

/// Whether the library gave up because memory is short: it has only words for that.
pub(in crate::pixel) fn tells_of_memory(message: &str) -> bool {
    // In jerror.h, and in turbojpeg.c.
    ["Insufficient memory", "Memory allocation failure"].iter().any(|said| message.contains(said))
}

impl From<Complaint> for Error {
    fn from(complaint: Complaint) -> Self {
        match complaint {
            Complaint::Warning(message) | Complaint::Fatal(message) => {
                Self::Malformed(format!("the JPEG decoder says: {message}"))
            }
            Complaint::Memory => Self::Memory,
        }
    }
}

/// A decompressor whose input's header has been read.
pub(super) struct Decompressor<'a> {
    handle: &'a Handle,
    data: &'a [u8],
    eighths: u32,
    window: Option<Window>,
}

struct Handle {
    raw: NonNull<std::ffi::c_void>,
    /// The library gave up over some input. It may not have tidied up: what it has read of that input's
    /// header would be the beginning of the next one's. Such a handle is not used again.
    spoilt: Cell<bool>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle came from tj3Init and is destroyed only here.
        unsafe { tj::tj3Destroy(self.raw.as_ptr()) }
    }
}

impl Handle {
    fn new() -> Option<Self> {
        // SAFETY: tj3Init takes a plain number; a null result means no memory.
        let handle = unsafe { tj::tj3Init(tj::TJINIT_TJINIT_DECOMPRESS as c_int) };
        NonNull::new(handle).map(|raw| Self { raw, spoilt: Cell::new(false) })
    }

    fn set(&self, param: tj::TJPARAM, value: c_int) -> Result<(), Complaint> {
        // SAFETY: the handle is live, and the library checks parameter and value.
        self.judge(unsafe { tj::tj3Set(self.raw.as_ptr(), param as c_int, value) })
    }

    fn get(&self, param: tj::TJPARAM) -> c_int {
        // SAFETY: the handle is live, and the library checks the parameter.
        unsafe { tj::tj3Get(self.raw.as_ptr(), param as c_int) }
    }

    fn judge(&self, result: c_int) -> Result<(), Complaint> {
        if result == 0 {
            return Ok(());
        }
        // SAFETY: the handle is live; the string it returns is terminated, belongs to the handle or
        // the thread, and is copied before the next call.
        let (message, code) = unsafe {
            let message = CStr::from_ptr(tj::tj3GetErrorStr(self.raw.as_ptr()));
            (message.to_string_lossy().into_owned(), tj::tj3GetErrorCode(self.raw.as_ptr()))
        };
        Err(if code == tj::TJERR_TJERR_WARNING as c_int {
            Complaint::Warning(message)
        } else {
            self.spoilt.set(true);
            Complaint::fatal(message)
        })
    }
}

thread_local! {
    static HANDLE: RefCell<Option<Handle>> = const { RefCell::new(None) };
}

/// Reads the header of `data` and hands the decompressor to `work`.
///
/// At most `max_scans` scans of a progressive file are accepted.
pub(super) fn with<T, E: From<Complaint>>(
    data: &[u8],
    max_scans: u16,
    work: impl FnOnce(&mut Decompressor<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let kept = HANDLE.take();
    let handle = kept.or_else(Handle::new).ok_or(Complaint::Memory)?;
    let result = with_handle(&handle, data, max_scans, work);
    if !handle.spoilt.get() {
        HANDLE.set(Some(handle));
    }
    result
}

fn with_handle<T, E: From<Complaint>>(
    handle: &Handle,
    data: &[u8],
    max_scans: u16,
    work: impl FnOnce(&mut Decompressor<'_>) -> Result<T, E>,
) -> Result<T, E> {
    handle.set(tj::TJPARAM_TJPARAM_SCANLIMIT, c_int::from(max_scans))?;
    handle.set(tj::TJPARAM_TJPARAM_SAVEMARKERS, 0)?;
    let mut decompressor = Decompressor { handle, data, eighths: 8, window: None };
    decompressor.window(None)?;
    decompressor.scale_eighths(8)?;
    // SAFETY: pointer and length are those of a live slice, which the handle does not keep.
    let read = unsafe {
        tj::tj3DecompressHeader(handle.raw.as_ptr(), data.as_ptr(), data.len() as tj::size_t)
    };
    match handle.judge(read) {
        // What is wrong in the header will be said again with the pixels.
        Ok(()) | Err(Complaint::Warning(_)) => work(&mut decompressor),
        Err(fatal) => Err(fatal.into()),
    }
}

impl Decompressor<'_> {
    /// Width and height as stored.
    pub(super) fn size(&self) -> (u32, u32) {
        let get = |param| u32::try_from(self.handle.get(param)).unwrap_or(0);
        (get(tj::TJPARAM_TJPARAM_JPEGWIDTH), get(tj::TJPARAM_TJPARAM_JPEGHEIGHT))
    }

    /// Width in stored pixels of the blocks at which a window may begin, if windows are possible.
    pub(super) fn block_width(&self) -> Option<u32> {
        if self.handle.get(tj::TJPARAM_TJPARAM_LOSSLESS) != 0 {
            return None;
        }
        match self.handle.get(tj::TJPARAM_TJPARAM_SUBSAMP) {
            tj::TJSAMP_TJSAMP_444 | tj::TJSAMP_TJSAMP_GRAY | tj::TJSAMP_TJSAMP_440 => Some(8),
            tj::TJSAMP_TJSAMP_441 => Some(8),
            tj::TJSAMP_TJSAMP_422 | tj::TJSAMP_TJSAMP_420 => Some(16),
            tj::TJSAMP_TJSAMP_411 => Some(32),
            _ => None,
        }
    }

    /// Shrinks to `eighths`/8, 1–8.
    pub(super) fn scale_eighths(&mut self, eighths: u32) -> Result<(), Complaint> {
        let num = c_int::try_from(eighths).unwrap_or(8);
        self.eighths = eighths;
        // The library knows its factors in lowest terms only.
        let divisor = [8, 4, 2, 1].into_iter().find(|by| num % by == 0).unwrap_or(1);
        let factor = tj::tjscalingfactor { num: num / divisor, denom: 8 / divisor };
        // SAFETY: the handle is live; the library refuses factors that it does not have.
        self.handle.judge(unsafe { tj::tj3SetScalingFactor(self.handle.raw.as_ptr(), factor) })
    }

    /// Decodes a part only, in scaled pixels; none means everything.
    pub(super) fn window(&mut self, window: Option<Window>) -> Result<(), Complaint> {
        self.window = window;
        let number = |value: u32| c_int::try_from(value).unwrap_or(c_int::MAX);
        let region =
            window.map_or(tj::tjregion { x: 0, y: 0, w: 0, h: 0 }, |window| tj::tjregion {
                x: number(window.x),
                y: number(window.y),
                w: number(window.width),
                h: number(window.height),
            });
        // SAFETY: the handle is live; the library checks the region against the header.
        self.handle.judge(unsafe { tj::tj3SetCroppingRegion(self.handle.raw.as_ptr(), region) })
    }

    /// Width and height of what `decode` will give: the window, or the whole scaled picture.
    pub(super) fn output_size(&self) -> (u32, u32) {
        let (width, height) = self.size();
        match self.window {
            Some(window) => (window.width, window.height),
            None => (scaled(width, self.eighths), scaled(height, self.eighths)),
        }
    }

    /// Decodes into `pixels`, which holds exactly [`output_size`](Self::output_size) pixels.
    pub(super) fn decode(&mut self, pixels: &mut [u8], layout: Layout) -> Result<(), Complaint> {
        let (width, height) = self.output_size();
        let row = width as usize * layout.bands();
        assert_eq!(Some(pixels.len()), row.checked_mul(height as usize), "the buffer must fit");
        let pitch = c_int::try_from(row).map_err(|_| Complaint::Fatal("too wide".into()))?;
        // SAFETY: the input is a live slice whose header this handle has read, so that the size of
        // its output is `output_size`; `pixels` has room for that many rows of `pitch` bytes, as
        // asserted above.
        self.handle.judge(unsafe {
            tj::tj3Decompress8(
                self.handle.raw.as_ptr(),
                self.data.as_ptr(),
                self.data.len() as tj::size_t,
                pixels.as_mut_ptr(),
                pitch,
                layout.code(),
            )
        })
    }
}

impl Decompressor<'_> {
    /// Decodes everything in the depth of the file, 2 to 16 bits: as bytes up to 8 bits, else as
    /// words whose high bits are unused.
    pub(super) fn decode_deep(&mut self, grey: bool) -> Result<Samples, Complaint> {
        let precision = self.handle.get(tj::TJPARAM_TJPARAM_PRECISION);
        let (width, height) = self.size();
        let layout = if grey { Layout::Gray } else { Layout::Rgb };
        let row = width as usize * layout.bands();
        let len =
            row.checked_mul(height as usize).ok_or_else(|| Complaint::Fatal("too large".into()))?;
        let depth = if precision > 8 { Depth::U16 } else { Depth::U8 };
        let mut samples = Samples::try_zeroed(depth, len).map_err(|_| Complaint::Memory)?;
        let pitch = c_int::try_from(row).map_err(|_| Complaint::Fatal("too wide".into()))?;
        let (handle, data) = (self.handle.raw.as_ptr(), self.data.as_ptr());
        let data_len = self.data.len() as tj::size_t;
        match &mut samples {
            Samples::U8(samples) => self.decode(samples, layout)?,
            Samples::U16(samples) if precision <= 12 => {
                let out = samples.as_mut_ptr().cast();
                // SAFETY: the input is a live slice whose header this handle has read, neither
                // window nor scale is set (`with` resets them), and `samples` has room for
                // `height` rows of `pitch` samples of 16 bits.
                self.handle.judge(unsafe {
                    tj::tj3Decompress12(handle, data, data_len, out, pitch, layout.code())
                })?;
            }
            Samples::U16(samples) => {
                let out = samples.as_mut_ptr();
                // SAFETY: as above.
                self.handle.judge(unsafe {
                    tj::tj3Decompress16(handle, data, data_len, out, pitch, layout.code())
                })?;
            }
        }
        Ok(samples)
    }
}

/// A length shrunk to `eighths`/8, rounded up as the library does.
pub(super) fn scaled(len: u32, eighths: u32) -> u32 {
    u32::try_from((u64::from(len) * u64::from(eighths)).div_ceil(8)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Complaint;

    #[test]
    fn memory_that_is_short_is_no_fault_of_the_file() {
        for message in
            ["Insufficient memory (case 4)", "tj3Decompress8(): Memory allocation failure"]
        {
            assert_eq!(Complaint::fatal(message.into()), Complaint::Memory);
        }
        let other = "Unsupported marker type 0xc9";
        assert_eq!(Complaint::fatal(other.into()), Complaint::Fatal(other.into()));
    }
}
