//! Pictures made from prepared reductions, beside those made from the original.
//!
//! The reference is the whole original reduced in linear light by plain float arithmetic; the score
//! is SSIMULACRA2, of which 90 means that nobody tells the two apart.

use std::cell::Cell;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::{
    ColourSpace, Compass, Crop, Density, Depth, Engine, EngineOptions, Error, Fill, Flip, Format,
    Gravity, Ground, Icc, Image, Intent, Limits, Opened, Overlay, Point, Profile, Recipe, Reshape,
    Samples, Tile,
};
use halftone::reduction::{Options, Outcome, Prepared, Reductions, Subject};
use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};

use super::support::{Floats, bytes, engine, floats, make, picture, read, reduce};

const SUBJECT: Subject<'_> =
    Subject { installation: "test", image_id: 7, page: 1, revision: "one" };

fn options(folder: &Path) -> Options {
    Options { above_pixels: 100_000, ..Options::new(folder.into()) }
}

fn prepare(store: &Reductions, subject: &Subject<'_>, file: &[u8]) -> Outcome {
    let engine = engine();
    let mut open = || {
        let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
        Ok(engine.open(input, &Opening::default())?.into_source())
    };
    store.make(subject, &Limits::default(), &mut open, &|| true).unwrap()
}

/// The reductions of a file.
fn prepared(options: Options, file: &[u8]) -> Prepared {
    let store = Reductions::open(options).unwrap();
    let outcome = prepare(&store, &SUBJECT, file);
    assert!(matches!(outcome, Outcome::Made { .. }), "{outcome:?}");
    assert_eq!(prepare(&store, &SUBJECT, file), Outcome::Current);
    store.find(&SUBJECT).expect("they were made a moment ago")
}

/// A recipe made from reductions, unless these do not suffice.
fn from_level(engine: &Engine, prepared: &Prepared, recipe: &Recipe) -> Option<Image> {
    let needs = engine.needs(prepared.info(), recipe).unwrap();
    let opened = engine.opened(prepared.source(&needs)?);
    let never = halftone::pixel::Cancel::never();
    Some(read(&engine.make(opened, recipe, &never, &|_| ()).unwrap().bytes))
}

fn noise(x: usize, y: usize) -> f64 {
    let mut state = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    state = (state ^ (state >> 15)).wrapping_mul(0x2c1b_3c6d);
    state = (state ^ (state >> 12)).wrapping_mul(0x297a_2d39);
    f64::from(state >> 16) / 65_536.0
}

/// Shades, edges, fine leaves and grain, as photographs have them.
fn scene(width: usize, height: usize) -> Floats {
    Floats::paint(width, height, |x, y| {
        let (u, v) = (x as f64 / width as f64, y as f64 / height as f64);
        let hill = (0.55 + 0.12 * (u * 9.0).sin() + 0.03 * (u * 47.0).sin()) < v;
        let disc = (u - 0.7).powi(2) + (v - 0.25).powi(2) < 0.012;
        let leaf = (noise(x / 3, y / 2) - 0.5) * 0.35 * f64::from(u8::from(hill));
        let grain = (noise(x + 9_999, y) - 0.5) * 0.02;
        let colour = match (hill, disc) {
            (true, _) => [0.2 + 0.2 * u, 0.38 - 0.1 * v, 0.12],
            (false, true) => [0.95, 0.85, 0.5],
            (false, false) => [0.35 + 0.3 * v, 0.5 + 0.2 * v, 0.85],
        };
        colour.map(|value| (value + leaf + grain).clamp(0.0, 1.0))
    })
}

/// Rings that grow finer outwards, to the limit of what pixels can hold.
fn rings(width: usize, height: usize) -> Floats {
    Floats::paint(width, height, |x, y| {
        let (dx, dy) = (x as f64 - width as f64 / 2.0, y as f64 - height as f64 / 2.0);
        [0.5 + 0.5 * ((dx * dx + dy * dy) * 1.5 / width as f64).cos(); 3]
    })
}

/// Small letters, as a scanned page has them.
fn page(width: usize, height: usize) -> Floats {
    Floats::paint(width, height, |x, y| {
        let letter = noise(x / 24, y / 40);
        let (column, row) = (x % 24 / 3, y % 40 / 4);
        let ink = row < 9 && column < 6 && noise(column + (letter * 999.0) as usize, row) > 0.5;
        if ink { [0.08, 0.08, 0.12] } else { [0.98, 0.98, 0.96] }
    })
}

