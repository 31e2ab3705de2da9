//! Where a picture lies that is laid over another.

use super::{Plan, Rect, Size, align, overlap};
use crate::pixel::turn::Turn;
use crate::pixel::{Align, Edge, Overlay};

/// The part of an overlay that a result shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OverPlan {
    /// How that part is made from the overlay's stored pixels; its window is the part.
    pub plan: Plan,
    /// Where in the result it lies.
    pub at: (u32, u32),
    /// Whether the overlay has no pixels of its own, so that it may be enlarged.
    pub vector: bool,
}

impl Plan {
    /// Places a second picture of size `stored`, set upright by `orientation`, on the canvas; none
    /// when the window shows nothing of it.
    ///
    /// It is fitted into its box, rounded to the nearest pixel and at least 1.
    pub fn overlay(
        &self,
        (stored, orientation): (Size, Turn),
        vector: bool,
        overlay: &Overlay,
    ) -> Option<OverPlan> {
        let oriented = orientation.size(stored);
        let ground = if overlay.on_picture {
            let (x, y) = self.offset;
            Rect { x, y, width: self.picture.width, height: self.picture.height }
        } else {
            Rect::whole(self.canvas)
        };
        let size = fitted(oriented, ground.size(), overlay.size, vector);
        let (across, down) = overlay.position.edges();
        let offset = (
            ground.x + start(across, ground.width, size.width),
            ground.y + start(down, ground.height, size.height),
        );
        let (x, width) = overlap(self.window.x, self.window.width, offset.0, size.width);
        let (y, height) = overlap(self.window.y, self.window.height, offset.1, size.height);
        if width == 0 || height == 0 {
            return None;
        }
        let plan = Self {
            stored,
            turn: orientation,
            oriented,
            tilt_deg: 0.0,
            turned: oriented,
            crop: Rect::whole(oriented),
            picture: size,
            canvas: size,
            offset: (0, 0),
            window: Rect { x, y, width, height },
            apron: 0,
            reads_edges: false,
            search: None,
        };
        let at = (offset.0 + x - self.window.x, offset.1 + y - self.window.y);
        Some(OverPlan { plan, at, vector })
    }
}

impl OverPlan {
    /// The smallest scale at which the overlay may be decoded.
    pub fn min_scale(&self, margin: f64) -> f64 {
        if !self.vector {
            return self.plan.min_scale(margin);
        }
        let Plan { picture, crop, .. } = &self.plan;
        let along = |picture: u32, crop: u32| f64::from(picture) / f64::from(crop);
        along(picture.width, crop.width).max(along(picture.height, crop.height))
    }
}

/// The largest size of the shape of `size` in a box of this part of the canvas.
fn fitted(size: Size, canvas: Size, part: f64, enlarge: bool) -> Size {
    let along = |len: u32, canvas: u32| part * f64::from(canvas) / f64::from(len);
    let scale = along(size.width, canvas.width).min(along(size.height, canvas.height));
    let scale = if enlarge { scale } else { scale.min(1.0) };
    let whole = |len: u32, canvas: u32| ((f64::from(len) * scale).round() as u32).clamp(1, canvas);
    Size::new(whole(size.width, canvas.width), whole(size.height, canvas.height))
}

