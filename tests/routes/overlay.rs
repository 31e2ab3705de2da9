//! `overlay`: rights, faults, the key, changes, and templates.

use std::fs;
use std::time::Duration;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::errors::{assert_page, without_address};
use crate::library::{self, QUARTERS};
use crate::magick::{self, Pixels};
use crate::site::{BOTH, Site, shared, within};
use crate::support::files::temp_dir;
use crate::support::halftone::{binary, run};
use crate::support::wait;

/// A change of rights or of a file holds everywhere after this time.
const IN_FORCE: Duration = Duration::from_secs(2);

fn pixels(site: &Site, query: &str) -> Pixels {
    magick::pixels(&site.ok(&format!("/image?{query}")).body)
}

fn etag(site: &Site, query: &str) -> String {
    site.ok(&format!("/image?{query}")).header("etag").expect("a tag").to_owned()
}

#[test]
fn a_logo_is_laid_where_it_is_asked_for() {
    // The logo is 40×20, its right half blue, its left half nothing; the chart is 400×300.
    let site = shared();
    let found = pixels(&site, "src=a/chart.png&overlay=a/logo.png&ovpos=se");
    found.assert(399, 299, [0, 0, 255], 0, "the logo's right half");
    found.assert(370, 290, QUARTERS[3], 0, "the logo's left half");
    found.assert(399, 279, QUARTERS[3], 0, "above the logo");
    let found = pixels(&site, "src=a/chart.png&overlay=/a//logo.png&ovsize=0.05&ovpos=NW");
    found.assert(15, 5, [0, 0, 255], 2, "half its size");
    found.assert(21, 5, QUARTERS[0], 2, "beside it");
    let found = pixels(&site, "src=a/chart.png&overlay=a/logo.png&ovopacity=0.5");
    let [r, g, b] = QUARTERS[1].map(u16::from);
    let half = [r / 2, g / 2, (b + 255) / 2].map(|level| level as u8);
    found.assert(210, 145, half, 1, "half of it");
    // Any format that can be read, also in templates' names.
    let found = pixels(&site, "src=a/logo.png&format=png&overlay=a/chart.webp&ovpos=w");
    found.assert(1, 1, QUARTERS[0], 6, "a WebP");
}

#[test]
fn what_has_no_effect_is_not_in_the_key() {
    let site = shared();
    let plain = etag(&site, "src=a/photo.jpg&width=90");
    for same in [
        "ovsize=0.5&ovpos=n&ovopacity=0.2",
        "overlay=",
        "overlay=&ovsize=0.5",
        "overlay=a/logo.png&ovopacity=0",
        "overlay=a/logo.png&ovsize=0",
        "overlay=a/none.png&ovsize=0",
        "sharpen=0",
    ] {
        assert_eq!(etag(&site, &format!("src=a/photo.jpg&width=90&{same}")), plain, "{same}");
    }
    let laid = etag(&site, "src=a/photo.jpg&width=90&overlay=a/logo.png");
    assert_ne!(laid, plain);
    for same in ["overlay=/a//logo.png", "overlay=a/logo.png&ovpos=C&ovsize=1&ovopacity=1.0"] {
        assert_eq!(etag(&site, &format!("src=a/photo.jpg&width=90&{same}")), laid, "{same}");
    }
    for other in
        ["overlay=a/chart.png", "overlay=a/logo.png&ovpos=n", "overlay=a/logo.png&sharpen=9"]
    {
        assert_ne!(etag(&site, &format!("src=a/photo.jpg&width=90&{other}")), laid, "{other}");
    }
}

#[test]
fn faults_name_the_overlay() {
    let site = Site::start("", |images| {
        library::make(images);
        fs::write(images.join("a/text.png"), "no picture").unwrap();
        let chart = fs::read(images.join("a/chart.png")).unwrap();
        fs::write(images.join("a/half.png"), &chart[..chart.len() / 2]).unwrap();
    });
    for (overlay, status) in [
        ("a/none.png", 404),
        ("none/none.png", 404),
        ("a", 404),
        ("/etc/passwd", 404),
        ("a/.hidden.png", 404),
        ("../x.png", 403),
        ("a/../../x.png", 403),
        ("a/", 400),
        ("a%00b.png", 400),
        ("a%0d%0ab.png", 400),
        ("a/text.png", 415),
        ("a/half.png", 415),
    ] {
        let target = format!("/image?src=a/photo.jpg&width=80&overlay={overlay}");
        let response = site.get(&target);
        assert_page(&site, &response, status, &target);
        let text = response.text();
        assert!(text.contains("overlay"), "{target}: {text}");
        // What is not there is told alike, and not where it was looked for.
        let missing = "overlay: there is no such picture";
        assert_eq!(text.contains(missing), status == 404, "{target}: {text}");
    }
    for (query, name) in [
        ("ovsize=1.1", "ovsize"),
        ("ovsize=x", "ovsize"),
        ("ovpos=top", "ovpos"),
        ("ovopacity=-0.1", "ovopacity"),
        ("sharpen=501", "sharpen"),
        ("sharpen=-501", "sharpen"),
        ("sharpen=1.5", "sharpen"),
    ] {
        let target = format!("/image?src=a/photo.jpg&width=80&overlay=a/logo.png&{query}");
        let response = site.get(&target);
        assert_page(&site, &response, 400, &target);
        assert!(response.text().contains(name), "{target}: {}", response.text());
    }
    let long = format!("/image?src=a/photo.jpg&overlay={}", "x".repeat(1025));
    assert_page(&site, &site.get(&long), 400, "a long name");
    assert_eq!(site.status("/image?src=a/photo.jpg&width=80"), 200);
}