fn score(one: &Floats, other: &Floats) -> f64 {
    assert_eq!((one.width, one.height, one.bands), (other.width, other.height, other.bands));
    let frame = |picture: &Floats| {
        let colour = |pixel: &[f64]| std::array::from_fn(|band| pixel[band % pixel.len()] as f32);
        let pixels = picture.values.chunks_exact(picture.bands).map(colour).collect();
        let (transfer, primaries) = (TransferCharacteristic::SRGB, ColorPrimaries::BT709);
        Rgb::new(pixels, picture.width, picture.height, transfer, primaries).unwrap()
    };
    compute_frame_ssimulacra2(frame(one), frame(other)).unwrap()
}

fn sized(width: u32) -> Recipe {
    Recipe { width, ..Recipe::unchanged(Format::Png) }
}

#[test]
fn what_is_made_from_a_level_cannot_be_told_from_the_exact_reduction() {
    // (chart, must levels be used)
    let charts = [
        ("scene", scene(1203, 802).rounded(), true),
        ("rings", rings(1203, 802).rounded(), false),
        ("page", page(1203, 802).rounded(), false),
    ];
    for (name, chart, usable) in charts {
        let folder = tempfile::tempdir().unwrap();
        let prepared = prepared(options(folder.path()), &chart.png());
        let (mut used, mut worst) = (0, f64::INFINITY);
        // Levels are admitted at ratios of √2, 2 or 2√2: at the last, the largest of 602 pixels
        // serves for 212.
        for width in [61, 100, 137, 190, 212, 260, 301, 350, 400, 425, 426] {
            let Some(made) = from_level(&engine(), &prepared, &sized(width)) else { continue };
            used += 1;
            let made = floats(&made);
            let score = score(&made, &reduce(&chart, made.width, made.height));
            assert!(score >= 90.0, "{name} at {width}: {score}");
            worst = worst.min(score);
        }
        println!("{name}: {used} widths from levels, worst score {worst:.1}");
        assert!(!usable || used >= 5, "{name}: {used} widths were made from levels");
        assert!(used < 11, "{name}: 426 is beyond the largest level");
    }
}

#[test]
fn widths_beyond_the_largest_level_are_left_to_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let smooth = Floats::paint(1200, 800, |x, y| {
        let wave = |at: usize, by: f64| 0.5 + 0.3 * (at as f64 / by).sin();
        [wave(x, 60.0), wave(y, 45.0), wave(x + y, 80.0)]
    });
    let prepared = prepared(options(folder.path()), &smooth.png());
    // The largest level is 600 wide and good from √2 times the size of the result.
    // 423×282 is just below; the 283 rows of 424×283 are too many.
    for (width, expected) in [(423, true), (424, false), (0, false), (600, true), (601, false)] {
        let made = from_level(&engine(), &prepared, &sized(width));
        assert_eq!(made.is_some(), expected, "{width}");
    }
}

#[test]
fn a_level_of_just_the_size_is_the_reduction_itself() {
    let folder = tempfile::tempdir().unwrap();
    let chart = rings(1200, 800).rounded();
    let file = chart.png();
    // Rings are not fit to be reduced again, but a full size makes the file keep its tiles.
    let options = Options { huge_pixels: 500_000, ..options(folder.path()) };
    let prepared = prepared(options, &file);
    let made = from_level(&engine(), &prepared, &sized(600)).expect("the level of a half");
    super::support::assert_close("half a chart", &made, &reduce(&chart, 600, 400), 1.0);
    for number in [1, 7, 16] {
        let tile = Some(Tile::new(number, 16).unwrap());
        let recipe = Recipe { tile, ..Recipe::unchanged(Format::Png) };
        let made = from_level(&engine(), &prepared, &recipe).expect("the level of full size");
        assert_eq!(bytes(&made), bytes(&picture(&engine(), &file, &recipe)), "{number}");
    }
}

