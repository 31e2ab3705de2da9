//! `halftone check --url`: what it sees of front servers by real requests.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::support::fixture::write_jpeg;
use crate::support::front::{BOTH, Front, Kind};
use crate::support::halftone::{Pool, binary};
use crate::support::nginx::Nginx;

fn library(images: &Path) {
    write_jpeg(&images.join("photo.jpg"), 90, 60);
}

/// Verdict and finding of every row on the front server.
fn check(pool: &Pool, url: &str) -> Vec<(String, String)> {
    let mut command = binary();
    command.args(["check", "--json", "--url", url, "--patience", "30", "--config"]);
    let output = command.arg(pool.config()).output().unwrap();
    let page: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = page["rows"].as_array().unwrap().iter().filter(|row| row["name"] == "front server");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.map(|row| (text(&row["verdict"]), text(&row["found"]))).collect()
}

#[track_caller]
fn says(rows: &[(String, String)], verdict: &str, found: &str) {
    assert!(
        rows.iter().any(|(known, text)| known == verdict && text.contains(found)),
        "not {verdict} with {found:?}: {rows:?}"
    );
}

#[test]
fn the_shipped_sites_are_sound() {
    let pool = Pool::start_alone(library, |config| config);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket());
        let rows = check(&pool, &format!("http://{}", front.http()));
        assert!(rows.iter().all(|(verdict, _)| verdict == "ok"), "{kind:?}: {rows:?}");
        for found in
            ["caching fields pass", "304 by its ETag", "Authorization is passed on", "1024 MB pass"]
        {
            says(&rows, "ok", found);
        }
        let rows = check(&pool, &format!("https://{}", front.https()));
        says(&rows, "warn", "the certificate shown: runs out on");
        says(&rows, "ok", "Authorization is passed on");
    }
}

#[test]
fn uploads_that_the_front_server_refuses_are_told() {
    let pool = Pool::start_alone(library, |config| config.raw("max_body_mb", "2048"));
    // Apache has no limit of its own for what it hands on: LimitRequestBody is not for proxies.
    for (kind, verdict, found) in [
        (Kind::Nginx, "fail", "uploads of 2048 MB (max_body_mb) are refused"),
        (Kind::Apache, "ok", "uploads up to 2048 MB pass"),
    ] {
        let front = Front::start(kind, &pool.socket());
        says(&check(&pool, &format!("http://{}", front.http())), verdict, found);
    }
}

#[test]
fn a_front_server_without_halftone_behind_it_is_told() {
    let pool = Pool::start_alone(library, |config| config);
    for kind in BOTH {
        let front = Front::start(kind, &pool.socket().with_file_name("elsewhere.sock"));
        let rows = check(&pool, &format!("http://{}", front.http()));
        says(&rows, "fail", "Halftone cannot be reached");
    }
    let port = crate::support::files::free_port();
    says(&check(&pool, &format!("http://127.0.0.1:{port}")), "fail", &format!("port {port}: "));
}

#[test]
fn what_a_front_server_takes_away_is_told() {
    let pool = Pool::start_alone(library, |config| config);
    let kept = "fastcgi_keep_conn on;";
    let more = "fastcgi_hide_header Cache-Control;\nfastcgi_hide_header ETag;\n\
                fastcgi_param HTTP_AUTHORIZATION \"\";\n";
    // Pictures have a place of their own, with headers of its own.
    let own = "fastcgi_hide_header X-From-Cache;";
    let changes =
        [(kept, format!("{kept}\n{more}")), (own, format!("{own}\nfastcgi_hide_header ETag;"))];
    let changes = changes.each_ref().map(|(from, to)| (*from, to.as_str()));
    let front = Front::Nginx(Nginx::start_changed(&pool.socket(), "", &changes));
    let rows = check(&pool, &format!("http://{}", front.http()));
    says(&rows, "fail", "Cache-Control of Halftone does not arrive");
    says(&rows, "fail", "the ETag of pictures does not arrive");
    says(&rows, "fail", "Authorization is not passed on");
}

#[test]
fn times_out_of_order_are_told() {
    let pool = Pool::start_alone(library, |config| config.raw("request_deadline_s", "300"));
    let file = pool.run_dir().join("site.conf");
    fs::write(&file, "fastcgi_read_timeout 120s;\n").unwrap();
    let mut command = binary();
    command.args(["check", "--json", "--front-file"]).arg(&file).arg("--config").arg(pool.config());
    let page: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let rows = page["rows"].as_array().unwrap();
    assert!(
        rows.iter().any(|row| row["verdict"] == "fail"
            && row["found"].as_str().unwrap().contains("waits 120 s, Halftone may take ")),
        "{rows:?}"
    );
}

#[test]
fn files_that_the_front_server_cannot_send_are_told() {
    let pool = Pool::start_alone(library, |config| config.raw("front_sends_files", "true"));
    let front = Front::start(Kind::Nginx, &pool.socket());
    let url = format!("http://{}", front.http());
    let exports = pool.run_dir().with_file_name("data").join("exports");
    let images = format!("front_sends_files: {}: ", pool.images().display());
    let published = format!("front_sends_files: {}: ", exports.display());
    let by = "can be read by www-data";
    let rows = check(&pool, &url);
    says(&rows, "ok", &format!("{images}{by}"));
    says(&rows, "ok", &format!("{published}{by}"));
    let file = exports.join("0.zip");
    fs::create_dir_all(&exports).unwrap();
    fs::write(&file, "zip").unwrap();
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&file, 0o600);
    let closed = format!("{published}{} cannot be read by www-data", file.display());
    says(&check(&pool, &url), "warn", &closed);
    set(&file, 0o604);
    says(&check(&pool, &url), "ok", &format!("{published}{by}"));
    set(&exports, 0o700);
    says(&check(&pool, &url), "warn", &format!("{published}www-data cannot pass it"));
    set(&exports, 0o755);
    set(exports.parent().unwrap(), 0o750);
    let above = format!("{published}www-data cannot pass {}", exports.parent().unwrap().display());
    says(&check(&pool, &url), "warn", &above);
}
