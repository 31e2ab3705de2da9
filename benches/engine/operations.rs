//! Turning, sharpening and laying one picture over another beside libvips, JPEG to JPEG in memory,
//! on one thread.
//!
//! libvips does the same in two ways: in the order in which the engine's result is defined (turn at
//! full size, then reduce), and in the order that costs it least (its thumbnail first). The engine
//! is compared with the cheaper one of both. All mix as encoded in libvips and in linear light in
//! the engine.

use std::ffi::{CStr, c_char, c_double, c_int, c_void};
use std::io::Cursor;
use std::ptr;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    Cancel, ColourSpace, Compass, Depth, Engine, Format, Ground, Image, Overlay, Quality, Recipe,
    Samples,
};
use libloading::{Library, Symbol};

use super::bench::{Bench, Picture, engine, make};
use super::measure::{Program, goal, measure};

const WIDTH: u32 = 400;
const QUALITY: u8 = 80;
const ANGLE_DEG: f64 = 12.3;
const SHARPEN: i16 = 50;
const OVERLAY: Overlay =
    Overlay { size: 0.25, position: Compass::SouthEast, opacity: 1.0, ground: Ground::Canvas };

/// Prints the table and what it says about the goals.
pub fn run(bench: &Bench) {
    let Bench { pictures, rounds, only, .. } = bench;
    let engine = engine(true, 2);
    let vips = Operations::load();
    let logo: Picture = logo().into();
    let to = |recipe: Recipe| Recipe {
        width: WIDTH,
        quality: Quality { lossy: QUALITY, ..Quality::default() },
        ..recipe
    };
    let turned = to(Recipe { angle_deg: ANGLE_DEG, ..Recipe::unchanged(Format::Jpeg) });
    let full = Recipe { width: 0, ..turned.clone() };
    let sharp = to(Recipe { sharpen: SHARPEN, ..Recipe::unchanged(Format::Jpeg) });
    let laid = to(Recipe { overlay: Some(OVERLAY), ..Recipe::unchanged(Format::Jpeg) });
    let mut programs: Vec<Program> = vec![
        ("turn 12.3°, 400 px", Box::new(|jpeg| make(&engine, jpeg, &turned).bytes.len())),
        ("libvips rotate, resize", Box::new(|jpeg| vips.turn(jpeg, false))),
        ("libvips thumbnail, rotate", Box::new(|jpeg| vips.turn(jpeg, true))),
        ("400 px, sharpen 50", Box::new(|jpeg| make(&engine, jpeg, &sharp).bytes.len())),
        ("libvips thumbnail, sharpen", Box::new(|jpeg| vips.sharpen(jpeg))),
        ("400 px, overlay 25 %", Box::new(|jpeg| over(&engine, jpeg, &logo, &laid))),
        ("libvips thumbnail, composite", Box::new(|jpeg| vips.lay(jpeg, &logo))),
        ("turn 12.3°, full size", Box::new(|jpeg| make(&engine, jpeg, &full).bytes.len())),
        ("libvips rotate, full size", Box::new(|jpeg| vips.turn_only(jpeg))),
    ];
    if let Some(only) = only {
        let program = programs.remove(only - 1);
        let name = program.0;
        println!("{name}: {:.2} ms", measure(&[program], pictures, *rounds)[0]);
        return;
    }
    let ms = measure(&programs, pictures, *rounds);
    println!("CPU ms per picture, median of {rounds} rounds, {} pictures", pictures.len());
    for ((name, _), ms) in programs.iter().zip(&ms) {
        println!("{name:32}{ms:>8.2}");
    }
    goal("turn 12.3° and 400 px / libvips", ms[0] / ms[1].min(ms[2]), 1.0);
    goal("400 px and sharpen 50 / libvips", ms[3] / ms[4], 1.0);
    goal("400 px and overlay 25 % / libvips", ms[5] / ms[6], 1.0);
    goal("turn 12.3° at full size / libvips", ms[7] / ms[8], 1.0);
}

/// A round shape with a soft edge, as a PNG of 600×400.
fn logo() -> Vec<u8> {
    let (width, height) = (600, 400);
    let mut image = Image::try_new(width, height, ColourSpace::Rgb, true, Depth::U8)
        .expect("there is room for it");
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (f64::from(x), f64::from(y))));
    let pixel = |(x, y): (f64, f64)| {
        let inside = 190.0 - (x - 300.0).hypot(y - 200.0);
        [(x / 600.0 * 255.0) as u8, 40, 200, (inside.clamp(0.0, 1.0) * 255.0) as u8]
    };
    image.samples = Samples::U8(pixels.flat_map(pixel).collect());
    encode(&image, &EncodeOptions::new(Format::Png)).expect("it can be written")
}

