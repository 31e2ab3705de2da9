//! Overlays that nobody gets a picture out from under: every result shows its part of one covered
//! picture.

use std::io::Cursor;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::{
    Cancel, Compass, Crop, Engine, Fill, Flip, Format, Gravity, Ground, Image, Opened, Overlay,
    Point, Recipe, Reshape, Rgba,
};

use super::mosaic::assert_whole;
use super::support::*;

const WIDTH: usize = 120;
const HEIGHT: usize = 80;

const MARK: Overlay = Overlay {
    size: 0.7,
    position: Compass::SouthEast,
    opacity: 0.8,
    ground: Ground::Part(Crop::FULL),
};

fn recipe(overlay: Overlay) -> Recipe {
    Recipe { overlay: Some(overlay), ..Recipe::unchanged(Format::Png) }
}

fn opened(engine: &Engine, file: &[u8]) -> Opened {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    engine.open(input, &Opening::default()).unwrap()
}

fn laid(engine: &Engine, under: &[u8], over: &[u8], recipe: &Recipe) -> Image {
    let both = opened(engine, under).with_overlay(opened(engine, over));
    let held = both.held_pixels(recipe);
    let image = read(&engine.make(both, recipe, &Cancel::never(), &|_| ()).unwrap().bytes);
    assert!(held >= u64::from(image.width) * u64::from(image.height));
    image
}

fn ground() -> Floats {
    Floats::paint(WIDTH, HEIGHT, |x, y| {
        let wave = 0.5 + 0.4 * ((x * 3 + y * 5) as f64 / 11.0).sin();
        [x as f64 / 255.0, y as f64 / 255.0, wave]
    })
}

/// Larger than its ground, and transparent here and there.
fn mark() -> Floats {
    Floats::paint(500, 333, |x, y| {
        let wave = |k: f64| 0.5 + 0.5 * (k * (x * x + y * y) as f64).sin();
        [wave(0.001), wave(0.002), wave(0.003), wave(0.004)]
    })
}

/// A part of a picture.
fn window(whole: &Floats, (left, top): (usize, usize), (width, height): (usize, usize)) -> Floats {
    let mut values = Vec::new();
    for y in top..top + height {
        let from = (y * whole.width + left) * whole.bands;
        values.extend_from_slice(&whole.values[from..from + width * whole.bands]);
    }
    Floats { width, height, bands: whole.bands, values }
}

fn crop((left, top): (usize, usize), (right, bottom): (usize, usize), of: (usize, usize)) -> Crop {
    Crop {
        left: left as f64 / of.0 as f64,
        top: top as f64 / of.1 as f64,
        right: right as f64 / of.0 as f64,
        bottom: bottom as f64 / of.1 as f64,
    }
}

/// Turns and mirrors, and the size of the turned picture.
fn turns() -> Vec<(Option<Flip>, f64, (usize, usize))> {
    let flips = [None, Some(Flip::Horizontal), Some(Flip::Vertical)];
    let angles = [
        (0.0, (WIDTH, HEIGHT)),
        (90.0, (HEIGHT, WIDTH)),
        (180.0, (WIDTH, HEIGHT)),
        (270.0, (HEIGHT, WIDTH)),
    ];
    flips.into_iter().flat_map(|flip| angles.map(|(angle, size)| (flip, angle, size))).collect()
}

#[test]
fn crops_are_windows_of_the_covered_whole() {
    let engine = engine();
    let over = mark().png();
    for under in [ground().png(), ground().jpeg()] {
        for (at, (flip, angle_deg, size)) in turns().into_iter().enumerate() {
            let position = [Compass::SouthEast, Compass::Centre, Compass::NorthWest][at % 3];
            let size_of_mark = [0.7, 1.0, 0.31, 0.05][at % 4];
            let overlay = Overlay { position, size: size_of_mark, ..MARK };
            let turned = Recipe { flip, angle_deg, ..recipe(overlay) };
            let whole = floats(&laid(&engine, &under, &over, &turned));
            assert_eq!((whole.width, whole.height), size);
            for (from, to) in [
                ((0, 0), (size.0 / 2, size.1 / 2)),
                ((size.0 / 2, size.1 / 2), size),
                ((13, 7), (50, 61)),
                ((size.0 - 9, 0), size),
                ((0, size.1 - 1), size),
                ((31, 29), (32, 30)),
            ] {
                let case = format!("locked {flip:?} {angle_deg} {from:?} {to:?}");
                let part = Recipe { crop: crop(from, to, size), ..turned.clone() };
                let expected = window(&whole, from, (to.0 - from.0, to.1 - from.1));
                assert_close(&case, &laid(&engine, &under, &over, &part), &expected, 1e-9);
                if from == (13, 7) {
                    assert_whole(&case, &part, |recipe| laid(&engine, &under, &over, recipe));
                }
            }
        }
    }
}

