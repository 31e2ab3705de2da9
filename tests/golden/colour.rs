//! Colours come out right in every space, judged in Lab against formulas and ImageMagick.

use std::fs;
use std::sync::Arc;

use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    ColourSpace, Engine, EngineOptions, Fill, Format, Image, Metadata, Quality, Recipe, Rgba,
    Samples,
};

use super::press;
use super::support::*;

/// Difference of two sRGB colours, 0–1, as the eye sees it (CIE 1976 ΔE).
fn delta_e(one: [f64; 3], two: [f64; 3]) -> f64 {
    let (one, two) = (press::lab(one.map(linear)), press::lab(two.map(linear)));
    one.iter().zip(two).map(|(one, two)| (one - two).powi(2)).sum::<f64>().sqrt()
}

fn to(format: Format) -> Recipe {
    Recipe { quality: Quality { lossy: 100, ..Quality::default() }, ..Recipe::unchanged(format) }
}

/// Inks of the corners and of mixed tones, each a patch of 16×16.
const INKS: [[f64; 4]; 10] = [
    [0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.5],
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 0.0],
    [0.0, 1.0, 1.0, 0.0],
    [1.0, 0.0, 1.0, 0.0],
    [0.2, 0.4, 0.6, 0.1],
    [0.7, 0.3, 0.1, 0.3],
    [0.5, 0.5, 0.5, 0.0],
];

/// The inks side by side.
fn inks(profile: Option<Arc<[u8]>>, deep: bool) -> Image {
    let mut samples = Vec::new();
    for _ in 0..16 {
        for ink in INKS {
            for _ in 0..16 {
                samples.extend(ink.map(|ink| (ink * 255.0).round() as u8));
            }
        }
    }
    let samples = if deep {
        Samples::U16(samples.iter().map(|&sample| u16::from(sample) * 257).collect())
    } else {
        Samples::U8(samples)
    };
    Image {
        width: 160,
        height: 16,
        space: ColourSpace::Cmyk,
        alpha: false,
        samples,
        profile,
        metadata: Metadata::default(),
    }
}

fn file_of(image: &Image, format: Format) -> Vec<u8> {
    let quality = Quality { lossy: 100, ..Quality::default() };
    encode(image, &EncodeOptions { quality, ..EncodeOptions::new(format) }).unwrap()
}

/// The colour in the middle of each patch.
fn patches(image: &Image) -> Vec<Vec<f64>> {
    let floats = floats(image);
    let patch = floats.width / INKS.len();
    (0..INKS.len())
        .map(|index| floats.pixel(index * patch + patch / 2, floats.height / 2).to_vec())
        .collect()
}

fn rgb(pixel: &[f64]) -> [f64; 3] {
    [pixel[0], pixel[1], pixel[2]]
}

#[test]
fn cmyk_becomes_what_its_profile_says() {
    let source = inks(shared(press::profile()), false);
    for (from, to_format) in [
        (Format::Jpeg, Format::Png),
        (Format::Tiff, Format::Png),
        (Format::Tiff, Format::Bmp),
        (Format::Jpeg, Format::Webp),
        (Format::Jpeg, Format::Gif),
    ] {
        let actual = picture(&engine(), &file_of(&source, from), &to(to_format));
        assert_eq!(actual.space, ColourSpace::Rgb, "{to_format:?}");
        assert_eq!(actual.profile, None);
        for (ink, pixel) in INKS.iter().zip(patches(&actual)) {
            let off = delta_e(rgb(&pixel), press::srgb(*ink));
            // Black point compensation darkens the darkest tones on purpose: none is in the chart.
            // WebP and GIF lose a little by themselves.
            assert!(off < 3.0, "{from:?} to {to_format:?}: {ink:?} is {pixel:.3?}, ΔE {off:.2}");
        }
    }
}

#[test]
fn cmyk_becomes_what_imagemagick_makes_of_it() {
    let profile = file("press.icc", &press::profile());
    let srgb = file("srgb.icc", &lcms2::Profile::new_srgb().icc().unwrap());
    let source = file_of(&inks(shared(press::profile()), false), Format::Tiff);
    let input = file("inks.tif", &source);
    let output = file("inks.png", &[]);
    run(
        "/usr/bin/convert",
        &[
            &input,
            "-profile",
            &profile,
            "-intent",
            "relative",
            "-black-point-compensation",
            "-profile",
            &srgb,
            "-depth",
            "8",
            &format!("PNG24:{output}"),
        ],
    );
    let expected = patches(&read(&fs::read(output).unwrap()));
    let actual = patches(&picture(&engine(), &source, &to(Format::Png)));
    for (actual, expected) in actual.iter().zip(&expected) {
        let off = delta_e(rgb(actual), rgb(expected));
        assert!(off < 1.0, "{actual:.3?}, ImageMagick {expected:.3?}, ΔE {off:.2}");
    }
}

