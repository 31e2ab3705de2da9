//! What is refused, with which status, and what the page says.

use crate::site::{Site, encoded, shared};
use crate::support::http::Response;

/// Fails unless it is a page of this status that tells nothing it should not.
#[track_caller]
pub fn assert_page(site: &Site, response: &Response, status: u16, target: &str) {
    let text = response.text();
    assert_eq!(response.status, status, "{target}: {text}");
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"), "{target}");
    assert!(text.starts_with("<!DOCTYPE html>") || text.starts_with("<!doctype html>"), "{target}");
    assert_eq!(response.header("cache-control"), Some("no-store"), "{target}");
    assert_eq!(response.header("etag"), None, "{target}");
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{target}");
    let folders = [site.scratch().to_str().unwrap(), env!("CARGO_MANIFEST_DIR")];
    for secret in folders.into_iter().chain(["src/", ".rs", "os error", "sqlite"]) {
        assert!(!text.contains(secret), "{target} tells {secret}: {text}");
    }
    assert!(!text.contains("<script"), "{target}: {text}");
}

/// The page without the address that was asked for, to which its links come back.
pub fn without_address(page: &Response) -> String {
    let text = page.text();
    let mut parts = text.split("next=");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + &part[part.find('"').unwrap_or(part.len())..])
}

/// Fails unless a query is refused with the name of its parameter.
#[track_caller]
pub fn refused(site: &Site, query: &str, name: &str) {
    let target = format!("/image?{query}");
    let response = site.get(&target);
    assert_page(site, &response, 400, &target);
    assert!(response.text().contains(&format!("{name}: ")), "{target}: {}", response.text());
}

#[test]
fn values_that_cannot_be_used_are_named() {
    let site = shared();
    let too_long = "x".repeat(1025);
    let cases: &[(&str, &[&str])] = &[
        ("page", &["-1", "1000000", "x", "1.5", "99999999999999999999", "0x1", "1e3", "٣"]),
        ("format", &["exe", "jpg2", ".jpg", "svg", "heic", "image/png", "png "]),
        ("quality", &["0", "101", "-5", "high", "80.5"]),
        ("width", &["-1", "15001", "abc", "1.5", "4294967297", "18446744073709551616", "١٠"]),
        ("height", &["-1", "15001", "abc", "1e3", "NaN"]),
        ("autosizefit", &["2", "yes", "on", "-1"]),
        ("halign", &["L", "L1.1", "L-0.1", "T0", "X0", "0.5", "LNaN", "Linf", "L0.5x"]),
        ("valign", &["T", "T2", "L0", "é0", "C"]),
        ("angle", &["361", "-361", "NaN", "inf", "-inf", "much", "1,5", "1.2.3"]),
        ("flip", &["x", "hv", "horizontal", "1"]),
        ("icc", &["../srgb", "a/b", "/etc/passwd", ".icc", "no such profile"]),
        ("intent", &["0", "relative colorimetric", "best"]),
        ("bpc", &["2", "maybe"]),
        ("sharpen", &["-501", "501", "much", "1.5"]),
        ("rotate", &["90", "yes", "exif"]),
        ("overlay", &[&too_long]),
        ("ovsize", &["-0.1", "1.1", "large", "NaN"]),
        ("ovpos", &["x", "north", "nn", "1"]),
        ("ovopacity", &["-0.1", "1.1", "half", "inf"]),
        ("dpr", &["0", "8.1", "retina"]),
        ("maxwidth", &["-1", "15001", "1.5"]),
        ("maxheight", &["-1", "15001", "all"]),
        ("fit", &["crop", "Cover!", "1"]),
        ("gravity", &["north", "0.5", "0.5,1.5", "1,2,3", "face"]),
        ("top", &["-0.1", "1.1", "x", "NaN", "inf"]),
        ("left", &["-0.1", "2", "1e9", "half"]),
        ("bottom", &["-0.1", "1.00001", "x"]),
        ("right", &["-0.1", "1.1", "x"]),
        ("autocropfit", &["2", "maybe"]),
        (
            "fill",
            &["nocolour", "12", "ff80", "rgb(256,0,0)", "rgb(1,2)", "rgb(1,2,3", "#", "zzzzzz"],
        ),
        ("strip", &["2", "yes"]),
        ("dpi", &["-1", "32001", "x", "72.5"]),
        (
            "tile",
            &["0:4", "5:4", "1:5", "1:1", "1:289", "1", "a:4", "1:4:4", "-1:4", "1:70000", ":"],
        ),
        ("attach", &["2", "yes"]),
        ("stats", &["2", "no"]),
        ("colorspace", &["lab", "rgba", "srgb"]),
        ("tmp", &["nosuchtemplate", "../Default", "Default'--"]),
    ];
    for (name, values) in cases {
        for value in *values {
            if *value == "png " {
                continue;
            }
            refused(&site, &format!("src=a/photo.jpg&{name}={}", encoded(value)), name);
        }
    }
    let named: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
    let all = ["src", "xref"].iter().chain(&named).count();
    // Every parameter of the table but `expires`, which URLs do not have.
    let table = halftone::spec::PARAMS.iter().filter(|param| param.in_urls()).count();
    assert_eq!(all, table, "a parameter is missing here");
}

