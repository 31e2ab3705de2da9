//! How the picture is sent and counted. None of this changes the picture.

use super::super::kind::{Integer, Max, Switch, Text};
use super::{About, Group, Place, Row, TemplateName};

pub(super) static ATTACH: Row<bool> = Row {
    about: About {
        name: "attach",
        aliases: &[],
        place: Place::Both(TemplateName { name: "attachment", aliases: &[] }),
        original: true,
        key: None,
        default: Some("0"),
        group: Group::Delivery,
        doc: "Makes browsers offer the picture for saving, under its own name, instead of showing \
              it.",
    },
    kind: &Switch,
};

pub(super) static XREF: Row<String> = Row {
    about: About {
        name: "xref",
        aliases: &[],
        place: Place::Url,
        original: true,
        key: None,
        default: None,
        group: Group::Delivery,
        doc: "A reference of your own that is passed on to the tracking address which the \
              administrator has set (`xref_url`), each time the picture is asked for. It should \
              hold nothing that identifies a person.",
    },
    kind: &Text { max_chars: 1024 },
};

pub(super) static STATS: Row<bool> = Row {
    about: About {
        name: "stats",
        aliases: &[],
        place: Place::Both(TemplateName { name: "record_stats", aliases: &[] }),
        original: true,
        key: None,
        default: Some("1"),
        group: Group::Delivery,
        doc: "With 0 the request is left out of the picture's own statistics; those of the whole \
              system still count it.",
    },
    kind: &Switch,
};

pub(super) static EXPIRES: Row<i64> = Row {
    about: About {
        name: "expires",
        aliases: &[],
        place: Place::Template(TemplateName { name: "expiry_secs", aliases: &["expires"] }),
        original: false,
        key: None,
        default: None,
        group: Group::Delivery,
        doc: "For how many seconds browsers may keep the picture before they ask again. 0 leaves \
              it to the browser; -1 means not at all. Without it the setting `default_expiry_s` \
              holds.",
    },
    // The largest age that RFC 9111, section 1.2.2, asks caches to understand.
    kind: &Integer { min: -1, max: Max::Fixed(2_147_483_648) },
};
