//! What the pool must do, one case each. Conditions are waited for, never times.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use halftone::process::WorkerState;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::fixture::{Load, Server, eventually, is_alive, pids, ready};
use super::wire::{Connection, PATIENCE, begin, get, params};

/// Name and body of a case.
pub type Case = (&'static str, fn());

/// Every case there is.
pub const CASES: &[Case] = &[
    ("serves_over_unix_and_tcp", serves_over_unix_and_tcp),
    ("connections_spread_over_workers", connections_spread_over_workers),
    ("term_finishes_what_has_begun", term_finishes_what_has_begun),
    ("a_drain_that_takes_too_long_is_killed", a_drain_that_takes_too_long_is_killed),
    ("an_idle_connection_does_not_hold_a_drain", an_idle_connection_does_not_hold_a_drain),
    ("hup_replaces_workers_and_refuses_nobody", hup_replaces_workers_and_refuses_nobody),
    ("hup_with_bad_settings_changes_nothing", hup_with_bad_settings_changes_nothing),
    ("hup_can_change_the_number_of_workers", hup_can_change_the_number_of_workers),
    ("a_killed_worker_is_replaced", a_killed_worker_is_replaced),
    ("a_worker_told_to_end_does_so_and_is_replaced", a_worker_told_to_end_is_replaced),
    ("a_boot_failure_stops_the_server", a_boot_failure_stops_the_server),
    (
        "a_server_that_has_served_tries_again_for_ever",
        a_server_that_has_served_tries_again_for_ever,
    ),
    ("workers_come_and_go_by_signal", workers_come_and_go_by_signal),
    ("usr1_reopens_logs_everywhere", usr1_reopens_logs_everywhere),
    ("usr2_replaces_the_program_and_refuses_nobody", usr2_replaces_the_program),
    ("usr2_that_fails_changes_nothing", usr2_that_fails_changes_nothing),
    ("a_panic_is_a_500_and_a_new_worker", a_panic_is_a_500_and_a_new_worker),
    ("a_deadline_is_first_asked_then_enforced", a_deadline_is_first_asked_then_enforced),
    ("half_headers_hold_no_thread", half_headers_hold_no_thread),
    ("overload_is_503_with_retry_after", overload_is_503_with_retry_after),
    ("systemd_hands_sockets_over_and_is_told", systemd_hands_sockets_over_and_is_told),
    ("workers_are_recycled_by_count", workers_are_recycled_by_count),
    ("workers_are_recycled_by_memory", workers_are_recycled_by_memory),
    ("workers_do_not_outlive_the_arbiter", workers_do_not_outlive_the_arbiter),
    ("an_idle_pool_is_small", an_idle_pool_is_small),
];

fn serves_over_unix_and_tcp() {
    let port = free_port();
    let server = Server::start(|settings| settings.listen.push(port.clone()));
    for mut connection in [server.connect(), Connection::tcp(&port).unwrap()] {
        for uri in ["/now", "/thread", "/now"] {
            let answer = connection.get(uri, true).unwrap();
            assert_eq!((answer.status, answer.protocol_status), (200, 0));
            assert!(answer.head.contains("content-length: "), "{}", answer.head);
        }
        assert_eq!(connection.get("/now", false).unwrap().status, 200);
        assert!(connection.is_closed());
    }
    let seen = server.wait_for("requests are counted", |seen| seen.requests == 8);
    assert_eq!(seen.arbiter_pid, u64::from(server.child.id()));
    let by_threads: u64 =
        seen.workers.iter().flat_map(|worker| &worker.threads).map(|thread| thread.requests).sum();
    assert_eq!(by_threads, 2);
    assert_eq!(fs::read_to_string(server.path("pid")).unwrap(), format!("{}\n", server.child.id()));
}

/// Front servers keep connections, so whoever accepts them has the work.
fn connections_spread_over_workers() {
    let server = Server::start(|_| {});
    let mut kept: Vec<_> = (0..16).map(|_| server.connect()).collect();
    for connection in &mut kept {
        assert_eq!(connection.get("/now", true).unwrap().status, 200);
    }
    let seen = server.wait_for("all are held", |seen| {
        seen.workers.iter().map(|worker| worker.connections).sum::<u64>() == 16
    });
    for worker in &seen.workers {
        assert!((6..=10).contains(&worker.connections), "{seen:?}");
    }
}

fn term_finishes_what_has_begun() {
    let mut server = Server::start(|_| {});
    let mut waiting = server.connect();
    waiting.send(&get("/wait", true)).unwrap();
    server.wait_for("it is being worked on", |seen| seen.busy_threads() == 1);
    server.signal(Signal::SIGTERM);
    eventually("the socket is gone", || (!server.socket().exists()).then_some(()));
    server.wait_for("workers drain", |seen| ready(seen) == 0);
    server.release();
    assert_eq!(waiting.answer(1).unwrap().status, 200);
    assert!(waiting.is_closed());
    assert!(server.wait_exit().success());
    assert!(!server.path("pid").exists());
    assert_eq!(server.lines("flushed").len(), 2, "each worker flushes what it holds");
}

fn a_drain_that_takes_too_long_is_killed() {
    let mut server = Server::start(|settings| settings.drain_ms = 300);
    let mut waiting = server.connect();
    waiting.send(&get("/stuck", true)).unwrap();
    server.wait_for("it is being worked on", |seen| seen.busy_threads() == 1);
    server.signal(Signal::SIGTERM);
    assert!(waiting.is_closed());
    assert!(server.wait_exit().success());
    assert_eq!(server.snapshot().unwrap().kills, 1);
}

fn an_idle_connection_does_not_hold_a_drain() {
    let mut server = Server::start(|settings| settings.drain_ms = 600_000);
    let mut idle = server.connect();
    assert_eq!(idle.get("/now", true).unwrap().status, 200);
    server.signal(Signal::SIGTERM);
    assert!(idle.is_closed());
    assert!(server.wait_exit().success());
}

fn hup_replaces_workers_and_refuses_nobody() {
    let server = Server::start(|_| {});
    let before = server.ready_pids();
    let load = Load::start(&server.socket());
    for version in ["2", "3"] {
        server.set_boot(version);
        let old = server.ready_pids();
        server.signal(Signal::SIGHUP);
        server.wait_for("workers are replaced", |seen| {
            ready(seen) == 2 && !pids(seen).iter().any(|pid| old.contains(pid))
        });
        load.goes_on();
    }
    eventually("the old ones end", || (!before.iter().any(|pid| is_alive(*pid))).then_some(()));
    let answer = server.get("/thread").text();
    assert!(answer.ends_with(" 3"), "{answer}");
    let bodies = load.finish();
    for version in [" 1", " 2", " 3"] {
        assert!(bodies.iter().any(|body| body.ends_with(version)), "none of version{version}");
    }
}

fn hup_with_bad_settings_changes_nothing() {
    let server = Server::start(|_| {});
    let before = server.ready_pids();
    for boot in ["fail", "panic", "die"] {
        server.set_boot(boot);
        let failures = server.log().matches("reload failed").count();
        server.signal(Signal::SIGHUP);
        eventually("the failure is logged", || {
            (server.log().matches("reload failed").count() > failures).then_some(())
        });
        assert_eq!(server.ready_pids(), before);
    }
    assert!(server.log().contains("the settings are wrong on purpose"));
    assert!(server.get("/now").text().ends_with(" 1"));
    assert_eq!(server.lines("boots").len(), 2 + 3, "each reload tried once");
    server.set_boot("2");
    server.signal(Signal::SIGHUP);
    server.wait_for("a good one still works", |seen| {
        ready(seen) == 2 && !pids(seen).iter().any(|pid| before.contains(pid))
    });
}

fn hup_can_change_the_number_of_workers() {
    let server = Server::start(|_| {});
    for count in [4, 1] {
        server.set_boot(&format!("2 {count}"));
        server.signal(Signal::SIGHUP);
        server.wait_for("the number is new", |seen| {
            ready(seen) == count && seen.workers.len() == count
        });
        eventually("it is over", || {
            (server.log().matches(" reloaded").count() == if count == 4 { 1 } else { 2 })
                .then_some(())
        });
    }
}

fn a_killed_worker_is_replaced() {
    let server = Server::start(|_| {});
    let before = server.ready_pids();
    signal_worker(before[0], Signal::SIGKILL);
    let seen = server.wait_for("another one serves", |seen| {
        ready(seen) == 2 && !pids(seen).contains(&before[0])
    });
    assert!(pids(&seen).contains(&before[1]));
    assert_eq!(seen.respawns, 1);
    assert_eq!(server.get("/thread").status, 200);
}

fn a_worker_told_to_end_is_replaced() {
    let server = Server::start(|settings| settings.workers = 1);
    let before = server.ready_pids();
    let mut waiting = server.connect();
    waiting.send(&get("/wait", true)).unwrap();
    server.wait_for("it is being worked on", |seen| seen.busy_threads() == 1);
    signal_worker(before[0], Signal::SIGTERM);
    server.wait_for("another one serves", |seen| ready(seen) == 1 && seen.workers.len() == 2);
    server.release();
    assert_eq!(waiting.answer(1).unwrap().status, 200, "what has begun is finished");
    let seen = server.wait_for("it has ended", |seen| seen.workers.len() == 1);
    assert_eq!((seen.respawns, seen.kills), (0, 0));
}

fn a_boot_failure_stops_the_server() {
    for (boot, reason) in [
        ("fail", "the settings are wrong on purpose"),
        ("panic", "the worker panicked while it booted"),
        ("die", "exited with status 9"),
    ] {
        let mut server = Server::start_with(boot, |_| {}, |_| {});
        assert_eq!(server.wait_exit().code(), Some(1));
        let log = server.log();
        assert!(log.contains("error: a worker could not start: "), "{log}");
        assert!(log.contains(reason), "{log}");
        assert!(server.lines("boots").len() <= 2, "no worker is started twice");
        assert!(!server.socket().exists() && !server.path("pid").exists());
    }
}

fn a_server_that_has_served_tries_again_for_ever() {
    for boot in ["fail", "panic", "die"] {
        let mut server = Server::start(|_| {});
        server.set_boot(boot);
        for pid in server.ready_pids() {
            signal_worker(pid, Signal::SIGKILL);
        }
        let boots = server.lines("boots").len();
        let mut tried_again = || {
            let before = server.lines("boots").len();
            eventually("a worker is tried again", || {
                assert!(server.child.try_wait().unwrap().is_none(), "{boot}: {}", server.log());
                (server.lines("boots").len() > before).then_some(())
            });
        };
        tried_again();
        tried_again();
        // Told to load the settings anew it does so, without a worker that goes on with the old ones.
        server.signal(Signal::SIGHUP);
        eventually("that has failed", || server.log().contains("reload failed").then_some(()));
        let is_told = || server.log().contains("a worker could not start: ").then_some(());
        eventually("that a worker could not start is told", is_told);
        server.set_boot("2");
        server.wait_for("all serve again", |seen| ready(seen) == 2);
        assert!(server.get("/now").text().ends_with(" 2"), "{boot}");
        assert!(server.lines("boots").len() < boots + 40, "{boot}: there are pauses");
    }
}

fn workers_come_and_go_by_signal() {
    let server = Server::start(|_| {});
    let before = server.ready_pids();
    server.signal(Signal::SIGTTIN);
    let seen = server.wait_for("one more", |seen| ready(seen) == 3);
    assert!(before.iter().all(|pid| pids(&seen).contains(pid)));
    for count in [2, 1] {
        server.signal(Signal::SIGTTOU);
        server.wait_for("one fewer", |seen| ready(seen) == count && seen.workers.len() == count);
    }
    let last = server.ready_pids();
    server.signal(Signal::SIGTTOU);
    eventually("that was heard", || {
        (server.log().matches(" 1 workers").count() == 2).then_some(())
    });
    server.signal(Signal::SIGTTIN);
    let seen = server.wait_for("the last one stays", |seen| ready(seen) == 2);
    assert!(pids(&seen).contains(&last[0]));
}

fn usr1_reopens_logs_everywhere() {
    let server = Server::start(|_| {});
    let mut expected: Vec<String> = server.ready_pids().iter().map(ToString::to_string).collect();
    let mut direct = expected.clone();
    expected.push(server.child.id().to_string());
    expected.sort();
    server.signal(Signal::SIGUSR1);
    eventually("all have reopened", || {
        let mut lines = server.lines("reopened");
        lines.sort();
        (lines == expected).then_some(())
    });
    signal_worker(server.ready_pids()[0], Signal::SIGUSR1);
    direct.truncate(1);
    eventually("one by itself", || {
        (server.lines("reopened").iter().filter(|line| direct.contains(line)).count() == 2)
            .then_some(())
    });
}

fn usr2_replaces_the_program() {
    let mut server = Server::start(|_| {});
    let old = server.ready_pids();
    let old_arbiter = server.child.id();
    let load = Load::start(&server.socket());
    server.signal(Signal::SIGUSR2);
    assert!(server.wait_exit().success());
    let seen = server.wait_for("a new arbiter serves", |seen| {
        seen.arbiter_pid != u64::from(old_arbiter) && ready(seen) == 2
    });
    assert!(!pids(&seen).iter().any(|pid| old.contains(pid)));
    assert!(server.socket().exists());
    let pid = fs::read_to_string(server.path("pid")).unwrap();
    assert_eq!(pid.trim(), seen.arbiter_pid.to_string());
    let bodies = load.finish();
    assert!(bodies.iter().any(|body| pids(&seen).contains(&served_by(body))));
    assert!(bodies.iter().any(|body| old.contains(&served_by(body))));

    signal_worker(seen.arbiter_pid, Signal::SIGTERM);
    eventually("the new one ends too", || (!is_alive(seen.arbiter_pid)).then_some(()));
    assert!(!server.socket().exists() && !server.path("pid").exists());
}

fn usr2_that_fails_changes_nothing() {
    let server = Server::start(|_| {});
    let before = server.ready_pids();
    server.set_boot("fail");
    server.signal(Signal::SIGUSR2);
    eventually("the failure is logged", || {
        server.log().contains("before it served; going on").then_some(())
    });
    assert!(before.iter().all(|pid| is_alive(*pid)));
    assert_eq!(server.ready_pids(), before, "the scoreboard is still the old one's");
    let pid = fs::read_to_string(server.path("pid")).unwrap();
    assert_eq!(pid.trim(), server.child.id().to_string());
    let mut names: Vec<_> = fs::read_dir(server.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["boot", "boots", "log", "pid", "scoreboard", "socket"]);
    let answer = server.get("/thread");
    assert_eq!(answer.status, 200);
    assert!(before.contains(&served_by(&answer.text())));
}

fn a_panic_is_a_500_and_a_new_worker() {
    let server = Server::start(|_| {});
    let before = server.ready_pids();
    let mut other = server.connect();
    assert_eq!(other.get("/now", true).unwrap().status, 200);
    assert_eq!(server.get("/panic").status, 500);
    let seen = server.wait_for("one is replaced", |seen| {
        ready(seen) == 2 && pids(seen).iter().filter(|pid| before.contains(pid)).count() == 1
    });
    assert_eq!(seen.panics, 1);
}

fn a_deadline_is_first_asked_then_enforced() {
    let server = Server::start(|settings| {
        settings.request_deadline_ms = 50;
        settings.cancel_grace_ms = 400;
        settings.kill_grace_ms = 3000;
    });
    let before = server.ready_pids();
    assert_eq!(server.get("/wait").status, 504, "a request that listens is called off");
    assert_eq!(server.ready_pids(), before);
    let mut stuck = server.connect();
    stuck.send(&get("/stuck", true)).unwrap();
    let seen = server.wait_for("its worker drains and another one serves", |seen| {
        ready(seen) == 2 && seen.workers.iter().any(|worker| worker.state == WorkerState::Draining)
    });
    assert_eq!(seen.kills, 0, "it is not killed at once");
    assert!(stuck.is_closed());
    server.wait_for("it is killed in the end", |seen| seen.kills == 1 && seen.workers.len() == 2);
}

fn half_headers_hold_no_thread() {
    let server = Server::start(|_| {});
    let mut kept = Vec::new();
    for _ in 0..400 {
        let mut connection = server.connect();
        assert_eq!(connection.get("/now", true).unwrap().status, 200);
        let mut half = begin(2, true);
        half.extend_from_slice(&params(2, &[("REQUEST_METHOD", "GET")])[..11]);
        connection.send(&half).unwrap();
        kept.push(connection);
    }
    server.wait_for("all are held", |seen| {
        seen.workers.iter().map(|worker| worker.connections).sum::<u64>() == 400
    });
    assert_eq!(server.snapshot().unwrap().busy_threads(), 0);
    let started = Instant::now();
    for _ in 0..100 {
        assert_eq!(server.get("/thread").status, 200);
    }
    let took = started.elapsed();
    assert!(took < PATIENCE / 3, "100 requests took {took:?}");
    assert_eq!(server.snapshot().unwrap().overloads, 0);
    // What was begun can still be finished.
    let mut rest = params(2, &[("REQUEST_METHOD", "GET")])[11..].to_vec();
    rest.extend([1, 5, 0, 2, 0, 0, 0, 0]);
    kept[399].send(&rest).unwrap();
    assert_eq!(kept[399].answer(2).unwrap().status, 200);
}

fn overload_is_503_with_retry_after() {
    let server = Server::start(|settings| {
        settings.workers = 1;
        settings.queue_len = 3;
    });
    let mut waiting: Vec<_> = (0..5).map(|_| server.connect()).collect();
    for (count, connection) in waiting.iter_mut().enumerate() {
        connection.send(&get("/wait", true)).unwrap();
        server.wait_for("it is taken", |seen| {
            seen.requests == count as u64 + 1 && seen.busy_threads() == (count + 1).min(2)
        });
    }
    let answer = server.get("/thread");
    assert_eq!((answer.status, answer.protocol_status), (503, 0));
    assert!(answer.head.contains("retry-after: "), "{}", answer.head);
    assert!(!answer.body.is_empty());
    assert_eq!(server.get("/now").status, 200, "what needs no thread is still answered");
    assert_eq!(server.snapshot().unwrap().overloads, 1);
    server.release();
    for connection in &mut waiting {
        assert_eq!(connection.answer(1).unwrap().status, 200);
    }
}

fn systemd_hands_sockets_over_and_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let notify_dir = tempfile::tempdir().unwrap();
    let notify_path = notify_dir.path().join("notify");
    let notify = UnixDatagram::bind(&notify_path).unwrap();
    notify.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut server = Server::start_with(
        "1",
        |settings| settings.listen.clear(),
        |command| {
            let program = command.get_program().to_owned();
            // The shell knows the process id that systemd would have told.
            *command = Command::new("/bin/sh");
            command
                .args(["-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" 3<&0 0</dev/null"])
                .arg(program)
                .env("NOTIFY_SOCKET", &notify_path)
                .env("WATCHDOG_USEC", "200000")
                .stdin(Stdio::from(OwnedFd::from(listener)));
        },
    );
    let told = |what: &str| {
        eventually(what, || {
            let mut message = [0; 256];
            let count = notify.recv(&mut message).unwrap();
            String::from_utf8_lossy(&message[..count]).contains(what).then_some(())
        });
    };
    told("READY=1");
    assert_eq!(Connection::tcp(&address).unwrap().get("/now", false).unwrap().status, 200);
    assert!(server.log().contains(&format!("listening on {address}")));
    told("WATCHDOG=1");
    server.signal(Signal::SIGHUP);
    told("RELOADING=1");
    told("READY=1");
    server.signal(Signal::SIGTERM);
    told("STOPPING=1");
    assert!(server.wait_exit().success());
}

fn workers_are_recycled_by_count() {
    let server = Server::start(|settings| settings.max_requests = 200);
    let before = server.ready_pids();
    let load = Load::start(&server.socket());
    server.wait_for("both are replaced", |seen| {
        ready(seen) == 2 && !pids(seen).iter().any(|pid| before.contains(pid))
    });
    let served = load.finish();
    assert!(served.len() > 300, "{} requests were enough for two workers", served.len());
    assert_eq!(server.snapshot().unwrap().respawns, 0, "recycling is no failure");
}

fn workers_are_recycled_by_memory() {
    let server = Server::start_with("1", |settings| settings.max_worker_memory_bytes = 1, |_| {});
    let seen = server.wait_for("somebody serves", |seen| ready(seen) > 0);
    let first = pids(&seen)[0];
    server.wait_for("it is replaced", |seen| ready(seen) > 0 && !pids(seen).contains(&first));
    assert!(server.log().contains("above its memory ceiling"));
    assert_eq!(server.get("/thread").status, 200);
}

fn workers_do_not_outlive_the_arbiter() {
    let mut server = Server::start(|_| {});
    let workers = server.ready_pids();
    let mut waiting = server.connect();
    waiting.send(&get("/wait", true)).unwrap();
    server.wait_for("it is being worked on", |seen| seen.busy_threads() == 1);
    server.signal(Signal::SIGKILL);
    server.wait_exit();
    eventually("the idle one ends", || {
        (workers.iter().filter(|pid| is_alive(**pid)).count() == 1).then_some(())
    });
    server.release();
    assert_eq!(waiting.answer(1).unwrap().status, 200);
    eventually("the other one ends", || workers.iter().all(|pid| !is_alive(*pid)).then_some(()));
}

/// 15 threads each, as by default. What the program itself brings along is not in this.
fn an_idle_pool_is_small() {
    let server = Server::start(|settings| settings.threads = 15);
    for _ in 0..20 {
        assert_eq!(server.get("/thread").status, 200);
    }
    let mut sum_kb = pss_kb(u64::from(server.child.id()));
    for pid in server.ready_pids() {
        sum_kb += pss_kb(pid);
    }
    println!("  {} KB for the arbiter and two workers", sum_kb);
    assert!(sum_kb < 20 << 10, "{sum_kb} KB");
}

fn pss_kb(pid: u64) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The process id at the start of a body.
fn served_by(body: &str) -> u64 {
    body.split(' ').next().unwrap().parse().unwrap()
}

fn signal_worker(pid: u64, signal: Signal) {
    assert!(pid > 1, "no process, but a group of them");
    kill(Pid::from_raw(i32::try_from(pid).unwrap()), signal).unwrap();
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    thread::yield_now();
    address
}
