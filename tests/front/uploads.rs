//! Resumable uploads through the front servers, and answers that wait for tasks.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::{ADMIN_PASSWORD, Pool, binary};
use crate::support::http::{Client, Response};
use crate::support::process::{Process, children_of};
use crate::support::tus::{Tus, bitmap};
use crate::support::wait;

/// Folders that are moved at once.
const MOVES: usize = 20;

fn library(images: &Path) {
    write_jpeg(&images.join("a/photo.jpg"), 300, 200);
    std::fs::create_dir(images.join("moved")).unwrap();
    for number in 0..MOVES {
        write_jpeg(&images.join(format!("f{number}/photo.jpg")), 30, 20);
    }
}

/// A token of the first administrator.
fn token(pool: &Pool, front: &Front) -> String {
    token_of(|sql| pool.database().execute(sql), front.http())
}

/// The same, where the database is changed by `execute`.
pub fn token_of(execute: impl FnOnce(&str), front: SocketAddr) -> String {
    execute(
        "UPDATE users SET allow_api = TRUE;
         UPDATE properties SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)
         WHERE key = 'rights_version'",
    );
    let form = format!("username=admin&password={}", ADMIN_PASSWORD.replace(' ', "+"));
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    wait::until_some("tokens are given", || {
        let mut client = Client::connect(front).unwrap();
        let told = client.request("POST", b"/api/v1/token/", &kind, form.as_bytes()).unwrap();
        let told: Value = serde_json::from_slice(&told.body).unwrap();
        Some(told["data"]["token"].as_str()?.to_owned())
    })
}

fn call(front: &Front, token: &str, method: &str, path: &str, form: &str) -> Response {
    call_at(front.http(), token, method, path, form)
}

/// Asks the API with a token.
pub fn call_at(front: SocketAddr, token: &str, method: &str, path: &str, form: &str) -> Response {
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("Authorization", authorization.as_str())];
    if !form.is_empty() {
        headers.push(("Content-Type", "application/x-www-form-urlencoded"));
    }
    let mut client = Client::connect(front).unwrap();
    let target = format!("/api/v1{path}");
    client.request(method, target.as_bytes(), &headers, form.as_bytes()).unwrap()
}

#[test]
fn an_upload_that_breaks_off_is_gone_on_with() {
    let pool = Pool::start(library, |config| config);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let tus = Tus::new(front.http(), &token(&pool, &front));
        let (picture, name) = (bitmap(6_000), format!("{kind:?}.bmp"));
        let upload = tus.begin(picture.len(), &[("filename", &name), ("path", "a")]);
        let (mut offset, mut breaks) = (0, 0);
        while offset < picture.len() {
            if breaks < 2 {
                breaks += 1;
                // More than what is taken in one piece.
                let end = offset + 9_000_000;
                let broken =
                    tus.patch_part(&upload, offset, picture.len() - offset, &picture[offset..end]);
                let before = offset;
                let more = || tus.offset(&upload) > before;
                // What has come goes on while the rest is still on its way.
                wait::until("something of it was kept", more);
                drop(broken);
                offset = tus.offset(&upload);
                continue;
            }
            let answer = tus.patch(&upload, offset, &picture[offset..]);
            match answer.status {
                204 => break,
                // What came of the broken request is still being written.
                409 | 423 => offset = tus.offset(&upload),
                status => panic!("{kind:?}: {status} {}{}", answer.text(), pool.output()),
            }
        }
        assert_eq!(breaks, 2, "{kind:?}");
        let file = std::fs::read(pool.images().join("a").join(&name)).unwrap();
        assert!(file == picture, "{kind:?}: {} bytes", file.len());
    }
}

#[test]
fn an_upload_begins_with_its_first_bytes() {
    let pool = Pool::start(library, |config| config);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let tus = Tus::new(front.http(), &token(&pool, &front));
        let picture = bitmap(6_000);
        for first in [0, 1000, picture.len()] {
            let name = format!("{kind:?}-{first}.bmp");
            let metadata = [("filename", name.as_str()), ("path", "a")];
            let begun = tus.create_with(picture.len(), &metadata, &picture[..first], &[]);
            assert_eq!(begun.status, 201, "{kind:?}: {}{}", begun.text(), pool.output());
            let told = (first > 0).then(|| first.to_string());
            assert_eq!(begun.header("upload-offset"), told.as_deref(), "{kind:?}");
            if first < picture.len() {
                let upload = begun.header("location").unwrap();
                assert_eq!(tus.patch(upload, first, &picture[first..]).status, 204, "{kind:?}");
            }
            let file = std::fs::read(pool.images().join("a").join(&name)).unwrap();
            assert!(file == picture, "{kind:?}: {} bytes", file.len());
        }
    }
}

