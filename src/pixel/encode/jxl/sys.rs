//! A thin, safe cover over libjxl's encoder: one picture to a whole file.
//!
//! It knows the C library's rules (`jxl/encode.h`, 0.7 to 0.11) and nothing else.
#![allow(unsafe_code, non_camel_case_types, non_snake_case)]

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use crate::pixel::library::{Wanted, functions};

const LIBRARY: Wanted = Wanted {
    names: &["libjxl.so.0.7", "libjxl.so.0.8", "libjxl.so.0.9", "libjxl.so.0.10", "libjxl.so.0.11"],
    package: "libjxl0.7",
};

const SUCCESS: c_int = 0;
const NEED_MORE_OUTPUT: c_int = 2;
const OUT_OF_MEMORY: c_int = 2;
const TRUE: c_int = 1;
const SETTING_EFFORT: c_int = 0;
const TYPE_UINT8: c_int = 2;
const TYPE_UINT16: c_int = 3;
const NATIVE_ENDIAN: c_int = 0;
const EXTRA_ALPHA: c_int = 0;

/// `JxlBasicInfo`, whose last bytes are kept free for later versions.
#[repr(C)]
struct BasicInfo {
    have_container: c_int,
    xsize: u32,
    ysize: u32,
    bits_per_sample: u32,
    exponent_bits_per_sample: u32,
    intensity_target: f32,
    min_nits: f32,
    relative_to_max_display: c_int,
    linear_below: f32,
    uses_original_profile: c_int,
    have_preview: c_int,
    have_animation: c_int,
    orientation: c_int,
    num_color_channels: u32,
    num_extra_channels: u32,
    alpha_bits: u32,
    alpha_exponent_bits: u32,
    alpha_premultiplied: c_int,
    preview: [u32; 2],
    animation: [u32; 4],
    intrinsic: [u32; 2],
    padding: [u8; 100],
}

#[repr(C)]
struct PixelFormat {
    num_channels: u32,
    data_type: c_int,
    endianness: c_int,
    align: usize,
}

/// `JxlExtraChannelInfo`.
#[repr(C)]
struct ExtraChannelInfo {
    kind: c_int,
    bits_per_sample: u32,
    exponent_bits_per_sample: u32,
    dim_shift: u32,
    name_length: u32,
    alpha_premultiplied: c_int,
    spot_color: [f32; 4],
    cfa_channel: u32,
}

/// `JxlColorEncoding`, only ever filled in by the library.
#[repr(C)]
struct ColorEncoding {
    _contents: [f64; 16],
}

#[repr(C)]
pub(crate) struct Encoder {
    _private: [u8; 0],
}

#[repr(C)]
pub(crate) struct FrameSettings {
    _private: [u8; 0],
}

functions! {
    /// libjxl's functions.
    Functions {
        fn JxlEncoderCreate(*const c_void) -> *mut Encoder;
        fn JxlEncoderDestroy(*mut Encoder);
        fn JxlEncoderInitBasicInfo(*mut c_void);
        fn JxlEncoderSetBasicInfo(*mut Encoder, *const c_void) -> c_int;
        fn JxlEncoderInitExtraChannelInfo(c_int, *mut c_void);
        fn JxlEncoderSetExtraChannelInfo(*mut Encoder, usize, *const c_void) -> c_int;
        fn JxlEncoderUseBoxes(*mut Encoder) -> c_int;
        fn JxlEncoderAddBox(*mut Encoder, *const u8, *const u8, usize, c_int) -> c_int;
        fn JxlEncoderSetICCProfile(*mut Encoder, *const u8, usize) -> c_int;
        fn JxlColorEncodingSetToSRGB(*mut c_void, c_int);
        fn JxlEncoderSetColorEncoding(*mut Encoder, *const c_void) -> c_int;
        fn JxlEncoderFrameSettingsCreate(
            *mut Encoder, *const FrameSettings
        ) -> *mut FrameSettings;
        fn JxlEncoderFrameSettingsSetOption(*mut FrameSettings, c_int, i64) -> c_int;
        fn JxlEncoderSetFrameDistance(*mut FrameSettings, f32) -> c_int;
        fn JxlEncoderSetFrameLossless(*mut FrameSettings, c_int) -> c_int;
        fn JxlEncoderAddImageFrame(
            *const FrameSettings, *const c_void, *const c_void, usize
        ) -> c_int;
        fn JxlEncoderCloseInput(*mut Encoder);
        fn JxlEncoderProcessOutput(*mut Encoder, *mut *mut u8, *mut usize) -> c_int;
        fn JxlEncoderGetError(*mut Encoder) -> c_int;
    }
}