fn over(engine: &Engine, jpeg: &Picture, logo: &Picture, recipe: &Recipe) -> usize {
    let open = |file: &Picture| {
        let input = Input::new(Cursor::new(file.clone()), file.len() as u64, None);
        engine.open(input, &Opening::default()).expect("the picture opens")
    };
    let opened = open(jpeg).with_overlay(open(logo));
    engine.make(opened, recipe, &Cancel::never(), &|_| ()).expect("it is made").bytes.len()
}

type Pic = *mut c_void;
type End = *const c_char;
type Load = unsafe extern "C" fn(*const c_void, usize, *const c_char, ...) -> Pic;
type Thumbnail = unsafe extern "C" fn(*const c_void, usize, *mut Pic, c_int, ...) -> c_int;
type Rotate = unsafe extern "C" fn(Pic, *mut Pic, c_double, ...) -> c_int;
type Extract = unsafe extern "C" fn(Pic, *mut Pic, c_int, c_int, c_int, c_int, ...) -> c_int;
type Unary = unsafe extern "C" fn(Pic, *mut Pic, ...) -> c_int;
type Composite = unsafe extern "C" fn(Pic, Pic, *mut Pic, c_int, ...) -> c_int;
type Save = unsafe extern "C" fn(Pic, *mut *mut c_void, *mut usize, ...) -> c_int;

const END: End = ptr::null();
/// `VIPS_BLEND_MODE_OVER` of vips/conversion.h.
const BLEND_OVER: c_int = 2;

/// The operations of libvips, after [`Vips`](super::vips::Vips) has started it.
pub struct Operations {
    library: Library,
}

impl Operations {
    /// Loads libvips, which is started already.
    pub fn load() -> Self {
        // SAFETY: libvips runs no code at loading that depends on its surroundings.
        let library = unsafe { Library::new("libvips.so.42") }
            .expect("libvips is installed (Debian package libvips42)");
        Self { library }
    }