#[test]
fn cmyk_without_a_profile_takes_the_configured_one() {
    let options = EngineOptions { cmyk_profile: shared(press::profile()), ..Default::default() };
    let engine = Engine::new(options).unwrap();
    let actual = picture(&engine, &file_of(&inks(None, false), Format::Jpeg), &to(Format::Png));
    for (ink, pixel) in INKS.iter().zip(patches(&actual)) {
        assert!(delta_e(rgb(&pixel), press::srgb(*ink)) < 3.0, "{ink:?} {pixel:?}");
    }
}

#[test]
fn cmyk_without_any_profile_follows_the_formula() {
    let actual = picture(&engine(), &file_of(&inks(None, false), Format::Tiff), &to(Format::Png));
    for (ink, pixel) in INKS.iter().zip(patches(&actual)) {
        for band in 0..3 {
            let expected = (1.0 - ink[band]) * (1.0 - ink[3]);
            assert!((pixel[band] - expected).abs() * 255.0 <= 1.5, "{ink:?} {pixel:?}");
        }
    }
}

#[test]
fn cmyk_stays_cmyk_where_it_can() {
    let source = inks(shared(press::profile()), false);
    for format in [Format::Jpeg, Format::Tiff] {
        for strip in [false, true] {
            let recipe = Recipe { strip, width: 80, ..to(format) };
            let actual = picture(&engine(), &file_of(&source, Format::Jpeg), &recipe);
            assert_eq!(actual.space, ColourSpace::Cmyk);
            assert_eq!(actual.profile, source.profile, "nobody knows the inks without");
            for (ink, pixel) in INKS.iter().zip(patches(&actual)) {
                for band in 0..4 {
                    let off = (ink[band] - pixel[band]).abs() * 255.0;
                    assert!(off <= 4.0, "{format:?} {ink:?} {pixel:.3?}");
                }
            }
        }
    }
}

#[test]
fn sixteen_bit_cmyk_becomes_sixteen_bit_rgb() {
    let source = file_of(&inks(shared(press::profile()), true), Format::Tiff);
    let actual = picture(&engine(), &source, &to(Format::Png));
    assert!(matches!(actual.samples, Samples::U16(_)));
    for (ink, pixel) in INKS.iter().zip(patches(&actual)) {
        assert!(delta_e(rgb(&pixel), press::srgb(*ink)) < 1.5, "{ink:?} {pixel:?}");
    }
}

/// Tones and colours of sRGB side by side.
const COLOURS: [[f64; 3]; 10] = [
    [1.0, 1.0, 1.0],
    [0.5, 0.5, 0.5],
    [0.2, 0.2, 0.2],
    [0.8, 0.3, 0.3],
    [0.3, 0.7, 0.4],
    [0.35, 0.4, 0.7],
    [0.9, 0.8, 0.3],
    [0.7, 0.5, 0.4],
    [0.6, 0.8, 0.9],
    [0.45, 0.3, 0.25],
];

fn colours() -> Floats {
    Floats::paint(160, 16, |x, _| COLOURS[x / 16])
}

#[test]
fn rgb_becomes_the_ink_of_the_configured_press() {
    let options = EngineOptions { cmyk_profile: shared(press::profile()), ..Default::default() };
    let engine = Engine::new(options).unwrap();
    let recipe = Recipe { colorspace: Some(ColourSpace::Cmyk), ..to(Format::Tiff) };
    let actual = picture(&engine, &colours().png(), &recipe);
    assert_eq!(actual.space, ColourSpace::Cmyk);
    assert!(actual.profile.is_some(), "what the numbers mean travels along");
    for (colour, pixel) in COLOURS.iter().zip(patches(&actual)) {
        let printed = press::srgb([pixel[0], pixel[1], pixel[2], pixel[3]]);
        let off = delta_e(printed, *colour);
        // Black point compensation lightens the darkest tones towards what ink can do.
        assert!(off < 3.5, "{colour:?} is printed as {pixel:.3?}: {printed:.3?}, ΔE {off:.2}");
    }
    // In a format that holds no CMYK it is RGB again.
    let recipe = Recipe { format: Format::Png, ..recipe };
    assert_eq!(picture(&engine, &colours().png(), &recipe).space, ColourSpace::Rgb);
}

