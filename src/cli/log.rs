//! The log: one line per record, to standard error or to a file that can be rotated.
//!
//! Several processes append to the same file. Each line is one `write` to a descriptor opened with
//! `O_APPEND`, so that lines of different processes never mix, and nothing is renamed from here:
//! rotation is the administrator's (logrotate), followed by a signal to reopen.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use log::{LevelFilter, Record};
use log4rs::append::Append;
use log4rs::config::{Appender, Logger, Root};
use time::OffsetDateTime;
use time::macros::format_description;

/// The running log.
#[derive(Clone, Debug)]
pub struct Log {
    sink: Arc<Sink>,
}

#[derive(Debug)]
struct Sink {
    path: Option<PathBuf>,
    file: Mutex<Option<File>>,
}

impl Log {
    /// Starts logging to `path`, or to standard error without one.
    ///
    /// # Errors
    /// When the file cannot be opened for appending, or logging has been started already.
    pub fn start(path: Option<&Path>, level: LevelFilter) -> anyhow::Result<Self> {
        let file = path.map(open).transpose()?;
        let sink = Arc::new(Sink { path: path.map(Path::to_owned), file: Mutex::new(file) });
        let log = Self { sink };
        let config = log4rs::Config::builder()
            .appender(Appender::builder().build("log", Box::new(log.clone())))
            // Other crates tell of every statement and its parameters, passwords among them.
            .logger(Logger::builder().build("halftone", LevelFilter::Trace))
            .build(Root::builder().appender("log").build(LevelFilter::Warn))?;
        log4rs::init_config(config)?;
        log::set_max_level(level);
        Ok(log)
    }

    /// Opens the file anew, after it was rotated away. The old one stays in use when that fails.
    pub fn reopen(&self) {
        let Some(path) = &self.sink.path else { return };
        match open(path) {
            Ok(file) => *self.sink.lock() = Some(file),
            Err(error) => log::error!("{error:#}"),
        }
    }
}

impl Sink {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Append for Log {
    fn append(&self, record: &Record<'_>) -> anyhow::Result<()> {
        let line = line(record);
        match self.sink.lock().as_mut() {
            Some(file) => file.write_all(line.as_bytes())?,
            None => io::stderr().write_all(line.as_bytes())?,
        }
        Ok(())
    }

    fn flush(&self) {}
}

fn open(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .with_context(|| format!("the log file {} cannot be opened", path.display()))
}

/// `2026-01-31T12:00:00.000Z INFO 4711 module: message`; line breaks within become `⏎`, so that a
/// message can never pass for two.
fn line(record: &Record<'_>) -> String {
    let stamp =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let time = OffsetDateTime::now_utc().format(stamp).unwrap_or_default();
    let mut message = record.args().to_string();
    if message.contains(['\n', '\r']) {
        message = message.replace("\r\n", "⏎").replace(['\n', '\r'], "⏎");
    }
    let mut line = String::with_capacity(message.len() + 64);
    let target = record.target().strip_prefix("halftone::").unwrap_or(record.target());
    let _ = writeln!(line, "{time} {} {} {target}: {message}", record.level(), std::process::id());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_on_its_line() {
        let line = line(
            &Record::builder()
                .args(format_args!("one\ntwo\r\nthree"))
                .level(log::Level::Warn)
                .target("halftone::web")
                .build(),
        );
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.ends_with("web: one⏎two⏎three\n"), "{line}");
    }
}