#[test]
fn bands_of_a_large_picture_join_without_a_seam() {
    let file = scene(900, 700).png();
    let whole = tempfile::tempdir().unwrap();
    let banded = tempfile::tempdir().unwrap();
    let one = prepared(options(whole.path()), &file);
    // 27 rows at a time.
    let many = Options { band_bytes: 900 * 3 * 27, ..options(banded.path()) };
    let many = prepared(many, &file);
    for width in [317, 100] {
        let made = |prepared| from_level(&engine(), prepared, &sized(width)).unwrap();
        assert_eq!(bytes(&made(&one)), bytes(&made(&many)));
    }
}

#[test]
fn crops_turns_and_mirrors_come_out_as_from_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let file = scene(1400, 1000).png();
    let prepared = prepared(options(folder.path()), &file);
    let crop = Crop { left: 0.11, top: 0.2, right: 0.83, bottom: 0.9 };
    let recipes = [
        Recipe { crop, ..sized(300) },
        Recipe { angle_deg: 90.0, flip: Some(Flip::Horizontal), ..sized(280) },
        Recipe { crop, angle_deg: 270.0, ..sized(200) },
        Recipe { angle_deg: 12.3, ..sized(320) },
        Recipe { height: 500, ..sized(300) },
        Recipe { tile: Some(Tile::new(2, 4).unwrap()), ..sized(400) },
        Recipe { sharpen: 50, ..sized(300) },
        Recipe { sharpen: -200, crop, ..sized(300) },
        Recipe { fill: Fill::Auto, height: 320, ..sized(320) },
        cover(Gravity::Focus),
        Recipe { focus: Some(Point { x: 0.2, y: 0.7 }), ..cover(Gravity::Focus) },
        Recipe { icc: wide_gamut(), ..sized(300) },
    ];
    for recipe in recipes {
        let made = from_level(&engine(), &prepared, &recipe).expect("it is small enough");
        let direct = picture(&engine(), &file, &recipe);
        assert_eq!(made.profile, direct.profile, "{recipe:?}");
        let score = score(&floats(&made), &floats(&direct));
        assert!(score >= 90.0, "{recipe:?}: {score}");
    }
}

/// The part of a shape that is kept.
fn cover(gravity: Gravity) -> Recipe {
    Recipe { height: 300, reshape: Some(Reshape::Cover(gravity)), ..sized(300) }
}

/// A profile of wide primaries and a gamma of 2.2.
fn wide_gamut() -> Option<Icc> {
    let primary = |x, y| lcms2::CIExyY { x, y, Y: 1.0 };
    let primaries = lcms2::CIExyYTRIPLE {
        Red: primary(0.64, 0.33),
        Green: primary(0.21, 0.71),
        Blue: primary(0.15, 0.06),
    };
    let curve = lcms2::ToneCurve::new(2.2);
    let white = primary(0.3127, 0.329);
    let profile = lcms2::Profile::new_rgb(&white, &primaries, &[&curve, &curve, &curve]).unwrap();
    let profile = Some(Arc::new(Profile::read(profile.icc().unwrap()).unwrap()));
    Some(Icc { name: "wide".into(), profile, intent: Intent::Relative, bpc: true })
}

#[test]
fn the_smart_part_is_the_same_one() {
    // Grey but for a patch of fine detail, at one place or another.
    for at in [100, 900] {
        let folder = tempfile::tempdir().unwrap();
        let source = Floats::paint(1400, 500, |x, y| {
            let busy = (at..at + 300).contains(&x) && (x / 20 + y / 20) % 2 == 0;
            if busy { [0.8, 0.3, 0.2] } else { [0.6; 3] }
        });
        let file = source.png();
        let prepared = prepared(options(folder.path()), &file);
        let recipe = Recipe { width: 160, ..cover(Gravity::Smart) };
        let recipe = Recipe { height: 160, ..recipe };
        let made = from_level(&engine(), &prepared, &recipe).expect("it is small enough");
        let direct = picture(&engine(), &file, &recipe);
        let score = score(&floats(&made), &floats(&direct));
        assert!(score >= 90.0, "{at}: {score}");
    }
}

