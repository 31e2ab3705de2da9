//! The steps of colour: profiles, colour spaces and depth.
//!
//! Whatever lies beside the picture's own pixels, its fill and its overlay, goes through the same
//! changes.

use super::job::{Job, Picture};
use super::over;
use crate::pixel::colour::apply::apply;
use crate::pixel::colour::convert::{Wanted, convert, meaning};
use crate::pixel::colour::icc;
use crate::pixel::op::depth::to_eight_bits;
use crate::pixel::{Image, Result};

/// Takes a profile off that does not fit the picture.
pub(super) fn judge_profile(_: &Job, mut picture: Picture) -> Result<Picture> {
    icc::drop_unfit(&mut picture.image);
    Ok(picture)
}

/// Applies the profile that was asked for.
pub(super) fn apply_profile(job: &Job, mut picture: Picture) -> Result<Picture> {
    if let Some(icc) = &job.recipe.icc {
        let cmyk_profile = job.options.cmyk_profile.as_ref();
        let change = |image: &Image| apply(image, icc, cmyk_profile);
        let before = meaning(&picture.image, cmyk_profile);
        picture.image = change(&picture.image)?;
        picture.fill = picture.fill.converted(&change)?;
        if let Some(over) = &mut picture.over {
            over::change(job, over, &before, &change)?;
        }
    }
    Ok(picture)
}

/// What the colours of the result have to be.
pub(super) fn colour_wanted<'a>(job: &'a Job) -> Wanted<'a> {
    Wanted {
        space: job.recipe.colorspace,
        strip: job.recipe.strip,
        applied: job.recipe.icc.is_some(),
        format: job.format,
        cmyk_profile: job.options.cmyk_profile.as_ref(),
    }
}

/// Brings the colours to what was asked for and the format can hold.
pub(super) fn change_colour_space(job: &Job, mut picture: Picture) -> Result<Picture> {
    let wanted = colour_wanted(job);
    let before = meaning(&picture.image, wanted.cmyk_profile);
    picture.image = convert(picture.image, &wanted)?;
    picture.fill = picture.fill.converted(&|pixel| convert(pixel.clone(), &wanted))?;
    let follow = |over| over::follow(job, over, &before, &picture.image);
    picture.over = picture.over.take().map(follow).transpose()?;
    Ok(picture)
}

/// Reduces samples to eight bits where the format holds no more.
pub(super) fn reduce_depth(job: &Job, mut picture: Picture) -> Result<Picture> {
    if !job.format.deep {
        picture.image = to_eight_bits(picture.image)?;
    }
    Ok(picture)
}
