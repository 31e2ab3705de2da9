//! Choosing the part of a picture that is kept by what can be seen there.

use super::job::Picture;
use crate::pixel::op::saliency::{Saliency, best_window};
use crate::pixel::plan::{Plan, Rect};

/// Cells into which the choice is divided, across and along: fine enough for thumbnails, and coarse
/// enough that a picture decoded at another scale, for another size or as a tile, gives the same
/// part.
const CELLS: u32 = 64;

/// Settles what the plan keeps, if that is still open. The picture holds all that it is chosen from.
pub(super) fn settle(plan: &mut Plan, picture: &Picture) {
    let Some(whole) = plan.search else { return };
    let seen = Saliency::of(&picture.image);
    let across = whole.width > plan.crop.width;
    let (len, part) =
        if across { (whole.width, plan.crop.width) } else { (whole.height, plan.crop.height) };
    let profile = profile(plan, picture, &seen, whole, across);
    let window = (u64::from(CELLS) * u64::from(part)).div_ceil(u64::from(len)) as usize;
    let first = best_window(&profile, window.clamp(1, CELLS as usize));
    let most = len - part;
    let steps = u64::from(CELLS) - window as u64;
    // The last window ends where the picture does.
    let at = match steps {
        0 => most / 2,
        steps => ((u64::from(most) * first as u64 + steps / 2) / steps) as u32,
    };
    plan.settle(if across { (at, 0) } else { (0, at) });
}

/// How much each of [`CELLS`] strips of `whole` holds, which lie side by side when `across`, and
/// else one below the other.
fn profile(plan: &Plan, picture: &Picture, seen: &Saliency, whole: Rect, across: bool) -> Vec<u64> {
    let size = (f64::from(picture.image.width), f64::from(picture.image.height));
    let tilt = plan.tilt();
    let at = |x: u32, y: u32| {
        let middle = |cell: u32, first: u32, len: u32| {
            f64::from(first) + (f64::from(cell) + 0.5) * f64::from(len) / f64::from(CELLS)
        };
        let (x, y) = (middle(x, whole.x, whole.width), middle(y, whole.y, whole.height));
        let (x, y) = tilt.to_oriented(x, y);
        let (x, y) = plan.turn.to_stored(x, y, plan.oriented);
        let place = &picture.place;
        let (x, y) = ((x - place.left) * place.scale.0, (y - place.top) * place.scale.1);
        u64::from(seen.at(x / size.0, y / size.1))
    };
    let strip = |along: u32| {
        (0..CELLS).map(|cell| if across { at(along, cell) } else { at(cell, along) }).sum()
    };
    (0..CELLS).map(strip).collect()
}
