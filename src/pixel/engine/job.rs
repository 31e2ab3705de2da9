//! What the steps hand on, and what they all know.

use super::EngineOptions;
use super::fill::{CLEAR, Filling, over_white};
use super::over::Over;
use crate::pixel::colour::curve::Light;
use crate::pixel::decode::{Decoded, Info};
use crate::pixel::place::Place;
use crate::pixel::plan::Plan;
use crate::pixel::{Cancel, Fill, FormatRow, Image, Recipe, Rgba};

/// What the steps need to know.
pub(super) struct Job<'a> {
    pub options: &'a EngineOptions,
    pub recipe: &'a Recipe,
    pub plan: Plan,
    pub format: &'static FormatRow,
    /// The fill colour that was asked for, transparent or not.
    pub fill: Rgba,
    /// Whether the result has an alpha band.
    pub alpha: bool,
    pub cancel: &'a Cancel,
}

/// Pixels between two steps, and where they lie in the stored picture.
pub(super) struct Picture {
    pub image: Image,
    pub place: Place,
    /// What lies where the picture does not.
    pub fill: Filling,
    /// What is going to lie over it.
    pub over: Option<Over>,
    /// Whether pixels are averages over the squares that they cover, and not samples.
    pub averages: bool,
}

impl Picture {
    pub fn new(decoded: Decoded, averages: bool, over: Option<Over>, fill: Rgba) -> Self {
        let place = Place::of(&decoded);
        let averages = averages && place.scale.0 < 1.0;
        Self { image: decoded.image, place, fill: Filling::Named(fill), over, averages }
    }

    pub fn with(self, image: Image) -> Self {
        Self { image, ..self }
    }
}

impl<'a> Job<'a> {
    pub fn new(
        options: &'a EngineOptions,
        recipe: &'a Recipe,
        plan: Plan,
        info: &Info,
        cancel: &'a Cancel,
    ) -> Self {
        let format = recipe.format.row();
        let fill = match recipe.fill {
            Fill::Colour(colour) => colour,
            Fill::Transparent => CLEAR,
            // Until the picture's edges have been seen.
            Fill::Auto => Rgba { a: 255, ..CLEAR },
        };
        let padded = plan.tilt_deg != 0.0 || plan.picture != plan.canvas;
        // A page lies on paper of the fill colour.
        let clear = info.alpha && !(info.format.is_paper() && fill.a == 255);
        let alpha = format.alpha && (clear || (padded && fill.a < 255));
        let fill = if alpha { fill } else { over_white(fill) };
        Self { options, recipe, plan, format, fill, alpha, cancel }
    }

    pub fn light(&self, image: &Image) -> Light {
        if self.options.linear { Light::of(image) } else { Light::Encoded }
    }

    pub fn tilts(&self) -> bool {
        self.plan.tilt_deg != 0.0
    }
}
