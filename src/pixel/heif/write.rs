//! Writing: one picture as AVIF.

use std::ffi::{CString, c_int, c_void};
use std::ptr::{self, NonNull};

use super::sys::{self, Functions, functions};
use super::{Failure, judge};

/// How samples lie in memory: bands interleaved, rows without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pixel) struct Layout {
    pub width: u32,
    pub height: u32,
    /// Whether there is one colour band instead of three.
    pub gray: bool,
    pub alpha: bool,
    /// 8: a byte per sample. 12: two bytes in the machine's order.
    pub bits: u8,
}

/// How finely chroma is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pixel) enum Chroma {
    /// At half the resolution along both axes.
    Half,
    /// At full resolution.
    Full,
}

/// How to encode, and what goes beside the pixels.
#[derive(Debug, Clone, Copy)]
pub(in crate::pixel) struct Settings<'a> {
    /// 0–100 of libheif's own scale.
    pub quality: u8,
    /// 0–9, the higher the faster.
    pub speed: u8,
    pub chroma: Chroma,
    /// The Exif value 1–8 by which the picture has to be turned.
    pub orientation: u8,
    pub profile: Option<&'a [u8]>,
    pub exif: Option<&'a [u8]>,
    pub xmp: Option<&'a [u8]>,
}

/// Code points of ITU-T H.273.
const SRGB_PRIMARIES: c_int = 1;
const SRGB_TRANSFER: c_int = 13;
const UNSPECIFIED: c_int = 2;
const MATRIX_601: c_int = 6;

/// Encodes a picture. `samples` holds its bytes as `layout` says.
pub(in crate::pixel) fn write(
    samples: &[u8],
    layout: &Layout,
    settings: &Settings<'_>,
) -> Result<Vec<u8>, Failure> {
    let functions = functions()?;
    // SAFETY: it takes nothing; a null result means no memory.
    let context =
        Guard::new(unsafe { (functions.heif_context_alloc)() }, functions.heif_context_free)?;
    let image = picture(functions, samples, layout, settings)?;
    let mut encoder = ptr::null_mut();
    // SAFETY: the context is live; the encoder is written to a local.
    judge(unsafe {
        (functions.heif_context_get_encoder_for_format)(
            context.get(),
            sys::COMPRESSION_AV1,
            &raw mut encoder,
        )
    })?;
    let encoder = Guard::new(encoder, functions.heif_encoder_release)?;
    configure(functions, &encoder, settings)?;
    let handle = encode(functions, &context, &image, &encoder, settings)?;
    for (block, add) in [
        (settings.exif, functions.heif_context_add_exif_metadata),
        (settings.xmp, functions.heif_context_add_XMP_metadata),
    ] {
        if let Some(block) = block {
            let len = c_int::try_from(block.len())
                .map_err(|_| Failure::Limit("its metadata is too long".to_owned()))?;
            // SAFETY: context and handle are live, and the block has the stated length.
            judge(unsafe { add(context.get(), handle.get(), block.as_ptr().cast(), len) })?;
        }
    }
    let mut out: Vec<u8> = Vec::new();
    let mut writer = sys::heif_writer { writer_api_version: 1, write: append };
    // SAFETY: the context is live; `append` is given `out`, which outlives the call.
    judge(unsafe {
        (functions.heif_context_write)(context.get(), &raw mut writer, (&raw mut out).cast())
    })?;
    Ok(out)
}

/// An object of the library, released when dropped.
struct Guard<T> {
    raw: NonNull<T>,
    release: unsafe extern "C" fn(*mut T),
}

impl<T> Guard<T> {
    fn new(raw: *mut T, release: unsafe extern "C" fn(*mut T)) -> Result<Self, Failure> {
        let raw = NonNull::new(raw).ok_or(Failure::Memory)?;
        Ok(Self { raw, release })
    }

    fn get(&self) -> *mut T {
        self.raw.as_ptr()
    }
}

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        // SAFETY: the object came from the library with the function that releases it, and this
        // is the only place where that is called.
        unsafe { (self.release)(self.raw.as_ptr()) }
    }
}

/// The same for objects that the library releases through a pointer to const.
struct ConstGuard<T> {
    raw: NonNull<T>,
    release: unsafe extern "C" fn(*const T),
}

