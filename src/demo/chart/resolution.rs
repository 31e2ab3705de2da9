//! The resolution chart: a Siemens star, stripes and checks down to one pixel, a zone plate, slanted
//! edges. Made smaller in linear light, every patch of stripes or checks becomes the same even grey,
//! level 188.

use std::f32::consts::TAU;
use std::io;

use super::super::file;

const SIZE: usize = 2000;
/// The chart is divided into fields of this size.
const FIELD: usize = 500;
const SPOKES: f32 = 72.0;

/// Paints the chart as a PNG.
pub(in super::super) fn paint() -> io::Result<Vec<u8>> {
    file::png(SIZE as u32, SIZE as u32, png::ColorType::Grayscale, &pixels())
}

fn pixels() -> Vec<u8> {
    let mut pixels = Vec::with_capacity(SIZE * SIZE);
    for y in 0..SIZE {
        pixels.extend((0..SIZE).map(|x| pixel(x, y)));
    }
    pixels
}

fn pixel(x: usize, y: usize) -> u8 {
    let (column, row) = (x / FIELD, y / FIELD);
    let (dx, dy) = (x % FIELD, y % FIELD);
    // The star takes the four fields in the middle.
    if (1..3).contains(&column) && (1..3).contains(&row) {
        return star(x as f32 + 0.5 - 1000.0, y as f32 + 0.5 - 1000.0);
    }
    // A frame of white between the fields.
    if dx < 10 || dy < 10 || dx >= FIELD - 10 || dy >= FIELD - 10 {
        return 255;
    }
    let (x, y) = (dx - 10, dy - 10);
    let black = match (column, row) {
        (0, 0) => x % 2 == 0,
        (1, 0) => y % 2 == 0,
        (2, 0) => (x + y) % 2 == 0,
        (3, 0) => return zone(x as f32 - 239.5, y as f32 - 239.5),
        (0, 1) => x / 2 % 2 == 0,
        (3, 1) => x / 4 % 2 == 0,
        (0, 2) => y / 2 % 2 == 0,
        (3, 2) => (x / 8 + y / 8) % 2 == 0,
        (0, 3) => return edge(x as f32 - 239.5, y as f32 - 239.5, 5.0),
        (1, 3) => return ladder(x, y),
        (2, 3) => (x / 30 + y / 30) % 2 == 0,
        _ => return edge(y as f32 - 239.5, x as f32 - 239.5, 12.0),
    };
    if black { 0 } else { 255 }
}

/// Spokes that narrow towards the middle; grey inside, where they would be finer than two pixels.
fn star(dx: f32, dy: f32) -> u8 {
    let radius = (dx * dx + dy * dy).sqrt();
    if radius > 490.0 {
        return 255;
    }
    if radius < 2.0 * SPOKES / TAU {
        return 188;
    }
    // The distance to the next edge of a spoke, in pixels, softened over one of them.
    let wave = (dy.atan2(dx) * SPOKES).sin();
    let distance = wave.asin() * radius / SPOKES;
    coverage(distance)
}

/// A zone plate: rings that reach the finest possible pattern at the field's edge.
fn zone(dx: f32, dy: f32) -> u8 {
    let phase = (dx * dx + dy * dy) * TAU / (4.0 * 240.0);
    encode(0.5 + 0.5 * phase.cos())
}

/// An edge that leans by an angle in degrees.
fn edge(dx: f32, dy: f32, angle_deg: f32) -> u8 {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    coverage(dx * cos + dy * sin)
}

/// Groups of lines: each row of them one pixel wider than the one above.
fn ladder(x: usize, y: usize) -> u8 {
    let width = 1 + y / 60;
    let in_gap = y % 60 >= 48;
    if in_gap || x / width % 2 == 1 { 255 } else { 0 }
}

/// Light of a pixel whose middle lies `distance` pixels on the white side of an edge.
fn coverage(distance: f32) -> u8 {
    encode((distance + 0.5).clamp(0.0, 1.0))
}

/// Linear light to an 8-bit sRGB level.
fn encode(light: f32) -> u8 {
    let value =
        if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (value * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripes_and_checks_are_black_and_white_in_equal_parts() {
        let pixels = pixels();
        for (column, row) in [(0, 0), (1, 0), (2, 0), (0, 1), (3, 1), (0, 2), (3, 2), (2, 3)] {
            let mut counts = [0; 2];
            for y in 10..FIELD - 10 {
                for x in 10..FIELD - 10 {
                    match pixels[(row * FIELD + y) * SIZE + column * FIELD + x] {
                        0 => counts[0] += 1,
                        255 => counts[1] += 1,
                        level => panic!("field {column},{row} holds level {level}"),
                    }
                }
            }
            assert_eq!(counts[0], counts[1], "field {column},{row}");
        }
    }

    #[test]
    fn half_the_light_is_level_188() {
        assert_eq!(encode(0.5), 188);
    }
}
