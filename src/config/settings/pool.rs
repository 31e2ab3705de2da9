//! Processes, threads, and the bounds on what a request may take.

use super::super::kind::Whole;
use super::{About, Group, Row, Unit};

pub(super) static WORKERS: Row<u32> = Row {
    about: About {
        name: "workers",
        default: "0",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "Worker processes. 0: one per processor core, and at least 2.",
    },
    kind: &Whole { min: 0, max: 1_024 },
};

pub(super) static THREADS: Row<u32> = Row {
    about: About {
        name: "threads",
        default: "15",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "Request threads in each worker. As many others make pictures or wait to, so that those \
              which are there already are sent meanwhile.",
    },
    kind: &Whole { min: 1, max: 1_000 },
};

pub(super) static QUEUE_LEN: Row<u32> = Row {
    about: About {
        name: "queue_len",
        default: "0",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "Complete requests that may wait for a thread in each worker; more are answered \
              with 503. 0: 32 times `threads`.",
    },
    kind: &Whole { min: 0, max: 100_000 },
};

pub(super) static MAX_REQUESTS: Row<u32> = Row {
    about: About {
        name: "max_requests",
        default: "10000000",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "After about this many requests a worker is replaced; each draws its own number \
              near this one, so that they do not all go at once. 0: never.",
    },
    kind: &Whole { min: 0, max: 1_000_000_000 },
};

pub(super) static MAX_WORKER_MEMORY_MB: Row<u32> = Row {
    about: About {
        name: "max_worker_memory_mb",
        default: "1024",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "A worker that holds more memory than this is replaced when its requests are done.",
    },
    kind: &Whole { min: 64, max: 1_048_576 },
};

pub(super) static REQUEST_DEADLINE_S: Row<u32> = Row {
    about: About {
        name: "request_deadline_s",
        default: "60",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "How long a request may take. After that its work is called off.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static DEADLINE_GRACE_S: Row<u32> = Row {
    about: About {
        name: "deadline_grace_s",
        default: "5",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "How long a request that was called off may take to stop. After that its worker \
              takes no more requests and is replaced.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static KILL_GRACE_S: Row<u32> = Row {
    about: About {
        name: "kill_grace_s",
        default: "10",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "How long such a worker may take to finish its other requests. After that it is \
              killed.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static DRAIN_S: Row<u32> = Row {
    about: About {
        name: "drain_s",
        default: "30",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "How long running requests may take when the server stops or a worker is replaced. \
              After that they are cut off.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static BOOT_TIMEOUT_S: Row<u32> = Row {
    about: About {
        name: "boot_timeout_s",
        default: "60",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "How long a worker may take to start.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static STALL_TIMEOUT_S: Row<u32> = Row {
    about: About {
        name: "stall_timeout_s",
        default: "60",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pool,
        doc: "A worker whose event loop gives no sign of life for this long is killed.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};
