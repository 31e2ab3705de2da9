//! The caches of made pictures.

use std::path::PathBuf;

use super::super::kind::{Endpoint, Folder, Servers, Whole};
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
