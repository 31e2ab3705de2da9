//! A thin, safe cover over libwebp's encoder of animations, which finds out by itself what changes
//! between frames. It knows the C library's rules and nothing else.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use libwebp_sys as webp;

use crate::pixel::{Error, Result};

/// Encodes frames one after the other; each is compressed when it comes.
pub(super) struct AnimationEncoder {
    encoder: NonNull<webp::WebPAnimEncoder>,
    width: c_int,
    height: c_int,
}

impl Drop for AnimationEncoder {
    fn drop(&mut self) {
        // SAFETY: the encoder came from WebPAnimEncoderNewInternal and is deleted only here.
        unsafe { webp::WebPAnimEncoderDelete(self.encoder.as_ptr()) }
    }
}

/// A picture of libwebp's, freed with its pixels.
struct Picture(webp::WebPPicture);

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: the picture was initialised; freeing it twice or without pixels is allowed.
        unsafe { webp::WebPPictureFree(&raw mut self.0) }
    }
}

impl AnimationEncoder {
    /// An encoder for frames of this size, shown `plays` times, 0 for endlessly.
    pub(super) fn new((width, height): (u32, u32), plays: u16) -> Result<Self> {
        let number = |value: u32| c_int::try_from(value).map_err(|_| failed("too large"));
        let (width, height) = (number(width)?, number(height)?);
        let version = webp::WEBP_MUX_ABI_VERSION as c_int;
        let mut options = MaybeUninit::<webp::WebPAnimEncoderOptions>::uninit();
        // SAFETY: the options are initialised by the first call before anything reads them, and a
        // null result is checked.
        let encoder = unsafe {
            if webp::WebPAnimEncoderOptionsInitInternal(options.as_mut_ptr(), version) == 0 {
                return Err(failed("the WebP encoder does not start"));
            }
            let mut options = options.assume_init();
            options.anim_params.loop_count = plays.into();
            webp::WebPAnimEncoderNewInternal(width, height, &raw const options, version)
        };
        let encoder = NonNull::new(encoder).ok_or(Error::Memory)?;
        Ok(Self { encoder, width, height })
    }

    /// Adds a frame of RGBA (when `alpha`) or RGB pixels that begins at a time.
    pub(super) fn add(
        &mut self,
        pixels: &[u8],
        alpha: bool,
        from_ms: c_int,
        config: &webp::WebPConfig,
    ) -> Result<()> {
        let bands = if alpha { 4 } else { 3 };
        let stride = self.width as usize * bands;
        assert_eq!(pixels.len(), stride * self.height as usize, "the buffer must fit");
        let stride = c_int::try_from(stride).map_err(|_| failed("too large"))?;
        let picture =
            webp::WebPPicture::new().map_err(|()| failed("the WebP encoder does not start"))?;
        let mut picture = Picture(picture);
        picture.0.use_argb = 1;
        picture.0.width = self.width;
        picture.0.height = self.height;
        // SAFETY: `pixels` holds `height` rows of `stride` bytes, as asserted above; the picture is
        // initialised and owns what the import allocates.
        let imported = unsafe {
            if alpha {
                webp::WebPPictureImportRGBA(&raw mut picture.0, pixels.as_ptr(), stride)
            } else {
                webp::WebPPictureImportRGB(&raw mut picture.0, pixels.as_ptr(), stride)
            }
        };
        if imported == 0 {
            return Err(Error::Memory);
        }
        // SAFETY: encoder and picture are live and of the same size; the configuration is read only.
        let added = unsafe {
            let encoder = self.encoder.as_ptr();
            webp::WebPAnimEncoderAdd(encoder, &raw mut picture.0, from_ms, config)
        };
        match (added, picture.0.error_code) {
            (1.., _) => Ok(()),
            (_, code) if is_memory(code) => Err(Error::Memory),
            _ => Err(self.fault()),
        }
    }

    /// The file, whose last frame ends at a time.
    pub(super) fn finish(self, until_ms: c_int) -> Result<Vec<u8>> {
        let mut data = webp::WebPData { bytes: ptr::null(), size: 0 };
        // SAFETY: the encoder is live; no picture and no configuration mark the end, as the library
        // asks; what it assembles is ours to free.
        unsafe {
            let encoder = self.encoder.as_ptr();
            if webp::WebPAnimEncoderAdd(encoder, ptr::null_mut(), until_ms, ptr::null()) == 0
                || webp::WebPAnimEncoderAssemble(encoder, &raw mut data) == 0
                || data.bytes.is_null()
            {
                return Err(self.fault());
            }
            let file = std::slice::from_raw_parts(data.bytes, data.size).to_vec();
            webp::WebPFree(data.bytes.cast_mut().cast());
            Ok(file)
        }
    }

    fn fault(&self) -> Error {
        // SAFETY: the encoder is live and owns the text, which ends in a zero, until its next call.
        let text = unsafe { webp::WebPAnimEncoderGetError(self.encoder.as_ptr()) };
        if text.is_null() {
            return failed("the WebP encoder failed");
        }
        // SAFETY: as above; the text is copied at once.
        let text = unsafe { CStr::from_ptr(text) };
        failed(&format!("the WebP encoder says: {}", text.to_string_lossy()))
    }
}

fn failed(message: &str) -> Error {
    Error::Encode(message.to_owned())
}

/// Whether the encoder gave up because memory is short.
pub(super) fn is_memory(code: webp::WebPEncodingError) -> bool {
    matches!(
        code,
        webp::WebPEncodingError::VP8_ENC_ERROR_OUT_OF_MEMORY
            | webp::WebPEncodingError::VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY
    )
}
