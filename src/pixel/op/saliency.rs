//! Where in a picture most is to be seen: what `gravity=smart` keeps.
//!
//! The picture as it is seen from afar is judged cell by cell by how much it stands out from what lies at
//! the picture's edge: along the best way to the edge, the range of brightness and of colour that has to be
//! crossed. That is the minimum barrier distance, found in a few passes over the picture as by J. Zhang
//! et al., "Minimum Barrier Salient Object Detection at 80 FPS", ICCV 2015. What stands out and has a tone of
//! skin counts twice, by the box in YCbCr of D. Chai and K. N. Ngan, "Face Segmentation Using Skin-Color
//! Map in Videophone Applications", IEEE TCSVT 9 (4), 1999. Detail (the Laplacian of brightness) adds to
//! that, for pictures in which all reaches their edge.
//!
//! All of it is arithmetic of whole numbers on at most [`SIDE`]² pixels: it takes about a millisecond, and
//! the same pixels give the same answer on every machine.

use crate::pixel::glance::{Glance, edge, few};
use crate::pixel::plan::{Rect, Size};

/// The longest side of what is judged.
const SIDE: u32 = 96;

/// What stands out counts so many times where it has a tone of skin.
const SKIN_WEIGHT: u32 = 2;
/// The Laplacian reaches 1020, four times the range of brightness.
const DETAIL_SHARE: u32 = 4;
/// Passes over the picture in turn from its first corner and from its last: more change little.
const PASSES: usize = 3;

/// How much there is to see at each place of a picture, or of a part of it.
#[derive(Debug, Clone)]
pub(crate) struct Saliency {
    size: Size,
    values: Vec<u32>,
}

impl Saliency {
    /// Judges some cells of a glance; transparent ones show nothing.
    pub fn of(glance: &Glance, part: Rect) -> Self {
        let small = Small::of(glance, part);
        let luma: Vec<i32> = small.pixels.iter().map(|pixel| luma(*pixel)).collect();
        let detail = detail(small.size, &luma);
        let mut values = vec![0; luma.len()];
        for plane in
            [luma, small.plane(|[r, g, _]| r - g), small.plane(|[r, g, b]| (r + g) / 2 - b)]
        {
            for (value, distance) in values.iter_mut().zip(barrier(small.size, &plane)) {
                *value += distance;
            }
        }
        for ((value, detail), [r, g, b, alpha]) in values.iter_mut().zip(detail).zip(small.pixels) {
            let weight = if is_skin([r, g, b]) { SKIN_WEIGHT } else { 1 };
            *value = (*value * weight + detail / DETAIL_SHARE) * u32::from(alpha) / 255;
        }
        Self { size: small.size, values }
    }

    /// How much there is at a place, as fractions of the part's width and height; nothing outside.
    pub fn at(&self, x: f64, y: f64) -> u32 {
        if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
            return 0;
        }
        let Size { width, height } = self.size;
        let column = ((x * f64::from(width)) as u32).min(width - 1);
        let row = ((y * f64::from(height)) as u32).min(height - 1);
        self.values[(row * width + column) as usize]
    }
}

/// Where along a strip a window of `part` cells (at most as many as there are) shows most, as its
/// first cell: `profile` says how much each cell holds. What lies in the middle of the window counts
/// in full, what lies at its ends not at all, falling off as a parabola; of equals the one nearest to
/// the centre is taken, so that a plain picture is cut in the middle.
pub(crate) fn best_window(profile: &[u64], part: usize) -> usize {
    let most = profile.len().saturating_sub(part);
    let centre = most / 2;
    let score = |first: usize| -> u128 {
        let cells = profile[first..first + part].iter().enumerate();
        // 1 − t² with t from −1 to 1, times part².
        let weight = |at: usize| {
            let off = (2 * at + 1).abs_diff(part) as u128;
            (part * part) as u128 - off * off
        };
        cells.map(|(at, value)| u128::from(*value) * weight(at)).sum()
    };
    (0..=most)
        .max_by_key(|&first| (score(first), std::cmp::Reverse(first.abs_diff(centre)), first))
        .unwrap_or(0)
}

/// The cells of a part of a glance, or where there are more than are judged, means of them.
struct Small {
    size: Size,
    pixels: Vec<[u8; 4]>,
}

impl Small {
    fn of(glance: &Glance, part: Rect) -> Self {
        let size = few(part.size(), SIDE);
        let span = |at: u32, cells: u32, len: u32| edge(at, cells, len)..edge(at + 1, cells, len);
        let mut pixels = Vec::with_capacity(size.pixels() as usize);
        for y in 0..size.height {
            let rows = span(y, size.height, part.height);
            for x in 0..size.width {
                let columns = span(x, size.width, part.width);
                let cells = rows.clone().flat_map(|row| {
                    let first = (part.y + row) * glance.size.width + part.x;
                    &glance.cells[(first + columns.start) as usize..(first + columns.end) as usize]
                });
                pixels.push(mean(cells));
            }
        }
        Self { size, pixels }
    }

