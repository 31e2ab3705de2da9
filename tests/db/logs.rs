//! Logs of front servers: whatever stands in one, it is read to its end.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use halftone::db::stats::{Numbers, system_sum};
use halftone::db::{Sql, now_ms, stats_logs};
use halftone::stats::log::{Follower, FollowerOptions};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::setup::TestDb;

crate::on_both!(
    damaged_lines_are_passed_over_and_what_follows_is_counted,
    sums_of_lines_stop_at_the_largest_number,
    whatever_stands_in_a_log_its_place_goes_on,
);

const NAME: &str = "host:a.log";
const KEPT: Duration = Duration::from_secs(365 * 86_400);
const BUCKET: Duration = Duration::from_secs(3_600);
const DAY_S: i64 = 86_400;

/// Reads a log to its end, as the command does that is started again; tells how far it came.
fn follow(sql: &dyn Sql, path: &Path, keep: Option<Duration>) -> i64 {
    let options = FollowerOptions {
        path: path.to_owned(),
        name: NAME.into(),
        bucket: BUCKET,
        flush_every: Duration::from_secs(3_600),
        keep,
        once: true,
    };
    let stop = AtomicBool::new(false);
    let image_of = Box::new(|path: &str, _: &[u8]| Ok((path == "/image").then_some(7)));
    Follower::new(options, sql, image_of, &stop).follow_file().unwrap();
    stats_logs::find(sql, NAME).unwrap().map_or(0, |place| place.offset_bytes)
}

fn line(at: &str, bytes: &str, took: &str) -> String {
    format!(
        "halftone at={at} status=200 cache=HIT bytes={bytes} {took} request=\"GET /image?src=a HTTP/1.1\"\n"
    )
}

fn good() -> String {
    line(&format!("{}.000", now_ms() / 1000), "5", "took_us=3")
}

fn counted(sql: &dyn Sql) -> Numbers {
    system_sum(sql, i64::MIN, i64::MAX).unwrap()
}

fn damaged_lines_are_passed_over_and_what_follows_is_counted(test: &TestDb) {
    let db = test.migrated();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("a.log");
    let now = now_ms() / 1000;
    let at = |s: i64| format!("{s}.000");
    let hostile = [
        line("9223372036854774.000", "1", "took_us=1"),
        line("9223372036854775.807", "1", "took_us=1"),
        line("99999999999999999999", "1", "took_us=1"),
        line("253402300800.000", "1", "took_us=1"),
        line("0.000", "1", "took_us=1"),
        line("-1.000", "1", "took_us=1"),
        line(&at(now + DAY_S + 60), "1", "took_us=1"),
        line(&at(now - 366 * DAY_S), "1", "took_us=1"),
        line(&at(now), "9223372036854775807", "took_us=1"),
        line(&at(now), "-9223372036854775808", "took_us=1"),
        line(&at(now), "1", "took_us=9223372036854775807"),
        line(&at(now), "1", "took_s=9223372036854.775807"),
        line(&at(now), "1", "took_s=1e3"),
    ];
    let mut text = String::new();
    for (number, line) in (1..).zip(hostile) {
        text += &line;
        text += &good();
        fs::write(&log, &text).unwrap();
        assert_eq!(follow(db, &log, Some(KEPT)), text.len() as i64, "{line}");
        let sum = counted(db);
        assert_eq!((sum.requests, sum.total_bytes), (number, 5 * number), "{line}");
    }
    // What the bounds let in: the day ahead, and with no end of keeping any day since 1970.
    let before = counted(db).requests;
    for (at, keep) in [(at(now + DAY_S - 60), Some(KEPT)), ("1.000".into(), None)] {
        text += &line(&at, "1", "took_us=1");
        fs::write(&log, &text).unwrap();
        assert_eq!(follow(db, &log, keep), text.len() as i64);
    }
    assert_eq!(counted(db).requests, before + 2);
}

fn sums_of_lines_stop_at_the_largest_number(test: &TestDb) {
    const LINES: usize = 8_200;
    let db = test.migrated();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("a.log");
    // Just below what one line may say, so often that the sum is more than the database holds.
    let at = format!("{}.000", now_ms() / 1000);
    let most = (1_i64 << 50) - 1;
    let text = line(&at, "5", &format!("took_us={most}")).repeat(LINES);
    fs::write(&log, &text).unwrap();
    // In one addition, and once more on top of it.
    for twice in [false, true] {
        let text = if twice { text.clone() + &text + &good() } else { text.clone() };
        fs::write(&log, &text).unwrap();
        assert_eq!(follow(db, &log, Some(KEPT)), text.len() as i64);
        assert_eq!(counted(db).request_us, i64::MAX);
    }
    assert_eq!(counted(db).requests, 2 * LINES as i64 + 1);
}

/// A number as a damaged or malicious line holds it.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| format!("{number}.{}", number % 1000)),
        (0..63_u32, -2..3_i64).prop_map(|(bits, by)| ((1_i64 << bits) + by).to_string()),
        (-400..400_i64).prop_map(|days| format!("{}.5", now_ms() / 1000 + days * DAY_S)),
        Just(i64::MAX.to_string()),
        Just(String::new()),
        "[0-9.eE+-]{0,30}",
    ]
}

fn whatever_stands_in_a_log_its_place_goes_on(test: &TestDb) {
    let db = test.migrated();
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("a.log");
    let fields = (number(), number(), number(), any::<bool>(), "(GET|HEAD|\\PC{0,5}) \\PC{0,20}");
    let hostile = prop_oneof![
        4 => fields.prop_map(|(at, bytes, took, micros, request)| {
            let unit = if micros { "us" } else { "s" };
            format!("halftone at={at} status=200 cache=HIT bytes={bytes} took_{unit}={took} request=\"{request}\"\n")
                .into_bytes()
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..120).prop_map(|mut bytes| {
            bytes.push(b'\n');
            bytes
        }),
    ];
    let mut runner = TestRunner::default();
    let mut text = Vec::new();
    for _ in 0..20 {
        for _ in 0..100 {
            text.extend(hostile.new_tree(&mut runner).unwrap().current());
        }
        fs::write(&log, &text).unwrap();
        assert_eq!(follow(db, &log, None), text.len() as i64);
        text.extend(good().into_bytes());
        fs::write(&log, &text).unwrap();
        let hostile = counted(db).requests;
        assert_eq!(follow(db, &log, None), text.len() as i64);
        assert_eq!(counted(db).requests, hostile + 1);
    }
}
