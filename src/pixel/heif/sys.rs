//! libheif's declarations, as far as they are used: types, numbers and functions of `heif.h`.
#![allow(non_camel_case_types, non_snake_case)]

use std::ffi::{c_char, c_int, c_void};
use std::sync::OnceLock;

use super::Failure;
use crate::pixel::library::{Wanted, functions};

const LIBRARY: Wanted = Wanted { names: &["libheif.so.1"], package: "libheif1" };

/// Version 1.15.0, as `heif_get_version_number` tells it.
const OLDEST: u32 = 0x010f_0000;

pub(super) const OK: c_int = 0;
pub(super) const UNSUPPORTED_FILETYPE: c_int = 3;
pub(super) const UNSUPPORTED_FEATURE: c_int = 4;
pub(super) const MEMORY: c_int = 6;
pub(super) const PLUGIN_LOADING: c_int = 11;
pub(super) const SECURITY_LIMIT: c_int = 1000;
pub(super) const UNSUPPORTED_CODEC: c_int = 3000;

pub(super) const COLORSPACE_RGB: c_int = 1;
pub(super) const COLORSPACE_MONOCHROME: c_int = 2;
pub(super) const CHROMA_MONOCHROME: c_int = 0;
pub(super) const CHROMA_RGB: c_int = 10;
pub(super) const CHROMA_RGBA: c_int = 11;
pub(super) const CHROMA_RGB_16LE: c_int = 14;
pub(super) const CHROMA_RGBA_16LE: c_int = 15;
pub(super) const CHANNEL_Y: c_int = 0;
pub(super) const CHANNEL_ALPHA: c_int = 6;
pub(super) const CHANNEL_INTERLEAVED: c_int = 10;
pub(super) const COMPRESSION_AV1: c_int = 4;

pub(super) const PROFILE_NCLX: u32 = u32::from_be_bytes(*b"nclx");
pub(super) const PROFILE_RESTRICTED_ICC: u32 = u32::from_be_bytes(*b"rICC");
pub(super) const PROFILE_ICC: u32 = u32::from_be_bytes(*b"prof");

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct heif_error {
    pub code: c_int,
    pub subcode: c_int,
    pub message: *const c_char,
}

/// The fields that every version since 1.0 has; the library allocates and fills in the rest.
#[repr(C)]
pub(crate) struct heif_color_profile_nclx {
    pub version: u8,
    pub color_primaries: c_int,
    pub transfer_characteristics: c_int,
    pub matrix_coefficients: c_int,
    pub full_range_flag: u8,
}

/// The fields up to version 2; the library allocates the struct and sets `version`.
#[repr(C)]
pub(crate) struct heif_decoding_options {
    pub version: u8,
    pub ignore_transformations: u8,
    pub start_progress: *const c_void,
    pub on_progress: *const c_void,
    pub end_progress: *const c_void,
    pub progress_user_data: *mut c_void,
    pub convert_hdr_to_8bit: u8,
    /// Since version 3.
    pub strict_decoding: u8,
}

/// The fields up to version 5; the library allocates the struct and sets `version`.
#[repr(C)]
pub(crate) struct heif_encoding_options {
    pub version: u8,
    pub save_alpha_channel: u8,
    pub macos_compatibility_workaround: u8,
    pub save_two_colr_boxes_when_icc_and_nclx_available: u8,
    pub output_nclx_profile: *mut heif_color_profile_nclx,
    pub macos_compatibility_workaround_no_nclx_profile: u8,
    pub image_orientation: c_int,
}

#[repr(C)]
pub(crate) struct heif_writer {
    pub writer_api_version: c_int,
    pub write:
        unsafe extern "C" fn(*mut heif_context, *const c_void, usize, *mut c_void) -> heif_error,
}

/// Declares types that are only seen through pointers.
macro_rules! opaque {
    ($($name:ident),*) => {
        $(#[repr(C)]
        pub(crate) struct $name {
            _private: [u8; 0],
        })*
    };
}

opaque!(heif_context, heif_image_handle, heif_image, heif_encoder);

