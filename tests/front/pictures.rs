//! Pictures through the front servers.

use std::path::Path;

use crate::support::fixture::{jpeg_size, write_jpeg, write_png};
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::Pool;
use crate::support::http::{Client, Response};
use crate::support::wait;

fn library(images: &Path) {
    write_jpeg(&images.join("a/photo.jpg"), 1200, 800);
    write_png(&images.join("a/chart.png"), 300, 200);
    write_jpeg(&images.join("Füße/ä b.jpg"), 640, 480);
}

fn each(check: impl Fn(Kind, &Front, &Pool)) {
    let pool = Pool::start(library, |config| config);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        check(kind, &front, &pool);
    }
}

fn get(front: &Front, target: &str) -> Response {
    Client::connect(front.http()).unwrap().get(target).unwrap()
}

#[test]
fn a_picture_has_the_size_and_type_that_its_url_says() {
    each(|kind, front, pool| {
        let response = get(front, "/image?src=a/photo.jpg&width=400");
        assert_eq!(response.status, 200, "{kind:?}: {}{}", response.text(), pool.output());
        assert_eq!(response.header("content-type"), Some("image/jpeg"), "{kind:?}");
        assert_eq!(jpeg_size(&response.body), (400, 267), "{kind:?}");

        let response = get(front, "/image?src=a%2Fphoto.jpg&height=200&format=png");
        assert_eq!(response.header("content-type"), Some("image/png"), "{kind:?}");
        // Width and height stand at fixed places of a PNG's first chunk.
        assert_eq!(&response.body[16..24], [0, 0, 1, 44, 0, 0, 0, 200], "{kind:?}");
    });
}

#[test]
fn names_beyond_ascii_are_found() {
    each(|kind, front, pool| {
        let response = get(front, "/image?src=F%C3%BC%C3%9Fe/%C3%A4%20b.jpg&width=64");
        assert_eq!(response.status, 200, "{kind:?}: {}{}", response.text(), pool.output());
        assert_eq!(jpeg_size(&response.body), (64, 48), "{kind:?}");
    });
}

#[test]
fn the_original_is_sent_unchanged_to_whoever_may_download() {
    each(|kind, front, pool| {
        // The public may view at first, no more.
        let grant = |level| pool.database().give_everybody(level);
        let original = || get(front, "/original?src=a/photo.jpg");
        grant(10);
        wait::until("both workers refuse it", || (0..20).all(|_| original().status == 403));
        grant(20);
        wait::until("both workers give it", || (0..20).all(|_| original().status == 200));
        let response = original();
        let file = std::fs::read(pool.images().join("a/photo.jpg")).unwrap();
        assert!(response.body == file, "{kind:?}: {} bytes", response.body.len());
    });
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    each(|kind, front, _| {
        let target = "/image?src=a/photo.jpg&width=300";
        let whole = get(front, target);
        let mut client = Client::connect(front.http()).unwrap();
        let head = client.request("HEAD", target.as_bytes(), &[], b"").unwrap();
        assert_eq!(head.status, 200, "{kind:?}");
        let length = whole.body.len().to_string();
        assert_eq!(head.header("content-length"), Some(length.as_str()), "{kind:?}");
        assert_eq!(head.header("etag"), whole.header("etag"), "{kind:?}");
        // A body in spite of HEAD would be read as the next response.
        assert_eq!(client.get(target).unwrap().body.len(), whole.body.len(), "{kind:?}");
    });
}

#[test]
fn a_picture_that_the_client_has_is_not_sent_again() {
    each(|kind, front, _| {
        let target = b"/image?src=a/photo.jpg&width=310";
        let mut client = Client::connect(front.http()).unwrap();
        let first = client.request("GET", target, &[], b"").unwrap();
        let etag = first.header("etag").expect("an ETag").to_owned();
        let second =
            client.request("GET", target, &[("If-None-Match", etag.as_str())], b"").unwrap();
        assert_eq!(second.status, 304, "{kind:?}");
        assert!(second.body.is_empty(), "{kind:?}");
        assert_eq!(second.header("etag"), Some(etag.as_str()), "{kind:?}");
        assert_eq!(second.header("cache-control"), first.header("cache-control"), "{kind:?}");
        assert_eq!(client.get("/image?src=a/photo.jpg&width=310").unwrap().status, 200);
    });
}

#[test]
fn the_second_answer_comes_from_the_cache() {
    each(|kind, front, _| {
        let width = if kind == Kind::Nginx { 320 } else { 330 };
        let target = format!("/image?src=a/photo.jpg&width={width}");
        let first = get(front, &target);
        assert_eq!(first.header("x-from-cache"), Some("False"), "{kind:?}");
        let second = get(front, &target);
        // Apache sends what it has kept with all that was said when it was made; it may not have kept it
        // yet when the second request comes.
        let kept = second.header("x-cache").is_some_and(|cache| cache.starts_with("HIT"));
        let told = second.header("x-from-cache") == Some("True");
        assert!(told || kept && kind == Kind::Apache, "{kind:?}: {:?}", second.headers);
        assert!(first.body == second.body, "{kind:?}");
        let taken: u64 = first.header("x-time-taken").unwrap().parse().unwrap();
        assert!(taken < 60_000_000, "{kind:?}: {taken} µs");
        // What nginx has kept took the program no time.
        let told = second.header("x-time-taken").is_some();
        assert_eq!(told, !(kept && kind == Kind::Nginx), "{kind:?}: {:?}", second.headers);
    });
}

#[test]
fn errors_of_the_program_reach_the_client() {
    each(|kind, front, _| {
        for (target, status) in [
            ("/image", 400),
            ("/image?src=a/photo.jpg&width=banana", 400),
            ("/image?src=a/none.jpg", 404),
            ("/image?src=../../etc/passwd", 403),
            ("/image?src=/etc/passwd", 404),
            ("/image?src=a%0Ab.jpg", 400),
        ] {
            let response = get(front, target);
            assert_eq!(response.status, status, "{kind:?} {target}: {}", response.text());
            assert!(response.text().to_ascii_lowercase().contains("<html"), "{kind:?} {target}");
        }
    });
}

#[test]
fn a_large_body_nobody_asked_for_leaves_the_connection_in_order() {
    let body = vec![b'x'; 8_000_000];
    each(|kind, front, _| {
        let mut client = Client::connect(front.http()).unwrap();
        for target in ["/image?src=a/photo.jpg&width=200", "/no/such/page"] {
            let response = client.request("POST", target.as_bytes(), &[], &body).unwrap();
            assert!(matches!(response.status, 404 | 405), "{kind:?}: {}", response.status);
            let after = client.get("/image?src=a/photo.jpg&width=200").unwrap();
            assert_eq!(after.status, 200, "{kind:?}");
            assert_eq!(jpeg_size(&after.body), (200, 133), "{kind:?}");
        }
    });
}
