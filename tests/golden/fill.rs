//! The fill colour that is taken from the picture's edges.

use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{ColourSpace, Crop, Fill, Format, Image, Metadata, Quality, Recipe, Samples};

use super::mosaic::assert_whole;
use super::press;
use super::support::*;

fn auto(width: u32, height: u32) -> Recipe {
    Recipe { fill: Fill::Auto, width, height, ..Recipe::unchanged(Format::Png) }
}

/// A ground with a thing in the middle that touches the lower edge, and specks on the upper one.
fn product(ground: [f64; 3]) -> Floats {
    Floats::paint(200, 100, |x, y| {
        let thing = (70..130).contains(&x) && y > 30;
        let speck = y == 0 && x % 9 == 0;
        if thing {
            [0.1, 0.2, 0.7]
        } else if speck {
            [0.0; 3]
        } else {
            ground
        }
    })
}

fn stored(colour: [f64; 3]) -> [f64; 3] {
    colour.map(|value| (value * 255.0).round() / 255.0)
}

fn assert_filled(case: &str, actual: &Floats, colour: &[f64], levels: f64) {
    let pixel = actual.pixel(actual.width / 2, 0);
    assert_eq!(pixel.len(), colour.len(), "{case}");
    for (found, expected) in pixel.iter().zip(colour) {
        assert!((found - expected).abs() * 255.0 <= levels, "{case}: {pixel:.3?} {colour:.3?}");
    }
}

#[test]
fn padding_goes_on_with_the_ground() {
    for ground in [[0.93, 0.9, 0.85], [0.0; 3], [0.2, 0.7, 0.3]] {
        let ground = stored(ground);
        let actual = floats(&picture(&engine(), &product(ground).png(), &auto(100, 100)));
        assert_filled("png", &actual, &ground, 1e-6);
        // JPEG is off by a little by itself.
        let actual = floats(&picture(&engine(), &product(ground).jpeg(), &auto(100, 100)));
        assert_filled("jpeg", &actual, &ground, 2.0);
    }
}

#[test]
fn the_corners_of_a_turned_picture_do_too() {
    let ground = stored([0.93, 0.9, 0.85]);
    for angle_deg in [12.3, 200.0] {
        let recipe = Recipe { angle_deg, ..auto(90, 0) };
        let actual = floats(&picture(&engine(), &product(ground).png(), &recipe));
        for (x, y) in [(0, 0), (actual.width - 1, 0), (0, actual.height - 1)] {
            for (actual, expected) in actual.pixel(x, y).iter().zip(ground) {
                assert!((actual - expected).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn the_edge_is_that_of_the_crop() {
    let recipe =
        Recipe { crop: Crop { left: 0.4, top: 0.5, right: 0.6, bottom: 1.0 }, ..auto(40, 30) };
    let actual = floats(&picture(&engine(), &product([0.9; 3]).png(), &recipe));
    let pixel = actual.pixel(0, 15);
    for (found, expected) in pixel.iter().zip(stored([0.1, 0.2, 0.7])) {
        assert!((found - expected).abs() < 1e-6, "{pixel:?}");
    }
}

#[test]
fn transparent_edges_stay_transparent_where_they_can() {
    let logo = Floats::paint(80, 40, |x, y| {
        let inside = (10..70).contains(&x) && (5..35).contains(&y);
        [0.8, 0.1, 0.1, f64::from(u8::from(inside))]
    });
    let actual = floats(&picture(&engine(), &logo.png(), &auto(40, 40)));
    assert_eq!(actual.pixel(20, 0)[3], 0.0);
    let quality = Quality { lossy: 100, ..Quality::default() };
    let jpeg = Recipe { format: Format::Jpeg, quality, ..auto(40, 40) };
    let actual = floats(&picture(&engine(), &logo.png(), &jpeg));
    assert_filled("white", &actual, &[1.0; 3], 1.0);
    // Without padding it is what lies behind the transparent parts.
    let behind = Recipe { width: 0, height: 0, ..jpeg };
    let actual = floats(&picture(&engine(), &logo.png(), &behind));
    assert_filled("white behind", &actual, &[1.0; 3], 1.0);
}

#[test]
fn ink_and_sixteen_bits_are_kept_exactly() {
    let pixel = [25, 5, 0, 3];
    let image = Image {
        width: 40,
        height: 10,
        space: ColourSpace::Cmyk,
        alpha: false,
        samples: Samples::U8(pixel.repeat(400)),
        profile: shared(press::profile()),
        metadata: Metadata::default(),
    };
    let file = encode(&image, &EncodeOptions::new(Format::Tiff)).unwrap();
    let actual = picture(&engine(), &file, &Recipe { format: Format::Tiff, ..auto(20, 10) });
    assert_eq!((actual.space, actual.height), (ColourSpace::Cmyk, 10));
    assert_eq!(bytes(&actual), pixel.repeat(200));
    // Where the colours change, padding and picture change alike.
    let actual = picture(&engine(), &file, &auto(20, 10));
    assert_eq!(actual.space, ColourSpace::Rgb);
    let first = &bytes(&actual)[..3];
    assert!(bytes(&actual).chunks_exact(3).all(|pixel| pixel == first));
    let deep = Floats::paint(40, 10, |_, _| [0.123_456, 0.5, 0.654_321]);
    let actual = picture(&engine(), &deep.deep_png(), &auto(20, 10));
    let Samples::U16(samples) = &actual.samples else { panic!("16 bits stay 16") };
    assert!(samples.chunks_exact(3).all(|pixel| pixel == &samples[..3]));
}

#[test]
fn every_tile_has_the_same() {
    let noisy = Floats::paint(307, 203, |x, y| {
        let noise = ((x * 31 + y * 17) % 11) as f64 / 255.0;
        let shade = x as f64 / 3000.0;
        [0.7 + noise + shade, 0.6 + noise, 0.5 + noise - shade]
    });
    let cases = [
        ("padded", auto(120, 120)),
        ("full size", auto(307, 150)),
        ("tilted", Recipe { angle_deg: 12.3, ..auto(150, 0) }),
        ("cropped", Recipe { crop: Crop { left: 0.3, ..Crop::FULL }, ..auto(90, 120) }),
    ];
    for (case, recipe) in cases {
        for (kind, file) in [("png", noisy.png()), ("jpeg", noisy.jpeg())] {
            assert_whole(&format!("auto {case} {kind}"), &recipe, |recipe| {
                picture(&engine(), &file, recipe)
            });
        }
    }
}