functions! {
    /// libheif's functions.
    Functions {
        fn heif_get_version_number() -> u32;
        fn heif_init(*mut c_void) -> heif_error;
        fn heif_context_alloc() -> *mut heif_context;
        fn heif_context_free(*mut heif_context);
        fn heif_context_read_from_memory_without_copy(
            *mut heif_context, *const c_void, usize, *const c_void
        ) -> heif_error;
        fn heif_context_get_number_of_top_level_images(*mut heif_context) -> c_int;
        fn heif_context_get_list_of_top_level_image_IDs(
            *mut heif_context, *mut u32, c_int
        ) -> c_int;
        fn heif_context_get_primary_image_ID(*mut heif_context, *mut u32) -> heif_error;
        fn heif_context_get_image_handle(
            *mut heif_context, u32, *mut *mut heif_image_handle
        ) -> heif_error;
        fn heif_context_set_maximum_image_size_limit(*mut heif_context, c_int);
        fn heif_context_set_max_decoding_threads(*mut heif_context, c_int);
        fn heif_image_handle_release(*const heif_image_handle);
        fn heif_image_handle_get_width(*const heif_image_handle) -> c_int;
        fn heif_image_handle_get_height(*const heif_image_handle) -> c_int;
        fn heif_image_handle_get_ispe_width(*const heif_image_handle) -> c_int;
        fn heif_image_handle_get_ispe_height(*const heif_image_handle) -> c_int;
        fn heif_image_handle_has_alpha_channel(*const heif_image_handle) -> c_int;
        fn heif_image_handle_is_premultiplied_alpha(*const heif_image_handle) -> c_int;
        fn heif_image_handle_get_luma_bits_per_pixel(*const heif_image_handle) -> c_int;
        fn heif_image_handle_get_number_of_metadata_blocks(
            *const heif_image_handle, *const c_char
        ) -> c_int;
        fn heif_image_handle_get_list_of_metadata_block_IDs(
            *const heif_image_handle, *const c_char, *mut u32, c_int
        ) -> c_int;
        fn heif_image_handle_get_metadata_content_type(
            *const heif_image_handle, u32
        ) -> *const c_char;
        fn heif_image_handle_get_metadata_size(*const heif_image_handle, u32) -> usize;
        fn heif_image_handle_get_metadata(
            *const heif_image_handle, u32, *mut c_void
        ) -> heif_error;
        fn heif_image_handle_get_color_profile_type(*const heif_image_handle) -> u32;
        fn heif_image_handle_get_raw_color_profile_size(*const heif_image_handle) -> usize;
        fn heif_image_handle_get_raw_color_profile(
            *const heif_image_handle, *mut c_void
        ) -> heif_error;
        fn heif_image_handle_get_nclx_color_profile(
            *const heif_image_handle, *mut *mut heif_color_profile_nclx
        ) -> heif_error;
        fn heif_nclx_color_profile_alloc() -> *mut heif_color_profile_nclx;
        fn heif_nclx_color_profile_free(*mut heif_color_profile_nclx);
        fn heif_decoding_options_alloc() -> *mut heif_decoding_options;
        fn heif_decoding_options_free(*mut heif_decoding_options);
        fn heif_decode_image(
            *const heif_image_handle, *mut *mut heif_image, c_int, c_int,
            *const heif_decoding_options,
        ) -> heif_error;
        fn heif_image_get_width(*const heif_image, c_int) -> c_int;
        fn heif_image_get_height(*const heif_image, c_int) -> c_int;
        fn heif_image_get_bits_per_pixel_range(*const heif_image, c_int) -> c_int;
        fn heif_image_get_plane_readonly(
            *const heif_image, c_int, *mut c_int
        ) -> *const u8;
        fn heif_image_release(*const heif_image);
        fn heif_image_create(
            c_int, c_int, c_int, c_int, *mut *mut heif_image
        ) -> heif_error;
        fn heif_image_add_plane(
            *mut heif_image, c_int, c_int, c_int, c_int
        ) -> heif_error;
        fn heif_image_get_plane(*mut heif_image, c_int, *mut c_int) -> *mut u8;
        fn heif_image_set_raw_color_profile(
            *mut heif_image, *const c_char, *const c_void, usize
        ) -> heif_error;
        fn heif_image_set_nclx_color_profile(
            *mut heif_image, *const heif_color_profile_nclx
        ) -> heif_error;
        fn heif_context_get_encoder_for_format(
            *mut heif_context, c_int, *mut *mut heif_encoder
        ) -> heif_error;
        fn heif_encoder_release(*mut heif_encoder);
        fn heif_encoder_set_lossy_quality(*mut heif_encoder, c_int) -> heif_error;
        fn heif_encoder_set_parameter(
            *mut heif_encoder, *const c_char, *const c_char
        ) -> heif_error;
        fn heif_encoding_options_alloc() -> *mut heif_encoding_options;
        fn heif_encoding_options_free(*mut heif_encoding_options);
        fn heif_context_encode_image(
            *mut heif_context, *const heif_image, *mut heif_encoder,
            *const heif_encoding_options, *mut *mut heif_image_handle,
        ) -> heif_error;
        fn heif_context_add_exif_metadata(
            *mut heif_context, *const heif_image_handle, *const c_void, c_int
        ) -> heif_error;
        fn heif_context_add_XMP_metadata(
            *mut heif_context, *const heif_image_handle, *const c_void, c_int
        ) -> heif_error;
        fn heif_context_write(
            *mut heif_context, *mut heif_writer, *mut c_void
        ) -> heif_error;
    }
}

/// The library's functions, loaded once per process; a failure is remembered as well.
pub(super) fn functions() -> Result<&'static Functions, Failure> {
    static FUNCTIONS: OnceLock<Result<Functions, String>> = OnceLock::new();
    FUNCTIONS.get_or_init(load).as_ref().map_err(|message| Failure::Missing(message.clone()))
}

fn load() -> Result<Functions, String> {
    let functions = Functions::find(LIBRARY.load()?)?;
    // SAFETY: it takes nothing and returns a number.
    if unsafe { (functions.heif_get_version_number)() } < OLDEST {
        return Err("libheif on this server is older than 1.15".to_owned());
    }
    // SAFETY: a null pointer asks for the usual set-up, which loads codecs that are plug-ins.
    let started = unsafe { (functions.heif_init)(std::ptr::null_mut()) };
    if started.code != OK {
        return Err("libheif on this server does not start".to_owned());
    }
    Ok(functions)
}
