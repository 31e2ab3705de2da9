//! The caches of made pictures.

use std::path::PathBuf;

use super::super::kind::{Endpoint, Folder, Servers, Whole, Word};
use super::{About, Group, Row, Unit};

pub(super) static MEMORY_CACHE_MB: Row<u32> = Row {
    about: About {
        name: "memory_cache_mb",
        default: "32",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "Memory of each worker for the pictures that are asked for most. 0: none.",
    },
    kind: &Whole { min: 0, max: 65_536 },
};

pub(super) static MEMCACHED_SERVERS: Row<Vec<Endpoint>> = Row {
    about: About {
        name: "memcached_servers",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "The memcached servers that all hosts share for made pictures; every host needs the \
              same list in the same order. Blank: none, and the disk is used.",
    },
    kind: &Servers,
};

pub(super) static MEMCACHED_TIMEOUT_MS: Row<u32> = Row {
    about: About {
        name: "memcached_timeout_ms",
        default: "50",
        unit: Some(Unit::Milliseconds),
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "How long to wait for memcached before going on without it.",
    },
    kind: &Whole { min: 1, max: 10_000 },
};

pub(super) static MEMCACHED_PREFIX: Row<String> = Row {
    about: About {
        name: "memcached_prefix",
        default: "halftone.",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "What every key in memcached begins with, so that others can use the same servers.",
    },
    kind: &Word { max_chars: 64 },
};

pub(super) static MEMCACHED_ITEM_KB: Row<u32> = Row {
    about: About {
        name: "memcached_item_kb",
        default: "976",
        unit: Some(Unit::Kilobytes),
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "Larger pictures are divided into items of this size. It must stay a little below \
              the limit of the servers (their option `-I`, usually 1 MB).",
    },
    kind: &Whole { min: 16, max: 1_048_576 },
};

pub(super) static MEMCACHED_OBJECT_MB: Row<u32> = Row {
    about: About {
        name: "memcached_object_mb",
        default: "32",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "Larger pictures are not stored in memcached.",
    },
    kind: &Whole { min: 1, max: 1_024 },
};

pub(super) static DISK_CACHE_DIR: Row<PathBuf> = Row {
    about: About {
        name: "disk_cache_dir",
        default: "",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Caches,
        doc: "The folder for made pictures when there are no memcached servers. Blank: the \
              folder `cache` inside `data_dir`.",
    },
    kind: &Folder { blank: true },
};

pub(super) static DISK_CACHE_MB: Row<u32> = Row {
    about: About {
        name: "disk_cache_mb",
        default: "2048",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "The largest size of that folder. 0: nothing is kept on disk.",
    },
    kind: &Whole { min: 0, max: 67_108_864 },
};

pub(super) static EDGE_CACHE_S: Row<u32> = Row {
    about: About {
        name: "edge_cache_s",
        default: "10",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "For how long nginx or Apache may keep pictures that everybody may see and send them \
              without asking. What changes, rights that are taken away included, shows after this time \
              at the latest. 0 or 1: they always ask; with 0 their own files had better say so too \
              (`halftone.conf`, `halftone-proxy.conf`).",
    },
    kind: &Whole { min: 0, max: 86_400 },
};

pub(super) static EDGE_CACHE_DIR: Row<PathBuf> = Row {
    about: About {
        name: "edge_cache_dir",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "The folder in which nginx or Apache on this host keeps them, so that `halftone cache \
              purge` can delete there at once; itself, no link to it. Blank: a purge takes effect after \
              `edge_cache_s`.",
    },
    kind: &Folder { blank: true },
};

pub(super) static REDUCTIONS_DIR: Row<PathBuf> = Row {
    about: About {
        name: "reductions_dir",
        default: "",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Caches,
        doc: "The folder for prepared reductions: smaller versions of large originals, from which \
              pictures are made faster. Blank: the folder `reductions` inside `data_dir`.",
    },
    kind: &Folder { blank: true },
};

pub(super) static REDUCTIONS_DISK_MB: Row<u32> = Row {
    about: About {
        name: "reductions_disk_mb",
        default: "10240",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "The largest size of that folder; beyond it the reductions go that were not used for \
              longest. A photograph of 6 megapixels takes about 5 MB. 0: none are made or used.",
    },
    kind: &Whole { min: 0, max: 67_108_864 },
};

pub(super) static REDUCTIONS_ABOVE_MEGAPIXELS: Row<u32> = Row {
    about: About {
        name: "reductions_above_megapixels",
        default: "1",
        unit: Some(Unit::Megapixels),
        reload: true,
        secret: false,
        group: Group::Caches,
        doc: "Originals with more pixels than this get reductions, in the background, after they \
              were first asked for. 0: none are made or used.",
    },
    kind: &Whole { min: 0, max: 100_000 },
};