#[test]
fn grey_is_luminance() {
    let recipe = Recipe { colorspace: Some(ColourSpace::Gray), ..to(Format::Png) };
    let actual = picture(&engine(), &colours().png(), &recipe);
    assert_eq!((actual.space, actual.bands()), (ColourSpace::Gray, 1));
    for (colour, pixel) in COLOURS.iter().zip(patches(&actual)) {
        // Y of sRGB in light (IEC 61966-2-1), then its curve.
        let [r, g, b] = colour.map(|value| linear((value * 255.0).round() / 255.0));
        let expected = encoded(0.2126 * r + 0.7152 * g + 0.0722 * b);
        // D50 adaptation in the profiles moves luminance by up to a level or two.
        let off = (pixel[0] - expected).abs() * 255.0;
        assert!(
            off <= 2.5,
            "{colour:?} is {:.1}, expected {:.1}",
            pixel[0] * 255.0,
            expected * 255.0
        );
    }
}

#[test]
fn grey_becomes_rgb_and_ink() {
    let ramp = Floats::paint(160, 16, |x, _| [(x / 16) as f64 / 9.0]);
    let recipe = Recipe { colorspace: Some(ColourSpace::Rgb), ..to(Format::Png) };
    let actual = picture(&engine(), &ramp.png(), &recipe);
    assert_eq!(actual.bands(), 3);
    for (index, pixel) in patches(&actual).iter().enumerate() {
        for band in 0..3 {
            assert!((pixel[band] - index as f64 / 9.0).abs() * 255.0 <= 1.0, "{pixel:?}");
        }
    }
    let options = EngineOptions { cmyk_profile: shared(press::profile()), ..Default::default() };
    let recipe = Recipe { colorspace: Some(ColourSpace::Cmyk), ..to(Format::Jpeg) };
    let actual = picture(&Engine::new(options).unwrap(), &ramp.png(), &recipe);
    for (index, pixel) in patches(&actual).iter().enumerate().skip(3) {
        let printed = press::srgb([pixel[0], pixel[1], pixel[2], pixel[3]]);
        let off = delta_e(printed, [index as f64 / 9.0; 3]);
        assert!(off < 3.0, "grey {index} is printed as {pixel:.3?}, ΔE {off:.2}");
    }
}

/// Adobe RGB (1998) by its definition: primaries, D65, gamma 563/256.
fn adobe_rgb() -> Vec<u8> {
    let white = lcms2::CIExyY { x: 0.3127, y: 0.3290, Y: 1.0 };
    let xy = |x, y| lcms2::CIExyY { x, y, Y: 1.0 };
    let primaries =
        lcms2::CIExyYTRIPLE { Red: xy(0.64, 0.33), Green: xy(0.21, 0.71), Blue: xy(0.15, 0.06) };
    let curve = lcms2::ToneCurve::new(563.0 / 256.0);
    lcms2::Profile::new_rgb(&white, &primaries, &[&curve, &curve, &curve]).unwrap().icc().unwrap()
}

/// sRGB of an Adobe RGB colour, by the published matrices (both are D65, so there is no
/// adaptation).
fn srgb_of_adobe(colour: [f64; 3]) -> [f64; 3] {
    let [r, g, b] = colour.map(|value| value.powf(563.0 / 256.0));
    let x = 0.576_67 * r + 0.185_56 * g + 0.188_23 * b;
    let y = 0.297_34 * r + 0.627_36 * g + 0.075_29 * b;
    let z = 0.027_03 * r + 0.070_69 * g + 0.991_34 * b;
    [
        3.240_454 * x - 1.537_139 * y - 0.498_531 * z,
        -0.969_266 * x + 1.876_011 * y + 0.041_556 * z,
        0.055_643 * x - 0.204_026 * y + 1.057_225 * z,
    ]
    .map(encoded)
}

fn tagged(profile: Vec<u8>) -> Image {
    Image { profile: shared(profile), ..colours().image(false) }
}

#[test]
fn a_profile_stays_with_its_numbers() {
    let source = tagged(adobe_rgb());
    for colorspace in [None, Some(ColourSpace::Rgb)] {
        let recipe = Recipe { colorspace, ..to(Format::Png) };
        let actual = picture(&engine(), &file_of(&source, Format::Png), &recipe);
        assert_eq!(actual.profile, source.profile);
        assert_eq!(actual.samples, source.samples);
    }
}

