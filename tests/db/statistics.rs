//! Statistics: added up exactly, whatever the database does meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use halftone::db::host_stats::{self, HostBucket, HostNumbers, MACHINE};
use halftone::db::stats::{
    self, Batch, Bucket, Numbers, Rank, image_sum, purge_images, system_sum,
};
use halftone::db::stats_logs::{self, LogPlace};
use halftone::db::{Sql, stats_fold};
use halftone::stats::{Counters, CountersOptions, Flusher, Kind, Served};

use crate::setup::{TestDb, wait_for};

crate::on_both!(
    buckets_add_up,
    sums_beyond_the_largest_number_stay_there,
    a_batch_is_added_once,
    workers_add_up,
    nothing_is_lost_or_counted_twice_while_the_database_comes_and_goes,
    days_long_past_are_folded,
    what_comes_while_a_day_is_folded_is_kept,
    hosts_add_up_and_tell_the_load,
    images_are_ranked,
    a_place_in_a_log_goes_with_its_numbers,
);

const EVER: i64 = i64::MAX;

fn numbers(requests: i64, max_request_us: i64) -> Numbers {
    Numbers {
        requests,
        views: 2 * requests,
        cached_views: 3 * requests,
        downloads: 4 * requests,
        total_bytes: 5 * requests,
        request_us: 6 * requests,
        max_request_us,
    }
}

fn add_batch(sql: &dyn Sql, id: &str, buckets: &[Bucket]) -> halftone::db::Result<bool> {
    stats::add(sql, id, &Batch { buckets: buckets.to_vec(), ..Batch::default() })
}

fn buckets_add_up(test: &TestDb) {
    let db = test.migrated();
    let bucket =
        |image_id, from_ms, numbers| Bucket { image_id, from_ms, to_ms: from_ms + 1000, numbers };
    let first = [bucket(Some(1), 0, numbers(1, 70)), bucket(None, 0, numbers(10, 70))];
    let second = [
        bucket(Some(1), 0, numbers(2, 50)),
        bucket(Some(1), 1000, numbers(4, 90)),
        bucket(Some(2), 0, numbers(8, 1)),
        bucket(None, 0, numbers(20, 90)),
    ];
    assert!(add_batch(db, "a", &first).unwrap());
    assert!(add_batch(db, "b", &second).unwrap());
    assert_eq!(image_sum(db, 1, 0, 1000).unwrap(), numbers(3, 70));
    assert_eq!(image_sum(db, 1, 0, EVER).unwrap(), numbers(7, 90));
    assert_eq!(image_sum(db, 2, 0, EVER).unwrap(), numbers(8, 1));
    assert_eq!(image_sum(db, 3, 0, EVER).unwrap(), Numbers::default());
    assert_eq!(system_sum(db, 0, EVER).unwrap(), numbers(30, 90));
    assert_eq!(purge_images(db, 1000).unwrap(), 2);
    assert_eq!(image_sum(db, 1, 0, EVER).unwrap(), numbers(4, 90));
}

fn sums_beyond_the_largest_number_stay_there(test: &TestDb) {
    const MOST: i64 = i64::MAX;
    let db = test.migrated();
    let day = stats_fold::DAY_MS;
    let large = Numbers { requests: 1, total_bytes: MOST - 1, ..Numbers::default() };
    for (id, from_ms) in [("a", 0), ("b", 0), ("c", 1000), ("d", 1000)] {
        let bucket = |image_id| Bucket { image_id, from_ms, to_ms: from_ms + 1000, numbers: large };
        assert!(add_batch(db, id, &[bucket(Some(1)), bucket(None)]).unwrap());
    }
    let check = |sum: Numbers| assert_eq!((sum.requests, sum.total_bytes), (4, MOST));
    let check_all = || {
        check(image_sum(db, 1, 0, EVER).unwrap());
        check(system_sum(db, 0, EVER).unwrap());
        check(stats::image_steps(db, 1, (0, day), day).unwrap()[0].numbers);
        check(stats::system_steps(db, (0, day), day).unwrap()[0].0.numbers);
        check(stats::ranked(db, (0, day), Rank::Bytes, (0, 9)).unwrap().0[0].2);
    };
    check_all();
    assert_eq!(stats_fold::days(db, 2 * day, &|| true).unwrap(), 1);
    check_all();
}

fn a_batch_is_added_once(test: &TestDb) {
    let db = test.migrated();
    let batch = [Bucket { image_id: Some(1), from_ms: 0, to_ms: 1, numbers: numbers(1, 1) }];
    assert!(add_batch(db, "same", &batch).unwrap());
    assert!(!add_batch(db, "same", &batch).unwrap());
    assert_eq!(image_sum(db, 1, 0, EVER).unwrap(), numbers(1, 1));
}