impl<T> ConstGuard<T> {
    fn get(&self) -> *mut T {
        self.raw.as_ptr()
    }
}

impl<T> Drop for ConstGuard<T> {
    fn drop(&mut self) {
        // SAFETY: as for `Guard`.
        unsafe { (self.release)(self.raw.as_ptr()) }
    }
}

type Nclx = Guard<sys::heif_color_profile_nclx>;

/// What the numbers mean: sRGB, or what the profile beside says.
fn nclx(functions: &'static Functions, profiled: bool) -> Result<Nclx, Failure> {
    // SAFETY: it takes nothing; a null result means no memory.
    let nclx = unsafe { (functions.heif_nclx_color_profile_alloc)() };
    let nclx = Guard::new(nclx, functions.heif_nclx_color_profile_free)?;
    // SAFETY: the struct is live, and its first fields are the same in all versions.
    unsafe {
        let set = &mut *nclx.get();
        set.color_primaries = if profiled { UNSPECIFIED } else { SRGB_PRIMARIES };
        set.transfer_characteristics = if profiled { UNSPECIFIED } else { SRGB_TRANSFER };
        set.matrix_coefficients = MATRIX_601;
        set.full_range_flag = 1;
    }
    Ok(nclx)
}

/// The picture in the library's own memory.
fn picture(
    functions: &'static Functions,
    samples: &[u8],
    layout: &Layout,
    settings: &Settings<'_>,
) -> Result<ConstGuard<sys::heif_image>, Failure> {
    let number = |value: u32| {
        c_int::try_from(value).map_err(|_| Failure::Limit("it is too large".to_owned()))
    };
    let (width, height) = (number(layout.width)?, number(layout.height)?);
    let (space, chroma) = match (layout.gray, layout.bits > 8, layout.alpha) {
        (true, _, _) => (sys::COLORSPACE_MONOCHROME, sys::CHROMA_MONOCHROME),
        (false, false, false) => (sys::COLORSPACE_RGB, sys::CHROMA_RGB),
        (false, false, true) => (sys::COLORSPACE_RGB, sys::CHROMA_RGBA),
        (false, true, false) => (sys::COLORSPACE_RGB, sys::CHROMA_RGB_16LE),
        (false, true, true) => (sys::COLORSPACE_RGB, sys::CHROMA_RGBA_16LE),
    };
    let mut image = ptr::null_mut();
    // SAFETY: the image is written to a local.
    judge(unsafe { (functions.heif_image_create)(width, height, space, chroma, &raw mut image) })?;
    let raw = NonNull::new(image).ok_or(Failure::Memory)?;
    let image = ConstGuard { raw, release: functions.heif_image_release };
    let bands = if layout.gray { 1 } else { 3 } + usize::from(layout.alpha);
    if layout.gray {
        fill(functions, &image, sys::CHANNEL_Y, samples, layout, bands, 0..1)?;
        if layout.alpha {
            fill(functions, &image, sys::CHANNEL_ALPHA, samples, layout, bands, 1..2)?;
        }
    } else {
        fill(functions, &image, sys::CHANNEL_INTERLEAVED, samples, layout, bands, 0..bands)?;
    }
    if let Some(profile) = settings.profile {
        // SAFETY: the image is live, and the profile has the stated length and is copied.
        judge(unsafe {
            (functions.heif_image_set_raw_color_profile)(
                image.get(),
                c"prof".as_ptr(),
                profile.as_ptr().cast(),
                profile.len(),
            )
        })?;
    }
    let nclx = nclx(functions, settings.profile.is_some())?;
    // SAFETY: image and profile are live; the profile is copied.
    judge(unsafe { (functions.heif_image_set_nclx_color_profile)(image.get(), nclx.get()) })?;
    Ok(image)
}

