//! The part of the picture that is kept.

use super::super::kind::{GridTile, Number, Switch};
use super::{About, Group, Place, Row, TemplateName};
use crate::pixel::Tile;

pub(super) static TOP: Row<f64> = Row {
    about: About {
        name: "top",
        aliases: &[],
        place: Place::Both(TemplateName { name: "top", aliases: &[] }),
        original: false,
        key: Some('t'),
        default: Some("0"),
        group: Group::Part,
        doc: "Crops at the top: where the part that is kept begins, as a fraction of the height. \
              It must lie above `bottom`.",
    },
    kind: &FRACTION,
};

pub(super) static LEFT: Row<f64> = Row {
    about: About {
        name: "left",
        aliases: &[],
        place: Place::Both(TemplateName { name: "left", aliases: &[] }),
        original: false,
        key: Some('l'),
        default: Some("0"),
        group: Group::Part,
        doc: "Crops at the left: where the part that is kept begins, as a fraction of the width. \
              It must lie to the left of `right`.",
    },
    kind: &FRACTION,
};

pub(super) static BOTTOM: Row<f64> = Row {
    about: About {
        name: "bottom",
        aliases: &[],
        place: Place::Both(TemplateName { name: "bottom", aliases: &[] }),
        original: false,
        key: Some('b'),
        default: Some("1"),
        group: Group::Part,
        doc: "Crops at the bottom: where the part that is kept ends, as a fraction of the height.",
    },
    kind: &FRACTION,
};

pub(super) static RIGHT: Row<f64> = Row {
    about: About {
        name: "right",
        aliases: &[],
        place: Place::Both(TemplateName { name: "right", aliases: &[] }),
        original: false,
        key: Some('r'),
        default: Some("1"),
        group: Group::Part,
        doc: "Crops at the right: where the part that is kept ends, as a fraction of the width.",
    },
    kind: &FRACTION,
};

static FRACTION: Number = Number { min: 0.0, max: 1.0 };

pub(super) static AUTOCROPFIT: Row<bool> = Row {
    about: About {
        name: "autocropfit",
        aliases: &[],
        place: Place::Both(TemplateName { name: "crop_fit", aliases: &[] }),
        original: false,
        key: Some('c'),
        default: Some("0"),
        group: Group::Part,
        doc: "When cropping with both `width` and `height`: lets the part grow in one direction, \
              as far as the picture reaches, so that less has to be filled.",
    },
    kind: &Switch,
};

pub(super) static TILE: Row<Tile> = Row {
    about: About {
        name: "tile",
        aliases: &[],
        place: Place::Url,
        original: false,
        key: Some('g'),
        default: None,
        group: Group::Part,
        doc: "One cell of a grid that is laid over the finished picture, as the number of the cell \
              and the number of all cells: `1:9` is the first of 3×3. Grids have 4, 9, 16, … 256 \
              cells; cells count from 1 at the top left, row by row. Where the size does not \
              divide evenly, the last column and the last row are the larger ones.",
    },
    kind: &GridTile,
};
