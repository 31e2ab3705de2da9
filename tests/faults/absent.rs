//! The disk of the originals is not mounted, or something empty in its place.

use std::cell::OnceCell;
use std::fs;
use std::process::Output;

use rusqlite::Connection;

use super::get;
use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
use crate::support::halftone::{Launch, Pool};
use crate::support::namespace::Namespace;
use crate::support::wait;

/// More than a walk would believe to be gone.
const PICTURES: usize = 15;

fn picture(number: usize) -> String {
    format!("/image?src=p{number}.jpg&width=80")
}

/// Originals that the database takes for deleted.
fn deleted(pool: &Pool) -> i64 {
    let file = pool.config().parent().unwrap().join("data/halftone.db");
    let database = Connection::open(file).unwrap();
    let count = "SELECT count(*) FROM images WHERE status = 0";
    database.query_row(count, [], |row| row.get(0)).unwrap()
}

fn walk(pool: &Pool, space: &Namespace) -> Output {
    let mut command = space.command(env!("CARGO_BIN_EXE_halftone"));
    command.args(["sync", "--config"]).arg(pool.config()).output().unwrap()
}

#[test]
fn an_absent_disk_deletes_nothing() {
    let keep = temp_dir();
    let space = Namespace::new(keep.path());
    let (disk, empty) = (keep.path().join("disk"), keep.path().join("empty"));
    fs::create_dir(&disk).unwrap();
    fs::create_dir(&empty).unwrap();
    space.mount_memory(&disk, 8 << 20);
    fs::create_dir(space.path(&disk).join("library")).unwrap();
    for number in 0..PICTURES {
        let name = format!("library/p{number}.jpg");
        write_jpeg(&space.path(&disk).join(name), 120, 80);
    }
    let launch = Launch { by: space.entry(), ..Launch::default() };
    let mounted = OnceCell::new();
    let pool = Pool::start_alone_by(
        launch,
        |images| {
            space.bind(&disk, images);
            mounted.set(images.join("library")).unwrap();
        },
        |config| {
            let library = mounted.get().unwrap();
            // What is known of files each worker knows for itself.
            config.text("images_dir", &library.display().to_string()).raw("workers", "1")
        },
    );
    let mount = pool.images();
    assert!(walk(&pool, &space).status.success(), "{}", pool.output());
    let right: Vec<_> = (0..PICTURES).map(|number| get(&pool, &picture(number))).collect();
    assert!(right.iter().all(|answer| answer.status == 200), "{}", pool.output());

    // Not there at all: what is known goes on, and nothing else is found missing.
    space.unmount(&mount);
    wait::until("it is noticed", || get(&pool, "/image?src=p0.jpg&width=70").is_for_later());
    assert_eq!(get(&pool, "/healthz/ready").status, 503);
    for (number, right) in right.iter().enumerate() {
        let known = get(&pool, &picture(number));
        assert_eq!((known.status, known.is_from_cache()), (200, true), "{}", pool.output());
        assert!(known.body == right.body, "{number}");
    }
    assert!(get(&pool, "/image?src=p99.jpg").is_for_later());
    assert!(!walk(&pool, &space).status.success());
    assert_eq!(deleted(&pool), 0);

    // An empty folder in its place: pictures are not there, but they are not taken for removed.
    space.bind(&disk, &mount);
    wait::until("it is back", || get(&pool, "/image?src=p0.jpg&width=70").status == 200);
    space.bind(&empty, &mount.join("library"));
    wait::until("it is noticed", || get(&pool, &picture(0)).status == 404);
    for number in 0..PICTURES {
        wait::until("it is noticed", || get(&pool, &picture(number)).status == 404);
    }
    assert!(!walk(&pool, &space).status.success());
    assert_eq!(deleted(&pool), 0);

    space.unmount(&mount.join("library"));
    for (number, right) in right.iter().enumerate() {
        wait::until("all are back", || get(&pool, &picture(number)).status == 200);
        let known = get(&pool, &picture(number));
        assert!(known.is_from_cache() && known.body == right.body, "{number}");
        assert_eq!(known.field("etag"), right.field("etag"), "{number}");
    }
    assert_eq!(get(&pool, "/healthz/ready").status, 200);
}
