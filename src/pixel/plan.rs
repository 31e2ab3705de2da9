//! The geometry of one picture, worked out before a pixel is read.
//!
//! [`Plan::new`] turns the source's stored size and a [`Recipe`] into every size, rectangle and
//! offset that the operations need, by arithmetic alone. Keeping it apart makes the rules of
//! rounding and capping testable without pictures, and lets the decoder be asked for no more than
//! the result can show. It must not know of samples, colour or files.
//!
//! Rules:
//! - Nothing is enlarged: width and height are each capped at the size of the turned and cropped
//!   picture, and at the scale that [`Recipe::max_width`] and [`Recipe::max_height`] leave it.
//! - Sizes that follow from others are rounded to the nearest pixel and are at least 1.
//! - Crop edges are rounded to the nearest pixel; a crop keeps at least one pixel.
//! - A turn by other than a right angle grows the picture to its bounding box, rounded up.

mod cover;
mod over;
mod shape;

pub(crate) use over::OverPlan;

use self::shape::{Lying, Shape};
use super::op::sharpen;
use super::turn::Turn;
use super::{Align, Edge, Error, Recipe, Result};

/// A width and a height in pixels, each at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Width and height changed over.
    pub fn swapped(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// The width and height that a recipe makes of an upright picture of this size; none where that cannot be told
/// from its size alone: another page, or stored orientation.
#[must_use]
pub fn result_size((width, height): (u32, u32), recipe: &Recipe) -> Option<(u32, u32)> {
    if width == 0 || height == 0 || recipe.page > 1 || recipe.upright.is_some() {
        return None;
    }
    let window = Plan::new(Size::new(width, height), Turn::NONE, recipe).ok()?.window;
    Some((window.width, window.height))
}

/// A rectangle of whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Rect {
    /// All of a picture.
    pub fn whole(size: Size) -> Self {
        Self { x: 0, y: 0, width: size.width, height: size.height }
    }

    pub fn size(self) -> Size {
        Size::new(self.width, self.height)
    }

    /// The same in continuous coordinates.
    pub fn area(self) -> Area {
        Area {
            x: f64::from(self.x),
            y: f64::from(self.y),
            width: f64::from(self.width),
            height: f64::from(self.height),
        }
    }
}

/// A rectangle in continuous coordinates: pixel `i` covers `i` to `i + 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Every size and place between the stored picture and the result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// The source as stored.
    pub stored: Size,
    /// Orientation, mirror and, where the angle is a right one, the turn.
    pub turn: Turn,
    /// What `turn` makes of `stored`.
    pub oriented: Size,
    /// The clockwise turn that `turn` does not cover, 0 when the angle is a right one.
    pub tilt_deg: f64,
    /// The picture after all turning.
    pub turned: Size,
    /// The part of `turned` that is kept.
    pub crop: Rect,
    /// What `crop` is to be chosen from by what can be seen there; none when it is settled.
    pub search: Option<Rect>,
    /// What `crop` is resized to.
    pub picture: Size,
    /// The picture with its padding.
    pub canvas: Size,
    /// Where the picture lies on the canvas.
    pub offset: (u32, u32),
    /// The part of the canvas that is the result: all of it, or a tile.
    pub window: Rect,
    /// Pixels of the resized picture around the visible ones that sharpening needs.
    pub apron: u32,
    /// Whether the colour of the picture's edges has to be known, whatever the window shows.
    pub reads_edges: bool,
}

impl Plan {
    /// Plans `recipe` for a source of size `stored` that `orientation` sets upright.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the tile's grid has more cells than the picture has pixels along a
    /// side, [`Error::Limit`] when a turned picture's size overflows.
    pub fn new(stored: Size, orientation: Turn, recipe: &Recipe) -> Result<Self> {
        let quarters = recipe.angle_deg / 90.0;
        let right_angle = quarters.fract() == 0.0;
        let mut turn = orientation.then(Turn::flip(recipe.flip));
        let mut tilt_deg = recipe.angle_deg;
        if right_angle {
            turn = turn.then(Turn::quarters(quarters.rem_euclid(4.0) as u8));
            tilt_deg = 0.0;
        }
        let oriented = turn.size(stored);
        let turned = if right_angle { oriented } else { bounding_box(oriented, tilt_deg)? };

        let upright = orientation.size(stored);
        let lying = Lying { upright, orientation, turn, oriented, turned, tilt_deg };
        let Shape { crop, search, picture, canvas } = Shape::of(&lying, recipe);
        let offset = (
            align(recipe.align_h, canvas.width, picture.width),
            align(recipe.align_v, canvas.height, picture.height),
        );
        let window = match recipe.tile {
            None => Rect::whole(canvas),
            Some(tile) => tile_rect(canvas, tile.number(), tile.side())?,
        };
        let apron = sharpen::reach(recipe.sharpen);
        Ok(Self {
            stored,
            turn,
            oriented,
            tilt_deg,
            turned,
            crop,
            search,
            picture,
            canvas,
            offset,
            window,
            apron,
            reads_edges: false,
        })
    }

