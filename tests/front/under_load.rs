//! What 32 clients notice of a pool that is reloaded, replaced, recycled, restarted, rotated or killed
//! while they ask: nothing, or as little as can be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::logs;
use crate::support::config::Config;
use crate::support::fcgi;
use crate::support::files::temp_dir;
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::{Launch, Pool};
use crate::support::http::TIMEOUT;
use crate::support::load::{self, CLIENTS, Failure, Fault, Load, Wanted};
use crate::support::process::{connections_of, is_alive, is_stopped};
use crate::support::tus::bitmap;
use crate::support::wait;

fn pool(launch: Launch) -> Pool {
    pool_with(launch, |config| config)
}

fn pool_with(launch: Launch, adjust: impl FnOnce(Config) -> Config) -> Pool {
    let pool = Pool::start_by(launch, load::library, |config| adjust(load::settings(config)));
    let_download(&pool, "photo.jpg");
    pool
}

/// Lets everybody have originals, and waits until all workers know.
fn let_download(pool: &Pool, src: &str) {
    pool.database().give_everybody(20);
    let mut connections: Vec<_> = (0..8).map(|_| pool.connect()).collect();
    wait::until("originals may be had", || {
        connections.iter_mut().all(|connection| {
            let told = fcgi::exchange(connection, &format!("/original?src={src}")).unwrap();
            told.starts_with(b"Status: 200")
        })
    });
}

/// Started like a service whose socket outlives it.
fn held() -> Pool {
    pool(Launch { held: true, ..Launch::default() })
}

/// What clients have noticed.
struct Noticed {
    failures: Vec<Failure>,
    /// What the front server logged as errors.
    errors: String,
    /// What can be said of all that.
    told: String,
}

/// What clients notice of `action`.
fn noticed(kind: Kind, pool: &mut Pool, action: impl FnOnce(&Load, &mut Pool)) -> Noticed {
    let front = Front::start(kind, &pool.socket());
    let wanted = Wanted::everything(front.http(), &pool.images());
    let failures = load::under(&wanted, |load| action(load, pool));
    let mut kinds = BTreeMap::<String, usize>::new();
    for failure in &failures {
        *kinds.entry(failure.summary()).or_default() += 1;
    }
    let errors = front.errors();
    let told =
        format!("{kind:?}: {} went wrong: {kinds:#?}\n{errors}{}", failures.len(), pool.output());
    Noticed { failures, errors, told }
}

/// How many of these an action may cost that has workers end.
const LOST_BY_APACHE: usize = 2;

/// How many requests Apache has lost that no worker had read.
///
/// It keeps connections to the workers. It looks whether one is still open and then writes a request to it; a
/// worker that ends has finished what it had begun, and closes its connections. Where it does so between the
/// two, Apache asks nobody a second time and answers 503; nginx would ask again. It is seen now and then on a
/// machine that is overloaded.
///
/// What became of a request Apache's log tells: to write to a closed connection fails (32), and so does
/// reading (104) where what was written was not read. Behind a worker that has read a request and gives
/// no answer there is only the end of the stream, and that is nobody's right.
fn lost_unread(errors: &str) -> usize {
    let gave_up = |line: &&str| {
        ["AH01073: ", "AH01074: ", "AH01075: "].iter().any(|code| line.contains(code))
    };
    let unread =
        |line: &&str| line.contains("(32)Broken pipe") || line.contains("(104)Connection reset");
    errors.lines().filter(gave_up).filter(unread).count()
}

/// Clients must notice nothing of `action`, which has workers end.
fn unnoticed(kind: Kind, pool: &mut Pool, action: impl FnOnce(&Load, &mut Pool)) {
    let Noticed { failures, errors, told } = noticed(kind, pool, action);
    let clean = failures.iter().all(|failure| matches!(failure.fault, Fault::Status(503)));
    let most = match kind {
        Kind::Nginx => 0,
        Kind::Apache => lost_unread(&errors).min(LOST_BY_APACHE),
    };
    assert!(clean && failures.len() <= most, "{told}");
}

