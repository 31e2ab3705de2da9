//! Pictures that cost a decoder about what photographs do: smooth light, texture at every scale,
//! hard edges and a little noise.

use turbojpeg::{Image, PixelFormat, Subsamp};

const WIDTH: usize = 3000;
const HEIGHT: usize = 2000;

/// A painted photograph as a JPEG; each `number` is another one.
pub fn photograph(number: u32) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(WIDTH * HEIGHT * 3);
    // Each picture has its own roughness, from soft to full of detail.
    let roughness = 0.35 + 0.07 * f64::from(number);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (u, v) = (x as f64 / HEIGHT as f64, y as f64 / HEIGHT as f64);
            let texture = fractal(u, v, number, roughness);
            let disc = ((u - 0.75).hypot(v - 0.5) < 0.3 + 0.02 * (12.0 * u).sin()) as u8;
            let light = 0.75 - 0.4 * v + 0.1 * u + 0.5 * texture - 0.25 * f64::from(disc);
            let noise = (f64::from(hash(x as u32, y as u32, number)) / 255.0 - 0.5) * 0.015;
            for tint in [0.9, 1.0, 1.1 - 0.3 * f64::from(disc)] {
                pixels.push(((light * tint + noise) * 255.0).clamp(0.0, 255.0) as u8);
            }
        }
    }
    let image = Image {
        pixels: &pixels[..],
        width: WIDTH,
        height: HEIGHT,
        pitch: WIDTH * 3,
        format: PixelFormat::RGB,
    };
    turbojpeg::compress(image, 88, Subsamp::Sub2x2).expect("a painted picture encodes").to_vec()
}

/// Noise of nine octaves, about −0.5 to 0.5; each octave is `roughness` as strong as the one
/// before.
fn fractal(u: f64, v: f64, seed: u32, roughness: f64) -> f64 {
    let mut strength = 0.5;
    let mut frequency = 3.0;
    let mut sum = 0.0;
    for octave in 0..9 {
        sum += strength * smooth(u * frequency, v * frequency, seed * 16 + octave);
        strength *= roughness;
        frequency *= 2.0;
    }
    sum
}

/// Value noise between the corners of a unit grid, −0.5 to 0.5.
fn smooth(u: f64, v: f64, seed: u32) -> f64 {
    let (x, y) = (u.floor(), v.floor());
    let ease = |part: f64| part * part * (3.0 - 2.0 * part);
    let (s, t) = (ease(u - x), ease(v - y));
    let corner = |dx: u32, dy: u32| f64::from(hash(x as u32 + dx, y as u32 + dy, seed)) / 255.0;
    let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * s;
    let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * s;
    top + (bottom - top) * t - 0.5
}

fn hash(x: u32, y: u32, seed: u32) -> u8 {
    let mut value = x
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add(y.wrapping_mul(0x85eb_ca77))
        .wrapping_add(seed.wrapping_mul(0xc2b2_ae3d));
    value ^= value >> 15;
    value = value.wrapping_mul(0x2c1b_3c6d);
    value ^= value >> 12;
    value = value.wrapping_mul(0x297a_2d39);
    (value >> 24) as u8
}
