//! A thin, safe cover over `shrink.c`: decoding by libjpeg-turbo, shrunk in proportion to light where
//! that is asked for.
//!
//! It exists because averages in light need the block's coefficients and libjpeg's own interface,
//! whose errors are jumps that must not cross Rust. It knows the C file's rules and nothing else.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use super::super::turbo::{Complaint, Window, scaled};
use super::hook::{Hook, Slot};
use crate::pixel::colour::curve::Averaging;

/// What is to be decoded.
pub(super) struct Request<'a> {
    /// The whole file.
    pub(super) data: &'a [u8],
    /// Width and height as stored.
    pub(super) size: (u32, u32),
    /// The scale in eighths.
    pub(super) eighths: u32,
    /// The part of the scaled picture; `x` is a multiple of the scaled width of an MCU.
    pub(super) window: Window,
    /// 1 for grey, 3 for RGB, 4 for CMYK.
    pub(super) bands: usize,
    /// Scans of a progressive file that are accepted.
    pub(super) max_scans: u16,
    /// Averages in light, at scales of 1, 2 and 4 eighths; none averages encoded values.
    pub(super) light: Option<&'a Averaging>,
    /// Whether to give up when too much fine detail is lost; only with `light`.
    pub(super) judged: bool,
}

#[repr(C)]
struct RawRequest<'a> {
    data: *const u8,
    len: usize,
    width: u32,
    height: u32,
    eighths: u32,
    x: u32,
    y: u32,
    columns: u32,
    rows: u32,
    bands: u32,
    max_scans: u32,
    judged: u32,
    light: *const Averaging,
    hook: Hook<'a>,
}

/// Bytes of a message, its end included; the library's own bound.
const MESSAGE_BYTES: usize = 200;

unsafe extern "C" {
    fn halftone_decode(request: *const RawRequest<'_>, out: *mut u8, message: *mut c_char)
    -> c_int;
}

/// What came of decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The samples are there.
    Done,
    /// The picture has more fine detail than averages at this scale may meet.
    TooFine,
}

/// Decodes into `samples`, which holds exactly the window's pixels.
pub(super) fn decode(request: &Request, samples: &mut [u8]) -> Result<Outcome, Complaint> {
    let Request { data, size: (width, height), eighths, window, bands, max_scans, light, judged } =
        *request;
    let len = window.width as usize * window.height as usize * bands;
    assert_eq!(samples.len(), len, "the buffer must fit");
    let within = |at: u32, len: u32, whole: u32| {
        at.checked_add(len).is_some_and(|end| end <= scaled(whole, eighths))
    };
    assert!(within(window.x, window.width, width) && within(window.y, window.height, height));
    let mut slot = Slot::new(data);
    let raw = RawRequest {
        data: data.as_ptr(),
        len: data.len(),
        width,
        height,
        eighths,
        x: window.x,
        y: window.y,
        columns: window.width,
        rows: window.height,
        bands: bands as u32,
        max_scans: u32::from(max_scans),
        judged: u32::from(judged),
        light: light.map_or(ptr::null(), ptr::from_ref),
        hook: slot.hook(),
    };
    let mut message: [c_char; MESSAGE_BYTES] = [0; MESSAGE_BYTES];
    // SAFETY: the request's pointers are to live memory of the lengths that it states; `samples`
    // holds columns × rows × bands bytes, as asserted above, and the function writes no more, since
    // it refuses files whose size or number of components is another; `message` has the length that
    // the library asks for.
    let code =
        unsafe { halftone_decode(&raw const raw, samples.as_mut_ptr(), message.as_mut_ptr()) };
    // SAFETY: the function ends what it writes with a nought, and the buffer began as noughts.
    let message = || unsafe { CStr::from_ptr(message.as_ptr()) }.to_string_lossy().into_owned();
    match code {
        0 => Ok(Outcome::Done),
        3 => Ok(Outcome::TooFine),
        1 => Err(Complaint::Warning(message())),
        _ => Err(Complaint::fatal(message())),
    }
}
