//! Threads, two openings that stand for two processes, and a real second process.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{scope, sleep};

use super::*;

const MEGA: u64 = 1_000_000;

fn open(dir: &Path, count: usize, budget_megapixels: u64) -> Slots {
    let pixel_budget = budget_megapixels * MEGA;
    let options = SlotsOptions { file: "slots.lock", count, pixel_budget, max_waiters: 20 };
    Slots::open(dir, &options).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(50)
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn try_take(slots: &Slots, megapixels: u64) -> Option<SlotGuard> {
    slots.acquire(megapixels * MEGA, soon(), &Cancel::never()).ok()
}

fn take(slots: &Slots, megapixels: u64) -> SlotGuard {
    slots.acquire(megapixels * MEGA, later(), &Cancel::never()).unwrap()
}

fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain: {what}");
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn slots_are_counted_over_processes() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path(), 2, 0), open(dir.path(), 2, 0));
    let first = take(&one, 1);
    let second = take(&two, 1);
    assert!(try_take(&one, 1).is_none() && try_take(&two, 1).is_none());
    drop(first);
    let third = take(&two, 1);
    assert!(try_take(&one, 1).is_none());
    drop((second, third));
    let _both = (take(&one, 1), take(&one, 1));
    assert!(try_take(&one, 1).is_none());
}

#[test]
fn pixels_are_counted_over_processes() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path(), 9, 10), open(dir.path(), 9, 10));
    let six = take(&one, 6);
    assert!(try_take(&two, 5).is_none());
    let four = take(&two, 4);
    assert!(try_take(&one, 1).is_none() && try_take(&two, 1).is_none());
    drop(six);
    let _six = take(&two, 6);
    drop(four);
    let _four = take(&one, 4);
    assert!(try_take(&two, 1).is_none());
}

#[test]
fn scattered_pixels_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path(), 20, 8), open(dir.path(), 20, 8));
    let mut held: Vec<Option<SlotGuard>> =
        (0..8).map(|n| Some(take(if n % 3 == 0 { &one } else { &two }, 1))).collect();
    for n in [0, 2, 5, 7] {
        held[n] = None;
    }
    assert!(try_take(&one, 5).is_none());
    let four = take(&one, 4);
    assert!(try_take(&two, 1).is_none());
    drop(four);
    let _four = take(&two, 4);
}

#[test]
fn a_picture_over_the_whole_budget_runs_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path(), 9, 10), open(dir.path(), 9, 10));
    let small = take(&one, 1);
    assert!(try_take(&two, 500).is_none());
    drop(small);
    let huge = take(&two, 500);
    assert!(try_take(&one, 1).is_none());
    drop(huge);
    drop(take(&one, 1));
}

#[test]
fn pixels_round_up_and_an_empty_picture_counts_as_one_unit() {
    let dir = tempfile::tempdir().unwrap();
    let slots = open(dir.path(), 9, 3);
    let cancel = Cancel::never();
    let _a = slots.acquire(0, soon(), &cancel).unwrap();
    let _b = slots.acquire(MEGA + 1, soon(), &cancel).unwrap();
    assert!(slots.acquire(1, soon(), &cancel).is_err());
}

#[test]
fn threads_are_served_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let slots = open(dir.path(), 1, 0);
    let order = Mutex::new(Vec::new());
    scope(|scope| {
        let held = take(&slots, 1);
        for n in 0..8 {
            let (slots, order) = (&slots, &order);
            scope.spawn(move || {
                let _slot = take(slots, 1);
                order.lock().unwrap().push(n);
            });
            wait_for("the thread stands in the queue", || slots.waiting() == n + 1);
        }
        drop(held);
    });
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(slots.waiting(), 0);
}

