//! What the API costs behind nginx: details of single pictures and the list of a whole folder, beside
//! a static file of 45 KB in the same run.
//!
//! ```text
//! cargo bench --bench api -- [PART…] [--files N] [--rounds N] [--seconds N]
//! ```
//!
//! Parts are `details`, `list` and `attributes` (a list with all that is known of each picture);
//! without any, all. Everything runs on this machine and is started
//! here: the release binary with two workers, a PostgreSQL cluster of its own with the settings of a
//! new installation, nginx with the repository's own files, and `wrk -t1 -c16` as the load, which
//! sends the token of an editor (Debian packages `nginx-light`, `postgresql`, `wrk`). What is missing
//! is an error. The library has folders of a thousand files; details are asked for all of them in
//! turn, so that no answer is that of a moment ago.

// Helpers of a benchmark fail by panicking: figures from a run with a fault are worth nothing.

mod cluster;
#[path = "../front/load.rs"]
mod load;
mod site;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../front/usage.rs"]
mod usage;

use std::time::Duration;

use load::Load;
use site::Site;

/// What is asked of the server, and how often a second it should answer.
struct Case {
    name: &'static str,
    /// Wrk's script, which sets the path of each request.
    script: fn(usize) -> String,
    goal: f64,
    /// What the server that this one succeeds answered, per static file of 45 KB, where that is known
    /// (160 to 72,400 a second on a machine of two cores).
    predecessor: Option<f64>,
}

const CASES: [Case; 3] = [
    Case {
        name: "details",
        script: site::details,
        goal: 3_000.0,
        predecessor: Some(160.0 / 72_400.0),
    },
    Case { name: "list", script: site::list, goal: 100.0, predecessor: None },
    Case { name: "attributes", script: site::attributes, goal: 100.0, predecessor: None },
];

/// How many times its predecessor it should be.
const TIMES: f64 = 10.0;

struct Arguments {
    parts: Vec<String>,
    files: usize,
    rounds: usize,
    time: Duration,
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
    for case in &CASES {
        if arguments.parts.is_empty() || arguments.parts.iter().any(|part| part == case.name) {
            measure(case, &site, &arguments);
        }
    }
}

/// What one run of the load cost.
struct Run {
    rate: f64,
    us: [f64; 4],
}

fn measure(case: &Case, site: &Site, arguments: &Arguments) {
    let script = site.write(case.name, &(case.script)(arguments.files));
    let bearer = format!("Authorization: Bearer {}", site.token());
    let asked = Load::at(site.http(), "/").with(&["-s", script.to_str().unwrap(), "-H", &bearer]);
    let fixed = Load::at(site.fixed(), "/picture.jpg");
    let one = |load: &Load| {
        let before = site.cpu_s();
        let answered = load.run(arguments.time);
        let after = site.cpu_s();
        let us = std::array::from_fn(|at| (after[at] - before[at]) * 1e6 / answered.requests);
        Run { rate: answered.rate(), us }
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
                assert!(CASES.iter().any(|case| case.name == part), "unknown argument {part}");
                found.parts.push(part.to_owned());
            }
        }
    }
    assert!(found.files >= site::IN_A_FOLDER, "there must be a whole folder of files");
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
