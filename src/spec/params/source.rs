//! Which picture, and by which template.

use super::super::kind::{Integer, Max, Text};
use super::{About, Group, Place, Row, TemplateName};

pub(super) static SRC: Row<String> = Row {
    about: About {
        name: "src",
        aliases: &[],
        place: Place::Url,
        original: true,
        key: None,
        default: None,
        group: Group::Source,
        doc: "The picture: the path of its file inside the library, folders separated by `/`. A \
              slash at the start or a doubled one changes nothing. This is the only \
              parameter that must be given.",
    },
    kind: &Text { max_chars: 1024 },
};

pub(super) static PAGE: Row<u32> = Row {
    about: About {
        name: "page",
        aliases: &[],
        place: Place::Both(TemplateName { name: "page", aliases: &[] }),
        original: false,
        key: Some('p'),
        default: Some("1"),
        group: Group::Source,
        doc: "Which page or frame to take from a file that has several, such as a TIFF or an \
              animated GIF. Pages count from 1; 0 means 1 as well. A page that the file does not \
              have is an error.",
    },
    kind: &Integer { min: 0, max: Max::Fixed(999_999) },
};

pub(super) static TMP: Row<String> = Row {
    about: About {
        name: "tmp",
        aliases: &[],
        place: Place::Url,
        original: false,
        key: None,
        default: None,
        group: Group::Source,
        doc: "The name of a template, whose parameters hold wherever the URL says nothing else. \
              Large and small letters are the same. When none is named, the system's default \
              template is used; a named one takes its place entirely.",
    },
    kind: &Text { max_chars: 255 },
};
