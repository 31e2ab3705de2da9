//! `fit`, `gravity`, `dpr`, `rotate` and the stored focal point.

use halftone::db::images::{self, FocalPoint};

use crate::library::{self, QUARTERS};
use crate::magick;
use crate::site::{Site, shared};

fn size(site: &Site, query: &str) -> (u32, u32) {
    magick::facts(&site.ok(&format!("/image?{query}&format=png")).body).size
}

#[test]
fn each_fit_gives_its_size() {
    let site = shared();
    for (parameters, expected) in [
        ("width=200&height=200&fit=contain", (200, 200)),
        ("width=200&height=200&fit=inside", (200, 133)),
        ("width=200&height=200&fit=cover", (200, 200)),
        ("width=200&height=200&fit=fill", (200, 200)),
        // Nothing is enlarged: `cover` keeps the shape, `fill` the sides that fit.
        ("width=2000&height=2000&fit=cover", (800, 800)),
        ("width=2000&height=100&fit=fill", (1200, 100)),
        ("width=300&fit=cover", (300, 200)),
        ("width=300&height=100&fit=cover&tile=1:4", (150, 50)),
        ("width=100&height=100&dpr=2&fit=cover", (200, 200)),
        ("width=100&dpr=1.5", (150, 100)),
        ("width=1000&dpr=8", (1200, 800)),
    ] {
        assert_eq!(size(&site, &format!("src=a/photo.jpg&{parameters}")), expected, "{parameters}");
    }
}

#[test]
fn gravity_says_what_is_kept() {
    // Four quarters of 200×150: a square of 150 at a side shows two or one of them.
    let site = shared();
    for (gravity, place, quarter) in [
        ("nw", (10, 10), 0),
        ("w", (140, 290), 2),
        ("e", (10, 10), 1),
        ("se", (140, 290), 3),
        ("0,0.5", (75, 10), 0),
        ("1,0.5", (75, 290), 3),
        ("1%2C0", (75, 10), 1),
    ] {
        let query =
            format!("src=a/chart.png&width=150&height=300&fit=cover&gravity={gravity}&format=png");
        let pixels = magick::pixels(&site.ok(&format!("/image?{query}")).body);
        assert_eq!(pixels.size, (150, 300));
        pixels.assert(place.0, place.1, QUARTERS[quarter], 0, gravity);
    }
}

#[test]
fn what_does_not_go_together_is_refused_by_name() {
    let site = shared();
    for (parameters, name) in [
        ("fit=crop", "fit"),
        ("width=10&height=10&fit=cover&autosizefit=1", "fit"),
        ("width=10&height=10&fit=inside&autocropfit=true", "fit"),
        ("gravity=north", "gravity"),
        ("gravity=0.5,1.5", "gravity"),
        ("dpr=0", "dpr"),
        ("dpr=8.1", "dpr"),
        ("rotate=90", "rotate"),
        ("quality=best", "quality"),
    ] {
        let response = site.get(&format!("/image?src=a/photo.jpg&{parameters}"));
        assert_eq!(response.status, 400, "{parameters}");
        let page = String::from_utf8(response.body).unwrap();
        assert!(page.contains(&format!("{name}:")), "{parameters}: {page}");
    }
    let both = r#"{"fit": {"value": "fill"}, "width": {"value": 50}, "height": {"value": 50}}"#;
    site.known_template("Fill", both);
    assert_eq!(size(&site, "src=a/photo.jpg&tmp=fill"), (50, 50));
    assert_eq!(size(&site, "src=a/photo.jpg&tmp=fill&autosizefit=1"), (50, 33));
}

#[test]
fn orientation_can_be_asked_for_and_declined() {
    let settings = "orient_from_exif = false\n";
    let (on, off) = (shared(), Site::start(settings, library::make));
    for (site, rotate, expected) in [
        (&*on, "", (48, 64)),
        (&*on, "&rotate=none", (64, 48)),
        (&*on, "&rotate=auto", (48, 64)),
        (&off, "", (64, 48)),
        (&off, "&rotate=auto", (48, 64)),
    ] {
        assert_eq!(size(site, &format!("src=a/sideways.jpg{rotate}")), expected, "{rotate}");
    }
    let tag = |query: &str| on.ok(query).header("etag").unwrap().to_owned();
    let plain = "/image?src=a/sideways.jpg&width=20";
    assert_eq!(tag(plain), tag(&format!("{plain}&rotate=auto")), "what is done anyway");
}

#[test]
fn the_focal_point_is_followed_and_noticed() {
    let site = Site::start("", library::make);
    let target = "/image?src=a/chart.png&width=150&height=300&fit=cover&gravity=focus&format=png";
    let plain = "/image?src=a/chart.png&width=150&format=png";
    let id = || images::by_path(site.db(), "a/chart.png").unwrap().unwrap().id;
    let before = site.ok(target).header("etag").unwrap().to_owned();
    let unrelated = site.ok(plain).header("etag").unwrap().to_owned();

    assert!(images::set_focal_point(site.db(), id(), FocalPoint::new(1.0, 0.0)).unwrap());
    // A worker that does not know the picture yet sees it at once.
    let (_process, addr) = site.second();
    let get = |target: &str| {
        let response = crate::support::http::get(addr, target).unwrap();
        assert_eq!(response.status, 200, "{target}");
        response
    };
    let after = get(target);
    assert_ne!(after.header("etag"), Some(before.as_str()));
    magick::pixels(&after.body).assert(75, 10, QUARTERS[1], 0, "the right side");
    assert_eq!(get(plain).header("etag"), Some(unrelated.as_str()), "other pictures stay");
}

#[test]
fn smart_keeps_the_detail() {
    let site = Site::start("", |images| {
        let path = images.join("sight.png");
        magick::make(&[
            "-size",
            "600x200",
            "xc:#808080",
            "(",
            "-size",
            "120x200",
            "pattern:checkerboard",
            "-fill",
            "red",
            "-opaque",
            "#999999",
            ")",
            "-geometry",
            "+470+0",
            "-composite",
            path.to_str().unwrap(),
        ]);
    });
    let target = "/image?src=sight.png&width=100&height=100&fit=cover&gravity=smart&format=png";
    let pixels = magick::pixels(&site.ok(target).body);
    let all = pixels.part(0, 0, 100, 100);
    let red = all.iter().filter(|pixel| pixel[0] > pixel[1].saturating_add(20)).count();
    // The detail fills 60 of 100 columns, half of them red.
    assert!(red > 2_000, "{red}");
}

#[test]
fn a_measured_quality_is_one_that_can_be_named() {
    let site = shared();
    let auto = site.ok("/image?src=a/photo.jpg&width=300&quality=auto");
    let quality = magick::facts(&auto.body).quality;
    assert!((20..=95).contains(&quality), "{quality}");
    let named = site.ok(&format!("/image?src=a/photo.jpg&width=300&quality={quality}"));
    assert_eq!(auto.body, named.body);
    let png = site.ok("/image?src=a/photo.jpg&width=30&quality=auto&format=png");
    let usual = site.ok("/image?src=a/photo.jpg&width=30&format=png");
    assert_eq!(png.header("etag"), usual.header("etag"));
}
