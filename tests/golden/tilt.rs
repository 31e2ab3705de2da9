//! Turning by any angle, against a picture that is a formula and so can be turned exactly.

use halftone::pixel::{Crop, Fill, Format, Image, Recipe, Rgba};

use super::mosaic::assert_whole;
use super::support::*;

const WIDTH: usize = 240;
const HEIGHT: usize = 160;

/// Slow waves: at a pixel's centre and between pixels.
fn formula(x: f64, y: f64) -> [f64; 3] {
    let wave = |a: f64, b: f64| 0.5 + 0.4 * (a * x / 40.0 + b * y / 40.0).sin();
    [wave(1.0, 0.3), wave(-0.5, 1.0), wave(0.8, -0.7)]
}

fn source() -> Floats {
    Floats::paint(WIDTH, HEIGHT, |x, y| formula(x as f64 + 0.5, y as f64 + 0.5))
}

const FILL: [f64; 3] = [1.0, 0.0, 0.0];

/// The formula, turned clockwise by `angle_deg` about its centre and reduced by `scale`: the value
/// at each pixel's centre, and whether the pixel lies inside (+1), outside (−1) or on the edge (0).
fn expected(width: usize, height: usize, angle_deg: f64, scale: f64) -> Vec<([f64; 3], i8)> {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let dx = (x as f64 + 0.5 - width as f64 / 2.0) * scale;
            let dy = (y as f64 + 0.5 - height as f64 / 2.0) * scale;
            let u = dx * cos + dy * sin + WIDTH as f64 / 2.0;
            let v = -dx * sin + dy * cos + HEIGHT as f64 / 2.0;
            let inside = u.min(v).min(WIDTH as f64 - u).min(HEIGHT as f64 - v);
            let edge = if inside.abs() < 3.5 * scale { 0 } else { inside.signum() as i8 };
            pixels.push((if edge < 0 { FILL } else { formula(u, v) }, edge));
        }
    }
    pixels
}

fn assert_turned(case: &str, actual: &Image, angle_deg: f64, scale: f64, levels: f64) {
    let actual = floats(actual);
    let expected = expected(actual.width, actual.height, angle_deg, scale);
    let mut counts = [0; 3];
    for (at, (colour, edge)) in expected.iter().enumerate() {
        counts[(edge + 1) as usize] += 1;
        if *edge == 0 {
            continue;
        }
        let pixel = &actual.values[at * actual.bands..][..3];
        for band in 0..3 {
            let off = (pixel[band] - colour[band]).abs() * 255.0;
            assert!(
                off <= levels,
                "{case} {angle_deg}° at {},{}: {pixel:.3?}, expected {colour:.3?}",
                at % actual.width,
                at / actual.width
            );
        }
    }
    assert!(counts[1] > 0 && counts[2] > 0, "{case}: inside and edge are there");
    assert!(counts[0] > 0 || angle_deg < 5.0, "{case}: outside is there");
}

fn recipe(angle_deg: f64) -> Recipe {
    let fill = Fill::Colour(Rgba { r: 255, g: 0, b: 0, a: 255 });
    Recipe { angle_deg, fill, ..Recipe::unchanged(Format::Png) }
}

#[test]
fn any_angle_at_full_size() {
    for angle_deg in [0.7, 9.95, 45.0, 100.0, 200.3, 333.0] {
        let actual = picture(&engine(), &source().png(), &recipe(angle_deg));
        let (sin, cos) = angle_deg.to_radians().sin_cos();
        let (w, h) = (WIDTH as f64, HEIGHT as f64);
        let width = (w * cos.abs() + h * sin.abs()).ceil() as u32;
        let height = (w * sin.abs() + h * cos.abs()).ceil() as u32;
        assert_eq!((actual.width, actual.height), (width, height));
        assert_turned("full", &actual, angle_deg, 1.0, 1.5);
    }
}

#[test]
fn any_angle_then_smaller() {
    for (kind, file) in [("png", source().png()), ("jpeg", source().jpeg())] {
        for angle_deg in [9.95, 45.0, 200.3] {
            let full = picture(&engine(), &file, &recipe(angle_deg));
            for width in [full.width / 2, full.width / 5] {
                let small = Recipe { width, ..recipe(angle_deg) };
                let actual = picture(&engine(), &file, &small);
                // The waves are slow, so their reduction is their value to within two levels.
                let scale = f64::from(full.width) / f64::from(width);
                assert_turned(kind, &actual, angle_deg, scale, 2.5);
            }
        }
    }
}

