//! Pictures that are too large to be held are read in bands and come out as others do.

use std::io::Cursor;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::{
    Cancel, Crop, Engine, EngineOptions, Error, Format, Image, Limits, Made, Opened, Recipe,
};

use super::png_file::{GREY, PngFile, RGB};
use super::support::*;

const WIDTH: u32 = 3000;
const HEIGHT: u32 = 4000;

/// A page of rings and bars, at most a pixel of which is neither black nor white.
fn scan(kind: (u8, u8), interlaced: bool) -> PngFile {
    let mut file = PngFile { interlaced, ..PngFile::noise(1, 1, kind) };
    (file.width, file.height) = (WIDTH, HEIGHT);
    let top = super::png_file::top(kind.1);
    let at = |x: u32, y: u32| {
        let (dx, dy) = (f64::from(x) - 1500.0, f64::from(y) - 1800.0);
        let ring = (dx.hypot(dy) / 90.0).sin() > 0.2;
        let bar = (x / 40).is_multiple_of(9) && y % 700 > 300;
        if ring != bar { top } else { 0 }
    };
    let bands = super::png_file::channels(kind.0);
    file.values = (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).flat_map(move |x| std::iter::repeat_n(at(x, y), bands)))
        .collect();
    file.filter = 0;
    file
}

fn opened(engine: &Engine, file: &[u8]) -> Opened {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    engine.open(input, &Opening::default()).unwrap()
}

/// An engine that may hold so many pixels.
fn bounded(held_pixels: u64) -> Engine {
    let limits = Limits { held_pixels, ..Limits::default() };
    Engine::new(EngineOptions { limits, ..EngineOptions::default() }).unwrap()
}

fn made(engine: &Engine, file: &[u8], recipe: &Recipe) -> Result<Made, Error> {
    engine.make(opened(engine, file), recipe, &Cancel::never(), &|_| ())
}

fn small(width: u32) -> Recipe {
    Recipe { width, ..Recipe::unchanged(Format::Png) }
}

/// Mean and largest difference, in levels.
fn apart(one: &Image, other: &Image) -> (f64, f64) {
    let (one, other) = (floats(one), floats(other));
    assert_eq!((one.width, one.height, one.bands), (other.width, other.height, other.bands));
    let offs = one.values.iter().zip(&other.values).map(|(a, b)| (a - b).abs() * 255.0);
    let (sum, most) = offs.fold((0.0, 0.0_f64), |(sum, most), off| (sum + off, most.max(off)));
    (sum / one.values.len() as f64, most)
}

#[test]
fn a_scan_that_cannot_be_held_is_made_in_bands() {
    let pixels = u64::from(WIDTH) * u64::from(HEIGHT);
    let tiff = |compression: &str, rows: &str| {
        let input = file("banded.png", &scan((GREY, 1), false).write());
        let output = file(&format!("banded-{compression}.tif"), &[]);
        let rows = format!("tiff:rows-per-strip={rows}");
        run("/usr/bin/convert", &[&input, "-compress", compression, "-define", &rows, &output]);
        std::fs::read(output).unwrap()
    };
    let crop = Crop { left: 0.1, top: 0.2, right: 0.9, bottom: 0.95 };
    for (name, file, limit) in [
        ("PNG of 1 bit", scan((GREY, 1), false).write(), pixels * 3 / 4),
        ("PNG in colour", scan((RGB, 8), false).write(), pixels * 3 / 4),
        // One strip: what is held is the bits.
        ("fax in one strip", tiff("Group4", "4000"), pixels * 3 / 4),
        ("TIFF in strips", tiff("LZW", "64"), pixels * 3 / 4),
    ] {
        for recipe in
            [small(200), Recipe { crop, ..small(233) }, Recipe { angle_deg: 90.0, ..small(150) }]
        {
            let engine = bounded(limit);
            let held = opened(&engine, &file).held_pixels(&recipe);
            assert!(held <= limit, "{name}: {held}");
            let banded = read(&made(&engine, &file, &recipe).unwrap().bytes);
            let whole = read(&made(&bounded(u64::MAX), &file, &recipe).unwrap().bytes);
            // Two reductions instead of one: the same kernel, at some times the result's size first.
            let (mean, most) = apart(&banded, &whole);
            println!("{name} at {}: mean {mean:.2}, most {most:.1}", recipe.width);
            // Measured: mean 0.16, most 32, at edges of pure black and white.
            assert!(mean < 0.5 && most < 48.0, "{name} {recipe:?}: mean {mean:.2}, most {most:.1}");
        }
    }
}

#[test]
fn what_cannot_come_row_by_row_is_refused() {
    let limit = u64::from(WIDTH) * u64::from(HEIGHT) * 3 / 4;
    let laced = scan((GREY, 1), true).write();
    let result = made(&bounded(limit), &laced, &small(200)).map(drop);
    assert!(matches!(result, Err(Error::Limit(_))), "{result:?}");
    // And what is asked for at a size that would have to be held.
    let plain = scan((GREY, 1), false).write();
    for recipe in [Recipe::unchanged(Format::Png), small(2900)] {
        let result = made(&bounded(limit), &plain, &recipe).map(drop);
        assert!(matches!(result, Err(Error::Limit(_))), "{result:?}");
    }
    // A small part of it is read as always.
    let crop = Crop { left: 0.4, top: 0.4, right: 0.5, bottom: 0.5 };
    let part = made(&bounded(limit), &plain, &Recipe { crop, ..Recipe::unchanged(Format::Png) });
    assert_eq!(part.map(|made| (made.width, made.height)).unwrap(), (300, 400));
}

#[test]
fn damage_in_the_last_row_is_found() {
    let limit = u64::from(WIDTH) * u64::from(HEIGHT) * 3 / 4;
    let sound = scan((GREY, 1), false).write();
    let mut damaged = sound;
    // The last byte of pixels stands before a checksum and the end chunk.
    let last = damaged.len() - 12 - 4 - 1;
    damaged[last] ^= 1;
    let result = made(&bounded(limit), &damaged, &small(200)).map(drop);
    assert!(matches!(result, Err(Error::Malformed(_))), "{result:?}");
}
