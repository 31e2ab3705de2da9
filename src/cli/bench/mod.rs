//! `halftone bench`: puts the load of an image server's users on a server, and tells how it bears it.

mod chart;
mod page;
mod report;
mod subject;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use http::header;
use tempfile::NamedTempFile;

use self::report::Report;
use self::subject::Subject;
use crate::load::{Address, End, Load, Pace, Replay, Server, Trust, run as put_on};

/// What to ask, how, and where to write what was seen.
#[derive(Args)]
pub struct Options {
    /// The server.
    #[arg(
        help = "The server, such as https://images.example.com",
        value_name = "URL",
        value_parser = Address::read
    )]
    url: Address,
    /// Connections at a time; in an open loop as many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 4,
          value_parser = clap::value_parser!(u32).range(1..=20_000))]
    clients: u32,
    /// Begin so many requests a second, however long answers take, and count their time from when they
    /// were due; without it every client asks again when it is answered
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    rate: Option<f64>,
    /// How long, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(1..=864_000))]
    duration: u64,
    /// End after so many requests, and not after a time
    #[arg(long, value_name = "NUMBER", conflicts_with = "duration",
          value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    requests: Option<u64>,
    /// Seconds at the beginning that are not counted
    #[arg(long, value_name = "SECONDS", default_value_t = 3,
          value_parser = clap::value_parser!(u64).range(0..=3_600))]
    warm_up: u64,
    #[command(flatten)]
    subject: subject::Wanted,
    /// Sign in as this user, with the password in the environment variable BENCH_PASSWORD or in
    /// --password-file
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A file whose first line is the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// A header field of every request, as "Name: value"; can be given more than once
    #[arg(long = "header", value_name = "FIELD", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Take any certificate
    #[arg(long)]
    insecure: bool,
    /// Take certificates that those in this PEM file vouch for
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Threads that make the load; one is enough for some ten thousand requests a second
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
    /// Give an answer up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout: u64,
    /// Fail if more requests than this had an error
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    max_errors: u64,
    /// Write what was seen as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write what was seen as a page with curves
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Does it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    for file in [&options.json, &options.html].into_iter().flatten() {
        // Better now than after the load.
        temporary_beside(file)?;
    }
    let trust = match (&options.ca, options.insecure) {
        (Some(file), _) => Trust::File(file),
        (None, true) => Trust::Any,
        (None, false) => Trust::Machine,
    };
    let server = Server::new(&options.url, trust)?;
    let subject = Subject::find(&server, options)?;
    tell(&subject.said);
    let load = options.load(&server, &subject);
    prepare(&load, &subject)?;
    let tally = put_on(&load)?;
    ensure!(
        tally.kinds.iter().any(|kind| kind.requests() > 0),
        "nothing was asked for within the time; --duration or --rate is too low"
    );
    let report = Report::new(options, &subject, &tally);
    if let Some(file) = &options.json {
        write(file, &(serde_json::to_string_pretty(&report)? + "\n"))?;
    }
    if let Some(file) = &options.html {
        write(file, &page::html(&report)?)?;
    }
    print(&report.table())?;
    let errors = report.all.errors;
    if errors > options.max_errors {
        bail!("{errors} requests had an error, more than --max-errors {}", options.max_errors);
    }
    Ok(())
}

impl Options {
    fn load(&self, server: &Server, subject: &Subject) -> Load {
        let end = match self.requests {
            Some(number) => End::Requests(number),
            None => End::After(Duration::from_secs(self.duration)),
        };
        Load {
            threads: self.threads.into(),
            pace: self.rate.map_or(Pace::Closed, |per_s| Pace::Open { per_s }),
            warm_up: Duration::from_secs(self.warm_up),
            patience: Duration::from_secs(self.timeout),
            ..Load::new(server, subject.asks.clone(), self.clients as usize, end)
        }
    }

    /// The password of the user who signs in.
    fn password(&self) -> anyhow::Result<String> {
        if let Some(file) = &self.password_file {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("--password-file: {} cannot be read", file.display()))?;
            return Ok(text.lines().next().unwrap_or_default().to_owned());
        }
        std::env::var("BENCH_PASSWORD")
            .context("--user: the password is looked for in BENCH_PASSWORD or --password-file")
    }
}

/// Asks once for every picture that is asked for again and again, so that the first time is not counted.
fn prepare(load: &Load, subject: &Subject) -> anyhow::Result<()> {
    let repeated = &subject.repeated;
    if repeated.is_empty() {
        return Ok(());
    }
    tell(&format!("asking once for the {} pictures that are asked for again", repeated.len()));
    let once = Load {
        asks: std::sync::Arc::new(Replay::of(repeated.clone())),
        pace: Pace::Closed,
        warm_up: Duration::ZERO,
        end: End::Requests(repeated.len() as u64),
        // More would only wait for each other.
        clients: load.clients.min(8),
        ..load.clone()
    };
    let all = put_on(&once)?.all();
    if all.errors() == all.requests() {
        bail!("the server answers nothing of what is asked for: {}", report::errors(&all));
    }
    if all.errors() > 0 {
        tell(&format!("{} of them failed: {}", all.errors(), report::errors(&all)));
    }
    Ok(())
}

/// Says how it goes. That nobody listens is no reason to stop.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints what was seen, as far as somebody reads it.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Writes a whole file or none.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", file.display());
    let Some(mut temporary) = temporary_beside(file)? else {
        return std::fs::write(file, text).with_context(cannot);
    };
    temporary.write_all(text.as_bytes()).with_context(cannot)?;
    temporary.as_file().sync_all().with_context(cannot)?;
    temporary.persist(file).with_context(cannot)?;
    Ok(())
}

/// An empty file that can take the place of `file`; none where that is a link, a device or a pipe, which is kept.
fn temporary_beside(file: &Path) -> anyhow::Result<Option<NamedTempFile>> {
    let cannot = || format!("{} cannot be written", file.display());
    ensure!(!file.is_dir(), "{}: it is a folder", cannot());
    if std::fs::symlink_metadata(file).is_ok_and(|meta| !meta.is_file()) {
        return Ok(None);
    }
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let temporary = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .with_context(cannot)?;
    Ok(Some(temporary))
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>().ok();
    number
        .filter(|number| (0.01..=1_000_000.0).contains(number))
        .ok_or_else(|| "must be a number of requests a second, 0.01 to 1000000".into())
}

/// What says where a request ends, what becomes of its connection and whom it is for: the load says it.
const OWN_FIELDS: [header::HeaderName; 8] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::EXPECT,
    header::TE,
    header::TRAILER,
];

fn header(text: &str) -> Result<(String, String), String> {
    let fault = || "must be \"Name: value\"".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(fault)?;
    let name: http::HeaderName = name.trim().parse().map_err(|_| fault())?;
    if OWN_FIELDS.contains(&name) {
        return Err(format!("{name} is set by the load itself"));
    }
    let value: http::HeaderValue = value.trim().parse().map_err(|_| fault())?;
    let value = value.to_str().map_err(|_| fault())?;
    Ok((name.as_str().to_owned(), value.to_owned()))
}
