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

use support::front::{Front, Kind};
use support::halftone::{ADMIN_PASSWORD, Pool, binary};
use support::process::Process;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The level that lets everybody have originals, as `halftone serve` does with its demo library.
const DOWNLOAD: u8 = 20;

#[test]
fn what_people_do() {
    let paint = |images: &Path| {
        halftone::demo::paint(images, |_| ()).unwrap();
    };
    let pool = Pool::start(paint, |config| config);
    pool.database().give_everybody(DOWNLOAD);
    let mut command = binary();
    command.arg("tasks").arg("--config").arg(pool.config());
    let _runner = Process::start("tasks", &pool.run_dir(), &mut command);
    let front = Front::start(Kind::Nginx, &pool.socket());
    let base = format!("http://{}", front.http());
    let pictures = Path::new(ROOT).join("target/screenshots/nginx");
    for script in ["pages", "admin", "folios", "publish"] {
        let status = Command::new("node")
            .arg(Path::new(ROOT).join(format!("tests/browser/{script}.mjs")))
            .arg(&base)
            .arg(&pictures)
            .env("HALFTONE_ADMIN_PASSWORD", ADMIN_PASSWORD)
            .status()
            .expect("node runs (Debian package nodejs)");
        assert!(status.success(), "{script}: {status}\n{}{}", front.errors(), pool.output());
    }
}
