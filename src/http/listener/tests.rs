//! The listener over real sockets: what goes in and comes out is written by hand, byte for byte.

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

#[test]
fn a_request_arrives_as_it_was_sent() {
    let server = server();
    let response = server.ask(
        "GET /a%2Fb//c.jpg?src=%00&amp;x=a+b&&=%zz HTTP/1.1\r\nHost: h\r\nX-Field: caf\u{e9}\r\n\r\n",
    );
    assert_eq!(response.status, 200);
    assert_eq!(
        response.text(),
        "GET /a%2Fb//c.jpg ? src=%00&amp;x=a+b&&=%zz | 127.0.0.1 | caf\u{e9} | empty",
    );
    assert_eq!(response.field("content-type"), Some("text/plain"));
    let date = HeaderValue::from_str(response.field("date").unwrap()).unwrap();
    assert!(crate::http::parse_http_date(&date).is_some());
}

/// Whatever a client puts into a URL arrives or is refused; no byte is changed on the way.
#[test]
fn bytes_beyond_ascii_in_urls() {
    let server = server();
    for (bytes, status) in [(&b"caf\xc3\xa9"[..], 200), (&b"caf\xe9"[..], 400)] {
        let mut stream = server.connect();
        let request = [b"GET /p?src=", bytes, b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat();
        stream.write_all(&request).unwrap();
        let response = read_response(&mut stream, false);
        assert_eq!(response.status, status, "{bytes:?}");
        if status == 200 {
            let sent = [b"? src=", bytes, b" |"].concat();
            assert!(response.body.windows(sent.len()).any(|window| window == sent));
        }
    }
}

#[test]
fn the_absolute_form_is_understood() {
    let response = server().ask("GET http://other/path?q HTTP/1.1\r\nHost: other\r\n\r\n");
    assert!(response.text().starts_with("GET /path ? q |"), "{}", response.text());
}

#[test]
fn connections_are_kept_and_requests_may_be_sent_ahead() {
    let server = server();
    let mut stream = server.connect();
    let mut ahead = String::new();
    for i in 0..50 {
        ahead += &format!("POST /{i} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    }
    stream.write_all(ahead.as_bytes()).unwrap();
    for i in 0..50 {
        let response = read_response(&mut stream, false);
        let expected = format!("POST /{i} ?  | 127.0.0.1 |  | memory 3 {}", sum(b"abc"));
        assert_eq!(response.text(), expected);
    }
    stream.write_all(b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(read_response(&mut stream, false).status, 200);
    assert_closed(&mut stream);
}

#[test]
fn head_tells_the_length_and_sends_nothing() {
    let server = server();
    let mut stream = server.connect();
    for (path, len) in [("/file", FILE_BYTES.to_string()), ("/empty", "0".to_owned())] {
        stream.write_all(format!("HEAD {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        let response = read_response(&mut stream, true);
        assert_eq!((response.status, response.field("content-length")), (200, Some(len.as_str())));
    }
    // Had a body been sent, it would stand before this.
    stream.write_all(b"GET /after HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert!(read_response(&mut stream, false).text().starts_with("GET /after"));
}

#[test]
fn responses_that_cannot_have_a_body_have_none() {
    let server = server();
    let mut stream = server.connect();
    for (path, status) in [("/304", 304), ("/204", 204)] {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).unwrap();
        let response = read_response(&mut stream, false);
        assert_eq!((response.status, response.field("content-length")), (status, None));
        assert_eq!(response.field("transfer-encoding"), None);
    }
    let empty = server.ask("GET /empty HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!((empty.status, empty.field("content-length")), (200, Some("0")));
}

#[test]
fn files_are_sent_whole_and_in_part() {
    let server = server();
    let whole = server.ask("GET /file HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(whole.field("content-length"), Some("1000003"));
    assert!(whole.body == file_bytes());
    let part = server.ask("GET /part HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(part.body == file_bytes()[7..500_007]);
}

#[test]
fn a_file_that_is_shorter_than_it_was_ends_the_connection() {
    let server = server();
    let mut stream = server.connect();
    stream.write_all(b"GET /short HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    let body = received.windows(4).position(|four| four == b"\r\n\r\n").map(|end| end + 4);
    // Nothing at all, or a head and less than it promised: never a response that looks whole.
    assert!(body.is_none_or(|start| received.len() - start < 20));
}

#[test]
fn bodies_go_to_memory_or_to_a_file() {
    let server = server();
    for (len, place) in [(1, "memory"), (1000, "memory"), (1001, "file"), (300_000, "file")] {
        let body: Vec<u8> = (0..len).map(|i| (i % 250) as u8).collect();
        let expected = format!("| {place} {len} {}", sum(&body));

        let mut stream = server.connect();
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {len}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        let response = read_response(&mut stream, false);
        assert!(response.text().ends_with(&expected), "{}", response.text());

        // The same in chunks, whose sum is not known before.
        let mut chunked =
            b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for part in body.chunks(700) {
            chunked.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            chunked.extend_from_slice(part);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\nX-Trailer: t\r\n\r\n");
        stream.write_all(&chunked).unwrap();
        let response = read_response(&mut stream, false);
        assert!(response.text().ends_with(&expected), "{}", response.text());
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_and_the_answer_arrives() {
    let server = server();
    // Sent though nobody wants it: the client still gets to read the answer.
    let mut stream = server.connect();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n").unwrap();
    stream.write_all(&vec![0; 3_000_000]).unwrap();
    assert_eq!(read_response(&mut stream, false).status, 413);
    assert_closed(&mut stream);

    let mut stream = server.connect();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    for _ in 0..31 {
        stream.write_all(b"2710\r\n").unwrap();
        stream.write_all(&[b'x'; 10_000]).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    assert_eq!(read_response(&mut stream, false).status, 413);
    assert_closed(&mut stream);
}

#[test]
fn a_client_that_asks_first_is_told_to_go_on_or_refused() {
    let server = server();
    let ask = |len: u32| {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {len}\r\n\r\n"
        );
        let mut stream = server.connect();
        stream.write_all(head.as_bytes()).unwrap();
        let first = read_response(&mut stream, false);
        (first, stream)
    };
    let (first, mut stream) = ask(5);
    assert_eq!(first.status, 100);
    stream.write_all(b"12345").unwrap();
    assert!(read_response(&mut stream, false).text().contains("memory 5"));

    let (first, mut stream) = ask(300_001);
    assert_eq!(first.status, 413);
    assert_closed(&mut stream);
}

#[test]
fn malformed_requests_are_refused() {
    let server = server();
    let long = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "p".repeat(70_000));
    let large = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(200));
    for (request, statuses) in [
        ("nonsense\r\n\r\n", &[400][..]),
        ("GET / HTTP/1.1\r\nHost h\r\n\r\n", &[400]),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", &[400]),
        ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", &[400]),
        ("GET / HTTP/1.1\r\n\r\n", &[400]),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", &[400]),
        ("GET / HTTP/3.7\r\nHost: h\r\n\r\n", &[400, 505]),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", &[400]),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", &[400]),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", &[400]),
        ("CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\n", &[501]),
        (&long, &[414, 431]),
        (&large, &[431]),
        (&many, &[431]),
    ] {
        let start: String = request.chars().take(60).collect();
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let status = read_response(&mut stream, false).status;
        assert!(statuses.contains(&status), "{status} for {start:?}");
    }
    assert_eq!(server.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

#[test]
fn http_1_0_needs_no_host_and_is_closed() {
    let server = server();
    let mut stream = server.connect();
    stream.write_all(b"GET /old HTTP/1.0\r\n\r\n").unwrap();
    assert!(read_response(&mut stream, false).text().starts_with("GET /old"));
    assert_closed(&mut stream);
}

/// Both lengths told: whichever is believed, what follows must not become a request of its own.
#[test]
fn a_request_cannot_hide_another_one() {
    let server = server();
    let mut stream = server.connect();
    stream
        .write_all(
            b"POST /first HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n\
              0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: h\r\n\r\n",
        )
        .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    assert!(!received.is_empty());
    let text = String::from_utf8_lossy(&received);
    assert!(!text.contains("/hidden"), "{text}");
}

#[test]
fn a_client_that_goes_away_calls_its_request_off() {
    let (_gate, gate) = watch::channel(false);
    let echo = Echo { gate: Some(gate), ..Echo::default() };
    let server = Server::start(echo.clone(), options());
    let mut stream = server.connect();
    stream.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    until(|| echo.running.load(Ordering::SeqCst) == 1);
    drop(stream);
    until(|| echo.running.load(Ordering::SeqCst) == 0);
    assert_eq!(echo.dropped.load(Ordering::SeqCst), 1);
}

#[test]
fn clients_that_go_away_at_any_point_harm_nobody() {
    let echo = Echo::default();
    let server = Server::start(echo.clone(), options());
    let request = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\nabcdef";
    for end in 0..request.len() {
        let mut stream = server.connect();
        stream.write_all(&request[..end]).unwrap();
    }
    for _ in 0..20 {
        let mut stream = server.connect();
        stream.write_all(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 100]).unwrap();
    }
    assert_eq!(server.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
    until(|| echo.running.load(Ordering::SeqCst) == 0);
}

#[test]
fn a_panic_ends_one_connection_only() {
    #[derive(Clone)]
    struct Panicking;
    impl Dispatch for Panicking {
        async fn dispatch(&self, request: Request) -> Response {
            assert_eq!(request.method, Method::GET, "on purpose");
            Response::new(StatusCode::OK)
        }
    }
    let (stop, stopped) = watch::channel(false);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let addr = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // As it is inside a set of tasks of the caller's own.
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            serve(listener, Panicking, options(), stopped).await;
        });
    });
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(b"DELETE / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_closed(&mut stream);
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_eq!(read_response(&mut stream, false).status, 200);
    drop(stop);
    thread.join().unwrap();
}

#[test]
fn slow_heads_and_bodies_are_cut_off() {
    let short = Duration::from_millis(150);
    let options = ListenerOptions { header_timeout: short, stall_timeout: short, ..options() };
    let server = Server::start(Echo::default(), options);

    let mut head = server.connect();
    head.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    let mut idle = server.connect();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    read_response(&mut idle, false);
    let mut body = server.connect();
    body.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc").unwrap();

    let mut rest = Vec::new();
    head.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"));
    assert_closed(&mut idle);
    assert_eq!(read_response(&mut body, false).status, 408);
    assert_closed(&mut body);
}

#[test]
fn a_client_that_stops_reading_is_cut_off() {
    let stall_timeout = Duration::from_millis(150);
    let options = ListenerOptions { stall_timeout, max_connections: 1, ..options() };
    let server = Server::start(Echo::default(), options);
    let mut reader = server.connect();
    reader.write_all(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    // The only place is taken until the first connection is given up.
    assert_eq!(server.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
    let mut received = Vec::new();
    // A reset may take the place of the end.
    let _ = reader.read_to_end(&mut received);
    assert!(received.len() < 32 << 20, "all of it arrived");
}

#[test]
fn stopping_lets_requests_finish_and_closes_idle_connections() {
    let (open, gate) = watch::channel(false);
    let echo = Echo { gate: Some(gate), ..Echo::default() };
    let options = ListenerOptions { drain_timeout: PATIENCE, ..options() };
    let mut server = Server::start(echo.clone(), options);
    let mut idle = server.connect();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    read_response(&mut idle, false);
    let mut busy = server.connect();
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    until(|| echo.running.load(Ordering::SeqCst) == 1);

    server.tell_to_stop();
    assert_closed(&mut idle);
    until(|| TcpStream::connect(server.addr).is_err());
    open.send(true).unwrap();
    let response = read_response(&mut busy, false);
    assert_eq!(response.status, 200);
    assert_eq!(response.field("connection"), Some("close"));
    assert_closed(&mut busy);
    server.wait_for_end();
}

#[test]
fn stopping_does_not_wait_for_ever() {
    let (_gate, gate) = watch::channel(false);
    let echo = Echo { gate: Some(gate), ..Echo::default() };
    let mut server = Server::start(echo.clone(), options());
    let mut busy = server.connect();
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    until(|| echo.running.load(Ordering::SeqCst) == 1);
    server.tell_to_stop();
    server.wait_for_end();
    assert_eq!(echo.dropped.load(Ordering::SeqCst), 1);
    assert_closed(&mut busy);
}

#[test]
fn connections_beyond_the_limit_wait_their_turn() {
    let options = ListenerOptions { max_connections: 2, ..options() };
    let server = Server::start(Echo::default(), options);
    let held: Vec<_> = (0..2)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
            read_response(&mut stream, false);
            stream
        })
        .collect();
    let mut third = server.connect();
    third.write_all(b"GET /third HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let early = third.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(early.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{early}");
    drop(held);
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(read_response(&mut third, false).text().starts_with("GET /third"));
}

#[test]
fn a_body_in_memory_is_not_copied() {
    use http_body_util::BodyExt;

    let bytes = Bytes::from(vec![1; 100_000]);
    let response = Response::new(StatusCode::OK)
        .header(HeaderName::from_static("x-field"), HeaderValue::from_static("kept"))
        .body(Body::Bytes(bytes.clone()));
    let sent = super::send::send(response, false);
    assert_eq!(sent.headers()["x-field"], "kept");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let collected = runtime.block_on(sent.into_body().frame()).unwrap().unwrap();
    assert_eq!(collected.into_data().unwrap().as_ptr(), bytes.as_ptr());
}
