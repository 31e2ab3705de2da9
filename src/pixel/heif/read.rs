//! Reading: a container, its pictures, their pixels.

use std::ffi::{CStr, c_int};
use std::ptr::{self, NonNull};

use super::sys::{self, Functions, functions};
use super::{Failure, judge};

/// A metadata block larger than this is none.
const MAX_BLOCK_BYTES: usize = 16 << 20;
/// More pictures than this are not looked at.
const MAX_PICTURES: c_int = 10_000;

/// A file in memory whose boxes have been read.
pub(in crate::pixel) struct Container {
    raw: NonNull<sys::heif_context>,
    functions: &'static Functions,
    /// The library reads the pictures' data from here.
    _data: Vec<u8>,
}

// SAFETY: libheif's objects belong to no thread, and only one thread has this one at a time.
unsafe impl Send for Container {}

impl Drop for Container {
    fn drop(&mut self) {
        // SAFETY: the context came from heif_context_alloc and is freed only here.
        unsafe { (self.functions.heif_context_free)(self.raw.as_ptr()) }
    }
}

impl Container {
    /// Reads the boxes of a whole file. Pictures with more than `max_side` columns or rows are
    /// refused by the library itself.
    pub fn read(data: Vec<u8>, max_side: u32) -> Result<Self, Failure> {
        let functions = functions()?;
        // SAFETY: it takes nothing; a null result means no memory.
        let raw =
            NonNull::new(unsafe { (functions.heif_context_alloc)() }).ok_or(Failure::Memory)?;
        let container = Self { raw, functions, _data: data };
        let max_side = c_int::try_from(max_side).unwrap_or(c_int::MAX);
        // SAFETY: the context is live, and the data lives and stays in place as long as it.
        let error = unsafe {
            (functions.heif_context_set_maximum_image_size_limit)(raw.as_ptr(), max_side);
            // Tiles are decoded one after the other, on this thread.
            (functions.heif_context_set_max_decoding_threads)(raw.as_ptr(), 0);
            (functions.heif_context_read_from_memory_without_copy)(
                raw.as_ptr(),
                container._data.as_ptr().cast(),
                container._data.len(),
                ptr::null(),
            )
        };
        judge(error)?;
        Ok(container)
    }

    /// The pictures that are meant to be seen by themselves: the primary one, then the others in
    /// the file's order.
    pub fn pictures(&self) -> Result<Vec<u32>, Failure> {
        let (raw, functions) = (self.raw.as_ptr(), self.functions);
        let mut primary = 0;
        // SAFETY: the context is live, and the number is written to a local.
        judge(unsafe { (functions.heif_context_get_primary_image_ID)(raw, &raw mut primary) })?;
        // SAFETY: the context is live.
        let count = unsafe { (functions.heif_context_get_number_of_top_level_images)(raw) };
        let count = count.clamp(0, MAX_PICTURES);
        let mut ids = vec![0; count as usize];
        // SAFETY: the list has room for `count` numbers.
        let written = unsafe {
            (functions.heif_context_get_list_of_top_level_image_IDs)(raw, ids.as_mut_ptr(), count)
        };
        ids.truncate(usize::try_from(written).unwrap_or(0));
        ids.retain(|id| *id != primary);
        ids.insert(0, primary);
        Ok(ids)
    }

    /// One picture; it keeps the container.
    pub fn into_picture(self, id: u32) -> Result<Picture, Failure> {
        let mut handle = ptr::null_mut();
        // SAFETY: the context is live, and the handle is written to a local.
        judge(unsafe {
            (self.functions.heif_context_get_image_handle)(self.raw.as_ptr(), id, &raw mut handle)
        })?;
        let raw = NonNull::new(handle)
            .ok_or_else(|| Failure::Corrupt("it has no such picture".to_owned()))?;
        Ok(Picture { raw, container: self })
    }
}

/// What a picture's numbers mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pixel) enum Colours {
    /// The file does not say.
    Unsaid,
    /// As an ICC profile says.
    Profile(Vec<u8>),
    /// As two code points of ITU-T H.273 say.
    Coded { primaries: u16, transfer: u16 },
}

/// One picture of a container, its transformations (turn, mirror, clean aperture) applied.
pub(in crate::pixel) struct Picture {
    raw: NonNull<sys::heif_image_handle>,
    container: Container,
}

