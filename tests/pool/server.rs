//! A small server over the real pool, which does what the cases ask of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use halftone::fastcgi;
use halftone::http::{Answer, Body, Progress, Request, Response, Service, Stage};
use halftone::process::{Boot, PoolOptions, WorkerContext, WorkerOptions, run_pool};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

/// The environment variable that makes this program a server.
pub const VARIABLE: &str = "POOL_SERVER";

/// What the server is told. `dir` is where everything lies.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    pub dir: PathBuf,
    pub listen: Vec<String>,
    pub workers: usize,
    pub threads: usize,
    pub queue_len: usize,
    pub max_requests: u64,
    pub max_worker_memory_bytes: u64,
    pub request_deadline_ms: u64,
    pub cancel_grace_ms: u64,
    pub kill_grace_ms: u64,
    pub drain_ms: u64,
}

impl Settings {
    pub fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            listen: vec![format!("unix:{}", dir.join("socket").display())],
            workers: 2,
            threads: 2,
            queue_len: 480,
            max_requests: 0,
            max_worker_memory_bytes: 0,
            request_deadline_ms: 60_000,
            cancel_grace_ms: 60_000,
            kill_grace_ms: 60_000,
            drain_ms: 20_000,
        }
    }

    fn pool(&self) -> PoolOptions {
        PoolOptions {
            listen: self.listen.iter().map(|text| text.parse().expect("an address")).collect(),
            socket_mode: 0o600,
            workers: self.workers,
            run_dir: self.dir.clone(),
            pid_file: Some(self.dir.join("pid")),
            drain: Duration::from_millis(self.drain_ms),
            worker: WorkerOptions {
                threads: self.threads,
                makers: 1,
                making_places: 1,
                queue_len: self.queue_len,
                max_requests: self.max_requests,
                max_worker_memory_bytes: self.max_worker_memory_bytes,
                request_deadline: Duration::from_millis(self.request_deadline_ms),
                cancel_grace: Duration::from_millis(self.cancel_grace_ms),
                kill_grace: Duration::from_millis(self.kill_grace_ms),
                fastcgi: fastcgi::Options::default(),
            },
            ..PoolOptions::default()
        }
    }
}

pub fn main(settings: &str) -> ExitCode {
    let settings: Settings = serde_json::from_str(settings).expect("settings");
    log::set_logger(&StderrLog).expect("the first logger");
    log::set_max_level(log::LevelFilter::Debug);
    let dir = settings.dir.clone();
    let reopen_logs = || append(&dir.join("reopened"), &process::id().to_string());
    match run_pool(settings.pool(), |context| boot(&settings.dir, context), reopen_logs) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Boots as the file `boot` says: `fail`, `panic`, `die`, or a version to serve, with a number of
/// workers after a blank.
fn boot(dir: &Path, context: &WorkerContext) -> Result<Boot, String> {
    append(&dir.join("boots"), &process::id().to_string());
    assert!(context.index() < context.scoreboard().worker_capacity());
    let text = fs::read_to_string(dir.join("boot")).unwrap_or_default();
    let mut words = text.split_whitespace();
    let version = words.next().unwrap_or("1").to_owned();
    match version.as_str() {
        "fail" => return Err("the settings are wrong on purpose".into()),
        "panic" => panic!("booting panics on purpose"),
        "die" => process::exit(9),
        _ => {}
    }
    let mut boot = Boot::new(Arc::new(Sample {
        dir: dir.to_owned(),
        version,
        picture: Bytes::from(vec![0xa5; 45_000]),
    }));
    boot.workers = words.next().and_then(|count| count.parse().ok());
    let flushed = dir.join("flushed");
    boot.shutdown = Some(Box::new(move || append(&flushed, &process::id().to_string())));
    Ok(boot)
}

struct Sample {
    dir: PathBuf,
    version: String,
    picture: Bytes,
}

impl Sample {
    fn hello(&self) -> Response {
        let text = format!("{} {}", process::id(), self.version);
        Response::new(StatusCode::OK).body(Body::Bytes(Bytes::from(text)))
    }

    /// Until the case lets it go on.
    fn released(&self) -> bool {
        self.dir.join("release").exists()
    }
}

impl Service for Sample {
    fn try_now(&self, request: &Request) -> Option<Response> {
        match request.path.as_str() {
            "/now" => Some(self.hello()),
            "/picture" => {
                let response = Response::new(StatusCode::OK)
                    .header(CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
                Some(response.body(Body::Bytes(self.picture.clone())))
            }
            _ => None,
        }
    }

    fn call(self: Arc<Self>, request: Request, progress: &dyn Progress) -> Answer {
        progress.enter(Stage::Other);
        match request.path.as_str() {
            "/panic" => panic!("a request panics on purpose"),
            "/wait" => {
                while !self.released() {
                    if progress.cancel().check().is_err() {
                        return Response::new(StatusCode::GATEWAY_TIMEOUT).into();
                    }
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            "/stuck" => {
                while !self.released() {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            _ => {}
        }
        self.hello().into()
    }
}

/// One line in one write, so that lines of several processes stay whole.
fn append(path: &Path, line: &str) {
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).expect("a file");
    file.write_all(format!("{line}\n").as_bytes()).expect("a line");
}

struct StderrLog;

impl log::Log for StderrLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("halftone")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {} {}\n", process::id(), record.level(), record.args());
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }

    fn flush(&self) {}
}
