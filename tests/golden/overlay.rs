//! One picture over another: place, transparency, colours, tiles and faults.

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use halftone::pixel::decode::{Decoded, Decoder, Info, Input, Opening, Source, Want};
use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    Cancel, ColourSpace, Compass, Depth, Engine, EngineOptions, Error, Fill, Format, Ground, Image,
    Limits, Made, Metadata, Opened, Orientation, Overlay, Recipe, Result, Rgba, Samples,
};

use super::mosaic::assert_whole;
use super::press;
use super::support::*;

pub const FULL: Overlay =
    Overlay { size: 1.0, position: Compass::Centre, opacity: 1.0, ground: Ground::Canvas };

pub fn recipe(overlay: Overlay) -> Recipe {
    Recipe { overlay: Some(overlay), ..Recipe::unchanged(Format::Png) }
}

fn opened(engine: &Engine, file: &[u8]) -> Result<Opened> {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    engine.open(input, &Opening::default())
}

fn try_make(engine: &Engine, under: &[u8], over: &[u8], recipe: &Recipe) -> Result<Made> {
    let opened = opened(engine, under)?.with_overlay(opened(engine, over)?);
    engine.make(opened, recipe, &Cancel::never(), &|_| ())
}

pub fn laid(engine: &Engine, under: &[u8], over: &[u8], recipe: &Recipe) -> Image {
    read(&try_make(engine, under, over, recipe).unwrap().bytes)
}

pub fn ground() -> Floats {
    Floats::paint(120, 80, |x, y| [x as f64 / 255.0, y as f64 / 255.0, (x + y) as f64 / 255.0])
}

/// Every pixel differs from every other.
fn logo() -> Floats {
    Floats::paint(30, 20, |x, y| [(255 - x) as f64 / 255.0, (255 - y * 3) as f64 / 255.0, 0.0])
}

/// `over` at a place, mixed by its alpha (if it has any) and an opacity, in encoded values.
fn mixed(under: &Floats, over: &Floats, at: (usize, usize), opacity: f64) -> Floats {
    Floats::paint(under.width, under.height, |x, y| {
        let below = under.pixel(x, y);
        let inside =
            (at.0..at.0 + over.width).contains(&x) && (at.1..at.1 + over.height).contains(&y);
        let above = if inside { over.pixel(x - at.0, y - at.1) } else { below };
        let alpha = if !inside { 0.0 } else { above.get(3).unwrap_or(&1.0) * opacity };
        std::array::from_fn::<f64, 3, _>(|band| below[band] + (above[band] - below[band]) * alpha)
    })
}

#[test]
fn nine_places_to_the_pixel() {
    use Compass::{Centre, East, North, NorthEast, NorthWest, South, SouthEast, SouthWest, West};
    for (position, at) in [
        (NorthWest, (0, 0)),
        (North, (45, 0)),
        (NorthEast, (90, 0)),
        (West, (0, 30)),
        (Centre, (45, 30)),
        (East, (90, 30)),
        (SouthWest, (0, 60)),
        (South, (45, 60)),
        (SouthEast, (90, 60)),
    ] {
        // 30×20 fits 120×80 and is not enlarged.
        let recipe = recipe(Overlay { position, ..FULL });
        let actual = laid(&engine(), &ground().png(), &logo().png(), &recipe);
        let expected = mixed(&ground(), &logo(), at, 1.0);
        assert_close(&format!("overlay {position:?}"), &actual, &expected, 1e-6);
    }
}

#[test]
fn transparency_and_opacity_mix_encoded_values() {
    let over =
        Floats::paint(120, 80, |x, y| [1.0, 0.5, 0.0, (x * 2) as f64 * y as f64 / 79.0 / 255.0]);
    for opacity in [1.0, 0.5, 0.123] {
        let recipe = recipe(Overlay { opacity, ..FULL });
        let actual = laid(&engine(), &ground().png(), &over.png(), &recipe);
        let stored = read(&over.png());
        let expected = mixed(&ground(), &floats(&stored), (0, 0), opacity);
        assert_close(&format!("opacity {opacity}"), &actual, &expected, 0.51);
    }
}

#[test]
fn over_a_transparent_picture_both_count() {
    let under = Floats::paint(8, 8, |x, _| [1.0, 0.0, 0.0, f64::from(u8::from(x >= 4)) * 0.4]);
    let over = Floats::paint(8, 8, |_, y| [0.0, 0.0, 1.0, f64::from(u8::from(y >= 4)) * 0.6]);
    let actual = floats(&laid(&engine(), &under.png(), &over.png(), &recipe(FULL)));
    let expect = |x: usize, y: usize, expected: [f64; 4]| {
        let pixel = actual.pixel(x, y);
        for band in 0..4 {
            assert!((pixel[band] - expected[band]).abs() * 255.0 <= 1.0, "{pixel:?} {expected:?}");
        }
    };
    expect(5, 1, [1.0, 0.0, 0.0, 0.4]);
    expect(1, 5, [0.0, 0.0, 1.0, 0.6]);
    // 0.6 + 0.4 · 0.4, of which red is 0.16.
    expect(5, 5, [0.16 / 0.76, 0.0, 0.6 / 0.76, 0.76]);
    // Nothing over nothing.
    assert_eq!(actual.pixel(1, 1)[3], 0.0);
}

