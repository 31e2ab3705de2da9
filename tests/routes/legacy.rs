//! `/erez…/erez`: addresses of clients of long ago answer as `/image` does.

use crate::errors::assert_page;
use crate::site::{Site, shared};
use crate::support::fixture::write_jpeg;
use crate::{library, magick};

#[test]
fn every_old_address_is_the_same_picture() {
    let site = shared();
    let right = site.ok("/image?src=a/photo.jpg&width=120");
    for number in ["", "1", "2", "3", "4", "5", "17"] {
        let target = format!("/erez{number}/erez?src=a/photo.jpg&width=120");
        let response = site.ok(&target);
        assert_eq!(response.header("etag"), right.header("etag"), "{target}");
        assert!(response.body == right.body, "{target}");
        let tag = [("If-None-Match", right.header("etag").unwrap())];
        assert_eq!(site.get_with(&target, &tag).status, 304, "{target}");
    }
}

#[test]
fn an_added_tif_is_taken_off() {
    let site = shared();
    let right = site.ok("/image?src=a/photo.jpg&width=120");
    for src in ["a/photo.jpg.tif", "a/photo.jpg.TIF", "/a//photo.jpg.tif"] {
        let response = site.ok(&format!("/erez/erez?src={src}&width=120"));
        assert_eq!(response.header("etag"), right.header("etag"), "{src}");
        assert_eq!(response.header("content-type"), Some("image/jpeg"), "{src}");
        assert_eq!(site.status(&format!("/image?src={src}&width=120")), 404, "{src}");
    }
    // A TIFF is a TIFF.
    let tiff = site.ok("/erez3/erez?src=a/chart.tif&width=40&format=png");
    assert_eq!(magick::facts(&tiff.body).size, (40, 30));
    assert_eq!(site.status("/erez/erez?src=a/none.jpg.tif"), 404);
}

#[test]
fn a_file_that_has_the_added_name_is_that_file() {
    let site = Site::start("", |images| {
        write_jpeg(&images.join("v.2.tif.jpg"), 60, 40);
        library::plain(&images.join("plain.png"), 20, 20, [1, 2, 3]);
    });
    assert_eq!(site.status("/erez/erez?src=v.2.tif.jpg&width=30"), 200);
    let added = site.ok("/erez/erez?src=plain.png.tif&attach=1");
    assert_eq!(added.header("content-disposition"), Some("attachment; filename=\"plain.png\""));
}

#[test]
fn it_refuses_what_image_refuses() {
    let site = shared();
    for (query, status) in [
        ("", 400),
        ("src=", 400),
        ("src=a/photo.jpg&width=x", 400),
        ("src=../a.jpg.tif", 403),
        ("src=a/photo.jpg%00.tif", 400),
        ("src=.tif", 404),
        ("src=a/.jpg.tif", 404),
        ("src=.jpg.tif.tif", 404),
    ] {
        let target = format!("/erez/erez?{query}");
        assert_page(&site, &site.get(&target), status, &target);
    }
}
