//! What browsers and caches are told, and what is kept here.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::library;
use crate::site::{Site, shared};
use crate::support::http::Response;
use crate::support::wait;

const TARGET: &str = "/image?src=a/photo.jpg&width=140";

fn expires(response: &Response) -> SystemTime {
    httpdate::parse_http_date(response.header("expires").expect("Expires")).unwrap()
}

/// Seconds from now, give or take a minute.
#[track_caller]
fn assert_expires_in(response: &Response, seconds: u64) {
    let expected = SystemTime::now() + Duration::from_secs(seconds);
    let found = expires(response);
    let apart = found.duration_since(expected).unwrap_or_else(|error| error.duration());
    assert!(apart < Duration::from_secs(60), "{found:?}, expected {expected:?}");
}

#[test]
fn a_tag_that_is_named_gets_a_304_with_the_same_fields() {
    let site = shared();
    let first = site.ok(TARGET);
    // Weak, for a picture made from a prepared reduction has other bytes.
    let tag = first.header("etag").unwrap().strip_prefix("W/").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
    let lists = [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"a\", W/\"b\", {tag}"),
        format!("{tag},\"x\""),
        format!("\"x\",W/{tag}"),
        "*".to_owned(),
    ];
    for (method, list) in lists.iter().flat_map(|list| [("GET", list), ("HEAD", list)]) {
        let response = site.send(method, TARGET.as_bytes(), &[("If-None-Match", list)]);
        assert_eq!(response.status, 304, "{method} {list}");
        assert!(response.body.is_empty());
        for field in ["etag", "cache-control"] {
            assert_eq!(response.header(field), first.header(field), "{method} {list} {field}");
        }
        assert_expires_in(&response, 604_800);
        for field in ["content-type", "content-length", "content-disposition"] {
            assert_eq!(response.header(field), None, "{method} {list} {field}");
        }
    }
    for list in ["\"other\"", "", &tag[1..tag.len() - 1], "W/\"x\"", &tag.to_uppercase()] {
        let response = site.get_with(TARGET, &[("If-None-Match", list)]);
        // A tag of digits alone has no upper case.
        let same = list == tag;
        assert_eq!(response.status, if same { 304 } else { 200 }, "{list}");
    }
    let two = [("If-None-Match", "\"a\""), ("If-None-Match", tag.as_str())];
    assert_eq!(site.get_with(TARGET, &two).status, 304);
    // Another size of the picture is another picture.
    let other = site.get_with("/image?src=a/photo.jpg&width=141", &[("If-None-Match", &tag)]);
    assert_eq!(other.status, 200);
}

#[test]
fn tags_of_another_installation_are_other_tags() {
    let (one, other) = (Site::start("", library::make), Site::start("", library::make));
    let tag = one.ok(TARGET).header("etag").unwrap().to_owned();
    assert_ne!(other.ok(TARGET).header("etag"), Some(tag.as_str()));
    assert_eq!(other.get_with(TARGET, &[("If-None-Match", &tag)]).status, 200);
}

#[test]
fn head_has_the_fields_of_get() {
    let site = shared();
    let got = site.ok(TARGET);
    let head = site.send("HEAD", TARGET.as_bytes(), &[]);
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    let length = got.body.len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    for field in ["etag", "cache-control", "content-type"] {
        assert_eq!(head.header(field), got.header(field), "{field}");
    }
}

