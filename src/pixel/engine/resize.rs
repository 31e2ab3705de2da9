//! The steps of size: the part that is kept is brought to its size, upright, and sharpened there.

use super::job::{Job, Picture};
use crate::pixel::Result;
use crate::pixel::op::resample::{Resize, resample_from};
use crate::pixel::op::sharpen::sharpen;
use crate::pixel::op::tilt::{working_area, working_part};
use crate::pixel::op::turn::turn;
use crate::pixel::plan::{Area, Rect, Size};

/// Makes the wanted pixels of the cropped picture at its size, in one go.
pub(super) fn crop_and_resize(job: &Job, picture: Picture) -> Result<Picture> {
    let Job { plan, .. } = job;
    let Picture { image, place, averages, .. } = &picture;
    let size = Size::new(image.width, image.height);
    let resize = if job.tilts() {
        let (area, part) = (working_area(plan, place), working_part(plan, place));
        Resize {
            from: Area { x: -f64::from(part.x), y: -f64::from(part.y), ..area },
            within: Rect::whole(size),
            size: plan.picture,
            wanted: plan.made(),
        }
    } else {
        let crop = plan.turn.rect_to_stored(plan.crop, plan.oriented);
        Resize {
            from: place.area(crop),
            within: place.within(crop, plan.stored, size),
            size: if plan.turn.swap { plan.picture.swapped() } else { plan.picture },
            wanted: plan.turn.rect_to_stored(plan.made(), plan.picture),
        }
    };
    let whole = Rect::whole(size);
    if resize.from == whole.area() && resize.size == size && resize.wanted == whole {
        return Ok(picture);
    }
    let resized = resample_from(image, *averages, &resize, &job.light(image), job.cancel)?;
    Ok(picture.with(resized))
}

/// Mirrors and turns by right angles.
pub(super) fn turn_upright(job: &Job, mut picture: Picture) -> Result<Picture> {
    // Tilting has seen to it already.
    if !job.tilts() {
        picture.image = turn(picture.image, job.plan.turn, job.cancel)?;
    }
    Ok(picture)
}

/// Sharpens or blurs, and leaves what shows.
pub(super) fn sharpen_picture(job: &Job, mut picture: Picture) -> Result<Picture> {
    let value = job.recipe.sharpen;
    if value == 0 {
        return Ok(picture);
    }
    let (made, visible) = (job.plan.made(), job.plan.visible());
    let wanted = Rect { x: visible.x - made.x, y: visible.y - made.y, ..visible };
    let light = job.light(&picture.image);
    picture.image = sharpen(&picture.image, value, wanted, &light, job.cancel)?;
    Ok(picture)
}
