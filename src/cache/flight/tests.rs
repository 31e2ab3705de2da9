//! Threads, two openings that stand for two processes, real second processes, and two hosts.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use bytes::Bytes;
use nix::sys::signal::Signal;

use super::guard::LEASE_WAIT;
use super::*;
use crate::cache::Entry;
use crate::cache::testing::{RealMemcached, options, second_process, wait_for};
use crate::cache::{Cache, CacheOptions, DiskOptions, SharedOptions};
use tokio::sync::oneshot::{self, error::TryRecvError};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(60);

fn key(text: &str) -> Key {
    Key::new(text.into())
}

fn entry() -> Entry {
    Entry::new("image/png", Bytes::from_static(b"picture"))
}

/// What a request does, with a thread that waits as long.
#[derive(Debug)]
enum Joined {
    Lead(Guard),
    Made(Entry),
    Failed(Failure),
    /// There was an outcome, and nothing in it.
    Nothing,
    TimedOut,
}

fn join(flights: &Flights, key: &Key, wait: Duration) -> Joined {
    match flights.enter(key) {
        Turn::Mine(claim) => match claim.lead(wait, &|| true) {
            Lead::Taken(guard) => Joined::Lead(guard),
            Lead::Failed(failure) => Joined::Failed(failure),
            Lead::TimedOut => Joined::TimedOut,
        },
        Turn::Anothers(following) => follow(&following, following.landed(), wait),
        Turn::Failed(failure) => Joined::Failed(failure),
    }
}

fn follow(following: &Following, landed: oneshot::Receiver<()>, wait: Duration) -> Joined {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // Whether it was told or the time was over shows in the outcome.
    let _ = runtime.block_on(async { tokio::time::timeout(wait, landed).await });
    match following.outcome() {
        Some(Outcome::Made(entry)) => Joined::Made(entry),
        Some(Outcome::Failed(failure)) => Joined::Failed(failure),
        Some(Outcome::Nothing) => Joined::Nothing,
        None => Joined::TimedOut,
    }
}

fn lead(flights: &Flights, text: &str) -> Guard {
    match join(flights, &key(text), LONG) {
        Joined::Lead(guard) => guard,
        other => panic!("{other:?}"),
    }
}

/// Those who wait for what another makes.
fn followers(flights: &Flights, count: usize) -> Vec<(Following, oneshot::Receiver<()>)> {
    let enter = |_| match flights.enter(&key("a")) {
        Turn::Anothers(following) => {
            let landed = following.landed();
            (following, landed)
        }
        other => panic!("{other:?}"),
    };
    (0..count).map(enter).collect()
}

#[test]
fn all_who_ask_meanwhile_get_the_leaders_entry() {
    let dir = tempfile::tempdir().unwrap();
    let flights = Flights::open(dir.path(), None).unwrap();
    let guard = lead(&flights, "a");
    let followers = followers(&flights, 14);
    guard.finish(&entry());
    for (following, landed) in followers {
        let joined = follow(&following, landed, LONG);
        assert!(matches!(&joined, Joined::Made(made) if *made == entry()), "{joined:?}");
        // Whoever looks only now need not wait.
        let landed = following.landed();
        assert!(matches!(follow(&following, landed, Duration::ZERO), Joined::Made(_)));
    }
    assert_eq!(flights.flying(), 0);
}

#[test]
fn a_failure_is_told_to_all_who_wait_and_for_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let flights = Flights::open(dir.path(), None).unwrap();
    let failure = Failure { kind: 415, message: "not a picture".into() };
    let guard = lead(&flights, "a");
    let followers = followers(&flights, 3);
    let start = Instant::now();
    guard.fail(failure.clone());
    for (following, landed) in followers {
        let joined = follow(&following, landed, LONG);
        assert!(matches!(&joined, Joined::Failed(told) if *told == failure), "{joined:?}");
    }
    drop(lead(&flights, "another key"));
    wait_for("the failure is forgotten", || match join(&flights, &key("a"), LONG) {
        Joined::Failed(told) => {
            assert_eq!(told, failure);
            None
        }
        Joined::Lead(_) => Some(()),
        other => panic!("{other:?}"),
    });
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

/// Whoever is told that there is nothing can enter at once: it does not meet the one who has left.
#[test]
fn a_leader_without_a_result_lets_the_next_one_try() {
    let dir = tempfile::tempdir().unwrap();
    let flights = Flights::open(dir.path(), None).unwrap();
    let guard = lead(&flights, "a");
    let mut followers = followers(&flights, 2);
    std::thread::scope(|scope| {
        let (following, landed) = followers.pop().unwrap();
        let flights = &flights;
        let next = scope.spawn(move || {
            let joined = follow(&following, landed, LONG);
            assert!(matches!(joined, Joined::Nothing), "{joined:?}");
            lead(flights, "a")
        });
        drop(guard);
        let next = next.join().unwrap();
        let (following, landed) = followers.pop().unwrap();
        assert!(matches!(follow(&following, landed, LONG), Joined::Nothing));
        drop(next);
    });
    // A turn that is not taken is given on as well.
    let Turn::Mine(claim) = flights.enter(&key("a")) else { panic!("it is free") };
    assert!(matches!(flights.enter(&key("a")), Turn::Anothers(_)));
    drop(claim);
    drop(lead(&flights, "a"));
}

