//! The library: uploads, what is kept of what goes, keeping up with the files.

use super::super::kind::{Switch, Texts, Whole, Word};
use super::{About, Group, Row, Unit};

pub(super) static UNICODE_FILENAMES: Row<bool> = Row {
    about: About {
        name: "unicode_filenames",
        default: "true",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "Whether names of uploaded files keep the letters of all scripts. `false` writes them \
              in ASCII.",
    },
    kind: &Switch,
};

pub(super) static MAX_UPLOAD_MB: Row<u32> = Row {
    about: About {
        name: "max_upload_mb",
        default: "1024",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "The longest file that is taken. What comes in one request is bounded by \
              `max_body_mb` as well; requests of resumable uploads may be of any length.",
    },
    kind: &Whole { min: 1, max: 1_048_576 },
};

pub(super) static UPLOAD_ACCEPT_CUT_OFF: Row<bool> = Row {
    about: About {
        name: "upload_accept_cut_off",
        default: "false",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "Whether files are taken that end before their picture does, as a copy leaves them that \
              broke off. They can be opened, and lack the lower part.",
    },
    kind: &Switch,
};

pub(super) static UPLOAD_TARGETS: Row<Vec<String>> = Row {
    about: About {
        name: "upload_targets",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "Folders of the library that uploads may name by their number, from 0, in place of a \
              path; they are made when they are missing. `{year}`, `{month}` and `{day}` stand for \
              the date of the upload: `incoming/{year}/{month}`.",
    },
    kind: &Texts { of: "paths" },
};

pub(super) static UPLOAD_EXPIRY_H: Row<u32> = Row {
    about: About {
        name: "upload_expiry_h",
        default: "24",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "Hours after which a resumable upload that nobody goes on with is given up.",
    },
    kind: &Whole { min: 1, max: 8_760 },
};

pub(super) static RECYCLE_DAYS: Row<u32> = Row {
    about: About {
        name: "recycle_days",
        default: "30",
        unit: Some(Unit::Days),
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "How long files that were deleted or overwritten through the server can be restored. \
              0: they are gone at once.",
    },
    kind: &Whole { min: 0, max: 3_650 },
};

pub(super) static SYNC_EVERY_H: Row<u32> = Row {
    about: About {
        name: "sync_every_h",
        default: "24",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "Hours between two walks through all files, which find what was added, changed, moved \
              and removed outside of the server. 0: only `halftone sync` does.",
    },
    kind: &Whole { min: 0, max: 8_760 },
};

pub(super) static SYNC_MISSING_PERCENT: Row<u32> = Row {
    about: About {
        name: "sync_missing_percent",
        default: "10",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "When a walk finds a larger share of the library missing than this, in percent, nothing \
              is marked deleted until an administrator says yes: more likely a disk is absent. Up to \
              ten files are always believed.",
    },
    kind: &Whole { min: 0, max: 100 },
};

pub(super) static WATCH_LIBRARY: Row<bool> = Row {
    about: About {
        name: "watch_library",
        default: "true",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Library,
        doc: "Whether background jobs have the system tell them of changes of files, where it can \
              (inotify: local disks, and of network disks what this host changes).",
    },
    kind: &Switch,
};

pub(super) static HOST_NAME: Row<String> = Row {
    about: About {
        name: "host_name",
        default: "",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Library,
        doc: "How this host is called among those that share the library; each remembers which \
              folders are mount points on it. Blank: the name that the system has.",
    },
    kind: &Word { max_chars: 64 },
};

pub(super) static BURST_DOCUMENTS: Row<bool> = Row {
    about: About {
        name: "burst_documents",
        default: "false",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "Whether a PDF file that is uploaded gets a folder beside it with a picture of each \
              page: `plan.pdf.pages/page-00001.png`.",
    },
    kind: &Switch,
};

pub(super) static BURST_DPI: Row<u32> = Row {
    about: About {
        name: "burst_dpi",
        default: "150",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "Resolution of these page pictures in dots per inch.",
    },
    kind: &Whole { min: 10, max: 1_200 },
};

pub(super) static TASK_WAIT_S: Row<u32> = Row {
    about: About {
        name: "task_wait_s",
        default: "30",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Library,
        doc: "How long the API waits for a folder to be moved or deleted before it answers 202, with \
              a task to ask after.",
    },
    kind: &Whole { min: 0, max: 300 },
};
