//! The picture that is laid over another, from its file to the canvas.
//!
//! It belongs to the picture before the colours of the result are made: it is brought to the
//! picture's own space, and both go to the result's together. Only where a CMYK picture becomes
//! something else does it go there straight, so that it is not dulled by a press that nobody uses.

use super::colours::colour_wanted;
use super::job::{Job, Picture};
use super::{Opened, banded};
use crate::pixel::colour::convert::{bring, convert, meaning};
use crate::pixel::colour::icc;
use crate::pixel::colour::transform::{Meaning, Transform};
use crate::pixel::decode::{Info, Region, Want};
use crate::pixel::op::depth::to_depth;
use crate::pixel::op::overlay::lay_over;
use crate::pixel::op::resample::{Resize, resample_from};
use crate::pixel::op::turn::turn;
use crate::pixel::place::Place;
use crate::pixel::plan::{OverPlan, Plan, Rect, Size};
use crate::pixel::turn::Turn;
use crate::pixel::{ColourSpace, Error, Image, Overlay, Result, Samples};

/// What the result shows of an overlay, at its size.
#[derive(Clone)]
pub(super) struct Over {
    image: Image,
    at: (u32, u32),
    opacity: f32,
    /// Whether it holds colours that a grey picture cannot.
    coloured: bool,
}

/// Places an overlay on what is planned and settled; none when it does not show.
pub(super) fn place(plan: &Plan, opened: &Opened, overlay: &Overlay) -> Option<OverPlan> {
    let info = opened.info();
    let upright = if opened.orient { Turn::upright(info.orientation.exif()) } else { Turn::NONE };
    plan.overlay((Size::new(info.width, info.height), upright), info.vector, overlay)
}

/// What has to be decoded of an overlay.
pub(super) fn want(over: &OverPlan, whole: bool, shrink_margin: f64) -> Want {
    let Rect { x, y, width, height } =
        if whole { Rect::whole(over.plan.stored) } else { over.plan.region() };
    Want { region: Region { x, y, width, height }, min_scale: over.min_scale(shrink_margin) }
}

/// Whether all pixels of an overlay are read, whatever part of it shows: to see if it makes a grey
/// picture coloured. Shapes that would be painted very large are taken to be coloured.
pub(super) fn reads_all(over: &OverPlan, info: &Info, under: ColourSpace) -> bool {
    const MOST_PAINTED: u64 = 16_000_000;
    let held = !over.vector || over.plan.picture.pixels() <= MOST_PAINTED;
    held && under == ColourSpace::Gray && info.space != ColourSpace::Gray
}

/// Reads an overlay and brings it to its size. Faults are told as the overlay's.
pub(super) fn load(job: &Job, opened: Opened, under: ColourSpace) -> Result<Option<Over>> {
    let Some(overlay) = &job.recipe.overlay else {
        return Ok(None);
    };
    let Some(over) = place(&job.plan, &opened, overlay) else {
        return Ok(None);
    };
    let limits = &job.options.limits;
    limits.check_held(over.plan.window.width, over.plan.window.height)?;
    let reads_all = reads_all(&over, opened.info(), under);
    let want = want(&over, reads_all, opened.shrink_margin);
    let linear = job.options.linear;
    let decoded = banded::decode(opened.source, &want, linear, limits, job.cancel)
        .map_err(Error::in_overlay)?;
    let place = Place::of(&decoded);
    let mut image = decoded.image;
    icc::drop_unfit(&mut image);
    let coloured = if reads_all { coloured(&image) } else { image.space != ColourSpace::Gray };
    let averages = opened.averages && place.scale.0 < 1.0;
    let image = resized(job, (image, averages), &place, &over.plan)?;
    Ok(Some(Over { image, at: over.at, opacity: overlay.opacity as f32, coloured }))
}