#[test]
fn overlays_lie_on_them_as_on_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let file = scene(1400, 1000).png();
    let prepared = prepared(options(folder.path()), &file);
    let logo = Floats::paint(80, 40, |x, _| [0.9, 0.1, 0.1, if x < 40 { 0.5 } else { 1.0 }]).png();
    let overlay =
        Overlay { size: 0.4, position: Compass::SouthEast, opacity: 0.8, ground: Ground::Canvas };
    let recipe = Recipe { overlay: Some(overlay), ..sized(300) };
    let engine = engine();
    let open = |bytes: &[u8]| {
        let input = Input::new(Cursor::new(bytes.to_vec()), bytes.len() as u64, None);
        engine.open(input, &Opening::default()).unwrap()
    };
    let make = |under: Opened| {
        let both = under.with_overlay(open(&logo));
        let never = halftone::pixel::Cancel::never();
        read(&engine.make(both, &recipe, &never, &|_| ()).unwrap().bytes)
    };
    let needs = engine.needs(prepared.info(), &recipe).unwrap();
    let made = make(engine.opened(prepared.source(&needs).expect("it is small enough")));
    let direct = make(open(&file));
    let score = score(&floats(&made), &floats(&direct));
    assert!(score >= 90.0, "{score}");
    let plain = picture(&engine, &file, &sized(300));
    assert_ne!(bytes(&plain), bytes(&direct), "the logo shows");
}

#[test]
fn depth_bands_and_transparency_stay() {
    let (width, height) = (700_u32, 500_u32);
    for (space, alpha, depth) in [
        (ColourSpace::Gray, false, Depth::U16),
        (ColourSpace::Rgb, true, Depth::U16),
        (ColourSpace::Rgb, true, Depth::U8),
        (ColourSpace::Cmyk, false, Depth::U8),
    ] {
        let mut image = Image::try_new(width, height, space, alpha, depth).unwrap();
        image.metadata.density = Some(Density { x_dpi: 300.0, y_dpi: 300.0 });
        image.metadata.xmp = super::support::shared(b"<x:xmpmeta/>".to_vec());
        let bands = image.bands();
        let value = |at: usize| {
            let (x, y) = (at / bands % width as usize, at / bands / width as usize);
            0.5 + 0.4 * (x as f64 / 40.0 + (at % bands) as f64).sin() * (y as f64 / 55.0).cos()
        };
        match &mut image.samples {
            Samples::U8(samples) => {
                samples.iter_mut().enumerate().for_each(|(at, s)| *s = (value(at) * 255.0) as u8);
            }
            Samples::U16(samples) => {
                let wide = |at| (value(at) * 65_535.0) as u16;
                samples.iter_mut().enumerate().for_each(|(at, s)| *s = wide(at));
            }
        }
        let options = halftone::pixel::encode::EncodeOptions::new(Format::Tiff);
        let file = halftone::pixel::encode::encode(&image, &options).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let prepared = prepared(self::options(folder.path()), &file);
        let recipe = Recipe { width: 160, ..Recipe::unchanged(Format::Tiff) };
        let made = from_level(&engine(), &prepared, &recipe).expect("a smooth picture");
        let direct = picture(&engine(), &file, &recipe);
        assert_eq!((made.space, made.alpha, made.depth()), (space, alpha, depth));
        assert_eq!(made.metadata, direct.metadata);
        super::support::assert_close("kinds of levels", &made, &floats(&direct), 1.0);
    }
}

