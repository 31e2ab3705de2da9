//! Originals that change, vanish and return under the server.

use std::fs::{self, File};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::library::{self, QUARTERS};
use crate::magick;
use crate::site::{Site, within};
use crate::support::fixture::write_jpeg;
use crate::support::wait;

/// A changed file shows after the time for which its state is believed, and a little.
const IN_FORCE: Duration = Duration::from_secs(2);

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];

fn colour(body: &[u8]) -> [u8; 3] {
    let [r, g, b, _] = magick::pixels(body).at(5, 5);
    [r, g, b]
}

#[test]
fn a_replaced_file_is_a_new_picture_with_a_new_tag() {
    let site = Site::start("", |images| library::plain(&images.join("p.png"), 40, 40, RED));
    let target = "/image?src=p.png&width=20";
    let before = site.ok(target);
    let tag = before.header("etag").unwrap().to_owned();
    // As large as the old one, byte for byte: only its time tells.
    library::plain(&site.scratch().join("new.png"), 40, 40, BLUE);
    fs::rename(site.scratch().join("new.png"), site.image("p.png")).unwrap();
    within(IN_FORCE, "the new file is served", || {
        site.get_with(target, &[("If-None-Match", &tag)]).status == 200
    });
    let after = site.ok(target);
    assert_eq!((colour(&before.body), colour(&after.body)), (RED, BLUE));
    assert_ne!(after.header("etag"), Some(tag.as_str()));
    // Other variants of the old file are gone with it.
    assert_eq!(colour(&site.ok("/image?src=p.png&width=21").body), BLUE);
}

#[test]
fn size_and_time_tell_alone() {
    let site = Site::start("", |images| library::plain(&images.join("p.png"), 40, 40, RED));
    let tag = || site.ok("/image?src=p.png").header("etag").unwrap().to_owned();
    let first = tag();
    let file = File::options().write(true).open(site.image("p.png")).unwrap();
    let old = fs::metadata(site.image("p.png")).unwrap().modified().unwrap();
    // A nanosecond is a change, and so is an older time.
    file.set_modified(old + Duration::from_nanos(1)).unwrap();
    within(IN_FORCE, "a later time shows", || tag() != first);
    let second = tag();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(86_400)).unwrap();
    within(IN_FORCE, "an older time shows", || tag() != second);
    // Back as it was: the same picture as before.
    file.set_modified(old).unwrap();
    within(IN_FORCE, "the first time shows", || tag() == first);
}

#[test]
fn a_time_before_1970_is_a_time() {
    let site = Site::start("", |images| library::plain(&images.join("p.png"), 40, 40, RED));
    let file = File::options().write(true).open(site.image("p.png")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH - Duration::from_secs(1_000_000)).unwrap();
    wait::until("it is served", || site.status("/image?src=p.png") == 200);
    assert_eq!(colour(&site.ok("/image?src=p.png").body), RED);
}

#[test]
fn a_file_that_is_replaced_again_and_again_never_shows_wrong() {
    let site = Site::start("stat_cache_ms = 0", |images| {
        library::plain(&images.join("p.png"), 600, 600, RED);
        library::plain(&images.join("b.png"), 600, 600, BLUE);
        library::plain(&images.join("r.png"), 600, 600, RED);
    });
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut count = 0_u32;
            while !done.load(Ordering::Relaxed) {
                let from = if count.is_multiple_of(2) { "b.png" } else { "r.png" };
                let bytes = fs::read(site.image(from)).unwrap();
                fs::write(site.scratch().join("next.png"), bytes).unwrap();
                fs::rename(site.scratch().join("next.png"), site.image("p.png")).unwrap();
                count += 1;
            }
            count
        });
        for width in 100..160 {
            let response = site.ok(&format!("/image?src=p.png&width={width}"));
            let seen = colour(&response.body);
            assert!(seen == RED || seen == BLUE, "{seen:?}");
        }
        done.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 10);
    });
    // Once it rests, every variant is the one of the file that is there.
    let now = colour(&fs::read(site.image("p.png")).unwrap());
    for width in 100..160 {
        let response = site.ok(&format!("/image?src=p.png&width={width}"));
        assert_eq!(colour(&response.body), now, "{width}");
    }
}

#[test]
fn a_file_that_is_being_written_is_not_kept_half() {
    let site = Site::start("stat_cache_ms = 0", |images| {
        write_jpeg(&images.join("whole.jpg"), 1600, 1200);
    });
    let bytes = fs::read(site.image("whole.jpg")).unwrap();
    let target = "/image?src=p.jpg&width=400";
    let mut file = File::create(site.image("p.jpg")).unwrap();
    for part in bytes.chunks(bytes.len() / 6 + 1) {
        file.write_all(part).unwrap();
        file.flush().unwrap();
        let response = site.get(target);
        let whole = fs::metadata(site.image("p.jpg")).unwrap().len() == bytes.len() as u64;
        assert_eq!(response.status, if whole { 200 } else { 415 });
    }
    drop(file);
    assert!(site.ok(target).body == site.ok("/image?src=whole.jpg&width=400").body);
}

#[test]
fn vanished_and_returned() {
    let site = Site::start("", library::make);
    let target = "/image?src=a/chart.png&width=77";
    let right = site.ok(target);
    let tag = right.header("etag").unwrap().to_owned();
    let folder = site.scratch().join("gone");
    fs::rename(site.image("a"), &folder).unwrap();
    within(IN_FORCE, "it is gone", || site.status(target) == 404);
    // A copy in the cache or at the client makes no difference.
    assert_eq!(site.get_with(target, &[("If-None-Match", &tag)]).status, 404);
    fs::rename(&folder, site.image("a")).unwrap();
    within(IN_FORCE, "it is back", || site.status(target) == 200);
    assert_eq!(site.get_with(target, &[("If-None-Match", &tag)]).status, 304);
    magick::pixels(&site.ok(target).body).assert(5, 5, QUARTERS[0], 2, "back");
}

#[test]
fn a_repository_that_is_away_is_not_a_missing_picture() {
    // A first walk through the files would have what is known looked at anew.
    let site = Site::start("watch_library = false\nsync_every_h = 0", library::make);
    let target = "/image?src=a/chart.png&width=77";
    site.ok(target);
    let aside = site.scratch().join("aside");
    fs::rename(site.image(""), &aside).unwrap();
    wait::until("unknown pictures are unavailable", || site.status("/image?src=a/logo.png") == 503);
    // What is known is served on from the cache.
    assert_eq!(site.status(target), 200);
    fs::rename(&aside, site.image("")).unwrap();
    wait::until("it is back", || site.status("/image?src=a/logo.png") == 200);
}

#[test]
fn a_file_that_cannot_be_read_says_nothing_of_the_system() {
    let site = Site::start("", |images| {
        fs::create_dir(images.join("p.jpg")).unwrap();
        fs::create_dir(images.join("empty")).unwrap();
    });
    for path in ["p.jpg", "empty", "p.jpg/x.jpg"] {
        let target = format!("/image?src={path}");
        crate::errors::assert_page(&site, &site.get(&target), 404, &target);
    }
}
