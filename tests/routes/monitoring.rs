//! How the server is seen from outside: metrics, states of health, the status page, ids of requests.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use crate::library;
use crate::people::{Browser, account};
use crate::site::{Site, within};
use crate::support::halftone::{ADMIN_PASSWORD, Pool, run};
use crate::support::{fcgi, wait};

/// Names with labels, and values. Fails on what Prometheus would not read.
fn figures(text: &str) -> HashMap<String, f64> {
    let mut typed = HashMap::new();
    let mut figures = HashMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(typed.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} twice");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let bare = name.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| bare.strip_suffix(end))
            .find(|family| typed.get(*family).is_some_and(|kind| kind == "histogram"))
            .unwrap_or(bare);
        assert!(typed.contains_key(family), "{name} has no type");
        let before = figures.insert(name.to_owned(), value.parse::<f64>().unwrap());
        assert!(before.is_none(), "{name} twice");
    }
    figures
}

#[test]
fn metrics_tell_what_was_asked_for_and_what_came_of_it() {
    let site = Site::start("allowed_sizes = [64, 100]\nother_sizes = 'refuse'", library::make);
    let count = |name: &str| figures(&site.ok("/metrics").text())[name];
    let made = "halftone_pictures_total{from=\"made\"}";
    let memory = "halftone_pictures_total{from=\"memory\"}";
    let unchanged = "halftone_pictures_total{from=\"unchanged\"}";
    assert_eq!(count(made), 0.0);
    let target = "/image?src=a/photo.jpg&width=100";
    let etag = site.ok(target).header("etag").unwrap().to_owned();
    site.ok(target);
    assert_eq!(site.get_with(target, &[("If-None-Match", &etag)]).status, 304);
    assert_eq!(site.status("/image?src=a/none.jpg"), 404);
    assert_eq!(site.status("/image?src=a/photo.jpg&width=7"), 400);
    site.ok("/api/v1/list/?path=a");
    site.ok("/");
    let seen = figures(&site.ok("/metrics").text());
    for (name, expected) in [
        (made, 1.0),
        (memory, 1.0),
        (unchanged, 1.0),
        ("halftone_requests_total{kind=\"image\",status=\"2xx\"}", 2.0),
        ("halftone_requests_total{kind=\"image\",status=\"3xx\"}", 1.0),
        ("halftone_requests_total{kind=\"image\",status=\"4xx\"}", 2.0),
        ("halftone_requests_total{kind=\"api\",status=\"2xx\"}", 1.0),
        ("halftone_requests_total{kind=\"page\",status=\"2xx\"}", 1.0),
        ("halftone_picture_make_seconds_count", 1.0),
        ("halftone_picture_make_seconds_bucket{le=\"+Inf\"}", 1.0),
        ("halftone_picture_wait_seconds_count", 1.0),
        ("halftone_slots_used", 0.0),
        ("halftone_pictures_unmade", 0.0),
        ("halftone_held_pixels", 0.0),
        ("halftone_workers{state=\"ready\"}", 1.0),
        ("halftone_threads{duty=\"requests\"}", 15.0),
        ("halftone_threads{duty=\"making\"}", 15.0),
    ] {
        assert_eq!(seen[name], expected, "{name}");
    }
    assert!(seen["halftone_slots"] >= 1.0);
    assert!(seen["halftone_request_seconds_total{kind=\"image\"}"] > 0.0);
    assert!(seen["halftone_picture_make_seconds_sum"] > 0.0);
    let ends = ["0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "+Inf"];
    let buckets =
        ends.map(|end| seen[&format!("halftone_picture_make_seconds_bucket{{le=\"{end}\"}}")]);
    assert!(buckets.is_sorted(), "{buckets:?}");
    within(Duration::from_secs(5), "memory is told", || {
        count("halftone_worker_memory_bytes{worker=\"0\"}") > 1e6
    });
}

#[test]
fn metrics_are_for_listed_addresses() {
    let site =
        Site::start("metrics_from = ['192.0.2.0/24']\ntrusted_proxies = ['127.0.0.1']", |_| ());
    assert_eq!(site.status("/metrics"), 403);
    let from = |addr: &str| site.get_with("/metrics", &[("X-Forwarded-For", addr)]).status;
    assert_eq!((from("192.0.2.7"), from("198.51.100.1")), (200, 403));
    assert_eq!(Site::start("metrics_from = []", |_| ()).status("/metrics"), 403);
}

#[test]
fn the_workers_of_a_pool_are_added_up_and_the_dead_stay_counted() {
    let pool = Pool::start_alone(library::make, |config| config);
    let ask = |target: &str| {
        let params = [("REMOTE_ADDR", "127.0.0.1")];
        let answer = fcgi::exchange_with(&mut pool.connect(), target, &params).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    let images = || {
        let answer = ask("/metrics");
        let text = answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned();
        figures(&text)["halftone_requests_total{kind=\"image\",status=\"2xx\"}"]
    };
    for width in 20..40 {
        ask(&format!("/image?src=a/photo.jpg&width={width}"));
    }
    for _ in 0..4 {
        assert_eq!(images(), 20.0);
    }
    let workers = pool.workers();
    for worker in &workers {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(*worker), nix::sys::signal::SIGKILL)
            .unwrap();
    }
    wait::until("both are replaced", || {
        let now = pool.workers();
        now.len() == 2 && now.iter().all(|worker| !workers.contains(worker))
    });
    wait::until("what they counted is still there", || {
        fcgi::exchange(&mut pool.connect(), "/").is_ok() && images() == 20.0
    });

    let config = pool.config();
    let status = run(&["status", "--json", "--config", config.to_str().unwrap()]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["counts"]["requests"]["image"]["2xx"], 20);
    assert_eq!(status["counts"]["pictures"]["made"], 20);
    assert_eq!(status["workers"][0]["makers"], 15);
    let table = run(&["status", "--config", config.to_str().unwrap()]);
    assert!(table.contains("slots in use"), "{table}");
}

#[test]
fn it_lives_and_is_ready() {
    let site = Site::start("", library::make);
    for target in ["/healthz/live", "/healthz/live/", "/healthz/ready", "/healthz/ready/"] {
        let answer = site.ok(target);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{target}");
    }
    let ready: serde_json::Value = serde_json::from_slice(&site.ok("/healthz/ready").body).unwrap();
    let expected = serde_json::json!({
        "ready": true, "parts": { "database": "ok", "images": "ok" }
    });
    assert_eq!(ready, expected);
    for target in ["/healthz/live", "/healthz/ready"] {
        assert_eq!(site.send("POST", target.as_bytes(), &[]).status, 405, "{target}");
        assert_eq!(site.send("HEAD", target.as_bytes(), &[]).status, 200, "{target}");
    }
    fs::rename(site.image(""), site.scratch().join("away")).unwrap();
    let limit = Duration::from_secs(4);
    within(limit, "the pictures are missed", || site.status("/healthz/ready") == 503);
    let told = site.get("/healthz/ready");
    assert!(told.text().contains("\"images\":\"failing\""), "{}", told.text());
    assert!(!told.text().contains("No such file"), "{}", told.text());
    assert_eq!(site.status("/healthz/live"), 200);
    wait::until("the cause is logged", || site.log().contains("images is not well: "));
    fs::rename(site.scratch().join("away"), site.image("")).unwrap();
    within(limit, "they are back", || site.status("/healthz/ready") == 200);
}

#[test]
fn a_cache_that_is_away_costs_speed_alone() {
    let settings = "memcached_servers = ['127.0.0.1:1']";
    let site = Site::start(settings, library::make);
    let told = site.ok("/healthz/ready");
    assert!(told.text().contains("\"memcached\":\"failing\""), "{}", told.text());
}

#[test]
fn the_status_page_is_for_administrators() {
    let site = Site::start("", library::make);
    assert_eq!(site.status("/status"), 401);
    account(&site, "jo", false);
    let mut jo = Browser::signed_in(&site, "jo");
    assert_eq!(jo.status("/status"), 403);
    let mut admin = Browser::new(site.addr());
    assert_eq!(admin.login("admin", ADMIN_PASSWORD).status, 303);
    site.ok("/image?src=a/photo.jpg&width=100");
    let page = admin.get("/status");
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    assert!(text.contains(&format!("<td>{}</td>", site.pid())), "{text}");
    for there in [
        "<th scope=\"row\">Pictures</th><td class=\"number\">",
        "Made for the request",
        "Not allowed on the page",
        "Pictures in progress / limit",
    ] {
        assert!(text.contains(there), "{there} is missing in {text}");
    }
    // Raw names are for programs.
    for raw in ["2xx</th>", "requests, image", "Unmade", ">referer<", ">joined<"] {
        assert!(!text.contains(raw), "{raw}: {text}");
    }
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

#[test]
fn requests_have_ids_in_answers_and_in_the_log() {
    let site = Site::start("log_level = 'debug'", library::make);
    let given = "3f2a-trace.1";
    let header = [("X-Request-ID", given)];
    for target in ["/image?src=a/photo.jpg&width=90", "/image?src=a/photo.jpg&width=90", "/nothing"]
    {
        assert_eq!(site.get_with(target, &header).header("x-request-id"), Some(given), "{target}");
    }
    let line = format!("[{given}] ");
    wait::until("the failure is logged with it", || {
        site.log().lines().any(|l| l.contains(&line) && l.contains("GET /nothing"))
    });
    // What happens on another thread, where pictures are made, is named as well.
    fs::write(site.image("a/broken.jpg"), b"\xff\xd8\xff\xe0 no picture at all").unwrap();
    let broken = site.get_with("/image?src=a/broken.jpg&width=5", &[("X-Request-ID", "making-1")]);
    assert_eq!(broken.status, 415);
    wait::until("that failure, too", || {
        site.log().lines().any(|l| l.contains("[making-1] ") && l.contains("415"))
    });
    let mut seen = Vec::new();
    for sent in ["", "a b", "<script>", &"x".repeat(65)] {
        let answer = site.get_with("/nothing", &[("X-Request-ID", sent)]);
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert!(id != sent && id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
        assert!(!seen.contains(&id));
        seen.push(id);
    }
    assert!(!site.log().contains("<script>"));
}
