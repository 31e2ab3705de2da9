//! What a picture looks like from afar, the same wherever it is read from.
//!
//! What is chosen by a picture's content, such as the part that `gravity=smart` keeps, must not
//! depend on the way in which its pixels were come by: shrunk by a decoder, from a prepared reduction
//! or in bands. So it is chosen from this: a small grid over the whole picture in which each cell is
//! the mean of the pixels under it, in whole numbers. A picture's own samples give it, in whatever
//! pieces they come; who prepares reductions keeps it with them.
//!
//! It knows samples, but not what is looked for.

use std::ops::Range;

use super::plan::{Rect, Size};
use super::{ColourSpace, Image, Samples};

/// Cells along the longer side, at most.
const SIDE: u32 = 192;

/// A picture from afar: RGBA of 8 bits, in rows. Colours are those that the samples say, without
/// heed of profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    pub(in crate::pixel) size: Size,
    pub(in crate::pixel) cells: Vec<[u8; 4]>,
}

impl Glance {
    /// Columns and rows of cells.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.size.width, self.size.height)
    }

    /// Whether it can be that of a picture of this size.
    #[must_use]
    pub fn is_of(&self, width: u32, height: u32) -> bool {
        self.size == Grid::over(Size::new(width, height)).cells
    }

    /// The cells' bytes, row by row.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.cells.as_flattened()
    }

    /// What [`as_bytes`](Self::as_bytes) gave of a picture of this size; none when it cannot be that.
    #[must_use]
    pub fn from_bytes((width, height): (u32, u32), bytes: &[u8]) -> Option<Self> {
        let Size { width, height } = Grid::over(Size::new(width, height)).cells;
        let (cells, rest) = bytes.as_chunks::<4>();
        let fits = rest.is_empty() && cells.len() as u64 == Size::new(width, height).pixels();
        fits.then(|| Self { size: Size::new(width, height), cells: cells.to_vec() })
    }
}

/// The cells over a picture. Every pixel lies under one of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    /// Columns and rows of cells.
    pub cells: Size,
    picture: Size,
}

impl Grid {
    /// The grid over a picture of this size.
    pub fn over(picture: Size) -> Self {
        Self { cells: few(picture, SIDE), picture }
    }

    /// The cells that a rectangle of pixels touches.
    pub fn touched(self, rect: Rect) -> Rect {
        let along = |at: u32, len: u32, cells: u32, pixels: u32| {
            let first = cell(at, cells, pixels);
            (first, cell(at + len - 1, cells, pixels) + 1 - first)
        };
        let (x, width) = along(rect.x, rect.width, self.cells.width, self.picture.width);
        let (y, height) = along(rect.y, rect.height, self.cells.height, self.picture.height);
        Rect { x, y, width, height }
    }

    /// The pixels under these cells.
    pub fn under(self, cells: Rect) -> Rect {
        let along = |at: u32, len: u32, cells: u32, pixels: u32| {
            let first = edge(at, cells, pixels);
            (first, edge(at + len, cells, pixels) - first)
        };
        let (x, width) = along(cells.x, cells.width, self.cells.width, self.picture.width);
        let (y, height) = along(cells.y, cells.height, self.cells.height, self.picture.height);
        Rect { x, y, width, height }
    }
}

/// The size of the shape of `size` with at most `side` along its longer side, rounded up.
pub(crate) fn few(size: Size, side: u32) -> Size {
    let longest = size.width.max(size.height);
    if longest <= side {
        return size;
    }
    let along = |len: u32| (u64::from(len) * u64::from(side)).div_ceil(u64::from(longest)) as u32;
    Size::new(along(size.width).max(1), along(size.height).max(1))
}

/// The first pixel of `pixels` under cell `at` of `cells`.
pub(crate) fn edge(at: u32, cells: u32, pixels: u32) -> u32 {
    (u64::from(at) * u64::from(pixels) / u64::from(cells)) as u32
}

/// The cell of `cells` over pixel `at` of `pixels`.
fn cell(at: u32, cells: u32, pixels: u32) -> u32 {
    (((u64::from(at) + 1) * u64::from(cells) - 1) / u64::from(pixels)) as u32
}

/// A glance that is being taken.
pub(crate) struct Looking {
    grid: Grid,
    space: ColourSpace,
    alpha: bool,
    /// Of each cell: colours times alpha, alpha, and the number of pixels.
    sums: Vec<[u64; 6]>,
}

impl Looking {
    /// At a picture of this size and kind.
    pub fn at((width, height): (u32, u32), space: ColourSpace, alpha: bool) -> Self {
        let grid = Grid::over(Size::new(width, height));
        let sums = vec![[0; 6]; grid.cells.pixels() as usize];
        Self { grid, space, alpha, sums }
    }

