//! Making pictures: bounds and habits.

use super::super::kind::{FreeText, Switch, Whole};
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
        doc: "Pictures of each worker that may wait for their turn; requests for further ones are \
              answered with 503 at once. However many want the same picture, it counts once. None of \
              them takes threads from pictures that are in memcached or on disk. 0: five times \
              `threads`, those being made included.",
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
        doc: "Pixels that one picture may hold in memory. A source that needs more is read in \
              bands and reduced on the way, where its rows come one after the other (PNG that is \
              not interlaced, TIFF) and it is asked for at a smaller size; else it is refused \
              with 415. In bands, only `declared_megapixels` bounds the source.",
    },
    kind: &Whole { min: 1, max: 100_000 },
};

pub(super) static PICTURE_MEMORY_MB: Row<u32> = Row {
    about: About {
        name: "picture_memory_mb",
        default: "0",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Memory that making one picture may take, with what its encoder holds. What would take more \
              is refused before anything is read: with 400 that names `format` when the encoder is \
              what takes it, else with 415. 0: seven eighths of `max_worker_memory_mb`.",
    },
    kind: &Whole { min: 0, max: 1_048_576 },
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

pub(super) static PLACEHOLDER_IMAGE: Row<String> = Row {
    about: About {
        name: "placeholder_image",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "A picture of the library, by its path, that is sent in place of an error page where a page \
              asks for a picture that is missing (404), closed to whoever asks (403) or cannot be read \
              (415). It comes in the size that was asked for, with the status of the error, and is not \
              kept by anybody. Who looks at the address itself still gets the page, which tells what is \
              wrong; so do the library's own pages, and who asks for a `tile`. It should lie in a \
              folder that everybody may see. Blank: none.",
    },
    kind: &FreeText,
};
