//! Too few descriptors, too little memory.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Instant;

use halftone::process::Scoreboard;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{get, get_on};
use crate::support::fixture::write_jpeg;
use crate::support::halftone::{Launch, Pool};
use crate::support::tus::bitmap;
use crate::support::wait;

/// The limit of open files of each process.
const FILES: usize = 256;
/// Connections that nothing is asked on, more than all workers together may have open.
const IDLE: usize = 3 * FILES;

#[test]
fn connections_leave_descriptors_to_those_who_are_answered() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let limited = ["prlimit".to_owned(), format!("--nofile={FILES}:{FILES}"), "--".to_owned()];
    let launch = Launch { by: limited.map(Into::into).to_vec(), ..Launch::default() };
    let pool = Pool::start_alone_by(
        launch,
        |images| write_jpeg(&images.join("photo.jpg"), 900, 600),
        |config| config.raw("memory_cache_mb", "0"),
    );
    let mut kept: Vec<_> = (0..4).map(|_| pool.connect()).collect();
    for connection in &mut kept {
        assert_eq!(get_on(connection, "/image?src=photo.jpg&width=100").status, 200);
    }
    let workers = pool.workers();
    let idle: Vec<_> = (0..IDLE).map(|_| UnixStream::connect(pool.socket()).unwrap()).collect();
    let room = room(&pool);
    wait::until_told("no more are accepted", || {
        let board = Scoreboard::open_readonly(&pool.run_dir().join("scoreboard")).unwrap();
        let held: Vec<u64> =
            board.snapshot().unwrap().workers.iter().map(|worker| worker.connections).collect();
        if held == vec![room; 2] { Ok(()) } else { Err(format!("{held:?} for {room}")) }
    });
    for number in 0..40 {
        // New pictures, which take originals and the folder of the cache to be opened.
        let uri = format!("/image?src=photo.jpg&width={}", 200 + number);
        let connection = &mut kept[number % 4];
        let answer = get_on(connection, &uri);
        assert_eq!(answer.status, 200, "{uri}: {}", pool.output());
        assert!(get_on(connection, &uri).is_from_cache(), "{uri}: {}", pool.output());
    }
    drop(idle);
    // Those that waited to be accepted were before.
    assert_eq!(get(&pool, "/image?src=photo.jpg&width=100").status, 200);
    assert_eq!(pool.workers(), workers, "{}", pool.output());
    assert!(!pool.output().contains("could not be accepted"), "{}", pool.output());
}

/// Connections that a worker takes at once, as it has said.
fn room(pool: &Pool) -> u64 {
    let log = pool.output();
    let said = log.lines().find_map(|line| line.split_once(" open files leaves room for "));
    let (_, rest) = said.expect("workers say how many connections they take");
    let room = rest.split(' ').next().unwrap().parse().unwrap();
    assert!((16..FILES as u64 / 2).contains(&room), "{room}");
    room
}

/// What a worker may map, in bytes; none for no bound.
fn bound_memory(worker: i32, bytes: Option<u64>) {
    let soft = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
    let mut command = Command::new("prlimit");
    let done = command.arg(format!("--pid={worker}")).arg(format!("--as={soft}:")).status();
    assert!(done.unwrap().success());
}

/// What a worker has mapped, in bytes.
fn mapped(worker: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{worker}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn a_picture_there_is_no_memory_for_is_a_matter_of_time() {
    let pool = Pool::start_alone(
        |images| {
            write_jpeg(&images.join("photo.jpg"), 300, 200);
            fs::write(images.join("tall.bmp"), bitmap(28_000)).unwrap();
        },
        |config| config,
    );
    // Of the large one all is read, and little kept: the former takes 84 MB, more than what the heap of a
    // thread has set aside.
    let small = "/image?src=photo.jpg&width=100";
    let large = "/image?src=tall.bmp&right=0.1&bottom=0.01&format=png";
    assert_eq!(get(&pool, small).status, 200);
    let workers = pool.workers();
    for worker in &workers {
        // Enough for answering.
        bound_memory(*worker, Some(mapped(*worker) + (12 << 20)));
    }
    let answer = get(&pool, large);
    assert!(answer.is_for_later(), "{} {}\n{}", answer.status, answer.head, pool.output());
    assert!(pool.output().contains("short of memory"), "{}", pool.output());
    assert!(get(&pool, small).is_from_cache());
    for worker in &workers {
        bound_memory(*worker, None);
    }
    // At once: it was not remembered as the picture's fault, not even for a second.
    let answer = get(&pool, large);
    assert_eq!(answer.status, 200, "{}\n{}", answer.head, pool.output());
    assert_eq!(pool.workers(), workers, "none has broken down: {}", pool.output());
}

/// A ceiling below what a worker takes to make large pictures.
#[test]
fn a_low_ceiling_replaces_workers_and_loses_nothing() {
    let start = Instant::now();
    let pool = Pool::start_alone(
        |images| write_jpeg(&images.join("photo.jpg"), 3000, 2000),
        |config| config.raw("max_worker_memory_mb", "64").raw("memory_cache_mb", "48"),
    );
    let first = pool.workers();
    let mut number = 0;
    let mut ask = |pool: &Pool| {
        let askers = (0..4).map(|asker| {
            let mut connection = pool.connect();
            let uri =
                format!("/image?src=photo.jpg&format=png&width={}", 2000 + 4 * number + asker);
            std::thread::spawn(move || get_on(&mut connection, &uri))
        });
        for answer in askers.collect::<Vec<_>>() {
            let answer = answer.join().unwrap();
            let told = format!("{} {}", answer.status, answer.head);
            assert!(answer.status == 200 || answer.is_for_later(), "{told}");
        }
        number += 1;
    };
    wait::until("a worker is replaced", || {
        ask(&pool);
        !first.iter().all(|worker| pool.workers().contains(worker))
    });
    ask(&pool);
    let log = pool.output();
    assert!(log.contains("is above its memory ceiling"), "{log}");
    assert!(!log.contains("starting another one") && !log.contains("killing it"), "{log}");
    // Whatever a worker takes, it serves for a while.
    let replaced = log.matches("is above its memory ceiling").count();
    let seconds = start.elapsed().as_secs();
    assert!(replaced as u64 <= first.len() as u64 * (1 + seconds / 5), "{replaced} in {seconds} s");
}
