//! What a cached picture of 45 KB costs in each tier: look-ups and stores, one thread.
//!
//! `cargo bench --bench cache`. Needs memcached installed; starts one of its own on a Unix socket
//! and one on a port of the loopback, in a temporary folder.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use halftone::cache::flight::{Lead, Turn};
use halftone::cache::{
    Cache, CacheOptions, DiskOptions, Entry, Flights, Key, MemcachedOptions, MemcachedServer,
    SharedOptions,
};
use halftone::pixel::Cancel;
use halftone::process::slots::{Slots, SlotsOptions};

const BODY_BYTES: usize = 45_000;
const ENTRIES: usize = 500;
const ROUNDS: usize = 9;

/// A child process that ends with its value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().expect("the server runs");
        self.0.wait().expect("the server ends");
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{ENTRIES} entries of {BODY_BYTES} bytes, {ROUNDS} rounds, median µs per call");
    println!("{:<22}{:>10}{:>10}", "tier", "get", "put");
    tier("memory", 1 << 30, SharedOptions::None);
    let disk = DiskOptions { folder: folder.path().join("cache"), cap_bytes: 1 << 30 };
    tier("disk", 0, SharedOptions::Disk(disk));
    let socket = folder.path().join("socket").to_str().expect("a plain path").to_owned();
    let _unix = start(&["-s", &socket], || UnixStream::connect(&socket).is_ok());
    tier("memcached, Unix socket", 0, memcached(socket.clone()));
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let address = format!("127.0.0.1:{port}");
    let arguments = ["-l", "127.0.0.1", "-p", &port.to_string()];
    let _tcp = start(&arguments, || TcpStream::connect(&address).is_ok());
    tier("memcached, TCP", 0, memcached(address.clone()));
    overhead(folder.path());
}

/// What the caches' surroundings cost when nobody is in the way.
fn overhead(folder: &std::path::Path) {
    let text = "1|installation|4711|1234567:1700000000000000000:3|w=400,h=300,format=jpg,q=80";
    println!("{:<22}{:>10.2}", "key", median(|_| drop(Key::new(text.into()))));
    let flights = Flights::open(folder, None).expect("a lock file");
    let flight = median(|n| {
        let Turn::Mine(claim) = flights.enter(&Key::new(format!("{n}"))) else {
            panic!("nobody else makes it")
        };
        assert!(matches!(claim.lead(Duration::ZERO, &|| true), Lead::Taken(_)));
    });
    println!("{:<22}{flight:>10.2}", "flight");
    let options =
        SlotsOptions { file: "slots.lock", count: 4, pixel_budget: 500_000_000, max_waiters: 15 };
    let slots = Slots::open(folder, &options).expect("a lock file");
    let slot = median(|_| {
        let slot = slots.acquire(6_000_000, Instant::now(), &Cancel::never());
        assert!(slot.is_ok());
    });
    println!("{:<22}{slot:>10.2}", "slot");
}

fn tier(name: &str, memory_bytes: u64, shared: SharedOptions) {
    let cache = Cache::open(&CacheOptions { memory_bytes, shared }).expect("usable options");
    let entry = Entry::new("image/jpeg", Bytes::from(vec![0x5a; BODY_BYTES]));
    let put = median(|n| cache.put(&key(n), &entry));
    let get =
        median(|n| assert_eq!(cache.get(&key(n)).map(|found| found.body.len()), Some(BODY_BYTES)));
    println!("{name:<22}{get:>10.2}{put:>10.2}");
}

fn key(n: usize) -> Key {
    Key::new(format!(
        "1|installation|{n}|1234567:1700000000000000000:3|w=400,h=300,format=jpg,q=80"
    ))
}

/// Median over the rounds of the mean time of a call, in µs. No two calls get the same number.
fn median(mut call: impl FnMut(usize)) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|round| {
            let start = Instant::now();
            (round * ENTRIES..(round + 1) * ENTRIES).for_each(&mut call);
            start.elapsed().as_secs_f64() * 1e6 / ENTRIES as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn memcached(address: String) -> SharedOptions {
    SharedOptions::Memcached(MemcachedOptions {
        servers: vec![MemcachedServer { address, weight: 1 }],
        timeout_ms: 1_000,
        ..MemcachedOptions::default()
    })
}

fn start(arguments: &[&str], ready: impl Fn() -> bool) -> Running {
    let mut command = Command::new("memcached");
    command.args(["-u", "root", "-U", "0", "-m", "1024"]).args(arguments);
    let server = Running(command.stdin(Stdio::null()).spawn().expect("memcached is installed"));
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < Duration::from_secs(10), "memcached does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    server
}