#[test]
fn longest_values() {
    let site = shared();
    let long = |len: usize| "x".repeat(len);
    refused(&site, &format!("src=a/photo.jpg&xref={}", long(1025)), "xref");
    refused(&site, &format!("src=a/photo.jpg&tmp={}", long(256)), "tmp");
    refused(&site, &format!("src=a/photo.jpg&fill={}", long(33)), "fill");
    refused(&site, &format!("src={}", long(1025)), "src");
    // Names that no file system holds cannot exist.
    refused(&site, &format!("src={}", long(256)), "src");
    refused(&site, &format!("src={}", "d/".repeat(513)), "src");
    assert_eq!(site.status(&format!("/image?src=a/photo.jpg&width=9&xref={}", long(1024))), 200);
    assert_eq!(site.status(&format!("/image?src={}", long(255))), 404);
    assert_eq!(site.status(&format!("/image?src={}", "ä".repeat(127))), 404);
}

#[test]
fn values_that_do_not_fit_each_other() {
    let site = shared();
    for (query, name) in [
        ("left=0.6&right=0.5", "left"),
        ("left=0.5&right=0.5", "left"),
        ("right=0", "right"),
        ("left=1", "left"),
        ("top=0.7&bottom=0.2", "top"),
        ("bottom=0", "bottom"),
        ("format=png&quality=9", "quality"),
        ("format=png&quality=100", "quality"),
        ("page=2", "page"),
        ("width=3&tile=1:256", "tile"),
    ] {
        refused(&site, &format!("src=a/photo.jpg&{query}"), name);
    }
    for page in ["4", "999999"] {
        refused(&site, &format!("src=a/pages.tif&page={page}"), "page");
    }
}

#[test]
fn a_source_has_to_be_named() {
    let site = shared();
    for query in [
        "",
        "src",
        "src=",
        "src=%20",
        "width=100",
        "SRC=a/photo.jpg",
        "src=/",
        "src=//",
        "src=.",
        "src=./",
        "src=a/",
        "src=a/photo.jpg/",
        "src=a/photo.jpg/.",
    ] {
        refused(&site, query, "src");
    }
}

#[test]
fn control_characters_never_get_further() {
    let site = shared();
    for code in (0..32).chain([127]) {
        for query in [
            format!("src=a/photo.jpg%{code:02x}"),
            format!("src=%{code:02X}a/photo.jpg"),
            format!("src=a/ph%{code:02x}oto.jpg"),
        ] {
            refused(&site, &query, "src");
        }
    }
    for (query, name) in [
        ("src=a/photo.jpg%0d%0aSet-Cookie:%20a=b", "src"),
        ("src=a/photo.jpg%00.png", "src"),
        ("src=%00", "src"),
        ("src=..%00", "src"),
        ("src=a/photo.jpg&tmp=a%0d%0ab", "tmp"),
        ("src=a/photo.jpg&xref=a%0ab", "xref"),
        ("src=a/photo.jpg&width=1%0000", "width"),
        ("src=a/photo.jpg&fill=red%0d", "fill"),
        // U+0085, a line break of C1.
        ("src=a/photo.jpg%C2%85", "src"),
    ] {
        refused(&site, query, name);
    }
}

#[test]
fn bytes_that_are_no_text() {
    let site = shared();
    for (query, name) in [
        ("src=a/%ff.jpg", "src"),
        ("src=%c3%28.jpg", "src"),
        ("src=%ed%a0%80.jpg", "src"),
        ("src=%c0%ae%c0%ae/a.jpg", "src"),
        ("src=a/photo.jpg&tmp=%fe", "tmp"),
        ("src=a/photo.jpg&width=%80", "width"),
    ] {
        refused(&site, query, name);
    }
    // Escapes that are none are plain text.
    assert_eq!(site.status("/image?src=a/%zz.jpg"), 404);
    assert_eq!(site.status("/image?src=a/photo.jpg%"), 404);
    refused(&site, "src=a/photo.jpg&width=%", "width");
}

