//! The picture that stands in for those that there are not.

use std::fs;
use std::path::Path;
use std::time::Duration;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::library;
use crate::magick;
use crate::site::{Site, within};
use crate::support::http::Response;

const SETTING: &str = "placeholder_image = '/none/missing.png'\n";

/// A placeholder of 200×100, a picture, a file that is none, and a closed folder.
fn images(folder: &Path) {
    library::plain(&folder.join("none/missing.png"), 200, 100, [90, 90, 90]);
    library::plain(&folder.join("a/one.png"), 60, 40, [200, 100, 50]);
    library::plain(&folder.join("closed/two.png"), 60, 40, [1, 2, 3]);
    fs::write(folder.join("a/broken.jpg"), b"no picture at all").unwrap();
}

fn site(settings: &str) -> Site {
    let site = Site::start(settings, images);
    site.permit("/", PUBLIC, Level::View.access());
    site.permit("/closed", PUBLIC, Level::None.access());
    within(Duration::from_secs(5), "rights hold", || {
        site.status("/image?src=closed/two.png") == 403
    });
    site
}

/// The size of the picture that stands in, after a look at all that comes with it.
fn stand_in(answer: &Response, status: u16) -> (u32, u32) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("image/png"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    assert_eq!(answer.header("etag"), None, "{answer:?}");
    assert_eq!(answer.header("expires"), None, "{answer:?}");
    magick::facts(&answer.body).size
}

#[test]
fn it_stands_in_at_the_size_that_was_asked_for() {
    let site = site(SETTING);
    for (query, status, size) in [
        ("src=a/none.png&width=50", 404, (50, 25)),
        ("src=none.jpg", 404, (200, 100)),
        ("src=a/broken.jpg&width=80&height=80", 415, (80, 80)),
        ("src=a/broken.jpg&width=80&height=80&fit=inside", 415, (80, 40)),
        // Nothing else of what was asked for is done to it.
        ("src=a/none.png&width=50&angle=90&format=webp&attach=1", 404, (50, 25)),
    ] {
        // Made, then from the cache.
        for _ in 0..2 {
            let answer = site.get(&format!("/image?{query}"));
            assert_eq!(stand_in(&answer, status), size, "{query}");
            assert_eq!(answer.header("content-disposition"), None);
        }
    }
    assert_eq!(stand_in(&site.get("/erez3/erez?src=a/none.png.tif&width=50"), 404), (50, 25));
    let head = site.send("HEAD", b"/image?src=a/none.png&width=50", &[]);
    assert_eq!((head.status, head.body.len()), (404, 0));
    assert_eq!(head.header("content-type"), Some("image/png"));
    let good = site.ok("/image?src=a/one.png&width=50");
    assert_ne!(good.header("cache-control"), Some("no-store"));
}

#[test]
fn what_is_closed_and_what_is_missing_look_alike() {
    let site = site(SETTING);
    let there = site.get("/image?src=closed/two.png&width=50");
    let missing = site.get("/image?src=closed/none.png&width=50");
    assert_eq!(stand_in(&there, 403), (50, 25));
    assert_eq!(stand_in(&missing, 403), (50, 25));
    assert_eq!(there.body, missing.body);
    let names = |answer: &Response| -> Vec<String> {
        answer.headers.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&there), names(&missing));
}

#[test]
fn people_and_faults_of_requests_get_the_page() {
    let site = site(SETTING);
    let page = |target: &str, accept: &str, status: u16| {
        let answer = site.get_with(target, &[("Accept", accept)]);
        assert_eq!(answer.status, status, "{target}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{target}");
    };
    let browser = "text/html,application/xhtml+xml,image/avif,*/*;q=0.8";
    page("/image?src=a/none.png", browser, 404);
    // One of many that make a picture together.
    page("/image?src=a/none.png&width=200&tile=1:4", "image/*", 404);
    // A page of ours marks what it cannot show; those of others have the placeholder.
    let of_page = |page: &str| {
        let fields = [("Accept", "image/*"), ("Referer", page)];
        site.get_with("/image?src=a/none.png", &fields)
    };
    let ours = of_page("http://localhost/browse?path=a");
    assert_eq!(ours.header("content-type"), Some("text/html; charset=utf-8"), "{ours:?}");
    for other in ["http://localhost/", "https://other.example/browse"] {
        assert_eq!(stand_in(&of_page(other), 404).0, 200, "{other}");
    }
    page("/image?src=closed/two.png", browser, 403);
    let picture = "image/avif,image/webp,image/*,*/*;q=0.8";
    page("/image?src=a/one.png&width=x", picture, 400);
    page("/image", picture, 400);
    page("/original?src=a/none.png", picture, 403);
    page("/details?src=a/none.png", picture, 404);
    assert_eq!(stand_in(&site.get_with("/image?src=b.png", &[("Accept", picture)]), 404).0, 200);
}

#[test]
fn one_that_is_missing_or_closed_itself_is_no_help() {
    for setting in
        ["placeholder_image = 'none/other.png'", "placeholder_image = 'closed/two.png'", ""]
    {
        let site = site(setting);
        let answer = site.get("/image?src=a/none.png");
        assert_eq!(answer.status, 404, "{setting}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{setting}");
    }
}

#[test]
fn it_is_no_way_around_signatures() {
    let rules = "signing_keys = ['k:0123456789abcdef0123456789abcdef']\nsignatures_for = ['/']\n";
    let site = site(&format!("{SETTING}{rules}"));
    // Nobody without a signature has any size of it made.
    let answer = site.get("/image?src=a/none.png&width=51");
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let config = site.config();
    let signed = crate::support::halftone::run(&[
        "sign",
        "--config",
        config.to_str().unwrap(),
        "/image?src=a/none.png&width=50",
    ]);
    assert_eq!(stand_in(&site.get(signed.trim()), 404), (50, 25));
}
