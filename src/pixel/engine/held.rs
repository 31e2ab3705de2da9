//! What making a picture holds at its peak, told from header and recipe before anything is decoded.
//!
//! Memory has three peaks: while the source is read and brought to its size, while steps make one
//! buffer of another, and while the result is written, when only that is left. The largest counts.

use super::aim::HIGHEST;
use super::{Engine, Opened, banded, over};
use crate::pixel::encode::{EncodeOptions, check_size, held_bytes};
use crate::pixel::plan::Plan;
use crate::pixel::{ColourSpace, Depth, Error, Quality, Recipe, Result};

/// Bytes of the pixels that budgets count.
const BUDGET_PIXEL_BYTES: u64 = 4;

/// The peaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// Pixels until there is a result.
    work_pixels: u64,
    /// Bytes of each of them.
    pixel_bytes: u64,
    /// Bytes while the result is written.
    written_bytes: u64,
}

impl Held {
    /// In bytes.
    pub fn bytes(&self) -> u64 {
        self.work_pixels.saturating_mul(self.pixel_bytes).max(self.written_bytes)
    }

    /// In pixels of four bytes, of eight where samples have 16 bits.
    pub fn pixels(&self, deep: bool) -> u64 {
        let work = self.work_pixels.saturating_mul(if deep { 2 } else { 1 });
        work.max(self.written_bytes.div_ceil(BUDGET_PIXEL_BYTES))
    }
}

impl Opened {
    /// Number of pixels that making this recipe will hold at its peak, at most: the decoder's, those of
    /// the buffers between operations, and what the encoder holds, in pixels of four bytes.
    #[must_use]
    pub fn held_pixels(&self, recipe: &Recipe) -> u64 {
        let deep = self.info().depth == Depth::U16;
        self.plan(recipe).map_or(0, |plan| self.held(&plan, recipe).pixels(deep))
    }

    pub(super) fn held(&self, plan: &Plan, recipe: &Recipe) -> Held {
        let window = plan.window.size().pixels();
        let made = plan.made().size().pixels();
        let shape = Shape::of(self, plan, recipe);
        let (decoded, moving_bytes) = match self.moves(recipe) {
            Some(animation) => (
                self.held_by_motion(&animation, plan),
                self.written_by_motion(&animation, plan, recipe),
            ),
            None => (banded::held_pixels(&self.source, &self.want(plan), &self.limits), 0),
        };
        let tilted = if plan.tilt_deg == 0.0 { 0 } else { self.tilted_size(plan).pixels() };
        let steps = (decoded + tilted + made).max(made + made.max(window));
        let options = EncodeOptions {
            quality: quality(recipe),
            progressive: recipe.progressive,
            ..EncodeOptions::new(recipe.format)
        };
        let written = held_bytes(&options, shape.bands, shape.alpha, shape.deep, window);
        Held {
            work_pixels: steps + self.held_by_overlay(plan, recipe),
            pixel_bytes: shape.pixel_bytes,
            written_bytes: written.saturating_add(moving_bytes),
        }
    }

    fn held_by_overlay(&self, plan: &Plan, recipe: &Recipe) -> u64 {
        let (Some(opened), Some(overlay)) = (&self.overlay, &recipe.overlay) else {
            return 0;
        };
        let Some(over) = over::place(&plan.undecided(), opened, overlay) else {
            return 0;
        };
        let reads_all = over::reads_all(&over, opened.info(), self.info().space);
        let want = over::want(&over, reads_all, opened.shrink_margin);
        banded::held_pixels(&opened.source, &want, &self.limits)
            + 2 * over.plan.window.size().pixels()
    }
}

/// What a pixel takes.
struct Shape {
    /// Colour bands of the result.
    bands: u64,
    /// Whether the result is transparent.
    alpha: bool,
    /// Whether the result has 16 bits.
    deep: bool,
    /// Bytes of a pixel between steps, at most.
    pixel_bytes: u64,
}

impl Shape {
    fn of(opened: &Opened, plan: &Plan, recipe: &Recipe) -> Self {
        let (info, row) = (opened.info(), recipe.format.row());
        let deep = info.depth == Depth::U16;
        let space = match recipe.colorspace.unwrap_or(info.space) {
            // A profile's colours may be of any model.
            _ if recipe.icc.is_some() && row.cmyk => ColourSpace::Cmyk,
            ColourSpace::Cmyk if !row.cmyk => ColourSpace::Rgb,
            ColourSpace::Gray if recipe.overlay.is_some() || !row.gray => ColourSpace::Rgb,
            space => space,
        };
        let alpha = info.alpha || plan.shows_fill() || recipe.overlay.is_some();
        let bands = space.bands() as u64;
        let read = info.space.bands() as u64 + u64::from(info.alpha);
        let sample_bytes = if deep { 2 } else { 1 };
        Self {
            bands,
            alpha: alpha && row.alpha,
            deep: deep && row.deep,
            pixel_bytes: sample_bytes * read.max(bands + u64::from(alpha)),
        }
    }
}

/// The quality by which writing is judged: one that is to be measured may come out as the highest.
fn quality(recipe: &Recipe) -> Quality {
    let lossy =
        if recipe.measured { recipe.quality.lossy.max(HIGHEST) } else { recipe.quality.lossy };
    Quality { lossy, ..recipe.quality }
}

impl Engine {
    /// Judges what making a recipe takes: as [`Opened::held_pixels`] for what may be made.
    ///
    /// # Errors
    /// As [`make`](Self::make) for what it would refuse before anything is decoded: a recipe that cannot
    /// be followed, a result that takes more memory, or longer to write, than any picture may.
    pub fn admit(&self, opened: &Opened, recipe: &Recipe) -> Result<u64> {
        let held = self.check_cost(opened, &opened.plan(recipe)?, recipe)?;
        Ok(held.pixels(opened.info().depth == Depth::U16))
    }

    /// Refuses what takes more memory, or longer to write, than any picture may.
    pub(super) fn check_cost(&self, opened: &Opened, plan: &Plan, recipe: &Recipe) -> Result<Held> {
        let (width, height) = (plan.window.width, plan.window.height);
        self.options.limits.check_held(width, height)?;
        check_size(recipe.format, quality(recipe), width, height)?;
        let (held, most) = (opened.held(plan, recipe), self.options.memory_bytes);
        if held.bytes() <= most {
            return Ok(held);
        }
        let mb = |bytes: u64| bytes.div_ceil(1 << 20);
        if held.written_bytes > most {
            return Err(Error::Parameter {
                name: "format",
                reason: format!(
                    "writing {width}×{height} pixels as {} takes up to {} MB of memory, and one \
                     picture may take {}",
                    recipe.format.row().title,
                    mb(held.written_bytes),
                    most >> 20
                ),
            });
        }
        Err(Error::Limit(format!(
            "making {width}×{height} pixels of it takes up to {} MB of memory, and one picture may \
             take {}",
            mb(held.bytes()),
            most >> 20
        )))
    }
}
