//! A source between its header and its pixels: what a recipe will take of it.
//!
//! Admission asks here, before anything is decoded, how much making a picture will hold. It reads
//! no pixels.

use super::over;
use crate::pixel::decode::{Info, Region, Source, Want};
use crate::pixel::op::tilt::working_part;
use crate::pixel::place::Place;
use crate::pixel::plan::{Plan, Rect, Size, TILT_SHRINK_MARGIN};
use crate::pixel::turn::Turn;
use crate::pixel::{Fill, Recipe, Result};

/// A source whose header has been read.
pub struct Opened {
    pub(super) source: Source,
    pub(super) overlay: Option<Box<Opened>>,
    pub(super) orient: bool,
    /// How many times the size of the result a decoder has to leave when it shrinks.
    pub(super) shrink_margin: f64,
    /// Whether a decoder that shrinks leaves averages over squares, in proportion to light.
    pub(super) averages: bool,
    pub(super) max_frames: u32,
    /// Pixels that all frames of an animation may have together.
    pub(super) max_total_pixels: u64,
}

/// What a recipe needs of a picture, in stored pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Needs {
    /// Pixels of the result per stored pixel, across and down, at most 1.
    pub scale: (f64, f64),
    /// Whether all of the picture is wanted: it is not cropped.
    pub whole: bool,
    /// Whether it is turned by other than a right angle.
    pub tilted: bool,
}

impl Opened {
    /// The source, to be read without a recipe.
    #[must_use]
    pub fn into_source(self) -> Source {
        self.source
    }

    /// What is known of the source.
    #[must_use]
    pub fn info(&self) -> &Info {
        self.source.info()
    }

    /// Adds the picture that is laid over this one, for recipes with an
    /// [`overlay`](Recipe::overlay).
    #[must_use]
    pub fn with_overlay(self, overlay: Self) -> Self {
        Self { overlay: Some(Box::new(overlay)), ..self }
    }

    /// Number of pixels that making this recipe will hold at its peak, at most: the decoder's, and
    /// those of the buffers between operations.
    #[must_use]
    pub fn held_pixels(&self, recipe: &Recipe) -> u64 {
        let Ok(plan) = self.plan(recipe) else {
            return 0;
        };
        let decoded = match self.moves(recipe) {
            Some(animation) => self.held_by_motion(&animation, &plan),
            None => self.source.held_pixels(&self.want(&plan)),
        };
        let tilted = if plan.tilt_deg == 0.0 { 0 } else { self.tilted_size(&plan).pixels() };
        let worked = 2 * plan.made().size().pixels() + plan.window.size().pixels();
        decoded + tilted + worked + self.held_by_overlay(&plan, recipe)
    }

    fn held_by_overlay(&self, plan: &Plan, recipe: &Recipe) -> u64 {
        let (Some(opened), Some(overlay)) = (&self.overlay, &recipe.overlay) else {
            return 0;
        };
        let Some(over) = over::place(plan, opened, overlay) else {
            return 0;
        };
        let reads_all = over::reads_all(&over, opened.info(), self.info().space);
        let want = over::want(&over, reads_all, opened.shrink_margin);
        opened.source.held_pixels(&want) + 2 * over.plan.window.size().pixels()
    }

    /// What making this recipe will have read of the source.
    ///
    /// # Errors
    /// As [`Engine::make`](super::Engine::make) for a recipe that cannot be followed.
    pub fn want_of(&self, recipe: &Recipe) -> Result<Want> {
        Ok(self.want(&self.plan(recipe)?))
    }

    pub(super) fn plan(&self, recipe: &Recipe) -> Result<Plan> {
        let info = self.source.info();
        let plan = plan_of(info, self.orient, recipe)?;
        let flattened = info.alpha && !recipe.format.row().alpha;
        let reads_edges = recipe.fill == Fill::Auto && (flattened || plan.shows_fill());
        Ok(Plan { reads_edges, ..plan })
    }

    pub(super) fn want(&self, plan: &Plan) -> Want {
        let Rect { x, y, width, height } = plan.region();
        Want {
            region: Region { x, y, width, height },
            min_scale: plan.min_scale(self.shrink_margin),
        }
    }

    /// An upper bound of the canvas on which a tilted picture is painted.
    fn tilted_size(&self, plan: &Plan) -> Size {
        // A decoder that shrinks by eighths stays below twice the scale that it has to keep.
        let scale = (2.0 * plan.min_scale(self.shrink_margin.max(TILT_SHRINK_MARGIN))).min(1.0);
        working_part(plan, &Place { left: 0.0, top: 0.0, scale: (scale, scale) }).size()
    }
}

/// How the picture that `info` describes is brought into the recipe's shape.
pub(super) fn plan_of(info: &Info, orient: bool, recipe: &Recipe) -> Result<Plan> {
    let upright = match recipe.upright.unwrap_or(orient) {
        true => Turn::upright(info.orientation.exif()),
        false => Turn::NONE,
    };
    Plan::new(Size::new(info.width, info.height), upright, recipe)
}
