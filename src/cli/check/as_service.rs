//! Taking on the service's user, so that what is seen is what the service sees.

use std::path::Path;

use nix::unistd::Uid;

use super::row::Row;
use crate::cli::service_user::{Now, Way, become_owner, name_of};

/// When run as root, becomes the user to whom the data belong, for the rest of the process.
pub fn become_it(data_dir: &Path) -> Row {
    match become_owner(data_dir, Way::ForGood) {
        Ok(Now::Same) => Row::ok(format!("looked as {}", name_of(Uid::effective()))),
        Ok(Now::Owner(name)) => Row::ok(format!("looked as {name}")),
        Ok(Now::Root) if data_dir.exists() => Row::warn(
            format!("looked as root, to whom {} belongs", data_dir.display()),
            "let a user of its own run the service, and give the folder to it",
        ),
        Ok(Now::Root) => Row::warn(
            format!("looked as root: {} is not there", data_dir.display()),
            "make it, for the user of the service",
        ),
        Err((name, error)) => Row::warn(
            format!("looked as root; to be {name} was refused: {error}"),
            format!("run it as that user: runuser -u {name} -- halftone check"),
        ),
    }
}
