//! How queries are read: spellings that mean the same are one picture with one entity tag.

use crate::site::{Site, encoded, shared};
use crate::{library, magick};

fn etag(site: &Site, query: &str) -> String {
    site.ok(&format!("/image?{query}")).header("etag").expect("an ETag").to_owned()
}

#[test]
fn equivalent_requests_share_one_tag() {
    let site = shared();
    let base = etag(&site, "src=a/photo.jpg&width=100");
    for query in [
        "width=100&src=a/photo.jpg",
        "src=/a/photo.jpg&width=100",
        "src=/a//photo.jpg&width=100",
        "src=a/./photo.jpg&width=100",
        "src=a%2Fphoto%2Ejpg&width=100",
        "src=a/photo.jpg&width=0100",
        "src=a/photo.jpg&width=%31%30%30",
        "src=a/photo.jpg&width=100&height=0",
        "src=a/photo.jpg&width=100&angle=360",
        "src=a/photo.jpg&width=100&angle=-360",
        "src=a/photo.jpg&width=100&angle=0.000001",
        "src=a/photo.jpg&width=100&left=0&right=1",
        "src=a/photo.jpg&width=100&top=0.000004&bottom=1.0",
        "src=a/photo.jpg&width=100&format=JPEG",
        "src=a/photo.jpg&width=100&quality=80",
        "src=a/photo.jpg&width=100&page=1",
        "src=a/photo.jpg&width=100&page=0",
        "src=a/photo.jpg&width=100&fill=white",
        "src=a/photo.jpg&width=100&halign=L0&valign=B1",
        "src=a/photo.jpg&width=100&autosizefit=1",
        "src=a/photo.jpg&width=100&autocropfit=1",
        "src=a/photo.jpg&width=100&strip=1",
        "src=a/photo.jpg&width=100&colorspace=rgb",
        "src=a/photo.jpg&width=100&dpi=0",
        "src=a/photo.jpg&width=100&tmp=default",
        "src=a/photo.jpg&width=100&stats=0",
        "src=a/photo.jpg&width=100&attach=1",
        "src=a/photo.jpg&width=100&xref=abc",
        "src=a/photo.jpg&width=100&nothing=1&sharpen=",
        "src=a/photo.jpg&width=100&expires=5",
        "&&src=a/photo.jpg&&width=100&=&",
        "src=a/photo.jpg&amp;width=100",
        "src=a/photo.jpg&amp;width=100&amp;height=0",
        "src=a/photo.jpg&width=&width=100",
        "src=a/photo.jpg&width=100&width=200",
        "src=a/photo.jpg&width=100&src=a/none.jpg",
        "src=a/photo.jpg&width=%20100%20",
        "src=a/photo.jpg&width=+100",
        "src=a/photo.jpg&width=100&height=%20",
        "src=a/photo.jpg&width=100&Height=50&FORMAT=png",
    ] {
        assert_eq!(etag(&site, query), base, "{query}");
    }
}

#[test]
fn different_pictures_have_different_tags() {
    let site = shared();
    let mut tags: Vec<String> = [
        "",
        "&width=100",
        "&width=101",
        "&height=100",
        "&width=100&height=100",
        "&width=100&height=100&fill=red",
        "&width=100&height=100&halign=L0",
        "&width=100&height=100&valign=T0",
        "&width=100&height=100&autosizefit=1",
        "&width=100&format=pjpg",
        "&width=100&format=gif",
        "&width=100&format=png",
        "&width=100&quality=81",
        "&width=100&angle=1",
        "&width=100&angle=0.00001",
        "&width=100&flip=h",
        "&width=100&flip=v",
        "&width=100&left=0.1",
        "&width=100&top=0.1",
        "&width=100&right=0.9",
        "&width=100&bottom=0.9",
        "&width=100&strip=0",
        "&width=100&dpi=72",
        "&width=100&colorspace=gray",
        "&width=100&colorspace=cmyk",
        "&width=100&tile=1:4",
        "&width=100&tile=2:4",
        "&width=100&tile=1:9",
    ]
    .iter()
    .map(|query| etag(&site, &format!("src=a/photo.jpg{query}")))
    .collect();
    tags.push(etag(&site, "src=a/chart.png&width=100&format=jpg"));
    let count = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), count);
}