    fn plane(&self, of: impl Fn([i32; 3]) -> i32) -> Vec<i32> {
        self.pixels.iter().map(|[r, g, b, _]| of([*r, *g, *b].map(i32::from))).collect()
    }
}

/// How much each pixel of a plane differs from those beside it. Beyond the edge lies more of the same, so
/// that frames draw nothing.
fn detail(size: Size, plane: &[i32]) -> Vec<u32> {
    let (width, height) = (size.width as usize, size.height as usize);
    let at = |x: usize, y: usize| plane[y * width + x];
    let of = |x: usize, y: usize| {
        let across = at(x.saturating_sub(1), y) + at((x + 1).min(width - 1), y);
        let along = at(x, y.saturating_sub(1)) + at(x, (y + 1).min(height - 1));
        (4 * at(x, y) - across - along).unsigned_abs()
    };
    (0..height).flat_map(|y| (0..width).map(move |x| of(x, y))).collect()
}

/// Of each pixel, the least range of values that a way from the edge to it has to cross, as far as
/// [`PASSES`] find it.
fn barrier(size: Size, plane: &[i32]) -> Vec<u32> {
    let (width, height) = (size.width as usize, size.height as usize);
    let at_edge = |at: usize| {
        let (x, y) = (at % width, at / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height
    };
    // Distance, highest and lowest value of the best way that is known.
    let mut ways: Vec<(i32, i32, i32)> = (0..plane.len())
        .map(|at| (if at_edge(at) { 0 } else { i32::MAX }, plane[at], plane[at]))
        .collect();
    for pass in 0..PASSES {
        let from_first = pass % 2 == 0;
        for step in 0..plane.len() {
            let at = if from_first { step } else { plane.len() - 1 - step };
            if at_edge(at) {
                continue;
            }
            let beside = if from_first { [at - width, at - 1] } else { [at + width, at + 1] };
            for (_, high, low) in beside.map(|before| ways[before]) {
                let (high, low) = (high.max(plane[at]), low.min(plane[at]));
                if high - low < ways[at].0 {
                    ways[at] = (high - low, high, low);
                }
            }
        }
    }
    ways.into_iter().map(|(distance, ..)| distance.unsigned_abs()).collect()
}

/// The mean of some cells; colours count by their alpha.
fn mean<'a>(cells: impl Iterator<Item = &'a [u8; 4]>) -> [u8; 4] {
    let (mut sums, mut alphas, mut count) = ([0u32; 3], 0, 0);
    for cell in cells {
        let alpha = u32::from(cell[3]);
        for (sum, value) in sums.iter_mut().zip(cell) {
            *sum += u32::from(*value) * alpha;
        }
        alphas += alpha;
        count += 1;
    }
    let [r, g, b] = sums.map(|sum| sum.checked_div(alphas).unwrap_or(0) as u8);
    [r, g, b, alphas.checked_div(count).unwrap_or(0) as u8]
}

/// Rec. 601 luma.
fn luma([r, g, b, _]: [u8; 4]) -> i32 {
    (i32::from(r) * 299 + i32::from(g) * 587 + i32::from(b) * 114) / 1000
}

