//! `gravity=smart` with and without prepared reductions: one and the same part.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::{
    Cancel, Crop, Engine, Flip, Format, Gravity, Image, Limits, Recipe, Reshape, Tile,
};
use halftone::reduction::{Options, Prepared, Reductions, Subject};

use super::support::*;

/// The reductions of a file. The original comes in bands of few rows.
fn prepared(folder: &Path, file: &[u8]) -> Prepared {
    let band_bytes = 2 << 20;
    let options = Options { above_pixels: 100_000, band_bytes, ..Options::new(folder.into()) };
    let store = Reductions::open(options).unwrap();
    let subject = Subject { installation: "test", image_id: 1, page: 1, revision: "one" };
    let engine = engine();
    let mut open = || {
        let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
        Ok(engine.open(input, &Opening::default())?.into_source())
    };
    store.make(&subject, &Limits::default(), &mut open, &|| true).unwrap();
    store.find(&subject).expect("they were made a moment ago")
}

/// What is made from a reduction, if one suffices.
fn from_level(engine: &Engine, prepared: &Prepared, recipe: &Recipe) -> Option<Image> {
    let needs = engine.needs(prepared.info(), recipe).unwrap();
    let opened = engine.opened(prepared.source(&needs)?);
    Some(read(&engine.make(opened, recipe, &Cancel::never(), &|_| ()).unwrap().bytes))
}

/// What is made from the original when there are reductions, which do not suffice.
fn from_original(engine: &Engine, prepared: &Prepared, file: &[u8], recipe: &Recipe) -> Image {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    let opened = engine.open(input, &recipe.opening()).unwrap().with_glance(prepared.glance());
    read(&engine.make(opened, recipe, &Cancel::never(), &|_| ()).unwrap().bytes)
}

fn smart(width: u32, height: u32) -> Recipe {
    let reshape = Some(Reshape::Cover(Gravity::Smart));
    Recipe { width, height, reshape, ..Recipe::unchanged(Format::Png) }
}

fn recipes() -> Vec<Recipe> {
    let crop = Crop { left: 0.13, top: 0.2, right: 0.71, bottom: 0.93 };
    vec![
        smart(300, 300),
        smart(90, 420),
        smart(420, 90),
        smart(211, 350),
        Recipe { crop, ..smart(100, 260) },
        Recipe { crop, ..smart(300, 60) },
        Recipe { angle_deg: 90.0, flip: Some(Flip::Horizontal), ..smart(200, 200) },
        Recipe { angle_deg: 17.0, ..smart(150, 240) },
        Recipe { tile: Some(Tile::new(2, 4).unwrap()), ..smart(300, 300) },
    ]
}

/// Mean difference in levels.
fn apart(one: &Image, other: &Image) -> f64 {
    let (one, other) = (floats(one), floats(other));
    assert_eq!((one.width, one.height, one.bands), (other.width, other.height, other.bands));
    let sum: f64 = one.values.iter().zip(&other.values).map(|(a, b)| (a - b).abs()).sum();
    sum * 255.0 / one.values.len() as f64
}

/// Some of the demo library's scenes, photographs as far as a program can paint them.
fn scenes() -> Vec<(&'static str, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let (chosen, others) = (
        ["scenes/city.jpg", "scenes/still-life.jpg"],
        [
            "scenes/mountains.jpg",
            "scenes/seashore.jpg",
            "scenes/meadow.jpg",
            "charts/colour.png",
            "charts/resolution.png",
            "logos/halftone.png",
        ],
    );
    // What is there already is not painted.
    for path in others {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    let painted = halftone::demo::paint(folder.path(), |_| {}).unwrap();
    assert_eq!(painted.len(), chosen.len() + others.len());
    chosen.into_iter().map(|path| (path, fs::read(folder.path().join(path)).unwrap())).collect()
}

#[test]
fn scenes_are_cut_alike_with_and_without_reductions() {
    let engine = engine();
    for (name, file) in scenes() {
        let folder = tempfile::tempdir().unwrap();
        let prepared = prepared(folder.path(), &file);
        let mut from_levels = 0;
        for recipe in recipes() {
            let direct = picture(&engine, &file, &recipe);
            let other = from_original(&engine, &prepared, &file, &recipe);
            // Measured: up to 1.1, since a decoder that shrinks is not quite the exact reduction. Parts
            // are chosen in steps of many pixels: another one would be off by far more.
            let off = apart(&direct, &other);
            assert!(off < 2.0, "{name} {recipe:?}: {off:.2} levels from the original");
            if let Some(made) = from_level(&engine, &prepared, &recipe) {
                let off = apart(&direct, &made);
                assert!(off < 2.0, "{name} {recipe:?}: {off:.2} levels from a reduction");
                from_levels += 1;
            }
        }
        assert!(from_levels >= 5, "{name}: {from_levels} were made from reductions");
    }
}

/// In red how far to the right a pixel lies, in green how far down; the blue is what draws the eye.
fn ruled(width: usize, height: usize, seed: usize) -> Floats {
    Floats::paint(width, height, |x, y| {
        let (u, v) = (x as f64 / width as f64, y as f64 / height as f64);
        let at = |k: usize| ((seed * 37 + k * 61) % 100) as f64 / 100.0;
        let sight = (0..3).any(|k| (u - at(k)).hypot(v - at(k + 5)) < 0.08 + 0.03 * k as f64);
        let texture = 0.5 + 0.4 * (x as f64 / 9.0).sin() * (y as f64 / 7.0).sin();
        [u, v, if sight { texture } else { 0.4 + 0.1 * (u * 7.0 + v * 5.0).sin() }]
    })
}

/// Where the middle of a part lies, in pixels of the original: by what the rulers say on average.
fn middle(part: &Image, width: usize, height: usize) -> (f64, f64) {
    let part = floats(part);
    let count = (part.width * part.height) as f64;
    let mean = |band: usize| part.values.iter().skip(band).step_by(part.bands).sum::<f64>() / count;
    (mean(0) * width as f64, mean(1) * height as f64)
}

#[test]
fn the_part_is_the_same_to_the_pixel() {
    let engine = engine();
    let (width, height) = (2200, 1600);
    for seed in 0..2 {
        let file = ruled(width, height, seed).deep_png();
        let folder = tempfile::tempdir().unwrap();
        let prepared = prepared(folder.path(), &file);
        let mut from_levels = 0;
        for recipe in recipes() {
            let direct = picture(&engine, &file, &recipe);
            let other = from_original(&engine, &prepared, &file, &recipe);
            assert_eq!(direct, other, "{seed} {recipe:?}: from the original");
            let Some(made) = from_level(&engine, &prepared, &recipe) else { continue };
            from_levels += 1;
            // Rulers are in proportion to place and not to light, and corners are white when it is
            // tilted: both are in both.
            let (one, two) = (middle(&direct, width, height), middle(&made, width, height));
            let off = (one.0 - two.0).abs().max((one.1 - two.1).abs());
            assert!(off < 0.5, "{seed} {recipe:?}: {off:.2} pixels");
        }
        assert!(from_levels >= 5, "{seed}: {from_levels} were made from reductions");
        // Whatever the size, it is the same part.
        let large = middle(&picture(&engine, &file, &smart(700, 700)), width, height);
        for side in [350, 150] {
            let small = middle(&picture(&engine, &file, &smart(side, side)), width, height);
            let off = (large.0 - small.0).abs().max((large.1 - small.1).abs());
            assert!(off < 2.0, "{seed} {side}: {off:.2} pixels");
        }
    }
}
