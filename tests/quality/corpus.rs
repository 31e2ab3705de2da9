//! Pictures made by code that show what a shortcut in reducing does wrong.

use turbojpeg::{Image, PixelFormat, Subsamp};

/// A picture by name.
pub struct Chart {
    pub name: &'static str,
    pub jpeg: Vec<u8>,
}

const WIDTH: usize = 1536;
const HEIGHT: usize = 1152;

/// Every chart of the corpus.
pub fn charts() -> Vec<Chart> {
    let chart = |name, subsampling, pixel: &dyn Fn(usize, usize) -> [f64; 3]| {
        let mut samples = Vec::with_capacity(WIDTH * HEIGHT * 3);
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                samples.extend(pixel(x, y).map(|level| level.round().clamp(0.0, 255.0) as u8));
            }
        }
        Chart { name, jpeg: compress(&samples, subsampling) }
    };
    let page = text();
    vec![
        chart("gamma chart", Subsamp::Sub2x2, &gamma),
        chart("gamma chart, full chroma", Subsamp::None, &gamma),
        chart("gamma chart, grey", Subsamp::Gray, &gamma),
        chart("text", Subsamp::Sub2x2, &|x, y| [if page[y * WIDTH + x] { 20.0 } else { 245.0 }; 3]),
        chart("text, reversed", Subsamp::Sub2x2, &|x, y| {
            if page[y * WIDTH + x] { [250.0, 240.0, 200.0] } else { [20.0, 25.0, 60.0] }
        }),
        chart("zone plate", Subsamp::Sub2x2, &zone_plate),
        chart("fine lines", Subsamp::Sub2x2, &lines),
        chart("noise", Subsamp::Sub2x2, &|x, y| [90.0 + 110.0 * (noise(x, y, 1) - 0.5); 3]),
        chart("dark noise", Subsamp::Sub2x2, &|x, y| [24.0 + 40.0 * (noise(x, y, 2) - 0.5); 3]),
        chart("gradients", Subsamp::Sub2x2, &gradients),
        chart("coloured edges", Subsamp::Sub2x2, &edges),
        chart("coloured edges, full chroma", Subsamp::None, &edges),
        chart("landscape", Subsamp::Sub2x2, &|x, y| landscape(x, y, 0.5)),
        chart("foliage", Subsamp::Sub2x2, &|x, y| landscape(x, y, 0.8)),
        chart("foliage, 4:2:2", Subsamp::Sub2x1, &|x, y| landscape(x, y, 0.8)),
    ]
}

fn compress(samples: &[u8], subsampling: Subsamp) -> Vec<u8> {
    let image = Image {
        pixels: samples,
        width: WIDTH,
        height: HEIGHT,
        pitch: WIDTH * 3,
        format: PixelFormat::RGB,
    };
    turbojpeg::compress(image, 92, subsampling).expect("a chart encodes").to_vec()
}

/// Stripes and checks of one and two pixels, bright, dark and tinted, beside the grey that they
/// have to become.
fn gamma(x: usize, y: usize) -> [f64; 3] {
    const PATCH: usize = 192;
    let (across, down) = (x.is_multiple_of(2), y.is_multiple_of(2));
    let check = (x + y).is_multiple_of(2);
    let coarse = (x / 2 + y / 2).is_multiple_of(2);
    let pick = |on: bool, high: f64, low: f64| [if on { high } else { low }; 3];
    let tint = |on: bool, high: [f64; 3], low: [f64; 3]| if on { high } else { low };
    match (y / PATCH) * 8 + x / PATCH {
        0 | 9 => pick(across, 255.0, 0.0),
        1 | 18 => pick(down, 255.0, 0.0),
        2 | 27 => pick(check, 255.0, 0.0),
        3 | 36 => pick(coarse, 255.0, 0.0),
        4 | 45 => pick(check, 120.0, 0.0),
        5 => pick(across, 200.0, 100.0),
        6 => pick(coarse, 60.0, 10.0),
        7 => pick(check, 255.0, 200.0),
        8 => tint(check, [255.0, 0.0, 0.0], [0.0, 255.0, 0.0]),
        10 => tint(coarse, [255.0, 220.0, 0.0], [0.0, 0.0, 160.0]),
        11 => tint(across, [200.0, 120.0, 90.0], [60.0, 30.0, 20.0]),
        12 => tint(down, [40.0, 90.0, 200.0], [10.0, 20.0, 60.0]),
        13 => tint(check, [230.0, 60.0, 60.0], [110.0, 10.0, 10.0]),
        14 => [x as f64 % 192.0; 3],
        15 => [y as f64 % 192.0 * 1.3; 3],
        patch => [188.0 * ((patch % 5) as f64 / 4.0); 3],
    }
}

/// Lines of letters of many sizes: strokes between the points of a small grid.
fn text() -> Vec<bool> {
    let mut page = vec![false; WIDTH * HEIGHT];
    let (mut top, mut size) = (12, 8);
    let mut seed = 0;
    while top + size * 2 < HEIGHT {
        let mut left = 16;
        while left + size < WIDTH - 16 {
            seed += 1;
            if !hash(seed, 7, 3).is_multiple_of(6) {
                letter(&mut page, left, top, size, seed);
            }
            left += size * 3 / 4 + 2;
        }
        top += size * 3 / 2 + 2;
        size = if size > 40 { 8 } else { size + 2 };
    }
    page
}