#[test]
fn both_folders_have_to_be_open() {
    for backend in BOTH {
        let site = Site::on(backend, "", |images| {
            library::plain(&images.join("open.png"), 40, 30, [200, 100, 50]);
            library::plain(&images.join("closed/logo.png"), 20, 10, [0, 0, 255]);
        });
        let laid = "/image?src=open.png&overlay=closed/logo.png";
        let public = site.ok(laid);
        assert!(public.header("cache-control").unwrap().contains("public"));
        site.permit("/closed", PUBLIC, Level::None.access());
        // Also what a cache holds.
        within(IN_FORCE, "the folder is closed", || site.status(laid) == 403);
        let expected = site.get(laid);
        assert_page(&site, &expected, 403, laid);
        assert!(without_address(&expected).contains("overlay"), "{}", expected.text());
        for path in ["closed/none.png", "closed/none/x.png", "closed/logo.png/x"] {
            let response = site.get(&format!("/image?src=open.png&overlay={path}"));
            assert_eq!(response.status, 403, "{path}");
            assert_eq!(without_address(&response), without_address(&expected), "{path}");
        }
        // The picture's own folder is asked for first, and neither tells of the other's files.
        let closed = site.get("/image?src=closed/logo.png&overlay=none.png");
        assert_eq!(closed.status, 403);
        assert!(!without_address(&closed).contains("overlay"));
        assert_eq!(site.status("/image?src=none.png&overlay=closed/logo.png"), 403);
        assert_eq!(site.status("/image?src=open.png"), 200);
        // What has no effect needs no right.
        assert_eq!(site.status(&format!("{laid}&ovopacity=0")), 200);
    }
}

#[test]
fn a_changed_overlay_changes_the_picture() {
    let site = Site::start("", |images| {
        library::plain(&images.join("ground.png"), 40, 30, [200, 100, 50]);
        library::plain(&images.join("logo.png"), 40, 30, [0, 0, 255]);
    });
    let query = "src=ground.png&overlay=logo.png";
    let before = etag(&site, query);
    // Answered from memory now.
    assert_eq!(etag(&site, query), before);
    let next = site.image("next.png");
    library::plain(&next, 40, 31, [0, 255, 0]);
    fs::rename(next, site.image("logo.png")).unwrap();
    within(IN_FORCE, "the new logo shows", || etag(&site, query) != before);
    pixels(&site, query).assert(20, 15, [0, 255, 0], 1, "the new logo");
    fs::remove_file(site.image("logo.png")).unwrap();
    within(IN_FORCE, "the logo is gone", || {
        site.status("/image?src=ground.png&overlay=logo.png") == 404
    });
    assert_eq!(site.status("/image?src=ground.png"), 200);
}

#[test]
fn templates_hold_overlays() {
    let site = Site::start("", library::make);
    site.template(
        "Marked",
        r#"{"overlay_src": {"value": "a/logo.png"}, "overlay_pos": {"value": "NW"},
            "overlay_size": {"value": 1}, "overlay_opacity": {"value": 1.0},
            "sharpen": {"value": 0}}"#,
    );
    let query = "src=a/chart.png&tmp=marked&format=png";
    wait::until("the template is known", || site.status(&format!("/image?{query}")) == 200);
    pixels(&site, query).assert(30, 10, [0, 0, 255], 0, "by the template");
    let moved = pixels(&site, &format!("{query}&ovpos=ne"));
    moved.assert(30, 10, QUARTERS[0], 0, "moved by the URL");
    moved.assert(399, 10, [0, 0, 255], 0, "moved by the URL");
    // A blank one is none: the template's holds.
    pixels(&site, &format!("{query}&overlay=")).assert(30, 10, [0, 0, 255], 0, "blank");
}

#[test]
fn local_files_take_overlays_too() {
    let dir = temp_dir();
    library::make(dir.path());
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (chart, logo, out) = (at("a/chart.png"), at("a/logo.png"), at("out.png"));
    run(&["convert", &chart, &out, "--overlay", &logo, "--ovpos", "nw", "--sharpen", "-10"]);
    let found = magick::pixels(&fs::read(&out).unwrap());
    found.assert(30, 10, [0, 0, 255], 0, "the logo over the blurred picture");
    let mut command = binary();
    command.args(["convert", &chart, &out, "--overlay", &at("none.png")]);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("none.png"));
}
