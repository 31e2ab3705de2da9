//! `halftone decode-child`: what the server starts to read files in; not for people.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::sandbox::{ChildOptions, needs_named, run_child};

/// How to live.
#[derive(Args)]
pub struct Options {
    /// What its decoders need
    #[arg(long, value_name = "NAME")]
    needs: String,
    /// Address space
    #[arg(long, value_name = "MB")]
    memory_mb: u32,
    /// The folder for temporary files
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// The largest file in it
    #[arg(long, value_name = "MB", default_value_t = 0)]
    scratch_mb: u32,
    /// Go on where the kernel lacks landlock
    #[arg(long)]
    without_landlock: bool,
    /// Try what must not be possible, as the input says
    #[arg(long)]
    probe: bool,
}

/// Reads files for the process at the other end of standard input.
pub fn run(options: &Options) -> anyhow::Result<()> {
    run_child(&ChildOptions {
        needs: needs_named(&options.needs).context("--needs: there is no such need")?,
        memory_bytes: u64::from(options.memory_mb) << 20,
        scratch: options.scratch.clone(),
        scratch_bytes: u64::from(options.scratch_mb) << 20,
        without_landlock: options.without_landlock,
        probe: options.probe,
    })?;
    Ok(())
}
