//! The settings, their files, and the secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::unistd::{AccessFlags, access};

use super::Case;
use super::row::Row;
use crate::auth::SECRET_MIN_BYTES;
use crate::config::Loaded;
use crate::task::reasons;

/// The files that were read, which the loaded settings do not carry with them.
static FILES: OnceLock<Vec<PathBuf>> = OnceLock::new();

pub fn remember(files: &[PathBuf]) {
    let _ = FILES.set(files.to_vec());
}

pub fn broken(error: &anyhow::Error) -> Row {
    Row::fail(
        reasons(error).replace('\n', "; "),
        "mend the files, or run this as root when they cannot be read; halftone config check tells the same",
    )
}

pub fn sound(loaded: &Loaded) -> Row {
    match loaded.files.len() {
        0 => {
            Row::warn("no settings file was read", "name it: --config /etc/halftone/halftone.toml")
        }
        count => Row::ok(format!("valid, from {count} files")),
    }
}

pub fn files(_: &Case) -> Vec<Row> {
    let bad: Vec<Row> = FILES
        .get()
        .into_iter()
        .flatten()
        .filter_map(|path| {
            let shown = path.display();
            if access(path, AccessFlags::R_OK).is_err() {
                return Some(Row::fail(
                    format!("{shown} cannot be read by the service"),
                    format!("chgrp halftone {shown} && chmod 640 {shown}"),
                ));
            }
            let mode = fs::metadata(path).ok()?.permissions().mode();
            if mode & 0o002 != 0 {
                return Some(Row::fail(
                    format!("{shown} can be changed by everybody on this machine"),
                    format!("chmod o-w {shown}"),
                ));
            }
            let tells = mode & 0o004 != 0 && names_secret(path);
            tells.then(|| {
                Row::fail(
                    format!("{shown} holds a secret and can be read by everybody on this machine"),
                    format!("chgrp halftone {shown} && chmod 640 {shown}"),
                )
            })
        })
        .collect();
    if bad.is_empty() {
        return vec![Row::ok("readable by the service, and no more open than they may be")];
    }
    bad
}

/// Whether the file sets anything that is secret.
fn names_secret(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Ok(table) = text.parse::<toml::Table>() else { return false };
    let secrets = crate::config::SETTINGS.iter().filter(|setting| setting.about.secret);
    secrets.map(|setting| setting.about.name).any(|name| match table.get(name) {
        // An address without a password tells nothing.
        Some(toml::Value::String(text)) if name == "database" => text.contains('@'),
        Some(toml::Value::String(text)) => !text.is_empty(),
        Some(toml::Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
        None => false,
    })
}

pub fn secret(case: &Case) -> Vec<Row> {
    let settings = &case.settings;
    let short = format!("make one of at least {SECRET_MIN_BYTES} bytes: openssl rand -base64 48");
    if !settings.secret.is_empty() {
        let long = settings.secret.expose().len() >= SECRET_MIN_BYTES;
        return vec![if long {
            Row::ok("set")
        } else {
            Row::fail("the setting is too short", short)
        }];
    }
    let path = settings.secret_file();
    let shown = path.display();
    vec![match (fs::read_to_string(&path), fs::metadata(&path)) {
        (Ok(text), _) if text.trim().len() < SECRET_MIN_BYTES => {
            Row::fail(format!("{shown} is too short"), short)
        }
        (Ok(_), Ok(meta)) if meta.permissions().mode() & 0o077 != 0 => Row::fail(
            format!("{shown} can be read by others: whoever reads it can be anybody"),
            format!("chmod 600 {shown}; if somebody may have read it, replace it"),
        ),
        (Ok(_), _) => Row::ok(format!("{shown}, its owner's alone")),
        (Err(error), _) if error.kind() == std::io::ErrorKind::NotFound => Row::fail(
            format!("{shown} is not there"),
            "halftone migrate makes it; hosts that share a database need a copy of the first one's",
        ),
        (Err(error), _) => Row::fail(
            format!("{shown} cannot be read: {}", error.kind()),
            format!("chown halftone: {shown}; or run this as the user of the service"),
        ),
    }]
}
