//! The size of the result, and the canvas around the picture.

use super::super::kind::{Alignment, Colour, Integer, Max, Number, Switch};
use super::{About, Group, Place, Row, TemplateName};
use crate::pixel::{Align, Fill};

pub(super) static WIDTH: Row<u32> = Row {
    about: About {
        name: "width",
        aliases: &[],
        place: Place::Both(TemplateName { name: "width", aliases: &[] }),
        original: false,
        key: Some('w'),
        default: Some("0"),
        group: Group::Size,
        doc: "Width of the result in pixels. With only one of `width` and `height` (the other left \
              out or 0) the picture keeps its proportions. With both, the picture is fitted into \
              that size and the rest is filled, see `autosizefit`, `halign`, `valign` and `fill`. \
              A picture is never enlarged. Callers who are not signed in may be held to the \
              largest public size.",
    },
    kind: &Integer { min: 0, max: Max::Dimension },
};

pub(super) static HEIGHT: Row<u32> = Row {
    about: About {
        name: "height",
        aliases: &[],
        place: Place::Both(TemplateName { name: "height", aliases: &[] }),
        original: false,
        key: Some('h'),
        default: Some("0"),
        group: Group::Size,
        doc: "Height of the result in pixels; everything said of `width` holds for it.",
    },
    kind: &Integer { min: 0, max: Max::Dimension },
};

pub(super) static DPR: Row<f64> = Row {
    about: About {
        name: "dpr",
        aliases: &[],
        place: Place::Both(TemplateName { name: "dpr", aliases: &[] }),
        original: false,
        key: Some('D'),
        default: Some("1"),
        group: Group::Size,
        doc: "How many pixels the screen has for each of the page's: `width` and `height` are \
              multiplied by it, rounded to whole pixels. The largest size that can be asked for, \
              and that of callers who are not signed in, hold for what comes out. Without `width` \
              and `height` it does nothing.",
    },
    kind: &Number { min: 0.1, max: 8.0 },
};

pub(super) static MAXWIDTH: Row<u32> = Row {
    about: About {
        name: "maxwidth",
        aliases: &[],
        place: Place::Both(TemplateName { name: "max_width", aliases: &[] }),
        original: false,
        key: Some('A'),
        default: Some("0"),
        group: Group::Size,
        doc: "The largest width, in pixels, at which the whole upright picture may be seen; 0 for \
              no bound. Unlike `width` it bounds the scale: a crop of half the width has at most \
              half of it. Locked in a template, it keeps anybody from putting a large picture \
              together from its parts.",
    },
    kind: &Integer { min: 0, max: Max::Dimension },
};

pub(super) static MAXHEIGHT: Row<u32> = Row {
    about: About {
        name: "maxheight",
        aliases: &[],
        place: Place::Both(TemplateName { name: "max_height", aliases: &[] }),
        original: false,
        key: Some('C'),
        default: Some("0"),
        group: Group::Size,
        doc: "The largest height at which the whole upright picture may be seen; everything said of \
              `maxwidth` holds for it. With both, the smaller scale counts.",
    },
    kind: &Integer { min: 0, max: Max::Dimension },
};

pub(super) static AUTOSIZEFIT: Row<bool> = Row {
    about: About {
        name: "autosizefit",
        aliases: &[],
        place: Place::Both(TemplateName { name: "size_fit", aliases: &[] }),
        original: false,
        key: Some('s'),
        default: Some("0"),
        group: Group::Size,
        doc: "With both `width` and `height`: takes them as the largest size and makes the result \
              smaller in one direction instead of filling the rest.",
    },
    kind: &Switch,
};

pub(super) static HALIGN: Row<Align> = Row {
    about: About {
        name: "halign",
        aliases: &[],
        place: Place::Both(TemplateName { name: "align_h", aliases: &[] }),
        original: false,
        key: Some('x'),
        default: Some("C0.5"),
        group: Group::Size,
        doc: "With both `width` and `height`: where the picture stands from left to right on the \
              canvas. The letter is an edge of the picture, left (`L`), centre (`C`) or right \
              (`R`); the number is where on the canvas that edge comes to lie, from 0 (left) to 1 \
              (right). `R1` puts the picture at the right. Nothing is ever cut off: a place that \
              would do so is moved inwards.",
    },
    kind: &Alignment { letters: "LCR" },
};

pub(super) static VALIGN: Row<Align> = Row {
    about: About {
        name: "valign",
        aliases: &[],
        place: Place::Both(TemplateName { name: "align_v", aliases: &[] }),
        original: false,
        key: Some('y'),
        default: Some("C0.5"),
        group: Group::Size,
        doc: "With both `width` and `height`: where the picture stands from top to bottom on the \
              canvas, by its top (`T`), centre (`C`) or bottom (`B`), from 0 (top) to 1 (bottom).",
    },
    kind: &Alignment { letters: "TCB" },
};

pub(super) static FILL: Row<Fill> = Row {
    about: About {
        name: "fill",
        aliases: &[],
        place: Place::Both(TemplateName { name: "fill", aliases: &[] }),
        original: false,
        key: Some('k'),
        default: Some("white"),
        group: Group::Size,
        doc: "The colour of what the picture does not cover: the rest of the canvas, the corners \
              of a turned picture, and what lies behind transparent parts when the format has no \
              transparency. An English colour name as in CSS (`red`, `darkgrey`), hexadecimal \
              (`f80`, `ff8800`, with or without `#`), `rgb(255,136,0)`, or `none` or `transparent` \
              for no colour at all, which is white where the format has no transparency. `auto` is \
              the commonest colour along the edges of the part of the picture that is kept, or none \
              where most of the edge is transparent.",
    },
    kind: &Colour,
};
