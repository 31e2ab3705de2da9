//! Commands that root runs, as administrators do: they have the rights of the service, or of the front server,
//! and none besides.
//!
//! Only root can show that, so that this target is run by its name alone, as `scripts/test` does:
//! `cargo test --test root`.

// Helpers of tests fail by panicking, as the tests themselves do.

#[path = "support/mod.rs"]
mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use nix::unistd::User;

use support::config::Config;
use support::files::{is_root, temp_dir};
use support::halftone::run;

/// Whose folders a service has, and a front server.
const SERVICE: &str = "nobody";
const FRONT: &str = "www-data";

/// The numbers of a user and his group.
fn user(name: &str) -> (u32, u32) {
    let user = User::from_name(name).unwrap().unwrap_or_else(|| panic!("there is no user {name}"));
    (user.uid.as_raw(), user.gid.as_raw())
}

fn give(path: &Path, (user, group): (u32, u32), mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    chown(path, Some(user), Some(group)).unwrap();
}

/// All that lies below a folder, and itself.
fn all_below(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            found.extend(all_below(&entry.unwrap().path()));
        }
    }
    found
}

/// An answer as nginx keeps it.
fn write_answer(folder: &Path, first_digit: char) -> PathBuf {
    let path = folder.join(format!("{first_digit}7f54b2df7773722d382f4809d65029c"));
    let numbers = [5, 0, 0, 0].repeat(80);
    let key = b"\nKEY: GET|plain|/image?src=a/photo.jpg\nHTTP/1.1 200 OK\r\n";
    fs::write(&path, [&numbers, &key[..]].concat()).unwrap();
    path
}

#[test]
fn a_purge_has_the_rights_of_the_front_server_and_no_others() {
    assert!(is_root(), "only root can become others: run this by sudo, or by scripts/test");
    let (service, front, root) = (user(SERVICE), user(FRONT), (0, 0));
    let dir = temp_dir();
    let below = |path: &str| dir.path().join(path);
    for part in ["images", "data", "run", "log", "edge", "edge/own", "edge/foreign"] {
        fs::create_dir(below(part)).unwrap();
    }
    let database = format!("sqlite:{}", below("data/halftone.db").display());
    let edge = below("edge");
    let config = Config::alone(dir.path(), &database)
        .text("edge_cache_dir", edge.to_str().unwrap())
        .raw("edge_cache_s", "3600");
    fs::write(below("halftone.toml"), config.to_toml()).unwrap();
    let config = below("halftone.toml");
    let halftone =
        |arguments: &[&str]| run(&[arguments, &["--config", config.to_str().unwrap()]].concat());
    halftone(&["migrate"]);
    for path in ["data", "run", "log"].iter().flat_map(|part| all_below(&below(part))) {
        chown(&path, Some(service.0), Some(service.1)).unwrap();
    }

    let own = [write_answer(&edge, 'a'), write_answer(&below("edge/own"), 'a')];
    // What the front server may not read or write, of root's, and of the service's by its group.
    let of_root = write_answer(&edge, 'b');
    let of_service = write_answer(&edge, 'c');
    // And what it may not delete.
    let foreign = write_answer(&below("edge/foreign"), 'a');
    own.iter().chain([&foreign]).for_each(|path| give(path, front, 0o600));
    give(&of_root, root, 0o660);
    give(&of_service, (0, service.1), 0o660);
    give(&below("edge/own"), front, 0o700);
    give(&below("edge/foreign"), root, 0o755);
    give(&edge, front, 0o700);

    let told = halftone(&["cache", "stats"]);
    assert!(told.contains("front server: 5 answers"), "{told}");
    let told = halftone(&["cache", "purge", "/"]);
    assert!(told.contains("front server: 2 removed"), "{told}");
    assert!(told.contains("3 could not be removed; it may send them for another 3600 s"), "{told}");
    assert!(own.iter().all(|path| !path.exists()));
    for path in [&of_root, &of_service] {
        assert_eq!(fs::read(path).unwrap()[..4], [5, 0, 0, 0], "{} was written to", path.display());
    }
    assert!(foreign.exists());

    // What it has of its own is the service's.
    for path in ["data", "run", "log"].iter().flat_map(|part| all_below(&below(part))) {
        let meta = path.symlink_metadata().unwrap();
        assert_eq!((meta.uid(), meta.gid()), service, "{}", path.display());
    }
}
