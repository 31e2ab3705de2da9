//! A settings file for a test.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::database::{MEMCACHED, from_environment};

/// The settings of one test server, written as TOML.
#[derive(Debug, Clone)]
pub struct Config {
    settings: Vec<(String, String)>,
}

impl Config {
    /// A pool in `dir` with the memcached that `scripts/test` starts.
    pub fn pool(dir: &Path, database: &str) -> Self {
        Self::alone(dir, database)
            .raw("memcached_servers", &format!("['{}']", from_environment(MEMCACHED)))
            .text("memcached_prefix", &format!("test-{}.", dir.file_name().unwrap().display()))
            // On a machine with a lot to do besides, what is cached must not be made again.
            .raw("memcached_timeout_ms", "5000")
    }

    /// A pool in `dir` that needs nobody else: pictures in `images`, everything else beside, two
    /// workers on `halftone.sock`.
    pub fn alone(dir: &Path, database: &str) -> Self {
        let text = |path: PathBuf| path.display().to_string();
        Self { settings: Vec::new() }
            .text("images_dir", &text(dir.join("images")))
            .text("data_dir", &text(dir.join("data")))
            .text("run_dir", &text(dir.join("run")))
            .text("pid_file", &text(dir.join("run/halftone.pid")))
            .text("log_file", &text(dir.join("log/halftone.log")))
            .text("log_level", "info")
            .text("database", database)
            .raw("fcgi_listen", &format!("[\"unix:{}\"]", dir.join("halftone.sock").display()))
            // The front servers run as another user and share no group with the tests.
            .text("fcgi_socket_mode", "0666")
            .raw("workers", "2")
    }

    /// Sets a text setting.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        let quoted = format!("'{value}'");
        self.raw(name, &quoted)
    }

    /// Sets a setting to a TOML value; the last one counts.
    #[must_use]
    pub fn raw(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The file.
    pub fn to_toml(&self) -> String {
        self.settings.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{name} = {value}");
            text
        })
    }
}
