//! The step that lays the picture on its canvas, as much of both as the result shows.

use super::job::{Job, Picture};
use crate::pixel::Result;
use crate::pixel::op::canvas::lay;

/// Pads the picture with the fill colour, or makes way for it where it is transparent.
pub(super) fn lay_on_canvas(job: &Job, mut picture: Picture) -> Result<Picture> {
    let Job { plan, .. } = job;
    let visible = plan.visible();
    let along = |offset: u32, visible: u32, window: u32| {
        i64::from(offset) + i64::from(visible) - i64::from(window)
    };
    let shown = plan.shows_picture();
    let at = if shown {
        (
            along(plan.offset.0, visible.x, plan.window.x),
            along(plan.offset.1, visible.y, plan.window.y),
        )
    } else {
        (i64::from(plan.window.width), i64::from(plan.window.height))
    };
    let covered = at == (0, 0) && plan.window.size() == visible.size();
    if covered && picture.image.alpha == job.alpha {
        return Ok(picture);
    }
    let fill = picture.fill.bands_in(job, &picture.image)?;
    picture.image = lay(picture.image, plan.window.size(), at, &fill, job.alpha)?;
    Ok(picture)
}
