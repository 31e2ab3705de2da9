//! Which part of a picture is shown, and at what size.

use super::cover::{covering, offset_around, offset_at};
use super::{Rect, Size, Tilt};
use crate::pixel::turn::Turn;
use crate::pixel::{Crop, Gravity, Point, Recipe, Reshape};

/// A picture as it lies before it is cropped.
pub(super) struct Lying {
    /// The size of the upright picture, before it is mirrored and turned.
    pub upright: Size,
    /// What sets the stored picture upright.
    pub orientation: Turn,
    /// The whole of mirroring and turning by right angles.
    pub turn: Turn,
    /// The size after `turn`.
    pub oriented: Size,
    /// The size after all turning.
    pub turned: Size,
    /// What is left of the turning, in degrees.
    pub tilt_deg: f64,
}

impl Lying {
    /// Where a point of the upright picture, in fractions of its sides, has got to by all turning.
    fn focus_in(&self, focus: Point) -> (f64, f64) {
        let Size { width, height } = self.upright;
        let upright = (focus.x * f64::from(width), focus.y * f64::from(height));
        let (x, y) = self.orientation.to_stored(upright.0, upright.1, self.upright);
        let (x, y) = self.turn.to_turned(x, y, self.oriented);
        Tilt::new(self.oriented, self.turned, self.tilt_deg).to_turned(x, y)
    }
}

/// The part that is shown, and its size.
pub(super) struct Shape {
    /// The part of the turned picture.
    pub crop: Rect,
    /// What it is to be chosen from by what can be seen there; none when it is settled.
    pub search: Option<Rect>,
    /// What it is resized to.
    pub picture: Size,
    /// That with its padding.
    pub canvas: Size,
}

impl Shape {
    pub fn of(lying: &Lying, recipe: &Recipe) -> Self {
        let boxed = recipe.width > 0 && recipe.height > 0;
        let mut crop = crop_rect(lying.turned, recipe.crop);
        if recipe.crop_fit && boxed {
            crop = grow(crop, lying.turned, recipe.width, recipe.height);
        }
        let most = bounded(crop.size(), lying.upright, recipe);
        let (picture, canvas) = match recipe.reshape.filter(|_| boxed) {
            None => sizes(most, recipe),
            Some(Reshape::Stretch) => {
                let size = Size::new(recipe.width.min(most.width), recipe.height.min(most.height));
                (size, size)
            }
            Some(Reshape::Cover(gravity)) => return Self::covering(lying, recipe, crop, gravity),
        };
        Self { crop, search: None, picture, canvas }
    }

    /// The largest part of `whole` in the shape that the recipe asks for.
    fn covering(lying: &Lying, recipe: &Recipe, whole: Rect, gravity: Gravity) -> Self {
        let (part, size) = covering(whole.size(), Size::new(recipe.width, recipe.height));
        let most = bounded(part, lying.upright, recipe);
        let size = Size::new(size.width.min(most.width), size.height.min(most.height));
        let at = match gravity {
            Gravity::Side { x, y } => Some(offset_at(whole.size(), part, (x, y))),
            Gravity::Point(Point { x, y }) => {
                let Size { width, height } = lying.turned;
                let point = (x * f64::from(width), y * f64::from(height));
                Some(offset_around(whole, part, point))
            }
            Gravity::Focus => {
                recipe.focus.map(|focus| offset_around(whole, part, lying.focus_in(focus)))
            }
            Gravity::Smart => None,
        };
        let search = (at.is_none() && part != whole.size()).then_some(whole);
        let (x, y) = at.unwrap_or_else(|| offset_at(whole.size(), part, (1, 1)));
        let crop = Rect { x: whole.x + x, y: whole.y + y, width: part.width, height: part.height };
        Self { crop, search, picture: size, canvas: size }
    }
}

pub(super) fn crop_rect(size: Size, crop: Crop) -> Rect {
    let along = |low: f64, high: f64, size: u32| {
        let edge = |fraction: f64| (fraction.clamp(0.0, 1.0) * f64::from(size)).round() as u32;
        let low = edge(low).min(size - 1);
        let high = edge(high).clamp(low + 1, size);
        (low, high - low)
    };
    let (x, width) = along(crop.left, crop.right, size.width);
    let (y, height) = along(crop.top, crop.bottom, size.height);
    Rect { x, y, width, height }
}

/// Grows `crop` about its centre along the axis in which it is too small for the shape of
/// `width`×`height`, as far as `bounds` has pixels.
fn grow(crop: Rect, bounds: Size, width: u32, height: u32) -> Rect {
    let along = |at: u32, len: u32, wanted: f64, bound: u32| {
        let new_len = (wanted.round().min(f64::from(bound)) as u32).max(len);
        let start = (f64::from(at) + f64::from(len) / 2.0 - f64::from(new_len) / 2.0).round();
        ((start.max(0.0) as u32).min(bound - new_len), new_len)
    };
    let aspect = f64::from(width) / f64::from(height);
    let (x, new_width) = along(crop.x, crop.width, f64::from(crop.height) * aspect, bounds.width);
    let (y, new_height) = along(crop.y, crop.height, f64::from(crop.width) / aspect, bounds.height);
    Rect { x, y, width: new_width, height: new_height }
}

/// The most that a crop of a picture of size `upright` may become.
fn bounded(crop: Size, upright: Size, recipe: &Recipe) -> Size {
    let along = |bound: u32, whole: u32| match bound {
        0 => 1.0,
        bound => (f64::from(bound) / f64::from(whole)).min(1.0),
    };
    let scale =
        along(recipe.max_width, upright.width).min(along(recipe.max_height, upright.height));
    let scaled = |len: u32| ((f64::from(len) * scale).round() as u32).max(1);
    Size::new(scaled(crop.width), scaled(crop.height))
}

/// The size of the picture and of its canvas.
fn sizes(source: Size, recipe: &Recipe) -> (Size, Size) {
    let capped = Size::new(recipe.width.min(source.width), recipe.height.min(source.height));
    let follow = |wanted: u32, of: u32, other: u32| {
        let exact = f64::from(other) * f64::from(wanted) / f64::from(of);
        (exact.round() as u32).clamp(1, other)
    };
    let by_width = |width| Size::new(width, follow(width, source.width, source.height));
    let by_height = |height| Size::new(follow(height, source.height, source.width), height);
    match (capped.width, capped.height) {
        (0, 0) => (source, source),
        (width, 0) => (by_width(width), by_width(width)),
        (0, height) => (by_height(height), by_height(height)),
        (width, height) => {
            let wide = u64::from(width) * u64::from(source.height)
                <= u64::from(height) * u64::from(source.width);
            let fitted = if wide { by_width(width) } else { by_height(height) };
            let picture = Size::new(fitted.width.min(width), fitted.height.min(height));
            (picture, if recipe.size_fit { picture } else { capped })
        }
    }
}
