//! A responder for tests: the real connection code over a Unix socket and a TCP port, and a
//! dispatcher which tells what it was asked.

use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;

use bytes::Bytes;
use halftone::fastcgi::{self, Options, serve_connection};
use halftone::http::{Body, Dispatch, Request, RequestBody, Response};
use http::StatusCode;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use super::wire::Connection;

/// The bytes that `/file` and `/bytes` send.
#[must_use]
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index % 251) as u8).collect()
}

/// What happened inside.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A request that never gets an answer has arrived.
    Waiting,
    /// It was called off.
    CalledOff,
    /// Bytes for this place of `/upload` have arrived.
    Bytes {
        /// The place.
        offset: u64,
        /// How many.
        len: u64,
    },
    /// A connection has ended, with this fault if any.
    Closed(Option<String>),
}

/// A running responder.
pub struct Responder {
    dir: TempDir,
    /// Its TCP port.
    pub tcp: String,
    /// What happens inside.
    pub events: mpsc::Receiver<Event>,
    drain: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    /// Starts one.
    pub fn start(options: Options) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (told, events) = mpsc::channel();
        let (drain, draining) = watch::channel(false);
        let (started, port) = mpsc::channel();
        let path = dir.path().join("socket");
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            let serving = serve(path, options, told, started, draining);
            LocalSet::new().block_on(&runtime, serving);
        });
        let tcp = port.recv().expect("it starts");
        Self { dir, tcp, events, drain, thread: Some(thread) }
    }

    /// Where its Unix socket is.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    /// A connection to it.
    pub fn connect(&self) -> Connection {
        Connection::unix(&self.path()).expect("a connection")
    }

    /// Drains it, as a worker does.
    pub fn drain(&self) {
        self.drain.send_replace(true);
    }

    /// The next event.
    pub fn event(&self) -> Event {
        self.events.recv_timeout(super::wire::PATIENCE).expect("something happens")
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.drain();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(
    path: PathBuf,
    options: Options,
    told: mpsc::Sender<Event>,
    started: mpsc::Sender<String>,
    mut draining: watch::Receiver<bool>,
) {
    let unix = UnixListener::bind(path).expect("a socket");
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    started.send(tcp.local_addr().expect("an address").to_string()).expect("somebody waits");
    let mut connections = JoinSet::new();
    let drain = draining.clone();
    loop {
        let (told, options, drain) = (told.clone(), options.clone(), drain.clone());
        tokio::select! {
            accepted = unix.accept() => {
                let (stream, _) = accepted.expect("a connection");
                connections.spawn_local(run(stream, told, options, drain));
            }
            accepted = tcp.accept() => {
                let (stream, _) = accepted.expect("a connection");
                connections.spawn_local(run(stream, told, options, drain));
            }
            _ = draining.wait_for(|drain| *drain) => break,
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    told: mpsc::Sender<Event>,
    options: Options,
    drain: watch::Receiver<bool>,
) {
    let dispatch = Sample { told: told.clone() };
    let result: Result<(), fastcgi::Error> =
        serve_connection(stream, dispatch, &options, 15, drain).await;
    let _ = told.send(Event::Closed(result.err().map(|fault| fault.to_string())));
}

#[derive(Clone)]
struct Sample {
    told: mpsc::Sender<Event>,
}

struct TellsOfItsEnd(mpsc::Sender<Event>);

impl Drop for TellsOfItsEnd {
    fn drop(&mut self) {
        let _ = self.0.send(Event::CalledOff);
    }
}

impl Dispatch for Sample {
    async fn dispatch(&self, request: Request) -> Response {
        let len: usize = String::from_utf8_lossy(&request.query).parse().unwrap_or(0);
        let body = match request.path.as_str() {
            "/wait" => {
                let _end = TellsOfItsEnd(self.told.clone());
                let _ = self.told.send(Event::Waiting);
                std::future::pending::<()>().await;
                unreachable!("pending never ends")
            }
            "/upload" => {
                let offset = request.headers["upload-offset"].to_str().ok();
                let offset = offset.and_then(|text| text.parse().ok()).expect("a number");
                let len = match request.body {
                    RequestBody::Empty => 0,
                    RequestBody::Memory(bytes) => bytes.len() as u64,
                    RequestBody::File { len, .. } => len,
                };
                let _ = self.told.send(Event::Bytes { offset, len });
                let wrong = request.query == b"refuse";
                let status = if wrong { StatusCode::CONFLICT } else { StatusCode::NO_CONTENT };
                return Response::new(status);
            }
            "/bytes" => Body::Bytes(Bytes::from(pattern(len))),
            "/file" => {
                let mut file = tempfile::tempfile().expect("a file");
                file.write_all(b"before").expect("content");
                file.write_all(&pattern(len)).expect("content");
                Body::File { file, offset: 6, len: len as u64 }
            }
            "/short-file" => {
                let mut file = tempfile::tempfile().expect("a file");
                file.write_all(&pattern(len)).expect("content");
                Body::File { file, offset: 0, len: len as u64 + 1_000_000 }
            }
            _ => Body::Bytes(Bytes::from(describe(request))),
        };
        Response::new(StatusCode::OK).body(body)
    }
}

/// A request as text. The body is shown when it is short; where it lies is told when it is long.
fn describe(request: Request) -> String {
    let mut text = String::new();
    let client = &request.client;
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()))
        .collect();
    headers.sort();
    let _ = writeln!(text, "{} {}", request.method, request.path);
    let _ = writeln!(text, "query {}", request.query.escape_ascii());
    let _ = writeln!(
        text,
        "addr {:?} secure {} user {:?}",
        client.addr, client.secure, client.remote_user
    );
    headers.iter().for_each(|header| text.push_str(&format!("{header}\n")));
    match request.body {
        RequestBody::Empty => text.push_str("body 0\n"),
        RequestBody::Memory(bytes) => {
            let _ = writeln!(text, "body {} {}", bytes.len(), bytes.escape_ascii());
        }
        RequestBody::File { mut file, len } => {
            assert_eq!(file.stream_position().expect("a position"), 0);
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("content");
            assert_eq!(file.seek(SeekFrom::End(0)).expect("a length"), len);
            let right = bytes == pattern(bytes.len());
            let _ = writeln!(text, "file {len} {right}");
        }
    }
    text
}
