//! Reading strangers' files in processes without rights.
//!
//! Formats that are complex, or whose decoders are not safe, are read by a child: this program's own
//! binary again, which gives up its rights before it sees a byte (`rules`, `calls`), is handed one open
//! file after the other over a socket, and sends headers and pixels back. A child that crashes, hangs,
//! lies or takes too much costs one picture and itself; its parent kills it and starts another
//! (`process`, `pool`, `scratch`). Nothing that a child says is believed (`remote`), and a file that has
//! cost so much is not tried again at once (`failures`).
//!
//! ```text
//! Engine ─▶ Sandbox (remote) ─▶ pool ─▶ process ─ socket: requests, descriptors ─▶ child ─▶ decoder
//!                                              ◀─ headers, pixels ────────────────┘
//! ```
//!
//! Children are kept for some files, not forked from a process with threads but started from the open
//! file of the running program, so that one that was replaced on disk meanwhile does not matter. They
//! end with their parent.
//!
//! This module knows processes and rights. It knows no format, no setting and no request: what a
//! decoder needs is said in [`pixel::decode`](crate::pixel::decode).

mod calls;
mod channel;
mod child;
mod failures;
mod message;
mod pool;
mod probe;
mod process;
mod remote;
mod rules;
mod scratch;
#[allow(unsafe_code)]
mod sys;
mod wire;

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

pub use child::{ChildOptions, run_child};
pub use process::needs_named;
pub use remote::Sandbox;

/// How children live.
#[derive(Debug)]
pub struct SandboxOptions {
    /// The program that is started as a child: this one, opened when it was certainly this one.
    pub program: File,
    /// Address space of a child, in binary megabytes.
    pub memory_mb: u32,
    /// Processor time for one step with one file, in seconds.
    pub cpu_s: u32,
    /// Time for one step with one file: opening it, decoding it.
    pub time: Duration,
    /// Children at the same time, at least 1; as many again that run programs, which hang more easily
    /// and must not keep others from being read.
    pub children: usize,
    /// Threads that may wait for a child that runs a program; one more is told to come back.
    pub program_waiters: usize,
    /// Files that a child reads before another takes its place, at least 1.
    pub files: u32,
    /// How long a child is kept that has nothing to do.
    pub idle: Duration,
    /// The folder in which tools have their scratch folders.
    pub scratch_folder: PathBuf,
    /// How much one such folder may hold, in binary megabytes.
    pub scratch_mb: u32,
    /// The folder in which it is noted what failed at great cost, so that it is not tried again at
    /// once; none for no notes.
    pub failures_folder: Option<PathBuf>,
    /// Whether the kernel offers landlock, as [`has_landlock`] tells.
    pub landlock: bool,
    /// Whether children will do on a kernel that does not.
    pub allow_without_landlock: bool,
    /// Whether children do not decode but try what they must not be able to do.
    pub probe: bool,
}

/// Whether the kernel can take files away from a process that asks for it.
#[must_use]
pub fn has_landlock() -> bool {
    sys::landlock_version() > 0
}
