//! Disks without a free byte.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::{Answer, files_below, get};
use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
use crate::support::front::{Front, Kind};
use crate::support::halftone::{Launch, Pool};
use crate::support::http::{Client, Response};
use crate::support::namespace::Namespace;
use crate::support::tus::bitmap;
use crate::support::wait;

/// Each of the file systems has as much.
const BYTES: usize = 8 << 20;

/// A pool, each of whose folders is a small file system of its own.
struct Small {
    pool: Pool,
    dir: PathBuf,
    space: Namespace,
    _keep: TempDir,
}

impl Small {
    fn start() -> Self {
        let keep = temp_dir();
        let space = Namespace::new(keep.path());
        let dir = OnceCell::new();
        let launch = Launch { by: space.entry(), ..Launch::default() };
        let pool = Pool::start_alone_by(
            launch,
            |images| {
                let dir = dir.get_or_init(|| images.parent().unwrap().to_owned());
                for part in ["images", "cache", "temp", "log", "run"] {
                    fs::create_dir_all(dir.join(part)).unwrap();
                    space.mount_memory(&dir.join(part), BYTES);
                }
                write_jpeg(&space.path(images).join("photo.jpg"), 900, 600);
            },
            |config| {
                let part = |name| dir.get().unwrap().join(name).display().to_string();
                config
                    .text("disk_cache_dir", &part("cache"))
                    .text("temp_dir", &part("temp"))
                    .raw("memory_cache_mb", "0")
            },
        );
        let dir = dir.into_inner().unwrap();
        Self { pool, dir, space, _keep: keep }
    }

    fn part(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn files(&self, name: &str) -> Vec<PathBuf> {
        files_below(&self.space.path(&self.part(name)))
    }

    fn picture(&self, width: usize) -> Answer {
        let answer = get(&self.pool, &format!("/image?src=photo.jpg&width={width}"));
        assert_eq!(answer.status, 200, "{}", self.pool.output());
        answer
    }
}

#[test]
fn a_full_cache_keeps_nothing_and_stops_nothing() {
    let small = Small::start();
    small.picture(200);
    wait::until("pictures are kept", || small.picture(200).is_from_cache());
    let before = small.files("cache");
    let ballast = small.space.fill(&small.part("cache"));
    for width in [301, 302, 301, 302] {
        assert!(!small.picture(width).is_from_cache(), "{width} was kept on a full disk");
    }
    assert!(small.picture(200).is_from_cache());
    let mut after = small.files("cache");
    after.retain(|path| path != Path::new("ballast"));
    assert_eq!(after, before, "something is left of what did not fit");
    drop(ballast);
    wait::until("pictures are kept again", || small.picture(301).is_from_cache());
}

#[test]
fn a_full_log_stops_nothing() {
    let small = Small::start();
    let log = small.space.path(&small.part("log")).join("halftone.log");
    let workers = || small.pool.workers().into_iter().collect::<BTreeSet<_>>();
    let reload = || {
        let before = workers();
        small.pool.signal(Signal::SIGHUP);
        wait::until("both workers are new", || {
            let now = workers();
            now.len() == 2 && now.is_disjoint(&before)
        });
    };
    let ballast = small.space.fill(&small.part("log"));
    reload();
    small.picture(200);
    drop(ballast);
    let said = |what: &str| {
        let text = fs::read_to_string(&log).unwrap();
        text.lines().filter(|line| line.ends_with(what)).count()
    };
    let before = said(" reloaded");
    reload();
    wait::until("the log goes on", || said(" reloaded") > before);
}

#[test]
fn a_full_run_folder_stops_nothing_but_a_start() {
    let mut small = Small::start();
    // Before anything has been written to most of what processes share there.
    let ballast = small.space.fill(&small.part("run"));
    let log = small.space.path(&small.part("log")).join("halftone.log");
    let said = || fs::read_to_string(&log).unwrap();
    let ready = || said().matches(" is ready").count();
    for (signal, more) in [(Signal::SIGTTIN, 1), (Signal::SIGTTIN, 1), (Signal::SIGHUP, 2)] {
        let before = ready();
        small.pool.signal(signal);
        wait::until("there are new workers", || {
            assert_eq!(small.pool.arbiter().ended(), None, "{}{}", small.pool.output(), said());
            ready() >= before + more
        });
    }
    for width in 300..310 {
        small.picture(width);
    }
    small.pool.signal(Signal::SIGTERM);
    small.pool.arbiter().wait();
    // What it has taken away has made room.
    drop(ballast);
    let ballast = small.space.fill(&small.part("run"));
    let left = small.files("run");
    small.pool.start_again();
    assert_eq!(small.pool.arbiter().wait().code(), Some(1));
    let said = small.pool.output();
    assert!(said.contains("cannot be made: No space left on device"), "{said}");
    assert_eq!(small.files("run"), left, "something is left of what did not fit");
    drop(ballast);
    small.pool.start_again();
    small.pool.wait_until_it_answers();
    small.picture(300);
}

/// Uploads a picture of 400 KB.
fn upload(front: &Front, key: &str, name: &str) -> Response {
    let mut body = Vec::new();
    for (field, value) in [("path", "/"), ("overwrite", "no")] {
        let part =
            format!("--B\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend(part.bytes());
    }
    let head = format!(
        "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    body.extend(head.bytes());
    body.extend(bitmap(100));
    body.extend(b"\r\n--B--\r\n");
    let authorization = format!("Bearer {key}");
    let fields = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "multipart/form-data; boundary=B"),
    ];
    let mut client = Client::connect(front.http()).unwrap();
    client.request("POST", b"/api/v1/upload/", &fields, &body).unwrap()
}

/// A key of the first administrator.
fn key(pool: &Pool) -> String {
    pool.run(&["user", "allow-api", "admin"]);
    let told = pool.run(&["user", "key", "add", "admin", "tests", "--scope", "admin"]);
    let key = told.lines().find_map(|line| line.strip_prefix("key ")).expect("a key");
    key.split_whitespace().nth(1).expect("its text").to_owned()
}

#[test]
fn an_upload_that_does_not_fit_leaves_nothing() {
    let small = Small::start();
    let front = Front::start(Kind::Nginx, &small.pool.socket());
    let key = key(&small.pool);
    assert_eq!(upload(&front, &key, "first.bmp").status, 200, "{}", small.pool.output());
    for (number, part) in ["temp", "images"].into_iter().enumerate() {
        let name = format!("{number}.bmp");
        let before = (small.files("images"), small.files("temp"));
        let ballast = small.space.fill(&small.part(part));
        let refused = upload(&front, &key, &name);
        assert_eq!(refused.status, 503, "{part}: {}", refused.text());
        let told: Value = serde_json::from_slice(&refused.body).expect("JSON");
        let said = told.to_string();
        assert!(said.contains("space") || said.contains("stored"), "{part}: {said}");
        assert!(!said.contains("/tmp"), "{part}: {said}");
        small.picture(250 + number);
        drop(ballast);
        let after = (small.files("images"), small.files("temp"));
        assert_eq!(after, before, "{part}: something is left of it");
        let unknown = get(&small.pool, &format!("/image?src={name}"));
        assert_eq!(unknown.status, 404, "{part}");
        let taken = upload(&front, &key, &name);
        assert_eq!(taken.status, 200, "{part}: {}", taken.text());
        let stored = small.space.path(&small.part("images")).join(&name);
        assert!(fs::read(stored).unwrap() == bitmap(100), "{part}");
    }
}
