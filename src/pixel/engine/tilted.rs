//! Turning by other than right angles: what comes before, and the turning itself.

use super::job::{Job, Picture};
use crate::pixel::Result;
use crate::pixel::op::resample::{Resize, resample_from};
use crate::pixel::op::tilt::{tilt, working_part};
use crate::pixel::place::Place;
use crate::pixel::plan::{Rect, Size, TILT_SHRINK_MARGIN};

/// Reduces what a decoder left much larger than a tilted result needs.
pub(super) fn shrink_before(job: &Job, picture: Picture) -> Result<Picture> {
    let needed = job.plan.min_scale(TILT_SHRINK_MARGIN);
    let scale = picture.place.scale.0.max(picture.place.scale.1);
    if !job.tilts() || scale <= 1.5 * needed {
        return Ok(picture);
    }
    let Picture { image, place, averages, .. } = &picture;
    // On a grid over the whole stored picture, so that every tile is made of the same pixels.
    let stored = job.plan.stored;
    let shrunk = |len: u32| (f64::from(len) * needed).ceil().max(1.0) as u32;
    let size = Size::new(shrunk(stored.width), shrunk(stored.height));
    let along = |size: u32, stored: u32| f64::from(size) / f64::from(stored);
    let scale = (along(size.width, stored.width), along(size.height, stored.height));
    let region = job.plan.region();
    let part = |at: u32, len: u32, scale: f64, of: u32| {
        let low = ((f64::from(at) * scale).floor() as u32).min(of - 1);
        let high = ((f64::from(at + len) * scale).ceil() as u32).clamp(low + 1, of);
        (low, high - low)
    };
    let (x, width) = part(region.x, region.width, scale.0, size.width);
    let (y, height) = part(region.y, region.height, scale.1, size.height);
    let resize = Resize {
        from: place.area(Rect::whole(stored)),
        within: Rect::whole(Size::new(image.width, image.height)),
        size,
        wanted: Rect { x, y, width, height },
    };
    let small = resample_from(image, *averages, &resize, &job.light(image), job.cancel)?;
    let place = Place { left: f64::from(x) / scale.0, top: f64::from(y) / scale.1, scale };
    Ok(Picture { image: small, place, averages: false, ..picture })
}

/// Paints the tilted canvas.
pub(super) fn tilt_picture(job: &Job, picture: Picture) -> Result<Picture> {
    if !job.tilts() {
        return Ok(picture);
    }
    let part = working_part(&job.plan, &picture.place);
    job.options.limits.check_held(part.width, part.height)?;
    let under = picture.fill.bands_in(job, &picture.image)?;
    let shows = job.alpha && under.last().is_some_and(|alpha| *alpha > 0);
    let under = shows.then_some(under.as_slice());
    let light = job.light(&picture.image);
    let tilted = tilt(&picture.image, &picture.place, &job.plan, &light, under, job.cancel)?;
    Ok(picture.with(tilted))
}
