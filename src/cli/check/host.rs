//! The machine: its name, its clock, its limits.

use std::fs;
use std::net::ToSocketAddrs as _;

use super::row::Row;
use super::service;
use super::{Case, sys};
use crate::process::Scoreboard;

/// Descriptors that a worker has open beside its connections: files, caches, database, children.
const OTHER_FILES: u64 = 512;

/// A second before the first commit of this program: no clock that runs is before it.
const LONG_AGO_MS: i64 = 1_760_000_000_000;

pub fn name(case: &Case) -> Vec<Row> {
    let short = nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
    let short = short.unwrap_or_default();
    if short.is_empty() || short == "localhost" || short == "(none)" {
        return vec![Row::warn(
            format!("this host has no name of its own ({short:?})"),
            "give it one: hostnamectl set-hostname images.example.com",
        )];
    }
    let full = sys::full_name(&short);
    let base = &case.settings.public_base_url;
    let mut rows = vec![match full {
        Some(full) if full.contains('.') => Row::ok(full),
        _ if !base.is_empty() => Row::ok(format!("{short}; public_base_url says {base}")),
        Some(_) => Row::warn(
            format!("{short} has no full name (FQDN)"),
            "put it into /etc/hosts or the name server, or set public_base_url",
        ),
        None => Row::warn(
            format!("{short} is known to no name server and not in /etc/hosts"),
            "put it into one of them, with its full name",
        ),
    }];
    if let Ok(address) = crate::load::Address::read(base) {
        rows.push(match (address.host.as_str(), address.port).to_socket_addrs() {
            Ok(_) => Row::ok(format!("{} of public_base_url is known", address.host)),
            Err(_) => Row::warn(
                format!("{} of public_base_url is not known here", address.host),
                "see whether the name is right, and in the name server",
            ),
        });
    }
    rows
}

pub fn clock(_: &Case) -> Vec<Row> {
    if crate::db::now_ms() < LONG_AGO_MS {
        return vec![Row::fail("the clock is years behind", "set it, and let it be kept: chrony")];
    }
    vec![match sys::clock_is_kept() {
        Some(true) => Row::ok("kept in step"),
        Some(false) => Row::warn(
            "the kernel does not know it to be kept in step",
            "let it be kept: apt-get install systemd-timesyncd (or chrony). On a virtual machine whose host \
             keeps it nothing is to be done",
        ),
        None => Row::ok("set; whether it is kept in step cannot be seen here"),
    }]
}

pub fn limits(case: &Case) -> Vec<Row> {
    let running = Scoreboard::open_readonly(&case.settings.run_folder().join("scoreboard"))
        .and_then(|reader| reader.snapshot())
        .ok()
        .filter(|snapshot| service::is_alive(snapshot.arbiter_pid));
    let (whose, path) = match running {
        Some(snapshot) => ("the service", format!("/proc/{}/limits", snapshot.arbiter_pid)),
        None => ("this shell; the service is not running", "/proc/self/limits".to_owned()),
    };
    let text = fs::read_to_string(path).unwrap_or_default();
    let files_needed = u64::from(case.settings.max_connections) + OTHER_FILES;
    let threads = case.settings.threads as usize + 16;
    let workers = case.settings.worker_count(super::super::wiring::cores());
    let processes_needed = (workers * threads) as u64 * 2;
    vec![
        judge(&text, "Max open files", whose, files_needed, "LimitNOFILE="),
        judge(&text, "Max processes", whose, processes_needed, "LimitNPROC= and TasksMax="),
    ]
}

fn judge(text: &str, name: &str, whose: &str, needed: u64, setting: &str) -> Row {
    match soft_limit(text, name) {
        Some(limit) if limit < needed => Row::warn(
            format!("{name}: {limit} for {whose}; {needed} may be needed"),
            format!("raise {setting} in halftone.service (systemctl edit halftone)"),
        ),
        Some(u64::MAX) => Row::ok(format!("{name}: no limit for {whose}")),
        Some(limit) => Row::ok(format!("{name}: {limit} for {whose}")),
        None => Row::warn(format!("{name}: cannot be seen"), "run it as root"),
    }
}

/// A soft limit of `/proc/PID/limits`.
fn soft_limit(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    match rest.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::*;

    const LIMITS: &str = "\
Limit                     Soft Limit           Hard Limit           Units
Max processes             unlimited            unlimited            processes
Max open files            1024                 524288               files
";

    #[test]
    fn soft_limits_are_judged() {
        assert_eq!(soft_limit(LIMITS, "Max open files"), Some(1024));
        assert_eq!(soft_limit(LIMITS, "Max processes"), Some(u64::MAX));
        assert_eq!(soft_limit(LIMITS, "Max locked memory"), None);
        let verdict = |needed| judge(LIMITS, "Max open files", "it", needed, "X=").verdict;
        assert_eq!((verdict(1024), verdict(1025)), (Verdict::Ok, Verdict::Warn));
    }
}
