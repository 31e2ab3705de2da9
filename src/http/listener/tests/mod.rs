//! The listener over real sockets: what goes in and comes out is written by hand, byte for byte.

mod lifetime;
mod messages;

use std::future::Future;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderName};
use http::{HeaderValue, Method, StatusCode};
use tokio::sync::watch;

use super::{ListenerOptions, serve};
use crate::http::{Body, Dispatch, Request, RequestBody, Response};

/// Longer than any of this takes, so that a fault is a failure and not a test that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The size of the file that `/file` sends: several parts and a rest.
const FILE_BYTES: usize = 1_000_003;

/// Echoes what it is asked, or does what the path says.
#[derive(Clone, Default)]
struct Echo {
    /// Requests that are being answered, and those that were called off.
    running: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
    /// Ends the waiting of `/wait`.
    gate: Option<watch::Receiver<bool>>,
}

/// Counts a request as called off unless it came to its end.
struct Running {
    echo: Echo,
    finished: bool,
}

impl Running {
    fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.finished {
            self.echo.dropped.fetch_add(1, Ordering::SeqCst);
        }
        self.echo.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Dispatch for Echo {
    fn dispatch(&self, request: Request) -> impl Future<Output = Response> {
        self.running.fetch_add(1, Ordering::SeqCst);
        let running = Running { echo: self.clone(), finished: false };
        let mut gate = self.gate.clone();
        async move {
            if request.path == "/wait" {
                let gate = gate.as_mut().expect("the test has made a gate");
                gate.wait_for(|open| *open).await.expect("the test holds the gate");
            }
            running.finish();
            respond(request)
        }
    }
}

fn respond(request: Request) -> Response {
    let ok = Response::new(StatusCode::OK);
    match request.path.as_str() {
        "/file" => ok.body(file_body(0, FILE_BYTES as u64)),
        "/part" => ok.body(file_body(7, 500_000)),
        "/short" => ok.body(file_body(FILE_BYTES as u64 - 10, 20)),
        "/large" => ok.body(Body::Bytes(vec![b'x'; 32 << 20].into())),
        "/empty" => ok,
        "/304" => Response::new(StatusCode::NOT_MODIFIED)
            .header(ETAG, HeaderValue::from_static("\"tag\""))
            .body(Body::Bytes("never sent".into())),
        "/204" => Response::new(StatusCode::NO_CONTENT),
        _ => ok
            .header(CONTENT_TYPE, HeaderValue::from_static("text/plain"))
            .body(Body::Bytes(describe(request).into())),
    }
}

fn describe(request: Request) -> Vec<u8> {
    let body = match request.body {
        RequestBody::Empty => "empty".to_owned(),
        RequestBody::Memory(bytes) => format!("memory {} {}", bytes.len(), sum(&bytes)),
        RequestBody::File { mut file, len } => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, len);
            format!("file {len} {}", sum(&bytes))
        }
    };
    let field = request.headers.get("x-field").map_or(&b""[..], HeaderValue::as_bytes);
    let client = request.client.addr.unwrap();
    let mut text = format!("{} {} ? ", request.method, request.path).into_bytes();
    text.extend_from_slice(&request.query);
    text.extend_from_slice(format!(" | {client} | ").as_bytes());
    text.extend_from_slice(field);
    text.extend_from_slice(format!(" | {body}").as_bytes());
    text
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().enumerate().map(|(i, byte)| (i as u64 % 251 + 1) * u64::from(*byte)).sum()
}

fn file_bytes() -> Vec<u8> {
    (0..FILE_BYTES).map(|i| (i * 31 % 251) as u8).collect()
}

fn file_body(offset: u64, len: u64) -> Body {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&file_bytes()).unwrap();
    Body::File { file, offset, len }
}

/// A listener on a thread of its own, stopped when dropped.
struct Server {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(echo: Echo, options: ListenerOptions) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (told, addr) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, echo, options, stopped).await;
            });
        });
        Self { addr: addr.recv_timeout(PATIENCE).unwrap(), stop, thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends `request` on a connection of its own and reads one response.
    fn ask(&self, request: &str) -> Received {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        read_response(&mut stream, request.starts_with("HEAD"))
    }

    fn tell_to_stop(&self) {
        self.stop.send(true).unwrap();
    }

    fn wait_for_end(&mut self) {
        let thread = self.thread.take().unwrap();
        until(|| thread.is_finished());
        thread.join().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && !thread::panicking()
        {
            thread.join().unwrap();
        }
    }
}

fn server() -> Server {
    Server::start(Echo::default(), options())
}

fn options() -> ListenerOptions {
    ListenerOptions {
        max_body_bytes: 300_000,
        memory_body_bytes: 1000,
        drain_timeout: Duration::from_millis(300),
        ..ListenerOptions::default()
    }
}

fn until(mut condition: impl FnMut() -> bool) {
    let limit = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < limit, "the condition never came true");
        thread::sleep(Duration::from_millis(2));
    }
}

#[derive(Debug)]
struct Received {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Received {
    fn field(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| {
            line.split_once(':').is_some_and(|(field, _)| field.eq_ignore_ascii_case(name))
        };
        let line = self.head.lines().find(named)?;
        line.split_once(':').map(|(_, value)| value.trim())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Reads one response, whose length has to be told.
fn read_response(stream: &mut TcpStream, head_only: bool) -> Received {
    let head = read_head(stream);
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut received = Received { status, head, body: Vec::new() };
    if !head_only && !matches!(status, 100..200 | 204 | 304) {
        let len = received.field("content-length").unwrap().parse().unwrap();
        received.body.resize(len, 0);
        stream.read_exact(&mut received.body).unwrap();
    }
    received
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Asserts that the server has closed the connection, cleanly or not.
fn assert_closed(stream: &mut TcpStream) {
    match stream.read(&mut [0; 64]) {
        Ok(0) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("not closed: {other:?}"),
    }
}
