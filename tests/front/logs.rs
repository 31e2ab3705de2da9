//! Rotating the log, with the installed file.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::fcgi;
use crate::support::files::{program, substituted};
use crate::support::fixture::write_jpeg;
use crate::support::halftone::{Pool, binary};
use crate::support::process::Process;
use crate::support::wait;

/// The inodes of the files that the processes have open for appending below the log folder.
fn open_logs(pool: &mut Pool) -> Vec<String> {
    let mut processes = pool.workers();
    processes.push(pool.arbiter().pid());
    processes.into_iter().flat_map(|pid| open_in(pool, pid)).collect()
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

/// Which of the pool's logs a process writes to.
fn open_in(pool: &Pool, pid: i32) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
        if let Ok(target) = fs::read_link(entry.path())
            && target.starts_with(pool.logs())
        {
            names.push(target.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    names
}

/// No arbiter looks after it, and nobody signals it.
#[test]
fn what_counts_for_the_front_server_goes_over_to_the_new_log_by_itself() {
    let mut pool = pool();
    let (log, old) = (pool.logs().join("halftone.log"), pool.logs().join("halftone.log.1"));
    let followed = pool.run_dir().join("access.log");
    let mut begun = 0;
    // It says so when what it reads is gone.
    let mut replace = || {
        begun += 1;
        let other = followed.with_extension("new");
        fs::write(&other, format!("begun as number {begun}\n")).unwrap();
        fs::rename(&other, &followed).unwrap();
    };
    let said = |log: &Path| {
        let text = fs::read_to_string(log).unwrap_or_default();
        text.matches("the file that was read last is gone").count()
    };
    let eventually_says = |log: &Path, replace: &mut dyn FnMut()| {
        let before = said(log);
        let mut replaced = Instant::now();
        replace();
        wait::until("it says that the file is gone", || {
            // What was written in the second after the rotation is in the old log.
            if replaced.elapsed() > Duration::from_secs(5) {
                replaced = Instant::now();
                replace();
            }
            said(log) > before
        });
    };
    replace();
    let mut command = binary();
    command.args(["stats", "follow"]).arg(&followed).arg("--config").arg(pool.config());
    let mut following = Process::start("follow", &pool.run_dir(), &mut command);
    let pid = following.pid();
    following.wait_until("it has the log open", || open_in(&pool, pid) == ["halftone.log"]);
    eventually_says(&log, &mut replace);
    rotate(&mut pool);
    let before = said(&old);
    eventually_says(&log, &mut replace);
    assert_eq!(open_in(&pool, pid), ["halftone.log"]);
    let lines = said(&old) - before;
    eventually_says(&log, &mut replace);
    assert_eq!(said(&old) - before, lines, "the old one gets no more");
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
