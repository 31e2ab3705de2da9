//! The logo: an H of halftone dots on nothing, for trying transparency and overlays.

use std::io;

use super::file;

const SIZE: usize = 1200;
/// Distance of the dots, in pixels.
const PITCH: f32 = 50.0;
/// The angle of the screen. Black ink is traditionally printed at this one.
const ANGLE_DEG: f32 = 45.0;
const START: [f32; 3] = [255.0, 122.0, 24.0];
const MIDDLE: [f32; 3] = [232.0, 32.0, 92.0];
const END: [f32; 3] = [92.0, 48.0, 196.0];

/// Paints the logo as a PNG with alpha.
pub(super) fn paint() -> io::Result<Vec<u8>> {
    file::png(SIZE as u32, SIZE as u32, png::ColorType::Rgba, &pixels())
}

fn pixels() -> Vec<u8> {
    let mut pixels = Vec::with_capacity(SIZE * SIZE * 4);
    for y in 0..SIZE {
        for x in 0..SIZE {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let alpha = (coverage(px, py) * 255.0 + 0.5) as u8;
            let colour = if alpha == 0 { [0; 3] } else { ink((px + py) / (2 * SIZE) as f32) };
            pixels.extend(colour);
            pixels.push(alpha);
        }
    }
    pixels
}

/// How much of a pixel the dots around it cover.
fn coverage(x: f32, y: f32) -> f32 {
    let (sin, cos) = ANGLE_DEG.to_radians().sin_cos();
    let middle = SIZE as f32 / 2.0;
    let (dx, dy) = (x - middle, y - middle);
    let (u, v) = ((dx * cos + dy * sin) / PITCH, (dy * cos - dx * sin) / PITCH);
    let mut most: f32 = 0.0;
    for row in -1_i8..=1 {
        for column in -1_i8..=1 {
            let (cell_u, cell_v) = (u.round() + f32::from(column), v.round() + f32::from(row));
            // Each dot is as large as the letter is dark in its middle.
            let at_x = middle + (cell_u * cos - cell_v * sin) * PITCH;
            let at_y = middle + (cell_u * sin + cell_v * cos) * PITCH;
            let radius = tone(at_x, at_y).sqrt() * PITCH * 0.64;
            let away = ((u - cell_u).powi(2) + (v - cell_v).powi(2)).sqrt() * PITCH;
            if radius > 1.0 {
                most = most.max((radius - away + 0.5).clamp(0.0, 1.0));
            }
        }
    }
    most
}

/// The darkness of the picture behind the screen: full inside the letter, fading around it.
fn tone(x: f32, y: f32) -> f32 {
    let bars = [
        (230.0, 410.0, 180.0, 1020.0),
        (790.0, 970.0, 180.0, 1020.0),
        (230.0, 970.0, 515.0, 685.0),
    ];
    let away = bars
        .iter()
        .map(|(left, right, top, bottom)| {
            let dx = (left - x).max(x - right).max(0.0);
            let dy = (top - y).max(y - bottom).max(0.0);
            (dx * dx + dy * dy).sqrt()
        })
        .fold(f32::MAX, f32::min);
    if away == 0.0 { 1.0 } else { (0.34 - away / 330.0).max(0.0) }
}

fn ink(share: f32) -> [u8; 3] {
    let share = ((share - 0.2) / 0.6).clamp(0.0, 1.0) * 2.0;
    let (from, to, part) =
        if share < 1.0 { (START, MIDDLE, share) } else { (MIDDLE, END, share - 1.0) };
    [0, 1, 2].map(|channel| (from[channel] + (to[channel] - from[channel]) * part + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_is_opaque_and_the_corners_are_empty() {
        let pixels = pixels();
        let alpha = |x: usize, y: usize| pixels[(y * SIZE + x) * 4 + 3];
        assert_eq!(alpha(600, 600), 255);
        for corner in [(0, 0), (SIZE - 1, 0), (0, SIZE - 1), (SIZE - 1, SIZE - 1)] {
            assert_eq!(alpha(corner.0, corner.1), 0);
        }
    }
}
