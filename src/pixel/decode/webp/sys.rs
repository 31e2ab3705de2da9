//! A thin, safe cover over libwebp's decoder: a region of a still picture, or a composed frame.
//!
//! It exists because the `webp` crate decodes all of a picture, and all frames of an animation, into
//! memory of its own. It knows the C library's rules and nothing else.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use libwebp_sys as webp;

use super::super::Region;

/// Why libwebp gave no pixels.
#[derive(Debug)]
pub(super) enum Failure {
    Memory,
    Unsupported,
    Truncated,
    Corrupt,
}

/// What the first bitstream in a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Features {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) alpha: bool,
    pub(super) lossless: bool,
}

/// Reads the features from the start of a file, or says that there is no WebP there.
pub(super) fn features(head: &[u8]) -> Option<Features> {
    let mut features = MaybeUninit::<webp::WebPBitstreamFeatures>::zeroed();
    // SAFETY: pointer and length are those of a live slice; `features` is written before it is
    // read, and all-zero bytes are a valid value of it anyway.
    let (status, features) = unsafe {
        let status = webp::WebPGetFeaturesInternal(
            head.as_ptr(),
            head.len(),
            features.as_mut_ptr(),
            webp::WEBP_DECODER_ABI_VERSION as c_int,
        );
        (status, features.assume_init())
    };
    (status == webp::VP8StatusCode::VP8_STATUS_OK).then(|| Features {
        width: u32::try_from(features.width).unwrap_or(0),
        height: u32::try_from(features.height).unwrap_or(0),
        alpha: features.has_alpha != 0,
        lossless: features.format == 2,
    })
}

/// Decodes a region of a still picture into `pixels`: RGBA when `alpha`, else RGB.
///
/// The region lies within the picture and starts at even coordinates.
pub(super) fn decode(
    data: &[u8],
    region: Region,
    alpha: bool,
    pixels: &mut [u8],
) -> Result<(), Failure> {
    let bands = if alpha { 4 } else { 3 };
    let line = region.width as usize * bands;
    assert_eq!(Some(pixels.len()), line.checked_mul(region.height as usize), "buffer must fit");
    let number = |value: u32| c_int::try_from(value).map_err(|_| Failure::Unsupported);
    let mut config = webp::WebPDecoderConfig::new().map_err(|()| Failure::Unsupported)?;
    config.options.use_cropping = 1;
    config.options.crop_left = number(region.x)?;
    config.options.crop_top = number(region.y)?;
    config.options.crop_width = number(region.width)?;
    config.options.crop_height = number(region.height)?;
    config.output.colorspace =
        if alpha { webp::WEBP_CSP_MODE::MODE_RGBA } else { webp::WEBP_CSP_MODE::MODE_RGB };
    config.output.is_external_memory = 1;
    config.output.u.RGBA = webp::WebPRGBABuffer {
        rgba: pixels.as_mut_ptr(),
        stride: c_int::try_from(line).map_err(|_| Failure::Unsupported)?,
        size: pixels.len(),
    };
    // SAFETY: the input is a live slice; the output describes `pixels` exactly, and libwebp checks
    // that stride and size suffice for the cropped picture. With external memory it keeps nothing.
    let status = unsafe {
        let status = webp::WebPDecode(data.as_ptr(), data.len(), &raw mut config);
        webp::WebPFreeDecBuffer(&raw mut config.output);
        status
    };
    match status {
        webp::VP8StatusCode::VP8_STATUS_OK => Ok(()),
        webp::VP8StatusCode::VP8_STATUS_OUT_OF_MEMORY => Err(Failure::Memory),
        webp::VP8StatusCode::VP8_STATUS_UNSUPPORTED_FEATURE => Err(Failure::Unsupported),
        webp::VP8StatusCode::VP8_STATUS_NOT_ENOUGH_DATA
        | webp::VP8StatusCode::VP8_STATUS_SUSPENDED => Err(Failure::Truncated),
        _ => Err(Failure::Corrupt),
    }
}

/// An animation whose frames come one after the other, composed on a transparent canvas.
pub(super) struct Animation {
    decoder: NonNull<webp::WebPAnimDecoder>,
    len: usize,
    /// When the frame that came last ends, in milliseconds from the start.
    until_ms: c_int,
    /// The decoder reads the file's bytes for as long as it lives: they stay where they are.
    _data: Vec<u8>,
}

impl Drop for Animation {
    fn drop(&mut self) {
        // SAFETY: the decoder came from WebPAnimDecoderNewInternal and is deleted only here.
        unsafe { webp::WebPAnimDecoderDelete(self.decoder.as_ptr()) }
    }
}

impl Animation {
    /// Opens an animation that must have this canvas size.
    pub(super) fn new(data: Vec<u8>, (width, height): (u32, u32)) -> Result<Self, Failure> {
        let mut options = MaybeUninit::<webp::WebPAnimDecoderOptions>::uninit();
        // SAFETY: the options are initialised by the first call before anything reads them, the
        // data is owned beside the decoder and never changed, and a null result is checked.
        let decoder = unsafe {
            let version = webp::WEBP_DEMUX_ABI_VERSION as c_int;
            if webp::WebPAnimDecoderOptionsInitInternal(options.as_mut_ptr(), version) == 0 {
                return Err(Failure::Unsupported);
            }
            let mut options = options.assume_init();
            options.color_mode = webp::WEBP_CSP_MODE::MODE_RGBA;
            options.use_threads = 0;
            let input = webp::WebPData { bytes: data.as_ptr(), size: data.len() };
            webp::WebPAnimDecoderNewInternal(&raw const input, &raw const options, version)
        };
        let decoder = NonNull::new(decoder).ok_or(Failure::Corrupt)?;
        let len = width as usize * height as usize * 4;
        let animation = Self { decoder, len, until_ms: 0, _data: data };
        let mut info = MaybeUninit::<webp::WebPAnimInfo>::zeroed();
        // SAFETY: the decoder is live; all-zero bytes are a valid info, which the call fills in.
        let info = unsafe {
            webp::WebPAnimDecoderGetInfo(animation.decoder.as_ptr(), info.as_mut_ptr());
            info.assume_init()
        };
        if (info.canvas_width, info.canvas_height) != (width, height) {
            return Err(Failure::Corrupt);
        }
        Ok(animation)
    }

    /// Whether there is another frame.
    pub(super) fn has_more(&self) -> bool {
        // SAFETY: the decoder is live.
        unsafe { webp::WebPAnimDecoderHasMoreFrames(self.decoder.as_ptr()) != 0 }
    }

    /// The canvas after the next frame, RGBA rows without padding, and for how many milliseconds it
    /// is shown.
    pub(super) fn next_canvas(&mut self) -> Result<(&[u8], u32), Failure> {
        let mut canvas = ptr::null_mut();
        let mut until_ms = 0;
        // SAFETY: the decoder is live and writes the two outputs.
        let got = unsafe {
            webp::WebPAnimDecoderGetNext(self.decoder.as_ptr(), &raw mut canvas, &raw mut until_ms)
        };
        if got == 0 || canvas.is_null() {
            return Err(Failure::Corrupt);
        }
        let shown_ms = u32::try_from(until_ms.saturating_sub(self.until_ms)).unwrap_or(0);
        self.until_ms = until_ms;
        // SAFETY: the decoder owns a canvas of the size that was checked when it was opened, valid
        // until its next call, which the borrow of `self` rules out.
        Ok((unsafe { std::slice::from_raw_parts(canvas, self.len) }, shown_ms))
    }
}
