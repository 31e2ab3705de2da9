//! A source between its header and its pixels: what a recipe will take of it.
//!
//! Admission asks here, before anything is decoded, how much making a picture will hold. It reads
//! no pixels.

use std::sync::Arc;

use super::settle;
use crate::pixel::decode::{self, Info, Region, Source, Want, needs};
use crate::pixel::glance::Glance;
use crate::pixel::op::tilt::working_part;
use crate::pixel::place::Place;
use crate::pixel::plan::{Plan, Rect, Size, TILT_SHRINK_MARGIN};
use crate::pixel::turn::Turn;
use crate::pixel::{Fill, Limits, Recipe, Result};

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
    pub(super) limits: Limits,
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

    /// Adds what the picture looks like from afar, as reductions that were prepared of it keep it.
    #[must_use]
    pub fn with_glance(self, glance: Arc<Glance>) -> Self {
        Self { source: self.source.with_glance(glance), ..self }
    }

    /// Adds the picture that is laid over this one, for recipes with an
    /// [`overlay`](Recipe::overlay).
    #[must_use]
    pub fn with_overlay(self, overlay: Self) -> Self {
        Self { overlay: Some(Box::new(overlay)), ..self }
    }

    /// Whether a program decodes the source, or what lies over it: one of another kind than the decoders
    /// here, which may take its time.
    #[must_use]
    pub fn runs_a_program(&self) -> bool {
        matches!(needs(self.info().format), decode::Needs::Tool(_))
            || self.overlay.as_ref().is_some_and(|overlay| overlay.runs_a_program())
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
        if let Some(want) = settle::want(plan, &self.source) {
            return want;
        }
        let Rect { x, y, width, height } = plan.region();
        Want {
            region: Region { x, y, width, height },
            min_scale: plan.min_scale(self.shrink_margin),
        }
    }

    /// An upper bound of the canvas on which a tilted picture is painted.
    pub(super) fn tilted_size(&self, plan: &Plan) -> Size {
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
