//! Threads, two openings that stand for two processes, real second processes, and two hosts.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use nix::sys::signal::Signal;

use super::*;
use crate::cache::testing::{RealMemcached, options, second_process, wait_for};
use crate::cache::{Cache, CacheOptions, DiskOptions, SharedOptions};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(60);

fn key(text: &str) -> Key {
    Key::new(text.into())
}

fn entry() -> Entry {
    Entry::new("image/png", Bytes::from_static(b"picture"))
}

fn lead(flights: &Flights, text: &str) -> Guard {
    match flights.join(&key(text), LONG) {
        Flight::Lead(guard) => guard,
        other => panic!("{other:?}"),
    }
}

/// Starts threads that join, and returns once all of them wait.
fn followers<'a>(
    scope: &'a std::thread::Scope<'a, '_>,
    flights: &'a Flights,
    count: usize,
) -> Vec<std::thread::ScopedJoinHandle<'a, Flight>> {
    let handles = (0..count).map(|_| scope.spawn(|| flights.join(&key("a"), LONG))).collect();
    wait_for("all followers wait", || {
        let known = lock(&flights.0.known);
        // The map, the leader's guard, and one for each follower.
        (Arc::strong_count(&known.flying["a"]) == count + 2).then_some(())
    });
    handles
}

#[test]
fn threads_that_ask_meanwhile_get_the_leaders_entry() {
    let dir = tempfile::tempdir().unwrap();
    let flights = Flights::open(dir.path(), None).unwrap();
    std::thread::scope(|scope| {
        let guard = lead(&flights, "a");
        let followers = followers(scope, &flights, 14);
        guard.finish(&entry());
        for follower in followers {
            let flight = follower.join().unwrap();
            assert!(matches!(&flight, Flight::Made(made) if *made == entry()), "{flight:?}");
        }
    });
    assert_eq!(flights.flying(), 0);
}

#[test]
fn a_failure_is_told_to_all_who_wait_and_for_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let flights = Flights::open(dir.path(), None).unwrap();
    let failure = Failure { kind: 415, message: "not a picture".into() };
    let start = std::thread::scope(|scope| {
        let guard = lead(&flights, "a");
        let followers = followers(scope, &flights, 3);
        let start = Instant::now();
        guard.fail(failure.clone());
        for follower in followers {
            let flight = follower.join().unwrap();
            assert!(matches!(&flight, Flight::Failed(told) if *told == failure), "{flight:?}");
        }
        start
    });
    drop(lead(&flights, "another key"));
    wait_for("the failure is forgotten", || match flights.join(&key("a"), LONG) {
        Flight::Failed(told) => {
            assert_eq!(told, failure);
            None
        }
        Flight::Lead(_) => Some(()),
        other => panic!("{other:?}"),
    });
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn a_leader_without_a_result_lets_the_next_one_try() {
    let dir = tempfile::tempdir().unwrap();
    let flights = Flights::open(dir.path(), None).unwrap();
    std::thread::scope(|scope| {
        let guard = lead(&flights, "a");
        let followers = followers(scope, &flights, 2);
        drop(guard);
        for follower in followers {
            assert!(matches!(follower.join().unwrap(), Flight::Follow));
        }
    });
    drop(lead(&flights, "a"));
}

#[test]
fn waiting_is_bounded_in_and_between_processes() {
    let dir = tempfile::tempdir().unwrap();
    let one = Flights::open(dir.path(), None).unwrap();
    let two = Flights::open(dir.path(), None).unwrap();
    let guard = lead(&one, "a");
    for flights in [&one, &two] {
        let start = Instant::now();
        assert!(matches!(flights.join(&key("a"), SHORT), Flight::TimedOut));
        assert!(start.elapsed() >= SHORT);
    }
    drop(lead(&two, "another key is free"));
    drop(guard);
    drop(lead(&two, "a"));
    assert_eq!((one.flying(), two.flying()), (0, 0));
}