/// The library's functions, loaded once per process; a failure is remembered as well.
/// Whether the library is there, with all that is used of it.
pub fn is_there() -> bool {
    functions().is_ok()
}

fn functions() -> Result<&'static Functions, Failure> {
    static FUNCTIONS: OnceLock<Result<Functions, String>> = OnceLock::new();
    FUNCTIONS
        .get_or_init(|| Functions::find(LIBRARY.load()?))
        .as_ref()
        .map_err(|message| Failure::Missing(message.clone()))
}

/// Why there is no file.
pub(super) enum Failure {
    /// The library is not there.
    Missing(String),
    /// Memory is short.
    Memory,
    /// The step that the library refused.
    Refused(&'static str),
}

/// How samples lie in memory: bands interleaved, rows without padding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub width: u32,
    pub height: u32,
    pub gray: bool,
    pub alpha: bool,
    /// Whether each sample has two bytes, in the machine's order.
    pub deep: bool,
}

/// How to encode, and what goes beside the pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'a> {
    /// Butteraugli distance; 0 loses nothing.
    pub distance: f32,
    /// 1–9.
    pub effort: u8,
    /// The Exif value 1–8 by which the picture has to be turned.
    pub orientation: u8,
    pub profile: Option<&'a [u8]>,
    pub exif: Option<&'a [u8]>,
    pub xmp: Option<&'a [u8]>,
}

struct Handle {
    raw: NonNull<Encoder>,
    functions: &'static Functions,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the encoder came from JxlEncoderCreate and is destroyed only here.
        unsafe { (self.functions.JxlEncoderDestroy)(self.raw.as_ptr()) }
    }
}

impl Handle {
    /// Why it failed: the step, unless the library says that memory is short.
    fn reason(&self, failure: Failure) -> Failure {
        // SAFETY: the encoder is live.
        let code = unsafe { (self.functions.JxlEncoderGetError)(self.raw.as_ptr()) };
        if code == OUT_OF_MEMORY { Failure::Memory } else { failure }
    }
}

fn judge(status: c_int, step: &'static str) -> Result<(), Failure> {
    if status == SUCCESS { Ok(()) } else { Err(Failure::Refused(step)) }
}

/// Encodes a picture on this thread. `samples` holds its bytes as `layout` says.
pub(super) fn encode(
    samples: &[u8],
    layout: &Layout,
    settings: &Settings<'_>,
) -> Result<Vec<u8>, Failure> {
    let functions = functions()?;
    // SAFETY: a null pointer asks for the usual memory functions; a null result means no memory.
    let raw = NonNull::new(unsafe { (functions.JxlEncoderCreate)(ptr::null()) })
        .ok_or(Failure::Memory)?;
    let encoder = Handle { raw, functions };
    let file = describe(&encoder, layout, settings)
        .and_then(|()| add_boxes(&encoder, settings))
        .and_then(|()| add_frame(&encoder, samples, layout, settings))
        .and_then(|()| {
            // SAFETY: the encoder is live.
            unsafe { (functions.JxlEncoderCloseInput)(raw.as_ptr()) };
            collect(&encoder)
        });
    file.map_err(|failure| encoder.reason(failure))
}

fn describe(encoder: &Handle, layout: &Layout, settings: &Settings<'_>) -> Result<(), Failure> {
    let (raw, functions) = (encoder.raw.as_ptr(), encoder.functions);
    let bits = if layout.deep { 16 } else { 8 };
    // SAFETY: all-zero bytes are a valid value of these plain structs, which the library then
    // initialises itself; pointers are to locals, and the profile has the stated length.
    unsafe {
        let mut info: BasicInfo = std::mem::zeroed();
        (functions.JxlEncoderInitBasicInfo)((&raw mut info).cast());
        info.xsize = layout.width;
        info.ysize = layout.height;
        info.bits_per_sample = bits;
        info.num_color_channels = if layout.gray { 1 } else { 3 };
        info.num_extra_channels = u32::from(layout.alpha);
        info.alpha_bits = if layout.alpha { bits } else { 0 };
        info.orientation = settings.orientation.into();
        // Without loss the numbers themselves are kept, not what they look like.
        info.uses_original_profile = c_int::from(settings.distance == 0.0);
        judge((functions.JxlEncoderSetBasicInfo)(raw, (&raw const info).cast()), "the header")?;
        if layout.alpha {
            let mut extra: ExtraChannelInfo = std::mem::zeroed();
            (functions.JxlEncoderInitExtraChannelInfo)(EXTRA_ALPHA, (&raw mut extra).cast());
            extra.bits_per_sample = bits;
            let status =
                (functions.JxlEncoderSetExtraChannelInfo)(raw, 0, (&raw const extra).cast());
            judge(status, "transparency")?;
        }
        if let Some(profile) = settings.profile {
            let status = (functions.JxlEncoderSetICCProfile)(raw, profile.as_ptr(), profile.len());
            return judge(status, "the colour profile");
        }
        let mut colours: ColorEncoding = std::mem::zeroed();
        (functions.JxlColorEncodingSetToSRGB)((&raw mut colours).cast(), layout.gray.into());
        let status = (functions.JxlEncoderSetColorEncoding)(raw, (&raw const colours).cast());
        judge(status, "the colour space")
    }
}