fn served(image: i64) -> Served {
    Served {
        image_id: Some(image),
        kind: Kind::View { cached: image % 2 == 0 },
        bytes: 3,
        micros: 9,
    }
}

fn expected(requests: i64, cached_views: i64) -> Numbers {
    Numbers {
        requests,
        views: requests,
        cached_views,
        downloads: 0,
        total_bytes: 3 * requests,
        request_us: 9 * requests,
        max_request_us: 9,
    }
}

fn options() -> CountersOptions {
    CountersOptions { flush_every: Duration::from_millis(10), ..CountersOptions::default() }
}

fn workers_add_up(test: &TestDb) {
    test.migrated();
    // Three workers with four request threads each, all flushing meanwhile.
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let counters = Arc::new(Counters::new(options()));
            (Arc::clone(&counters), Flusher::start(counters, test.open()).unwrap())
        })
        .collect();
    std::thread::scope(|scope| {
        for (counters, _) in &workers {
            for _ in 0..4 {
                scope.spawn(|| (0..2000).for_each(|n| counters.count(&served(n % 10))));
            }
        }
    });
    for (_, flusher) in workers {
        flusher.finish();
    }
    assert_eq!(system_sum(&test.db, 0, EVER).unwrap(), expected(24_000, 12_000));
    for image in 0..10 {
        let cached = if image % 2 == 0 { 2400 } else { 0 };
        assert_eq!(image_sum(&test.db, image, 0, EVER).unwrap(), expected(2400, cached));
    }
}

fn nothing_is_lost_or_counted_twice_while_the_database_comes_and_goes(test: &TestDb) {
    test.migrated();
    let counters = Arc::new(Counters::new(options()));
    let flusher = Flusher::start(Arc::clone(&counters), test.open_impatient()).unwrap();
    let done = AtomicBool::new(false);
    let mut counted = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..4 {
                std::thread::sleep(Duration::from_millis(60));
                let away = test.take_away();
                std::thread::sleep(Duration::from_millis(300));
                drop(away);
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            counters.count(&served(1));
            counted += 1;
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    wait_for("the numbers", || {
        system_sum(&test.db, 0, EVER).is_ok_and(|sum| sum.requests == counted)
    });
    flusher.finish();
    assert_eq!(system_sum(&test.db, 0, EVER).unwrap(), expected(counted, 0));
    assert_eq!(image_sum(&test.db, 1, 0, EVER).unwrap(), expected(counted, 0));
    assert_eq!(counters.dropped(), 0);
}

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn hour(image_id: Option<i64>, from_ms: i64, requests: i64) -> Bucket {
    let numbers = numbers(requests, requests * 10);
    Bucket { image_id, from_ms, to_ms: from_ms + HOUR_MS, numbers }
}

fn days_long_past_are_folded(test: &TestDb) {
    let db = test.migrated();
    let mut buckets = Vec::new();
    for day in [3, 5, 6] {
        for image_id in [Some(1), Some(2), None] {
            // The first hour of a day is the one whose row the day takes.
            for at in [0, 1, 23] {
                buckets.push(hour(image_id, day * DAY_MS + at * HOUR_MS, at + 1));
            }
        }
    }
    add_batch(db, "a", &buckets).unwrap();
    let host = |from_ms, cpu_us| HostBucket {
        host: "h".into(),
        worker: 1,
        from_ms,
        to_ms: from_ms + HOUR_MS,
        numbers: HostNumbers { cpu_us, max_memory_bytes: cpu_us, ..HostNumbers::default() },
    };
    let hosts = vec![host(3 * DAY_MS + HOUR_MS, 5), host(3 * DAY_MS + 2 * HOUR_MS, 7)];
    stats::add(db, "b", &Batch { hosts, ..Batch::default() }).unwrap();

    // Up to noon of the sixth day: what is of that day stays as it is.
    let until = 6 * DAY_MS + 12 * HOUR_MS;
    assert_eq!(stats_fold::days(db, until, &|| true).unwrap(), 2);
    for id in [1, 2] {
        let (found, total) = stats::image_buckets(db, id, (0, EVER), (0, 100)).unwrap();
        let expected: Vec<Bucket> = [3, 5]
            .map(|day| {
                // 1 + 2 + 24 requests; the longest took 240.
                let (from_ms, to_ms) = (day * DAY_MS, (day + 1) * DAY_MS);
                Bucket { image_id: Some(id), from_ms, to_ms, numbers: numbers(27, 240) }
            })
            .into_iter()
            .chain([0, 1, 23].map(|at| hour(Some(id), 6 * DAY_MS + at * HOUR_MS, at + 1)))
            .collect();
        assert_eq!((found, total), (expected, 5));
    }
    assert_eq!(stats::system_buckets(db, (0, EVER), (0, 100)).unwrap().1, 5);
    assert_eq!(system_sum(db, 0, EVER).unwrap(), numbers(81, 240));
    let (hosts, _) = host_stats::buckets(db, "", (0, EVER), (0, 100)).unwrap();
    let folded = HostNumbers { cpu_us: 12, max_memory_bytes: 7, ..HostNumbers::default() };
    assert_eq!(hosts.len(), 1);
    assert_eq!((hosts[0].from_ms, hosts[0].to_ms), (3 * DAY_MS, 4 * DAY_MS));
    assert_eq!(hosts[0].numbers, folded);
    // There is nothing to do twice.
    assert_eq!(stats_fold::days(db, until, &|| true).unwrap(), 0);
    assert_eq!(system_sum(db, 0, EVER).unwrap(), numbers(81, 240));
}

/// Does something until no other transaction has to be given way to.
fn again<T>(mut work: impl FnMut() -> halftone::db::Result<T>) -> T {
    loop {
        match work() {
            Err(halftone::db::Error::Conflict) => {}
            done => return done.unwrap(),
        }
    }
}

fn what_comes_while_a_day_is_folded_is_kept(test: &TestDb) {
    let db = test.migrated();
    for image in 0..40 {
        let hours: Vec<Bucket> = (0..24).map(|at| hour(Some(image), at * HOUR_MS, 1)).collect();
        add_batch(db, &format!("first {image}"), &hours).unwrap();
    }
    let late = test.open();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..50 {
                let hours: Vec<Bucket> =
                    (0..40).map(|image| hour(Some(image), (round % 24) * HOUR_MS, 1)).collect();
                again(|| add_batch(&late, &format!("late {round}"), &hours));
            }
        });
        again(|| stats_fold::days(db, DAY_MS, &|| true));
    });
    for image in 0..40 {
        assert_eq!(image_sum(db, image, 0, EVER).unwrap(), numbers(24 + 50, 10), "{image}");
    }
}