#[test]
fn it_is_fitted_with_its_shape_kept() {
    let over = Floats::paint(160, 40, |x, y| {
        let stripe = f64::from(u8::from((x / 7 + y / 5) % 2 == 0));
        [stripe, 0.5, 1.0 - stripe]
    });
    for (size, (width, height)) in [(1.0, (120, 30)), (0.5, (60, 15)), (0.31, (37, 9))] {
        let position = Compass::SouthEast;
        let recipe = recipe(Overlay { size, position, ..FULL });
        let actual = laid(&engine(), &ground().png(), &over.png(), &recipe);
        let small = reduce(&over, width, height);
        let expected = mixed(&ground(), &small, (120 - width, 80 - height), 1.0);
        assert_close(&format!("fitted {size}"), &actual, &expected, 1.0);
    }
}

#[test]
fn it_is_laid_on_the_padded_and_resized_picture() {
    let fill = Fill::Colour(Rgba { r: 255, g: 0, b: 0, a: 255 });
    let overlay = Overlay { position: Compass::NorthWest, ..FULL };
    let recipe = Recipe { width: 60, height: 60, fill, ..recipe(overlay) };
    let plain = Floats::paint(120, 80, |_, _| [0.2, 0.4, 0.6]);
    let actual = laid(&engine(), &plain.png(), &logo().png(), &recipe);
    // 60×40 in the middle of 60×60; the logo lies over padding and picture alike.
    let padded = Floats::paint(60, 60, |_, y| {
        if (10..50).contains(&y) { [0.2, 0.4, 0.6] } else { [1.0, 0.0, 0.0] }
    });
    assert_close("overlay on padding", &actual, &mixed(&padded, &logo(), (0, 0), 1.0), 0.51);
}

#[test]
fn tiles_show_their_part_of_it() {
    let under = Floats::paint(303, 200, |x, y| [x as f64 / 302.0, y as f64 / 199.0, 0.5]);
    let over = Floats::paint(500, 333, |x, y| {
        let wave = |k: f64| 0.5 + 0.5 * (k * (x * x + y * y) as f64).sin();
        [wave(0.001), wave(0.002), wave(0.003), wave(0.004)]
    });
    for size in [1.0, 0.6] {
        let overlay =
            Overlay { size, position: Compass::SouthWest, opacity: 0.7, ground: Ground::Canvas };
        let recipes = [
            ("plain", recipe(overlay)),
            ("padded", Recipe { width: 150, height: 150, ..recipe(overlay) }),
            ("blurred", Recipe { width: 150, sharpen: -200, ..recipe(overlay) }),
            ("tilted", Recipe { width: 150, angle_deg: 12.3, ..recipe(overlay) }),
        ];
        for (case, recipe) in recipes {
            assert_whole(&format!("overlay {size} {case}"), &recipe, |recipe| {
                laid(&engine(), &under.png(), &over.png(), recipe)
            });
        }
    }
    // Whether a grey picture becomes coloured must not depend on what a tile shows.
    let gray = Floats::paint(100, 100, |x, _| [x as f64 / 99.0]);
    let spot =
        Floats::paint(100, 100, |x, y| if x < 9 && y < 9 { [1.0, 0.0, 0.0] } else { [0.5; 3] });
    assert_whole("overlay on grey", &recipe(FULL), |recipe| {
        laid(&engine(), &gray.png(), &spot.png(), recipe)
    });
}

