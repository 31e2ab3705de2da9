//! How long clients wait for pictures while memcached is well, slow, silent and gone. The pictures are so
//! small that making one anew takes no time to speak of: what is seen is the waiting.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::config::Config;
use crate::support::fixture::write_jpeg;
use crate::support::front::{Front, Kind};
use crate::support::halftone::Pool;
use crate::support::http::Client;
use crate::support::memcached::Memcached;
use crate::support::relay::{Manner, Relay};
use crate::verdict;

/// Clients, each with a pause between its requests.
const CLIENTS: usize = 32;
const PAUSE: Duration = Duration::from_millis(20);

/// Different pictures, all of which memcached holds at first.
const PICTURES: usize = 64;

/// How long a slow memcached holds back each piece.
const SLOW: Duration = Duration::from_millis(200);

/// The time that one request may wait for memcached in all.
const BOUND_MS: u64 = 50;

/// How long 99 of 100 requests may take, whatever memcached does.
const P99_GOAL_MS: f64 = 50.0;

/// Measures each state of memcached in turn, on one pool, without a memory tier.
pub fn run(time: Duration) {
    println!(
        "\nmemcached that fails, nginx, 2 workers, no memory tier, {CLIENTS} clients with pauses of {} ms, \
         {} s each; a request may wait {BOUND_MS} ms for memcached in all, and one that fails ends this",
        PAUSE.as_millis(),
        time.as_secs()
    );
    let memcached = Memcached::start();
    let relay = Relay::start(&memcached.address());
    let list = format!("['{}']", relay.address());
    let pool = Pool::start_alone(library, |config: Config| {
        config
            .raw("memcached_servers", &list)
            .raw("memcached_timeout_ms", &BOUND_MS.to_string())
            .raw("memory_cache_mb", "0")
            .raw("edge_cache_s", "0")
    });
    let front = Front::start(Kind::Nginx, &pool.socket());
    let mut client = Client::connect(front.http()).unwrap();
    for picture in 0..PICTURES {
        assert_eq!(client.get(&target(picture)).unwrap().status, 200);
    }
    // The longest while memcached is well: what a request takes besides waiting for it.
    let mut well_ms = None;
    for (name, manner) in [
        ("well", Manner::Through),
        ("slow", Manner::Slow(SLOW)),
        ("silent", Manner::HalfOpen),
        ("gone", Manner::Gone),
        ("well again", Manner::Through),
    ] {
        relay.set(manner);
        let seen = print(name, load(front.http(), time));
        relay.set(Manner::Gone);
        println!("{:12}p99, goal ≤ {P99_GOAL_MS} ms: {}", "", verdict(seen.p99_ms <= P99_GOAL_MS));
        let Some(well_ms) = well_ms else {
            well_ms = Some(seen.longest_ms);
            continue;
        };
        let longer_ms = seen.longest_ms - well_ms;
        println!(
            "{:12}longest {longer_ms:.1} ms above that while it is well, goal ≤ {BOUND_MS} ms: {}",
            "",
            verdict(longer_ms <= BOUND_MS as f64)
        );
    }
}

fn library(images: &Path) {
    write_jpeg(&images.join("small.jpg"), 90, 60);
}

fn target(picture: usize) -> String {
    format!("/image?src=small.jpg&width={}", 10 + picture % PICTURES)
}

/// Times of all requests.
fn load(addr: SocketAddr, time: Duration) -> Vec<Duration> {
    let (stop, all) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (stop, all) = (&stop, &all);
            scope.spawn(move || {
                let times = ask(addr, client, stop);
                all.lock().unwrap().extend(times);
            });
        }
        std::thread::sleep(time);
        stop.store(true, Ordering::SeqCst);
    });
    all.into_inner().unwrap()
}

fn ask(addr: SocketAddr, number: usize, stop: &AtomicBool) -> Vec<Duration> {
    let mut client = Client::connect(addr).unwrap();
    let mut times = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let start = Instant::now();
        let response = client.get(&target(number * 7 + times.len())).unwrap();
        times.push(start.elapsed());
        assert_eq!(response.status, 200, "{}", response.text());
        if !response.kept {
            client = Client::connect(addr).unwrap();
        }
        std::thread::sleep(PAUSE);
    }
    times
}

/// What there is a goal for.
struct Seen {
    p99_ms: f64,
    longest_ms: f64,
}

fn print(name: &str, mut times: Vec<Duration>) -> Seen {
    times.sort_unstable();
    let ms = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    let seen = Seen { p99_ms: ms(0.99), longest_ms: ms(1.0) };
    println!(
        "{name:>10}: {:6} answered, median {:6.1} ms, p99 {:6.1} ms, p99.9 {:6.1} ms, longest {:6.1} ms",
        times.len(),
        ms(0.5),
        seen.p99_ms,
        ms(0.999),
        seen.longest_ms
    );
    seen
}
