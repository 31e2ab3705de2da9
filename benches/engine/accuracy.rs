//! How far the resamplers are from the sum that they stand for.
//!
//! The reference is the Lanczos reduction written out over every source pixel in 64-bit floats and
//! not rounded, so that a result that is rounded as well as 8 bits allow is up to 0.5 levels off,
//! 0.25 on average where values are spread.

use std::f64::consts::PI;
use std::io::Cursor;

use halftone::pixel::decode::{Input, Opening, Source, Want};
use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    Cancel, ColourSpace, Engine, Format, Image, Limits, Metadata, Recipe, Samples,
};

use super::bench::Bench;
use super::peer::{Mixed, Peer, Picture};

/// A picture of RGB samples, and the widths that it is reduced to.
struct Chart {
    name: &'static str,
    size: (u32, u32),
    samples: Vec<u8>,
    widths: &'static [u32],
}

/// Prints, for each chart, the largest and the mean error of each resampler in 8-bit levels.
pub fn run(_: &Bench) {
    let (linear_engine, plain_engine) =
        (&super::bench::engine(true, 2), &super::bench::engine(false, 1));
    let deep = Peer::new(Mixed::Linear16, 1);
    let float = Peer::new(Mixed::LinearFloat, 1);
    let plain = Peer::new(Mixed::Encoded8, 1);
    println!("\nerror in 8-bit levels against a float reference: largest (mean)");
    println!(
        "{:28}{:>18}{:>18}{:>18}{:>18}{:>18}",
        "", "linear light", "peer, 16 bits", "peer, floats", "as encoded", "peer, 8 bits"
    );
    for chart in [gamma(), gradient(), striped_gradient()] {
        for &width in chart.widths {
            let (made, size) = engine(linear_engine, &chart, width);
            let exact = reduce(&chart, size, linear, encoded);
            let (plain_made, _) = engine(plain_engine, &chart, width);
            let plain_exact = reduce(&chart, size, |value| value, |value| value.clamp(0.0, 1.0));
            println!(
                "{:28}{:>18}{:>18}{:>18}{:>18}{:>18}",
                format!("{} → {width}", chart.name),
                off(&made, &exact),
                off(&peer(&deep, &chart, size), &exact),
                off(&peer(&float, &chart, size), &exact),
                off(&plain_made, &plain_exact),
                off(&peer(&plain, &chart, size), &plain_exact),
            );
        }
    }
}

fn off(made: &[u8], exact: &[f64]) -> String {
    assert_eq!(made.len(), exact.len());
    let off = |(made, exact): (&u8, &f64)| (f64::from(*made) - exact * 255.0).abs();
    let offs: Vec<f64> = made.iter().zip(exact).map(off).collect();
    let worst = offs.iter().copied().fold(0.0, f64::max);
    format!("{worst:.2} ({:.3})", offs.iter().sum::<f64>() / offs.len() as f64)
}

fn paint(
    name: &'static str,
    size: (u32, u32),
    widths: &'static [u32],
    pixel: impl Fn(u32, u32) -> [f64; 3],
) -> Chart {
    let pixels = (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y)));
    let samples = pixels.flat_map(|(x, y)| pixel(x, y).map(|level| level.round() as u8)).collect();
    Chart { name, size, samples, widths }
}

/// Stripes and checks of one-pixel period, bright, dark and tinted, in patches of 48 pixels.
fn gamma() -> Chart {
    const PATCH: u32 = 48;
    paint("gamma chart 192", (PATCH * 4, PATCH * 4), &[96, 48, 24, 70], |x, y| {
        let (across, down) = (x % 2 == 0, y % 2 == 0);
        let check = (x + y) % 2 == 0;
        let pick = |on: bool, high: f64, low: f64| [if on { high } else { low }; 3];
        match (y / PATCH) * 4 + x / PATCH {
            0 => pick(across, 255.0, 0.0),
            1 => pick(down, 255.0, 0.0),
            2 => pick(check, 255.0, 0.0),
            3 => [188.0; 3],
            4 => pick(across, 40.0, 0.0),
            5 => pick(down, 20.0, 5.0),
            6 => pick(check, 10.0, 2.0),
            7 => pick(check, 4.0, 0.0),
            8 => pick(check, 255.0, 230.0),
            9 => pick(across, 200.0, 100.0),
            10 => [f64::from(x % PATCH * 5); 3],
            11 => [f64::from(y % PATCH); 3],
            12 => [if check { 255.0 } else { 0.0 }, if check { 0.0 } else { 255.0 }, 0.0],
            13 => [if across { 0.0 } else { 255.0 }, 128.0, if across { 255.0 } else { 0.0 }],
            14 => [0.0; 3],
            _ => [255.0; 3],
        }
    })
}