fn add_boxes(encoder: &Handle, settings: &Settings<'_>) -> Result<(), Failure> {
    let (raw, functions) = (encoder.raw.as_ptr(), encoder.functions);
    if settings.exif.is_none() && settings.xmp.is_none() {
        return Ok(());
    }
    // SAFETY: the encoder is live.
    judge(unsafe { (functions.JxlEncoderUseBoxes)(raw) }, "metadata")?;
    // An Exif box begins with the distance of its content.
    let exif = settings.exif.map(|exif| [&[0; 4], exif].concat());
    for (name, content) in [(b"Exif", exif.as_deref()), (b"xml ", settings.xmp)] {
        if let Some(content) = content {
            // SAFETY: the encoder is live, the name has four bytes, the content the stated length.
            let status = unsafe {
                (functions.JxlEncoderAddBox)(raw, name.as_ptr(), content.as_ptr(), content.len(), 0)
            };
            judge(status, "metadata")?;
        }
    }
    Ok(())
}

fn add_frame(
    encoder: &Handle,
    samples: &[u8],
    layout: &Layout,
    settings: &Settings<'_>,
) -> Result<(), Failure> {
    let (raw, functions) = (encoder.raw.as_ptr(), encoder.functions);
    let bands = if layout.gray { 1 } else { 3 } + u32::from(layout.alpha);
    let bytes = if layout.deep { 2 } else { 1 };
    let len = layout.width as usize * layout.height as usize * bands as usize * bytes;
    assert_eq!(samples.len(), len, "the buffer must fit");
    let format = PixelFormat {
        num_channels: bands,
        data_type: if layout.deep { TYPE_UINT16 } else { TYPE_UINT8 },
        endianness: NATIVE_ENDIAN,
        align: 0,
    };
    // SAFETY: the encoder is live and owns the settings that it creates; the buffer has the length
    // that the header and the format describe, as asserted.
    unsafe {
        let frame = (functions.JxlEncoderFrameSettingsCreate)(raw, ptr::null());
        if frame.is_null() {
            return Err(Failure::Refused("starting"));
        }
        let effort = i64::from(settings.effort);
        judge(
            (functions.JxlEncoderFrameSettingsSetOption)(frame, SETTING_EFFORT, effort),
            "the effort",
        )?;
        if settings.distance == 0.0 {
            judge((functions.JxlEncoderSetFrameLossless)(frame, TRUE), "lossless coding")?;
        } else {
            let status = (functions.JxlEncoderSetFrameDistance)(frame, settings.distance);
            judge(status, "the quality")?;
        }
        let status = (functions.JxlEncoderAddImageFrame)(
            frame,
            (&raw const format).cast(),
            samples.as_ptr().cast(),
            samples.len(),
        );
        judge(status, "the picture")
    }
}

fn collect(encoder: &Handle) -> Result<Vec<u8>, Failure> {
    const GROW_BYTES: usize = 64 * 1024;
    let mut out: Vec<u8> = Vec::new();
    loop {
        let start = out.len();
        out.resize(start + GROW_BYTES.max(start), 0);
        let free = &mut out[start..];
        let (mut next, mut left) = (free.as_mut_ptr(), free.len());
        let room = left;
        // SAFETY: the encoder is live, and `left` bytes from `next` on may be written.
        let status = unsafe {
            (encoder.functions.JxlEncoderProcessOutput)(
                encoder.raw.as_ptr(),
                &raw mut next,
                &raw mut left,
            )
        };
        out.truncate(start + room - left);
        match status {
            SUCCESS => return Ok(out),
            NEED_MORE_OUTPUT => {}
            _ => return Err(Failure::Refused("the picture")),
        }
    }
}
