//! libvips, loaded when the benchmark runs: its own thumbnail operation, JPEG bytes to JPEG bytes.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use libloading::{Library, Symbol};

type ThumbnailBuffer =
    unsafe extern "C" fn(*const c_void, usize, *mut *mut c_void, c_int, ...) -> c_int;
type JpegsaveBuffer = unsafe extern "C" fn(*mut c_void, *mut *mut c_void, *mut usize, ...) -> c_int;

/// The library, set up to use one thread and to remember nothing.
pub struct Vips {
    library: Library,
}

impl Vips {
    /// Loads and starts libvips.
    pub fn load() -> Self {
        // SAFETY: libvips runs no code at loading that depends on its surroundings.
        let library = unsafe { Library::new("libvips.so.42") }
            .expect("libvips is installed (Debian package libvips42)");
        let vips = Self { library };
        // SAFETY: the signatures are those of vips/vips.h, and vips_init comes first.
        unsafe {
            let init: Symbol<unsafe extern "C" fn(*const c_char) -> c_int> =
                vips.get(b"vips_init\0");
            assert_eq!(init(c"engine".as_ptr()), 0, "libvips starts");
            for setting in [&b"vips_concurrency_set\0"[..], b"vips_cache_set_max\0"] {
                let set: Symbol<unsafe extern "C" fn(c_int)> = vips.get(setting);
                set(c_int::from(setting.starts_with(b"vips_concurrency")));
            }
        }
        vips
    }

    /// The size of the JPEG that libvips makes, if asked in linear light.
    pub fn thumbnail(&self, jpeg: &[u8], width: u32, quality: u8, linear: bool) -> usize {
        self.make(jpeg, width, quality, (c"linear", c_int::from(linear)))
    }

    /// The size of the sRGB JPEG that libvips makes of one with a profile of another model.
    pub fn thumbnail_srgb(&self, jpeg: &[u8], width: u32, quality: u8) -> usize {
        self.make(jpeg, width, quality, (c"export-profile", c"srgb".as_ptr()))
    }

    /// Makes a thumbnail with one more option, a whole number or a text.
    fn make<T>(&self, jpeg: &[u8], width: u32, quality: u8, option: (&CStr, T)) -> usize {
        let end: *const c_char = ptr::null();
        let mut image = ptr::null_mut();
        let mut bytes = ptr::null_mut();
        let mut len = 0;
        // SAFETY: the signatures are those of vips/vips.h; options are pairs of name and value
        // closed by a null pointer; the image and the bytes are released as its manual says.
        unsafe {
            let thumbnail: Symbol<ThumbnailBuffer> = self.get(b"vips_thumbnail_buffer\0");
            let save: Symbol<JpegsaveBuffer> = self.get(b"vips_jpegsave_buffer\0");
            let unref: Symbol<unsafe extern "C" fn(*mut c_void)> = self.get(b"g_object_unref\0");
            let free: Symbol<unsafe extern "C" fn(*mut c_void)> = self.get(b"g_free\0");
            let made = thumbnail(
                jpeg.as_ptr().cast(),
                jpeg.len(),
                &raw mut image,
                width as c_int,
                // No limit in height; otherwise the picture has to fit a square.
                c"height".as_ptr(),
                10_000_000 as c_int,
                option.0.as_ptr(),
                option.1,
                end,
            );
            assert_eq!(made, 0, "libvips makes a thumbnail");
            let saved =
                save(image, &raw mut bytes, &raw mut len, c"Q".as_ptr(), c_int::from(quality), end);
            assert_eq!(saved, 0, "libvips saves a JPEG");
            unref(image);
            free(bytes);
        }
        len
    }

    unsafe fn get<T>(&self, name: &[u8]) -> Symbol<'_, T> {
        // SAFETY: the caller names a function and its type as libvips declares them.
        unsafe { self.library.get(name) }.expect("libvips has the function")
    }
}