// SAFETY: as for the container.
unsafe impl Send for Picture {}

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: the handle came from heif_context_get_image_handle and is released only here,
        // before the context is.
        unsafe { (self.container.functions.heif_image_handle_release)(self.raw.as_ptr()) }
    }
}

impl Picture {
    fn number(&self, get: unsafe extern "C" fn(*const sys::heif_image_handle) -> c_int) -> u32 {
        // SAFETY: the handle is live, and the functions given here only read it.
        u32::try_from(unsafe { get(self.raw.as_ptr()) }).unwrap_or(0)
    }

    /// Width and height as shown.
    pub fn size(&self) -> (u32, u32) {
        let functions = self.container.functions;
        (
            self.number(functions.heif_image_handle_get_width),
            self.number(functions.heif_image_handle_get_height),
        )
    }

    /// Width and height as coded, before a clean aperture.
    pub fn coded_size(&self) -> (u32, u32) {
        let functions = self.container.functions;
        (
            self.number(functions.heif_image_handle_get_ispe_width),
            self.number(functions.heif_image_handle_get_ispe_height),
        )
    }

    /// Bits per sample.
    pub fn bits(&self) -> u32 {
        self.number(self.container.functions.heif_image_handle_get_luma_bits_per_pixel)
    }

    /// Whether it has alpha.
    pub fn alpha(&self) -> bool {
        self.number(self.container.functions.heif_image_handle_has_alpha_channel) != 0
    }

    /// Whether its colours are multiplied by its alpha.
    pub fn premultiplied(&self) -> bool {
        self.number(self.container.functions.heif_image_handle_is_premultiplied_alpha) != 0
    }

    /// What its numbers mean.
    pub fn colours(&self) -> Result<Colours, Failure> {
        let (raw, functions) = (self.raw.as_ptr(), self.container.functions);
        // SAFETY: the handle is live.
        let kind = unsafe { (functions.heif_image_handle_get_color_profile_type)(raw) };
        if matches!(kind, sys::PROFILE_ICC | sys::PROFILE_RESTRICTED_ICC) {
            // SAFETY: the handle is live.
            let len = unsafe { (functions.heif_image_handle_get_raw_color_profile_size)(raw) };
            if len > MAX_BLOCK_BYTES {
                return Ok(Colours::Unsaid);
            }
            let mut profile = vec![0; len];
            // SAFETY: the buffer has the length that the library has told.
            judge(unsafe {
                (functions.heif_image_handle_get_raw_color_profile)(
                    raw,
                    profile.as_mut_ptr().cast(),
                )
            })?;
            return Ok(Colours::Profile(profile));
        }
        if kind != sys::PROFILE_NCLX {
            return Ok(Colours::Unsaid);
        }
        let mut nclx = ptr::null_mut();
        // SAFETY: the handle is live; the library allocates what it writes to the local, and it is
        // freed after its two numbers have been read.
        unsafe {
            judge((functions.heif_image_handle_get_nclx_color_profile)(raw, &raw mut nclx))?;
            let Some(found) = nclx.as_ref() else { return Ok(Colours::Unsaid) };
            let code = |value| u16::try_from(value).unwrap_or(2);
            let colours = Colours::Coded {
                primaries: code(found.color_primaries),
                transfer: code(found.transfer_characteristics),
            };
            (functions.heif_nclx_color_profile_free)(nclx);
            Ok(colours)
        }
    }