/// Between learning whose turn it is and waiting for it, that turn may end.
#[test]
fn who_waits_for_one_who_has_just_left_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let flights = Flights::open(dir.path(), None).unwrap();
    let guard = lead(&flights, "a");
    let Turn::Anothers(following) = flights.enter(&key("a")) else { panic!("it is led") };
    drop(guard);
    assert_eq!(following.landed().try_recv(), Err(TryRecvError::Closed));
    assert_eq!(following.outcome(), Some(Outcome::Nothing));
}

#[test]
fn those_who_come_and_go_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let flights = Flights::open(dir.path(), None).unwrap();
    let _guard = lead(&flights, "a");
    let staying = followers(&flights, 3);
    for _ in 0..10_000 {
        drop(followers(&flights, 1));
    }
    let waiting = lock(&flights.0.known).flying["a"].waiting();
    assert!((3..=16).contains(&waiting), "{waiting}");
    drop(staying);
}

#[test]
fn waiting_is_bounded_in_and_between_processes() {
    let dir = tempfile::tempdir().unwrap();
    let one = Flights::open(dir.path(), None).unwrap();
    let two = Flights::open(dir.path(), None).unwrap();
    let guard = lead(&one, "a");
    for flights in [&one, &two] {
        let start = Instant::now();
        assert!(matches!(join(flights, &key("a"), SHORT), Joined::TimedOut));
        assert!(start.elapsed() >= SHORT);
    }
    drop(lead(&two, "another key is free"));
    drop(guard);
    drop(lead(&two, "a"));
    assert_eq!((one.flying(), two.flying()), (0, 0));
}

/// The thread is free for other work as soon as nobody wants the entry any more.
#[test]
fn who_is_called_off_waits_no_longer_for_another_process() {
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = [(); 2].map(|()| Flights::open(dir.path(), None).unwrap());
    let _guard = lead(&one, "a");
    let Turn::Mine(claim) = two.enter(&key("a")) else { panic!("it is led elsewhere") };
    let looks = AtomicUsize::new(0);
    let is_wanted = || looks.fetch_add(1, Ordering::SeqCst) < 3;
    assert!(matches!(claim.lead(Duration::from_secs(600), &is_wanted), Lead::TimedOut));
    assert_eq!((looks.load(Ordering::SeqCst), two.flying()), (4, 0));
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
    assert!(matches!(join(&flights, &key("a"), SHORT), Joined::TimedOut));
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
        match join(flights, key, LONG) {
            Joined::Lead(guard) => {
                let entry = cache.get(key).unwrap_or_else(|| {
                    made.fetch_add(1, Ordering::SeqCst);
                    sleep(Duration::from_millis(5));
                    cache.put(key, &entry());
                    entry()
                });
                guard.finish(&entry);
                return entry;
            }
            Joined::Made(entry) => return entry,
            Joined::Nothing => {}
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

#[test]
fn a_failure_is_told_to_the_other_processes_of_the_host() {
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = [(); 2].map(|()| Flights::open(dir.path(), None).unwrap());
    let failure = Failure { kind: 415, message: "not a picture".into() };
    std::thread::scope(|scope| {
        let guard = lead(&one, "a");
        let others: Vec<_> = (0..3).map(|_| scope.spawn(|| join(&two, &key("a"), LONG))).collect();
        wait_for("one waits for the host's lock", || (two.flying() == 1).then_some(()));
        guard.fail(failure.clone());
        for other in others {
            let flight = other.join().unwrap();
            assert!(matches!(&flight, Joined::Failed(told) if *told == failure), "{flight:?}");
        }
    });
    drop(lead(&two, "b"));
    wait_for("it is tried again after a while", || match join(&two, &key("a"), LONG) {
        Joined::Lead(_) => Some(()),
        Joined::Failed(_) => None,
        other => panic!("{other:?}"),
    });
}

#[test]
fn a_failure_is_told_to_the_other_hosts() {
    let server = RealMemcached::start();
    let [(_a, one), (_b, two)] = hosts(&server);
    let failure = Failure { kind: 415, message: "not a picture: ä".into() };
    lead(&one, "a").fail(failure.clone());
    let flight = join(&two, &key("a"), LONG);
    assert!(matches!(&flight, Joined::Failed(told) if *told == failure), "{flight:?}");
    wait_for("it is tried again after a while", || match join(&two, &key("a"), LONG) {
        Joined::Lead(_) => Some(()),
        Joined::Failed(_) => None,
        other => panic!("{other:?}"),
    });
}
