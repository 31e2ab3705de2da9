//! The commonest colour along a picture's edges.
//!
//! It is looked for where colours lie densest, so that a few odd pixels, or a side along which
//! something else touches the edge, do not pull it away from the colour of the ground.

use std::collections::BTreeMap;

use super::depth::rounded;
use crate::pixel::plan::Rect;
use crate::pixel::{Image, Result, Samples};

/// What the edge of a picture is like.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum EdgeColour {
    /// Most of it is transparent.
    Clear,
    /// One opaque pixel of its colour, in the picture's own space and depth.
    Colour(Box<Image>),
}

/// Part of the shorter side that counts as the edge, as its divisor.
const DEPTH: u32 = 100;
/// Pixels that are looked at, at most.
const MOST: usize = 1 << 14;
/// Farthest that a colour of the same ground may be off in a band, of 65535: 16 levels of 255.
const NEAR: u32 = 16 * 257;
/// Bits of a sample that tell apart the cells that colours are first counted in.
const CELL_BITS: u32 = 4;
/// Cells from which the densest place is looked for, and the steps that are taken to it.
const STARTS: usize = 6;
const STEPS: usize = 12;

/// Colour bands of 0–65535; those that a picture does not have are 0.
type Colour = [u16; 4];

/// The commonest colour within a hundredth of the shorter side from the edges of `part`.
///
/// # Errors
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short.
pub(crate) fn edge_colour(image: &Image, part: Rect) -> Result<EdgeColour> {
    let (opaque, clear) = ring(image, part);
    if clear > opaque.len() {
        return Ok(EdgeColour::Clear);
    }
    let colour = densest(&opaque);
    let bands = image.space.bands();
    let mut pixel = Image::try_new(1, 1, image.space, false, image.depth())?;
    pixel.profile.clone_from(&image.profile);
    match &mut pixel.samples {
        Samples::U8(samples) => {
            for (sample, value) in samples.iter_mut().zip(&colour[..bands]) {
                *sample = rounded(*value);
            }
        }
        Samples::U16(samples) => samples.copy_from_slice(&colour[..bands]),
    }
    Ok(EdgeColour::Colour(Box::new(pixel)))
}

/// The colours of the edge that can be seen, and how many pixels of it cannot.
fn ring(image: &Image, part: Rect) -> (Vec<Colour>, usize) {
    let depth = (part.width.min(part.height) / DEPTH).max(1);
    let inner_rows = part.height.saturating_sub(2 * depth);
    let across = |row: u32| (0..part.width).map(move |column| (column, row));
    let sides = |row: u32| {
        let right = part.width.saturating_sub(depth).max(depth.min(part.width));
        (0..depth.min(part.width)).chain(right..part.width).map(move |column| (column, row))
    };
    let top = (0..depth.min(part.height)).flat_map(across);
    let middle = (depth..depth + inner_rows).flat_map(sides);
    let bottom = ((depth + inner_rows).min(part.height)..part.height).flat_map(across);
    let count = 2 * depth as usize * (part.width as usize + inner_rows as usize);
    let step = count.div_ceil(MOST).max(1);
    let mut colours = Vec::with_capacity(count / step + 1);
    let mut clear = 0;
    for (column, row) in top.chain(middle).chain(bottom).step_by(step) {
        match seen(image, (part.x + column) as usize, (part.y + row) as usize) {
            Some(colour) => colours.push(colour),
            None => clear += 1,
        }
    }
    (colours, clear)
}

/// A pixel's colour, none when it is rather transparent than opaque.
fn seen(image: &Image, x: usize, y: usize) -> Option<Colour> {
    let (bands, colours) = (image.bands(), image.space.bands());
    let at = y * image.row_len() + x * bands;
    let sample = |band: usize| match &image.samples {
        Samples::U8(samples) => u16::from(samples[at + band]) * 257,
        Samples::U16(samples) => samples[at + band],
    };
    if image.alpha && sample(colours) < 1 << 15 {
        return None;
    }
    Some(std::array::from_fn(|band| if band < colours { sample(band) } else { 0 }))
}

/// The mean of the colours around which most of them lie.
///
/// From each of the fullest cells one moves to the mean of all that is near until that stays (K.
/// Fukunaga and L. Hostetler, "The estimation of the gradient of a density function", 1975).
fn densest(colours: &[Colour]) -> Colour {
    let mut cells: BTreeMap<Colour, Vec<Colour>> = BTreeMap::new();
    for colour in colours {
        cells.entry(colour.map(|value| value >> (16 - CELL_BITS))).or_default().push(*colour);
    }
    let mut fullest: Vec<&Vec<Colour>> = cells.values().collect();
    fullest.sort_by_key(|cell| std::cmp::Reverse(cell.len()));
    let mut best = (0, [0; 4]);
    for cell in fullest.into_iter().take(STARTS) {
        let mut centre = mean(cell.iter()).1;
        let mut count = 0;
        for _ in 0..STEPS {
            let near = |colour: &&Colour| {
                colour.iter().zip(&centre).all(|(a, b)| u32::from(a.abs_diff(*b)) <= NEAR)
            };
            let (found, moved) = mean(colours.iter().filter(near));
            count = found;
            if found == 0 || moved == centre {
                break;
            }
            centre = moved;
        }
        if count > best.0 {
            best = (count, centre);
        }
    }
    best.1
}

