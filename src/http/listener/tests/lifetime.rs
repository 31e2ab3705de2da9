//! How connections end: by the client, by the clock, by the listener.

use super::*;

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
