//! Pictures without pixels of their own: where they are painted, and what is made of the paint.

use super::{Decoded, Info, Want, too_large};
use crate::pixel::{Cancel, Depth, Format, Image, Result, Samples};

/// Grids of at most so many pixels are painted at once, whatever part of them is wanted.
const MOST_AT_ONCE: u64 = 16_000_000;

/// And of at most so many along a side, which painters count in 16 bits.
const LONGEST: u32 = 32_767;

/// Larger grids are painted in squares of this side.
const SQUARE: u32 = 2048;

/// What part of a pixel is none of it.
const HAIR: f64 = 1e-9;

/// What is known of a drawing of this size: one page, painted as sRGB on nothing.
pub(super) fn info(format: Format, (width, height): (u32, u32)) -> Info {
    Info { alpha: true, vector: true, ..Info::new(format, width, height) }
}

/// What is shown of the picture as it is painted: whole pixels of one grid over all of it, so that the
/// picture's edges cover their pixels in full, and parts of one picture fit together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canvas {
    pub width: u32,
    pub height: u32,
    /// First column and row, in pixels of the grid.
    pub left: u32,
    pub top: u32,
    /// Columns and rows of the whole grid.
    whole: (u32, u32),
    /// Painted pixels per stored pixel, across and down.
    scale: (f64, f64),
}

/// A part of a grid that is painted at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// First column and row, in pixels of the grid.
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

impl Part {
    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

impl Canvas {
    /// The canvas for a want: along each side the smallest grid that will do.
    pub fn new(info: &Info, want: &Want) -> Self {
        let grid = |len: u32| {
            let pixels = (f64::from(len) * want.min_scale - HAIR).ceil().max(1.0);
            pixels.min(f64::from(u32::MAX)) as u32
        };
        let whole = (grid(info.width), grid(info.height));
        let scale = |whole: u32, len: u32| f64::from(whole) / f64::from(len);
        let scale = (scale(whole.0, info.width), scale(whole.1, info.height));
        let along = |at: u32, len: u32, scale: f64, whole: u32| {
            let first = ((f64::from(at) * scale + HAIR).floor() as u32).min(whole - 1);
            let end = (f64::from(at) + f64::from(len)) * scale - HAIR;
            (first, (end.ceil() as u32).clamp(first + 1, whole) - first)
        };
        let region = want.region;
        let (left, width) = along(region.x, region.width, scale.0, whole.0);
        let (top, height) = along(region.y, region.height, scale.1, whole.1);
        Self { width, height, left, top, whole, scale }
    }

    /// Painted pixels per unit of a drawing of this size that is the whole picture.
    pub fn fitting(&self, width: f64, height: f64) -> (f64, f64) {
        (f64::from(self.whole.0) / width, f64::from(self.whole.1) / height)
    }

    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Number of pixels that painting in parts holds, where painting a part takes twice its own.
    pub fn held_in_parts(&self) -> u64 {
        let largest = self.parts().iter().map(|part| part.pixels()).max().unwrap_or(0);
        2 * largest + self.pixels()
    }

    /// The parts of the grid that are painted to show this canvas. They do not depend on the canvas
    /// but on the grid alone: painters round differently where a picture begins elsewhere, and cut off
    /// what is blurred, so that a canvas that is painted by itself would not quite be a part of the
    /// whole.
    fn parts(&self) -> Vec<Part> {
        let (columns, rows) = self.whole;
        let all = Part { left: 0, top: 0, width: columns, height: rows };
        if all.pixels() <= MOST_AT_ONCE && columns.max(rows) <= LONGEST {
            return vec![all];
        }
        let along = |at: u32, len: u32, whole: u32| {
            (at / SQUARE..(at + len).div_ceil(SQUARE))
                .map(move |index| (index * SQUARE, SQUARE.min(whole - index * SQUARE)))
        };
        along(self.top, self.height, rows)
            .flat_map(|(top, height)| {
                along(self.left, self.width, columns).map(move |(left, width)| Part {
                    left,
                    top,
                    width,
                    height,
                })
            })
            .collect()
    }