    /// Takes in `rows` of `part`, the first pixel of which lies at `left`, `top` of the picture.
    pub fn take_in(&mut self, part: &Image, rows: Range<u32>, (left, top): (u32, u32)) {
        debug_assert_eq!((part.space, part.alpha), (self.space, self.alpha));
        let columns = self.grid.cells.width;
        let over = Rect { x: left, y: top, width: part.width, height: part.height };
        let touched = self.grid.touched(over);
        let spans: Vec<(u32, Range<usize>)> = (touched.x..touched.x + touched.width)
            .map(|column| {
                let edge = |at: u32| {
                    let at = edge(at, columns, self.grid.picture.width).max(left) - left;
                    at.min(part.width) as usize * part.bands()
                };
                (column, edge(column)..edge(column + 1))
            })
            .collect();
        for row in rows {
            let at = cell(top + row, self.grid.cells.height, self.grid.picture.height);
            let cells = &mut self.sums[(at * columns) as usize..][..columns as usize];
            let from = row as usize * part.row_len();
            let shape = (part.space.bands(), part.alpha);
            match &part.samples {
                Samples::U8(all) => {
                    add_row(cells, &all[from..], &spans, shape, |sample| u64::from(*sample));
                }
                Samples::U16(all) => {
                    add_row(cells, &all[from..], &spans, shape, |sample| u64::from(*sample >> 8));
                }
            }
        }
    }

    /// The glance, nothing where nothing was taken in.
    pub fn done(self) -> Glance {
        let space = self.space;
        let cells = self.sums.iter().map(|sums| colour(space, sums)).collect();
        Glance { size: self.grid.cells, cells }
    }
}

fn add_row<T>(
    cells: &mut [[u64; 6]],
    row: &[T],
    spans: &[(u32, Range<usize>)],
    (colours, alpha): (usize, bool),
    value: impl Fn(&T) -> u64,
) {
    for (column, span) in spans {
        let sums = &mut cells[*column as usize];
        let pixels = &row[span.clone()];
        match (colours, alpha) {
            (1, false) => add_opaque::<T, 1>(sums, pixels, &value),
            (3, false) => add_opaque::<T, 3>(sums, pixels, &value),
            (4, false) => add_opaque::<T, 4>(sums, pixels, &value),
            _ => add_weighed(sums, pixels, colours, &value),
        }
    }
}

fn add_opaque<T, const BANDS: usize>(
    sums: &mut [u64; 6],
    pixels: &[T],
    value: &impl Fn(&T) -> u64,
) {
    let (pixels, _) = pixels.as_chunks::<BANDS>();
    let mut row = [0; BANDS];
    for pixel in pixels {
        for (sum, sample) in row.iter_mut().zip(pixel) {
            *sum += value(sample);
        }
    }
    for (sum, row) in sums.iter_mut().zip(row) {
        *sum += row * 255;
    }
    sums[4] += 255 * pixels.len() as u64;
    sums[5] += pixels.len() as u64;
}

/// Colours count by their alpha.
fn add_weighed<T>(sums: &mut [u64; 6], pixels: &[T], colours: usize, value: &impl Fn(&T) -> u64) {
    for pixel in pixels.chunks_exact(colours + 1) {
        let alpha = value(&pixel[colours]);
        for (sum, sample) in sums.iter_mut().zip(&pixel[..colours]) {
            *sum += value(sample) * alpha;
        }
        sums[4] += alpha;
        sums[5] += 1;
    }
}