#[test]
fn outside_is_transparent_where_it_can_be() {
    let transparent = Recipe { fill: Fill::Transparent, ..recipe(30.0) };
    let actual = floats(&picture(&engine(), &source().png(), &transparent));
    assert_eq!(actual.bands, 4);
    let (w, h) = (actual.width, actual.height);
    assert_eq!(actual.pixel(0, 0)[3], 0.0);
    assert_eq!(actual.pixel(w / 2, h / 2)[3], 1.0);
    // A full turn of edge pixels covers the picture's own area.
    let covered: f64 = actual.values.chunks_exact(4).map(|pixel| pixel[3]).sum();
    let area = (WIDTH * HEIGHT) as f64;
    assert!((covered / area - 1.0).abs() < 0.001, "{covered} of {area}");
}

#[test]
fn a_picture_of_one_colour_has_clean_edges() {
    // White on white stays white, also where an edge is covered in part.
    let white = Floats::paint(100, 70, |_, _| [1.0; 3]);
    let recipe = Recipe { width: 60, fill: Fill::WHITE, ..recipe(17.0) };
    let actual = picture(&engine(), &white.png(), &recipe);
    let expected = Floats::paint(actual.width as usize, actual.height as usize, |_, _| [1.0; 3]);
    assert_close("white on white", &actual, &expected, 1e-6);
}

#[test]
fn own_transparency_is_kept_and_the_outside_filled() {
    let clear = Floats::paint(80, 80, |_, _| [0.0, 1.0, 0.0, 0.0]);
    let actual = floats(&picture(&engine(), &clear.png(), &recipe(45.0)));
    let (w, h) = (actual.width, actual.height);
    assert_eq!(actual.pixel(0, 0), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(actual.pixel(w / 2, h / 2)[3], 0.0);
}

#[test]
fn orientation_mirror_and_tilt_together() {
    // A mirror before a clockwise turn is an anticlockwise turn before a mirror.
    use halftone::pixel::Flip;
    let mirrored = Recipe { flip: Some(Flip::Horizontal), ..recipe(20.0) };
    let actual = floats(&picture(&engine(), &source().png(), &mirrored));
    let other = floats(&picture(&engine(), &source().png(), &recipe(340.0)));
    assert_eq!((actual.width, actual.height), (other.width, other.height));
    for y in 0..actual.height {
        for x in 0..actual.width {
            let (one, two) = (actual.pixel(x, y), other.pixel(actual.width - 1 - x, y));
            for band in 0..3 {
                assert!((one[band] - two[band]).abs() * 255.0 <= 1.01);
            }
        }
    }
}

#[test]
fn tiles_are_parts_of_the_turned_whole() {
    let detailed = Floats::paint(603, 410, |x, y| {
        let wave = |k: f64| 0.5 + 0.5 * (k * (x * x + y * y) as f64).sin();
        [wave(0.001), wave(0.002), wave(0.003)]
    });
    let clear = Floats::paint(303, 210, |x, y| {
        let wave = |k: f64| 0.5 + 0.5 * (k * (x * x + y * y) as f64).sin();
        [wave(0.001), wave(0.002), wave(0.003), wave(0.0007)]
    });
    let crop = Crop { left: 0.2, top: 0.1, right: 0.9, bottom: 0.95 };
    for angle_deg in [12.3, 261.0] {
        for (case, recipe) in [
            ("full", recipe(angle_deg)),
            ("small", Recipe { width: 80, ..recipe(angle_deg) }),
            ("crop", Recipe { width: 200, crop, ..recipe(angle_deg) }),
        ] {
            for (kind, file) in
                [("png", detailed.png()), ("jpeg", detailed.jpeg()), ("alpha", clear.png())]
            {
                assert_whole(&format!("tilt {angle_deg} {case} {kind}"), &recipe, |recipe| {
                    picture(&engine(), &file, recipe)
                });
            }
        }
    }
}