fn resized(
    job: &Job,
    (image, averages): (Image, bool),
    place: &Place,
    plan: &Plan,
) -> Result<Image> {
    let size = Size::new(image.width, image.height);
    let resize = Resize {
        from: place.area(plan.turn.rect_to_stored(plan.crop, plan.oriented)),
        within: Rect::whole(size),
        size: if plan.turn.swap { plan.picture.swapped() } else { plan.picture },
        wanted: plan.turn.rect_to_stored(plan.window, plan.picture),
    };
    let image = resample_from(&image, averages, &resize, &job.light(&image), job.cancel)?;
    turn(image, plan.turn, job.cancel)
}

/// Whether a picture that is not grey by its model is not grey by its pixels either. Ink is grey
/// when it is black alone.
fn coloured(image: &Image) -> bool {
    /// What decoding may be off by, of 255.
    const NOISE: u16 = 3;
    let (bands, colours) = (image.bands(), image.space.bands());
    let ink = image.space == ColourSpace::Cmyk;
    let differs = |bands: [u16; 3], noise: u16| {
        let low = if ink { 0 } else { bands[0].min(bands[1]).min(bands[2]) };
        bands[0].max(bands[1]).max(bands[2]) - low > noise
    };
    let clear = |alpha: Option<u16>| alpha == Some(0);
    match &image.samples {
        Samples::U8(samples) => samples.chunks_exact(bands).any(|pixel| {
            !clear(pixel.get(colours).map(|&alpha| alpha.into()))
                && differs([pixel[0].into(), pixel[1].into(), pixel[2].into()], NOISE)
        }),
        Samples::U16(samples) => samples.chunks_exact(bands).any(|pixel| {
            !clear(pixel.get(colours).copied())
                && differs([pixel[0], pixel[1], pixel[2]], NOISE * 257)
        }),
    }
}

/// Makes a grey picture sRGB when something coloured is to be laid over it, unless the result is
/// to be grey.
pub(super) fn make_room_for_colour(job: &Job, mut picture: Picture) -> Result<Picture> {
    let coloured = picture.over.as_ref().is_some_and(|over| over.coloured);
    let stays = job.recipe.colorspace == Some(ColourSpace::Gray);
    if !coloured || stays || picture.image.space != ColourSpace::Gray {
        return Ok(picture);
    }
    let cmyk_profile = job.options.cmyk_profile.as_ref();
    let to_srgb = |image: &Image| {
        let from = meaning(image, cmyk_profile);
        Transform::between(&from, &Meaning::SRGB, image.depth()).apply(image, &Meaning::SRGB)
    };
    picture.image = to_srgb(&picture.image)?;
    picture.fill = picture.fill.converted(&to_srgb)?;
    Ok(picture)
}

/// Takes an overlay through the change of colours that `before` became `after` by.
pub(super) fn follow(job: &Job, over: Over, before: &Meaning, after: &Image) -> Result<Over> {
    let cmyk_profile = job.options.cmyk_profile.as_ref();
    let straight = before.space == ColourSpace::Cmyk && after.space != ColourSpace::Cmyk;
    let image = if straight {
        bring(over.image, &meaning(after, cmyk_profile), cmyk_profile)?
    } else {
        convert(bring(over.image, before, cmyk_profile)?, &colour_wanted(job))?
    };
    Ok(Over { image, ..over })
}

/// Takes an overlay through a change that the picture went through as `before`.
pub(super) fn change(
    job: &Job,
    over: &mut Over,
    before: &Meaning,
    change: &dyn Fn(&Image) -> Result<Image>,
) -> Result<()> {
    let brought = bring(over.image.clone(), before, job.options.cmyk_profile.as_ref())?;
    over.image = change(&brought)?;
    Ok(())
}

/// Lays the overlay on the finished canvas.
pub(super) fn lay(_: &Job, mut picture: Picture) -> Result<Picture> {
    if let Some(Over { image, at, opacity, .. }) = picture.over.take() {
        let image = to_depth(image, picture.image.depth())?;
        lay_over(&mut picture.image, &image, at, opacity);
    }
    Ok(picture)
}
