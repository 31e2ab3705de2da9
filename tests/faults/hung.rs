//! A file system that does not answer: a file server (FUSE) that is stopped.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Answer, get};
use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
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
