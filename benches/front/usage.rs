//! CPU time and memory of a process and its descendants, from `/proc`.

use std::fs;

use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::{SysconfVar, sysconf};

use crate::support::process::children_of;

/// A process and everything below it.
pub fn family(pid: i32) -> Vec<i32> {
    let mut all = vec![pid];
    let mut next = 0;
    while let Some(parent) = all.get(next) {
        all.extend(children_of(*parent));
        next += 1;
    }
    all
}

/// Seconds of CPU time of a family, children that have ended included.
pub fn cpu_s(pid: i32) -> f64 {
    let ticks: u64 = family(pid).into_iter().map(ticks).sum();
    let per_second = sysconf(SysconfVar::CLK_TCK).unwrap().expect("the clock has a rate");
    ticks as f64 / per_second as f64
}

/// User and system time of a process and of its children that were waited for.
fn ticks(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, fields)) = stat.rsplit_once(") ") else { return 0 };
    // utime, stime, cutime and cstime are fields 14 to 17 of proc(5); the name was the second.
    fields.split(' ').skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// Seconds of CPU time of this process's own children that have ended.
#[allow(dead_code, reason = "not every benchmark starts programs that end")]
pub fn ended_children_cpu_s() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
        .sum()
}

/// Megabytes (2²⁰) of a family, pages shared with others counted in proportion.
#[allow(dead_code, reason = "not every benchmark looks at memory")]
pub fn pss_mb(pid: i32) -> f64 {
    family(pid).into_iter().map(|pid| rollup_kb(pid, "Pss:")).sum::<u64>() as f64 / 1024.0
}

/// Megabytes (2²⁰) of a family, pages shared with others counted in each.
#[allow(dead_code, reason = "not every benchmark looks at memory")]
pub fn rss_mb(pid: i32) -> f64 {
    family(pid).into_iter().map(|pid| rollup_kb(pid, "Rss:")).sum::<u64>() as f64 / 1024.0
}

/// Files, sockets and the like that a family holds open.
#[allow(dead_code, reason = "not every benchmark looks at descriptors")]
pub fn descriptors(pid: i32) -> usize {
    let held = |pid| fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    family(pid).into_iter().map(held).sum()
}

#[allow(dead_code, reason = "not every benchmark looks at memory")]
fn rollup_kb(pid: i32, field: &str) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
