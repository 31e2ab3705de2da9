//! Pictures that move: every frame goes through the steps of a still picture.
//!
//! Frames are read, worked on and written one at a time, so that memory does not grow with their
//! number. What depends on the content (the part that is kept, the quality) is settled by the first
//! frame and holds for all.

use super::colours::judge_profile;
use super::fill::{self, Filling};
use super::job::{Job, Picture};
use super::{Engine, Made, Opened, Phase, STEPS, aim, no_overlay, over, settle};
use crate::pixel::decode::Animation;
use crate::pixel::encode::{Sequence, sequence};
use crate::pixel::plan::Plan;
use crate::pixel::{Cancel, Error, Format, Recipe, Result};

/// Canvases that an encoder holds: what is shown, what is held back, what comes.
const ENCODER_CANVASES: u64 = 3;
/// Bytes of their pixels.
const CANVAS_BYTES: u64 = 4;
/// Bytes of a written pixel at most, of noise: GIF's codes have 12 bits.
const WRITTEN_BYTES: u64 = 2;
/// Without loss, with alpha.
const LOSSLESS_BYTES: u64 = 4;

impl Opened {
    /// What moves in the result, if anything does: an animation of which all frames are wanted, in a
    /// format that can move, and within the bounds on frames and on pixels in all.
    pub(super) fn moves(&self, recipe: &Recipe) -> Option<Animation> {
        let wanted = !recipe.still && recipe.format.animates();
        let info = self.source.info();
        let canvas = u64::from(info.width) * u64::from(info.height);
        self.source.animation().filter(|animation| {
            let pixels = canvas.saturating_mul(animation.frames.into());
            wanted && animation.frames <= self.max_frames && pixels <= self.limits.declared_pixels
        })
    }

    /// Pixels that making the animation holds at its peak, besides those of the steps.
    pub(super) fn held_by_motion(&self, animation: &Animation, plan: &Plan) -> u64 {
        let frame = self.want(plan).region.pixels();
        animation.held_pixels + frame + ENCODER_CANVASES * plan.window.size().pixels()
    }

    /// Bytes of the frames that are written by the end, and of the canvases that go on being held.
    pub(super) fn written_by_motion(
        &self,
        animation: &Animation,
        plan: &Plan,
        recipe: &Recipe,
    ) -> u64 {
        let lossless = recipe.format == Format::Webp && recipe.quality.lossy == 100;
        let per_pixel = if lossless { LOSSLESS_BYTES } else { WRITTEN_BYTES };
        let frames = per_pixel.saturating_mul(animation.frames.into());
        let canvases = ENCODER_CANVASES * CANVAS_BYTES;
        plan.window.size().pixels().saturating_mul(frames.saturating_add(canvases))
    }
}

impl Engine {
    /// Makes a picture that moves.
    pub(super) fn make_moving(
        &self,
        mut opened: Opened,
        animation: &Animation,
        recipe: &Recipe,
        cancel: &Cancel,
        phase: &dyn Fn(Phase),
    ) -> Result<Made> {
        let plan = opened.plan(recipe)?;
        let want = opened.want(&plan);
        self.check_cost(&opened, &plan, recipe)?;
        let mut options = self.encode_options(&opened, recipe);
        let mut info = opened.info().clone();
        info.alpha = animation.alpha;
        let mut job = Job::new(&self.options, recipe, plan, &info, cancel);

        phase(Phase::Decoding);
        let seen = opened.source.glance().cloned();
        let mut frames = opened.source.frames(&want, &self.options.limits)?;
        if recipe.overlay.is_some() && opened.overlay.is_none() {
            return Err(no_overlay());
        }
        let (mut over, mut filling) = (None, None);
        let mut file: Option<Box<dyn Sequence>> = None;
        let mut size = (0, 0);
        while let Some(frame) = frames.next(cancel)? {
            phase(Phase::Pixels);
            settle::settle(&mut job.plan, seen.as_ref(), &frame.decoded);
            if over.is_none()
                && let Some(overlay) = opened.overlay.take()
            {
                over = over::load(&job, *overlay, frame.decoded.image.space)?;
            }
            let mut picture = Picture::new(frame.decoded, false, over.clone(), job.fill);
            picture = judge_profile(&job, picture)?;
            // The first frame's edges say the colour for all.
            let filling = match &filling {
                Some(filling) => Filling::clone(filling),
                None => {
                    picture = fill::find(&job, picture)?;
                    job.plan.reads_edges = false;
                    filling.insert(picture.fill.clone()).clone()
                }
            };
            picture.fill = filling;
            for step in STEPS {
                cancel.check()?;
                picture = step(&job, picture)?;
            }
            cancel.check()?;
            let image = picture.image;
            let sequence = match &mut file {
                Some(file) => file,
                None => {
                    size = (image.width, image.height);
                    if recipe.measured {
                        let limits = &self.options.limits;
                        let aimed = f64::from(self.options.auto_quality_score);
                        options.quality.lossy =
                            aim::quality(&image, &options, aimed, limits, cancel)?;
                    }
                    file.insert(sequence(&image, animation.plays, &options)?)
                }
            };
            sequence.push(&image, frame.shown_ms)?;
        }
        phase(Phase::Encoding);
        let file = file.ok_or_else(|| Error::Malformed("it holds no frame".into()))?;
        let bytes = file.finish()?;
        Ok(Made { bytes, format: recipe.format, width: size.0, height: size.1 })
    }
}
