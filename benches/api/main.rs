//! What the API costs behind nginx: details of single pictures and the list of a whole folder, beside
//! a static file of 45 KB in the same run; and how long a page of the web interface with a hundred pictures takes.
//!
//! ```text
//! cargo bench --bench api -- [PART…] [--files N] [--rounds N] [--seconds N]
//! ```
//!
//! Parts are `details`, `list`, `attributes` (a list with all that is known of each picture) and `browse` (the
//! page, asked for by one client at a time that has signed in); without any, all. Everything runs on this machine and is started
//! here: the release binary with two workers, a PostgreSQL cluster of its own with the settings of a
//! new installation, nginx with the repository's own files (Debian packages `nginx-light`,
//! `postgresql`); the load is that of `halftone bench`, of 16 clients, and sends the token of an editor. What
//! is missing is an error. The library has folders of a thousand files; details are asked for all of them in
//! turn, so that no answer is that of a moment ago.

// Helpers of a benchmark fail by panicking: figures from a run with a fault are worth nothing.

mod browse;
#[path = "../front/figures.rs"]
mod figures;
#[path = "../front/load.rs"]
mod load;
mod site;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../front/usage.rs"]
mod usage;

use std::time::Duration;

use figures::{spread, verdict};
use halftone::load::Load;
use site::Site;

/// What is asked of the server, and how often a second it should answer.
struct Case {
    name: &'static str,
    /// The address of a request, by its number and how many files there are.
    target: fn(u64, usize) -> String,
    goal: f64,
    /// What the server that this one succeeds answered, per static file of 45 KB, where that is known
    /// (160 to 72,400 a second on a machine of two cores).
    predecessor: Option<f64>,
}

const CASES: [Case; 3] = [
    Case {
        name: "details",
        target: site::details,
        goal: 3_000.0,
        predecessor: Some(160.0 / 72_400.0),
    },
    Case { name: "list", target: site::list, goal: 100.0, predecessor: None },
    Case { name: "attributes", target: site::attributes, goal: 100.0, predecessor: None },
];

/// How many times its predecessor it should be.
const TIMES: f64 = 10.0;

struct Arguments {
    parts: Vec<String>,
    files: usize,
    rounds: usize,
    time: Duration,
}

impl Arguments {
    /// Whether a part is to be measured.
    fn has(&self, name: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|part| part == name)
    }
}

fn main() {
    let arguments = arguments();
    let site = Site::start(arguments.files);
    println!(
        "{} files in folders of {}, {} connections, {} rounds of {} s in turns; medians \
         (lowest–highest)",
        arguments.files,
        site::IN_A_FOLDER,
        load::CONNECTIONS,
        arguments.rounds,
        arguments.time.as_secs()
    );
    println!("CPU: microseconds per request");
    for case in CASES.iter().filter(|case| arguments.has(case.name)) {
        measure(case, &site, &arguments);
    }
    if arguments.has(browse::NAME) {
        browse::measure(&site, &arguments);
    }
}

/// What one run of the load cost.
struct Run {
    rate: f64,
    us: [f64; 4],
}

fn measure(case: &Case, site: &Site, arguments: &Arguments) {
    let bearer = [("Authorization".to_owned(), format!("Bearer {}", site.token()))];
    let (target, files) = (case.target, arguments.files);
    let asked = load::each(site.http(), &bearer, move |number| target(number, files));
    let fixed = load::same(site.fixed(), "/picture.jpg", &[]);
    let one = |load: &Load| {
        let before = site.cpu_s();
        let tally = load::put_on(load, arguments.time);
        let after = site.cpu_s();
        let requests = tally.all().requests() as f64;
        let each_us = |seconds: f64| seconds * 1e6 / requests;
        let [nginx, halftone, postgres] = std::array::from_fn(|at| each_us(after[at] - before[at]));
        let us = [nginx, halftone, postgres, each_us(tally.client_cpu.as_secs_f64())];
        Run { rate: tally.rate(), us }
    };
    let (mut plain, mut told) = (Vec::new(), Vec::new());
    // One round more, which fills caches and connections and is not counted.
    for round in 0..=arguments.rounds {
        let runs = (one(&fixed), one(&asked));
        if round > 0 {
            plain.push(runs.0);
            told.push(runs.1);
        }
    }
    println!("\n{}", case.name);
    println!(
        "{:12}{:>26}{:>10}{:>10}{:>12}{:>8}",
        "", "requests/s", "nginx", "halftone", "postgres", "load"
    );
    for (name, runs) in [("static file", &plain), (case.name, &told)] {
        let (rate, low, high) = spread(runs.iter().map(|run| run.rate).collect());
        let us = |at: usize| spread(runs.iter().map(|run| run.us[at]).collect()).0;
        println!(
            "{name:12}{:>26}{:>10.1}{:>10.1}{:>12.1}{:>8.1}",
            format!("{rate:.0} ({low:.0}–{high:.0})"),
            us(0),
            us(1),
            us(2),
            us(3)
        );
    }
    let rate = spread(told.iter().map(|run| run.rate).collect()).0;
    let ratio =
        spread(told.iter().zip(&plain).map(|(told, plain)| told.rate / plain.rate).collect());
    println!("goal ≥ {}/s: {}", case.goal, verdict(rate >= case.goal));
    println!("ratio to the static file {:.4} ({:.4}–{:.4})", ratio.0, ratio.1, ratio.2);
    if let Some(predecessor) = case.predecessor {
        let times = ratio.0 / predecessor;
        println!("{times:.1} times its predecessor, goal ≥ {TIMES}: {}", verdict(times >= TIMES));
    }
}

fn arguments() -> Arguments {
    let mut found =
        Arguments { parts: Vec::new(), files: 20_000, rounds: 5, time: Duration::from_secs(4) };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number =
            || words.next().and_then(|n| n.parse().ok()).expect("a number follows the option");
        match word.as_str() {
            "--files" => found.files = number(),
            "--rounds" => found.rounds = number(),
            "--seconds" => found.time = Duration::from_secs(number() as u64),
            // What cargo adds by itself.
            "--bench" => {}
            part => {
                let is_known = part == browse::NAME || CASES.iter().any(|case| case.name == part);
                assert!(is_known, "unknown argument {part}");
                found.parts.push(part.to_owned());
            }
        }
    }
    assert!(found.files >= site::IN_A_FOLDER, "there must be a whole folder of files");
    found
}
