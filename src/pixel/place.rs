//! Where the pixels of a buffer lie in the stored picture.

use super::decode::Decoded;
use super::plan::{Area, Rect, Size};

/// The stored picture's coordinates of a buffer that holds a part of it, shrunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Left edge in stored pixels.
    pub left: f64,
    /// Top edge in stored pixels.
    pub top: f64,
    /// Buffer pixels per stored pixel, across and down.
    pub scale: (f64, f64),
}

impl Place {
    /// Where a decoder's pixels lie.
    pub fn of(decoded: &Decoded) -> Self {
        let Decoded { left, top, scale, .. } = *decoded;
        Self { left, top, scale }
    }

    /// Pixels of a tilted canvas per stored pixel: the finer of the buffer's scales.
    pub fn canvas_scale(&self) -> f64 {
        self.scale.0.max(self.scale.1)
    }

    /// A rectangle of stored pixels, in the buffer's.
    pub fn area(&self, rect: Rect) -> Area {
        Area {
            x: (f64::from(rect.x) - self.left) * self.scale.0,
            y: (f64::from(rect.y) - self.top) * self.scale.1,
            width: f64::from(rect.width) * self.scale.0,
            height: f64::from(rect.height) * self.scale.1,
        }
    }

    /// The buffer's pixels that hold nothing from outside `rect`. At the edge of the stored
    /// picture, where there is no outside, the pixel across the edge counts as well.
    pub fn within(&self, rect: Rect, stored: Size, buffer: Size) -> Rect {
        let along = |at: f64, len: f64, first: bool, last: bool, buffer: u32| {
            let low = if first { at.floor() } else { (at - HAIR).ceil() };
            let high = if last { (at + len).ceil() } else { (at + len + HAIR).floor() };
            let low = (low.max(0.0) as u32).min(buffer - 1);
            let high = (high.max(0.0) as u32).clamp(low + 1, buffer);
            (low, high - low)
        };
        let area = self.area(rect);
        let (x, width) = along(
            area.x,
            area.width,
            rect.x == 0,
            rect.x + rect.width == stored.width,
            buffer.width,
        );
        let (y, height) = along(
            area.y,
            area.height,
            rect.y == 0,
            rect.y + rect.height == stored.height,
            buffer.height,
        );
        Rect { x, y, width, height }
    }
}

/// What an edge may miss a pixel's by and still count as on it.
const HAIR: f64 = 1e-6;