/// Plays both parts: the test, and its second process, which leads until it is killed.
#[test]
fn a_leader_that_is_killed_frees_its_key() {
    const DIR: &str = "HALFTONE_TEST_FLIGHT";
    if let Some(dir) = std::env::var_os(DIR) {
        let dir = Path::new(&dir);
        let flights = Flights::open(dir, None).unwrap();
        let _guard = lead(&flights, "a");
        std::fs::write(dir.join("leading"), "").unwrap();
        loop {
            sleep(LONG);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let test = "cache::flight::tests::a_leader_that_is_killed_frees_its_key";
    let other = second_process(test, DIR, dir.path());
    wait_for("the other process leads", || dir.path().join("leading").exists().then_some(()));
    let flights = Flights::open(dir.path(), None).unwrap();
    assert!(matches!(flights.join(&key("a"), SHORT), Flight::TimedOut));
    other.signal(Signal::SIGKILL);
    drop(lead(&flights, "a"));
}

#[test]
fn many_threads_of_many_processes_make_each_picture_once() {
    let dir = tempfile::tempdir().unwrap();
    let made = AtomicUsize::new(0);
    let processes: Vec<(Cache, Flights)> = (0..3)
        .map(|_| {
            let disk = DiskOptions { folder: dir.path().join("cache"), cap_bytes: 1 << 20 };
            let shared = SharedOptions::Disk(disk);
            let cache = Cache::open(&CacheOptions { memory_bytes: 1 << 20, shared }).unwrap();
            (cache, Flights::open(dir.path(), None).unwrap())
        })
        .collect();
    let ask = |cache: &Cache, flights: &Flights, key: &Key| loop {
        if let Some(entry) = cache.get(key) {
            return entry;
        }
        match flights.join(key, LONG) {
            Flight::Lead(guard) => {
                let entry = cache.get(key).unwrap_or_else(|| {
                    made.fetch_add(1, Ordering::SeqCst);
                    sleep(Duration::from_millis(5));
                    cache.put(key, &entry());
                    entry()
                });
                guard.finish(&entry);
                return entry;
            }
            Flight::Made(entry) => return entry,
            Flight::Follow => {}
            other => panic!("{other:?}"),
        }
    };
    std::thread::scope(|scope| {
        for (cache, flights) in &processes {
            for _ in 0..5 {
                scope.spawn(move || {
                    for n in 0..20 {
                        assert_eq!(ask(cache, flights, &key(&format!("picture {n}"))), entry());
                    }
                });
            }
        }
    });
    assert_eq!(made.load(Ordering::SeqCst), 20);
}

fn hosts(server: &RealMemcached) -> [(tempfile::TempDir, Flights); 2] {
    [(); 2].map(|()| {
        let dir = tempfile::tempdir().unwrap();
        let memcached = Arc::new(Memcached::open(&options(&[&server.address])).unwrap());
        let flights = Flights::open(dir.path(), Some(memcached)).unwrap();
        (dir, flights)
    })
}

#[test]
fn another_host_waits_for_the_lease_to_be_given_back() {
    let server = RealMemcached::start();
    let [(_a, one), (_b, two)] = hosts(&server);
    let guard = lead(&one, "a");
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let guard = lead(&two, "a");
            assert!(finished.load(Ordering::SeqCst), "it did not wait");
            drop(guard);
            Instant::now()
        });
        sleep(Duration::from_millis(300));
        finished.store(true, Ordering::SeqCst);
        let given_back = Instant::now();
        guard.finish(&entry());
        let waited = other.join().unwrap() - given_back;
        assert!(waited < LEASE_WAIT - Duration::from_millis(500), "{waited:?}");
    });
    assert_eq!(server.keys(), [""; 0], "both leases were given back");
}

#[test]
fn a_lease_delays_but_never_blocks() {
    let server = RealMemcached::start();
    let [(_a, one), (_b, two)] = hosts(&server);
    let guard = lead(&one, "a");
    let start = Instant::now();
    drop(lead(&two, "a"));
    assert!(start.elapsed() >= LEASE_WAIT, "{:?}", start.elapsed());
    assert!(start.elapsed() < LEASE_WAIT * 2, "{:?}", start.elapsed());
    assert_eq!(server.keys().len(), 1, "the lease is still the first host's");
    drop(guard);
}

#[test]
fn without_memcached_there_is_no_wait() {
    let server = RealMemcached::start();
    let [(_a, flights), _] = hosts(&server);
    drop(server);
    let start = Instant::now();
    drop(lead(&flights, "a"));
    assert!(start.elapsed() < Duration::from_millis(1_500), "{:?}", start.elapsed());
}