    /// Makes a picture of what `paint` leaves of each part in a transparent buffer of 8-bit RGBA,
    /// premultiplied.
    pub fn paint_in_parts(
        &self,
        info: &Info,
        cancel: &Cancel,
        mut paint: impl FnMut(&Part, &mut [u8]) -> Result<()>,
    ) -> Result<Decoded> {
        self.paint(info, |samples| {
            for part in self.parts() {
                cancel.check()?;
                let Self { left, top, width, height, .. } = *self;
                if part == (Part { left, top, width, height }) {
                    return paint(&part, samples);
                }
                let len = usize::try_from(4 * part.pixels()).map_err(|_| too_large())?;
                let Samples::U8(mut painted) = Samples::try_zeroed(Depth::U8, len)? else {
                    unreachable!("they were asked for with 8 bits")
                };
                paint(&part, &mut painted)?;
                self.copy(&part, &painted, samples);
            }
            Ok(())
        })
    }

    /// Copies what the canvas shows of a painted part.
    fn copy(&self, part: &Part, painted: &[u8], samples: &mut [u8]) {
        let left = part.left.max(self.left);
        let right = (part.left + part.width).min(self.left + self.width);
        let len = 4 * (right - left) as usize;
        for y in part.top.max(self.top)..(part.top + part.height).min(self.top + self.height) {
            let at = |x: u32, y: u32, width: u32| 4 * (y as usize * width as usize + x as usize);
            let from = at(left - part.left, y - part.top, part.width);
            let to = at(left - self.left, y - self.top, self.width);
            samples[to..to + len].copy_from_slice(&painted[from..from + len]);
        }
    }

