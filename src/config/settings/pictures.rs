//! Making pictures: bounds and habits.

use super::super::kind::{Switch, Whole};
use super::{About, Group, Row, Unit};

pub(super) static SLOTS: Row<u32> = Row {
    about: About {
        name: "slots",
        default: "0",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Pictures that are made at the same time on this host. 0: one per processor core.",
    },
    kind: &Whole { min: 0, max: 1_024 },
};

pub(super) static IMAGE_WAIT_S: Row<u32> = Row {
    about: About {
        name: "image_wait_s",
        default: "30",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "How long a request waits for its turn, or for another one that is making the same \
              picture. After that it is answered with 503.",
    },
    kind: &Whole { min: 1, max: 600 },
};

pub(super) static IMAGE_WAITERS: Row<u32> = Row {
    about: About {
        name: "image_waiters",
        default: "0",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Request threads of each worker that may wait like that; further requests are \
              answered with 503 at once. Fewer than `threads` keeps some threads free for what \
              is in memcached or on disk, and refuses pages with many new pictures sooner. 0: \
              all of them, so that only a full queue is refused.",
    },
    kind: &Whole { min: 0, max: 1_000 },
};

pub(super) static PIXEL_BUDGET_MEGAPIXELS: Row<u32> = Row {
    about: About {
        name: "pixel_budget_megapixels",
        default: "500",
        unit: Some(Unit::Megapixels),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Pixels that all pictures being made on this host may hold together. What does not \
              fit waits.",
    },
    kind: &Whole { min: 1, max: 100_000 },
};

pub(super) static HELD_MEGAPIXELS: Row<u32> = Row {
    about: About {
        name: "held_megapixels",
        default: "250",
        unit: Some(Unit::Megapixels),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Pixels that one picture may hold in memory. A source that needs more is refused \
              with 415.",
    },
    kind: &Whole { min: 1, max: 100_000 },
};

pub(super) static DECLARED_MEGAPIXELS: Row<u32> = Row {
    about: About {
        name: "declared_megapixels",
        default: "1000",
        unit: Some(Unit::Megapixels),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Pixels that a source may have in all, where it can be read in parts or at a \
              smaller scale. A larger one is refused with 415.",
    },
    kind: &Whole { min: 1, max: 1_000_000 },
};

pub(super) static MAX_IMAGE_DIMENSION: Row<u32> = Row {
    about: About {
        name: "max_image_dimension",
        default: "15000",
        unit: Some(Unit::Pixels),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "The largest `width` and `height` that can be asked for.",
    },
    kind: &Whole { min: 1, max: 65_535 },
};

pub(super) static PUBLIC_MAX_WIDTH: Row<u32> = Row {
    about: About {
        name: "public_max_width",
        default: "0",
        unit: Some(Unit::Pixels),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "The largest width for those who are not signed in; a template that says more wins. \
              0: no limit. Zooming viewers need at least 1000.",
    },
    kind: &Whole { min: 0, max: 65_535 },
};

pub(super) static PUBLIC_MAX_HEIGHT: Row<u32> = Row {
    about: About {
        name: "public_max_height",
        default: "0",
        unit: Some(Unit::Pixels),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "The largest height for those who are not signed in; a template that says more \
              wins. 0: no limit. Zooming viewers need at least 1000.",
    },
    kind: &Whole { min: 0, max: 65_535 },
};

pub(super) static LINEAR_LIGHT: Row<bool> = Row {
    about: About {
        name: "linear_light",
        default: "true",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Whether sizes are changed in linear light, which keeps the brightness of fine \
              patterns. Changing this changes every picture.",
    },
    kind: &Switch,
};

pub(super) static DECODER_SHRINK_MARGIN: Row<u8> = Row {
    about: About {
        name: "decoder_shrink_margin",
        default: "2",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "How much larger than asked for a picture must at least be when a decoder may make \
              it smaller while reading it: 2 is finer, 1 is faster.",
    },
    kind: &Whole { min: 1, max: 2 },
};

pub(super) static ORIENT_FROM_EXIF: Row<bool> = Row {
    about: About {
        name: "orient_from_exif",
        default: "true",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Whether pictures are turned upright as their Exif data says.",
    },
    kind: &Switch,
};

pub(super) static MAX_FRAMES: Row<u32> = Row {
    about: About {
        name: "max_frames",
        default: "300",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Frames that an animated GIF or WebP may have to stay animated; of longer ones, and of \
              those with more than `declared_megapixels` in all frames together, the first frame \
              is shown. 1: nothing is animated. Changing this makes every picture anew.",
    },
    kind: &Whole { min: 1, max: 100_000 },
};

pub(super) static AUTO_QUALITY_SCORE: Row<u8> = Row {
    about: About {
        name: "auto_quality_score",
        default: "75",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "How good pictures with `quality=auto` have to look, as a score of SSIMULACRA2: 50 is \
              of medium quality, 70 of high, 90 cannot be told from the original side by side. \
              Changing this makes every picture anew.",
    },
    kind: &Whole { min: 30, max: 95 },
};

pub(super) static DEFAULT_EXPIRY_S: Row<i64> = Row {
    about: About {
        name: "default_expiry_s",
        default: "604800",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "How long browsers may keep a picture when its template says nothing. 0: left to \
              the browser. -1: not at all.",
    },
    kind: &Whole { min: -1, max: 2_147_483_648 },
};