fn workers(pool: &Pool) -> BTreeSet<i32> {
    pool.workers().into_iter().collect()
}

fn wait_for_new_workers(pool: &Pool, before: &BTreeSet<i32>) {
    wait::until("both workers are new", || {
        let now = workers(pool);
        now.len() == 2 && now.is_disjoint(before)
    });
}

fn killed(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

/// How many pictures came from there, as the pool's metrics say.
fn pictures(pool: &Pool, from: &str) -> u64 {
    let page = fcgi::exchange(&mut pool.connect(), "/metrics").unwrap();
    let page = String::from_utf8(page).unwrap();
    let name = format!("halftone_pictures_total{{from=\"{from}\"}} ");
    let line = page.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("{name}: {page}")).parse().unwrap()
}

#[test]
fn new_settings() {
    let mut pool = pool(Launch::default());
    for kind in BOTH {
        unnoticed(kind, &mut pool, |load, pool| {
            for _ in 0..2 {
                let before = workers(pool);
                assert_eq!(before.len(), 2, "{kind:?}: {before:?}");
                pool.signal(Signal::SIGHUP);
                wait_for_new_workers(pool, &before);
                load.goes_on();
            }
        });
    }
    // The load is what it says it is.
    for from in ["memory", "cached", "unchanged", "made"] {
        assert!(pictures(&pool, from) > 50, "{from}: {}", pictures(&pool, from));
    }
}

/// A copy of the program that can be replaced.
fn copy(dir: &TempDir) -> Launch {
    let program = dir.path().join("halftone");
    put(&program);
    Launch { program: Some(program), ..Launch::default() }
}

/// Puts the program there, as a package does: a new file takes the name.
fn put(program: &Path) {
    let new = program.with_extension("new");
    fs::copy(env!("CARGO_BIN_EXE_halftone"), &new).unwrap();
    fs::rename(new, program).unwrap();
}

#[test]
fn a_new_program() {
    let dir = temp_dir();
    for kind in BOTH {
        let mut pool = pool(copy(&dir));
        let old = pool.pid();
        let pid_file = pool.run_dir().join("halftone.pid");
        let written = || fs::read_to_string(&pid_file).ok()?.trim().parse::<i32>().ok();
        let program = dir.path().join("halftone");
        unnoticed(kind, &mut pool, |load, pool| {
            put(&program);
            pool.signal(Signal::SIGUSR2);
            wait::until("the new program serves", || written().is_some_and(|pid| pid != old));
            assert!(pool.arbiter().wait().success(), "{}", pool.output());
            load.goes_on();
        });
        let new = written().unwrap();
        let file = |path: &Path| fs::metadata(path).unwrap().ino();
        assert_eq!(file(format!("/proc/{new}/exe").as_ref()), file(&program), "{kind:?}");
        // Nobody else would end it: it is not this test's child.
        kill(Pid::from_raw(new), Signal::SIGTERM).unwrap();
        wait::until("the new program ends", || !is_alive(new));
    }
}

#[test]
fn workers_that_have_had_their_number_of_requests() {
    let mut pool = pool_with(Launch::default(), |config| config.raw("max_requests", "400"));
    for kind in BOTH {
        unnoticed(kind, &mut pool, |_, pool| {
            for _ in 0..2 {
                let before = workers(pool);
                wait::until("none of the workers is left", || workers(pool).is_disjoint(&before));
            }
        });
    }
}

#[test]
fn a_restart() {
    let mut pool = held();
    for kind in BOTH {
        unnoticed(kind, &mut pool, |_, pool| {
            for _ in 0..2 {
                pool.signal(Signal::SIGTERM);
                assert!(pool.arbiter().wait().success(), "{}", pool.output());
                pool.start_again();
                pool.wait_until_it_answers();
            }
        });
    }
}