    /// Makes a picture of what `paint` leaves in a transparent buffer of 8-bit RGBA, premultiplied.
    pub fn paint(
        &self,
        info: &Info,
        paint: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<Decoded> {
        let mut image = info.try_image(self.width, self.height)?;
        if let Samples::U8(samples) = &mut image.samples {
            paint(samples)?;
            samples.chunks_exact_mut(4).for_each(unpremultiply);
        }
        Ok(self.decoded(image))
    }

    /// A picture of this size, and where it lies.
    pub fn decoded(&self, image: Image) -> Decoded {
        let (left, top) = (f64::from(self.left) / self.scale.0, f64::from(self.top) / self.scale.1);
        Decoded { image, left, top, scale: self.scale }
    }
}

fn unpremultiply(pixel: &mut [u8]) {
    let alpha = u32::from(pixel[3]);
    if alpha == 0 {
        pixel.fill(0);
    } else if alpha < 255 {
        for value in &mut pixel[..3] {
            *value = ((u32::from(*value) * 255 + alpha / 2) / alpha).min(255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Region;
    use super::*;

    fn info(width: u32, height: u32) -> Info {
        super::info(Format::Svg, (width, height))
    }

    #[test]
    fn a_canvas_covers_its_region_at_no_less_than_the_scale() {
        for (width, height) in [(300, 200), (1, 1), (7, 1000), (640, 481)] {
            for min_scale in [0.001, 0.1, 0.333, 0.5, 1.0, 1.7, 4.0] {
                let region = Region { x: width / 3, y: height / 2, width: 1, height: height / 2 }
                    .within(width, height);
                for region in [region, Region::full(width, height)] {
                    let canvas = Canvas::new(&info(width, height), &Want { region, min_scale });
                    for (scale, at, len, from, pixels) in [
                        (canvas.scale.0, region.x, region.width, canvas.left, canvas.width),
                        (canvas.scale.1, region.y, region.height, canvas.top, canvas.height),
                    ] {
                        assert!(scale >= min_scale * (1.0 - 1e-6), "{canvas:?}");
                        let (first, end) = (f64::from(from), f64::from(from + pixels));
                        assert!(first <= f64::from(at) * scale + 1e-3, "{canvas:?}");
                        assert!(end >= f64::from(at + len) * scale - 1e-3, "{canvas:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_whole_picture_is_whole_pixels() {
        // 5 rows at a half: 3, of which each is 5/3 of a row.
        let want = Want { region: Region::full(4, 5), min_scale: 0.5 };
        let canvas = Canvas::new(&info(4, 5), &want);
        assert_eq!((canvas.width, canvas.height), (2, 3));
        assert_eq!(canvas.scale, (0.5, 0.6));
        // A drawing of 8 by 30 units: 2 / 8 and 3 / 30 pixels for each.
        assert_eq!(canvas.fitting(8.0, 30.0), (0.25, 0.1));
        // The last row alone is the third of the grid and begins at 2 / 0.6.
        let region = Region { x: 0, y: 4, width: 4, height: 1 };
        let part = Canvas::new(&info(4, 5), &Want { region, min_scale: 0.5 });
        assert_eq!((part.top, part.height), (2, 1));
        let decoded = part.paint(&info(4, 5), |_| Ok(())).unwrap();
        assert_eq!((decoded.left, decoded.top), (0.0, 2.0 / 0.6));
    }

    #[test]
    fn what_is_painted_depends_on_the_grid_alone() {
        // Paints where each pixel lies, and in which part it was painted.
        let paint = |info: &Info, want: &Want, parts: &mut Vec<Part>| {
            let canvas = Canvas::new(info, want);
            let decoded = canvas.paint_in_parts(info, &Cancel::never(), |part, samples| {
                parts.push(*part);
                for (at, pixel) in (0u32..).zip(samples.chunks_exact_mut(4)) {
                    let (x, y) = (part.left + at % part.width, part.top + at / part.width);
                    let own = (part.left / SQUARE + 3 * (part.top / SQUARE)) as u8;
                    pixel.copy_from_slice(&[(x % 251) as u8, (y % 241) as u8, own, 255]);
                }
                Ok(())
            });
            let Decoded { image, left, top, .. } = decoded.unwrap();
            let Samples::U8(samples) = image.samples else { panic!() };
            ((left as u32, top as u32), (image.width, image.height), samples)
        };
        for (size, regions) in [
            ((300, 200), vec![(0, 0, 300, 200), (10, 20, 30, 40), (299, 199, 1, 1)]),
            ((5000, 4100), vec![(0, 0, 5000, 4100), (2040, 2040, 20, 30), (4990, 0, 10, 4100)]),
        ] {
            let info = info(size.0, size.1);
            for (x, y, width, height) in regions {
                let region = Region { x, y, width, height };
                let mut parts = Vec::new();
                let want = Want { region, min_scale: 1.0 };
                let (corner, shown, samples) = paint(&info, &want, &mut parts);
                assert_eq!((corner, shown), ((x, y), (width, height)));
                for (at, pixel) in (0u32..).zip(samples.chunks_exact(4)) {
                    let (x, y) = (x + at % width, y + at / width);
                    let own = if size.0 < 1000 { 0 } else { x / SQUARE + 3 * (y / SQUARE) };
                    let expected = [(x % 251) as u8, (y % 241) as u8, own as u8, 255];
                    assert_eq!(pixel, expected, "{x}, {y}");
                }
                if size.0 < 1000 {
                    assert_eq!(parts, [Part { left: 0, top: 0, width: 300, height: 200 }]);
                }
                let canvas = Canvas::new(&info, &want);
                assert!(canvas.held_in_parts() >= canvas.pixels() + 2 * parts[0].pixels());
            }
        }
    }

    #[test]
    fn colours_are_made_straight() {
        let want = Want { region: Region::full(2, 2), min_scale: 1.0 };
        let canvas = Canvas::new(&info(2, 2), &want);
        let paint = |samples: &mut [u8]| {
            samples.copy_from_slice(&[60, 0, 0, 60, 0, 0, 0, 0, 255, 1, 2, 255, 9, 9, 9, 9]);
            Ok(())
        };
        let decoded = canvas.paint(&info(2, 2), paint).unwrap();
        let Samples::U8(samples) = decoded.image.samples else { panic!() };
        assert_eq!(samples, [255, 0, 0, 60, 0, 0, 0, 0, 255, 1, 2, 255, 255, 255, 255, 9]);
    }
}
