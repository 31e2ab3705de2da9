//! The running pool.

use std::path::Path;

use super::Case;
use super::row::Row;
use crate::process::Scoreboard;

pub fn look(case: &Case) -> Vec<Row> {
    let start =
        "start it: systemctl start halftone; see why not: journalctl -u halftone, and log_file";
    let path = case.settings.run_folder().join("scoreboard");
    let snapshot = Scoreboard::open_readonly(&path).and_then(|reader| reader.snapshot());
    let Ok(snapshot) = snapshot else {
        return vec![Row::fail(format!("no pool has run with {}", path.display()), start)];
    };
    if !is_alive(snapshot.arbiter_pid) {
        return vec![Row::fail("the pool is not running", start)];
    }
    let found = format!(
        "running, {} workers, {} requests, {} workers replaced after a crash",
        snapshot.workers.len(),
        snapshot.requests,
        snapshot.respawns
    );
    vec![if snapshot.workers.is_empty() {
        Row::fail(found, "see in log_file why no worker starts")
    } else if snapshot.respawns > 0 {
        Row::warn(found, "see in log_file why workers crash")
    } else {
        Row::ok(found)
    }]
}

/// Whether there is a process of this id.
pub fn is_alive(pid: u64) -> bool {
    pid != 0 && Path::new("/proc").join(pid.to_string()).exists()
}
