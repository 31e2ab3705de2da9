//! Files and folders, the database, the log.

use std::path::PathBuf;

use log::LevelFilter;

use super::super::kind::{DatabaseAddress, Folder, Level, Secret, Switch, Whole};
use super::{About, Group, Row, Unit};

pub(super) static EXPORTS_DIR: Row<PathBuf> = Row {
    about: About {
        name: "exports_dir",
        default: "",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Files,
        doc: "The folder of published portfolios. All hosts of an installation must see the same. \
              Blank: the folder `exports` inside `data_dir`.",
    },
    kind: &Folder { blank: true },
};

pub(super) static IMAGES_DIR: Row<PathBuf> = Row {
    about: About {
        name: "images_dir",
        default: "",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Files,
        doc: "The library: the folder whose files are served. Blank: the folder `images` inside \
              `data_dir`.",
    },
    kind: &Folder { blank: true },
};

pub(super) static FOLLOW_LINKS: Row<bool> = Row {
    about: About {
        name: "follow_links",
        default: "false",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "Whether symbolic links by relative paths that stay within the library are \
              followed. Rights, templates and locks then go by where the link stands, and not by \
              where it leads: whoever may see a folder sees what links in it lead to. Else what \
              has a link in its path does not exist. Links that leave the library or are \
              absolute never exist.",
    },
    kind: &Switch,
};

pub(super) static DATA_DIR: Row<PathBuf> = Row {
    about: About {
        name: "data_dir",
        default: "/var/lib/halftone",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Files,
        doc: "The folder for what the server keeps on this host.",
    },
    kind: &Folder { blank: false },
};

pub(super) static RUN_DIR: Row<PathBuf> = Row {
    about: About {
        name: "run_dir",
        default: "",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Files,
        doc: "The folder for what lives only while the server runs: locks and the shared \
              scoreboard. Every process of one host needs the same one, on a local file system. \
              Blank: the folder `run` inside `data_dir`.",
    },
    kind: &Folder { blank: true },
};

pub(super) static TEMP_DIR: Row<PathBuf> = Row {
    about: About {
        name: "temp_dir",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "The folder for temporary files, such as large request bodies. Blank: the one of \
              the operating system (`TMPDIR`, or `/tmp`).",
    },
    kind: &Folder { blank: true },
};

pub(super) static STATIC_DIR: Row<PathBuf> = Row {
    about: About {
        name: "static_dir",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "The folder of scripts, style sheets and pictures of pages, as packages install it in \
              `/usr/share/halftone/static`: a copy of it may have files changed and added. Blank: those \
              in the program.",
    },
    kind: &Folder { blank: true },
};

pub(super) static TEXT_DIR: Row<PathBuf> = Row {
    about: About {
        name: "text_dir",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "The folder of further languages of pages, a file for each, named by its tag, such as \
              `de.ftl` or `pt-BR.ftl`. Who asks for that language sees its texts, and English ones \
              where it lacks any. `halftone docs --texts` writes what there is to translate. Blank: \
              those in the program.",
    },
    kind: &Folder { blank: true },
};

pub(super) static PID_FILE: Row<PathBuf> = Row {
    about: About {
        name: "pid_file",
        default: "",
        unit: None,
        reload: false,
        secret: false,
        group: Group::Files,
        doc: "The file that holds the process id of the running pool. Blank: none.",
    },
    kind: &Folder { blank: true },
};

pub(super) static LOG_FILE: Row<PathBuf> = Row {
    about: About {
        name: "log_file",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "The file to log to, opened anew when it was rotated away, and on the signal USR1. Blank: standard error.",
    },
    kind: &Folder { blank: true },
};

pub(super) static LOG_LEVEL: Row<LevelFilter> = Row {
    about: About {
        name: "log_level",
        default: "info",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "How much is logged.",
    },
    kind: &Level,
};

pub(super) static DATABASE: Row<Secret> = Row {
    about: About {
        name: "database",
        default: "",
        unit: None,
        reload: true,
        secret: true,
        group: Group::Files,
        doc: "The database: `sqlite:/path/file.db`, or `postgresql://user:password@host/name`. \
              Blank: an SQLite file inside `data_dir`. Several hosts need PostgreSQL. How the connection \
              is encrypted is said at the end of the address, as for libpq: \
              `?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem`, also `sslcert` and `sslkey`; \
              without, it is encrypted where the server offers it.",
    },
    kind: &DatabaseAddress,
};

pub(super) static DATABASE_POOL: Row<u32> = Row {
    about: About {
        name: "database_pool",
        default: "4",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "The largest number of database connections that each worker keeps open.",
    },
    kind: &Whole { min: 1, max: 100 },
};

pub(super) static DATABASE_CONNECT_TIMEOUT_MS: Row<u32> = Row {
    about: About {
        name: "database_connect_timeout_ms",
        default: "1000",
        unit: Some(Unit::Milliseconds),
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "How long to wait for a database connection, a new or a free one.",
    },
    kind: &Whole { min: 50, max: 60_000 },
};

pub(super) static DATABASE_STATEMENT_TIMEOUT_MS: Row<u32> = Row {
    about: About {
        name: "database_statement_timeout_ms",
        default: "10000",
        unit: Some(Unit::Milliseconds),
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "How long one statement may take in the database.",
    },
    kind: &Whole { min: 100, max: 600_000 },
};

pub(super) static STAT_CACHE_MS: Row<u32> = Row {
    about: About {
        name: "stat_cache_ms",
        default: "1000",
        unit: Some(Unit::Milliseconds),
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "How long size and time of a source file are believed before they are looked up \
              again. A changed file is served at most this much too late.",
    },
    kind: &Whole { min: 0, max: 60_000 },
};

pub(super) static STAT_TIMEOUT_MS: Row<u32> = Row {
    about: About {
        name: "stat_timeout_ms",
        default: "2000",
        unit: Some(Unit::Milliseconds),
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "How long such a look-up may take. After that (a hung network file system) what was \
              last known is used.",
    },
    kind: &Whole { min: 50, max: 60_000 },
};

pub(super) static STAT_THREADS: Row<u32> = Row {
    about: About {
        name: "stat_threads",
        default: "4",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Files,
        doc: "Threads of each worker that look up source files, which is how many look-ups may \
              hang at once.",
    },
    kind: &Whole { min: 1, max: 64 },
};
