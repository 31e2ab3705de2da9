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

    /// The point of a result of size `turned` over the stored point `x`, `y`.
    pub fn to_turned(self, x: f64, y: f64, turned: Size) -> (f64, f64) {
        let (x, y) = if self.swap { (y, x) } else { (x, y) };
        let x = if self.mirror_x { f64::from(turned.width) - x } else { x };
        let y = if self.mirror_y { f64::from(turned.height) - y } else { y };
        (x, y)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixels of a 3×2 picture, as rows, after a turn.
    fn shown(turn: Turn) -> Vec<String> {
        let stored = ["abc", "def"];
        let size = turn.size(Size::new(3, 2));
        let pixel = |x: u32, y: u32| {
            let at = turn.rect_to_stored(Rect { x, y, width: 1, height: 1 }, size);
            char::from(stored[at.y as usize].as_bytes()[at.x as usize])
        };
        (0..size.height).map(|y| (0..size.width).map(|x| pixel(x, y)).collect()).collect()
    }

    #[test]
    fn exif_orientations_by_hand() {
        // What row 0 and column 0 of the stored picture are when shown: Exif 2.32, 4.6.5.1.
        let cases: [(u8, &[&str]); 8] = [
            (1, &["abc", "def"]),
            (2, &["cba", "fed"]),
            (3, &["fed", "cba"]),
            (4, &["def", "abc"]),
            (5, &["ad", "be", "cf"]),
            (6, &["da", "eb", "fc"]),
            (7, &["fc", "eb", "da"]),
            (8, &["cf", "be", "ad"]),
        ];
        for (exif, rows) in cases {
            assert_eq!(shown(Turn::upright(exif)), rows, "orientation {exif}");
        }
    }

    #[test]
    fn quarter_turns_are_clockwise() {
        assert_eq!(shown(Turn::quarters(1)), ["da", "eb", "fc"]);
        assert_eq!(shown(Turn::quarters(2)), ["fed", "cba"]);
        assert_eq!(shown(Turn::quarters(3)), ["cf", "be", "ad"]);
    }

    #[test]
    fn turns_in_a_row_are_one_turn() {
        let all: Vec<Turn> = (1..=8).map(Turn::upright).collect();
        for &first in &all {
            for &next in &all {
                // Where a result's pixel comes from, step by step, is where it comes from at once.
                let stored = Size::new(3, 2);
                let middle = first.size(stored);
                let last = next.size(middle);
                let both = first.then(next);
                assert_eq!(both.size(stored), last);
                for (x, y) in [(0, 0), (1, 0), (0, 1)] {
                    let pixel = Rect { x, y, width: 1, height: 1 };
                    let steps = first.rect_to_stored(next.rect_to_stored(pixel, last), middle);
                    assert_eq!(both.rect_to_stored(pixel, last), steps);
                }
            }
        }
    }

    #[test]
    fn points_and_pixels_agree() {
        let size = Size::new(5, 4);
        for exif in 1..=8 {
            let turn = Turn::upright(exif);
            let turned = turn.size(size);
            let pixel = turn.rect_to_stored(Rect { x: 1, y: 2, width: 1, height: 1 }, turned);
            let (x, y) = turn.to_stored(1.5, 2.5, turned);
            assert_eq!((x, y), (f64::from(pixel.x) + 0.5, f64::from(pixel.y) + 0.5));
            assert_eq!(turn.to_turned(x, y, turned), (1.5, 2.5));
        }
    }
}