#[test]
fn grey_pictures_become_coloured_only_for_colours() {
    let gray = Floats::paint(60, 40, |x, _| [x as f64 / 59.0]);
    let red = Floats::paint(30, 20, |_, _| [0.8, 0.0, 0.0, 0.5]);
    let over = Recipe { ..recipe(FULL) };
    let coloured = laid(&engine(), &gray.png(), &red.png(), &over);
    assert_eq!(coloured.space, ColourSpace::Rgb);
    let under = Floats::paint(60, 40, |x, _| [(x as f64 / 59.0 * 255.0).round() / 255.0; 3]);
    let half = floats(&read(&red.png()));
    assert_close("red on grey", &coloured, &mixed(&under, &half, (15, 10), 1.0), 1.01);
    // Black text coded as RGB, with colours where it cannot be seen, leaves the picture grey.
    let text =
        Floats::paint(
            30,
            20,
            |x, _| if x < 9 { [0.0, 0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0, 0.0] },
        );
    assert_eq!(laid(&engine(), &gray.png(), &text.png(), &over).space, ColourSpace::Gray);
    let asked = Recipe { colorspace: Some(ColourSpace::Gray), ..over.clone() };
    assert_eq!(laid(&engine(), &gray.png(), &red.png(), &asked).space, ColourSpace::Gray);
    // A grey overlay on a coloured picture.
    let actual =
        laid(&engine(), &ground().png(), &Floats::paint(120, 80, |_, _| [0.4]).png(), &over);
    assert_close("grey on colour", &actual, &Floats::paint(120, 80, |_, _| [0.4; 3]), 1.01);
}

#[test]
fn sixteen_bits_stay_sixteen() {
    let under = Floats::paint(60, 40, |x, y| [x as f64 / 59.0, y as f64 / 39.0, 0.123_45]);
    let over = Floats::paint(60, 40, |_, _| [0.4, 0.6, 0.2, 1.0]);
    let recipe = recipe(Overlay { opacity: 0.25, ..FULL });
    let actual = laid(&engine(), &under.deep_png(), &over.png(), &recipe);
    assert_eq!(actual.depth(), Depth::U16);
    assert_close("16 bits", &actual, &mixed(&under, &over, (0, 0), 0.25), 0.01);
    let actual = laid(&engine(), &over.png(), &under.deep_png(), &recipe);
    assert_eq!(actual.depth(), Depth::U8);
}

fn cmyk(ink: [f64; 4], profile: Option<Arc<[u8]>>) -> Vec<u8> {
    let pixel = ink.map(|ink| (ink * 255.0).round() as u8);
    let image = Image {
        width: 40,
        height: 30,
        space: ColourSpace::Cmyk,
        alpha: false,
        samples: Samples::U8(pixel.repeat(40 * 30)),
        profile,
        metadata: Metadata::default(),
    };
    encode(&image, &EncodeOptions::new(Format::Tiff)).unwrap()
}

fn assert_looks_like(case: &str, found: [f64; 3], expected: [f64; 3]) {
    let (one, two) = (press::lab(found.map(linear)), press::lab(expected.map(linear)));
    let off = one.iter().zip(two).map(|(one, two)| (one - two).powi(2)).sum::<f64>().sqrt();
    assert!(off < 3.0, "{case}: {found:.3?} instead of {expected:.3?}, ΔE {off:.2}");
}

#[test]
fn colours_meet_by_their_profiles() {
    let rgb = |colour: [f64; 3]| Floats::paint(20, 10, |_, _| colour).png();
    let stored = |colour: [f64; 3]| colour.map(|value| (value * 255.0_f64).round() / 255.0);
    let ink = [0.7, 0.3, 0.1, 0.1];
    let colour = [0.7, 0.45, 0.4];
    let tiff = Recipe { format: Format::Tiff, ..recipe(FULL) };
    // RGB on CMYK: what is printed looks like the colour, and the rest keeps its ink.
    let printed = laid(&engine(), &cmyk(ink, shared(press::profile())), &rgb(colour), &tiff);
    assert_eq!(printed.space, ColourSpace::Cmyk);
    let printed = floats(&printed);
    let middle: [f64; 4] = printed.pixel(20, 15).try_into().unwrap();
    assert_looks_like("RGB on CMYK", press::srgb(middle), stored(colour));
    for (actual, expected) in printed.pixel(1, 1).iter().zip(ink) {
        assert!((actual - expected).abs() < 0.003);
    }
    // CMYK on RGB.
    let under = Floats::paint(80, 60, |_, _| colour).png();
    let shown =
        floats(&laid(&engine(), &under, &cmyk(ink, shared(press::profile())), &recipe(FULL)));
    assert_looks_like("CMYK on RGB", shown.pixel(40, 30).try_into().unwrap(), press::srgb(ink));
    assert_looks_like("beside it", shown.pixel(1, 1).try_into().unwrap(), stored(colour));
    // A CMYK picture that becomes RGB takes even a colour that no ink can print.
    let pure = [0.0, 1.0, 0.0];
    let shown = laid(&engine(), &cmyk(ink, shared(press::profile())), &rgb(pure), &recipe(FULL));
    assert_eq!(shown.space, ColourSpace::Rgb);
    let shown = floats(&shown);
    assert_looks_like("pure green", shown.pixel(20, 15).try_into().unwrap(), pure);
    assert_looks_like("ink beside it", shown.pixel(1, 1).try_into().unwrap(), press::srgb(ink));
}

