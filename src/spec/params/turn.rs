//! Turning and mirroring.

use super::super::kind::{Mirror, Number, Uprighting};
use super::{About, Group, Place, Row, TemplateName};
use crate::pixel::Flip;

pub(super) static ANGLE: Row<f64> = Row {
    about: About {
        name: "angle",
        aliases: &[],
        place: Place::Both(TemplateName { name: "rotation", aliases: &[] }),
        original: false,
        key: Some('a'),
        default: Some("0"),
        group: Group::Turn,
        doc: "Turns the picture clockwise by this many degrees, or the other way when negative. \
              Unless it is a quarter turn, the corners that become free are filled with `fill`. \
              Turning comes before cropping and sizing.",
    },
    kind: &Number { min: -360.0, max: 360.0 },
};

pub(super) static ROTATE: Row<bool> = Row {
    about: About {
        name: "rotate",
        aliases: &[],
        place: Place::Both(TemplateName { name: "rotate", aliases: &[] }),
        original: false,
        key: Some('R'),
        default: None,
        group: Group::Turn,
        doc: "Whether the picture is first turned upright as the camera recorded: `auto` does it, \
              `none` leaves it as it is stored. Without it the setting `orient_from_exif` holds. \
              Not to be taken for `angle`, which templates call `rotation`: that one turns by \
              degrees, after this.",
    },
    kind: &Uprighting,
};

pub(super) static FLIP: Row<Flip> = Row {
    about: About {
        name: "flip",
        aliases: &[],
        place: Place::Both(TemplateName { name: "flip", aliases: &[] }),
        original: false,
        key: Some('m'),
        default: None,
        group: Group::Turn,
        doc: "Mirrors the picture before everything else: `h` swaps left and right, `v` swaps top \
              and bottom.",
    },
    kind: &Mirror,
};
