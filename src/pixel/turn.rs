//! The eight ways to lay a rectangular picture down: mirrors and right-angle turns.
//!
//! Orientation, mirror and quarter turns combine into one [`Turn`], so that however many are asked
//! for, pixels move once. It must not know of samples.

use super::Flip;
use super::plan::{Rect, Size};

/// One of the eight symmetries of a rectangle, as the way back from a pixel of the result to the
/// stored pixel: mirror left-right, mirror top-bottom, then change x and y over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Turn {
    pub mirror_x: bool,
    pub mirror_y: bool,
    pub swap: bool,
}

impl Turn {
    /// Nothing moves.
    pub const NONE: Self = Self { mirror_x: false, mirror_y: false, swap: false };

    /// What sets a picture with this Exif orientation (1–8) upright; nothing for other values.
    pub fn upright(exif: u8) -> Self {
        let (mirror_x, mirror_y, swap) = match exif {
            2 => (true, false, false),
            3 => (true, true, false),
            4 => (false, true, false),
            5 => (false, false, true),
            6 => (true, false, true),
            7 => (true, true, true),
            8 => (false, true, true),
            _ => return Self::NONE,
        };
        Self { mirror_x, mirror_y, swap }
    }

    /// A mirror, or nothing.
    pub fn flip(flip: Option<Flip>) -> Self {
        match flip {
            None => Self::NONE,
            Some(Flip::Horizontal) => Self { mirror_x: true, ..Self::NONE },
            Some(Flip::Vertical) => Self { mirror_y: true, ..Self::NONE },
        }
    }

    /// Clockwise quarter turns.
    pub fn quarters(count: u8) -> Self {
        Self::upright([1, 6, 3, 8][usize::from(count % 4)])
    }

    /// This, then `next`.
    pub fn then(self, next: Self) -> Self {
        let (x, y) =
            if next.swap { (self.mirror_y, self.mirror_x) } else { (self.mirror_x, self.mirror_y) };
        Self {
            mirror_x: x ^ next.mirror_x,
            mirror_y: y ^ next.mirror_y,
            swap: self.swap ^ next.swap,
        }
    }

    /// The size of the result for a stored size.
    pub fn size(self, stored: Size) -> Size {
        if self.swap { stored.swapped() } else { stored }
    }

    /// The stored point under the point `x`, `y` of a result of size `turned`.
    pub fn to_stored(self, x: f64, y: f64, turned: Size) -> (f64, f64) {
        let x = if self.mirror_x { f64::from(turned.width) - x } else { x };
        let y = if self.mirror_y { f64::from(turned.height) - y } else { y };
        if self.swap { (y, x) } else { (x, y) }
    }

    /// The stored pixels under the rectangle `rect` of a result of size `turned`.
    pub fn rect_to_stored(self, rect: Rect, turned: Size) -> Rect {
        let Rect { mut x, mut y, width, height } = rect;
        if self.mirror_x {
            x = turned.width - x - width;
        }
        if self.mirror_y {
            y = turned.height - y - height;
        }
        if self.swap {
            return Rect { x: y, y: x, width: height, height: width };
        }
        Rect { x, y, width, height }
    }
}