#[test]
fn stale_and_damaged_files_are_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = Reductions::open(options(folder.path())).unwrap();
    let file = scene(800, 600).png();
    assert!(store.find(&SUBJECT).is_none());
    let Outcome::Made { bytes, usable } = prepare(&store, &SUBJECT, &file) else { panic!() };
    assert!(usable > 1 && bytes > 10_000);
    // Another revision of the original takes the file's place.
    let later = Subject { revision: "two", ..SUBJECT };
    assert!(store.find(&later).is_none());
    assert!(matches!(prepare(&store, &later, &file), Outcome::Made { .. }));
    assert!(store.find(&SUBJECT).is_none());
    assert_eq!(store.usage().unwrap().files, 1);
    // Other pages, pictures and installations have other files.
    for other in [
        Subject { page: 2, ..later },
        Subject { image_id: 8, ..later },
        Subject { installation: "other", ..later },
    ] {
        assert!(store.find(&other).is_none());
    }

    let path = walk(folder.path());
    let sound = fs::read(&path).unwrap();
    for (at, what) in [(0, "magic"), (9, "place of the header"), (sound.len() - 9, "header")] {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, damaged).unwrap();
        assert!(store.find(&later).is_none(), "{what}");
    }
    for len in [0, 10, 24, sound.len() / 2, sound.len() - 1] {
        fs::write(&path, &sound[..len]).unwrap();
        assert!(store.find(&later).is_none(), "{len} bytes");
    }
    // A damaged tile is found when it is read, and is an error that names it.
    let mut damaged = sound.clone();
    damaged[24..10_000].fill(0xa5);
    fs::write(&path, damaged).unwrap();
    let prepared = store.find(&later).unwrap();
    let recipe = sized(280);
    let needs = engine().needs(prepared.info(), &recipe).unwrap();
    let opened = engine().opened(prepared.source(&needs).unwrap());
    let never = halftone::pixel::Cancel::never();
    let error = engine().make(opened, &recipe, &never, &|_| ()).unwrap_err();
    assert!(matches!(&error, Error::Malformed(text) if text.contains("reduction")), "{error}");
    store.discard(&later);
    assert!(store.find(&later).is_none());
}

fn walk(folder: &Path) -> std::path::PathBuf {
    let folders = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    folders
        .filter(|path| path.is_dir() && path.file_name().unwrap().len() == 2)
        .flat_map(|path| fs::read_dir(path).unwrap().flatten().map(|entry| entry.path()))
        .next()
        .expect("there is one file")
}

#[test]
fn the_folder_keeps_to_its_budget_and_to_what_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = scene(500, 400).png();
    let subject = |image_id| Subject { image_id, ..SUBJECT };
    let store = Reductions::open(options(folder.path())).unwrap();
    let Outcome::Made { bytes, .. } = prepare(&store, &subject(1), &file) else { panic!() };
    prepare(&store, &subject(2), &file);
    // The first is the oldest by its time, and the second was used a day after it.
    let day = std::time::Duration::from_secs(24 * 3600);
    let old = std::time::SystemTime::now() - 10 * day;
    for entry in fs::read_dir(folder.path()).unwrap().flatten() {
        if entry.file_name().len() == 2 {
            for file in fs::read_dir(entry.path()).unwrap().flatten() {
                let file = fs::File::options().write(true).open(file.path()).unwrap();
                file.set_modified(old).unwrap();
            }
        }
    }
    assert!(store.find(&subject(2)).is_some(), "which notes its use");
    let budget_bytes = bytes * 5 / 2;
    let small = Options { budget_bytes, ..options(folder.path()) };
    let store = Reductions::open(small).unwrap();
    assert!(matches!(prepare(&store, &subject(3), &file), Outcome::Made { .. }));
    let found = [1, 2, 3].map(|id| store.find(&subject(id)).is_some());
    assert_eq!(found, [false, true, true]);
    assert!(store.usage().unwrap().bytes <= budget_bytes);
    assert_eq!(store.purge().unwrap().removed, 2);
    assert_eq!(store.usage().unwrap().files, 0);
}

#[test]
fn making_is_called_off_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Reductions::open(options(folder.path())).unwrap();
    let file = scene(500, 400).png();
    let engine = Engine::new(EngineOptions::default()).unwrap();
    for after in [1, 3, 9] {
        let asked = Cell::new(0);
        let pace = || {
            asked.set(asked.get() + 1);
            asked.get() < after
        };
        let mut open = || {
            let input = Input::new(Cursor::new(file.clone()), file.len() as u64, None);
            Ok(engine.open(input, &Opening::default())?.into_source())
        };
        let stopped = store.make(&SUBJECT, &Limits::default(), &mut open, &pace);
        assert!(matches!(stopped, Err(halftone::reduction::Error::Stopped)), "{stopped:?}");
        assert_eq!(store.usage().unwrap().files, 0);
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }
}

#[test]
fn small_pictures_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = Reductions::open(options(folder.path())).unwrap();
    let file = scene(400, 250).png();
    assert_eq!(prepare(&store, &SUBJECT, &file), Outcome::NotWanted);
    assert!(store.find(&SUBJECT).is_none());
    // The same made directly, to show that nothing is amiss with it.
    assert_eq!(make(&engine(), &file, &sized(100)).width, 100);
}