fn colour(space: ColourSpace, sums: &[u64; 6]) -> [u8; 4] {
    let mean = |band: usize| sums[band].checked_div(sums[4]).unwrap_or(0) as u8;
    let alpha = sums[4].checked_div(sums[5]).unwrap_or(0) as u8;
    match space {
        ColourSpace::Gray => [mean(0), mean(0), mean(0), alpha],
        ColourSpace::Rgb => [mean(0), mean(1), mean(2), alpha],
        ColourSpace::Cmyk => {
            // Good enough to tell where something is.
            let light = |band| {
                let lit = |band| u16::from(255 - mean(band));
                (lit(band) * lit(3) / 255) as u8
            };
            [light(0), light(1), light(2), alpha]
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pixel::Depth;

    /// All of a picture from afar.
    pub(crate) fn glance(image: &Image) -> Glance {
        let mut looking = Looking::at((image.width, image.height), image.space, image.alpha);
        looking.take_in(image, 0..image.height, (0, 0));
        looking.done()
    }

    fn noise(width: u32, height: u32, space: ColourSpace, alpha: bool, depth: Depth) -> Image {
        let mut image = Image::try_new(width, height, space, alpha, depth).unwrap();
        let value = |at: usize| (at as u32).wrapping_mul(0x9e37_79b1) >> 13;
        match &mut image.samples {
            Samples::U8(all) => all.iter_mut().enumerate().for_each(|(i, s)| *s = value(i) as u8),
            Samples::U16(all) => all.iter_mut().enumerate().for_each(|(i, s)| *s = value(i) as u16),
        }
        image
    }

    fn cut(image: &Image, rect: Rect) -> Image {
        let mut part =
            Image::try_new(rect.width, rect.height, image.space, image.alpha, image.depth())
                .unwrap();
        let bands = image.bands();
        for y in 0..rect.height as usize {
            let from = (rect.y as usize + y) * image.row_len() + rect.x as usize * bands;
            let (to, len) = (y * rect.width as usize * bands, rect.width as usize * bands);
            match (&image.samples, &mut part.samples) {
                (Samples::U8(all), Samples::U8(into)) => {
                    into[to..to + len].copy_from_slice(&all[from..from + len]);
                }
                (Samples::U16(all), Samples::U16(into)) => {
                    into[to..to + len].copy_from_slice(&all[from..from + len]);
                }
                _ => unreachable!("made alike"),
            }
        }
        part
    }

    #[test]
    fn cells_are_means() {
        // 384×2 pixels: two across for each of 192 cells, one row.
        let mut image = Image::try_new(384, 2, ColourSpace::Rgb, false, Depth::U8).unwrap();
        let pixel = |at: u8| [at, 100, if at.is_multiple_of(2) { 10 } else { 31 }];
        image.samples = Samples::U8((0..768).flat_map(|at| pixel((at % 384 / 2) as u8)).collect());
        let seen = glance(&image);
        assert_eq!(seen.size(), (192, 1));
        assert_eq!(seen.cells[7], [7, 100, 31, 255]);
        assert_eq!(seen.cells[190], [190, 100, 10, 255]);
        // Half of what is red is transparent, and what cannot be seen is green.
        let mut image = Image::try_new(1, 1, ColourSpace::Rgb, true, Depth::U16).unwrap();
        image.samples = Samples::U16(vec![0xff00, 0x1200, 0, 0x8000]);
        assert_eq!(glance(&image).cells, [[255, 0x12, 0, 0x80]]);
    }

    #[test]
    fn bytes_come_back_and_others_do_not() {
        let seen = glance(&noise(500, 300, ColourSpace::Rgb, true, Depth::U8));
        let bytes = seen.as_bytes();
        assert_eq!(Glance::from_bytes((500, 300), bytes).as_ref(), Some(&seen));
        assert_eq!(Glance::from_bytes((500, 320), bytes), None);
        assert_eq!(Glance::from_bytes((500, 300), &bytes[1..]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn pieces_make_the_whole(
            width in 1u32..700, height in 1u32..400, rows in 1u32..97, column in 0f64..1.0,
            kind in 0usize..4,
        ) {
            let (space, alpha, depth) = [
                (ColourSpace::Rgb, false, Depth::U8),
                (ColourSpace::Gray, true, Depth::U16),
                (ColourSpace::Cmyk, false, Depth::U16),
                (ColourSpace::Rgb, true, Depth::U8),
            ][kind];
            let image = noise(width, height, space, alpha, depth);
            let whole = glance(&image);
            let middle = (f64::from(width) * column) as u32;
            let mut looking = Looking::at((width, height), space, alpha);
            for y in (0..height).step_by(rows as usize) {
                for (x, width) in [(0, middle), (middle, width - middle)] {
                    if width > 0 {
                        let rect = Rect { x, y, width, height: rows.min(height - y) };
                        looking.take_in(&cut(&image, rect), 0..rect.height, (x, y));
                    }
                }
            }
            prop_assert_eq!(looking.done(), whole);
        }

        #[test]
        fn pixels_and_cells_belong_together(len in 1u32..5000, at in 0f64..1.0, part in 0f64..1.0) {
            let grid = Grid::over(Size::new(len, 7));
            let x = ((f64::from(len) * at) as u32).min(len - 1);
            let width = ((f64::from(len - x) * part) as u32).max(1);
            let rect = Rect { x, y: 2, width, height: 1 };
            let cells = grid.touched(rect);
            let under = grid.under(cells);
            prop_assert!(under.x <= x && under.x + under.width >= x + width);
            prop_assert_eq!(grid.touched(under), cells);
        }
    }
}
