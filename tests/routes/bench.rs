//! `halftone bench` against a running server: what is asked for, what is told, and when it fails.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use halftone::auth::Level;
use halftone::db::{self, groups};
use serde_json::Value;

use crate::people::{PASSWORD, account};
use crate::site::Site;
use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
use crate::support::halftone::binary;
use crate::support::http::Client;
use crate::support::wait;

/// The group of everybody with an account.
const NORMAL_USERS: i64 = groups::NORMAL_USERS;

fn site() -> Site {
    Site::start("", |images| {
        write_jpeg(&images.join("a/photo.jpg"), 900, 600);
        write_jpeg(&images.join("a/b/other.jpg"), 640, 480);
        write_jpeg(&images.join("c/elsewhere.jpg"), 300, 200);
    })
}

fn bench(addr: SocketAddr, arguments: &[&str]) -> Command {
    let mut command = binary();
    command.env_remove("BENCH_PASSWORD");
    command.args(["bench", &format!("http://{addr}"), "--warm-up", "0"]).args(arguments);
    command
}

/// What it wrote as JSON, and all else.
fn told(addr: SocketAddr, arguments: &[&str]) -> (Value, Output) {
    let dir = temp_dir();
    let file = dir.path().join("seen.json");
    let output = bench(addr, arguments).arg("--json").arg(&file).output().unwrap();
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (serde_json::from_str(&text).unwrap(), output)
}

fn requests(seen: &Value, kind: &str) -> u64 {
    let kinds = seen["kinds"].as_array().unwrap();
    let found = kinds.iter().find(|row| row["kind"] == kind);
    found.map_or(0, |row| row["requests"].as_u64().unwrap())
}

fn list(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Fails unless the command fails and says this, without a panic.
#[track_caller]
fn fails(command: &mut Command, says: &str) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{command:?} did not fail");
    assert!(text.contains(says) && !text.contains("panicked"), "{says:?} is not in: {text}");
}

#[test]
fn the_mix_is_asked_for_and_told() {
    let site = site();
    let dir = temp_dir();
    let page = dir.path().join("seen.html");
    let mix =
        list(dir.path(), "mix.toml", "[shares]\nthumbnail = 5\ntile = 3\ndetails = 1\nlist = 1\n");
    let (seen, output) = told(
        site.addr(),
        &[
            "--requests",
            "400",
            "--clients",
            "3",
            "--cached",
            "75",
            "--repeated",
            "10",
            "--mix",
            &mix,
            "--folder",
            "a",
            "--html",
            page.to_str().unwrap(),
        ],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((&seen["loop"], &seen["clients"]), (&"closed".into(), &3.into()));
    let all = &seen["all"];
    assert_eq!((&all["requests"], &all["errors"]), (&400.into(), &0.into()), "{all}");
    // The shares of ten hold in every ten.
    for (kind, number) in [("thumbnail", 200), ("tile", 120), ("details", 40), ("list", 40)] {
        assert_eq!(requests(&seen, kind), number, "{kind}");
    }
    assert_eq!(all["statuses"]["200"], 400);
    // A quarter of 320 made pictures has never been asked for, as the server sees it.
    let made = all["from_cache"][1].as_u64().unwrap();
    assert!((75..=85).contains(&made), "{made} of 320 were made");
    assert_eq!(all["from_cache"][0].as_u64().unwrap() + made, 320);
    let times = &all["latency_ms"];
    let time = |name: &str| times[name].as_f64().unwrap();
    assert!(time("p50") > 0.0 && time("p50") <= time("p99") && time("p99.9") <= time("max"));
    let seconds = seen["seconds"].as_array().unwrap();
    assert_eq!(seconds.iter().map(|second| second["requests"].as_u64().unwrap()).sum::<u64>(), 400);
    assert!(seen["client_cpu"].as_f64().unwrap() > 0.0);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("400 requests") && table.contains("thumbnail"), "{table}");
    // The page needs nothing else, and runs nothing.
    let page = fs::read_to_string(page).unwrap();
    assert_eq!(page.matches("<svg").count(), 3);
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));
}

