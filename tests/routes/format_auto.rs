//! `format=auto`: the format by what the client names in `Accept`, and what caches are told of it.

use crate::magick;
use crate::site::shared;

const NEW: (&str, &str) = ("Accept", "image/webp,*/*");
const OLD: (&str, &str) = ("Accept", "image/png,image/*;q=0.8,*/*;q=0.5");

const AUTO: &str = "/image?src=a/photo.jpg&width=120&format=auto";

#[test]
fn each_client_gets_what_it_names() {
    let site = shared();
    for (src, accept, expected) in [
        ("photo.jpg", NEW, "image/webp"),
        ("photo.jpg", OLD, "image/jpeg"),
        ("photo.jpg", ("Accept", "*/*"), "image/jpeg"),
        ("photo.jpg", ("Accept", "image/*"), "image/jpeg"),
        ("photo.jpg", ("X-Other", "1"), "image/jpeg"),
        ("photo.jpg", ("Accept", "image/webp;q=0"), "image/jpeg"),
        ("photo.jpg", ("Accept", "image/jpeg, image/webp;q=0.3"), "image/jpeg"),
        ("photo.jpg", ("Accept", "image/avif,image/webp,*/*"), "image/avif"),
        ("logo.png", NEW, "image/webp"),
        ("logo.png", ("Accept", "image/webp,image/avif"), "image/avif"),
        ("logo.png", OLD, "image/png"),
        ("chart.gif", NEW, "image/webp"),
        ("chart.gif", ("Accept", "image/avif,image/webp"), "image/webp"),
        ("chart.gif", OLD, "image/gif"),
        ("pages.tif", OLD, "image/jpeg"),
    ] {
        let target = format!("/image?src=a/{src}&width=20&format=auto");
        // The second time it comes from memory, by way of the event loop.
        for _ in 0..2 {
            let response = site.get_with(&target, &[accept]);
            assert_eq!(response.status, 200, "{src} {accept:?}");
            assert_eq!(response.header("content-type"), Some(expected), "{src} {accept:?}");
            assert_eq!(response.header("vary"), Some("Accept"), "{src} {accept:?}");
            let format = magick::facts(&response.body).format.to_lowercase();
            assert_eq!(format!("image/{format}"), expected);
        }
    }
}

#[test]
fn the_choice_is_what_is_cached() {
    let site = shared();
    let plain = site.ok("/image?src=a/photo.jpg&width=121&format=webp");
    assert_eq!(plain.header("vary"), None);
    let auto = site.get_with("/image?src=a/photo.jpg&width=121&format=auto", &[NEW]);
    assert_eq!(auto.header("etag"), plain.header("etag"), "the same picture");
    assert_eq!(auto.header("x-from-cache"), Some("True"));
    let old = site.get_with("/image?src=a/photo.jpg&width=121&format=auto", &[OLD]);
    assert_ne!(old.header("etag"), plain.header("etag"));
}

#[test]
fn a_304_says_what_it_depends_on() {
    let site = shared();
    let first = site.get_with(AUTO, &[NEW]);
    let tag = first.header("etag").unwrap();
    for _ in 0..2 {
        let again = site.get_with(AUTO, &[NEW, ("If-None-Match", tag)]);
        assert_eq!((again.status, again.header("vary")), (304, Some("Accept")));
    }
    // Another client does not hold it.
    assert_eq!(site.get_with(AUTO, &[OLD, ("If-None-Match", tag)]).status, 200);
}

#[test]
fn errors_are_not_kept_whoever_asks() {
    let site = shared();
    for target in
        ["/image?src=a/none.jpg&format=auto", "/image?src=a/photo.jpg&format=auto&width=x"]
    {
        let response = site.get_with(target, &[NEW]);
        assert!(response.status >= 400, "{target}");
        assert_eq!(response.header("cache-control"), Some("no-store"), "{target}");
    }
}

#[test]
fn a_template_can_leave_it_open() {
    let site = shared();
    site.known_template("Open", r#"{"format": {"value": "auto"}, "width": {"value": 90}}"#);
    let target = "/image?src=a/photo.jpg&tmp=open";
    for (accept, expected) in [(NEW, "image/webp"), (OLD, "image/jpeg"), (NEW, "image/webp")] {
        let response = site.get_with(target, &[accept]);
        assert_eq!(response.header("content-type"), Some(expected));
        assert_eq!(response.header("vary"), Some("Accept"));
    }
    let named = site.get_with(&format!("{target}&format=png"), &[NEW]);
    assert_eq!(named.header("content-type"), Some("image/png"));
    assert_eq!(named.header("vary"), None);
}

#[test]
fn attachments_are_named_after_the_choice() {
    let site = shared();
    let response = site.get_with(&format!("{AUTO}&attach=1"), &[NEW]);
    assert!(response.header("content-disposition").unwrap().contains("photo.webp"));
}
