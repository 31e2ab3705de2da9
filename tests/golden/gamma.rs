//! Resizing keeps light: charts of one-pixel stripes and checks against a float reference.

use halftone::pixel::{Engine, EngineOptions, Format, Image, Quality, Recipe};

use super::support::*;

/// Stripes, checks and dark or tinted patterns of one-pixel period beside plain areas: sixteen
/// patches of 48 pixels.
fn chart() -> Floats {
    const PATCH: usize = 48;
    Floats::paint(PATCH * 4, PATCH * 4, |x, y| {
        let (across, down) = (x % 2 == 0, y % 2 == 0);
        let check = (x + y) % 2 == 0;
        let level = |level: u8| [f64::from(level) / 255.0; 3];
        let pick = |on: bool, high: u8, low: u8| level(if on { high } else { low });
        match (y / PATCH) * 4 + x / PATCH {
            0 => pick(across, 255, 0),
            1 => pick(down, 255, 0),
            2 => pick(check, 255, 0),
            3 => level(188),
            4 => pick(across, 40, 0),
            5 => pick(down, 20, 5),
            6 => pick(check, 10, 2),
            7 => pick(check, 4, 0),
            8 => pick(check, 255, 230),
            9 => pick(across, 200, 100),
            10 => level((x % PATCH * 5) as u8),
            11 => level((y % PATCH) as u8),
            12 => {
                if check {
                    [1.0, 0.0, 0.0]
                } else {
                    [0.0, 1.0, 0.0]
                }
            }
            13 => {
                if across {
                    [0.0, 0.0, 1.0]
                } else {
                    [1.0, 1.0, 0.0]
                }
            }
            14 => level(0),
            _ => level(255),
        }
    })
}

fn halved(file: &[u8], width: u32) -> Image {
    let recipe = Recipe { width, ..Recipe::unchanged(Format::Png) };
    picture(&engine(), file, &recipe)
}

#[test]
fn png_chart_at_a_half_a_quarter_and_an_eighth() {
    let chart = chart();
    for part in [2, 4, 8] {
        let side = chart.width / part;
        let actual = halved(&chart.png(), side as u32);
        // The reference rounds once, the program once: measured at most 0.51 levels.
        assert_close(&format!("gamma png {part}"), &actual, &reduce(&chart, side, side), 2.0);
    }
}

#[test]
fn stripes_become_the_level_of_half_the_light() {
    // Half of the light is level 187.5 of sRGB, whatever the reference says.
    let actual = halved(&chart().png(), 96);
    for patch in 0..3 {
        let middle = floats(&actual).pixel(patch * 24 + 12, 12)[0] * 255.0;
        assert!((middle - 188.0).abs() <= 1.0, "patch {patch} is {middle}");
    }
}

#[test]
fn jpeg_chart_at_a_half() {
    let chart = chart();
    let file = chart.jpeg();
    let actual = halved(&file, chart.width as u32 / 2);
    // The reference starts from what the JPEG really holds.
    let source = floats(&read(&file));
    let expected = reduce(&source, source.width / 2, source.height / 2);
    assert_close("gamma jpeg 2", &actual, &expected, 2.0);
}

#[test]
fn jpeg_chart_to_jpeg() {
    let chart = chart();
    let recipe = Recipe {
        width: chart.width as u32 / 2,
        quality: Quality { lossy: 100, ..Quality::default() },
        ..Recipe::unchanged(Format::Jpeg)
    };
    let actual = picture(&engine(), &chart.jpeg(), &recipe);
    for patch in 0..4 {
        let middle = floats(&actual).pixel(patch * 24 + 12, 12)[1] * 255.0;
        assert!((middle - 188.0).abs() <= 2.0, "patch {patch} is {middle}");
    }
}

#[test]
fn grey_pictures_keep_their_light() {
    let chart = Floats::paint(64, 64, |x, y| [f64::from((x + y) as u32 % 2)]);
    let actual = halved(&chart.png(), 32);
    assert_close("gamma grey", &actual, &reduce(&chart, 32, 32), 1.0);
}

#[test]
fn sixteen_bits_stay_sixteen() {
    // A dark ramp whose steps 8 bits cannot tell apart, striped.
    let chart = Floats::paint(96, 96, |x, y| {
        let base = 0.02 + x as f64 * 1e-4;
        [base + if y % 2 == 0 { 0.03 } else { 0.0 }, base, 0.5]
    });
    let actual = halved(&chart.deep_png(), 48);
    assert_eq!(actual.depth(), halftone::pixel::Depth::U16);
    // 0.02 levels of 8 bits are 5 steps of 16.
    assert_close("gamma deep", &actual, &reduce(&chart, 48, 48), 0.02);
    // And rounded where the format holds no more.
    let recipe = Recipe {
        width: 48,
        quality: Quality { lossy: 100, ..Quality::default() },
        ..Recipe::unchanged(Format::Bmp)
    };
    let shallow = picture(&engine(), &chart.deep_png(), &recipe);
    assert_close("gamma shallow", &shallow, &reduce(&chart, 48, 48), 0.53);
}

#[test]
fn without_linear_light_values_are_mixed_as_they_are() {
    let engine = Engine::new(EngineOptions { linear: false, ..EngineOptions::default() }).unwrap();
    let chart = chart();
    for part in [2, 4] {
        let side = chart.width / part;
        let recipe = Recipe { width: side as u32, ..Recipe::unchanged(Format::Png) };
        let actual = picture(&engine, &chart.png(), &recipe);
        let expected = reduce_by(&chart, side, side, |v| v, |v| v.clamp(0.0, 1.0));
        assert_close(&format!("encoded {part}"), &actual, &expected, 0.51);
    }
}

#[test]
fn odd_factors_and_strips() {
    for (width, height, target) in [(101, 67, 37), (1000, 3, 70), (3, 1000, 1), (257, 255, 256)] {
        let source = Floats::paint(width, height, |x, y| {
            let wave = |k: f64| 0.5 + 0.5 * (k * x as f64 + 0.3 * y as f64).sin();
            [wave(0.1), wave(0.9), wave(2.0)]
        });
        let actual = halved(&source.png(), target);
        let expected =
            reduce(&floats(&source.image(false)), actual.width as usize, actual.height as usize);
        assert_close(&format!("odd {width}"), &actual, &expected, 0.75);
    }
}
