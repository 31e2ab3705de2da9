//! The colour chart: 24 patches of common test colours, then ramps of grey, of the primaries and of all
//! hues.

use std::f32::consts::TAU;
use std::io;

use super::super::file;

const WIDTH: usize = 1800;
const HEIGHT: usize = 1800;
const MARGIN: usize = 60;
const PATCH: usize = 265;
const GAP: usize = 18;
const BACKGROUND: [u8; 3] = [38, 38, 40];

/// The patches in 8-bit sRGB: natural colours, miscellaneous ones, primaries, greys; the nominal
/// values that are published for the common 24-patch chart.
pub(in super::super) const PATCHES: [[u8; 3]; 24] = [
    [115, 82, 68],
    [194, 150, 130],
    [98, 122, 157],
    [87, 108, 67],
    [133, 128, 177],
    [103, 189, 170],
    [214, 126, 44],
    [80, 91, 166],
    [193, 90, 99],
    [94, 60, 108],
    [157, 188, 64],
    [224, 163, 46],
    [56, 61, 150],
    [70, 148, 73],
    [175, 54, 60],
    [231, 199, 31],
    [187, 86, 149],
    [8, 133, 161],
    [243, 243, 242],
    [200, 200, 200],
    [160, 160, 160],
    [122, 122, 121],
    [85, 85, 85],
    [52, 52, 52],
];

/// Paints the chart as a PNG.
pub(in super::super) fn paint() -> io::Result<Vec<u8>> {
    file::png(WIDTH as u32, HEIGHT as u32, png::ColorType::Rgb, &pixels())
}

fn pixels() -> Vec<u8> {
    let mut pixels = BACKGROUND.repeat(WIDTH * HEIGHT);
    let mut fill = |left: usize,
                    top: usize,
                    width: usize,
                    height: usize,
                    colour: &dyn Fn(usize, usize) -> [u8; 3]| {
        for y in 0..height {
            for x in 0..width {
                let at = ((top + y) * WIDTH + left + x) * 3;
                pixels[at..at + 3].copy_from_slice(&colour(x, y));
            }
        }
    };
    for (index, patch) in PATCHES.iter().enumerate() {
        let (left, top) = corner(index);
        fill(left, top, PATCH, PATCH, &|_, _| *patch);
    }
    let width = WIDTH - 2 * MARGIN;
    let top = corner(18).1 + PATCH + GAP;
    let height = 76;
    let level = |x: usize| (x * 255 / (width - 1)) as u8;
    let step = height + GAP;
    // Grey in 256 levels, then in 16 equal steps of 17 levels.
    fill(MARGIN, top, width, height, &|x, _| [level(x); 3]);
    fill(MARGIN, top + step, width, height, &|x, _| [(x * 16 / width * 17) as u8; 3]);
    // Red, green and blue, from black.
    fill(MARGIN, top + 2 * step, width, height, &|x, y| {
        let mut colour = [0; 3];
        colour[y * 3 / height] = level(x);
        colour
    });
    // All hues; white joins them downwards.
    fill(MARGIN, top + 3 * step, width, height * 2, &|x, y| {
        let hue = x as f32 / width as f32 * TAU;
        let pale = y as f32 / (height * 2) as f32;
        [0.0, TAU / 3.0, TAU * 2.0 / 3.0].map(|shift| {
            let pure = (0.5 + (hue - shift).cos()).clamp(0.0, 1.0);
            ((pure + (1.0 - pure) * pale) * 255.0 + 0.5) as u8
        })
    });
    pixels
}

/// The left upper corner of a patch.
fn corner(index: usize) -> (usize, usize) {
    (MARGIN + index % 6 * (PATCH + GAP), MARGIN + index / 6 * (PATCH + GAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_patch_has_its_colour_to_its_edges() {
        let pixels = pixels();
        for (index, patch) in PATCHES.iter().enumerate() {
            let (left, top) = corner(index);
            for (x, y) in [(0, 0), (PATCH - 1, 0), (PATCH / 2, PATCH / 2), (PATCH - 1, PATCH - 1)] {
                let at = ((top + y) * WIDTH + left + x) * 3;
                assert_eq!(&pixels[at..at + 3], patch, "patch {index}");
            }
        }
    }

    #[test]
    fn the_grey_ramp_holds_all_levels() {
        let pixels = pixels();
        let row = (corner(18).1 + PATCH + GAP) * WIDTH * 3;
        let ramp = &pixels[row + MARGIN * 3..row + (WIDTH - MARGIN) * 3];
        let mut levels: Vec<u8> = ramp.iter().step_by(3).copied().collect();
        assert!(levels.is_sorted());
        levels.dedup();
        assert_eq!(levels.len(), 256);
    }
}
