//! Signals, dead workers and slow connections, seen from clients of the front servers.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::config::Config;
use crate::support::fcgi;
use crate::support::fixture::write_jpeg;
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::Pool;
use crate::support::http::{self, Client};
use crate::support::process::is_alive;
use crate::support::wait;

const PICTURE: &str = "/image?src=photo.jpg&width=200";

fn library(images: &Path) {
    write_jpeg(&images.join("photo.jpg"), 900, 600);
    write_jpeg(&images.join("large.jpg"), 3000, 2400);
}

fn pool() -> Pool {
    Pool::start(library, |config| config)
}

/// Asks for pictures from four threads while `action` runs; every answer has to be 200.
fn under_load(kind: Kind, front: &Front, action: impl FnOnce(&AtomicUsize)) {
    let stop = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (stop, answered) = (&stop, &answered);
                scope.spawn(move || load(front.http(), client, stop, answered))
            })
            .collect();
        action(&answered);
        stop.store(true, Ordering::SeqCst);
        for client in clients {
            let failed = client.join().unwrap();
            assert!(failed.is_empty(), "{kind:?}: {failed:?}\n{}", front.errors());
        }
    });
}

fn load(addr: SocketAddr, client: usize, stop: &AtomicBool, answered: &AtomicUsize) -> Vec<String> {
    let mut failed = Vec::new();
    let mut connection = Client::connect(addr).unwrap();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        // Mostly cached ones, some that have to be made.
        let width = if number % 10 == 0 { 100 + (client * 97 + number) % 700 } else { 200 };
        match connection.get(&format!("/image?src=photo.jpg&width={width}")) {
            Ok(response) => {
                if response.status != 200 {
                    failed.push(format!("request {number}: {}", response.status));
                }
                if !response.kept {
                    connection = Client::connect(addr).unwrap();
                }
            }
            Err(error) => {
                failed.push(format!("request {number}: {error}"));
                connection = Client::connect(addr).unwrap();
            }
        }
        answered.fetch_add(1, Ordering::SeqCst);
    }
    failed
}

fn wait_for_more(answered: &AtomicUsize, more: usize) {
    let start = answered.load(Ordering::SeqCst);
    wait::until("more answers", || answered.load(Ordering::SeqCst) >= start + more);
}

#[test]
fn new_settings_lose_no_request() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        assert_eq!(http::get(front.http(), PICTURE).unwrap().status, 200);
        under_load(kind, &front, |answered| {
            for _ in 0..3 {
                wait_for_more(answered, 50);
                let before: BTreeSet<i32> = pool.workers().into_iter().collect();
                assert_eq!(before.len(), 2, "{kind:?}: {before:?}");
                pool.signal(Signal::SIGHUP);
                wait::until("both workers are new", || {
                    let now: BTreeSet<i32> = pool.workers().into_iter().collect();
                    now.len() == 2 && now.is_disjoint(&before)
                });
            }
            wait_for_more(answered, 50);
        });
    }
}

#[test]
fn a_replaced_program_loses_no_request() {
    let mut pool = pool();
    let old = pool.pid();
    let pid_file = pool.run_dir().join("halftone.pid");
    let written = || fs::read_to_string(&pid_file).ok()?.trim().parse::<i32>().ok();
    let front = Front::start(Kind::Nginx, &pool.socket());
    under_load(Kind::Nginx, &front, |answered| {
        wait_for_more(answered, 50);
        pool.signal(Signal::SIGUSR2);
        wait::until("the new program serves", || written().is_some_and(|pid| pid != old));
        assert!(pool.arbiter().wait().success(), "{}", pool.output());
        wait_for_more(answered, 50);
    });
    // Nobody else would end it: it is not this test's child.
    let new = written().unwrap();
    kill(Pid::from_raw(new), Signal::SIGTERM).unwrap();
    wait::until("the new program ends", || !is_alive(new));
}

#[test]
fn a_killed_worker_is_replaced() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let before = pool.workers();
        kill(Pid::from_raw(before[0]), Signal::SIGKILL).unwrap();
        wait::until("a new worker stands in", || {
            let now = pool.workers();
            now.len() == 2 && !now.contains(&before[0])
        });
        for _ in 0..20 {
            assert_eq!(http::get(front.http(), PICTURE).unwrap().status, 200, "{kind:?}");
        }
    }
}

/// Whether any request thread of the pool is at work, by the processor time of its workers.
fn worker_ticks(pool: &Pool) -> u64 {
    pool.workers().iter().map(|pid| ticks(*pid)).sum()
}

/// User and system time of a process in clock ticks.
fn ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(") ") else { return 0 };
    rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

#[test]
fn requests_in_flight_are_finished_before_the_end() {
    for kind in BOTH {
        let patient =
            |config: Config| config.raw("drain_s", "300").raw("request_deadline_s", "300");
        let mut pool = Pool::start(library, patient);
        let front = Front::start(kind, &pool.socket());
        let addr = front.http();
        let mut client = Client::connect(addr).unwrap();
        let idle = worker_ticks(&pool);
        // Seven megapixels without a smaller size to decode to: a second of work or more.
        client.send("GET", b"/image?src=large.jpg&angle=7&format=png", &[], b"").unwrap();
        wait::until("a worker is at it", || worker_ticks(&pool) > idle + 5);
        pool.signal(Signal::SIGTERM);
        let response = client.receive(false).unwrap();
        assert_eq!(response.status, 200, "{kind:?}: {}{}", front.errors(), pool.output());
        assert_eq!(response.header("content-type"), Some("image/png"), "{kind:?}");
        let status = pool.arbiter().wait();
        assert!(status.success(), "{kind:?}: {status}\n{}", pool.output());
        assert!(!pool.socket().exists(), "{kind:?}: the socket is left behind");
    }
}

#[test]
fn the_end_leaves_no_process_behind() {
    let mut pool = pool();
    let workers = pool.workers();
    assert_eq!(workers.len(), 2);
    pool.signal(Signal::SIGTERM);
    assert!(pool.arbiter().wait().success(), "{}", pool.output());
    assert!(!workers.into_iter().any(is_alive));
}

#[test]
fn workers_end_with_a_killed_arbiter() {
    let mut pool = pool();
    let workers = pool.workers();
    pool.signal(Signal::SIGKILL);
    pool.arbiter().wait();
    wait::until("the workers end", || !workers.iter().copied().any(is_alive));
}

#[test]
fn half_sent_requests_delay_nobody() {
    let pool = pool();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let mut client = Client::connect(front.http()).unwrap();
        assert_eq!(client.get(PICTURE).unwrap().status, 200, "{kind:?}");
        let half: Vec<UnixStream> = (0..400)
            .map(|_| {
                let mut stream = pool.connect();
                fcgi::exchange(&mut stream, PICTURE).unwrap();
                stream.write_all(&fcgi::get_request(PICTURE)[..5]).unwrap();
                stream
            })
            .collect();
        let start = Instant::now();
        for _ in 0..100 {
            assert_eq!(client.get(PICTURE).unwrap().status, 200, "{kind:?}");
        }
        let taken = start.elapsed();
        // Cached pictures take well under a millisecond; a thread pool that was held up would show
        // in seconds.
        assert!(taken < Duration::from_secs(5), "{kind:?}: {taken:?}");
        drop(half);
    }
}
