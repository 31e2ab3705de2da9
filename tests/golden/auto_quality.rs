//! `quality=auto`: the score that is reached, measured here again on the finished file.

use fast_ssim2::{PixelDescriptor, PixelSlice, compute_ssimulacra2};
use halftone::pixel::{Engine, EngineOptions, Format, Quality, Recipe};

use super::support::*;

/// What the search may miss its aim by: its own tolerance, and what one step of quality brings
/// where none comes nearer.
const BAND: f64 = 2.5;

fn noise(x: usize, y: usize, band: usize) -> f64 {
    let mut hash = (x as u32).wrapping_mul(374_761_393) ^ (y as u32).wrapping_mul(668_265_263);
    hash = (hash ^ (band as u32 * 97)).wrapping_mul(1_274_126_177);
    f64::from((hash ^ (hash >> 15)) >> 8 & 0xffff) / 65_535.0
}

/// Smooth hills of colour.
fn smooth(width: usize, height: usize) -> Floats {
    Floats::paint(width, height, |x, y| {
        let wave = |at: usize, by: f64| 0.5 + 0.3 * (at as f64 / by).sin();
        [wave(x, 60.0), wave(y, 45.0), wave(x + y, 80.0)]
    })
}

/// The same under grain.
fn grainy(width: usize, height: usize) -> Floats {
    let mut picture = smooth(width, height);
    for (at, value) in picture.values.iter_mut().enumerate() {
        let (x, y) = (at / 3 % width, at / 3 / width);
        *value = (*value + 0.35 * (noise(x, y, at % 3) - 0.5)).clamp(0.0, 1.0);
    }
    picture
}

/// Letters and lines: hard edges on plain ground.
fn drawn(width: usize, height: usize) -> Floats {
    Floats::paint(width, height, |x, y| {
        let ring = (((x as f64 - 150.0).hypot(y as f64 - 100.0) / 9.0) as usize).is_multiple_of(3);
        if ring || x % 40 < 2 { [0.1, 0.1, 0.3] } else { [0.95, 0.93, 0.88] }
    })
}

fn engine_for(auto_quality_score: u8) -> Engine {
    Engine::new(EngineOptions { auto_quality_score, ..EngineOptions::default() }).unwrap()
}

fn auto(format: Format) -> Recipe {
    Recipe { measured: true, ..Recipe::unchanged(format) }
}

fn fixed(format: Format, lossy: u8) -> Recipe {
    Recipe { quality: Quality { lossy, ..Quality::default() }, ..Recipe::unchanged(format) }
}

fn score(source: &Floats, file: &[u8]) -> f64 {
    let (width, height) = (source.width as u32, source.height as u32);
    let (one, other) = (source.bytes(), read(file));
    assert_eq!((other.width, other.height), (width, height));
    let stride = source.width * 3;
    let slice = |pixels| {
        PixelSlice::new(pixels, width, height, stride, PixelDescriptor::RGB8_SRGB).unwrap()
    };
    compute_ssimulacra2(&slice(&one), &slice(bytes(&other))).unwrap()
}

/// The score at one step of quality less than a file was made with.
fn one_less(engine: &Engine, source: &Floats, format: Format, file: &[u8]) -> Option<f64> {
    let png = source.png();
    let at = |quality| make(engine, &png, &fixed(format, quality)).bytes;
    let found = (20..=95).find(|quality| at(*quality) == file).expect("a quality from 20 to 95");
    (found > 20).then(|| score(source, &at(found - 1)))
}

#[test]
fn the_score_that_is_aimed_at_is_reached() {
    for aimed in [60, 75, 85] {
        let engine = engine_for(aimed);
        for (name, source) in
            [("grainy", grainy(300, 200)), ("drawn", drawn(300, 200)), ("smooth", smooth(300, 200))]
        {
            for format in [Format::Jpeg, Format::Webp] {
                let made = make(&engine, &source.png(), &auto(format));
                let reached = score(&source, &made.bytes);
                let best = score(&source, &make(&engine, &source.png(), &fixed(format, 95)).bytes);
                let least = score(&source, &make(&engine, &source.png(), &fixed(format, 20)).bytes);
                // Where the aim lies outside of what 20 to 95 give, it is the nearest end.
                let possible = f64::from(aimed).clamp(least.min(best), best);
                let case =
                    format!("{name} {format:?} {aimed}: {reached:.1}, possible {possible:.1}");
                println!("{case}, {least:.1} to {best:.1}, {} bytes", made.bytes.len());
                let lower = one_less(&engine, &source, format, &made.bytes);
                // From quality 90 on chroma is kept whole, which may leave nothing in between.
                let leaps = reached > possible && lower.is_some_and(|lower| lower < possible);
                assert!((reached - possible).abs() <= BAND || leaps, "{case}, {lower:?}");
            }
        }
    }
}

#[test]
fn plain_pictures_take_less_and_busy_ones_are_spared() {
    let engine = engine_for(75);
    let saved = |source: &Floats| {
        let auto = make(&engine, &source.png(), &auto(Format::Jpeg)).bytes.len();
        let usual = make(&engine, &source.png(), &fixed(Format::Jpeg, 90)).bytes.len();
        auto as f64 / usual as f64
    };
    let (smooth, drawn) = (saved(&smooth(300, 200)), saved(&drawn(300, 200)));
    println!("smooth {smooth:.2}, drawn {drawn:.2}");
    assert!(smooth < 0.8, "{smooth}");
    assert!(smooth < drawn, "{smooth} {drawn}");
}

#[test]
fn large_pictures_are_judged_by_a_sample() {
    let source = grainy(1400, 900);
    let engine = engine_for(75);
    let made = make(&engine, &source.png(), &auto(Format::Jpeg));
    let reached = score(&source, &made.bytes);
    let lower = one_less(&engine, &source, Format::Jpeg, &made.bytes).unwrap();
    let leaps = reached > 75.0 && lower < 75.0 + 4.0;
    assert!((reached - 75.0).abs() <= 4.0 || leaps, "{reached}, {lower}");
    // And the same each time.
    assert_eq!(make(&engine, &source.png(), &auto(Format::Jpeg)).bytes, made.bytes);
}

#[test]
fn what_cannot_be_judged_gets_the_usual_quality() {
    let engine = engine_for(75);
    let tiny = Floats::paint(7, 7, |x, y| [x as f64 / 7.0, y as f64 / 7.0, 0.5]);
    let made = make(&engine, &tiny.png(), &auto(Format::Jpeg));
    assert_eq!(made.bytes, make(&engine, &tiny.png(), &fixed(Format::Jpeg, 80)).bytes);
    let cmyk = |recipe: &Recipe| {
        let colorspace = Some(halftone::pixel::ColourSpace::Cmyk);
        make(&engine, &smooth(64, 64).png(), &Recipe { colorspace, ..recipe.clone() }).bytes
    };
    assert_eq!(cmyk(&auto(Format::Jpeg)), cmyk(&fixed(Format::Jpeg, 80)));
}