/// Whether a colour lies in the box 77 ≤ Cb ≤ 127, 133 ≤ Cr ≤ 173 (BT.601, full range), and is
/// neither nearly black nor nearly white.
fn is_skin([r, g, b]: [u8; 3]) -> bool {
    let luma = luma([r, g, b, 255]);
    let chroma = |band: u8, thousandths: i32| 128 + (i32::from(band) - luma) * thousandths / 1000;
    (40..=230).contains(&luma)
        && (77..=127).contains(&chroma(b, 564))
        && (133..=173).contains(&chroma(r, 713))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::glance::tests::glance;
    use crate::pixel::{ColourSpace, Depth, Image, Samples};

    fn judge(image: &Image) -> Saliency {
        let seen = glance(image);
        Saliency::of(&seen, Rect::whole(seen.size))
    }

    fn painted(width: u32, height: u32, paint: impl Fn(u32, u32) -> [u8; 3]) -> Image {
        let mut image = Image::try_new(width, height, ColourSpace::Rgb, false, Depth::U8).unwrap();
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        image.samples = Samples::U8(pixels.flat_map(|(x, y)| paint(x, y)).collect());
        image
    }

    #[test]
    fn a_window_goes_where_most_is() {
        assert_eq!(best_window(&[0, 0, 0, 0, 0, 9, 9, 9, 0, 0], 3), 5);
        assert_eq!(best_window(&[9, 0, 0, 0, 0, 0], 3), 0);
        // A single sight is put in the middle of the window.
        assert_eq!(best_window(&[0, 0, 0, 0, 0, 9, 0, 0, 0, 0], 5), 3);
        // Nothing anywhere, or the same everywhere: the middle.
        assert_eq!(best_window(&[0; 11], 5), 3);
        assert_eq!(best_window(&[7; 11], 5), 3);
        assert_eq!(best_window(&[1, 2, 3], 3), 0);
    }

    #[test]
    fn plain_areas_show_nothing_and_detail_does() {
        let image = painted(400, 200, |x, y| {
            let busy = x >= 300 && (x / 8 + y / 8) % 2 == 0;
            if busy { [20; 3] } else { [200; 3] }
        });
        let seen = judge(&image);
        assert_eq!(seen.size, Size::new(96, 48));
        assert_eq!(seen.at(0.3, 0.5), 0);
        let busy: u32 = (0..40).map(|at| seen.at(0.76 + 0.005 * f64::from(at), 0.5)).sum();
        assert!(busy > 1000, "{busy}");
        assert_eq!(seen.at(1.0, 0.5), 0);
        assert_eq!(seen.at(-0.1, 0.5), 0);
    }

    #[test]
    fn skin_and_colour_draw_more_than_grey() {
        // Typical sRGB values of light and dark skin, from the ColorChecker's first two patches.
        for skin in [[194, 150, 130], [115, 82, 68]] {
            assert!(is_skin(skin), "{skin:?}");
        }
        for other in [[255, 255, 255], [0, 0, 0], [128, 128, 128], [30, 120, 40], [40, 60, 200]] {
            assert!(!is_skin(other), "{other:?}");
        }
        let of = |colour: [u8; 3]| {
            let patch =
                |x, y| if (8..12).contains(&x) && (8..12).contains(&y) { colour } else { [128; 3] };
            judge(&painted(20, 20, patch)).at(0.5, 0.5)
        };
        // As far from grey as skin is, the other way.
        assert!(of([194, 150, 130]) > of([62, 106, 126]) * 3 / 2);
        assert!(of([40, 60, 200]) > of([60; 3]));
        assert!(of([60; 3]) > of([120; 3]));
        assert_eq!(of([128; 3]), 0);
    }

    #[test]
    fn what_reaches_the_edge_is_ground() {
        // A bright disc on brown ground, and a strip of sky along the upper edge that is as bright.
        let image = painted(96, 96, |x, y| {
            let disc = (i64::from(x) - 60).pow(2) + (i64::from(y) - 60).pow(2) < 15 * 15;
            if disc || y < 20 { [220, 220, 210] } else { [120, 90, 60] }
        });
        let seen = judge(&image);
        assert_eq!(seen.at(0.5, 0.1), 0);
        assert_eq!(seen.at(0.2, 0.6), 0, "brown, though it may be skin");
        // At least the range of brightness.
        assert!(seen.at(0.625, 0.625) > 100);
    }

    #[test]
    fn the_lowest_barrier_counts() {
        // From the left edge a path of low steps leads to the middle; all around is a high wall.
        let size = Size::new(7, 5);
        let plane = [
            [0, 0, 0, 0, 0, 0, 0],
            [0, 90, 90, 90, 90, 90, 0],
            [0, 3, 7, 10, 50, 90, 0],
            [0, 90, 90, 90, 90, 90, 0],
            [0, 0, 0, 0, 0, 0, 0],
        ];
        let found = barrier(size, plane.as_flattened());
        assert_eq!(found[14..21], [0, 3, 7, 10, 50, 90, 0]);
    }

    #[test]
    fn what_is_transparent_is_not_seen() {
        let mut image = Image::try_new(20, 10, ColourSpace::Rgb, true, Depth::U16).unwrap();
        let pixels = (0..200).flat_map(|at| match (at % 20, at / 20) {
            (12..18, 2..8) => [65_535, 0, 0, 65_535],
            _ => [65_535, 0, 0, 0],
        });
        image.samples = Samples::U16(pixels.collect());
        let seen = judge(&image);
        assert_eq!(seen.at(0.2, 0.5), 0);
        assert!(seen.at(0.75, 0.5) > 200);
    }

    #[test]
    fn a_part_is_judged_by_itself() {
        // Checks of 8 pixels in the left half, one colour in the right one.
        let image = painted(384, 192, |x, y| match x {
            0..192 if (x / 8 + y / 8) % 2 == 0 => [20; 3],
            0..192 => [200; 3],
            _ => [120; 3],
        });
        let seen = glance(&image);
        assert_eq!(seen.size, Size::new(192, 96));
        let right = Saliency::of(&seen, Rect { x: 96, y: 0, width: 96, height: 96 });
        assert!(right.values.iter().all(|value| *value == 0), "beyond its edge lies nothing");
        // Checks of four by four cells, of which twelve lie at an edge.
        let left = Saliency::of(&seen, Rect { x: 0, y: 0, width: 96, height: 96 });
        assert_eq!(left.size, Size::new(96, 96));
        assert!(left.values.iter().filter(|value| **value > 100).count() > 4000);
    }

    #[test]
    fn every_kind_of_picture_can_be_judged() {
        for (space, alpha) in [
            (ColourSpace::Gray, false),
            (ColourSpace::Gray, true),
            (ColourSpace::Rgb, true),
            (ColourSpace::Cmyk, false),
        ] {
            for depth in [Depth::U8, Depth::U16] {
                for (width, height) in [(1, 1), (1, 500), (97, 3), (96, 96)] {
                    let image = Image::try_new(width, height, space, alpha, depth).unwrap();
                    assert_eq!(judge(&image).at(0.5, 0.5), 0, "{space:?} {width}×{height}");
                }
            }
        }
    }
}