/// The darkest sixteen levels over a long way, differently tinted.
fn gradient() -> Chart {
    paint("dark gradient 1200", (1200, 120), &[400, 290], |x, y| {
        let level = 16.0 * f64::from(x) / 1200.0 + f64::from(y) / 120.0;
        [level, 0.8 * level, 0.6 * level]
    })
}

/// The same with every other column or row black.
fn striped_gradient() -> Chart {
    paint("dark stripes 1200", (1200, 120), &[400, 290], |x, y| {
        let level = 24.0 * f64::from(x) / 1200.0;
        let lit = |on: bool| if on { level } else { 0.0 };
        [lit(x % 2 == 0), lit(y % 2 == 0), lit((x + y) % 2 == 0)]
    })
}

/// What the engine makes of a chart, and its size.
fn engine(engine: &Engine, chart: &Chart, width: u32) -> (Vec<u8>, (u32, u32)) {
    let image = Image {
        width: chart.size.0,
        height: chart.size.1,
        space: ColourSpace::Rgb,
        alpha: false,
        samples: Samples::U8(chart.samples.clone()),
        profile: None,
        metadata: Metadata::default(),
    };
    let file = encode(&image, &EncodeOptions::new(Format::Png)).expect("a chart encodes");
    let opened = engine.open(input(file), &Opening::default()).expect("a chart opens");
    let recipe = Recipe { width, ..Recipe::unchanged(Format::Png) };
    let made = engine.make(opened, &recipe, &Cancel::never(), &|_| ()).expect("it is made");
    let limits = Limits::default();
    let source = Source::open(input(made.bytes), &Opening::default(), &limits, None)
        .expect("the result opens");
    let want = Want::everything(made.width, made.height);
    let image = source.decode(&want, &limits, &Cancel::never()).expect("the result reads").image;
    let Samples::U8(samples) = image.samples else { panic!("the result has 8 bits") };
    assert_eq!(samples.len(), (made.width * made.height * 3) as usize, "the result is RGB");
    (samples, (made.width, made.height))
}

fn input(file: Vec<u8>) -> Input {
    let len = file.len() as u64;
    Input::new(Cursor::new(file), len, None)
}

fn peer(peer: &Peer, chart: &Chart, size: (u32, u32)) -> Vec<u8> {
    let picture = Picture { samples: chart.samples.clone(), size: chart.size };
    let span = (f64::from(chart.size.0), f64::from(chart.size.1));
    peer.resample(picture, span, size).samples
}

/// Light of an sRGB value, 0–1 (IEC 61966-2-1).
pub fn linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The sRGB value of light, 0–1.
pub fn encoded(light: f64) -> f64 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

fn reduce(
    chart: &Chart,
    (width, height): (u32, u32),
    decode: impl Fn(f64) -> f64,
    encode: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let values: Vec<f64> =
        chart.samples.iter().map(|sample| decode(f64::from(*sample) / 255.0)).collect();
    let row = chart.size.0 as usize * 3;
    let (across, down) = (weights(chart.size.0, width), weights(chart.size.1, height));
    let mut result = Vec::with_capacity((width * height * 3) as usize);
    for weights in &down {
        let sums: Vec<f64> = (0..row)
            .map(|at| weights.iter().enumerate().map(|(y, w)| w * values[y * row + at]).sum())
            .collect();
        for weights in &across {
            for band in 0..3 {
                let sum = weights.iter().zip(sums[band..].iter().step_by(3));
                result.push(encode(sum.map(|(weight, sum)| weight * sum).sum()));
            }
        }
    }
    result
}

/// For each result pixel the weight of each source pixel, by the definition of the window.
fn weights(source: u32, target: u32) -> Vec<Vec<f64>> {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    let window = |x: f64| if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 };
    let scale = f64::from(source) / f64::from(target);
    let row = |index: u32| {
        let centre = (f64::from(index) + 0.5) * scale;
        let at = |pixel: u32| window((f64::from(pixel) + 0.5 - centre) / scale.max(1.0));
        let raw: Vec<f64> = (0..source).map(at).collect();
        let sum: f64 = raw.iter().sum();
        raw.into_iter().map(|weight| weight / sum).collect()
    };
    (0..target).map(row).collect()
}