fn hosts_add_up_and_tell_the_load(test: &TestDb) {
    let db = test.migrated();
    let machine = |host: &str, cpu_us, memory| HostBucket {
        host: host.into(),
        worker: MACHINE,
        from_ms: 0,
        to_ms: HOUR_MS,
        numbers: HostNumbers {
            samples: 2,
            cpu_us,
            span_us: 1_000,
            memory_byte_sum: 2 * memory,
            max_memory_bytes: memory,
            memory_limit_bytes: 100,
            cache_byte_sum: 60,
            cache_limit_bytes: 300,
            ..HostNumbers::default()
        },
    };
    let batch = |hosts| Batch { hosts, buckets: vec![hour(None, 0, 1)], place: None };
    assert!(stats::add(db, "a", &batch(vec![machine("one", 100, 20)])).unwrap());
    assert!(stats::add(db, "b", &batch(vec![machine("one", 300, 40)])).unwrap());
    assert!(!stats::add(db, "b", &batch(vec![machine("one", 300, 40)])).unwrap());
    assert!(stats::add(db, "c", &batch(vec![machine("two", 500, 60)])).unwrap());
    let (hosts, total) = host_stats::buckets(db, "one", (0, EVER), (0, 10)).unwrap();
    assert_eq!(total, 1);
    let one = hosts[0].numbers;
    assert_eq!((one.samples, one.cpu_us, one.max_memory_bytes), (4, 400, 40));
    // 2 × 20 + 2 × 40 in four samples; 400 of 2 000.
    assert_eq!((one.mean_memory_bytes(), one.cpu_percent()), (30, Some(20.0)));
    assert_eq!((one.memory_percent(), one.cache_percent()), (Some(30.0), Some(10.0)));
    assert_eq!(HostNumbers::default().memory_percent(), None);
    let (system, _) = stats::system_buckets(db, (0, EVER), (0, 10)).unwrap();
    let load = system[0].1;
    // 900 of 3 000; (120 + 120) of (4 × 100 + 2 × 100); (120 + 60) of (4 × 300 + 2 × 300).
    assert_eq!(load.cpu_percent, Some(30.0));
    assert_eq!(load.memory_percent, Some(40.0));
    assert_eq!(load.cache_percent, Some(10.0));
    // Two hours in a step, one of which nothing is known of but a request, and an hour in the next.
    let later = [HOUR_MS, 2 * HOUR_MS].map(|from_ms| hour(None, from_ms, 1)).to_vec();
    stats::add(db, "d", &Batch { buckets: later, ..Batch::default() }).unwrap();
    let steps = stats::system_steps(db, (0, EVER), 2 * HOUR_MS).unwrap();
    let told: Vec<_> =
        steps.iter().map(|(b, _)| (b.from_ms, b.to_ms, b.numbers.requests)).collect();
    assert_eq!(told, [(0, 2 * HOUR_MS, 4), (2 * HOUR_MS, 3 * HOUR_MS, 1)]);
    assert_eq!(steps[0].1, load);
    assert_eq!(steps[1].1, stats::Load::default());
    let image = [0, HOUR_MS, 5 * HOUR_MS].map(|from_ms| hour(Some(7), from_ms, 2)).to_vec();
    stats::add(db, "e", &Batch { buckets: image, ..Batch::default() }).unwrap();
    let steps = stats::image_steps(db, 7, (0, EVER), 4 * HOUR_MS).unwrap();
    let told: Vec<_> = steps.iter().map(|b| (b.from_ms, b.to_ms, b.numbers.requests)).collect();
    assert_eq!(told, [(0, 2 * HOUR_MS, 4), (5 * HOUR_MS, 6 * HOUR_MS, 2)]);
    // All hours of a host are one row; a worker has its own.
    let worker = HostBucket { worker: 0, ..machine("one", 5, 7) };
    let next = HostBucket { from_ms: HOUR_MS, to_ms: 2 * HOUR_MS, ..machine("one", 50, 80) };
    let hosts = vec![worker.clone(), next];
    assert!(stats::add(db, "f", &Batch { hosts, ..Batch::default() }).unwrap());
    let sums = host_stats::sums(db, (0, EVER)).unwrap();
    let told: Vec<_> = sums.iter().map(|(host, worker, n)| (&**host, *worker, n.cpu_us)).collect();
    assert_eq!(told, [("one", MACHINE, 450), ("one", 0, 5), ("two", MACHINE, 500)]);
    // 120 in the first hour and 160 in the second, in six samples of 100 each at the most.
    assert_eq!(sums[0].2.samples, 6);
    assert_eq!((sums[0].2.memory_byte_sum, sums[0].2.max_memory_bytes), (280, 80));
    assert_eq!(sums[1].2, worker.numbers);
    assert_eq!(host_stats::sums(db, (HOUR_MS, EVER)).unwrap().len(), 1);
    assert_eq!(host_stats::purge(db, HOUR_MS).unwrap(), 3);
}

