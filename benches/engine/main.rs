//! What the engine costs beside libvips, beside other programs and beside the least that
//! libjpeg-turbo can do; and how exact its resampling is.
//!
//! Each section is a file with a function `run` and a line in `SECTIONS`. Programs that are compared
//! take turns on every picture, so that whatever else the machine does falls on all alike, and CPU
//! time is counted, not the clock (see `measure.rs`).
//!
//! ```text
//! cargo bench --bench engine -- [SECTION…] [--images DIR] [--rounds N] [--only PROGRAM]
//! ```
//!
//! Without a section's name all run. Without a folder the pictures are painted. libvips is loaded
//! when the program runs (Debian package `libvips42`); its being absent is an error.

#![allow(unsafe_code)]

mod accuracy;
mod bench;
mod colour;
mod crop;
mod jpeg;
mod measure;
mod operations;
mod paint;
mod peer;
mod vips;

use self::bench::Bench;

type Section = (&'static str, fn(&Bench));

/// Every section, in the order in which they run.
const SECTIONS: &[Section] = &[
    ("jpeg", jpeg::run),
    ("crop", crop::run),
    ("operations", operations::run),
    ("colour", colour::run),
    ("accuracy", accuracy::run),
];

fn main() {
    let bench = Bench::from_arguments();
    for name in &bench.sections {
        assert!(SECTIONS.iter().any(|section| section.0 == name), "there is no section {name}");
    }
    for (name, run) in SECTIONS {
        if bench.sections.is_empty() || bench.sections.iter().any(|wanted| wanted == name) {
            println!("\n== {name}");
            run(&bench);
        }
    }
}
