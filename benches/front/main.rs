//! What Halftone costs behind nginx and Apache: speed of cached pictures beside the same bytes as a
//! static file, memory of the pool, and connections that are kept and do nothing.
//!
//! ```text
//! cargo bench --bench front -- [PART…] [--images DIR] [--rounds N] [--seconds N] [--pictures N]
//! ```
//!
//! Parts are `nginx-memory`, `nginx-memcached`, `nginx-disk`, `apache-memory`, `memory` and `kept`;
//! without any, all. Originals are painted unless a folder of JPEG files is given. `--pictures` is how
//! many are made after the first thousand in the part `memory`.
//!
//! Everything runs on this machine and is started here: the release binary on SQLite, the front
//! servers with the repository's own files, memcached, and `wrk` as the load (Debian packages
//! `nginx-light`, `apache2`, `memcached`, `wrk`). What is missing is an error. The static file and the
//! picture take turns, so that whatever else the machine does falls on both; the figures to go by are
//! the ratios of one run.

// Helpers of a benchmark fail by panicking: figures from a run with a fault are worth nothing.

mod kept;
mod library;
mod load;
mod memory;
#[path = "../engine/paint.rs"]
mod paint;
mod speed;
#[path = "../../tests/support/mod.rs"]
mod support;
mod usage;

use std::path::PathBuf;
use std::time::Duration;

use library::Library;

/// What the command line asks for.
struct Arguments {
    parts: Vec<String>,
    images: Option<PathBuf>,
    rounds: usize,
    time: Duration,
    pictures: usize,
}

fn main() {
    let arguments = arguments();
    let wanted =
        |part: &str| arguments.parts.is_empty() || arguments.parts.iter().any(|p| p == part);
    let library = Library::new(arguments.images.as_deref());
    speed::print_head(arguments.rounds, arguments.time);
    for case in &speed::CASES {
        if wanted(case.name) {
            speed::run(case, &library, arguments.rounds, arguments.time);
        }
    }
    if wanted("memory") {
        memory::run(&library, arguments.pictures);
    }
    if wanted("kept") {
        kept::run(&library);
    }
}

fn arguments() -> Arguments {
    let mut found = Arguments {
        parts: Vec::new(),
        images: None,
        rounds: 7,
        time: Duration::from_secs(4),
        pictures: 10_000,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number =
            || words.next().and_then(|n| n.parse().ok()).expect("a number follows the option");
        match word.as_str() {
            "--rounds" => found.rounds = number(),
            "--seconds" => found.time = Duration::from_secs(number() as u64),
            "--pictures" => found.pictures = number(),
            "--images" => found.images = words.next().map(PathBuf::from),
            // What cargo adds by itself.
            "--bench" => {}
            part => {
                let known = speed::CASES.iter().map(|case| case.name).chain(["memory", "kept"]);
                assert!(known.into_iter().any(|name| name == part), "unknown argument {part}");
                found.parts.push(part.to_owned());
            }
        }
    }
    found
}

/// How a figure stands to its goal.
fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "NOT MET" }
}

/// The median, and the lowest and highest beside it.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}
