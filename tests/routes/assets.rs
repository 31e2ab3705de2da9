//! Scripts and style sheets: by plain names and by those that hold their content's hash.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use crate::library;
use crate::site::{Site, shared};
use crate::support::files::{repository, temp_dir};
use crate::support::http::Response;
use crate::support::wait;

const YEAR: &str = "public, max-age=31536000, immutable";

/// What was built, by plain names.
fn manifest() -> BTreeMap<String, String> {
    let json = fs::read(repository("web/dist/manifest.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let files = json["files"].as_object().unwrap();
    let file = |value: &serde_json::Value| value["file"].as_str().unwrap().to_owned();
    files.iter().map(|(name, value)| (name.clone(), file(value))).collect()
}

fn assert_for_every_page(response: &Response, name: &str) {
    assert_eq!(response.status, 200, "{name}");
    assert_eq!(response.header("access-control-allow-origin"), Some("*"), "{name}");
    assert_eq!(response.header("cross-origin-resource-policy"), Some("cross-origin"), "{name}");
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{name}");
    assert_eq!(response.header("vary"), Some("Accept-Encoding"), "{name}");
}

#[test]
fn every_file_is_there_by_both_names() {
    let site = shared();
    let files = manifest();
    assert!(files.contains_key("halftone.css") && files.contains_key("licences.txt"));
    for (name, file) in files {
        let content = fs::read(repository("web/dist").join(&file)).unwrap();
        let digest: String =
            Sha256::digest(&content)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(file.contains(&digest), "{file} bears the hash of its content");

        let hashed = site.get(&format!("/static/{file}"));
        assert_for_every_page(&hashed, &file);
        assert_eq!(hashed.header("cache-control"), Some(YEAR), "{file}");
        assert_eq!(hashed.body, content, "{file}");

        let plain = site.get(&format!("/static/{name}"));
        assert_for_every_page(&plain, &name);
        let kept = plain.header("cache-control");
        assert_eq!(kept, Some("public, max-age=600, must-revalidate"), "{name}");
        assert_eq!(plain.body, content, "{name}");
        assert_eq!(plain.header("content-type"), hashed.header("content-type"), "{name}");
    }
}

#[test]
fn compressed_forms_are_sent_to_whoever_takes_them() {
    let site = shared();
    let plain = site.ok("/static/halftone.css");
    assert_eq!(plain.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(plain.header("content-encoding"), None);

    let gzip = site.get_with("/static/halftone.css", &[("Accept-Encoding", "deflate, gzip")]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let mut text = Vec::new();
    GzDecoder::new(gzip.body.as_slice()).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.body);

    let brotli = site.get_with("/static/halftone.css", &[("Accept-Encoding", "gzip, br")]);
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    assert!(brotli.body.len() < gzip.body.len(), "{} bytes", brotli.body.len());
    let refused = [("Accept-Encoding", "br;q=0, gzip;q=0")];
    assert_eq!(site.get_with("/static/halftone.css", &refused).body, plain.body);

    let tags = [&plain, &gzip, &brotli].map(|response| response.header("etag").unwrap());
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let site = shared();
    let first = site.ok("/static/halftone.css");
    let tag = first.header("etag").unwrap();
    let again = site.get_with("/static/halftone.css", &[("If-None-Match", tag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(tag));
    let other = site.get_with("/static/halftone.css", &[("If-None-Match", "\"other\"")]);
    assert_eq!(other.body, first.body);
}

#[test]
fn nothing_else_is_there() {
    let site = shared();
    for path in [
        "/static",
        "/static/",
        "/static/nothing.css",
        "/static/halftone.0123456789abcdef.css",
        "/static/halftone.css/",
        "/static//halftone.css",
        "/static/./halftone.css",
        "/static/../halftone.css",
        "/static/..%2f..%2fCargo.toml",
        "/static/%2fetc/passwd",
        "/static/halftone.css%00",
        "/static/halftone.css.gz",
    ] {
        assert_eq!(site.status(path), 404, "{path}");
    }
    assert_eq!(site.send("POST", b"/static/halftone.css", &[]).status, 405);
    let head = site.send("HEAD", b"/static/halftone.css", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
}

/// Copies what was built.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn a_folder_takes_the_place_of_those_in_the_program() {
    let dir = temp_dir();
    let folder = dir.path().join("static");
    copy(&repository("web/dist"), &folder);
    fs::write(folder.join("logo.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    fs::write(dir.path().join("secret.txt"), "not for anybody").unwrap();
    fs::write(folder.join(".hidden"), "not for anybody").unwrap();
    let site = Site::start(&format!("static_dir = '{}'", folder.display()), library::make);

    assert_eq!(site.ok("/static/logo.svg").header("content-type"), Some("image/svg+xml"));
    for path in ["/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/.hidden"] {
        assert_eq!(site.status(path), 404, "{path}");
    }
    let home = site.ok("/").text();
    let file = &manifest()["halftone.css"];
    assert!(home.contains(&format!("/static/{file}")), "{home}");

    // A new build is taken while the server runs.
    let own = "halftone.00000000deadbeef.css";
    fs::write(folder.join(own), "body { color: red }").unwrap();
    let json = fs::read_to_string(folder.join("manifest.json")).unwrap().replace(file, own);
    fs::write(folder.join("manifest.json"), json).unwrap();
    wait::until("the new one is asked for", || site.ok("/").text().contains(own));
    assert_eq!(site.ok("/static/halftone.css").text(), "body { color: red }");
    assert_eq!(site.ok(&format!("/static/{own}")).header("cache-control"), Some(YEAR));
}

#[test]
fn a_folder_without_a_manifest_is_refused_at_the_start() {
    let dir = temp_dir();
    let output = crate::support::halftone::binary()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path().join("data"))
        .env("HALFTONE_STATIC_DIR", dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("static_dir") && text.contains("manifest.json"), "{text}");
}
