//! What keeps others from having endless variants of pictures made, or from showing them elsewhere.

use super::super::kind::{
    Choice, PageHosts, SigningKey, SigningKeys, Switch, Where, Whole, Wholes,
};
use super::{About, Group, Row, Unit};

pub(super) static SIGNING_KEYS: Row<Vec<SigningKey>> = Row {
    about: About {
        name: "signing_keys",
        default: "",
        unit: None,
        reload: true,
        secret: true,
        group: Group::Protection,
        doc: "The keys that addresses of pictures are signed with, each as `name:secret`. The first \
              one signs, the signatures of all are taken; so a new key goes first, and an old one is \
              removed when no address signed with it is in use. See docs/protection.md.",
    },
    kind: &SigningKeys { min_bytes: 32 },
};

pub(super) static SIGNATURES_FOR: Row<Vec<String>> = Row {
    about: About {
        name: "signatures_for",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Protection,
        doc: "Where pictures are only sent for signed addresses: `/` everywhere, `/clients` in that \
              folder and below, `template:Print` where that template has a part in the picture. \
              `!/clients/open` excepts a folder, and `!template:Thumb` what asks for that template and \
              changes nothing of it. Blank: nowhere.",
    },
    kind: &Where,
};

pub(super) static ALLOWED_SIZES: Row<Vec<u32>> = Row {
    about: About {
        name: "allowed_sizes",
        default: "",
        unit: Some(Unit::Pixels),
        reload: true,
        secret: false,
        group: Group::Protection,
        doc: "The only values that `width`, `height`, `maxwidth` and `maxheight` may come to, such as \
              `[160, 320, 640, 1280]`. Templates and signed addresses may say others. Blank: all.",
    },
    kind: &Wholes { min: 1, max: 65_535 },
};

pub(super) static OTHER_SIZES: Row<String> = Row {
    about: About {
        name: "other_sizes",
        default: "snap",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Protection,
        doc: "What becomes of sizes that are not in `allowed_sizes`: `snap` takes the next larger one, \
              or the largest; `refuse` answers 400.",
    },
    kind: &Choice(&["snap", "refuse"]),
};

pub(super) static NEW_PICTURES_PER_MIN: Row<u32> = Row {
    about: About {
        name: "new_pictures_per_min",
        default: "0",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Protection,
        doc: "How many pictures that no cache holds each client (an IPv4 address, or an IPv6 network \
              of 64 bits) may have made per minute in the long run, on each host. More are answered \
              429; cached ones are always sent. A tile counts as its share of the picture, and as a \
              sixteenth at least. 0: any number.",
    },
    kind: &Whole { min: 0, max: 60_000 },
};

pub(super) static NEW_PICTURES_BURST: Row<u32> = Row {
    about: About {
        name: "new_pictures_burst",
        default: "100",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Protection,
        doc: "How many of them at once, after a pause: what one page may show that nobody has asked \
              for before.",
    },
    kind: &Whole { min: 1, max: 100_000 },
};

pub(super) static REFERER_HOSTS: Row<Vec<String>> = Row {
    about: About {
        name: "referer_hosts",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Protection,
        doc: "The hosts whose pages may show pictures and originals, as browsers tell in `Referer`: \
              `www.example.com`, or `*.example.com` for all names below it. This server's own pages \
              always may. Shared caches are told to keep nothing then, as they would show it on any \
              page. Blank: all hosts.",
    },
    kind: &PageHosts,
};

pub(super) static REFERER_BLANK: Row<bool> = Row {
    about: About {
        name: "referer_blank",
        default: "true",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Protection,
        doc: "Whether pictures are also sent where the browser does not say from which page: addresses \
              typed in, apps, mail, browsers that keep it to themselves.",
    },
    kind: &Switch,
};

pub(super) static PROTECTION_SPARES_USERS: Row<bool> = Row {
    about: About {
        name: "protection_spares_users",
        default: "true",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Protection,
        doc: "Whether people and programs that have signed in are spared all settings of this group.",
    },
    kind: &Switch,
};