    /// Keeps the part of what was open to choice that begins `at` there.
    pub fn settle(&mut self, at: (u32, u32)) {
        if let Some(whole) = self.search.take() {
            self.crop.x = whole.x + at.0.min(whole.width - self.crop.width);
            self.crop.y = whole.y + at.1.min(whole.height - self.crop.height);
        }
    }

    /// The part of the resized picture that the result shows, in the picture's own pixels. Where
    /// the result is all padding, one pixel that it does not show.
    pub fn visible(&self) -> Rect {
        self.shown().unwrap_or(Rect { x: 0, y: 0, width: 1, height: 1 })
    }

    /// The visible part and as much around it as sharpening needs, within the picture.
    pub fn made(&self) -> Rect {
        let visible = self.visible();
        let along = |at: u32, len: u32, of: u32| {
            let low = at.saturating_sub(self.apron);
            let high = (at + len).saturating_add(self.apron).min(of);
            (low, high - low)
        };
        let (x, width) = along(visible.x, visible.width, self.picture.width);
        let (y, height) = along(visible.y, visible.height, self.picture.height);
        Rect { x, y, width, height }
    }

    /// Whether the result shows canvas that the picture does not cover.
    pub fn shows_fill(&self) -> bool {
        let covered = self.shown().is_some_and(|shown| shown.size() == self.window.size());
        self.tilt_deg != 0.0 || !covered
    }

    /// Whether any of the picture lies in the window.
    pub fn shows_picture(&self) -> bool {
        self.shown().is_some()
    }

    fn shown(&self) -> Option<Rect> {
        let (x, width) =
            overlap(self.window.x, self.window.width, self.offset.0, self.picture.width);
        let (y, height) =
            overlap(self.window.y, self.window.height, self.offset.1, self.picture.height);
        (width > 0 && height > 0).then_some(Rect { x, y, width, height })
    }

    /// Whether pixels are resampled at all between `crop` and `picture`.
    pub fn resizes(&self) -> bool {
        self.crop.size() != self.picture
    }

    /// The smallest scale at which the source may be decoded so that it still has `margin` times
    /// the pixels of the result along each side.
    ///
    /// A decoder that shrinks to a fraction rounds its sizes up, so a scale is accepted when the
    /// size rounded up suffices.
    pub fn min_scale(&self, margin: f64) -> f64 {
        if !self.resizes() {
            return 1.0;
        }
        let along =
            |target: u32, source: u32| (f64::from(target) * margin - 0.999) / f64::from(source);
        along(self.picture.width, self.crop.width)
            .max(along(self.picture.height, self.crop.height))
            .clamp(f64::MIN_POSITIVE, 1.0)
    }

    /// The rectangle of stored pixels from which the result is made.
    pub fn region(&self) -> Rect {
        // All that the part is chosen from, the same for every tile.
        let area = match self.search {
            Some(whole) => whole.area(),
            None if self.reads_edges => self.crop.area(),
            None => self.footprint(),
        };
        if self.tilt_deg == 0.0 {
            return self.turn.rect_to_stored(cover(area, self.turned), self.oriented);
        }
        let margin = TILT_REACH / self.min_scale(TILT_SHRINK_MARGIN) + DECODER_MARGIN;
        let tilt = self.tilt();
        let corners = [
            (area.x, area.y),
            (area.x + area.width, area.y),
            (area.x, area.y + area.height),
            (area.x + area.width, area.y + area.height),
        ]
        .map(|(x, y)| tilt.to_oriented(x, y));
        let bounds = |values: [f64; 4]| {
            values.into_iter().fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(v), hi.max(v)))
        };
        let (left, right) = bounds(corners.map(|corner| corner.0));
        let (top, bottom) = bounds(corners.map(|corner| corner.1));
        let area = Area {
            x: left - margin,
            y: top - margin,
            width: right - left + 2.0 * margin,
            height: bottom - top + 2.0 * margin,
        };
        self.turn.rect_to_stored(cover(area, self.oriented), self.oriented)
    }

    /// The map between the tilted canvas and the upright picture.
    pub fn tilt(&self) -> Tilt {
        Tilt::new(self.oriented, self.turned, self.tilt_deg)
    }

    /// The part of `turned` that the visible part of the picture is computed from.
    fn footprint(&self) -> Area {
        let made = self.made();
        let along = |crop_at: u32, crop: u32, picture: u32, at: u32, len: u32| {
            let scale = f64::from(crop) / f64::from(picture);
            let support =
                if self.resizes() { scale.max(1.0) * FOOTPRINT + DECODER_MARGIN } else { 0.0 };
            let low = (f64::from(at) * scale - support).max(0.0);
            let high = (f64::from(at + len) * scale + support).min(f64::from(crop));
            (f64::from(crop_at) + low, high - low)
        };
        let (x, width) =
            along(self.crop.x, self.crop.width, self.picture.width, made.x, made.width);
        let (y, height) =
            along(self.crop.y, self.crop.height, self.picture.height, made.y, made.height);
        Area { x, y, width, height }
    }
}