/// Rows and columns of crops, laid side by side.
#[test]
fn crops_add_up_to_the_covered_whole() {
    let engine = engine();
    let (under, over) = (ground().png(), mark().png());
    for position in [Compass::Centre, Compass::NorthEast] {
        let recipe = recipe(Overlay { position, ..MARK });
        let whole = floats(&laid(&engine, &under, &over, &recipe));
        let plain = floats(&picture(&engine, &under, &Recipe { overlay: None, ..recipe.clone() }));
        assert_ne!(whole, plain);
        let mut sum = Floats { values: vec![0.0; whole.values.len()], ..whole.clone() };
        let (columns, rows) = ([0, 11, 50, 51, 97, WIDTH], [0, 19, 33, HEIGHT]);
        for x in columns.windows(2) {
            for y in rows.windows(2) {
                let crop = crop((x[0], y[0]), (x[1], y[1]), (WIDTH, HEIGHT));
                let part =
                    floats(&laid(&engine, &under, &over, &Recipe { crop, ..recipe.clone() }));
                for row in 0..part.height {
                    let to = ((y[0] + row) * WIDTH + x[0]) * whole.bands;
                    let len = part.width * part.bands;
                    sum.values[to..to + len].copy_from_slice(&part.values[row * len..][..len]);
                }
            }
        }
        assert_eq!(sum, whole);
    }
}

#[test]
fn what_a_shape_leaves_is_a_window_too() {
    let engine = engine();
    let (under, over) = (ground().png(), mark().png());
    let whole = floats(&laid(&engine, &under, &over, &recipe(MARK)));
    let cover = |gravity| {
        let reshape = Some(Reshape::Cover(gravity));
        Recipe { width: 40, height: 80, reshape, ..recipe(MARK) }
    };
    for (gravity, left) in [
        (Gravity::Side { x: 0, y: 1 }, 0),
        (Gravity::CENTRE, 40),
        (Gravity::Side { x: 2, y: 1 }, 80),
        (Gravity::Point(Point { x: 0.5, y: 0.9 }), 40),
        (Gravity::Point(Point { x: 0.25, y: 0.1 }), 10),
    ] {
        let made = laid(&engine, &under, &over, &cover(gravity));
        let expected = window(&whole, (left, 0), (40, 80));
        assert_close(&format!("locked {gravity:?}"), &made, &expected, 1e-9);
    }
    // The part that draws the eye is found first, and covered as it is there.
    let made = floats(&laid(&engine, &under, &over, &cover(Gravity::Smart)));
    let found = (0..=80).find(|left| window(&whole, (*left, 0), (40, 80)) == made);
    assert!(found.is_some(), "no window of the whole");
}

#[test]
fn reduced_and_padded_it_is_still_the_same_whole() {
    let engine = engine();
    let plain = Floats::paint(WIDTH, HEIGHT, |_, _| [0.2, 0.4, 0.6]).png();
    let over = mark().png();
    // At a half: 60×40, of which the right half is 30×40.
    let whole = floats(&laid(&engine, &plain, &over, &Recipe { width: 60, ..recipe(MARK) }));
    let right = Crop { left: 0.5, ..Crop::FULL };
    let half = Recipe { width: 30, crop: right, ..recipe(MARK) };
    let expected = window(&whole, (30, 0), (30, 40));
    assert_close("locked half", &laid(&engine, &plain, &over, &half), &expected, 1e-9);
    // On a canvas of 50×40 it is in the middle, and nothing lies on the filling.
    let fill = Fill::Colour(Rgba { r: 255, g: 0, b: 0, a: 255 });
    let padded = Recipe { width: 50, height: 40, fill, crop: right, ..recipe(MARK) };
    let expected = Floats::paint(50, 40, |x, y| match x {
        10..40 => std::array::from_fn(|band| whole.pixel(x - 10 + 30, y)[band]),
        _ => [1.0, 0.0, 0.0],
    });
    assert_close("locked padded", &laid(&engine, &plain, &over, &padded), &expected, 1e-9);
    // Twice as dense, the same picture: 100×80 with the padding.
    let dense = Recipe { width: 100, height: 80, ..padded };
    let whole = floats(&laid(&engine, &plain, &over, &recipe(MARK)));
    let expected = Floats::paint(60, 80, |x, y| {
        std::array::from_fn::<f64, 3, _>(|band| whole.pixel(x + 60, y)[band])
    });
    // It has no more pixels than 60×80.
    assert_close("locked dense", &laid(&engine, &plain, &over, &dense), &expected, 1e-9);
}

