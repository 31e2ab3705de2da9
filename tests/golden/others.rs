//! The same picture made by ImageMagick and by libvips.

use std::fs;

use halftone::pixel::{ColourSpace, Crop, Flip, Format, Image, Recipe};

use super::support::*;

/// Soft shapes, hard edges and texture, with room above and below: ImageMagick cuts values
/// between its two passes, and this is about the rest.
fn scene() -> Floats {
    Floats::paint(480, 360, |x, y| {
        let (u, v) = (x as f64 / 360.0, y as f64 / 360.0);
        let disc = f64::from(u8::from((u - 0.6).hypot(v - 0.5) < 0.3));
        let texture = (u * 80.0).sin() * (v * 60.0 + u * 9.0).cos();
        let light = 0.55 - 0.15 * v + 0.1 * texture;
        [light + 0.15 * disc, light, light - 0.1 * disc + 0.05 * u]
    })
}

/// Mean and largest difference in levels.
fn differences(one: &Image, two: &Image) -> (f64, u8) {
    assert_eq!((one.width, one.height, one.bands()), (two.width, two.height, two.bands()));
    let offs: Vec<u8> =
        bytes(one).iter().zip(bytes(two)).map(|(one, two)| one.abs_diff(*two)).collect();
    let sum: f64 = offs.iter().map(|off| f64::from(*off)).sum();
    (sum / offs.len() as f64, offs.into_iter().max().unwrap())
}

fn ours(width: u32) -> Image {
    picture(&engine(), &scene().png(), &Recipe { width, ..Recipe::unchanged(Format::Png) })
}

#[test]
fn imagemagick_in_linear_light() {
    let input = file("scene.png", &scene().png());
    for width in [240, 171, 100] {
        let output = file(&format!("scene-im-{width}.png"), &[]);
        run(
            "/usr/bin/convert",
            &[
                &input,
                "-colorspace",
                "RGB",
                "-filter",
                "Lanczos",
                "-resize",
                &format!("{width}x"),
                "-colorspace",
                "sRGB",
                "-depth",
                "8",
                &format!("PNG24:{output}"),
            ],
        );
        let (mean, most) = differences(&ours(width), &read(&fs::read(output).unwrap()));
        // Measured: mean up to 0.50, most 1. The same filter, so nothing but rounding.
        assert!(mean < 0.6 && most <= 1, "{width}: mean {mean:.3}, most {most}");
    }
}

#[test]
fn libvips_in_linear_light() {
    let input = file("scene-vips.png", &scene().png());
    for width in [240, 120] {
        let output = file(&format!("scene-vips-{width}.png"), &[]);
        run("/usr/bin/vips", &["thumbnail", &input, &output, &width.to_string(), "--linear"]);
        let (mean, most) = differences(&ours(width), &read(&fs::read(output).unwrap()));
        // libvips first averages whole pixels and then filters, so edges differ a little.
        // Measured: mean up to 0.3, most 6.
        assert!(mean < 0.5 && most <= 10, "{width}: mean {mean:.3}, most {most}");
    }
}

#[test]
fn imagemagick_turns_the_same_way() {
    let input = file("scene-turn.png", &scene().png());
    let output = file("scene-turned.png", &[]);
    run(
        "/usr/bin/convert",
        &[&input, "-background", "white", "-rotate", "20", "+repage", &format!("PNG24:{output}")],
    );
    let recipe = Recipe { angle_deg: 20.0, ..Recipe::unchanged(Format::Png) };
    let ours = floats(&picture(&engine(), &scene().png(), &recipe));
    let other = floats(&read(&fs::read(output).unwrap()));
    // ImageMagick leaves a pixel or two more around; the middles are the same place.
    assert!(ours.width.abs_diff(other.width) <= 4 && ours.height.abs_diff(other.height) <= 4);
    let mut sum = 0.0;
    let (across, down) = (200, 150);
    for y in 0..down {
        for x in 0..across {
            let at = |picture: &Floats| {
                let left = (picture.width - across) / 2 + x;
                let top = (picture.height - down) / 2 + y;
                picture.pixel(left, top)[1]
            };
            sum += (at(&ours) - at(&other)).abs() * 255.0;
        }
    }
    let mean = sum / (across * down) as f64;
    // Other interpolation, and the centre up to half a pixel elsewhere.
    assert!(mean < 8.0, "mean {mean:.2}");
}

#[test]
fn imagemagick_makes_the_same_grey() {
    let input = file("scene-grey.png", &scene().png());
    let output = file("scene-greyed.png", &[]);
    run(
        "/usr/bin/convert",
        &[
            &input,
            "-colorspace",
            "RGB",
            "-grayscale",
            "Rec709Luminance",
            "-colorspace",
            "sRGB",
            "-depth",
            "8",
            &format!("PNG24:{output}"),
        ],
    );
    let recipe = Recipe { colorspace: Some(ColourSpace::Gray), ..Recipe::unchanged(Format::Png) };
    let ours = picture(&engine(), &scene().png(), &recipe);
    let other = read(&fs::read(output).unwrap());
    let most = bytes(&ours)
        .iter()
        .zip(bytes(&other).chunks_exact(other.bands()))
        .map(|(ours, other)| ours.abs_diff(other[0]))
        .max();
    assert!(most.unwrap() <= 3, "most {most:?}");
}

/// A crop of 240×180 from 60, 90 of the scene.
const CROP: Crop = Crop { left: 0.125, top: 0.25, right: 0.625, bottom: 0.75 };

#[test]
fn imagemagick_cuts_mirrors_and_turns_alike() {
    let input = file("scene-cut.png", &scene().png());
    let as_is = || Recipe::unchanged(Format::Png);
    let cases: [(&str, &[&str], Recipe); 3] = [
        ("cut", &["-crop", "240x180+60+90"], Recipe { crop: CROP, ..as_is() }),
        ("mirrored", &["-flop"], Recipe { flip: Some(Flip::Horizontal), ..as_is() }),
        ("turned", &["-rotate", "90"], Recipe { angle_deg: 90.0, ..as_is() }),
    ];
    for (case, arguments, recipe) in cases {
        let output = file(&format!("scene-{case}-im.png"), &[]);
        let png = format!("PNG24:{output}");
        run("/usr/bin/convert", &[&[input.as_str()], arguments, &["+repage", &png]].concat());
        let other = read(&fs::read(output).unwrap());
        let ours = picture(&engine(), &scene().png(), &recipe);
        assert_eq!(differences(&ours, &other), (0.0, 0), "{case}");
    }
}

#[test]
fn libvips_cuts_mirrors_and_turns_alike() {
    let input = file("scene-cut-vips.png", &scene().png());
    let as_is = || Recipe::unchanged(Format::Png);
    let cases: [(&str, &[&str], Recipe); 3] = [
        ("extract_area", &["60", "90", "240", "180"], Recipe { crop: CROP, ..as_is() }),
        ("flip", &["vertical"], Recipe { flip: Some(Flip::Vertical), ..as_is() }),
        ("rot", &["d270"], Recipe { angle_deg: 270.0, ..as_is() }),
    ];
    for (operation, arguments, recipe) in cases {
        let output = file(&format!("scene-{operation}-vips.png"), &[]);
        run("/usr/bin/vips", &[&[operation, &input, &output], arguments].concat());
        let other = read(&fs::read(output).unwrap());
        let ours = picture(&engine(), &scene().png(), &recipe);
        assert_eq!(differences(&ours, &other), (0.0, 0), "{operation}");
    }
}