#[test]
fn rotated_logs() {
    let mut pool = pool(Launch::default());
    for kind in BOTH {
        let Noticed { failures, told, .. } = noticed(kind, &mut pool, |load, pool| {
            for _ in 0..2 {
                logs::rotate(pool);
                load.goes_on();
            }
        });
        // No connection ends with it, so that there is none to be caught at.
        assert!(failures.is_empty(), "{told}");
    }
}

/// Kills each worker once, some requests apart. Gives back how many connections they had then, of which each
/// carries one request at a time.
fn kill_workers(load: &Load, pool: &Pool) -> usize {
    let mut connections = 0;
    for worker in workers(pool) {
        // Stopped, it takes no more connections until they are counted.
        kill(Pid::from_raw(worker), Signal::SIGSTOP).unwrap();
        wait::until("all of it has stopped", || is_stopped(worker));
        connections += connections_of(worker, &pool.socket());
        killed(worker);
        wait::until("a new worker stands in", || {
            let now = workers(pool);
            now.len() == 2 && !now.contains(&worker)
        });
        load.goes_on();
    }
    connections
}

#[test]
fn killed_workers_behind_nginx() {
    let mut pool = pool(Launch::default());
    let Noticed { failures, told, .. } = noticed(Kind::Nginx, &mut pool, |load, pool| {
        kill_workers(load, pool);
    });
    assert!(failures.is_empty(), "{told}");
}

/// Apache asks nobody a second time: what was in the worker is lost, and nothing else. What is in it is what
/// Apache has written to one of its connections, read or not; those in the socket's queue go to another one.
#[test]
fn killed_workers_behind_apache() {
    let mut pool = pool(Launch::default());
    let mut inside = 0;
    let Noticed { failures, told, .. } = noticed(Kind::Apache, &mut pool, |load, pool| {
        inside = kill_workers(load, pool);
    });
    let clean = |failure: &Failure| matches!(failure.fault, Fault::Status(503));
    assert!(failures.iter().all(clean), "{told}");
    println!("{} requests lost on {inside} connections of killed workers", failures.len());
    // Each client has one request at a time, and two workers were killed.
    let most = inside.min(2 * CLIENTS);
    assert!(failures.len() <= most, "more than {most}: {told}");
}

#[test]
fn a_killed_arbiter() {
    let mut pool = held();
    for kind in BOTH {
        unnoticed(kind, &mut pool, |_, pool| {
            let orphans = workers(pool);
            assert_eq!(orphans.len(), 2, "{kind:?}");
            pool.signal(Signal::SIGKILL);
            pool.arbiter().wait();
            pool.start_again();
            wait::until("the workers end with it", || !orphans.iter().copied().any(is_alive));
            pool.wait_until_it_answers();
        });
    }
}

/// What was half sent when the worker died cannot be taken for a whole.
#[test]
fn a_body_that_breaks_off() {
    let large = |images: &Path| fs::write(images.join("large.bmp"), bitmap(6_000)).unwrap();
    let pool = Pool::start(large, |config| config);
    let_download(&pool, "large.bmp");
    let len = bitmap(6_000).len();
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let mut client = TcpStream::connect(front.http()).unwrap();
        client.set_read_timeout(Some(TIMEOUT)).unwrap();
        client
            .write_all(b"GET /original?src=large.bmp HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        // It has begun, and is far more than what is on its way at a time.
        let mut answer = vec![0; 4096];
        client.read_exact(&mut answer).unwrap();
        let before = workers(&pool);
        before.iter().copied().for_each(killed);
        // The connection ends, in whatever way; what it brought is short of what was announced.
        let _ = client.read_to_end(&mut answer);
        let head_len = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8_lossy(&answer[..head_len]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 "), "{kind:?}: {head}");
        assert!(head.contains(&format!("content-length: {len}\r\n")), "{kind:?}: {head}");
        assert!(answer.len() < head_len + len, "{kind:?}: all {} bytes came", answer.len());
        wait_for_new_workers(&pool, &before);
    }
}