fn images_are_ranked(test: &TestDb) {
    let db = test.migrated();
    let bucket = |id, requests, total_bytes, request_us, max_request_us| Bucket {
        image_id: Some(id),
        from_ms: 0,
        to_ms: HOUR_MS,
        numbers: Numbers {
            requests,
            views: requests,
            total_bytes,
            request_us,
            max_request_us,
            downloads: id,
            ..Numbers::default()
        },
    };
    let buckets = [bucket(1, 9, 10, 50, 50), bucket(2, 5, 90, 70, 10), bucket(3, 5, 20, 60, 30)];
    add_batch(db, "a", &buckets).unwrap();
    for (rank, expected) in [
        (Rank::Requests, [1, 2, 3]),
        (Rank::Views, [1, 2, 3]),
        (Rank::Downloads, [3, 2, 1]),
        (Rank::Bytes, [2, 3, 1]),
        (Rank::Time, [2, 3, 1]),
        (Rank::Slowest, [1, 3, 2]),
    ] {
        let ids = |part| -> Vec<i64> {
            let (found, total) = stats::ranked(db, (0, EVER), rank, part).unwrap();
            assert_eq!(total, 3);
            found.into_iter().map(|(id, _, _)| id).collect()
        };
        assert_eq!(ids((0, 10)), expected, "{rank:?}");
        assert_eq!(ids((1, 1)), expected[1..2], "{rank:?}");
    }
    assert_eq!(stats::ranked(db, (HOUR_MS, EVER), Rank::Bytes, (0, 10)).unwrap().1, 0);
}

fn a_place_in_a_log_goes_with_its_numbers(test: &TestDb) {
    let db = test.migrated();
    assert_eq!(stats_logs::find(db, "log").unwrap(), None);
    let place =
        |offset_bytes| LogPlace { log: "log".into(), file_mark: "first".into(), offset_bytes };
    let batch = |offset| Batch {
        buckets: vec![hour(None, 0, 1)],
        place: Some(place(offset)),
        hosts: Vec::new(),
    };
    assert!(stats::add(db, "a", &batch(100)).unwrap());
    assert!(stats::add(db, "b", &batch(200)).unwrap());
    // What is sent again changes neither.
    assert!(!stats::add(db, "a", &batch(100)).unwrap());
    assert_eq!(stats_logs::find(db, "log").unwrap(), Some(place(200)));
    assert_eq!(system_sum(db, 0, EVER).unwrap().requests, 2);
}
