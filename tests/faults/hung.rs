//! A file system that does not answer: a file server (FUSE) that is stopped.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Answer, get};
use crate::support::fcgi;
use crate::support::files::temp_dir;
use crate::support::fixture::{write_jpeg, write_jpeg_of};
use crate::support::halftone::{Launch, Pool};
use crate::support::namespace::Namespace;
use crate::support::wait;

/// Far above what an answer takes that does not wait for the file server, and far below the deadline of
/// requests, after which workers would be replaced.
const SOON: Duration = Duration::from_secs(20);

fn soon(pool: &Pool, uri: &str) -> Answer {
    let start = Instant::now();
    let answer = get(pool, uri);
    let taken = start.elapsed();
    assert!(taken < SOON, "{uri}: {} after {taken:?}", answer.status);
    answer
}

#[test]
fn who_does_not_need_it_does_not_wait_for_it() {
    let keep = temp_dir();
    let space = Namespace::new(keep.path());
    let folder = |name: &str| {
        let path = keep.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    let (near, far) = (folder("near"), folder("far"));
    fs::create_dir(near.join("far")).unwrap();
    write_jpeg(&near.join("photo.jpg"), 900, 600);
    for name in ["known.jpg", "other.jpg", "third.jpg"] {
        write_jpeg(&far.join(name), 300, 200);
    }
    let launch = Launch { by: space.entry(), ..Launch::default() };
    let mut servers = Vec::new();
    let pool = Pool::start_alone_by(
        launch,
        |images| {
            let mut serve =
                |from: &Path, at: &Path| servers.push(space.serve(keep.path(), from, at));
            serve(&near, images);
            serve(&far, &images.join("far"));
        },
        |config| // What is known of files each worker knows for itself.
            config.raw("stat_timeout_ms", "500").raw("workers", "1"),
    );
    let [near, far] = servers.try_into().ok().expect("two file servers");
    let known = "/image?src=far/known.jpg&width=100";
    let photo = "/image?src=photo.jpg&width=200";
    for uri in [known, photo] {
        assert_eq!(get(&pool, uri).status, 200, "{}", pool.output());
    }
    let workers = pool.workers();

    far.hang();
    for number in 0..10 {
        assert_eq!(soon(&pool, photo).status, 200);
        let new = soon(&pool, &format!("/image?src=photo.jpg&width={}", 300 + number));
        assert_eq!(new.status, 200, "{}", pool.output());
    }
    assert_eq!(soon(&pool, known).status, 200, "{}", pool.output());
    // A file of which nothing is known, and new pictures of one that is.
    assert!(soon(&pool, "/image?src=far/other.jpg&width=100").is_for_later());
    for width in 101..110 {
        let new = soon(&pool, &format!("/image?src=far/known.jpg&width={width}"));
        assert!(new.is_for_later(), "{}", new.status);
    }
    assert_eq!(soon(&pool, photo).status, 200);
    assert_eq!(get(&pool, "/healthz/ready").status, 200, "it is not the folder of images");
    far.go_on();
    for uri in ["/image?src=far/other.jpg&width=100", "/image?src=far/known.jpg&width=101"] {
        wait::until("it heals", || get(&pool, uri).status == 200);
    }

    near.hang();
    wait::until("health tells", || soon(&pool, "/healthz/ready").status == 503);
    assert_eq!(soon(&pool, photo).status, 200);
    assert_eq!(soon(&pool, known).status, 200);
    assert_eq!(soon(&pool, "/healthz/live").status, 200);
    near.go_on();
    wait::until("health tells", || get(&pool, "/healthz/ready").status == 200);
    wait::until("it heals", || get(&pool, "/image?src=far/third.jpg&width=100").status == 200);
    assert_eq!(pool.workers(), workers, "nobody had to be replaced: {}", pool.output());
}

/// Nothing like a photograph: a JPEG of it is hardly smaller than itself.
fn noise(width: usize, height: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..width * height * 3).map(|_| next()).collect()
}

#[test]
fn who_is_reading_a_file_when_it_hangs_is_let_go_at_the_deadline() {
    const BYTES_PER_S: u32 = 50_000;
    let keep = temp_dir();
    let space = Namespace::new(keep.path());
    let far = keep.path().join("far");
    write_jpeg_of(&far.join("large.jpg"), &noise(1500, 1500), 1500, 1500);
    write_jpeg(&far.join("small.jpg"), 60, 40);
    // To be read whole it takes longer than all that happens before it hangs.
    let len = fs::metadata(far.join("large.jpg")).unwrap().len();
    assert!(len > 30 * u64::from(BYTES_PER_S), "{len}");
    let launch = Launch { by: space.entry(), ..Launch::default() };
    let mut server = None;
    let pool = Pool::start_alone_by(
        launch,
        |images| {
            let at = images.join("far");
            fs::create_dir(&at).unwrap();
            server = Some(space.serve_slowly(keep.path(), &far, &at, BYTES_PER_S));
            write_jpeg(&images.join("photo.jpg"), 900, 600);
        },
        |config| {
            config
                .raw("request_deadline_s", "5")
                .raw("deadline_grace_s", "1")
                .raw("kill_grace_s", "20")
        },
    );
    let far = server.expect("a file server");
    let before = pool.workers();
    let replaced = || pool.output().contains("a request goes on past its deadline");
    std::thread::scope(|scope| {
        let read = far.read_bytes();
        let reading = scope
            .spawn(|| fcgi::exchange(&mut pool.connect(), "/image?src=far/large.jpg&width=100"));
        wait::until("it reads the file", || far.read_bytes() > read + 1_000);
        far.hang();
        assert!(far.read_bytes() < read + len, "it is in the middle");
        // What others ask for, cached or new, comes as ever, also from the worker that is replaced.
        let mut width = 100;
        let mut others = || {
            width += 1;
            for uri in
                ["/image?src=photo.jpg&width=90", &format!("/image?src=photo.jpg&width={width}")]
            {
                let answer = get(&pool, uri);
                assert_eq!(answer.status, 200, "{uri}: {}", pool.output());
            }
        };
        wait::until("its worker is to be replaced", || {
            others();
            replaced()
        });
        wait::until("another worker serves", || {
            others();
            pool.workers().iter().any(|worker| !before.contains(worker))
        });
        // Nobody takes it for a picture: its connection ends without an answer, or with this one.
        if let Ok(answer) = reading.join().unwrap() {
            println!("it was answered");
            assert_eq!(Answer::of(&answer).status, 503);
        }
        others();
        // As nginx asks once more.
        let again = soon(&pool, "/image?src=far/large.jpg&width=100");
        assert!(again.is_for_later(), "{}", again.status);
    });
    far.go_on();
    wait::until("it heals", || get(&pool, "/image?src=far/small.jpg&width=10").status == 200);
    wait::until("two workers are left", || pool.workers().len() == 2);
    assert!(pool.workers() != before, "one was replaced");
}