#[test]
fn expiry_by_template() {
    let site = Site::start("", library::make);
    for (name, seconds) in
        [("Hour", "3600"), ("None", "0"), ("Never", "-1"), ("Long", "2147483648")]
    {
        site.template(name, &format!(r#"{{"expiry_secs": {{"value": {seconds}}}}}"#));
    }
    site.template("Silent", "{}");
    let target = |name: &str| format!("{TARGET}&tmp={name}");
    wait::until("the templates are known", || site.status(&target("Silent")) == 200);

    let hour = site.ok(&target("Hour"));
    assert_eq!(hour.header("cache-control"), Some("public, max-age=3600"));
    assert_expires_in(&hour, 3600);
    let long = site.ok(&target("Long"));
    assert_eq!(long.header("cache-control"), Some("public, max-age=2147483648"));
    let silent = site.ok(&target("Silent"));
    assert_eq!(silent.header("cache-control"), Some("public, max-age=604800"));

    let none = site.ok(&target("None"));
    assert_eq!((none.header("cache-control"), none.header("expires")), (None, None));
    let tag = none.header("etag").expect("a tag without expiry").to_owned();
    let again = site.get_with(&target("None"), &[("If-None-Match", &tag)]);
    assert_eq!((again.status, again.header("expires")), (304, None));

    for _ in 0..3 {
        let never = site.ok(&target("Never"));
        assert_eq!(never.header("cache-control"), Some("no-cache"));
        assert_eq!(never.header("etag"), None);
        assert!(expires(&never) < SystemTime::now());
        // Nothing to ask by: the picture is sent whole.
        assert_eq!(site.get_with(&target("Never"), &[("If-None-Match", &tag)]).status, 200);
        assert_eq!(site.get_with(&target("Never"), &[("If-None-Match", "*")]).status, 200);
    }
    // URLs cannot say it.
    let said = site.ok(&format!("{TARGET}&tmp=Hour&expires=5&expiry_secs=5"));
    assert_eq!(said.header("cache-control"), Some("public, max-age=3600"));
}

#[test]
fn what_everybody_may_see_is_public_and_a_refusal_is_not_kept() {
    let site = Site::start("", library::make);
    assert_eq!(site.ok(TARGET).header("cache-control"), Some("public, max-age=604800"));
    site.permit("/a", PUBLIC, Level::None.access());
    wait::until("the folder is closed", || site.status(TARGET) == 403);
    assert_eq!(site.get(TARGET).header("cache-control"), Some("no-store"));
}

#[test]
fn the_default_expiry_is_a_setting() {
    for (value, control) in [(0, None), (-1, Some("no-cache")), (90, Some("public, max-age=90"))] {
        let site = Site::start(&format!("default_expiry_s = {value}"), library::make);
        site.template("Silent", "{}");
        let target = format!("{TARGET}&tmp=Silent");
        wait::until("the template is known", || site.status(&target) == 200);
        assert_eq!(site.ok(&target).header("cache-control"), control, "{value}");
    }
}

/// Every file of the disk cache that holds a picture.
fn entries(site: &Site) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                walk(&entry.path(), found);
            } else if entry.metadata().is_ok_and(|data| data.len() > 500) {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    walk(&site.data().join("cache"), &mut found);
    found
}

/// Only the disk remembers.
const DISK_ONLY: &str = "memory_cache_mb = 0";

#[test]
fn the_disk_keeps_pictures() {
    let site = Site::start(DISK_ONLY, library::make);
    let first = site.ok(TARGET);
    assert_eq!(first.header("x-from-cache"), Some("False"));
    let second = site.ok(TARGET);
    assert_eq!(second.header("x-from-cache"), Some("True"));
    assert!(first.body == second.body);
    assert_eq!(entries(&site).len(), 1);
}

/// Changes the bytes of a file.
type Damage = fn(&mut Vec<u8>);

#[test]
fn damaged_entries_are_made_again() {
    let site = Site::start(DISK_ONLY, library::make);
    let right = site.ok(TARGET).body;
    let damages: [(&str, Damage); 7] = [
        ("empty", Vec::clear),
        ("one byte", |bytes| bytes.truncate(1)),
        ("cut off", |bytes| bytes.truncate(bytes.len() / 2)),
        ("last byte gone", |bytes| bytes.truncate(bytes.len() - 1)),
        ("a bit of the picture", |bytes| {
            let at = bytes.len() - 100;
            bytes[at] ^= 1;
        }),
        ("a bit of the head", |bytes| bytes[9] ^= 0x40),
        ("something else", |bytes| bytes.fill(b'x')),
    ];
    for (what, damage) in damages {
        let [entry] = &entries(&site)[..] else { panic!("{what}: {:?}", entries(&site)) };
        let mut bytes = fs::read(entry).unwrap();
        damage(&mut bytes);
        fs::write(entry, bytes).unwrap();
        let response = site.ok(TARGET);
        assert!(response.body == right, "{what}");
        assert_eq!(response.header("x-from-cache"), Some("False"), "{what}");
        assert_eq!(site.ok(TARGET).header("x-from-cache"), Some("True"), "{what}");
    }
}

#[test]
fn one_pictures_entry_is_never_sent_for_another() {
    let site = Site::start(DISK_ONLY, library::make);
    site.ok(TARGET);
    let [first] = &entries(&site)[..] else { panic!("one entry") };
    let other = "/image?src=a/chart.png&width=90";
    let right = site.ok(other).body;
    let second = entries(&site).into_iter().find(|path| path != first).unwrap();
    fs::copy(first, &second).unwrap();
    assert!(site.ok(other).body == right);
}

#[test]
fn the_cache_being_away_costs_speed_alone() {
    let site = Site::start(DISK_ONLY, library::make);
    let right = site.ok(TARGET).body;
    let folder = site.data().join("cache");
    fs::remove_dir_all(&folder).unwrap();
    for _ in 0..3 {
        assert!(site.ok(TARGET).body == right);
    }
    // And when something else stands in its place.
    let _ = fs::remove_dir_all(&folder);
    fs::write(&folder, "in the way").unwrap();
    for _ in 0..3 {
        assert!(site.ok(TARGET).body == right);
    }
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    assert!(site.ok(TARGET).body == right);
    wait::until("the cache is used again", || {
        site.ok(TARGET).header("x-from-cache") == Some("True")
    });
}

#[test]
fn without_any_cache_pictures_are_made_each_time() {
    let site = Site::start("memory_cache_mb = 0\ndisk_cache_mb = 0", library::make);
    let first = site.ok(TARGET);
    let second = site.ok(TARGET);
    assert_eq!(first.header("x-from-cache"), Some("False"));
    assert_eq!(second.header("x-from-cache"), Some("False"));
    assert!(first.body == second.body);
    assert_eq!(first.header("etag"), second.header("etag"));
}

#[test]
fn a_cache_that_is_away_from_the_start_costs_no_waiting() {
    // Nobody listens on a port of its own that was free a moment ago.
    let port = crate::support::files::free_port();
    let settings = format!("memcached_servers = ['127.0.0.1:{port}']\nmemory_cache_mb = 0");
    let site = Site::start(&settings, library::make);
    let first = site.ok(TARGET);
    assert!(site.ok(TARGET).body == first.body);
}

#[test]
fn a_cache_that_hangs_costs_no_waiting() {
    // Connections are taken by the system and never answered.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let settings = format!("memcached_servers = ['127.0.0.1:{port}']\nmemory_cache_mb = 0");
    let site = Site::start(&settings, |images| {
        library::plain(&images.join("p.png"), 16, 16, [1, 2, 3]);
    });
    let taken =
        |target: &str| -> u64 { site.ok(target).header("x-time-taken").unwrap().parse().unwrap() };
    let mut times: Vec<u64> = (0..20).map(|_| taken("/image?src=p.png&width=9")).collect();
    times.sort_unstable();
    // In microseconds: one that meets it waits 50 ms at most, most do not meet it at all.
    assert!(times[10] < 50_000, "{times:?}");
}