#[test]
fn a_large_picture_is_not_overtaken_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path(), 4, 4), open(dir.path(), 4, 4));
    let done = AtomicBool::new(false);
    scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let _small = take(&one, 1);
                    sleep(Duration::from_millis(3));
                }
            });
        }
        sleep(Duration::from_millis(30));
        drop(take(&two, 4));
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn bounds_hold_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let processes = [open(dir.path(), 3, 7), open(dir.path(), 3, 7)];
    let (makers, pixels) = (AtomicU64::new(0), AtomicU64::new(0));
    let (most_makers, most_pixels) = (AtomicU64::new(0), AtomicU64::new(0));
    scope(|scope| {
        for thread in 0..10_u64 {
            let slots = &processes[(thread % 2) as usize];
            let (makers, pixels) = (&makers, &pixels);
            let (most_makers, most_pixels) = (&most_makers, &most_pixels);
            scope.spawn(move || {
                for round in 0..40 {
                    let size = 1 + (thread * 7 + round * 3) % 6;
                    let slot = take(slots, size);
                    let now = makers.fetch_add(1, Ordering::SeqCst) + 1;
                    most_makers.fetch_max(now, Ordering::SeqCst);
                    let now = pixels.fetch_add(size, Ordering::SeqCst) + size;
                    most_pixels.fetch_max(now, Ordering::SeqCst);
                    sleep(Duration::from_micros(200));
                    makers.fetch_sub(1, Ordering::SeqCst);
                    pixels.fetch_sub(size, Ordering::SeqCst);
                    drop(slot);
                }
            });
        }
    });
    let (makers, pixels) = (most_makers.into_inner(), most_pixels.into_inner());
    assert!((2..=3).contains(&makers), "{makers} at once");
    assert!((4..=7).contains(&pixels), "{pixels} megapixels at once");
}

#[test]
fn one_waiter_too_many_is_told_to_come_back_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let options = SlotsOptions { file: "slots.lock", count: 1, pixel_budget: 0, max_waiters: 2 };
    let slots = Slots::open(dir.path(), &options).unwrap();
    scope(|scope| {
        let held = take(&slots, 1);
        let waiters = [(); 2].map(|()| scope.spawn(|| drop(take(&slots, 1))));
        wait_for("two wait", || slots.waiting() == 2);
        let start = Instant::now();
        let busy = slots.acquire(1, later(), &Cancel::never()).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        assert!((1..=30).contains(&busy.retry_after_s));
        drop(held);
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
    let none = SlotsOptions { max_waiters: 0, ..options };
    let slots = Slots::open(dir.path(), &none).unwrap();
    let held = take(&slots, 1);
    assert!(slots.acquire(1, later(), &Cancel::never()).is_err());
    drop(held);
    drop(take(&slots, 1));
}

#[test]
fn work_that_is_called_off_stops_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let slots = open(dir.path(), 1, 0);
    let cancels = [Cancel::never(), Cancel::never()];
    scope(|scope| {
        let held = take(&slots, 1);
        let waiters = [0, 1].map(|n| {
            let (slots, cancel) = (&slots, &cancels[n]);
            scope.spawn(move || slots.acquire(1, later(), cancel).map(drop))
        });
        wait_for("both wait", || slots.waiting() == 2);
        cancels.iter().for_each(Cancel::cancel);
        for waiter in waiters {
            assert!(waiter.join().unwrap().is_err());
        }
        drop(held);
    });
    assert_eq!(slots.waiting(), 0);
    drop(take(&slots, 1));
}

/// Plays both parts: the test, and its second process, which holds everything until it is
/// killed.
#[test]
fn a_process_that_is_killed_frees_its_slots() {
    const DIR: &str = "HALFTONE_TEST_SLOTS";
    const NAME: &str = "process::slots::tests::a_process_that_is_killed_frees_its_slots";
    if let Some(dir) = std::env::var_os(DIR) {
        let slots = open(Path::new(&dir), 2, 10);
        let _held = (take(&slots, 5), take(&slots, 5));
        std::fs::write(Path::new(&dir).join("holding"), "").unwrap();
        loop {
            sleep(Duration::from_secs(60));
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(DIR, dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for("the other process holds all", || dir.path().join("holding").exists());
    let slots = open(dir.path(), 2, 10);
    let kept_out = try_take(&slots, 1).is_none();
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(kept_out);
    let _both = (take(&slots, 5), take(&slots, 5));
}
