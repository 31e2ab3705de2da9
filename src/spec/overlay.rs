//! The overlay among the parameters: who asks for it, and what it lies on.
//!
//! One that is locked must stay on the picture whatever else is asked for.

use super::resolve::value;
use super::{Fit, Given, Layer, Params};
use crate::pixel::{Compass, Crop, Ground, Overlay};

impl Params {
    /// These with an overlay among them for a wish, as if a URL had asked for it. For what is stored
    /// in a template's form but is nobody's template: whoever asks has to have a right to it.
    #[must_use]
    pub fn asking_for_overlay(mut self) -> Self {
        if let Some(given) = &mut self.overlay {
            given.layer = Layer::Url;
        }
        self
    }

    /// Whether the overlay is the URL's wish, and not a template's.
    #[must_use]
    pub fn asks_for_overlay(&self) -> bool {
        self.overlay.as_ref().is_some_and(|given| given.layer == Layer::Url)
    }

    /// How the overlay is laid, when there is one and anything of it can be seen.
    pub(super) fn overlay_shown(&self, ground: Ground) -> Option<Overlay> {
        self.overlay.as_ref()?;
        let overlay = Overlay {
            size: value(&self.ovsize, 1.0),
            position: value(&self.ovpos, Compass::Centre),
            opacity: value(&self.ovopacity, 1.0),
            ground,
        };
        (overlay.size > 0.0 && overlay.opacity > 0.0).then_some(overlay)
    }

    /// What the overlay lies on. One that is locked lies on all of the picture that requests may show,
    /// so that none can get a part out from under it: that is the part that the same template has
    /// locked. When that has everything locked that cuts the picture, it means what is left.
    pub(super) fn ground(&self) -> Ground {
        if !self.locks.hold("overlay") {
            return Ground::Canvas;
        }
        let prescribed = self.prescribed_with_overlay();
        let all_locked = |names: [&str; 4]| names.iter().all(|name| prescribed.hold(name));
        let covers = self.fit.as_ref().is_some_and(|given| given.value == Fit::Cover);
        if all_locked(["left", "top", "right", "bottom"])
            && (!covers || all_locked(["fit", "gravity", "width", "height"]))
        {
            return Ground::Picture;
        }
        let edge = |name, given: &Option<Given<f64>>, all| {
            if prescribed.hold(name) { value(given, all) } else { all }
        };
        Ground::Part(Crop {
            left: edge("left", &self.left, 0.0),
            top: edge("top", &self.top, 0.0),
            right: edge("right", &self.right, 1.0),
            bottom: edge("bottom", &self.bottom, 1.0),
        })
    }
}
