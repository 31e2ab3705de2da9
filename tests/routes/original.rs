//! `/original`: the file as it lies on disk.

use std::fs;
use std::path::Path;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::errors::assert_page;
use crate::library;
use crate::site::{Site, encoded};
use crate::support::fixture::write_jpeg;
use crate::support::wait;

fn open_site(prepare: impl FnOnce(&Path)) -> Site {
    let site = Site::start("", |images| {
        library::make(images);
        prepare(images);
    });
    site.permit("/", PUBLIC, Level::Download.access());
    wait::until("downloads are allowed", || site.status("/original?src=a/photo.jpg") == 200);
    site
}

#[test]
fn it_is_the_file_byte_for_byte() {
    let site = open_site(|_| ());
    for (src, mime) in [
        ("a/photo.jpg", "image/jpeg"),
        ("a/chart.png", "image/png"),
        ("a/pages.tif", "image/tiff"),
        ("a/chart.webp", "image/webp"),
        ("/a//chart.gif", "image/gif"),
        ("a/chart.bmp", "image/bmp"),
    ] {
        let response = site.ok(&format!("/original?src={src}"));
        let file = fs::read(site.image(src.trim_start_matches('/'))).unwrap();
        assert!(response.body == file, "{src}");
        assert_eq!(response.header("content-type"), Some(mime), "{src}");
        let name = src.rsplit('/').next().unwrap();
        let inline = format!("inline; filename=\"{name}\"");
        assert_eq!(response.header("content-disposition"), Some(inline.as_str()), "{src}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{src}");
        assert_eq!(response.header("cache-control"), Some("public, max-age=604800"), "{src}");
        let attached = site.ok(&format!("/original?src={src}&attach=1"));
        let attachment = format!("attachment; filename=\"{name}\"");
        assert_eq!(attached.header("content-disposition"), Some(attachment.as_str()), "{src}");
        assert_eq!(attached.header("etag"), response.header("etag"), "{src}");
    }
}

#[test]
fn its_tag_is_another_one_than_those_of_pictures() {
    let site = open_site(|_| ());
    let target = "/original?src=a/photo.jpg";
    let response = site.ok(target);
    let tag = response.header("etag").unwrap().to_owned();
    assert_ne!(site.ok("/image?src=a/photo.jpg").header("etag"), Some(tag.as_str()));
    for list in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
        let unchanged = site.get_with(target, &[("If-None-Match", &list)]);
        assert_eq!(unchanged.status, 304, "{list}");
        assert_eq!(unchanged.header("etag"), Some(tag.as_str()));
        assert_eq!(unchanged.header("cache-control"), response.header("cache-control"));
    }
    let head = site.send("HEAD", target.as_bytes(), &[]);
    let length = response.body.len().to_string();
    assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())));
    assert!(head.body.is_empty());
    fs::copy(site.image("a/sideways.jpg"), site.image("a/photo.jpg")).unwrap();
    wait::until("the new file is sent", || site.ok(target).header("etag") != Some(tag.as_str()));
    assert!(site.ok(target).body == fs::read(site.image("a/sideways.jpg")).unwrap());
}

#[test]
fn it_takes_only_its_own_parameters() {
    let site = open_site(|_| ());
    let right = site.ok("/original?src=a/photo.jpg");
    for query in ["width=10", "width=x", "format=exe", "tmp=none", "angle=9999", "page=7"] {
        let response = site.ok(&format!("/original?src=a/photo.jpg&{query}"));
        assert_eq!(response.header("etag"), right.header("etag"), "{query}");
    }
    for (query, status) in [
        ("", 400),
        ("src=", 400),
        ("src=a/photo.jpg&attach=maybe", 400),
        ("src=a/photo.jpg&stats=7", 400),
        ("src=a/photo.jpg%0a", 400),
        ("src=../x.jpg", 403),
        ("src=a/none.jpg", 404),
        ("src=a", 404),
        ("src=/etc/passwd", 404),
    ] {
        let target = format!("/original?{query}");
        assert_page(&site, &site.get(&target), status, &target);
    }
}

#[test]
fn only_pictures_are_sent() {
    let site = open_site(|images| {
        for name in ["notes.txt", "page.html", "run.php", "none", "secret.db"] {
            fs::write(images.join(name), "<script>alert(1)</script>").unwrap();
        }
        fs::write(images.join(".hidden.jpg"), "hidden").unwrap();
    });
    for name in ["notes.txt", "page.html", "run.php", "none", "secret.db"] {
        let target = format!("/original?src={name}");
        assert_page(&site, &site.get(&target), 415, &target);
    }
    assert_eq!(site.status("/original?src=.hidden.jpg"), 404);
}

