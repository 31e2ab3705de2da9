//! What front servers send by themselves is counted from their logs, once.

use std::fs;
use std::path::Path;
use std::time::Duration;

use halftone::db::stats::{Numbers, image_sum, system_sum};
use halftone::db::{self, Db, DbOptions};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::fixture::write_jpeg;
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::{Pool, binary, run};
use crate::support::http::Client;
use crate::support::process::Process;
use crate::support::wait;

fn library(images: &Path) {
    write_jpeg(&images.join("a/photo.jpg"), 600, 400);
    write_jpeg(&images.join("a/caf\u{e9}.jpg"), 300, 200);
}

fn pool() -> Pool {
    Pool::start(library, |config| config.raw("edge_cache_s", "2").raw("stats_flush_s", "1"))
}

pub fn database(pool: &Pool) -> Db {
    let options = DbOptions {
        url: pool.database().url(),
        pool_size: 2,
        connect_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(20),
    };
    Db::connect(&options).unwrap()
}

/// What the clients have seen.
#[derive(Debug, Default)]
struct Seen {
    requests: i64,
    views: i64,
    bytes: i64,
    kept: i64,
}

impl Seen {
    fn ask(&mut self, front: &Front, method: &str, target: &str, headers: &[(&str, &str)]) {
        let mut client = Client::connect(front.http()).unwrap();
        let response = client.request(method, target.as_bytes(), headers, b"").unwrap();
        assert!(matches!(response.status, 200 | 304), "{}", response.text());
        self.requests += 1;
        self.views += i64::from(method == "GET" && response.status == 200);
        self.bytes += i64::try_from(response.body.len()).unwrap();
        let verdict = response.header("x-cache").unwrap_or_default();
        self.kept += i64::from(verdict.starts_with("HIT") || verdict.starts_with("REVALIDATE"));
    }