#[test]
fn its_own_orientation_is_applied() {
    let mut image = logo().image(false);
    let block = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    image.metadata = Metadata { exif: Some(block.into()), ..Metadata::default() };
    let orientation = Orientation::from_exif(6).unwrap();
    let options = EncodeOptions { orientation, ..EncodeOptions::new(Format::Png) };
    let over = encode(&image, &options).unwrap();
    let position = Compass::NorthWest;
    let actual = laid(&engine(), &ground().png(), &over, &recipe(Overlay { position, ..FULL }));
    // Orientation 6: what is shown at the right of the top is what is stored at the left of it.
    let upright = Floats::paint(20, 30, |x, y| {
        let pixel = logo().pixel(y, 19 - x).to_vec();
        [pixel[0], pixel[1], pixel[2]]
    });
    assert_close("overlay upright", &actual, &mixed(&ground(), &upright, (0, 0), 1.0), 1e-6);
}

/// A picture made of shapes: a plain square that is painted at whatever scale is asked for.
struct Square(Arc<Mutex<Vec<Want>>>);

impl Decoder for Square {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        let len = |len: u32| (f64::from(len) * want.min_scale).ceil() as u64;
        len(info.width) * len(info.height)
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, _: &Cancel) -> Result<Decoded> {
        self.0.lock().unwrap().push(*want);
        let len = |len: u32| (f64::from(len) * want.min_scale).ceil() as u32;
        let (width, height) = (len(info.width), len(info.height));
        let mut image = Image::try_new(width, height, ColourSpace::Rgb, true, Depth::U8)?;
        image.samples = Samples::U8([0, 0, 255, 255].repeat((width * height) as usize));
        let scale = (want.min_scale, want.min_scale);
        Ok(Decoded { image, left: 0.0, top: 0.0, scale })
    }
}

fn square(wants: &Arc<Mutex<Vec<Want>>>) -> Source {
    let info = Info { alpha: true, vector: true, ..Info::new(Format::Svg, 10, 10) };
    Source::new(info, Box::new(Square(wants.clone())))
}

#[test]
fn shapes_are_painted_at_the_size_needed() {
    let engine = engine();
    let wants = Arc::default();
    let under = opened(&engine, &ground().png()).unwrap();
    let both = under.with_overlay(engine.opened(square(&wants)));
    let made = engine.make(both, &recipe(FULL), &Cancel::never(), &|_| ()).unwrap();
    let expected = mixed(&ground(), &Floats::paint(80, 80, |_, _| [0.0, 0.0, 1.0]), (20, 0), 1.0);
    assert_close("shapes", &read(&made.bytes), &expected, 0.51);
    assert_eq!(wants.lock().unwrap()[0].min_scale, 8.0);
}

/// A picture whose pixels cannot be read.
struct Broken;

impl Decoder for Broken {
    fn held_pixels(&self, _: &Info, _: &Want) -> u64 {
        100
    }

    fn decode(self: Box<Self>, _: Info, _: &Want, _: &Cancel) -> Result<Decoded> {
        Err(Error::Malformed("its data is corrupt".into()))
    }
}

#[test]
fn faults_are_told_of_the_overlay() {
    let engine = engine();
    let info = Info { vector: false, ..square(&Arc::default()).info().clone() };
    let broken = engine.opened(Source::new(info, Box::new(Broken)));
    let both = opened(&engine, &ground().png()).unwrap().with_overlay(broken);
    let error = engine.make(both, &recipe(FULL), &Cancel::never(), &|_| ()).unwrap_err();
    assert!(matches!(error, Error::Malformed(_)), "{error}");
    assert!(error.to_string().contains("overlay"), "{error}");
    let alone = opened(&engine, &ground().png()).unwrap();
    let error = engine.make(alone, &recipe(FULL), &Cancel::never(), &|_| ()).unwrap_err();
    assert!(matches!(error, Error::Parameter { name: "overlay", .. }), "{error}");
}

#[test]
fn its_pixels_count() {
    let big = Floats::paint(1500, 1000, |_, _| [0.5; 3]).png();
    let held = |recipe: &Recipe| {
        let under = opened(&engine(), &ground().png()).unwrap();
        under.with_overlay(opened(&engine(), &big).unwrap()).held_pixels(recipe)
    };
    let (with, without) = (held(&recipe(FULL)), held(&Recipe::unchanged(Format::Png)));
    assert!(with >= without + 1_500_000, "{with} {without}");
    let limits = Limits { held_pixels: 1_000_000, ..Limits::default() };
    let small = Engine::new(EngineOptions { limits, ..EngineOptions::default() }).unwrap();
    let error = try_make(&small, &ground().png(), &big, &recipe(FULL)).unwrap_err();
    assert!(matches!(error, Error::Limit(_)) && error.to_string().contains("overlay"), "{error}");
}
