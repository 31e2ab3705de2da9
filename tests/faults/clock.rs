//! The clock is set an hour on, and back again, under a running pool. What is counted and waited for goes by
//! the time since the start of the machine, and what has an end by the clock keeps it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use serde_json::Value;

use super::{Answer, get};
use crate::support::browser::Browser;
use crate::support::fcgi;
use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
use crate::support::front::{Front, Kind};
use crate::support::halftone::{ADMIN_PASSWORD, Launch, Pool};
use crate::support::http::{Client, Response};
use crate::support::wait;

/// Seconds that the clock jumps, one after the other, from the right time.
const STEPS: [&str; 4] = ["+3600", "-3600", "+3600", "+0"];

/// The library that tells a program another time.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let name = "faketime/libfaketimeMT.so.1";
    folders
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
        .expect("libfaketime is missing: apt-get install faketime")
}

/// How a program is started whose clock goes by a file.
fn clocked(file: &Path) -> Launch {
    let variable = |name: &str, value: String| format!("{name}={value}").into();
    let by = vec![
        "/usr/bin/env".into(),
        variable("LD_PRELOAD", library().display().to_string()),
        variable("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        variable("FAKETIME_NO_CACHE", "1".into()),
        variable("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        variable("DONT_FAKE_MONOTONIC", "1".into()),
        variable("NO_FAKE_STAT", "1".into()),
    ];
    Launch { by, ..Launch::default() }
}

fn set(file: &Path, step: &str) {
    let new = file.with_extension("new");
    fs::write(&new, format!("{step}\n")).unwrap();
    fs::rename(new, file).unwrap();
}

fn database(pool: &Pool) -> Connection {
    let file = pool.config().parent().unwrap().join("data/halftone.db");
    let database = Connection::open(file).unwrap();
    database.busy_timeout(wait::PATIENCE).unwrap();
    database
}

/// A token of the first administrator.
fn token(pool: &Pool, front: &Front) -> String {
    let allow = "UPDATE users SET allow_api = TRUE;
         UPDATE properties SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)
         WHERE key = 'rights_version'";
    database(pool).execute_batch(allow).unwrap();
    let form = format!("username=admin&password={}", ADMIN_PASSWORD.replace(' ', "+"));
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    wait::until_some("tokens are given", || {
        let mut client = Client::connect(front.http()).unwrap();
        let told = client.request("POST", b"/api/v1/token/", &kind, form.as_bytes()).unwrap();
        let told: Value = serde_json::from_slice(&told.body).unwrap();
        Some(told["data"]["token"].as_str()?.to_owned())
    })
}

fn call(front: &Front, token: &str) -> Response {
    let authorization = format!("Bearer {token}");
    let mut client = Client::connect(front.http()).unwrap();
    let fields = [("Authorization", authorization.as_str())];
    client.request("GET", b"/api/v1/admin/users/", &fields, b"").unwrap()
}

/// For how long a front server may keep a picture, as it is told.
fn edge_s(pool: &Pool, uri: &str) -> u32 {
    let more = [("HALFTONE_EDGE_CACHE", "x-accel-expires")];
    let answer = fcgi::exchange_with(&mut pool.connect(), uri, &more).unwrap();
    Answer::of(&answer).field("x-accel-expires").unwrap().parse().unwrap()
}

/// Pictures sent that the statistics know of.
fn counted(pool: &Pool) -> i64 {
    let sum = "SELECT coalesce(sum(views), 0) FROM image_stats";
    database(pool).query_row(sum, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_clock_that_jumps_harms_nobody() {
    let dir = temp_dir();
    let clock = dir.path().join("clock");
    set(&clock, "+0");
    let pool = Pool::start_alone_by(
        clocked(&clock),
        |images| write_jpeg(&images.join("photo.jpg"), 300, 200),
        |config| {
            config
                .raw("edge_cache_s", "77")
                .raw("stats_flush_s", "1")
                .raw("token_expiry_s", "7200")
                .raw("new_pictures_per_min", "600")
                .raw("new_pictures_burst", "3")
        },
    );
    let front = Front::start(Kind::Nginx, &pool.socket());
    let token = token(&pool, &front);
    let known = "/image?src=photo.jpg&width=100";
    let right = get(&pool, known);
    assert_eq!(right.status, 200);
    // Those that are sent.
    let mut views = 1;
    let mut width = 101;
    for step in STEPS {
        // The rate is used up when the clock jumps.
        let mut new = || {
            width += 1;
            let status = get(&pool, &format!("/image?src=photo.jpg&width={width}")).status;
            assert!(status == 200 || status == 429, "{step}: {status}\n{}", pool.output());
            views += i64::from(status == 200);
            status
        };
        while new() == 200 {}
        set(&clock, step);
        wait::until("the rate comes back", || new() == 200);
        let again = get(&pool, known);
        assert!(again.status == 200 && again.body == right.body, "{step}");
        assert_eq!(again.field("etag"), right.field("etag"), "{step}");
        // Less how long ago the file was looked at.
        assert!((70..=77).contains(&edge_s(&pool, known)), "{step}");
        views += 2;
        // At once where its signing is known, within a second where it is not yet.
        wait::until("the token holds", || call(&front, &token).status == 200);
        // A task that is made and done now, whatever time the last one has left behind.
        pool.run(&["sync"]);
    }
    wait::until_told("all are counted, and once", || match counted(&pool) {
        count if count == views => Ok(()),
        count => Err(format!("{count} for {views}")),
    });
    assert!(!pool.output().contains("killing it"), "{}", pool.output());
}

/// More than passes from one look at a clock to the next one, far less than a step.
const ABOUT_S: u64 = 300;

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Until when an answer is good, in seconds since 1970, and for how long.
fn good_until(answer: &Response) -> (u64, u64) {
    let expires = httpdate::parse_http_date(answer.header("expires").unwrap()).unwrap();
    let control = answer.header("cache-control").unwrap();
    let age = control.split("max-age=").nth(1).unwrap();
    (seconds(expires), age.parse().unwrap())
}

#[test]
fn what_has_an_end_ends_by_the_clock() {
    const END_S: u64 = 7_200;
    let dir = temp_dir();
    let clock = dir.path().join("clock");
    set(&clock, "+0");
    let pool = Pool::start_alone_by(
        clocked(&clock),
        |images| {
            for name in ["photo.jpg", "signed/photo.jpg"] {
                write_jpeg(&images.join(name), 300, 200);
            }
        },
        |config| {
            config
                .raw("edge_cache_s", "0")
                .raw("token_expiry_s", &END_S.to_string())
                .raw("session_idle_min", &(END_S / 60).to_string())
                .raw("signing_keys", "['a:0123456789abcdef0123456789abcdef']")
                .raw("signatures_for", "['/signed']")
        },
    );
    let front = Front::start(Kind::Nginx, &pool.socket());
    let ask = |uri: &str| Client::connect(front.http()).unwrap().get(uri).unwrap();
    let token = token(&pool, &front);
    let mut browser = Browser::new(front.http());
    assert_eq!(browser.login("admin", ADMIN_PASSWORD).status, 303, "{}", pool.output());
    let signed = pool.run(&["sign", "/image?src=signed/photo.jpg&width=100", "--expires", "2h"]);
    let signed = signed.trim();
    let signed_at = seconds(SystemTime::now());
    for (step, offset_s) in
        [("+0", 0), ("+3600", 3_600), ("-3600", -3_600), ("+10800", 10_800), ("+0", 0)]
    {
        set(&clock, step);
        let good = offset_s < END_S as i64;
        let expected = |bad| if good { 200 } else { bad };
        assert_eq!(call(&front, &token).status, expected(401), "{step}: {}", pool.output());
        // A copy: what is seen again now would end later.
        let status = browser.clone().status("/api/v1/admin/users/");
        assert_eq!(status, expected(401), "{step}: {}", pool.output());
        let now = seconds(SystemTime::now()).checked_add_signed(offset_s).unwrap();
        let free = good_until(&ask("/image?src=photo.jpg&width=100"));
        assert!(free.1 > END_S, "{step}: {free:?}");
        assert!(free.0.abs_diff(now + free.1) < ABOUT_S, "{step}: {free:?} at {now}");
        let answer = ask(signed);
        assert_eq!(answer.status, expected(403), "{step}: {}", answer.text());
        if good {
            // No longer than the signature is.
            let (until, age) = good_until(&answer);
            assert!(until.abs_diff(signed_at + END_S) < ABOUT_S, "{step}: {until}");
            assert!(until.abs_diff(now + age) < ABOUT_S, "{step}: {age} at {now}");
        } else {
            assert!(answer.text().contains("expires"), "{step}: {}", answer.text());
        }
    }
}