/// A crop that is no wider than a few pixels of the result is placed as well as it can be: whatever is
/// asked for, no strip comes out uncovered where the whole is covered.
#[test]
fn thin_strips_stay_covered() {
    let engine = engine();
    let plain = Floats::paint(WIDTH, HEIGHT, |_, _| [0.0; 3]).png();
    let over = Floats::paint(240, 160, |_, _| [1.0, 1.0, 1.0, 1.0]).png();
    let overlay = Overlay { size: 0.5, position: Compass::Centre, opacity: 1.0, ..MARK };
    // Covered are 30 to 90 and 20 to 60, give or take a pixel of the result.
    for left in (36..80).step_by(6) {
        for width in [3, 4] {
            for height in [0, 13, 27, 40, 66] {
                let crop = crop((left, 0), (left + width, HEIGHT), (WIDTH, HEIGHT));
                let strip = Recipe { crop, height, ..recipe(overlay) };
                let made = floats(&laid(&engine, &plain, &over, &strip));
                for x in 0..made.width {
                    assert_eq!(made.pixel(x, made.height / 2), [1.0; 3], "{left} {width} {height}");
                    assert_eq!(made.pixel(x, 0), [0.0; 3], "{left} {width} {height}");
                }
            }
        }
    }
}

/// The whole of an animation's frames is covered like a picture's.
#[test]
fn what_moves_is_covered_alike() {
    let engine = engine();
    let over = mark().png();
    let palette: Vec<u8> = (0..64u8).flat_map(|at| [at * 4, 255 - at * 3, 90]).collect();
    let mut encoder = gif::Encoder::new(Vec::new(), 60, 40, &palette).unwrap();
    for shift in [0, 17] {
        let indices: Vec<u8> = (0..60 * 40).map(|at| ((at % 60 + shift) % 64) as u8).collect();
        let frame = gif::Frame {
            width: 60,
            height: 40,
            delay: 9,
            buffer: indices.into(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    let moving = encoder.into_inner().unwrap();
    let made = |name: &str, crop: Crop| {
        let recipe = Recipe { crop, ..Recipe { format: Format::Gif, ..recipe(MARK) } };
        let both = opened(&engine, &moving).with_overlay(opened(&engine, &over));
        let gif = engine.make(both, &recipe, &Cancel::never(), &|_| ()).unwrap().bytes;
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(Cursor::new(gif)).unwrap();
        let size = (usize::from(decoder.width()), usize::from(decoder.height()));
        let mut count = 0;
        let mut first = None;
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            first.get_or_insert_with(|| frame.buffer.to_vec());
            count += 1;
        }
        assert_eq!(count, 2, "{name}");
        (size, first.unwrap())
    };
    let (size, whole) = made("whole", Crop::FULL);
    assert_eq!(size, (60, 40));
    let (size, part) = made("part", Crop { left: 0.5, top: 0.5, ..Crop::FULL });
    assert_eq!(size, (30, 20));
    // A palette of 256 colours is chosen for each: what counts is that the same is shown.
    let mut sum = 0u64;
    for y in 0..20 {
        for x in 0..30 {
            let (one, two) =
                (&part[(y * 30 + x) * 4..][..3], &whole[((y + 20) * 60 + x + 30) * 4..][..3]);
            sum += one.iter().zip(two).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        }
    }
    let mean = sum as f64 / f64::from(30 * 20 * 3);
    assert!(mean < 6.0, "{mean} levels apart");
}
