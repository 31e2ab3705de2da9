//! A second picture laid over the first.

use super::super::kind::{CompassPoint, Number, SourceFile};
use super::{About, Group, Place, Row, TemplateName};
use crate::pixel::Compass;

pub(super) static OVERLAY: Row<String> = Row {
    about: About {
        name: "overlay",
        aliases: &[],
        place: Place::Both(TemplateName { name: "overlay_src", aliases: &[] }),
        original: false,
        key: Some('O'),
        default: None,
        group: Group::Overlay,
        doc: "A second picture that is laid over the first, such as a logo or a watermark: the path \
              of its file inside the library, as with `src`. It may have any format that \
              can be read. It is fitted into the finished picture, padding included, keeps its \
              shape, and is never enlarged unless it is made of shapes instead of pixels (SVG, \
              PDF, PostScript). Its transparency counts, the orientation that its camera recorded is applied, and \
              its colours are brought to the picture's by their profiles; a grey picture becomes \
              RGB under a coloured one unless `colorspace` says otherwise. Mixing is done in \
              encoded values, as on a web page. The caller needs view access to its folder too.",
    },
    kind: &SourceFile,
};

pub(super) static OVSIZE: Row<f64> = Row {
    about: About {
        name: "ovsize",
        aliases: &[],
        place: Place::Both(TemplateName { name: "overlay_size", aliases: &[] }),
        original: false,
        key: Some('S'),
        default: Some("1"),
        group: Group::Overlay,
        doc: "The size of the `overlay` in proportion to the picture: it is fitted into a box of \
              this fraction of the picture's width and of its height. One of shapes (SVG, PDF, \
              PostScript) always fills that box in one direction; one of pixels stays smaller \
              where it has fewer. 0 leaves it out.",
    },
    kind: &Number { min: 0.0, max: 1.0 },
};

pub(super) static OVPOS: Row<Compass> = Row {
    about: About {
        name: "ovpos",
        aliases: &[],
        place: Place::Both(TemplateName { name: "overlay_pos", aliases: &[] }),
        original: false,
        key: Some('P'),
        default: Some("c"),
        group: Group::Overlay,
        doc: "Where the `overlay` lies: at an edge or in a corner by compass point, north being the \
              top, or in the centre.",
    },
    kind: &CompassPoint,
};

pub(super) static OVOPACITY: Row<f64> = Row {
    about: About {
        name: "ovopacity",
        aliases: &[],
        place: Place::Both(TemplateName { name: "overlay_opacity", aliases: &[] }),
        original: false,
        key: Some('T'),
        default: Some("1"),
        group: Group::Overlay,
        doc: "How much the `overlay` covers, from 0, which leaves it out, to 1. Its own \
              transparency is multiplied by it.",
    },
    kind: &Number { min: 0.0, max: 1.0 },
};
