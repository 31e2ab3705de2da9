//! Statistics: added up exactly, whatever the database does meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use halftone::db::stats::{Bucket, Numbers, add_batch, image_sum, purge_images, system_sum};
use halftone::stats::{Counters, CountersOptions, Flusher, Kind, Served};

use crate::setup::{TestDb, wait_for};

crate::on_both!(
    buckets_add_up,
    a_batch_is_added_once,
    workers_add_up,
    nothing_is_lost_or_counted_twice_while_the_database_comes_and_goes,
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
