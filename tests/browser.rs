//! The web interface in a browser through nginx, with the files that an administrator installs, on PostgreSQL
//! and memcached: the same scripts that look at `halftone serve`.
//!
//! They need what `npm --prefix tests/browser ci` installs, so that this target is run by its name alone, as
//! `scripts/test` does: `cargo test --test browser`.

// Helpers of tests fail by panicking, as the tests themselves do.

#[path = "support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;

use support::config::Config;
use support::front::{Front, Kind};
use support::halftone::{ADMIN_PASSWORD, Pool, binary};
use support::process::Process;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The level that lets everybody have originals, as `halftone serve` does with its demo library.
const DOWNLOAD: u8 = 20;

/// For how long a picture may wait for its turn, and a request take, on a machine that has much else to do.
const WAIT_S: &str = "100";
const DEADLINE_S: &str = "110";

/// A pool with the demo library, on a port of nginx's.
fn start(adjust: impl FnOnce(Config) -> Config) -> (Front, Pool) {
    let paint = |images: &Path| {
        halftone::demo::paint(images, |_| ()).unwrap();
    };
    let pool = Pool::start(paint, |config| {
        adjust(config.raw("image_wait_s", WAIT_S).raw("request_deadline_s", DEADLINE_S))
    });
    pool.database().give_everybody(DOWNLOAD);
    (Front::start(Kind::Nginx, &pool.socket()), pool)
}

/// Runs a script; its pictures go into a folder of their own.
fn look(script: &str, front: &Front, pool: &Pool) {
    let status = Command::new("node")
        .arg(Path::new(ROOT).join(format!("tests/browser/{script}.mjs")))
        .arg(format!("http://{}", front.http()))
        .arg(Path::new(ROOT).join("target/screenshots/nginx"))
        .env("HALFTONE_ADMIN_PASSWORD", ADMIN_PASSWORD)
        .status()
        .expect("node runs (Debian package nodejs)");
    assert!(status.success(), "{script}: {status}\n{}{}", front.errors(), pool.output());
}

#[test]
fn what_people_do() {
    let (front, pool) = start(|config| config);
    let mut command = binary();
    command.arg("tasks").arg("--config").arg(pool.config());
    let _runner = Process::start("tasks", &pool.run_dir(), &mut command);
    for script in ["pages", "admin", "folios", "publish", "grid", "choose"] {
        look(script, &front, &pool);
    }
}

#[test]
fn viewers_in_pages_of_another_site() {
    let (front, pool) = start(|config| config.raw("cors_origins", "['*']"));
    pool.run(&["user", "allow-api", "admin"]);
    look("viewers", &front, &pool);
}