    /// The metadata blocks of an item type (`Exif`, `mime`) with their content types.
    pub fn blocks(&self, kind: &CStr) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let (raw, functions) = (self.raw.as_ptr(), self.container.functions);
        // SAFETY: handle and string are live.
        let count = unsafe {
            (functions.heif_image_handle_get_number_of_metadata_blocks)(raw, kind.as_ptr())
        };
        let count = count.clamp(0, 100);
        let mut ids = vec![0; count as usize];
        // SAFETY: the list has room for `count` numbers.
        unsafe {
            (functions.heif_image_handle_get_list_of_metadata_block_IDs)(
                raw,
                kind.as_ptr(),
                ids.as_mut_ptr(),
                count,
            );
        }
        let mut blocks = Vec::new();
        for id in ids {
            // SAFETY: the handle is live; the string, if any, is terminated and copied at once.
            let (len, content_type) = unsafe {
                let text = (functions.heif_image_handle_get_metadata_content_type)(raw, id);
                let text = if text.is_null() { c"" } else { CStr::from_ptr(text) };
                let len = (functions.heif_image_handle_get_metadata_size)(raw, id);
                (len, text.to_string_lossy().into_owned())
            };
            if len == 0 || len > MAX_BLOCK_BYTES {
                continue;
            }
            let mut block = vec![0; len];
            // SAFETY: the buffer has the length that the library has told.
            judge(unsafe {
                (functions.heif_image_handle_get_metadata)(raw, id, block.as_mut_ptr().cast())
            })?;
            blocks.push((content_type, block));
        }
        Ok(blocks)
    }

    /// Decodes to RGB, with alpha when the picture has it: at 8 bits, or `deep` at as many as it
    /// has, each sample in two bytes.
    pub fn decode(&self, deep: bool) -> Result<Pixels, Failure> {
        let functions = self.container.functions;
        let chroma = match (deep, self.alpha()) {
            (false, false) => sys::CHROMA_RGB,
            (false, true) => sys::CHROMA_RGBA,
            (true, false) => sys::CHROMA_RGB_16LE,
            (true, true) => sys::CHROMA_RGBA_16LE,
        };
        let mut image = ptr::null_mut();
        // SAFETY: the options come from the library, which has set those that are not set here, and
        // are freed after use; the handle is live; the image is written to a local.
        let error = unsafe {
            let options = (functions.heif_decoding_options_alloc)();
            let Some(set) = options.as_mut() else {
                return Err(Failure::Memory);
            };
            if set.version >= 3 {
                set.strict_decoding = 1;
            }
            let error = (functions.heif_decode_image)(
                self.raw.as_ptr(),
                &raw mut image,
                sys::COLORSPACE_RGB,
                chroma,
                options,
            );
            (functions.heif_decoding_options_free)(options);
            error
        };
        judge(error)?;
        let raw = NonNull::new(image)
            .ok_or_else(|| Failure::Corrupt("the decoder gives no picture".to_owned()))?;
        Ok(Pixels { raw, functions, bands: if self.alpha() { 4 } else { 3 }, deep })
    }
}

/// A decoded picture.
pub(in crate::pixel) struct Pixels {
    raw: NonNull<sys::heif_image>,
    functions: &'static Functions,
    bands: usize,
    deep: bool,
}

impl Drop for Pixels {
    fn drop(&mut self) {
        // SAFETY: the image came from heif_decode_image and is released only here.
        unsafe { (self.functions.heif_image_release)(self.raw.as_ptr()) }
    }
}

/// The interleaved samples of a decoded picture.
pub(in crate::pixel) struct Plane<'a> {
    pub width: u32,
    pub height: u32,
    /// Bits that the samples use.
    pub bits: u32,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// The rows, the last one perhaps without its padding.
    pub bytes: &'a [u8],
}

impl Pixels {
    /// The samples.
    pub fn plane(&self) -> Result<Plane<'_>, Failure> {
        let (raw, functions) = (self.raw.as_ptr(), self.functions);
        let channel = sys::CHANNEL_INTERLEAVED;
        let mut stride = 0;
        // SAFETY: the image is live; the stride is written to a local.
        let (width, height, bits, data) = unsafe {
            (
                (functions.heif_image_get_width)(raw, channel),
                (functions.heif_image_get_height)(raw, channel),
                (functions.heif_image_get_bits_per_pixel_range)(raw, channel),
                (functions.heif_image_get_plane_readonly)(raw, channel, &raw mut stride),
            )
        };
        let wrong = || Failure::Corrupt("the decoder gives no picture".to_owned());
        let number = |value: c_int| usize::try_from(value).map_err(|_| wrong());
        let (columns, rows, stride) = (number(width)?, number(height)?, number(stride)?);
        let row = columns * self.bands * if self.deep { 2 } else { 1 };
        if data.is_null() || columns == 0 || rows == 0 || stride < row {
            return Err(wrong());
        }
        // SAFETY: libheif's planes hold `height` rows, `stride` bytes apart, of interleaved
        // samples, and live as long as the image, which this borrows.
        let bytes = unsafe { std::slice::from_raw_parts(data, stride * (rows - 1) + row) };
        let bits = u32::try_from(bits).map_err(|_| wrong())?;
        Ok(Plane { width: columns as u32, height: rows as u32, bits, stride, bytes })
    }
}
