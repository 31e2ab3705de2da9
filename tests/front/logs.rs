//! Rotating the log, with the installed file.

use std::fs;
use std::process::Command;

use nix::sys::signal::Signal;

use crate::support::fcgi;
use crate::support::files::{program, substituted};
use crate::support::fixture::write_jpeg;
use crate::support::halftone::Pool;
use crate::support::wait;

/// The inodes of the files that the processes have open for appending below the log folder.
fn open_logs(pool: &mut Pool) -> Vec<String> {
    let logs = pool.logs();
    let mut processes = pool.workers();
    processes.push(pool.arbiter().pid());
    let mut names = Vec::new();
    for pid in processes {
        for entry in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
            if let Ok(target) = fs::read_link(entry.path())
                && target.starts_with(&logs)
            {
                names.push(target.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    names
}

/// Waits until the arbiter and both workers write to the new file.
fn eventually_new(pool: &mut Pool) {
    wait::until_told("every process has the new file", || {
        let open = open_logs(pool);
        if open == ["halftone.log"; 3] { Ok(()) } else { Err(format!("{open:?}")) }
    });
}

fn pool() -> Pool {
    Pool::start(|images| write_jpeg(&images.join("photo.jpg"), 300, 200), |config| config)
}

#[test]
fn a_signal_makes_every_process_reopen_its_log() {
    let mut pool = pool();
    let log = pool.logs().join("halftone.log");
    wait::until("the log is written", || log.exists());
    assert_eq!(open_logs(&mut pool).len(), 3, "arbiter and two workers");
    fs::rename(&log, pool.logs().join("old.log")).unwrap();
    pool.signal(Signal::SIGUSR1);
    eventually_new(&mut pool);
    fcgi::exchange(&mut pool.connect(), "/image?src=photo.jpg&width=100").unwrap();
}

#[test]
fn logrotate_rotates_with_the_installed_file() {
    let mut pool = pool();
    let log = pool.logs().join("halftone.log");
    wait::until("the log is written", || fs::metadata(&log).is_ok_and(|meta| meta.len() > 0));
    rotate(&mut pool);
}

/// Has the log rotated with the installed file, and waits until every process writes to the new one.
pub fn rotate(pool: &mut Pool) {
    let logrotate = program("logrotate", "logrotate");
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    let group = nix::unistd::Group::from_gid(nix::unistd::getegid()).unwrap().unwrap().name;
    let text = substituted(
        "logrotate/halftone",
        &[
            ("/var/log/halftone", &pool.logs().display().to_string()),
            ("/run/halftone", &pool.run_dir().display().to_string()),
            ("halftone halftone\n", &format!("{user} {group}\n")),
        ],
    );
    let config = pool.run_dir().join("logrotate.conf");
    fs::write(&config, text).unwrap();
    let state = pool.run_dir().join("logrotate.state");
    let output =
        Command::new(logrotate).arg("-f").arg("-s").arg(&state).arg(&config).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(pool.logs().join("halftone.log.1").exists());
    eventually_new(pool);
}
