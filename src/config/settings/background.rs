//! Rights, statistics and background work.

use super::super::kind::Whole;
use super::{About, Group, Row, Unit};

pub(super) static RIGHTS_POLL_MS: Row<u32> = Row {
    about: About {
        name: "rights_poll_ms",
        default: "500",
        unit: Some(Unit::Milliseconds),
        reload: true,
        secret: false,
        group: Group::Background,
        doc: "How often each worker looks whether users, groups, rights or templates have \
              changed.",
    },
    kind: &Whole { min: 100, max: 1_000 },
};

pub(super) static RIGHTS_MAX_AGE_S: Row<u32> = Row {
    about: About {
        name: "rights_max_age_s",
        default: "300",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Background,
        doc: "How long the last known rights hold while the database cannot be reached. After \
              that requests are answered with 503.",
    },
    kind: &Whole { min: 0, max: 86_400 },
};

pub(super) static STATS_FLUSH_S: Row<u32> = Row {
    about: About {
        name: "stats_flush_s",
        default: "5",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Background,
        doc: "How often each worker adds its counts to the statistics in the database. A crash \
              loses at most this much.",
    },
    kind: &Whole { min: 1, max: 300 },
};

pub(super) static STATS_BUCKET_MIN: Row<u32> = Row {
    about: About {
        name: "stats_bucket_min",
        default: "60",
        unit: Some(Unit::Minutes),
        reload: true,
        secret: false,
        group: Group::Background,
        doc: "The span that the statistics of one record cover.",
    },
    kind: &Whole { min: 5, max: 1_440 },
};

pub(super) static STATS_KEEP_DAYS: Row<u32> = Row {
    about: About {
        name: "stats_keep_days",
        default: "365",
        unit: Some(Unit::Days),
        reload: true,
        secret: false,
        group: Group::Background,
        doc: "How long statistics are kept. 0: for ever.",
    },
    kind: &Whole { min: 0, max: 36_500 },
};

pub(super) static STATS_FOLD_DAYS: Row<u32> = Row {
    about: About {
        name: "stats_fold_days",
        default: "62",
        unit: Some(Unit::Days),
        reload: true,
        secret: false,
        group: Group::Background,
        doc: "After this time the statistics of a day (UTC) are added up to one record. 0: never.",
    },
    kind: &Whole { min: 0, max: 36_500 },
};

pub(super) static TASK_THREADS: Row<u32> = Row {
    about: About {
        name: "task_threads",
        default: "2",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Background,
        doc: "Background jobs that one runner works on at the same time. One of them is kept for what \
              somebody waits for, such as moving a folder; 1 counts as 2.",
    },
    kind: &Whole { min: 1, max: 64 },
};

pub(super) static TASK_POLL_MS: Row<u32> = Row {
    about: About {
        name: "task_poll_ms",
        default: "1000",
        unit: Some(Unit::Milliseconds),
        reload: true,
        secret: false,
        group: Group::Background,
        doc: "How often a runner looks for new jobs.",
    },
    kind: &Whole { min: 100, max: 60_000 },
};