#[test]
fn a_profile_that_cannot_travel_is_applied() {
    let source = file_of(&tagged(adobe_rgb()), Format::Png);
    for (format, strip) in [(Format::Png, true), (Format::Bmp, false), (Format::Jpeg, true)] {
        let actual = picture(&engine(), &source, &Recipe { strip, ..to(format) });
        assert_eq!(actual.profile, None);
        for (colour, pixel) in COLOURS.iter().zip(patches(&actual)) {
            let off = delta_e(rgb(&pixel), srgb_of_adobe(*colour));
            assert!(off < 1.5, "{format:?} {colour:?} is {pixel:.3?}, ΔE {off:.2}");
        }
    }
}

#[test]
fn srgb_by_name_or_not_keeps_its_numbers() {
    let source = tagged(lcms2::Profile::new_srgb().icc().unwrap());
    let recipe = Recipe { strip: true, ..to(Format::Png) };
    let actual = picture(&engine(), &file_of(&source, Format::Png), &recipe);
    assert_eq!(actual.profile, None);
    assert_eq!(actual.samples, source.samples);
}

#[test]
fn light_is_mixed_by_the_picture_s_own_curve() {
    let stripes =
        Floats::paint(
            64,
            64,
            |x, y| {
                if (x + y) % 2 == 0 { [1.0, 0.6, 0.3] } else { [0.0, 0.2, 0.25] }
            },
        );
    let image = Image { profile: shared(adobe_rgb()), ..stripes.image(false) };
    let recipe = Recipe { width: 32, ..to(Format::Png) };
    let actual = picture(&engine(), &file_of(&image, Format::Png), &recipe);
    let gamma = 563.0 / 256.0;
    let expected = reduce_by(
        &floats(&image),
        32,
        32,
        |value| value.powf(gamma),
        |light| light.clamp(0.0, 1.0).powf(1.0 / gamma),
    );
    assert_close("adobe light", &actual, &expected, 1.0);
}

#[test]
fn a_profile_that_does_not_fit_is_taken_off() {
    for profile in [press::profile(), vec![7; 400], adobe_rgb()[..200].to_vec()] {
        let source = file_of(&tagged(profile), Format::Png);
        let actual = picture(&engine(), &source, &Recipe { width: 80, ..to(Format::Png) });
        assert_eq!(actual.profile, None);
        for (colour, pixel) in COLOURS.iter().zip(patches(&actual)) {
            assert!(delta_e(rgb(&pixel), *colour) < 1.0);
        }
    }
}

#[test]
fn the_fill_colour_is_exact_in_every_space() {
    let fill = Fill::Colour(Rgba { r: 180, g: 60, b: 90, a: 255 });
    let wanted = [180.0 / 255.0, 60.0 / 255.0, 90.0 / 255.0];
    let padded = |recipe: Recipe| Recipe { width: 160, height: 15, fill, ..recipe };
    let corner = |image: &Image| floats(image).pixel(0, 7).to_vec();

    // CMYK turned into sRGB: the fill does not go the way through ink.
    let source = file_of(&inks(shared(press::profile()), false), Format::Tiff);
    let pixel = corner(&picture(&engine(), &source, &padded(to(Format::Png))));
    for band in 0..3 {
        assert!((pixel[band] - wanted[band]).abs() < 1e-6);
    }
    // CMYK that stays: ink of that colour.
    let pixel = corner(&picture(&engine(), &source, &padded(to(Format::Tiff))));
    let printed = press::srgb([pixel[0], pixel[1], pixel[2], pixel[3]]);
    assert!(delta_e(printed, wanted) < 3.5, "{pixel:?} {printed:?}");
    // Adobe RGB: other numbers, the same colour.
    let source = file_of(&tagged(adobe_rgb()), Format::Png);
    let pixel = corner(&picture(&engine(), &source, &padded(to(Format::Png))));
    assert!(delta_e(srgb_of_adobe(rgb(&pixel)), wanted) < 1.0, "{pixel:?}");
}

#[test]
fn a_cmyk_profile_that_is_none_is_refused() {
    for profile in [adobe_rgb(), vec![0; 10], press::profile()[..150].to_vec()] {
        let options = EngineOptions { cmyk_profile: shared(profile), ..Default::default() };
        assert!(Engine::new(options).is_err());
    }
}
