//! How the picture is brought to the shape that is asked for, and which part of it is kept.

use super::super::kind::{Fit, FitWord, GravityPlace};
use super::{About, Group, Place, Row, TemplateName};
use crate::pixel::Gravity;

pub(super) static FIT: Row<Fit> = Row {
    about: About {
        name: "fit",
        aliases: &[],
        place: Place::Both(TemplateName { name: "fit", aliases: &[] }),
        original: false,
        key: Some('F'),
        default: None,
        group: Group::Size,
        doc: "With both `width` and `height`, how the picture is brought to that shape: `contain` \
              fits it in and fills the rest, `inside` fits it in and leaves nothing to fill, \
              `cover` cuts off what is too much (see `gravity`), `fill` stretches it. Nothing is \
              enlarged: a picture that is too small for `cover` gives the largest part of the \
              shape asked for, and `fill` ends at the picture's own width and height. Without it \
              `autosizefit` and `autocropfit` decide; switching one of those on in the same place \
              is an error, and between URL and template the URL's wish wins.",
    },
    kind: &FitWord,
};

pub(super) static GRAVITY: Row<Gravity> = Row {
    about: About {
        name: "gravity",
        aliases: &[],
        place: Place::Both(TemplateName { name: "gravity", aliases: &[] }),
        original: false,
        key: Some('G'),
        default: Some("c"),
        group: Group::Size,
        doc: "With `fit=cover`, which part is kept: the one at an edge or corner (`n`, `ne`, `e`, \
              `se`, `s`, `sw`, `w`, `nw`) or at the centre (`c`); the one around a point, as two \
              fractions of width and height (`0.3,0.7`), counted as `left` and `top` are, after \
              turning; the one around the focal point that is stored for the picture (`focus`); or \
              the one that is likely to matter most (`smart`), by strong edges, colourfulness and \
              tones of skin. `focus` is `smart` for pictures without a focal point. With `left`, \
              `top`, `right` and `bottom` it is a part of that crop.",
    },
    kind: &GravityPlace,
};
