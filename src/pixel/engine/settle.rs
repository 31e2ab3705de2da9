//! Choosing the part of a picture that is kept by what can be seen there.
//!
//! The choice is made on the picture as it is seen from afar, which is the same whatever the result's
//! size, the tile, and whether there are prepared reductions. Where nobody has kept that, it is taken
//! from the original's own pixels, which are then read at full size.

use std::sync::Arc;

use crate::pixel::decode::{Decoded, Region, Source, Want};
use crate::pixel::glance::{Glance, Grid, Looking};
use crate::pixel::op::saliency::{Saliency, best_window};
use crate::pixel::plan::{Plan, Rect, Size};

/// Cells into which the choice is divided, across and along: fine enough for thumbnails.
const CELLS: u32 = 64;

/// How a source has to be read for a choice that is open, when nobody has looked at it before: all
/// pixels under the cells that the choice is made on.
pub(super) fn want(plan: &Plan, source: &Source) -> Option<Want> {
    if plan.search.is_none() || source.glance().is_some() {
        return None;
    }
    let grid = Grid::over(plan.stored);
    let Rect { x, y, width, height } = grid.under(grid.touched(plan.region()));
    Some(Want { region: Region { x, y, width, height }, min_scale: 1.0 })
}

/// Settles what the plan keeps, if that is still open: by what was seen before, or else by pixels that
/// were read as [`want`] says.
pub(super) fn settle(plan: &mut Plan, seen: Option<&Arc<Glance>>, decoded: &Decoded) {
    let Some(whole) = plan.search else { return };
    let seen = match seen {
        Some(glance) => Arc::clone(glance),
        None => Arc::new(look(plan.stored, decoded)),
    };
    let part = Grid::over(plan.stored).touched(plan.region());
    let saliency = Saliency::of(&seen, part);
    let across = whole.width > plan.crop.width;
    let (len, kept) =
        if across { (whole.width, plan.crop.width) } else { (whole.height, plan.crop.height) };
    let profile = profile(plan, &saliency, part, whole, across);
    let window = (u64::from(CELLS) * u64::from(kept)).div_ceil(u64::from(len)) as usize;
    let first = best_window(&profile, window.clamp(1, CELLS as usize));
    let most = len - kept;
    let steps = u64::from(CELLS) - window as u64;
    // The last window ends where the picture does.
    let at = match steps {
        0 => most / 2,
        steps => ((u64::from(most) * first as u64 + steps / 2) / steps) as u32,
    };
    plan.settle(if across { (at, 0) } else { (0, at) });
}

/// What can be seen of a picture in a part of it that was read at full size.
fn look(stored: Size, decoded: &Decoded) -> Glance {
    debug_assert_eq!(decoded.scale, (1.0, 1.0), "read at full size");
    let Decoded { image, left, top, .. } = decoded;
    let mut looking = Looking::at((stored.width, stored.height), image.space, image.alpha);
    looking.take_in(image, 0..image.height, (*left as u32, *top as u32));
    looking.done()
}

/// How much each of [`CELLS`] strips of `whole` holds, which lie side by side when `across`, and
/// else one below the other. `part` is what `saliency` was found in, as cells over the stored picture.
fn profile(plan: &Plan, saliency: &Saliency, part: Rect, whole: Rect, across: bool) -> Vec<u64> {
    let tilt = plan.tilt();
    let Rect { x: left, y: top, width, height } = Grid::over(plan.stored).under(part);
    let at = |x: u32, y: u32| {
        let middle = |cell: u32, first: u32, len: u32| {
            f64::from(first) + (f64::from(cell) + 0.5) * f64::from(len) / f64::from(CELLS)
        };
        let (x, y) = (middle(x, whole.x, whole.width), middle(y, whole.y, whole.height));
        let (x, y) = tilt.to_oriented(x, y);
        let (x, y) = plan.turn.to_stored(x, y, plan.oriented);
        let within = |at: f64, first: u32, len: u32| (at - f64::from(first)) / f64::from(len);
        u64::from(saliency.at(within(x, left, width), within(y, top, height)))
    };
    let strip = |along: u32| {
        (0..CELLS).map(|cell| if across { at(along, cell) } else { at(cell, along) }).sum()
    };
    (0..CELLS).map(strip).collect()
}
