//! Overlays beside those that ImageMagick and libvips lay.

use std::fs;

use halftone::pixel::{Compass, Depth, Overlay};

use super::overlay::{FULL, ground, laid, recipe};
use super::support::*;

#[test]
fn imagemagick_lays_alike() {
    let over = Floats::paint(50, 40, |x, y| [0.9, x as f64 / 50.0, 0.3, y as f64 / 40.0]);
    let under = file("under.png", &ground().png());
    let above = file("above.png", &over.png());
    let output = file("laid.png", &[]);
    let png = format!("PNG24:{output}");
    for (position, gravity) in [(Compass::NorthEast, "northeast"), (Compass::South, "south")] {
        run(
            "/usr/bin/convert",
            &[&under, &above, "-gravity", gravity, "-compose", "over", "-composite", &png],
        );
        let theirs = floats(&read(&fs::read(&output).unwrap()));
        let recipe = recipe(Overlay { position, ..FULL });
        let actual = laid(&engine(), &ground().png(), &over.png(), &recipe);
        assert_close(&format!("imagemagick {gravity}"), &actual, &theirs, 1.01);
    }
}

/// Waves in all bands, and in alpha where there are four.
fn waves<const BANDS: usize>(width: usize, height: usize, by: f64) -> Floats {
    Floats::paint(width, height, |x, y| {
        std::array::from_fn::<f64, BANDS, _>(|band| {
            let (u, v) = (x as f64 / by, y as f64 / (by * 1.3));
            0.5 + 0.5 * (u + band as f64).sin() * (v - band as f64).cos()
        })
    })
}

/// The same without the alpha that a program has added to an opaque picture.
fn without_alpha(picture: &Floats) -> Floats {
    let (pixels, bands) = (picture.values.chunks_exact(picture.bands), picture.bands - 1);
    assert!(pixels.clone().all(|pixel| pixel[bands] == 1.0), "it is opaque");
    Floats { bands, values: pixels.flat_map(|pixel| pixel[..bands].to_vec()).collect(), ..*picture }
}

/// Where nothing can be seen, any colour is as good.
fn seen(picture: &Floats) -> Floats {
    let pixels = picture.values.chunks_exact(4);
    let seen = |pixel: &[f64]| if pixel[3] < 0.02 { vec![0.0; 4] } else { pixel.to_vec() };
    Floats { values: pixels.flat_map(seen).collect(), ..*picture }
}

#[test]
fn libvips_lays_alike() {
    let over = waves::<4>(50, 40, 9.0);
    let above = file("vips-above.png", &over.png());
    let (faint, output) = (file("vips-faint.v", &[]), file("vips-laid.png", &[]));
    for (case, under) in
        [("opaque", waves::<3>(120, 80, 17.0)), ("clear", waves::<4>(120, 80, 17.0))]
    {
        let below = file(&format!("vips-{case}.png"), &under.png());
        for (position, opacity, x, y) in [
            (Compass::NorthEast, 1.0, "70", "0"),
            (Compass::Centre, 0.4, "35", "20"),
            (Compass::SouthWest, 0.85, "0", "40"),
        ] {
            let factors = format!("1 1 1 {opacity}");
            run("/usr/bin/vips", &["linear", &above, &faint, &factors, "0 0 0 0"]);
            let at = ["--x", x, "--y", y];
            run(
                "/usr/bin/vips",
                &[&["composite2", &below, &faint, &output, "over"][..], &at].concat(),
            );
            let theirs = floats(&read(&fs::read(&output).unwrap()));
            let recipe = recipe(Overlay { position, opacity, ..FULL });
            let actual = laid(&engine(), &under.png(), &over.png(), &recipe);
            let name = format!("libvips {case} {position:?}");
            if under.bands == 4 {
                // Its colours are cut to eight bits, and faint ones come from few of their levels.
                let actual = seen(&floats(&actual)).image(false);
                assert_close(&name, &actual, &seen(&theirs), 1.51);
            } else {
                assert_close(&name, &actual, &without_alpha(&theirs), 1.01);
            }
        }
    }
}

#[test]
fn imagemagick_fits_and_fades_alike() {
    let under = waves::<3>(120, 80, 17.0);
    // Soft enough that no kernel overshoots, which ImageMagick cuts between its two passes.
    let over = Floats::paint(160, 40, |x, y| {
        let wave = 0.5 + 0.2 * ((x + y) as f64 / 13.0).sin();
        [wave, 0.5, 1.0 - wave]
    });
    let (below, above) = (file("im-under.png", &under.png()), file("im-over.png", &over.png()));
    let output = file("im-fitted.png", &[]);
    for (size, fitted, gravity, position, percent) in [
        (1.0, "120x30!", "center", Compass::Centre, "100"),
        (0.5, "60x15!", "southeast", Compass::SouthEast, "40"),
        (0.31, "37x9!", "west", Compass::West, "75"),
    ] {
        let opacity = percent.parse::<f64>().unwrap() / 100.0;
        let small =
            ["-colorspace", "RGB", "-filter", "Lanczos", "-resize", fitted, "-colorspace", "sRGB"];
        let dissolve = ["-compose", "dissolve", "-define"];
        let percent = format!("compose:args={percent}");
        let png = format!("PNG24:{output}");
        let lay = [&percent, "-gravity", gravity, "-composite", "-depth", "8", &png];
        let over_it = [&["(", &above][..], &small, &[")"]].concat();
        run("/usr/bin/convert", &[&[&below[..]][..], &over_it, &dissolve, &lay].concat());
        let theirs = floats(&read(&fs::read(&output).unwrap()));
        let recipe = recipe(Overlay { size, position, opacity, ..FULL });
        let actual = laid(&engine(), &under.png(), &over.png(), &recipe);
        assert_close(&format!("imagemagick fits {size}"), &actual, &theirs, 1.51);
    }
}

#[test]
fn imagemagick_lays_sixteen_bits_alike() {
    let (under, over) = (waves::<3>(60, 40, 17.0), waves::<4>(60, 40, 9.0));
    let (below, above) =
        (file("im-deep.png", &under.deep_png()), file("im-deep-over.png", &over.deep_png()));
    let output = file("im-deep-laid.png", &[]);
    run(
        "/usr/bin/convert",
        &[
            &below,
            &above,
            "-compose",
            "over",
            "-composite",
            "-depth",
            "16",
            &format!("PNG48:{output}"),
        ],
    );
    let theirs = read(&fs::read(&output).unwrap());
    assert_eq!(theirs.depth(), Depth::U16);
    let actual = laid(&engine(), &under.deep_png(), &over.deep_png(), &recipe(FULL));
    // Two levels of 65535.
    assert_close("imagemagick 16 bits", &actual, &floats(&theirs), 2.01 / 257.0);
}
