//! Faults of what is below the program: disks that are full, absent or hang, clocks that jump, too few
//! descriptors, too little memory. What must go on goes on, the rest says what is wrong, and all of it heals
//! by itself.
//!
//! Faults are made in mount namespaces and by limits of the processes, so that nobody else has them.

// Helpers of tests fail by panicking, as the tests themselves do.

#[path = "../support/mod.rs"]
mod support;

mod absent;
mod clock;
mod full;
mod hung;
mod pressure;

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::support::fcgi;
use crate::support::halftone::Pool;

/// An answer of a pool without a front server.
#[derive(Debug)]
struct Answer {
    status: u16,
    /// The header fields, in lower case.
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").expect("a head") + 4;
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let status = head.strip_prefix("status: ").and_then(|rest| rest[..3].parse().ok());
        Self { status: status.expect("a status"), head, body: bytes[end..].to_vec() }
    }

    fn has(&self, field: &str) -> bool {
        self.head.lines().any(|line| line == field)
    }

    fn is_from_cache(&self) -> bool {
        self.has("x-from-cache: true")
    }

    /// The value of a header field, by its lower-case name.
    fn field(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.clone().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// It says that it is a matter of time.
    fn is_for_later(&self) -> bool {
        self.status == 503 && self.field("retry-after").is_some()
    }
}

fn get_on(connection: &mut UnixStream, uri: &str) -> Answer {
    Answer::of(&fcgi::exchange(connection, uri).unwrap())
}

/// Asks on a connection of its own.
fn get(pool: &Pool, uri: &str) -> Answer {
    get_on(&mut pool.connect(), uri)
}

/// The files below a folder, by their paths within it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path().strip_prefix(folder).unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}
