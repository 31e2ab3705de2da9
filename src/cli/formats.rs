//! `halftone formats`: what can be read and written.

use clap::Args;

/// How to print.
#[derive(Args)]
pub struct Options {
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Prints the table of formats.
pub fn run(options: &Options) -> anyhow::Result<()> {
    if options.json {
        println!("{:#}", crate::pixel::formats_json());
    } else {
        print!("{}", crate::pixel::formats_text());
    }
    Ok(())
}