#[test]
fn new_pictures_are_new_to_every_run() {
    let site = site();
    let arguments = ["--requests", "50", "--cached", "0", "--folder", "a"];
    for _ in 0..2 {
        let (seen, _) = told(site.addr(), &arguments);
        assert_eq!(seen["all"]["from_cache"][0], 0, "{}", seen["all"]);
    }
}

#[test]
fn folders_that_are_not_for_everybody_need_a_session() {
    let site = site();
    account(&site, "viewer", false);
    let root = db::folders::seen(site.db(), "/").unwrap();
    db::folder_permissions::set(site.db(), root, groups::PUBLIC, Level::None.access()).unwrap();
    db::folder_permissions::set(site.db(), root, NORMAL_USERS, Level::View.access()).unwrap();
    let everybody = || {
        let mut client = Client::connect(site.addr()).unwrap();
        client.get("/image?src=a/photo.jpg&width=20").unwrap().status
    };
    wait::until("the folder is closed", || everybody() == 403);
    let few = ["--requests", "60", "--repeated", "5"];
    fails(&mut bench(site.addr(), &few), "--folder");
    let signed = [&few[..], &["--user", "viewer"]].concat();
    fails(&mut bench(site.addr(), &signed), "BENCH_PASSWORD");
    fails(bench(site.addr(), &signed).env("BENCH_PASSWORD", "not the password"), "wrong");
    let dir = temp_dir();
    let password = list(dir.path(), "password", &format!("{PASSWORD}\nmore\n"));
    let (seen, output) =
        told(site.addr(), &[&signed[..], &["--password-file", &password]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(seen["all"]["errors"], 0);
    // View right alone does not allow originals, which are left out of the mix.
    assert_eq!(requests(&seen, "original"), 0);
    assert!(requests(&seen, "thumbnail") > 0);
}

#[test]
fn a_site_that_demands_signatures_is_loaded_by_who_has_signed_in_and_by_signed_lists() {
    let site = Site::start(
        "signing_keys = ['a:0123456789abcdef0123456789abcdef']\nsignatures_for = ['/']",
        |images| write_jpeg(&images.join("a/photo.jpg"), 300, 200),
    );
    account(&site, "viewer", false);
    let dir = temp_dir();
    let few = ["--requests", "40", "--repeated", "5", "--folder", "a"];
    fails(&mut bench(site.addr(), &few), "status 403");
    let password = list(dir.path(), "password", PASSWORD);
    let signed_in = ["--user", "viewer", "--password-file", &password];
    let (seen, output) = told(site.addr(), &[&few[..], &signed_in].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(seen["all"]["errors"], 0);
    let mut sign = binary();
    sign.args(["sign", "/image?src=a/photo.jpg&width=40", "--config"]).arg(site.config());
    let signed = String::from_utf8(sign.output().unwrap().stdout).unwrap();
    let mix = list(dir.path(), "signed.txt", &signed);
    let (seen, _) = told(site.addr(), &["--requests", "10", "--mix", &mix]);
    assert_eq!(seen["all"]["statuses"]["200"], 10);
}

#[test]
fn errors_are_counted_and_decide_how_it_ends() {
    let site = site();
    let dir = temp_dir();
    let mix = list(
        dir.path(),
        "mix.txt",
        "# one that is there, two that are not, one that may not be had\n/image?src=a/photo.jpg&width=50\n\
         https://other.example.com/image?src=a/none.jpg\n\
         ::1 - - [22/Nov/2026] \"GET /original?src=a/photo.jpg HTTP/1.1\" 200 1\n/nothing\n\
         ::1 - - [22/Nov/2026] \"-\" 408 -\n::1 - - [22/Nov/2026] \"\\x16\\x03\\x01\" 400 1\n",
    );
    let arguments = ["--requests", "40", "--mix", mix.as_str()];
    let (seen, output) = told(site.addr(), &arguments);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("30 requests had an error"), "{text}");
    assert!(text.contains("4 addresses") && text.contains("2 lines are no"), "{text}");
    assert_eq!(seen["all"]["errors"], 30);
    assert_eq!(seen["all"]["statuses"]["404"], 20);
    assert_eq!(seen["all"]["statuses"]["403"], 10);
    for kind in ["picture", "original", "other"] {
        let expected = if kind == "picture" { 20 } else { 10 };
        assert_eq!(requests(&seen, kind), expected, "{kind}");
    }
    let (_, output) = told(site.addr(), &[&arguments[..], &["--max-errors", "30"]].concat());
    assert!(output.status.success());
    let (_, output) = told(site.addr(), &[&arguments[..], &["--max-errors", "29"]].concat());
    assert!(!output.status.success());
}

#[test]
fn an_open_loop_keeps_its_rate() {
    let site = site();
    let arguments = ["--rate", "40/s", "--duration", "3", "--cached", "100", "--repeated", "5"];
    let (seen, output) = told(site.addr(), &[&arguments[..], &["--folder", "a"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What is due in three seconds, no more and no fewer.
    assert_eq!((&seen["loop"], &seen["all"]["requests"]), (&"open".into(), &120.into()));
}

#[test]
fn a_file_that_cannot_be_written_is_noticed_before_the_load() {
    let site = site();
    let dir = temp_dir();
    let missing = dir.path().join("none/seen.json");
    for option in ["--json", "--html"] {
        for file in [missing.as_path(), dir.path()] {
            let file = file.to_str().unwrap();
            // So many requests take longer than any test waits.
            let arguments = ["--requests", "1000000000000", option, file];
            fails(&mut bench(site.addr(), &arguments), "cannot be written");
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    // What is no file is written to, and not replaced.
    let arguments =
        ["--requests", "5", "--repeated", "5", "--folder", "a", "--json", "/dev/stdout"];
    let output = bench(site.addr(), &arguments).output().unwrap();
    assert!(output.status.success());
    assert!(output.stdout.starts_with(b"{\n"), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_reader_who_goes_ends_it_quietly() {
    let site = site();
    let dir = temp_dir();
    let file = dir.path().join("seen.json");
    let mut command =
        bench(site.addr(), &["--requests", "20", "--repeated", "5", "--folder", "a", "--json"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.arg(&file).stdout(writer.try_clone().unwrap()).stderr(writer);
    assert!(command.status().unwrap().success());
    let seen: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(seen["all"]["requests"], 20);
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_name() {
    let site = site();
    let dir = temp_dir();
    for (arguments, says) in [
        (&["--rate", "0"][..], "--rate"),
        (&["--cached", "101"], "--cached"),
        (&["--clients", "0"], "--clients"),
        (&["--header", "no field"], "--header"),
        (&["--header", "Content-Length: 5"], "content-length"),
        (&["--header", "host: other"], "host"),
        (&["--header", "Transfer-Encoding: chunked"], "transfer-encoding"),
        (&["--header", "Connection: close"], "connection"),
        (&["--requests", "5", "--duration", "5"], "--duration"),
        (&["--folder", "none"], "--folder"),
        (&["--mix", "/nowhere/mix"], "--mix"),
        (&["--list", "/nowhere/list"], "--list"),
    ] {
        fails(&mut bench(site.addr(), arguments), says);
    }
    for (text, says) in [
        ("[shares]\nthumbs = 1\n", "thumbs"),
        ("[shares]\ntile = -1\n", "tile"),
        ("[shares]\ntile = 0\n", "add up"),
        ("[share]\ntile = 1\n", "share"),
        ("tile", "mix.toml"),
    ] {
        let mix = list(dir.path(), "mix.toml", text);
        fails(&mut bench(site.addr(), &["--mix", &mix]), says);
    }
    let mix = list(dir.path(), "mix.log", "# none\nnonsense\n");
    fails(&mut bench(site.addr(), &["--mix", &mix]), "line 2");
    fails(binary().args(["bench", "ftp://127.0.0.1"]), "http://HOST");
    for port in ["0", "80800", "99999", ""] {
        fails(binary().args(["bench", &format!("http://127.0.0.1:{port}")]), "port");
    }
    fails(binary().args(["bench", "http://127.0.0.1:1"]), "api/v1/list");
}
