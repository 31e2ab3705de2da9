//! Parameters of a template that nothing laid over it may change.

use std::collections::BTreeSet;

use super::{Given, Layer, Params};

/// Parameters that would undo another one: they are locked with it.
const TOGETHER: &[(&str, &[&str])] = &[
    ("overlay", &["ovsize", "ovpos", "ovopacity"]),
    ("width", &["dpr"]),
    ("height", &["dpr"]),
    ("fit", &["autosizefit", "autocropfit"]),
    ("top", &["autocropfit"]),
    ("left", &["autocropfit"]),
    ("bottom", &["autocropfit"]),
    ("right", &["autocropfit"]),
    ("autosizefit", &["fit"]),
    ("autocropfit", &["fit"]),
    ("icc", &["intent", "bpc"]),
];

/// What would put the pixels of a picture elsewhere under an overlay that is locked: of two results with
/// the overlay in two places the picture without it could be put together.
const UNDER_OVERLAY: &[&str] = &["angle", "flip", "rotate"];

/// The names of parameters that are locked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::spec) struct Locks(BTreeSet<&'static str>);

impl Locks {
    /// Locks a parameter, and those that would undo it.
    pub fn add(&mut self, name: &'static str) {
        self.0.insert(name);
        let together = TOGETHER.iter().filter(|(one, _)| *one == name);
        self.0.extend(together.flat_map(|(_, others)| others.iter().copied()));
    }

    /// Locks what would put the picture elsewhere under an overlay.
    pub fn add_under_overlay(&mut self) {
        self.0.extend(UNDER_OVERLAY);
    }

    /// Whether a parameter is locked.
    pub fn hold(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and others.
    pub fn and(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().copied());
        self
    }
}

impl Params {
    /// Whether the colour model of `base` does not hold under these: a profile that is asked for is to
    /// be seen, whatever model a template beneath gives to pictures in general.
    pub(super) fn puts_model_aside(&self, base: &Self) -> bool {
        let asked = self.icc.is_some() && self.colorspace.is_none();
        asked && !base.locks.hold("icc") && !base.locks.hold("colorspace")
    }

    /// What is prescribed together with the overlay when these stand over `base`: nothing that
    /// another template, which anybody may name, has locked.
    pub(super) fn locked_with_overlay(&self, base: &Self) -> Locks {
        if base.locks.hold("overlay") {
            base.prescribed_with_overlay().clone()
        } else if self.locks.hold("overlay") {
            self.prescribed_with_overlay().clone().and(&base.locks)
        } else {
            Locks::default()
        }
    }

    /// What is locked by whoever has the overlay locked.
    pub(in crate::spec) fn prescribed_with_overlay(&self) -> &Locks {
        self.inherited.with_overlay.as_ref().unwrap_or(&self.locks)
    }

    /// Whether anything in this template is locked.
    #[must_use]
    pub fn locks_anything(&self) -> bool {
        !self.locks.is_empty()
    }

    /// Whether the parameter of this name is locked by these.
    #[must_use]
    pub fn lock(&self, name: &str) -> bool {
        self.locks.hold(name)
    }

    /// Bounds the scale by the sizes that `base` has locked: a part of the picture, or a denser
    /// one, must not show more than the whole.
    pub(super) fn bound_scale(&mut self, base: &Self) {
        let bounds = [
            ("width", &base.width, &mut self.maxwidth),
            ("height", &base.height, &mut self.maxheight),
        ];
        for (name, size, bound) in bounds {
            let Some(size) = size.as_ref().map(|given| given.value).filter(|size| *size > 0) else {
                continue;
            };
            if base.locks.hold(name) {
                let other = bound.as_ref().map(|given| given.value).filter(|bound| *bound > 0);
                let value = other.map_or(size, |other| other.min(size));
                *bound = Some(Given { value, layer: Layer::Template });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{PARAMS, Rules};

    fn template(text: &str) -> Params {
        Params::from_template_json(text, &Rules::default()).unwrap()
    }

    fn url(query: &str) -> Params {
        Params::from_query(query.as_bytes(), &Rules::default()).unwrap()
    }

    fn width(params: &Params) -> Option<u32> {
        params.width.as_ref().map(|given| given.value)
    }

    #[test]
    fn a_profile_puts_aside_what_would_hide_it() {
        let base = template(r#"{"colorspace": {"value": "rgb"}, "strip": {"value": true}}"#);
        let over = |query: &str, base: &Params| {
            let merged = url(query).over(base);
            (merged.colorspace.is_some(), merged.strip.map(|given| given.value))
        };
        assert_eq!(over("icc=press", &base), (false, Some(true)));
        assert_eq!(over("icc=press&strip=1", &base), (false, Some(true)));
        assert_eq!(over("icc=press&colorspace=gray", &base), (true, Some(true)));
        assert_eq!(over("width=9", &base), (true, Some(true)));
        let locked = template(
            r#"{"colorspace": {"value": "rgb", "locked": true},
                "strip": {"value": true, "locked": true}}"#,
        );
        assert_eq!(over("icc=press", &locked), (true, Some(true)));
        let plain = template(
            r#"{"icc_profile": {"value": "screen", "locked": true},
            "strip": {"value": true}}"#,
        );
        assert_eq!(over("icc=press", &plain), (false, Some(true)));
        // A template over the default one, likewise.
        let both = template(r#"{"icc_profile": {"value": "press"}}"#).over(&base);
        assert!(both.colorspace.is_none());
    }

    #[test]
    fn names_that_go_together_are_parameters_of_templates() {
        for (one, others) in TOGETHER {
            for name in others.iter().chain([one]).chain(UNDER_OVERLAY) {
                let param = PARAMS.iter().find(|param| param.about.name == *name);
                assert!(param.is_some_and(|param| param.template().is_some()), "{name}");
            }
        }
    }

    #[test]
    fn what_is_locked_wins_over_the_url_and_what_is_not_does_not() {
        let base = template(
            r#"{"width": {"value": 300, "locked": true}, "height": {"value": 200},
                "flip": {"value": null, "locked": true}}"#,
        );
        let merged = url("src=a&width=900&height=90&flip=h&angle=5").over(&base);
        assert_eq!(width(&merged), Some(300));
        assert_eq!(merged.height.map(|given| given.value), Some(90));
        assert_eq!(merged.flip, None, "locked without a value: it cannot be given");
        assert_eq!(merged.angle.map(|given| given.value), Some(5.0));
        assert_eq!(merged.maxwidth.map(|given| given.value), Some(300));
        assert_eq!(merged.maxheight, None);
    }

    #[test]
    fn the_outermost_lock_wins() {
        let inner = template(r#"{"width": {"value": 500, "locked": true}}"#);
        let outer = template(r#"{"width": {"value": 300, "locked": true}}"#);
        let merged = url("src=a&width=900").over(&inner).over(&outer);
        assert_eq!(width(&merged), Some(300));
        let merged = url("src=a&width=900").over(&outer).over(&inner);
        assert_eq!(width(&merged), Some(500));
        assert_eq!(merged.maxwidth.map(|given| given.value), Some(300), "the smaller bound stays");
    }

    #[test]
    fn a_bound_that_is_locked_takes_no_other() {
        let base = template(r#"{"max_width": {"value": 800, "locked": true}}"#);
        let merged = url("src=a&maxwidth=5000&width=200").over(&base);
        assert_eq!(merged.maxwidth.as_ref().map(|given| given.value), Some(800));
        assert_eq!(width(&merged), Some(200));
    }
}