    fn get<T>(&self, name: &CStr) -> Symbol<'_, T> {
        // SAFETY: every caller names a function and its type as vips/vips.h declares them.
        unsafe { self.library.get(name.to_bytes_with_nul()) }.expect("libvips has the function")
    }

    fn free(&self, pictures: &[Pic]) {
        let unref: Symbol<unsafe extern "C" fn(Pic)> = self.get(c"g_object_unref");
        for picture in pictures {
            // SAFETY: libvips handed the picture out, and it is given back once.
            unsafe { unref(*picture) }
        }
    }

    fn thumbnail(&self, file: &[u8], width: u32) -> Pic {
        let thumbnail: Symbol<Thumbnail> = self.get(c"vips_thumbnail_buffer");
        let mut small = ptr::null_mut();
        // SAFETY: the file outlives the picture, which the caller gives back; options are pairs
        // closed by a null pointer.
        let failed = unsafe {
            let height = 10_000_000 as c_int;
            let (file, len) = (file.as_ptr().cast(), file.len());
            thumbnail(file, len, &raw mut small, width as c_int, c"height".as_ptr(), height, END)
        };
        assert_eq!(failed, 0, "libvips makes a thumbnail");
        small
    }

    fn whole(&self, file: &[u8]) -> Pic {
        let load: Symbol<Load> = self.get(c"vips_image_new_from_buffer");
        // SAFETY: as for the thumbnail; the option string is empty.
        let picture = unsafe {
            let sequential = c"access".as_ptr();
            // VIPS_ACCESS_RANDOM, since turning reads in any order.
            load(file.as_ptr().cast(), file.len(), c"".as_ptr(), sequential, 0 as c_int, END)
        };
        assert!(!picture.is_null(), "libvips reads the picture");
        picture
    }

    /// The size of a JPEG of this width that is made of the middle 30 %, the original being halved
    /// as often as `shrink` says while it is read.
    pub fn crop(&self, jpeg: &[u8], shrink: c_int, width: u32) -> usize {
        let load: Symbol<Load> = self.get(c"vips_image_new_from_buffer");
        let extract: Symbol<Extract> = self.get(c"vips_extract_area");
        let resize: Symbol<Rotate> = self.get(c"vips_resize");
        let size: [Symbol<unsafe extern "C" fn(Pic) -> c_int>; 2] =
            [self.get(c"vips_image_get_width"), self.get(c"vips_image_get_height")];
        let (mut part, mut small) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the file outlives the pictures, which are given back below; options are pairs
        // closed by a null pointer.
        let (source, failed) = unsafe {
            let (access, by) = (c"access".as_ptr(), c"shrink".as_ptr());
            // VIPS_ACCESS_SEQUENTIAL.
            let file = jpeg.as_ptr().cast();
            let source = load(file, jpeg.len(), c"".as_ptr(), access, 1 as c_int, by, shrink, END);
            assert!(!source.is_null(), "libvips reads the picture");
            let [columns, rows] = size.map(|size| size(source));
            let (left, top, across, down) =
                (columns * 35 / 100, rows * 35 / 100, columns * 3 / 10, rows * 3 / 10);
            let mut failed = extract(source, &raw mut part, left, top, across, down, END);
            failed |= resize(part, &raw mut small, f64::from(width) / f64::from(across), END);
            (source, failed)
        };
        assert_eq!(failed, 0, "libvips makes the part");
        let len = self.saved(small);
        self.free(&[small, part, source]);
        len
    }

    fn rotated(&self, picture: Pic) -> Pic {
        let rotate: Symbol<Rotate> = self.get(c"vips_rotate");
        let interpolate: Symbol<unsafe extern "C" fn(*const c_char) -> Pic> =
            self.get(c"vips_interpolate_new");
        let mut turned = ptr::null_mut();
        // SAFETY: the interpolator is given back here, the picture by the caller. "bicubic" is the
        // Catmull-Rom cubic, which the engine uses too.
        let failed = unsafe {
            let cubic = interpolate(c"bicubic".as_ptr());
            let name = c"interpolate".as_ptr();
            let failed = rotate(picture, &raw mut turned, ANGLE_DEG, name, cubic, END);
            self.free(&[cubic]);
            failed
        };
        assert_eq!(failed, 0, "libvips turns");
        turned
    }

    fn saved(&self, picture: Pic) -> usize {
        let save: Symbol<Save> = self.get(c"vips_jpegsave_buffer");
        let free: Symbol<unsafe extern "C" fn(*mut c_void)> = self.get(c"g_free");
        let (mut bytes, mut len) = (ptr::null_mut(), 0);
        // SAFETY: the bytes are given back as the manual says.
        let failed = unsafe {
            let quality = c_int::from(QUALITY);
            let failed = save(picture, &raw mut bytes, &raw mut len, c"Q".as_ptr(), quality, END);
            free(bytes);
            failed
        };
        assert_eq!(failed, 0, "libvips saves a JPEG");
        len
    }

    fn turn(&self, jpeg: &[u8], small_first: bool) -> usize {
        let resize: Symbol<Rotate> = self.get(c"vips_resize");
        let width: Symbol<unsafe extern "C" fn(Pic) -> c_int> = self.get(c"vips_image_get_width");
        // Twice the size of the result, as the engine has it; the turned picture is a little wider
        // than the upright one.
        let source = if small_first { self.thumbnail(jpeg, 2 * 355) } else { self.whole(jpeg) };
        let turned = self.rotated(source);
        let mut small = ptr::null_mut();
        // SAFETY: both pictures are alive.
        let failed = unsafe {
            let scale = f64::from(WIDTH) / f64::from(width(turned));
            resize(turned, &raw mut small, scale, END)
        };
        assert_eq!(failed, 0, "libvips resizes");
        let len = self.saved(small);
        self.free(&[small, turned, source]);
        len
    }

    fn turn_only(&self, jpeg: &[u8]) -> usize {
        let source = self.whole(jpeg);
        let turned = self.rotated(source);
        let len = self.saved(turned);
        self.free(&[turned, source]);
        len
    }

    fn sharpen(&self, jpeg: &[u8]) -> usize {
        let sharpen: Symbol<Unary> = self.get(c"vips_sharpen");
        let small = self.thumbnail(jpeg, WIDTH);
        let mut sharp = ptr::null_mut();
        // SAFETY: the picture is alive; options are pairs closed by a null pointer.
        let failed =
            unsafe { sharpen(small, &raw mut sharp, c"sigma".as_ptr(), 1.0 as c_double, END) };
        assert_eq!(failed, 0, "libvips sharpens");
        let len = self.saved(sharp);
        self.free(&[sharp, small]);
        len
    }

    fn lay(&self, jpeg: &[u8], logo: &[u8]) -> usize {
        let composite: Symbol<Composite> = self.get(c"vips_composite2");
        let small = self.thumbnail(jpeg, WIDTH);
        let mark = self.thumbnail(logo, WIDTH / 4);
        let mut laid = ptr::null_mut();
        // SAFETY: both pictures are alive; options are pairs closed by a null pointer.
        let failed = unsafe {
            let (x, y) = (c"x".as_ptr(), c"y".as_ptr());
            composite(small, mark, &raw mut laid, BLEND_OVER, x, 300, y, 200, END)
        };
        assert_eq!(failed, 0, "libvips lays one over the other");
        let len = self.saved(laid);
        self.free(&[laid, mark, small]);
        len
    }
}