/// Adds a channel and copies some of the bands into it.
fn fill(
    functions: &Functions,
    image: &ConstGuard<sys::heif_image>,
    channel: c_int,
    samples: &[u8],
    layout: &Layout,
    bands: usize,
    taken: std::ops::Range<usize>,
) -> Result<(), Failure> {
    let mut stride = 0;
    // SAFETY: the image is live, and sizes and depth are plain numbers, which were checked to fit.
    let plane = unsafe {
        judge((functions.heif_image_add_plane)(
            image.get(),
            channel,
            layout.width as c_int,
            layout.height as c_int,
            layout.bits.into(),
        ))?;
        (functions.heif_image_get_plane)(image.get(), channel, &raw mut stride)
    };
    let sample = if layout.bits > 8 { 2 } else { 1 };
    let line = layout.width as usize * taken.len() * sample;
    let stride = usize::try_from(stride).unwrap_or(0);
    if plane.is_null() || stride < line {
        return Err(Failure::Memory);
    }
    let rows = samples.chunks_exact(layout.width as usize * bands * sample);
    assert_eq!(rows.len(), layout.height as usize, "the buffer must fit");
    for (y, row) in rows.enumerate() {
        // SAFETY: the plane has `height` rows, `stride` bytes apart, of at least `line` bytes.
        let to = unsafe { std::slice::from_raw_parts_mut(plane.add(y * stride), line) };
        let pixels =
            row.chunks_exact(bands * sample).zip(to.chunks_exact_mut(taken.len() * sample));
        for (from, to) in pixels {
            to.copy_from_slice(&from[taken.start * sample..taken.end * sample]);
        }
    }
    Ok(())
}

fn configure(
    functions: &Functions,
    encoder: &Guard<sys::heif_encoder>,
    settings: &Settings<'_>,
) -> Result<(), Failure> {
    // SAFETY: the encoder is live.
    judge(unsafe {
        (functions.heif_encoder_set_lossy_quality)(encoder.get(), settings.quality.into())
    })?;
    let chroma = match settings.chroma {
        Chroma::Half => "420",
        Chroma::Full => "444",
    };
    for (name, value) in [
        (c"speed", settings.speed.to_string()),
        (c"threads", "1".to_owned()),
        (c"chroma", chroma.to_owned()),
        // An edge of transparency that is off shows more than a colour that is.
        (c"alpha-quality", settings.quality.max(90).to_string()),
    ] {
        let value = CString::new(value).expect("these values hold no zero byte");
        // SAFETY: encoder and strings are live.
        judge(unsafe {
            (functions.heif_encoder_set_parameter)(encoder.get(), name.as_ptr(), value.as_ptr())
        })?;
    }
    Ok(())
}

fn encode(
    functions: &'static Functions,
    context: &Guard<sys::heif_context>,
    image: &ConstGuard<sys::heif_image>,
    encoder: &Guard<sys::heif_encoder>,
    settings: &Settings<'_>,
) -> Result<ConstGuard<sys::heif_image_handle>, Failure> {
    // SAFETY: it takes nothing; a null result means no memory.
    let options = unsafe { (functions.heif_encoding_options_alloc)() };
    let options = Guard::new(options, functions.heif_encoding_options_free)?;
    let nclx = nclx(functions, settings.profile.is_some())?;
    let mut handle = ptr::null_mut();
    // SAFETY: the options are the library's own, of a version that has these fields since 1.14;
    // everything handed over is live until the call returns.
    let error = unsafe {
        let set = &mut *options.get();
        set.output_nclx_profile = nclx.get();
        set.save_two_colr_boxes_when_icc_and_nclx_available = 1;
        set.image_orientation = settings.orientation.into();
        (functions.heif_context_encode_image)(
            context.get(),
            image.get(),
            encoder.get(),
            options.get(),
            &raw mut handle,
        )
    };
    judge(error)?;
    let raw = NonNull::new(handle)
        .ok_or_else(|| Failure::Corrupt("the encoder gives no picture".to_owned()))?;
    Ok(ConstGuard { raw, release: functions.heif_image_handle_release })
}

/// Takes what the library writes.
unsafe extern "C" fn append(
    _: *mut sys::heif_context,
    data: *const c_void,
    len: usize,
    out: *mut c_void,
) -> sys::heif_error {
    // SAFETY: `out` is the vector that `write` hands over, and the library gives `len` bytes.
    unsafe {
        let out = &mut *out.cast::<Vec<u8>>();
        if len > 0 {
            out.extend_from_slice(std::slice::from_raw_parts(data.cast(), len));
        }
    }
    sys::heif_error { code: sys::OK, subcode: 0, message: c"".as_ptr() }
}