#[test]
fn a_drawing_cannot_act_in_the_name_of_its_viewer() {
    let drawing = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let site = open_site(|images| fs::write(images.join("x.svg"), drawing).unwrap());
    let response = site.ok("/original?src=x.svg");
    assert_eq!(response.text(), drawing);
    assert_eq!(response.header("content-type"), Some("image/svg+xml"));
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    let policy = response.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert!(!policy.contains("script"), "{policy}");
    let tag = response.header("etag").unwrap();
    let again = site.get_with("/original?src=x.svg", &[("If-None-Match", tag)]);
    assert_eq!(again.status, 304);
    // Other pictures have nothing to run, and some viewers need their rights.
    assert_eq!(site.ok("/original?src=a/photo.jpg").header("content-security-policy"), None);
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let site = open_site(|_| ());
    let target = "/original?src=a/photo.jpg";
    let file = fs::read(site.image("a/photo.jpg")).unwrap();
    let whole = site.ok(target);
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let tag = whole.header("etag").unwrap();
    let last = file.len() - 1;
    for (range, part) in [
        ("bytes=0-0".to_owned(), 0..1),
        ("bytes=100-".to_owned(), 100..file.len()),
        ("bytes=-7".to_owned(), file.len() - 7..file.len()),
        (format!("bytes=10-{}", file.len() + 10), 10..file.len()),
    ] {
        let response = site.get_with(target, &[("Range", &range), ("If-Range", tag)]);
        assert_eq!(response.status, 206, "{range}");
        assert!(response.body == file[part.clone()], "{range}");
        let told = format!("bytes {}-{}/{}", part.start, part.end - 1, file.len());
        assert_eq!(response.header("content-range"), Some(told.as_str()), "{range}");
        assert_eq!(response.header("etag"), Some(tag), "{range}");
    }
    let changed = site.get_with(target, &[("Range", "bytes=5-9"), ("If-Range", "\"another\"")]);
    assert_eq!((changed.status, changed.body.len()), (200, file.len()));
    let beyond = format!("bytes={}-", last + 1);
    let beyond = site.get_with(target, &[("Range", &beyond)]);
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{}", last + 1).as_str()));
}

#[test]
fn names_are_sent_safely() {
    // What RFC 6266 wants: a plain name for old clients, the true one by RFC 8187.
    let cases = [
        ("plain name.jpg", "\"plain name.jpg\"", None),
        ("Füße.jpg", "\"F__e.jpg\"", Some("F%C3%BC%C3%9Fe.jpg")),
        ("日本.jpg", "\"__.jpg\"", Some("%E6%97%A5%E6%9C%AC.jpg")),
        ("semi;colon=.jpg", "\"semi;colon=.jpg\"", None),
    ];
    let hostile = [
        "quo\"te.jpg",
        "back\\slash.jpg",
        "per%0d%0acent.jpg",
        "rtl\u{202e}gpj.exe.jpg",
        "a\"; filename=\"evil.exe.jpg",
        "zero\u{200b}width.jpg",
        "<b>&'.jpg",
    ];
    let site = open_site(|images| {
        for name in cases.iter().map(|case| case.0).chain(hostile) {
            write_jpeg(&images.join(name), 16, 16);
        }
    });
    for (name, plain, extended) in cases {
        let response = site.ok(&format!("/original?src={}", encoded(name)));
        let mut expected = format!("inline; filename={plain}");
        if let Some(extended) = extended {
            expected.push_str(&format!("; filename*=UTF-8''{extended}"));
        }
        assert_eq!(response.header("content-disposition"), Some(expected.as_str()), "{name}");
    }
    for name in hostile {
        for target in [
            format!("/original?attach=1&src={}", encoded(name)),
            format!("/image?attach=1&width=9&src={}", encoded(name)),
        ] {
            let response = site.ok(&target);
            let value = response.header("content-disposition").unwrap();
            assert!(value.bytes().all(|byte| (32..127).contains(&byte)), "{value}");
            // One quoted name and nothing that could end it early.
            let rest = value.strip_prefix("attachment; filename=\"").expect(value);
            let (plain, rest) = rest.split_once('"').expect(value);
            assert!(!plain.contains(['\\', '/', '%', '\r', '\n']), "{value}");
            assert!(rest.is_empty() || rest.starts_with("; filename*=UTF-8''"), "{value}");
            assert!(
                !rest.contains(['"', '\\', ' ', '/']) || rest.matches(' ').count() == 1,
                "{value}"
            );
            assert!(!value.contains("%E2%80%AE"), "no turning of the text: {value}");
            let fields =
                response.headers.iter().filter(|(field, _)| field == "content-disposition");
            assert_eq!(fields.count(), 1);
        }
    }
}