/// Reach of the resampling kernel in result pixels, with two more for the rounding of scaled
/// decoding.
const FOOTPRINT: f64 = 5.0;

/// Source pixels that a tile asks for beyond its kernel, so that a decoder's own smoothing across
/// the edge of the region does not show in it.
const DECODER_MARGIN: f64 = 32.0;

/// A picture that is to be tilted is reduced to this many times the size of the result first,
/// where the decoder leaves it larger.
pub(crate) const TILT_SHRINK_MARGIN: f64 = 2.0;

/// Pixels of such a reduction around a tilted region: the interpolation reaches two, and the kernel
/// that makes them three more.
const TILT_REACH: f64 = 8.0;

/// Maps points of the tilted canvas to the upright picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tilt {
    sin: f64,
    cos: f64,
    from: (f64, f64),
    to: (f64, f64),
}

impl Tilt {
    fn new(oriented: Size, turned: Size, tilt_deg: f64) -> Self {
        let (sin, cos) = tilt_deg.to_radians().sin_cos();
        let centre = |size: Size| (f64::from(size.width) / 2.0, f64::from(size.height) / 2.0);
        Self { sin, cos, from: centre(turned), to: centre(oriented) }
    }

    /// The point of the upright picture that a clockwise turn about the centre brings to `x`, `y`.
    pub fn to_oriented(self, x: f64, y: f64) -> (f64, f64) {
        let (dx, dy) = (x - self.from.0, y - self.from.1);
        (dx * self.cos + dy * self.sin + self.to.0, dy * self.cos - dx * self.sin + self.to.1)
    }

    /// Where on the tilted canvas the point `x`, `y` of the upright picture comes to lie.
    pub fn to_turned(self, x: f64, y: f64) -> (f64, f64) {
        let (dx, dy) = (x - self.to.0, y - self.to.1);
        (dx * self.cos - dy * self.sin + self.from.0, dx * self.sin + dy * self.cos + self.from.1)
    }
}

/// The whole pixels that cover `area`, within `size`, at least one.
fn cover(area: Area, size: Size) -> Rect {
    let along = |at: f64, len: f64, size: u32| {
        let low = (at.floor().max(0.0) as u32).min(size - 1);
        let high = ((at + len).ceil().max(0.0) as u32).clamp(low + 1, size);
        (low, high - low)
    };
    let (x, width) = along(area.x, area.width, size.width);
    let (y, height) = along(area.y, area.height, size.height);
    Rect { x, y, width, height }
}

/// The part of `at`..`at + len` that lies in `window_at`..`window_at + window`, relative to `at`.
fn overlap(window_at: u32, window: u32, at: u32, len: u32) -> (u32, u32) {
    let low = window_at.max(at);
    let high = (window_at + window).min(at + len);
    (low.saturating_sub(at), high.saturating_sub(low))
}

/// The size of `size` turned by `angle_deg`, rounded up. A millionth of a pixel is forgiven, so
/// that sines that are not quite 0 add no row.
fn bounding_box(size: Size, angle_deg: f64) -> Result<Size> {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let whole = |length: f64| {
        let pixels = (length - 1e-6).ceil().max(1.0);
        if pixels > f64::from(i32::MAX) {
            return Err(Error::Limit("the turned picture's size overflows".into()));
        }
        Ok(pixels as u32)
    };
    Ok(Size {
        width: whole(width * cos.abs() + height * sin.abs())?,
        height: whole(width * sin.abs() + height * cos.abs())?,
    })
}

/// Where a picture of `len` pixels starts on a canvas of `canvas` pixels.
fn align(align: Align, canvas: u32, len: u32) -> u32 {
    let edge = match align.edge {
        Edge::Start => 0.0,
        Edge::Centre => 0.5,
        Edge::End => 1.0,
    };
    let start = align.position * f64::from(canvas) - edge * f64::from(len);
    (start.round().max(0.0) as u32).min(canvas - len)
}

/// Cell `number` of a grid of `side`×`side` cells of equal whole size; the last column and row
/// take what is left over.
fn tile_rect(canvas: Size, number: u16, side: u16) -> Result<Rect> {
    let (number, side) = (u32::from(number) - 1, u32::from(side));
    if canvas.width < side || canvas.height < side {
        return Err(Error::Parameter {
            name: "tile",
            reason: "the picture has fewer pixels along a side than the grid has cells".into(),
        });
    }
    let along = |index: u32, size: u32| {
        let cell = size / side;
        let at = index * cell;
        (at, if index + 1 == side { size - at } else { cell })
    };
    let (x, width) = along(number % side, canvas.width);
    let (y, height) = along(number / side, canvas.height);
    Ok(Rect { x, y, width, height })
}

#[cfg(test)]
mod tests;
