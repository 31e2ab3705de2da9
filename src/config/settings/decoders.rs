//! Reading complex formats: the processes without rights in which that is done, and documents.

use super::super::kind::{Switch, Whole};
use super::{About, Group, Row, Unit};

pub(super) static PDF_DPI: Row<u32> = Row {
    about: About {
        name: "pdf_dpi",
        default: "150",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Dots per inch at which pages of PDF and PostScript files are made when `dpi` says \
              nothing: 3⅓ inches at 300 are 1000 pixels.",
    },
    kind: &Whole { min: 10, max: 2_400 },
};

pub(super) static DECODER_MEMORY_MB: Row<u32> = Row {
    about: About {
        name: "decoder_memory_mb",
        default: "2048",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Memory (address space) of each process that reads complex formats. A file that \
              needs more is refused with 415.",
    },
    kind: &Whole { min: 256, max: 1_048_576 },
};

pub(super) static DECODER_CPU_S: Row<u32> = Row {
    about: About {
        name: "decoder_cpu_s",
        default: "30",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Processor time that such a process may use for opening a file, and again for its \
              pixels.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static DECODER_TIME_S: Row<u32> = Row {
    about: About {
        name: "decoder_time_s",
        default: "30",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "How long it may take over the same. Then it is killed and replaced.",
    },
    kind: &Whole { min: 1, max: 3_600 },
};

pub(super) static DECODER_CHILDREN: Row<u32> = Row {
    about: About {
        name: "decoder_children",
        default: "0",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Such processes that each worker has at the same time, and as many again for formats \
              that another program reads (PostScript, GIMP). 0: as many as `slots`, at least two.",
    },
    kind: &Whole { min: 0, max: 1_024 },
};

pub(super) static DECODER_SCRATCH_MB: Row<u32> = Row {
    about: About {
        name: "decoder_scratch_mb",
        default: "1024",
        unit: Some(Unit::Megabytes),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "How much another program that reads a file (Ghostscript, ImageMagick) may write to its \
              folder below `temp_dir`, all its files together. Then it is killed; the folder is \
              removed either way.",
    },
    kind: &Whole { min: 1, max: 1_048_576 },
};

pub(super) static DECODER_FILES: Row<u32> = Row {
    about: About {
        name: "decoder_files",
        default: "50",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Files after which such a process is replaced. 1: a fresh one for every file, so \
              that not even a decoder that was taken over sees another's picture; starting one \
              takes some milliseconds.",
    },
    kind: &Whole { min: 1, max: 1_000_000 },
};

pub(super) static DECODER_IDLE_S: Row<u32> = Row {
    about: About {
        name: "decoder_idle_s",
        default: "60",
        unit: Some(Unit::Seconds),
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "How long such a process is kept when there is nothing to read.",
    },
    kind: &Whole { min: 1, max: 86_400 },
};

pub(super) static ALLOW_UNSANDBOXED_DECODERS: Row<bool> = Row {
    about: About {
        name: "allow_unsandboxed_decoders",
        default: "false",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Whether complex formats are read on a kernel that cannot keep the reading process \
              from other files (landlock, Linux 5.13). Without it they are refused there with \
              415. All other bounds hold either way.",
    },
    kind: &Switch,
};
