//! What Halftone costs behind nginx and Apache: speed of cached pictures beside the same bytes as a
//! static file, the load of a site's users, new pictures beside the engine alone, memory of the pool, and
//! connections that are kept and do nothing.
//!
//! ```text
//! cargo bench --bench front -- [PART…] [--images DIR] [--rounds N] [--seconds N] [--pictures N]
//!                              [--minutes N] [--requests N]
//! ```
//!
//! Parts are `nginx-edge`, `apache-edge`, `nginx-memory`, `nginx-private`, `nginx-304`, `nginx-memcached`,
//! `nginx-disk`, `apache-memory`, `mix`, `cold`, `held`, `soak`, `memory`, `kept`, `flood` and `faults`; without any,
//! all.
//! Originals are painted unless a folder of JPEG files is given. `--pictures` is how many are made after the
//! first thousand in the part `memory`, `--minutes` how long `held` lasts, `--requests` how many `soak` makes.
//!
//! Everything runs on this machine and is started here: the release binary on SQLite, the front
//! servers with the repository's own files, and memcached (Debian packages `nginx-light`, `apache2`,
//! `memcached`); the load is that of `halftone bench`. What is missing is an error. The static file and the
//! picture take turns, so that whatever else the machine does falls on both; the figures to go by are
//! the ratios of one run.

// Helpers of a benchmark fail by panicking: figures from a run with a fault are worth nothing.

mod beside;
mod cold;
mod faults;
mod figures;
mod flood;
mod kept;
mod library;
mod load;
mod memory;
#[path = "../engine/paint.rs"]
mod paint;
mod people;
mod realistic;
mod speed;
mod statistics;
#[path = "../../tests/support/mod.rs"]
mod support;
mod usage;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use library::Library;

use figures::{spread, verdict};

/// What the command line asks for.
struct Arguments {
    parts: Vec<String>,
    images: Option<PathBuf>,
    rounds: usize,
    time: Duration,
    pictures: usize,
    minutes: f64,
    requests: u64,
}

/// The parts beside the cases of `speed`.
const PARTS: [&str; 8] = ["mix", "cold", "held", "soak", "memory", "kept", "flood", "faults"];

fn main() {
    let arguments = arguments();
    let wanted =
        |part: &str| arguments.parts.is_empty() || arguments.parts.iter().any(|p| p == part);
    let library = Arc::new(Library::new(arguments.images.as_deref()));
    if speed::CASES.iter().any(|case| wanted(case.name)) {
        speed::print_head(arguments.rounds, arguments.time);
    }
    for case in &speed::CASES {
        if wanted(case.name) {
            speed::run(case, &library, arguments.rounds, arguments.time);
        }
    }
    if wanted("mix") {
        realistic::mix(&library, arguments.time * 5);
    }
    if wanted("cold") {
        cold::run(&library, arguments.rounds, arguments.time);
    }
    if wanted("held") {
        realistic::held(&library, arguments.minutes);
    }
    if wanted("soak") {
        realistic::soak(&library, arguments.requests);
    }
    if wanted("memory") {
        memory::run(&library, arguments.pictures);
    }
    if wanted("kept") {
        kept::run(&library);
    }
    if wanted("flood") {
        flood::run(&library, arguments.time);
    }
    if wanted("faults") {
        faults::run(arguments.time);
    }
}

fn arguments() -> Arguments {
    let mut found = Arguments {
        parts: Vec::new(),
        images: None,
        rounds: 7,
        time: Duration::from_secs(4),
        pictures: 10_000,
        minutes: 10.0,
        requests: 1_000_000,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> f64 {
            words.next().and_then(|n| n.parse().ok()).expect("a number follows the option")
        };
        match word.as_str() {
            "--rounds" => found.rounds = number() as usize,
            "--seconds" => found.time = Duration::from_secs_f64(number()),
            "--pictures" => found.pictures = number() as usize,
            "--minutes" => found.minutes = number(),
            "--requests" => found.requests = number() as u64,
            "--images" => found.images = words.next().map(PathBuf::from),
            // What cargo adds by itself.
            "--bench" => {}
            part => {
                let mut known = speed::CASES.iter().map(|case| case.name).chain(PARTS);
                assert!(known.any(|name| name == part), "unknown argument {part}");
                found.parts.push(part.to_owned());
            }
        }
    }
    found
}