    /// Every kind of request, for a while in which what is kept runs out.
    fn ask_around(&mut self, front: &Front) {
        let photo = "/image?src=a/photo.jpg&width=100";
        let etag = {
            let mut client = Client::connect(front.http()).unwrap();
            self.requests += 1;
            let response = client.get(photo).unwrap();
            self.views += 1;
            self.bytes += i64::try_from(response.body.len()).unwrap();
            let verdict = response.header("x-cache").unwrap_or_default();
            self.kept += i64::from(verdict.starts_with("HIT") || verdict.starts_with("REVALIDATE"));
            response.header("etag").unwrap().to_owned()
        };
        for _ in 0..6 {
            self.ask(front, "GET", photo, &[]);
            self.ask(front, "GET", photo, &[("If-None-Match", &etag)]);
            self.ask(front, "HEAD", photo, &[]);
            self.ask(front, "GET", photo, &[("Cookie", "halftone_session=x")]);
            self.ask(front, "GET", "/image?src=a/caf%C3%A9.jpg&width=50&stats=0", &[]);
            self.ask(front, "GET", "/erez5/erez?src=a/caf%C3%A9.jpg.tif&width=60", &[]);
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

fn follow(pool: &Pool, front: &Front) -> Process {
    let mut command = binary();
    command.arg("stats").arg("follow").arg(front.log()).arg("--config").arg(pool.config());
    Process::start("follow", &pool.run_dir(), &mut command)
}

fn counted(db: &Db) -> Numbers {
    system_sum(db, 0, i64::MAX).unwrap()
}

/// Waits until everything that clients saw is counted, and checks that it is not counted more.
fn check(kind: Kind, db: &Db, seen: &Seen, before: &Numbers, what: &str) {
    let told = |numbers: Numbers| {
        (
            numbers.requests - before.requests,
            numbers.views - before.views,
            numbers.total_bytes - before.total_bytes,
        )
    };
    let expected = (seen.requests, seen.views, seen.bytes);
    wait::until_told(what, || {
        let now = told(counted(db));
        if now == expected { Ok(()) } else { Err(format!("{kind:?}: {now:?} of {expected:?}")) }
    });
}

#[test]
fn every_request_is_counted_once_wherever_it_was_answered() {
    for kind in BOTH {
        let pool = pool();
        let db = database(&pool);
        let front = Front::start(kind, &pool.socket());
        let mut seen = Seen::default();
        let mut following = follow(&pool, &front);
        let before = counted(&db);
        seen.ask_around(&front);
        assert!(seen.kept > 5, "{kind:?}: {seen:?}");
        check(kind, &db, &seen, &before, "all is counted");
        // What asks not to be counted for its image is counted for the system alone.
        let photo = db::images::by_path(&db, "a/photo.jpg").unwrap().unwrap().id;
        let cafe = db::images::by_path(&db, "a/café.jpg").unwrap().unwrap().id;
        assert_eq!(image_sum(&db, photo, 0, i64::MAX).unwrap().requests, 25, "{kind:?}");
        assert_eq!(image_sum(&db, cafe, 0, i64::MAX).unwrap().views, 6, "{kind:?}");

        // Killed, it goes on where what it has added ends.
        following.signal(Signal::SIGKILL);
        following.wait();
        seen.ask_around(&front);
        let following = follow(&pool, &front);
        check(kind, &db, &seen, &before, "all is counted after a kill");

        // A second one would count twice, and does not start.
        let twice = binary()
            .args(["stats", "follow"])
            .arg(front.log())
            .arg("--config")
            .arg(pool.config())
            .output()
            .unwrap();
        assert!(!twice.status.success());

        // Rotated, while it looks and while it does not.
        rotate(&front, 1);
        seen.ask_around(&front);
        check(kind, &db, &seen, &before, "all is counted after a rotation");
        drop(following);
        seen.ask_around(&front);
        rotate(&front, 2);
        seen.ask_around(&front);
        let log = front.log();
        let config = pool.config();
        let (log, config) = (log.to_str().unwrap(), config.to_str().unwrap());
        let once = || run(&["stats", "follow", "--once", log, "--config", config]);
        // nginx writes a moment late.
        wait::until("all is in the log, and read", || {
            once();
            counted(&db).requests - before.requests >= seen.requests
        });
        once();
        check(kind, &db, &seen, &before, "all is counted after a rotation nobody saw");
    }
}

/// What `halftone check` says of statistics.
fn verdict(pool: &Pool) -> String {
    let output =
        binary().args(["check", "--json", "--config"]).arg(pool.config()).output().unwrap();
    let page: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = page["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == "statistics").unwrap();
    format!("{}: {}", row["verdict"].as_str().unwrap(), row["found"].as_str().unwrap())
}

#[test]
fn a_log_that_nobody_reads_is_told() {
    let pool = pool();
    let db = database(&pool);
    assert!(verdict(&pool).starts_with("ok: no picture was sent"), "{}", verdict(&pool));
    let front = Front::start(Kind::Nginx, &pool.socket());
    Seen::default().ask(&front, "GET", "/image?src=a/photo.jpg&width=100", &[]);
    wait::until("it is counted", || counted(&db).views > 0);
    assert!(verdict(&pool).starts_with("warn: front servers may keep"), "{}", verdict(&pool));
    let following = follow(&pool, &front);
    wait::until("the log is read", || verdict(&pool).starts_with("ok: the log"));
    drop(following);
}

/// Renames the log, and has a new one begun.
fn rotate(front: &Front, number: u32) {
    let log = front.log();
    let mut name = log.clone().into_os_string();
    name.push(format!(".{number}"));
    fs::rename(&log, &name).unwrap();
    // Both take it: nginx opens its logs anew, Apache is started anew without dropping requests.
    let pid = nix::unistd::Pid::from_raw(front.pid());
    nix::sys::signal::kill(pid, Signal::SIGUSR1).unwrap();
    wait::until("a new log is begun", || {
        log.exists()
            && Client::connect(front.http()).is_ok_and(|mut client| client.get("/").is_ok())
    });
}
