//! The pool as its users see it: processes, signals and sockets.
//!
//! This target has no test harness, because a pool forks and a harness has threads: run with the
//! variable `POOL_SERVER` it is a small server over the real pool, otherwise it runs the cases
//! against such servers. An argument picks the cases whose name contains it.

#[path = "pool/cases.rs"]
mod cases;
#[path = "pool/fixture.rs"]
mod fixture;
#[path = "pool/server.rs"]
mod server;
mod wire;

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    if let Ok(settings) = std::env::var(server::VARIABLE) {
        return server::main(&settings);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        cases::CASES.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> =
        arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen: Vec<_> = cases::CASES
        .iter()
        .filter(|(name, _)| {
            wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()))
        })
        .collect();
    println!("running {} tests", chosen.len());
    let mut failed = Vec::new();
    for (name, case) in &chosen {
        let started = Instant::now();
        let passed = catch_unwind(case).is_ok();
        let verdict = if passed { "ok" } else { "FAILED" };
        println!("test {name} ... {verdict} ({:.2} s)", started.elapsed().as_secs_f64());
        if !passed {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("test result: ok. {} passed", chosen.len());
        ExitCode::SUCCESS
    } else {
        println!("test result: FAILED. {failed:?}");
        ExitCode::FAILURE
    }
}
