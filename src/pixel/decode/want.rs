//! What is asked of a decoder, and what comes back: regions, scales, and where pixels lie.

use crate::pixel::Image;

/// A rectangle of stored pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Number of columns.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
}

impl Region {
    /// All of a picture of this size.
    #[must_use]
    pub fn full(width: u32, height: u32) -> Self {
        Self { x: 0, y: 0, width, height }
    }

    /// The part that lies in a picture of this size; at least one pixel of it.
    #[must_use]
    pub fn within(self, width: u32, height: u32) -> Self {
        let x = self.x.min(width.saturating_sub(1));
        let y = self.y.min(height.saturating_sub(1));
        Self {
            x,
            y,
            width: self.width.min(width - x).max(1),
            height: self.height.min(height - y).max(1),
        }
    }

    /// Number of pixels.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// What the caller will make use of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Want {
    /// The part of the picture, in stored pixels.
    pub region: Region,
    /// The smallest acceptable scale, above 0 and at most 1 (or above 1 for [vector](super::Info::vector)
    /// pictures): the decoder may shrink to any scale that is not below it.
    pub min_scale: f64,
}

impl Want {
    /// Every pixel of a picture of this size.
    #[must_use]
    pub fn everything(width: u32, height: u32) -> Self {
        Self { region: Region::full(width, height), min_scale: 1.0 }
    }
}

/// Pixels, and where in the source they come from.
///
/// Decoded column `i` covers the source from `left + i / scale.0` to `left + (i + 1) / scale.0`, and
/// rows likewise from `top` by `scale.1`. The picture covers the wanted region and may cover more;
/// its last column and row may reach beyond the source's edge by less than one decoded pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The pixels.
    pub image: Image,
    /// Left edge in stored pixels.
    pub left: f64,
    /// Top edge in stored pixels.
    pub top: f64,
    /// Decoded pixels per stored pixel, across and down, at most 1 unless the picture is a
    /// [vector](super::Info::vector) one.
    pub scale: (f64, f64),
}

impl Decoded {
    pub(super) fn unscaled(image: Image, region: Region) -> Self {
        Self { image, left: f64::from(region.x), top: f64::from(region.y), scale: (1.0, 1.0) }
    }
}