#[test]
fn paths_that_lead_outside_are_forbidden() {
    let site = shared();
    for path in [
        "..",
        "../",
        "/..",
        "../a.jpg",
        "../../etc/passwd",
        "a/../../x.jpg",
        "a/../a/photo.jpg",
        "%2e%2e/%2e%2e/etc/passwd",
        "%2e./a",
        "..%2f..%2fetc/passwd",
        "a/%2e%2e",
        "//..//a",
    ] {
        let target = format!("/image?src={path}");
        assert_page(&site, &site.get(&target), 403, &target);
        let target = format!("/original?src={path}");
        assert_page(&site, &site.get(&target), 403, &target);
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let site = shared();
    for path in [
        "none.jpg",
        "a/none.jpg",
        "none/none.jpg",
        "/etc/passwd",
        "etc/passwd",
        "a",
        "/a",
        "a/photo.jpg/b.jpg",
        ".hidden.jpg",
        "a/.hidden.jpg",
        "..hidden.jpg",
        ".../a.jpg",
        "%252e%252e/etc/passwd",
        "..%5c..%5cetc%5cpasswd",
        "file:///etc/passwd",
        "http://a/b.jpg",
        "~/a.jpg",
        "$HOME/a.jpg",
        "a/*.jpg",
        "%E2%80%AE.jpg",
        "%EF%BC%8E%EF%BC%8E/a.jpg",
    ] {
        let target = format!("/image?src={path}");
        assert_page(&site, &site.get(&target), 404, &target);
    }
}

#[test]
fn pages_echo_nothing_that_a_browser_would_run() {
    let site = shared();
    let attack = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
    for name in ["src", "width", "format", "fill", "tmp", "halign", "tile", "flip"] {
        let src = if name == "src" { "" } else { "src=a/photo.jpg&" };
        for (target, value) in [
            (format!("/image?{src}{name}={}", encoded(attack)), attack),
            (format!("/erez/erez?{src}{name}={}", encoded(attack)), attack),
        ] {
            let response = site.get(&target);
            assert!(matches!(response.status, 400 | 404), "{target}: {}", response.status);
            let text = response.text();
            assert!(!text.contains(value) && !text.contains("<script"), "{target}: {text}");
            assert!(!text.contains("onerror=alert"), "{target}: {text}");
        }
    }
    let target = format!("/{}", encoded(attack));
    assert_page(&site, &site.get(&target), 404, &target);
}

#[test]
fn addresses_and_methods() {
    let site = shared();
    for path in [
        "/nothing",
        "/image/x",
        "/images",
        "/Image",
        "/erezx/erez",
        "/erez",
        "/static/",
        "/..",
        "/%2e%2e/etc/passwd",
        "/static/../Cargo.toml",
        "/original/a/photo.jpg",
        "/image%00",
    ] {
        assert_page(&site, &site.get(path), 404, path);
    }
    for path in [
        "/image?src=a/photo.jpg&width=9",
        "/original?src=a/photo.jpg",
        "/erez3/erez?src=a/photo.jpg&width=9",
        "/",
    ] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"] {
            let response = site.send(method, path.as_bytes(), &[]);
            assert_page(&site, &response, 405, &format!("{method} {path}"));
            assert_eq!(response.header("allow"), Some("GET, HEAD, OPTIONS"), "{method} {path}");
        }
        let response = site.send("OPTIONS", path.as_bytes(), &[]);
        assert_eq!(response.status, 204, "{path}");
        assert_eq!(response.header("allow"), Some("GET, HEAD, OPTIONS"), "{path}");
        assert_eq!(site.send("HEAD", path.as_bytes(), &[]).status, site.status(path), "{path}");
    }
    assert_eq!(site.send("OPTIONS", b"/nothing", &[]).status, 404);
    assert_eq!(site.send("POST", b"/nothing", &[]).status, 404);
    let trailing = site.get("/image/?src=a/photo.jpg&width=9");
    assert_eq!(trailing.status, 200);
}

#[test]
fn errors_have_a_head_too() {
    let site = shared();
    for target in ["/image", "/image?src=..", "/image?src=none.jpg", "/nothing"] {
        let got = site.get(target);
        let head = site.send("HEAD", target.as_bytes(), &[]);
        assert_eq!(head.status, got.status, "{target}");
        let length = got.body.len().to_string();
        assert_eq!(head.header("content-length"), Some(length.as_str()), "{target}");
    }
}

#[test]
fn oversized_queries_are_refused_and_the_server_lives() {
    let site = shared();
    let pad = |len: usize| format!("/image?src=a/photo.jpg&width=9&pad={}", "x".repeat(len));
    assert_eq!(site.status(&pad(5_000)), 200);
    let many = format!("/image?src=a/photo.jpg&width=9{}", "&a=1".repeat(2_000));
    assert_eq!(site.status(&many), 200);
    for len in [100_000, 1_000_000] {
        let mut client = crate::support::http::Client::connect(site.addr()).unwrap();
        // The server may answer and close before it has read everything.
        let answer = client.request("GET", pad(len).as_bytes(), &[], b"");
        if let Ok(response) = answer {
            assert!(matches!(response.status, 414 | 431 | 400), "{len}: {}", response.status);
        }
    }
    assert_eq!(site.status(&pad(0)), 200);
}
