//! The end of a pool and slow connections, seen from clients of the front servers.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::config::Config;
use crate::support::fcgi;
use crate::support::fixture::write_jpeg;
use crate::support::front::{BOTH, Front};
use crate::support::halftone::Pool;
use crate::support::http::Client;
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
        // Cached pictures take well under a millisecond; threads that were held up would be so for as long as
        // the connections are.
        assert!(taken < Duration::from_secs(20), "{kind:?}: {taken:?}");
        drop(half);
    }
}
