//! `xref` and `stats`: who is told of a picture that was asked for.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use halftone::db::{self, Sql as _};

use crate::library;
use crate::site::{BOTH, Site, encoded};
use crate::support::wait;

/// A server that answers every request with 204 and passes on its first line.
fn listener() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (lines, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut line) = (String::new(), String::new());
            let _ = reader.read_line(&mut first);
            while reader.read_line(&mut line).is_ok_and(|len| len > 2) {
                line.clear();
            }
            let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer);
            if lines.send(first).is_err() {
                return;
            }
        }
    });
    (port, received)
}

#[test]
fn every_request_with_xref_calls_the_tracking_address() {
    let (port, received) = listener();
    let settings = format!("xref_url = 'http://127.0.0.1:{port}/track?ref='");
    let site = Site::start(&settings, library::make);
    let next = || received.recv_timeout(wait::PATIENCE).expect("a call");
    let target = "/image?src=a/chart.png&width=30&xref=";
    let tag = site.ok(&format!("{target}one")).header("etag").unwrap().to_owned();
    assert_eq!(next(), "GET /track?ref=one HTTP/1.1\r\n");
    // From the cache, and as a 304, it is asked for all the same.
    site.ok(&format!("{target}two"));
    assert_eq!(next(), "GET /track?ref=two HTTP/1.1\r\n");
    site.get_with(&format!("{target}three"), &[("If-None-Match", &tag)]);
    assert_eq!(next(), "GET /track?ref=three HTTP/1.1\r\n");
    // What could change the call is encoded.
    let hostile = "a b&c=d#e/../f?g%0d\"ü";
    site.ok(&format!("{target}{}", encoded(hostile)));
    let line = next();
    let sent = line.strip_prefix("GET /track?ref=").unwrap().strip_suffix(" HTTP/1.1\r\n").unwrap();
    assert_eq!(sent, encoded(hostile));
    // Without it, and for what is refused, nobody is called.
    site.ok("/image?src=a/chart.png&width=30");
    assert_eq!(site.status("/image?src=a/none.png&xref=refused"), 404);
    assert_eq!(site.status("/image?src=a/chart.png&width=x&xref=refused"), 400);
    site.ok(&format!("{target}last"));
    assert_eq!(next(), "GET /track?ref=last HTTP/1.1\r\n");
}

#[test]
fn a_tracking_address_that_hangs_delays_nobody() {
    // Connections are taken by the system and never answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let settings = format!("xref_url = 'http://127.0.0.1:{port}/'");
    let site = Site::start(&settings, library::make);
    site.ok("/image?src=a/chart.png&width=30");
    let start = Instant::now();
    for number in 0..20 {
        site.ok(&format!("/image?src=a/chart.png&width=30&xref={number}"));
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn without_an_address_nothing_is_called() {
    let site = Site::start("", library::make);
    assert_eq!(site.status("/image?src=a/chart.png&width=30&xref=http://127.0.0.1:1/"), 200);
    assert!(!site.log().contains("tracking"), "{}", site.log());
}

#[test]
fn requests_are_counted_for_the_picture_and_the_system() {
    for backend in BOTH {
        let site = Site::on(backend, "stats_flush_s = 1", library::make);
        let target = "/image?src=a/chart.png&width=30";
        let first = site.ok(target);
        let tag = first.header("etag").unwrap().to_owned();
        for _ in 0..4 {
            site.ok(target);
        }
        for _ in 0..3 {
            site.ok(&format!("{target}&stats=0"));
        }
        for _ in 0..2 {
            assert_eq!(site.get_with(target, &[("If-None-Match", &tag)]).status, 304);
        }
        // Neither a copy that the client has nor a head alone is a view.
        assert_eq!(site.send("HEAD", target.as_bytes(), &[]).status, 200);
        assert_eq!(site.status("/image?src=a/none.png"), 404);
        let id = db::images::by_path(site.db(), "a/chart.png").unwrap().unwrap().id;
        let image = || db::stats::image_sum(site.db(), id, 0, i64::MAX).unwrap();
        let system = || db::stats::system_sum(site.db(), 0, i64::MAX).unwrap();
        wait::until("everything is counted", || image().requests == 8 && system().requests == 12);
        let (image, system) = (image(), system());
        assert_eq!((image.views, image.cached_views, image.downloads), (5, 4, 0), "{backend:?}");
        assert_eq!(image.total_bytes, 5 * i64::try_from(first.body.len()).unwrap(), "{backend:?}");
        assert_eq!((system.views, system.cached_views), (8, 7), "{backend:?}");
    }
}

#[test]
fn what_is_refused_counts_for_its_picture_and_what_does_not_exist_for_none() {
    let pictures = |images: &Path| {
        library::make(images);
        fs::write(images.join("a/broken.jpg"), b"\xff\xd8 no more").unwrap();
    };
    for backend in BOTH {
        let settings = "stats_flush_s = 1\nnew_pictures_per_min = 1\nnew_pictures_burst = 2\n";
        let site = Site::on(backend, settings, pictures);
        let count = |path: &str| {
            let image = db::images::by_path(site.db(), path).unwrap().expect("a row");
            db::stats::image_sum(site.db(), image.id, 0, i64::MAX).unwrap()
        };
        let system = || db::stats::system_sum(site.db(), 0, i64::MAX).unwrap();
        for width in [30, 31] {
            site.ok(&format!("/image?src=a/chart.png&width={width}"));
        }
        for width in [32, 33, 34] {
            assert_eq!(site.status(&format!("/image?src=a/chart.png&width={width}")), 429);
        }
        assert_eq!(site.status("/image?src=a/chart.png&width=35&stats=0"), 429);
        for number in 0..40 {
            assert_eq!(site.status(&format!("/image?src=a/none-{number}.png")), 404);
        }
        wait::until("everything is counted", || system().requests == 46);
        let chart = count("a/chart.png");
        assert_eq!((chart.requests, chart.views), (5, 2), "{backend:?}");
        let rows = site.db().query("SELECT COUNT(DISTINCT image_id) FROM image_stats", &[]);
        assert_eq!(rows.unwrap()[0].int(0).unwrap(), 1, "{backend:?}: nothing else has a row");
        assert!(db::images::by_path(site.db(), "a/none-0.png").unwrap().is_none());

        // The same where another picture stands in for it.
        for more in ["", "placeholder_image = 'a/chart.png'\n"] {
            let site = Site::on(backend, &format!("stats_flush_s = 1\n{more}"), pictures);
            for _ in 0..3 {
                assert_eq!(site.status("/image?src=a/broken.jpg&width=30"), 415);
            }
            let broken = || {
                let image = db::images::by_path(site.db(), "a/broken.jpg").unwrap()?;
                Some(db::stats::image_sum(site.db(), image.id, 0, i64::MAX).unwrap())
            };
            let system = || db::stats::system_sum(site.db(), 0, i64::MAX).unwrap();
            wait::until("everything is counted", || {
                broken().is_some_and(|sum| sum.requests >= 3) && system().requests >= 3
            });
            let sums = (broken().unwrap(), system());
            assert_eq!((sums.0.requests, sums.0.views), (3, 0), "{backend:?} {more}");
            assert_eq!(sums.1.requests, 3, "{backend:?} {more}");
        }
    }
}
