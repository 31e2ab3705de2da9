//! Where a picture lies that is laid over another.

use super::shape::crop_rect;
use super::{Plan, Rect, Size, align};
use crate::pixel::turn::Turn;
use crate::pixel::{Align, Crop, Edge, Ground, Overlay};

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
    /// Places a second picture of size `stored`, set upright by `orientation`; none when the window
    /// shows nothing of it.
    ///
    /// It is fitted into its box, rounded to the nearest pixel and at least 1. What the plan keeps has
    /// to be settled.
    pub fn overlay(
        &self,
        (stored, orientation): (Size, Turn),
        vector: bool,
        overlay: &Overlay,
    ) -> Option<OverPlan> {
        let oriented = orientation.size(stored);
        let ground = self.ground(overlay.ground);
        let size = fitted(oriented, ground.size, overlay.size, vector);
        let (across, down) = overlay.position.edges();
        let placed =
            |first: f64, at: u32, scale: f64| (first + f64::from(at) * scale).round() as i64;
        let left =
            placed(ground.left, start(across, ground.size.width, size.width), ground.scale.0);
        let top = placed(ground.top, start(down, ground.size.height, size.height), ground.scale.1);
        let scaled = |len: u32, scale: f64| ((f64::from(len) * scale).round() as u32).max(1);
        let size =
            Size::new(scaled(size.width, ground.scale.0), scaled(size.height, ground.scale.1));

        let (edges, window) = (ground.edges, self.window);
        let (x, width, at_x) =
            common(left, size.width, (edges.x, edges.width), (window.x, window.width))?;
        let (y, height, at_y) =
            common(top, size.height, (edges.y, edges.height), (window.y, window.height))?;
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
        Some(OverPlan { plan, at: (at_x, at_y), vector })
    }

    /// This plan without a choice: with all that it may come to keep, at the same scale. What it takes
    /// of an overlay is at least what the settled plan takes.
    pub fn undecided(&self) -> Self {
        let Some(crop) = self.search else { return self.clone() };
        let along = |shown: u32, kept: u32, all: u32| {
            (f64::from(shown) * f64::from(all) / f64::from(kept)).ceil() as u32
        };
        let size = Size::new(
            along(self.picture.width, self.crop.width, crop.width),
            along(self.picture.height, self.crop.height, crop.height),
        );
        let window = Rect::whole(size);
        Self { crop, search: None, picture: size, canvas: size, offset: (0, 0), window, ..*self }
    }

    fn ground(&self, ground: Ground) -> Under {
        let (x, y) = self.offset;
        let picture = Rect { x, y, width: self.picture.width, height: self.picture.height };
        match ground {
            Ground::Canvas => Under::of(Rect::whole(self.canvas)),
            Ground::Picture => Under::of(picture),
            Ground::Part(part) => self.part(part, picture),
        }
    }

    /// A part of the turned picture at the scale at which the plan shows what it keeps of that.
    fn part(&self, part: Crop, picture: Rect) -> Under {
        // A template may have its crop grow beyond its edges.
        let part = hull(crop_rect(self.turned, part), self.crop);
        let along = |shown: u32, kept: u32| f64::from(shown) / f64::from(kept);
        let scale =
            (along(picture.width, self.crop.width), along(picture.height, self.crop.height));
        // The sides of a small result are rounded by much; the longer one tells the scale best.
        let best = if picture.width >= picture.height { scale.0 } else { scale.1 };
        let whole = |len: u32| ((f64::from(len) * best).round() as u32).max(1);
        let from = |at: u32, kept: u32, first: u32, scale: f64| {
            f64::from(first) + (f64::from(at) - f64::from(kept)) * scale
        };
        Under {
            left: from(part.x, self.crop.x, picture.x, scale.0),
            top: from(part.y, self.crop.y, picture.y, scale.1),
            size: Size::new(whole(part.width), whole(part.height)),
            scale: (scale.0 / best, scale.1 / best),
            edges: picture,
        }
    }
}

/// What an overlay lies on, on the canvas.
struct Under {
    /// Its left and upper edge, which may lie beyond the canvas.
    left: f64,
    top: f64,
    /// The size that it is fitted into.
    size: Size,
    /// Pixels of the canvas for each pixel of that size.
    scale: (f64, f64),
    /// Where on the canvas it is cut.
    edges: Rect,
}

impl Under {
    fn of(rect: Rect) -> Self {
        Self {
            left: rect.x.into(),
            top: rect.y.into(),
            size: rect.size(),
            scale: (1.0, 1.0),
            edges: rect,
        }
    }
}

/// The smallest rectangle around two.
fn hull(one: Rect, two: Rect) -> Rect {
    let along = |a: u32, a_len: u32, b: u32, b_len: u32| {
        let low = a.min(b);
        (low, (a + a_len).max(b + b_len) - low)
    };
    let (x, width) = along(one.x, one.width, two.x, two.width);
    let (y, height) = along(one.y, one.height, two.y, two.height);
    Rect { x, y, width, height }
}

/// What shows of `len` pixels from `at` on, between edges and in a window: its first pixel, its length,
/// and where in the window it begins. None when nothing does.
fn common(at: i64, len: u32, edges: (u32, u32), window: (u32, u32)) -> Option<(u32, u32, u32)> {
    let end = |(at, len): (u32, u32)| i64::from(at) + i64::from(len);
    let low = at.max(edges.0.into()).max(window.0.into());
    let high = (at + i64::from(len)).min(end(edges)).min(end(window));
    let first = u32::try_from(low - at).ok()?;
    let shown = u32::try_from(high - low).ok().filter(|shown| *shown > 0)?;
    Some((first, shown, u32::try_from(low - i64::from(window.0)).ok()?))
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

/// The largest size of the shape of `size` in a box of this part of its ground.
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
mod tests;