/// How many colours there are and their mean, rounded to nearest.
fn mean<'a>(colours: impl Iterator<Item = &'a Colour>) -> (usize, Colour) {
    let mut sums = [0_u64; 4];
    let mut count = 0;
    for colour in colours {
        count += 1;
        for (sum, value) in sums.iter_mut().zip(colour) {
            *sum += u64::from(*value);
        }
    }
    let of = count.max(1) as u64;
    (count, sums.map(|sum| ((sum + of / 2) / of) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{ColourSpace, Depth};

    fn painted(
        (width, height): (u32, u32),
        space: ColourSpace,
        alpha: bool,
        paint: impl Fn(u32, u32) -> Vec<u8>,
    ) -> Image {
        let mut image = Image::try_new(width, height, space, alpha, Depth::U8).unwrap();
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        image.samples = Samples::U8(pixels.flat_map(|(x, y)| paint(x, y)).collect());
        image
    }

    fn found(image: &Image, part: Rect) -> Option<Vec<u8>> {
        match edge_colour(image, part).unwrap() {
            EdgeColour::Clear => None,
            EdgeColour::Colour(pixel) => match pixel.samples {
                Samples::U8(samples) => Some(samples),
                Samples::U16(_) => panic!("8 bits stay 8"),
            },
        }
    }

    fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn what_lies_inside_or_outside_the_part_does_not_count() {
        let image = painted((40, 30), ColourSpace::Rgb, false, |x, y| {
            let on_edge = (5..35).contains(&x)
                && (4..26).contains(&y)
                && (x == 5 || x == 34 || y == 4 || y == 25);
            if on_edge { vec![10, 200, 30] } else { vec![255, 0, 0] }
        });
        assert_eq!(found(&image, rect(5, 4, 30, 22)), Some(vec![10, 200, 30]));
        assert_eq!(found(&image, rect(0, 0, 40, 30)), Some(vec![255, 0, 0]));
    }

    #[test]
    fn odd_pixels_and_noise_do_not_pull_it_away() {
        let image = painted((200, 100), ColourSpace::Rgb, false, |x, y| {
            if x < 60 && y < 50 {
                vec![0, 0, 0]
            } else if (x * 7 + y * 3) % 10 == 0 {
                vec![255, 255, 0]
            } else {
                // Around 127, across the border of two cells.
                let noise = [(x + y) % 5, (3 * x + y) % 5, (x + 2 * y) % 5];
                noise.map(|noise| 125 + noise as u8).to_vec()
            }
        });
        let colour = found(&image, rect(0, 0, 200, 100)).unwrap();
        assert!(colour.iter().all(|value| value.abs_diff(127) <= 1), "{colour:?}");
    }

    #[test]
    fn transparent_edges_are_clear_unless_most_are_not() {
        let half = |clear: u32| {
            painted((10, 10), ColourSpace::Gray, true, move |x, _| {
                vec![77, if x < clear { 0 } else { 255 }]
            })
        };
        assert_eq!(found(&half(7), rect(0, 0, 10, 10)), None);
        assert_eq!(found(&half(3), rect(0, 0, 10, 10)), Some(vec![77]));
        assert_eq!(found(&half(7), rect(8, 0, 1, 1)), Some(vec![77]));
    }

    #[test]
    fn inks_are_found_as_they_are_and_small_parts_work() {
        let image = painted((3, 3), ColourSpace::Cmyk, false, |_, _| vec![9, 8, 7, 250]);
        for part in [rect(0, 0, 3, 3), rect(1, 1, 1, 1), rect(0, 1, 3, 1), rect(2, 0, 1, 3)] {
            assert_eq!(found(&image, part), Some(vec![9, 8, 7, 250]));
        }
    }

    #[test]
    fn every_edge_pixel_is_counted_once() {
        for (width, height) in [(1, 1), (2, 5), (450, 300), (3, 1000), (1000, 2)] {
            let image = painted((width, height), ColourSpace::Gray, false, |_, _| vec![5]);
            let (colours, clear) = ring(&image, rect(0, 0, width, height));
            let depth = (width.min(height) / 100).max(1);
            let inside = |len: u32| u64::from(len.saturating_sub(2 * depth));
            let expected = u64::from(width) * u64::from(height) - inside(width) * inside(height);
            assert_eq!(colours.len() as u64 + clear as u64, expected, "{width}×{height}");
        }
    }
}