/// The most memory that a process has held so far, in megabytes.
fn most_held_mb(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

/// Neither holds what it hands on, however it is sent.
#[test]
fn a_hundred_megabytes_take_little_memory_of_anybody() {
    const MOST_MB: u64 = 48;
    let pool = Pool::start(library, |config| config);
    let picture = bitmap(25_000);
    assert!(picture.len() > 100_000_000);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let token = token(&pool, &front);
        let pids = || [children_of(front.pid()), pool.workers()].concat();
        wait::until("workers are there", || pids().len() >= 4);
        let before: Vec<(i32, u64)> =
            pids().into_iter().map(|pid| (pid, most_held_mb(pid))).collect();
        // In one request, as a form has it.
        let name = format!("{kind:?}-form.bmp");
        let head = format!(
            "--limit\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\na\r\n\
             --limit\r\nContent-Disposition: form-data; name=\"overwrite\"\r\n\r\nno\r\n\
             --limit\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
             Content-Type: image/bmp\r\n\r\n"
        );
        let body = [head.as_bytes(), &picture, b"\r\n--limit--\r\n"].concat();
        let authorization = format!("Bearer {token}");
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "multipart/form-data; boundary=limit"),
        ];
        let mut client = Client::connect(front.http()).unwrap();
        let answer = client.request("POST", b"/api/v1/upload/", &headers, &body).unwrap();
        assert_eq!(answer.status, 200, "{kind:?}: {}{}", answer.text(), front.errors());
        // And in pieces.
        let tus = Tus::new(front.http(), &authorization["Bearer ".len()..]);
        let pieces = format!("{kind:?}-pieces.bmp");
        let upload = tus.begin(picture.len(), &[("filename", &pieces), ("path", "a")]);
        assert_eq!(tus.patch(&upload, 0, &picture).status, 204, "{kind:?}: {}", pool.output());
        for name in [name, pieces] {
            let file = std::fs::read(pool.images().join("a").join(&name)).unwrap();
            assert!(file == picture, "{name}: {} bytes", file.len());
            std::fs::remove_file(pool.images().join("a").join(&name)).unwrap();
        }
        for (pid, held_mb) in before {
            let grown_mb = most_held_mb(pid).saturating_sub(held_mb);
            assert!(grown_mb < MOST_MB, "{kind:?}: process {pid} took {grown_mb} MB more");
        }
    }
}

#[test]
fn who_waits_for_a_task_holds_no_thread() {
    let pool = Pool::start(library, |config| {
        config
            .raw("workers", "1")
            .raw("threads", "2")
            .raw("task_wait_s", "50")
            .raw("queue_len", "50")
    });
    let front = Front::start(Kind::Nginx, &pool.socket());
    let token = token(&pool, &front);
    let folder = |path: &str| {
        let told = call(&front, &token, "GET", &format!("/details/?src={path}/photo.jpg"), "");
        let told: Value = serde_json::from_slice(&told.body).unwrap();
        told["data"]["folder_id"].as_i64().unwrap_or_else(|| panic!("{told}"))
    };
    let folders: Vec<i64> = (0..MOVES).map(|number| folder(&format!("f{number}"))).collect();
    let unfinished = || {
        let told = call(&front, &token, "GET", "/admin/tasks/?limit=100", "");
        let told: Value = serde_json::from_slice(&told.body).unwrap();
        let tasks = told["data"].as_array().unwrap();
        tasks.iter().filter(|task| task["funcname"] == "move_folder" && task["status"] == 0).count()
    };
    let dir = temp_dir();
    thread::scope(|scope| {
        let movers: Vec<_> = folders
            .iter()
            .enumerate()
            .map(|(number, id)| {
                let (front, token) = (&front, &token);
                let path = format!("/admin/filesystem/folders/{id}/");
                scope.spawn(move || {
                    call(front, token, "PUT", &path, &format!("path=moved/f{number}"))
                })
            })
            .collect();
        // Nobody does the tasks yet; all of them wait for far more than there are threads.
        wait::until("all moves wait", || unfinished() == MOVES);
        for width in 10..20 {
            let target = format!("/image?src=a/photo.jpg&width={width}");
            let mut client = Client::connect(front.http()).unwrap();
            assert_eq!(client.get(&target).unwrap().status, 200, "{}", pool.output());
        }
        assert!(movers.iter().all(|mover| !mover.is_finished()));
        let mut command = binary();
        command.arg("tasks").arg("--config").arg(pool.config());
        let mut tasks = Process::start("tasks", dir.path(), &mut command);
        for (number, mover) in movers.into_iter().enumerate() {
            let told = mover.join().unwrap();
            assert_eq!(told.status, 200, "{}{}", told.text(), pool.output());
            let told: Value = serde_json::from_slice(&told.body).unwrap();
            assert_eq!(told["data"]["path"], format!("/moved/f{number}"));
            assert!(pool.images().join(format!("moved/f{number}/photo.jpg")).exists());
        }
        tasks.signal(Signal::SIGTERM);
        tasks.wait();
        // A worker that ends keeps nobody waiting: the task is told of, which others will do.
        let (front, token, id) = (&front, &token, folders[0]);
        let path = format!("/admin/filesystem/folders/{id}/");
        let mover = scope.spawn(move || call(front, token, "PUT", &path, "path=f0"));
        wait::until("the move waits", || unfinished() == 1);
        pool.signal(Signal::SIGHUP);
        assert_eq!(mover.join().unwrap().status, 202, "{}", pool.output());
    });
}