#[test]
fn values_ignore_case_and_names_do_not() {
    let site = shared();
    let size = |query: &str| magick::facts(&site.ok(&format!("/image?{query}")).body).size;
    assert_eq!(size("src=a/chart.png&WIDTH=10&Height=10"), (400, 300));
    for (one, other) in [
        ("format=pJPg", "format=pjpg"),
        ("flip=H", "flip=h"),
        ("colorspace=GRAY", "colorspace=grey"),
        ("width=90&height=90&halign=c0.1", "width=90&height=90&halign=C0.1"),
        ("width=90&height=90&fill=ReD", "width=90&height=90&fill=%23ff0000"),
        ("width=90&height=90&autosizefit=True", "width=90&height=90&autosizefit=t"),
        ("strip=FALSE", "strip=0"),
        ("tmp=SMALLJPEG", "tmp=smalljpeg"),
    ] {
        let tag = |query: &str| etag(&site, &format!("src=a/photo.jpg&{query}"));
        assert_eq!(tag(one), tag(other), "{one}");
    }
    // File names are other files in other letters.
    assert_eq!(site.status("/image?src=A/photo.jpg"), 404);
    assert_eq!(site.status("/image?src=a/Photo.jpg"), 404);
}

#[test]
fn names_of_files_may_hold_anything_that_can_be_seen() {
    let names = [
        "Füße/ä b.jpg",
        "日本/写真.jpg",
        "it's \"odd\" <b>&amp;.jpg",
        "100%.jpg",
        "a+b.jpg",
        "a&b=c;d.jpg",
        "semi;colon, comma.jpg",
        "#hash?.jpg",
        "back\\slash.jpg",
        "%2e%2e.jpg",
        "a...jpg.jpg",
        "tab.jpg ",
        "\u{1f4f7}.jpg",
        "upper.JPG",
    ];
    let site = Site::start("", |images| {
        for name in names {
            crate::support::fixture::write_jpeg(&images.join(name), 30, 20);
        }
    });
    for name in names {
        let target = format!("/image?src={}&format=png&width=15", encoded(name));
        assert_eq!(magick::facts(&site.ok(&target).body).size, (15, 10), "{name}");
    }
    // `+` is a space in a query.
    assert_eq!(site.status("/image?src=F%C3%BC%C3%9Fe/%C3%A4+b.jpg"), 200);
    assert_eq!(site.status("/image?src=a%2Bb.jpg"), 200);
    assert_eq!(site.status("/image?src=a+b.jpg"), 404);
    // Decoded once, not twice.
    assert_eq!(site.status("/image?src=%252e%252e.jpg"), 200);
}

#[test]
fn composed_and_decomposed_letters_are_different_files() {
    let (composed, decomposed) = ("caf\u{e9}.png", "cafe\u{301}.png");
    let site = Site::start("", |images| {
        library::plain(&images.join(composed), 10, 10, [255, 0, 0]);
        library::plain(&images.join(decomposed), 10, 10, [0, 0, 255]);
    });
    for (name, rgb) in [(composed, [255, 0, 0]), (decomposed, [0, 0, 255])] {
        let response = site.ok(&format!("/image?src={}", encoded(name)));
        magick::pixels(&response.body).assert(5, 5, rgb, 0, name);
    }
    std::fs::remove_file(site.image(decomposed)).unwrap();
    crate::support::wait::until("it is gone", || {
        site.status(&format!("/image?src={}", encoded(decomposed))) == 404
    });
    assert_eq!(site.status(&format!("/image?src={}", encoded(composed))), 200);
}