fn start(edge: Edge, canvas: u32, len: u32) -> u32 {
    let position = match edge {
        Edge::Start => 0.0,
        Edge::Centre => 0.5,
        Edge::End => 1.0,
    };
    align(Align { edge, position }, canvas, len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{Compass, Format, Recipe, Tile};

    fn placed(
        over: (u32, u32),
        overlay: Overlay,
        vector: bool,
        recipe: Recipe,
    ) -> Option<OverPlan> {
        let plan = Plan::new(Size::new(400, 300), Turn::NONE, &recipe).unwrap();
        plan.overlay((Size::new(over.0, over.1), Turn::NONE), vector, &overlay)
    }

    fn whole() -> Recipe {
        Recipe::unchanged(Format::Png)
    }

    #[test]
    fn sizes_and_places_by_hand() {
        use Compass::{
            Centre, East, North, NorthEast, NorthWest, South, SouthEast, SouthWest, West,
        };
        // On 400×300: the overlay, the part, the place; its size and its corner.
        let cases = [
            ((800, 300), 1.0, Centre, (400, 150), (0, 75)),
            ((300, 600), 1.0, Centre, (150, 300), (125, 0)),
            ((800, 300), 0.5, NorthWest, (200, 75), (0, 0)),
            ((800, 300), 0.5, North, (200, 75), (100, 0)),
            ((800, 300), 0.5, NorthEast, (200, 75), (200, 0)),
            ((800, 300), 0.5, West, (200, 75), (0, 113)),
            ((800, 300), 0.5, East, (200, 75), (200, 113)),
            ((800, 300), 0.5, SouthWest, (200, 75), (0, 225)),
            ((800, 300), 0.5, South, (200, 75), (100, 225)),
            ((800, 300), 0.5, SouthEast, (200, 75), (200, 225)),
            // Smaller than its box: as it is.
            ((40, 20), 1.0, SouthEast, (40, 20), (360, 280)),
            // Too thin to shrink in proportion.
            ((4000, 2), 0.25, NorthWest, (100, 1), (0, 0)),
            ((10, 10), 0.00001, NorthWest, (1, 1), (0, 0)),
        ];
        for (over, size, position, expected, corner) in cases {
            let overlay = Overlay { size, position, opacity: 1.0, on_picture: false };
            let found = placed(over, overlay, false, whole()).unwrap();
            let picture = found.plan.picture;
            assert_eq!((picture.width, picture.height), expected, "{over:?} {size} {position:?}");
            assert_eq!(found.at, corner, "{over:?} {size} {position:?}");
        }
    }

    #[test]
    fn shapes_may_grow() {
        let overlay =
            Overlay { size: 0.5, position: Compass::Centre, opacity: 1.0, on_picture: false };
        let found = placed((40, 20), overlay, true, whole()).unwrap();
        assert_eq!(found.plan.picture, Size::new(200, 100));
        assert_eq!(found.min_scale(2.0), 5.0);
    }

    #[test]
    fn padding_belongs_to_the_picture() {
        let recipe = Recipe { width: 100, height: 300, ..whole() };
        let overlay =
            Overlay { size: 1.0, position: Compass::South, opacity: 1.0, on_picture: false };
        let found = placed((500, 500), overlay, false, recipe).unwrap();
        assert_eq!((found.plan.picture, found.at), (Size::new(100, 100), (0, 200)));
    }

    #[test]
    fn padding_can_be_left_out() {
        // A picture of 100×75 at the top of 100×300.
        let align_v = Align { edge: Edge::Start, position: 0.0 };
        let recipe = Recipe { width: 100, height: 300, align_v, ..whole() };
        let overlay =
            Overlay { size: 1.0, position: Compass::South, opacity: 1.0, on_picture: true };
        let found = placed((500, 250), overlay, false, recipe).unwrap();
        assert_eq!((found.plan.picture, found.at), (Size::new(100, 50), (0, 25)));
    }

    #[test]
    fn a_tile_has_its_part() {
        // 100×100 at 150,100 of 400×300; tiles of 2×2 meet at 200,150.
        let overlay =
            Overlay { size: 1.0, position: Compass::Centre, opacity: 1.0, on_picture: false };
        let tile = |number| {
            let tile = Tile::new(number, 4).ok();
            let found = placed((100, 100), overlay, false, Recipe { tile, ..whole() }).unwrap();
            let window = found.plan.window;
            ((window.x, window.y), (window.width, window.height), found.at)
        };
        assert_eq!(tile(1), ((0, 0), (50, 50), (150, 100)));
        assert_eq!(tile(2), ((50, 0), (50, 50), (0, 100)));
        assert_eq!(tile(4), ((50, 50), (50, 50), (0, 0)));
        let corner =
            Overlay { size: 0.1, position: Compass::NorthWest, opacity: 1.0, on_picture: false };
        let tile = Tile::new(4, 4).ok();
        assert_eq!(placed((100, 100), corner, false, Recipe { tile, ..whole() }), None);
    }
}