fn letter(page: &mut [bool], left: usize, top: usize, size: usize, seed: usize) {
    let thick = (size / 9).max(1);
    let (wide, high) = (size / 2, size);
    let bits = hash(seed, 11, 5);
    for y in 0..high {
        for x in 0..wide {
            let bar = |at: usize, value: usize| value >= at && value < at + thick;
            let on = (bits & 1 != 0 && bar(0, x))
                || (bits & 2 != 0 && bar(wide - thick, x))
                || (bits & 4 != 0 && bar(0, y))
                || (bits & 8 != 0 && bar(high / 2, y))
                || (bits & 16 != 0 && bar(high - thick, y))
                || (bits & 32 != 0 && bar(0, (x * 2).abs_diff(y)))
                || (bits & 64 != 0 && bar(0, (x * 2 + y).abs_diff(high)));
            page[(top + y) * WIDTH + left + x] |= on;
        }
    }
}

/// Rings whose distance shrinks from the middle outwards to two pixels.
fn zone_plate(x: usize, y: usize) -> [f64; 3] {
    let (dx, dy) = (x as f64 - WIDTH as f64 / 2.0, y as f64 - HEIGHT as f64 / 2.0);
    let phase = std::f64::consts::PI * (dx * dx + dy * dy) / (WIDTH as f64);
    [128.0 + 100.0 * (phase * 0.8).cos(); 3]
}

/// Fabric: thin lines at several angles and distances.
fn lines(x: usize, y: usize) -> [f64; 3] {
    let (column, row) = (x / 256, y / 192);
    let angle = (column * 6 + row) as f64 * 0.35;
    let along = x as f64 * angle.cos() + y as f64 * angle.sin();
    let period = 2.3 + 0.55 * (row * 6 + column) as f64 / 3.0;
    let wave = (along / period * std::f64::consts::TAU).sin();
    let level = 110.0 + 100.0 * wave.signum() * wave.abs().sqrt();
    [level, level * 0.9, level * 0.75]
}

/// Slow ramps, bright and dark, through the colours.
fn gradients(x: usize, y: usize) -> [f64; 3] {
    let (u, v) = (x as f64 / WIDTH as f64, y as f64 / HEIGHT as f64);
    [255.0 * u * v, 255.0 * u * (1.0 - v), 255.0 * (1.0 - u)]
}

/// Bars of full colours, upright, lying and slanted, from wide to thin.
fn edges(x: usize, y: usize) -> [f64; 3] {
    const COLOURS: [[f64; 3]; 7] = [
        [230.0, 20.0, 30.0],
        [20.0, 160.0, 60.0],
        [30.0, 40.0, 200.0],
        [250.0, 220.0, 30.0],
        [250.0, 250.0, 250.0],
        [10.0, 10.0, 10.0],
        [120.0, 30.0, 130.0],
    ];
    let width = 6 + 10 * (y / 128);
    let bar = match x / 512 {
        0 => x / width,
        1 => y / 24 + x / 256,
        _ => (x + y * 2) / (width * 2),
    };
    COLOURS[bar % COLOURS.len()]
}

/// Light, texture at every scale and hard edges; `roughness` is how strong fine detail is.
fn landscape(x: usize, y: usize, roughness: f64) -> [f64; 3] {
    let (u, v) = (x as f64 / HEIGHT as f64, y as f64 / HEIGHT as f64);
    let (mut strength, mut frequency, mut texture) = (0.4, 3.0, 0.0);
    for octave in 0..9 {
        texture += strength * smooth(u * frequency, v * frequency, octave);
        strength *= roughness;
        frequency *= 2.0;
    }
    let disc = (u - 0.75).hypot(v - 0.5) < 0.3 + 0.02 * (12.0 * u).sin();
    let light = 0.7 - 0.45 * v + 0.1 * u + texture - if disc { 0.25 } else { 0.0 };
    let grain = (noise(x, y, 9) - 0.5) * 0.02;
    [0.9, 1.0, if disc { 0.75 } else { 1.1 }].map(|tint| (light * tint + grain) * 255.0)
}

/// Values between the corners of a unit grid, −0.5 to 0.5.
fn smooth(u: f64, v: f64, seed: usize) -> f64 {
    let (x, y) = (u.floor(), v.floor());
    let ease = |part: f64| part * part * (3.0 - 2.0 * part);
    let (s, t) = (ease(u - x), ease(v - y));
    let corner = |dx: usize, dy: usize| noise(x as usize + dx, y as usize + dy, seed);
    let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * s;
    let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * s;
    top + (bottom - top) * t - 0.5
}

/// A value of 0–1 that nothing foretells.
fn noise(x: usize, y: usize, seed: usize) -> f64 {
    f64::from(hash(x, y, seed) & 0xffff) / 65535.0
}

fn hash(x: usize, y: usize, seed: usize) -> u32 {
    let mut value = (x as u32)
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add((y as u32).wrapping_mul(0x85eb_ca77))
        .wrapping_add((seed as u32).wrapping_mul(0xc2b2_ae3d));
    value ^= value >> 15;
    value = value.wrapping_mul(0x2c1b_3c6d);
    value ^= value >> 12;
    value = value.wrapping_mul(0x297a_2d39);
    value ^ (value >> 15)
}
