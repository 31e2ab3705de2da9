//! Sharpening and blurring, against the sums written out and against ImageMagick.

use std::fs;

use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    ColourSpace, Crop, Engine, EngineOptions, Format, Image, Metadata, Recipe, Samples,
};

use super::mosaic::assert_whole;
use super::support::*;

/// Waves, a box with hard edges, and a corner of another brightness.
fn chart() -> Floats {
    Floats::paint(90, 70, |x, y| {
        let wave = 0.1 * ((x as f64) / 5.0).sin() * ((y as f64) / 7.0).cos();
        let inside = (20..50).contains(&x) && (15..45).contains(&y);
        let level = if inside { 0.75 } else { 0.35 } + wave;
        let corner = if x < 8 && y < 8 { 0.2 } else { 0.0 };
        [level, level - corner * 0.5, 0.9 - level + corner]
    })
}

fn recipe(sharpen: i16) -> Recipe {
    Recipe { sharpen, ..Recipe::unchanged(Format::Png) }
}

/// The Gaussian as a sum over all that is within eight standard deviations; the edge goes on.
fn blurred(source: &Floats, sigma: f64) -> Floats {
    let radius = (8.0 * sigma).ceil() as i64;
    let weights: Vec<f64> =
        (-radius..=radius).map(|at| (-((at * at) as f64) / (2.0 * sigma * sigma)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let bands = source.bands;
    let pass = |source: &Floats, step: (i64, i64)| {
        let mut values = Vec::with_capacity(source.values.len());
        for y in 0..source.height as i64 {
            for x in 0..source.width as i64 {
                for band in 0..bands {
                    let sum: f64 = (-radius..=radius)
                        .zip(&weights)
                        .map(|(at, weight)| {
                            let x = (x + at * step.0).clamp(0, source.width as i64 - 1) as usize;
                            let y = (y + at * step.1).clamp(0, source.height as i64 - 1) as usize;
                            weight * source.pixel(x, y)[band]
                        })
                        .sum();
                    values.push(sum / total);
                }
            }
        }
        Floats { values, ..source.clone() }
    };
    pass(&pass(source, (1, 0)), (0, 1))
}

fn mapped(source: &Floats, map: impl Fn(f64) -> f64) -> Floats {
    Floats { values: source.values.iter().map(|value| map(*value)).collect(), ..source.clone() }
}

/// What a file of this depth holds of it.
fn stored(source: &Floats, full: f64) -> Floats {
    mapped(source, |value| (value * full).round() / full)
}

/// The unsharp mask of one pixel in encoded values, as its definition says.
fn masked(source: &Floats, amount: f64) -> Floats {
    let soft = blurred(source, 1.0);
    let values = source.values.iter().zip(&soft.values);
    let values = values.map(|(sharp, soft)| (sharp + amount * (sharp - soft)).clamp(0.0, 1.0));
    Floats { values: values.collect(), ..source.clone() }
}

#[test]
fn below_nought_is_a_gaussian_in_linear_light() {
    let source = stored(&chart(), 255.0);
    for value in [-10, -100, -300, -500] {
        let actual = picture(&engine(), &chart().png(), &recipe(value));
        let soft = blurred(&mapped(&source, linear), -f64::from(value) / 100.0);
        let expected = mapped(&soft, encoded);
        assert_close(&format!("blur {value}"), &actual, &expected, 1.0);
    }
}

#[test]
fn above_nought_is_an_unsharp_mask_of_encoded_values() {
    let source = stored(&chart(), 255.0);
    for value in [1, 50, 200, 500] {
        let actual = picture(&engine(), &chart().png(), &recipe(value));
        let expected = masked(&source, f64::from(value) / 100.0);
        assert_close(&format!("unsharp {value}"), &actual, &expected, 1.1);
    }
}

#[test]
fn sixteen_bits_and_grey_keep_their_precision() {
    let chart = chart();
    let gray = Floats::paint(60, 40, |x, y| [chart.pixel(x, y)[0]]);
    let source = stored(&gray, 65535.0);
    let actual = picture(&engine(), &gray.deep_png(), &recipe(150));
    assert!(matches!(actual.samples, Samples::U16(_)));
    // The mask is cut at three and a half standard deviations.
    assert_close("unsharp 16 bits", &actual, &masked(&source, 1.5), 0.12);
    let actual = picture(&engine(), &gray.deep_png(), &recipe(-200));
    let expected = mapped(&blurred(&mapped(&source, linear), 2.0), encoded);
    assert_close("blur 16 bits", &actual, &expected, 0.25);
}

#[test]
fn transparent_pixels_have_no_say() {
    // Opaque red beside green that cannot be seen.
    let source =
        Floats::paint(
            40,
            20,
            |x, _| {
                if x < 20 { [0.8, 0.1, 0.1, 1.0] } else { [0.0, 1.0, 0.0, 0.0] }
            },
        );
    let soft = floats(&picture(&engine(), &source.png(), &recipe(-200)));
    let alpha = blurred(&source, 2.0);
    for x in 0..40 {
        let pixel = soft.pixel(x, 10);
        let expected = alpha.pixel(x, 10)[3];
        assert!((pixel[3] - expected).abs() * 255.0 <= 1.0, "{x}: {pixel:?} {expected}");
        if pixel[3] > 0.05 {
            let off = (pixel[0] - 0.8).abs().max((pixel[1] - 0.1).abs()) * 255.0;
            assert!(off <= 1.0, "{x}: {pixel:?}");
        }
    }
    let sharp = picture(&engine(), &source.png(), &recipe(300));
    let expected =
        Floats::paint(40, 20, |x, _| if x < 20 { [0.8, 0.1, 0.1, 1.0] } else { [0.0; 4] });
    assert_close("alpha is not sharpened", &sharp, &expected, 0.51);
}

#[test]
fn inks_are_sharpened_as_they_are() {
    let source = Floats::paint(40, 30, |x, _| {
        let edge = f64::from(u8::from(x >= 20));
        [0.2 + 0.4 * edge, 0.5, 0.7 - 0.3 * edge, 0.1 + 0.2 * edge]
    });
    let image = Image {
        width: 40,
        height: 30,
        space: ColourSpace::Cmyk,
        alpha: false,
        samples: Samples::U8(source.bytes()),
        profile: None,
        metadata: Metadata::default(),
    };
    let file = encode(&image, &EncodeOptions::new(Format::Tiff)).unwrap();
    let to_tiff = |sharpen| Recipe { sharpen, ..Recipe::unchanged(Format::Tiff) };
    let stored = stored(&source, 255.0);
    let actual = picture(&engine(), &file, &to_tiff(100));
    assert_eq!(actual.space, ColourSpace::Cmyk);
    assert_close("unsharp inks", &actual, &masked(&stored, 1.0), 0.8);
    let actual = picture(&engine(), &file, &to_tiff(-150));
    assert_close("blurred inks", &actual, &blurred(&stored, 1.5), 0.8);
}

#[test]
fn padding_is_not_drawn_in() {
    // A white frame around a dark picture neither lightens its edge nor is darkened by it.
    let dark = Floats::paint(60, 30, |_, _| [0.2; 3]);
    for sharpen in [-500, 500] {
        let padded = Recipe { width: 30, height: 30, ..recipe(sharpen) };
        let actual = picture(&engine(), &dark.png(), &padded);
        let expected =
            Floats::paint(30, 30, |_, y| [if (8..23).contains(&y) { 0.2 } else { 1.0 }; 3]);
        assert_close(&format!("padding {sharpen}"), &actual, &expected, 0.51);
    }
}

#[test]
fn tiles_are_parts_of_the_sharpened_whole() {
    let detailed = Floats::paint(303, 240, |x, y| {
        let wave = |k: f64| 0.5 + 0.5 * (k * (x * x + y * y) as f64).sin();
        [wave(0.001), wave(0.002), wave(0.003)]
    });
    for sharpen in [-500, -60, 50, 500] {
        let crop = Crop { left: 0.2, top: 0.1, ..Crop::FULL };
        let recipes = [
            ("plain", recipe(sharpen)),
            ("small", Recipe { width: 120, height: 120, ..recipe(sharpen) }),
            ("turned", Recipe { width: 90, angle_deg: 270.0, crop, ..recipe(sharpen) }),
        ];
        for (case, recipe) in recipes {
            for (kind, file) in [("png", detailed.png()), ("jpeg", detailed.jpeg())] {
                assert_whole(&format!("sharpen {sharpen} {case} {kind}"), &recipe, |recipe| {
                    picture(&engine(), &file, recipe)
                });
            }
        }
    }
}

/// What the engine does to the chart when it mixes encoded values.
fn as_encoded(sharpen: i16) -> Image {
    let plain = Engine::new(EngineOptions { linear: false, ..EngineOptions::default() }).unwrap();
    picture(&plain, &chart().png(), &recipe(sharpen))
}

#[test]
fn libvips_blurs_alike() {
    let input = file("blur.png", &chart().png());
    let (soft, output) = (file("blur.v", &[]), file("blur-vips.png", &[]));
    for (value, sigma) in [(-100, "1"), (-300, "3")] {
        let exact = ["--precision", "float", "--min-ampl", "0.001"];
        run("/usr/bin/vips", &[&["gaussblur", &input, &soft, sigma][..], &exact].concat());
        // Floats are cut, not rounded, when they become bytes.
        run("/usr/bin/vips", &["linear", &soft, &output, "1", "0.5", "--uchar"]);
        let theirs = floats(&read(&fs::read(&output).unwrap()));
        assert_close(&format!("libvips {value}"), &as_encoded(value), &theirs, 1.01);
    }
}

/// Texture of every direction and strength, with edges.
fn texture() -> Floats {
    Floats::paint(160, 120, |x, y| {
        let wave = |k: f64| 0.5 + 0.4 * (k * (x * x + 2 * y * y) as f64).sin();
        let edge = f64::from(u8::from((x / 23 + y / 17) % 2 == 0));
        [wave(0.002), 0.7 * wave(0.004) + 0.3 * edge, 0.2 + 0.6 * edge]
    })
}

/// What libvips makes of the definition: the picture and what a blur takes from it, so many times.
#[test]
fn libvips_sharpens_alike() {
    for (name, source) in [("chart", chart()), ("texture", texture())] {
        let input = file(&format!("vips-{name}.png"), &source.png());
        let [soft, more, less, mask] = ["soft", "more", "less", "mask"]
            .map(|step| file(&format!("vips-{name}-{step}.v"), &[]));
        let output = file(&format!("vips-{name}-sharp.png"), &[]);
        let vips = |arguments: &[&str]| run("/usr/bin/vips", arguments);
        vips(&["gaussblur", &input, &soft, "1", "--precision", "float", "--min-ampl", "0.001"]);
        for (value, amount, total) in [(25, "0.25", "1.25"), (100, "1", "2"), (200, "2", "3")] {
            vips(&["linear", &input, &more, total, "0"]);
            vips(&["linear", &soft, &less, amount, "0"]);
            vips(&["subtract", &more, &less, &mask]);
            // Floats are cut, not rounded, when they become bytes.
            vips(&["linear", &mask, &output, "1", "0.5", "--uchar"]);
            let theirs = floats(&read(&fs::read(&output).unwrap()));
            let actual = picture(&engine(), &source.png(), &recipe(value));
            assert_close(&format!("libvips {name} {value}"), &actual, &theirs, 1.01);
        }
    }
}

/// In proportion to light, as both do it when they are told so.
#[test]
fn imagemagick_blurs_alike() {
    for (name, source) in [("chart", chart()), ("texture", texture())] {
        let input = file(&format!("im-{name}.png"), &source.png());
        let output = file(&format!("im-{name}-soft.png"), &[]);
        let png = format!("PNG24:{output}");
        for (value, blur) in [(-100, "6x1"), (-250, "14x2.5"), (-500, "26x5")] {
            let to = ["-colorspace", "RGB", "-gaussian-blur", blur];
            let back = ["-colorspace", "sRGB", "-depth", "8", &png];
            run("/usr/bin/convert", &[&[&input[..]][..], &to, &back].concat());
            let theirs = floats(&read(&fs::read(&output).unwrap()));
            let actual = picture(&engine(), &source.png(), &recipe(value));
            // Its kernel is the mean of the Gaussian over each pixel and so a little wider.
            assert_close(&format!("imagemagick {name} {value}"), &actual, &theirs, 3.01);
        }
    }
}

#[test]
fn imagemagick_sharpens_alike() {
    let input = file("sharpen.png", &chart().png());
    let output = file("sharpen-im.png", &[]);
    let png = format!("PNG24:{output}");
    run("/usr/bin/convert", &[&input, "-unsharp", "8x1+0.5+0", "-depth", "8", &png]);
    let theirs = floats(&read(&fs::read(&output).unwrap()));
    // Its kernel is the mean of the Gaussian over each pixel and so a little wider.
    assert_close("imagemagick 50", &as_encoded(50), &theirs, 2.01);
}
