//! The log: one line per record, to standard error or to a file that can be rotated. Lines that are written
//! while a request is worked on name it.
//!
//! Several processes append to the same file. Each line is one `write` to a descriptor opened with
//! `O_APPEND`, so that lines of different processes never mix, and nothing is renamed from here:
//! rotation is the administrator's (logrotate). A process opens the file anew when it finds another one under
//! the name, which it looks for at most once a second, and at a signal.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use log::{LevelFilter, Record};
use log4rs::append::Append;
use log4rs::config::{Appender, Logger, Root};
use signal_hook::consts::SIGUSR1;
use signal_hook::iterator::Signals;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::http::request_id;

/// How often it is looked whether the file was rotated away.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The running log.
#[derive(Clone, Debug)]
pub struct Log {
    sink: Arc<Sink>,
}

#[derive(Debug)]
struct Sink {
    path: Option<PathBuf>,
    open: Mutex<Option<Open>>,
}

/// The file that lines go to.
#[derive(Debug)]
struct Open {
    lines: Lines<File>,
    /// When it was seen last that it still has its name.
    looked: Instant,
}

/// Appends whole lines.
#[derive(Debug)]
struct Lines<W> {
    to: W,
    /// Only a part of the last line fitted.
    torn: bool,
}

impl<W: io::Write> Lines<W> {
    fn new(to: W) -> Self {
        Self { to, torn: false }
    }

    /// Writes a line, in one call unless the disk is full. What was written of one that did not fit is ended
    /// before the next, so that two never look like one.
    fn put(&mut self, line: &str) -> io::Result<()> {
        let whole = if self.torn { format!("\n{line}") } else { line.to_owned() };
        let mut rest = whole.as_bytes();
        while !rest.is_empty() {
            match self.to.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.torn = rest[written - 1] != b'\n';
                    rest = &rest[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Log {
    /// Starts logging to `path`, or to standard error without one.
    ///
    /// # Errors
    /// When the file cannot be opened for appending, or logging has been started already.
    pub fn start(path: Option<&Path>, level: LevelFilter) -> anyhow::Result<Self> {
        let open = path.map(Open::at).transpose()?;
        let sink = Arc::new(Sink { path: path.map(Path::to_owned), open: Mutex::new(open) });
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
        match Open::at(path) {
            Ok(open) => *self.sink.lock() = Some(open),
            Err(error) => log::error!("{}", crate::task::reasons(&error)),
        }
    }

    /// Opens the file anew at USR1, for the rest of the process. For those that no arbiter looks after.
    ///
    /// # Errors
    /// Of the system.
    pub fn reopen_on_signal(self) -> anyhow::Result<()> {
        let mut signals = Signals::new([SIGUSR1])?;
        std::thread::Builder::new()
            .name("log".into())
            .spawn(move || signals.forever().for_each(|_| self.reopen()))?;
        Ok(())
    }
}

impl Sink {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn at(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file =
            file.with_context(|| format!("the log file {} cannot be opened", path.display()))?;
        Ok(Self { lines: Lines::new(file), looked: Instant::now() })
    }

    /// Goes over to the file that has the name now. While there is none, whoever rotates is about to make
    /// it.
    fn keep_up(&mut self, path: &Path) {
        if self.looked.elapsed() < LOOK_EVERY {
            return;
        }
        self.looked = Instant::now();
        let same = |there: fs::Metadata| {
            let here = self.lines.to.metadata();
            here.is_ok_and(|here| (here.dev(), here.ino()) == (there.dev(), there.ino()))
        };
        if fs::metadata(path).is_ok_and(|there| !same(there))
            && let Ok(open) = Self::at(path)
        {
            *self = open;
        }
    }
}

impl Append for Log {
    fn append(&self, record: &Record<'_>) -> anyhow::Result<()> {
        let line = line(record);
        match (self.sink.lock().as_mut(), &self.sink.path) {
            (Some(open), Some(path)) => {
                open.keep_up(path);
                open.lines.put(&line)?;
            }
            _ => io::stderr().write_all(line.as_bytes())?,
        }
        Ok(())
    }

    fn flush(&self) {}
}

/// `2026-01-31T12:00:00.000Z INFO 4711 module: message`, after the process the id of the request in brackets
/// where the thread is at one; line breaks within become `⏎`, so that a
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
    let _ = write!(line, "{time} {} {} ", record.level(), std::process::id());
    request_id::with_current(|id| {
        let _ = write!(line, "[{id}] ");
    });
    let _ = writeln!(line, "{target}: {message}");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_rotated_away_is_left_once_there_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let (path, old) = (dir.path().join("log"), dir.path().join("log.1"));
        let mut open = Open::at(&path).unwrap();
        let mut write = |text: &str| {
            open.looked = Instant::now() - LOOK_EVERY;
            open.keep_up(&path);
            open.lines.put(text).unwrap();
        };
        write("a\n");
        fs::rename(&path, &old).unwrap();
        write("b\n");
        assert!(!path.exists(), "it is for whoever rotates to make it");
        fs::write(&path, "").unwrap();
        write("c\n");
        assert_eq!(fs::read_to_string(&old).unwrap(), "a\nb\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "c\n");
    }

    /// A disk with room for so many bytes.
    struct Full<'a>(&'a mut Vec<u8>, usize);

    impl io::Write for Full<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = bytes.len().min(self.1 - self.0.len());
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.extend(&bytes[..room]);
            Ok(room)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_did_not_fit_is_ended_before_the_next() {
        let mut written = Vec::new();
        let mut lines = Lines::new(Full(&mut written, 9));
        lines.put("first\n").unwrap();
        lines.put("second\n").unwrap_err();
        lines.put("third\n").unwrap_err();
        lines.to.1 = 100;
        lines.put("fourth\n").unwrap();
        lines.put("fifth\n").unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "first\nsec\nfourth\nfifth\n");
    }

    #[test]
    fn lines_name_the_request_that_they_are_of() {
        let line = || {
            let arguments = format_args!("text");
            line(&Record::builder().args(arguments).target("halftone::web").build())
        };
        assert!(line().contains(&format!(" {} web: text", std::process::id())));
        let _named = request_id::name(&http::HeaderValue::from_static("abc-1"));
        assert!(line().contains(&format!(" {} [abc-1] web: text", std::process::id())));
    }

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
