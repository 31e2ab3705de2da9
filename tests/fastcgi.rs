//! The responder over real sockets: what front servers send, what hostile peers send, and what
//! comes back.

mod responder;
mod wire;

use std::fs;
use std::path::Path;
use std::time::Duration;

use fastcgi_client::{Client, Params, Request, io::Cursor};
use halftone::fastcgi::{Header, Options, RecordType, encode_pair};
use proptest::prelude::*;
use responder::{Event, Responder, pattern};
use wire::{Connection, begin, get, params, record};

/// Name, bytes and expected description of each fixture.
fn fixtures() -> Vec<(String, Vec<u8>, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fastcgi");
    let mut fixtures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "hex") {
            let digits: String = fs::read_to_string(&path).unwrap().split_whitespace().collect();
            let bytes = (0..digits.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
                .collect();
            let expected = fs::read_to_string(path.with_extension("expected")).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            fixtures.push((name, bytes, expected));
        }
    }
    fixtures
}

fn id_of(request: &[u8]) -> u16 {
    u16::from_be_bytes([request[2], request[3]])
}

fn post(body: &[&[u8]], length: &str) -> Vec<u8> {
    let pairs = [("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/post"), ("CONTENT_LENGTH", length)];
    let mut bytes = begin(1, true);
    bytes.extend(params(1, &pairs));
    for part in body {
        bytes.extend(record(RecordType::Stdin, 1, part));
    }
    bytes.extend(record(RecordType::Stdin, 1, b""));
    bytes
}

#[test]
fn requests_of_front_servers_are_understood() {
    let responder = Responder::start(Options::default());
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), 4);
    for (name, bytes, expected) in fixtures {
        let mut connection = responder.connect();
        // Twice over one connection, the second time in pieces.
        connection.send(&bytes).unwrap();
        assert_eq!(connection.answer(id_of(&bytes)).unwrap().text(), expected, "{name}");
        for piece in bytes.chunks(97) {
            connection.send(piece).unwrap();
        }
        assert_eq!(connection.answer(id_of(&bytes)).unwrap().text(), expected, "{name}");
    }
}

#[test]
fn one_byte_at_a_time_is_enough() {
    let responder = Responder::start(Options::default());
    let mut connection = Connection::tcp(&responder.tcp).unwrap();
    for byte in post(&[b"hello"], "5") {
        connection.send(&[byte]).unwrap();
    }
    assert!(connection.answer(1).unwrap().text().ends_with("body 5 hello\n"));
}

#[test]
fn another_s_client_is_content() {
    let responder = Responder::start(Options::default());
    let body = b"a=1&b=2";
    let params = || {
        Params::default()
            .request_method("POST")
            .request_uri("/form?x=%20")
            .content_type("application/x-www-form-urlencoded")
            .content_length(body.len())
            .remote_addr("192.0.2.1")
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::UnixStream::connect(responder.path()).await.unwrap();
        let mut client = Client::new_keep_alive_tokio(stream);
        for _ in 0..3 {
            let response = client.execute(Request::new(params(), Cursor::new(body))).await.unwrap();
            let text = String::from_utf8(response.stdout.unwrap()).unwrap();
            assert!(text.starts_with("Status: 200 OK\r\n"), "{text}");
            assert!(text.contains("POST /form\nquery x=%20\n"), "{text}");
            assert!(text.ends_with("body 7 a=1&b=2\n"), "{text}");
            assert!(response.stderr.is_none_or(|stderr| stderr.is_empty()));
        }
        let stream = tokio::net::TcpStream::connect(&responder.tcp).await.unwrap();
        let client = Client::new_tokio(stream);
        let response =
            client.execute_once(Request::new(params(), Cursor::new(body))).await.unwrap();
        let text = String::from_utf8(response.stdout.unwrap()).unwrap();
        assert!(text.contains("addr Some(192.0.2.1) secure false user None"), "{text}");
    });
}

#[test]
fn bodies_of_any_size_come_back_whole() {
    let responder = Responder::start(Options::default());
    let mut connection = responder.connect();
    for uri in ["/bytes", "/file"] {
        for len in [0, 1, 45_000, 65_527, 65_528, 65_529, 262_112, 262_113, 3_000_000] {
            let answer = connection.get(&format!("{uri}?{len}"), true).unwrap();
            assert_eq!(answer.status, 200);
            assert!(answer.head.ends_with(&format!("content-length: {len}")), "{}", answer.head);
            assert!(answer.body == pattern(len), "{uri} of {len} bytes");
        }
    }
}

#[test]
fn head_gets_the_length_and_no_body() {
    let responder = Responder::start(Options::default());
    for uri in ["/bytes?5000", "/file?5000"] {
        let pairs = [("REQUEST_METHOD", "HEAD"), ("REQUEST_URI", uri)];
        let mut connection = responder.connect();
        connection.send(&[begin(1, true), params(1, &pairs)].concat()).unwrap();
        connection.send(&record(RecordType::Stdin, 1, b"")).unwrap();
        let answer = connection.answer(1).unwrap();
        assert!(answer.head.ends_with("content-length: 5000"), "{}", answer.head);
        assert_eq!(answer.body, b"");
    }
}

#[test]
fn a_file_that_shrinks_breaks_the_connection_rather_than_the_length() {
    let responder = Responder::start(Options::default());
    let mut connection = responder.connect();
    assert!(connection.get("/short-file?300000", true).is_err());
    assert!(matches!(responder.event(), Event::Closed(Some(_))));
    let answer = responder.connect().get("/short-file?10", true).unwrap();
    assert_eq!(answer.status, 500, "nothing of it was promised yet");
}

#[test]
fn large_bodies_go_through_a_file() {
    let options = Options { body_memory_bytes: 1000, ..Options::default() };
    let responder = Responder::start(options);
    let mut connection = responder.connect();
    for (len, expected) in [(1000, "body 1000 "), (1001, "file 1001 true\n")] {
        let body = pattern(len);
        connection.send(&post(&[&body], &len.to_string())).unwrap();
        let text = connection.answer(1).unwrap().text();
        assert!(text.contains(expected), "{text}");
    }
    let body = pattern(3_000_000);
    let parts: Vec<&[u8]> = body.chunks(65_535).collect();
    connection.send(&post(&parts, "3000000")).unwrap();
    assert!(connection.answer(1).unwrap().text().ends_with("file 3000000 true\n"));
    // Without a declared length, as a chunked upload that is not buffered has none.
    connection.send(&post(&parts, "")).unwrap();
    assert!(connection.answer(1).unwrap().text().ends_with("file 3000000 true\n"));
}

#[test]
fn too_large_a_body_is_413_and_the_connection_goes_on() {
    let options = Options { max_body_bytes: 100, ..Options::default() };
    let responder = Responder::start(options);
    let mut connection = responder.connect();
    for length in ["101", ""] {
        connection.send(&post(&[&[b'x'; 90], &[b'y'; 11]], length)).unwrap();
        let answer = connection.answer(1).unwrap();
        assert_eq!((answer.status, answer.protocol_status), (413, 0));
        assert!(!answer.body.is_empty());
        let answer = connection.get("/next", true).unwrap();
        assert_eq!(answer.status, 200, "what was left of the body is ignored");
    }
    connection.send(&post(&[&[b'x'; 90], &[b'y'; 10]], "100")).unwrap();
    assert_eq!(connection.answer(1).unwrap().status, 200);
}

#[test]
fn an_early_refusal_on_a_connection_to_be_closed_is_still_read_by_the_peer() {
    let options = Options { max_body_bytes: 100, ..Options::default() };
    let responder = Responder::start(options);
    let mut connection = Connection::tcp(&responder.tcp).unwrap();
    let pairs = [("REQUEST_METHOD", "PUT"), ("CONTENT_LENGTH", "9000000")];
    let mut bytes = [begin(1, false), params(1, &pairs)].concat();
    for _ in 0..20 {
        bytes.extend(record(RecordType::Stdin, 1, &[b'x'; 8000]));
    }
    connection.send(&bytes).unwrap();
    assert_eq!(connection.answer(1).unwrap().status, 413);
    assert!(connection.is_closed());
}

#[test]
fn a_body_of_another_length_than_declared_is_400() {
    let responder = Responder::start(Options::default());
    let mut connection = responder.connect();
    for length in ["4", "6"] {
        connection.send(&post(&[b"hello"], length)).unwrap();
        assert_eq!(connection.answer(1).unwrap().status, 400);
    }
    connection.send(&post(&[b"hello"], "five")).unwrap();
    assert_eq!(connection.answer(1).unwrap().status, 400);
    assert_eq!(connection.get("/next", true).unwrap().status, 200);
}

/// A PATCH of a body that may be cut, at byte 7.
fn patch(uri: &str, len: usize) -> Vec<u8> {
    let pairs = [
        ("REQUEST_METHOD", "PATCH"),
        ("REQUEST_URI", uri),
        ("CONTENT_TYPE", "application/offset+octet-stream"),
        ("CONTENT_LENGTH", &len.to_string()),
        ("HTTP_UPLOAD_OFFSET", "7"),
    ];
    let mut bytes = begin(1, true);
    bytes.extend(params(1, &pairs));
    bytes
}

#[test]
fn a_body_that_may_be_cut_is_handed_on_while_it_comes() {
    // Longer than a body may be: that bounds the pieces, which are half as long, and not the whole.
    let responder = Responder::start(Options { max_body_bytes: 60_000, ..Options::default() });
    let part = record(RecordType::Stdin, 1, &pattern(10_000));
    let mut connection = responder.connect();
    connection.send(&patch("/upload", 80_000)).unwrap();
    for count in 1..=8 {
        connection.send(&part).unwrap();
        if count % 3 == 0 {
            // Before the rest has been sent.
            let offset = 7 + (count - 3) * 10_000;
            assert_eq!(responder.event(), Event::Bytes { offset, len: 30_000 });
        }
    }
    connection.send(&record(RecordType::Stdin, 1, b"")).unwrap();
    assert_eq!(responder.event(), Event::Bytes { offset: 60_007, len: 20_000 });
    assert_eq!(connection.answer(1).unwrap().status, 204);

    // The same connection, and an end on a piece's own end.
    connection.send(&patch("/upload", 30_000)).unwrap();
    for _ in 0..3 {
        connection.send(&part).unwrap();
    }
    connection.send(&record(RecordType::Stdin, 1, b"")).unwrap();
    assert_eq!(responder.event(), Event::Bytes { offset: 7, len: 30_000 });
    assert_eq!(connection.answer(1).unwrap().status, 204);
    assert!(responder.events.try_recv().is_err());

    // What came before the connection broke.
    connection.send(&patch("/upload", 80_000)).unwrap();
    for _ in 0..3 {
        connection.send(&part).unwrap();
    }
    assert_eq!(responder.event(), Event::Bytes { offset: 7, len: 30_000 });
    connection.send(&part).unwrap();
    drop(connection);
    assert_eq!(responder.event(), Event::Bytes { offset: 30_007, len: 10_000 });
    assert!(matches!(responder.event(), Event::Closed(Some(_))));
}

#[test]
fn a_piece_that_is_refused_is_the_last() {
    let responder = Responder::start(Options { max_body_bytes: 60_000, ..Options::default() });
    let mut connection = responder.connect();
    connection.send(&patch("/upload?refuse", 80_000)).unwrap();
    for _ in 0..3 {
        connection.send(&record(RecordType::Stdin, 1, &pattern(10_000))).unwrap();
    }
    assert_eq!(connection.answer(1).unwrap().status, 409);
    assert_eq!(responder.event(), Event::Bytes { offset: 7, len: 30_000 });
}

#[test]
fn too_many_parameters_are_400_and_the_connection_goes_on() {
    let responder = Responder::start(Options::default());
    let mut connection = responder.connect();
    let mut content = Vec::new();
    encode_pair(b"HTTP_COOKIE", &[b'c'; 50_000], &mut content);
    let mut bytes = begin(1, true);
    bytes.extend(record(RecordType::Params, 1, &content));
    bytes.extend(record(RecordType::Params, 1, &content));
    bytes.extend(params(1, &[("REQUEST_METHOD", "GET")]));
    bytes.extend(record(RecordType::Stdin, 1, b""));
    connection.send(&bytes).unwrap();
    assert_eq!(connection.answer(1).unwrap().status, 400);
    assert_eq!(connection.get("/next", true).unwrap().status, 200);
}

#[test]
fn an_abort_calls_the_work_off_and_ends_the_request() {
    let responder = Responder::start(Options::default());
    let mut connection = responder.connect();
    connection.send(&get("/wait", true)).unwrap();
    assert_eq!(responder.event(), Event::Waiting);
    connection.send(&record(RecordType::AbortRequest, 1, b"")).unwrap();
    let answer = connection.answer(1).unwrap();
    assert_eq!((answer.status, answer.protocol_status), (0, 0));
    assert_eq!(responder.event(), Event::CalledOff);
    assert_eq!(connection.get("/next", true).unwrap().status, 200);
    // In one go with the request, and in the middle of a body.
    connection
        .send(&[get("/wait", true), record(RecordType::AbortRequest, 1, b"")].concat())
        .unwrap();
    assert_eq!(connection.answer(1).unwrap().status, 0);
    assert_eq!(connection.get("/next", true).unwrap().status, 200);
    let half = post(&[b"half"], "100");
    connection.send(&half[..half.len() - 8]).unwrap();
    connection.send(&record(RecordType::AbortRequest, 1, b"")).unwrap();
    assert_eq!(connection.answer(1).unwrap().status, 0);
    assert_eq!(connection.get("/next", true).unwrap().status, 200);
}

#[test]
fn a_peer_that_goes_away_calls_the_work_off() {
    let responder = Responder::start(Options::default());
    let mut connection = responder.connect();
    connection.send(&get("/wait", true)).unwrap();
    assert_eq!(responder.event(), Event::Waiting);
    drop(connection);
    assert_eq!(responder.event(), Event::CalledOff);
    assert_eq!(responder.event(), Event::Closed(None));
}

#[test]
fn questions_are_answered_while_a_request_is_worked_on() {
    let responder = Responder::start(Options { max_connections: 77, ..Options::default() });
    let mut connection = responder.connect();
    connection.send(&get("/wait", true)).unwrap();
    assert_eq!(responder.event(), Event::Waiting);
    let mut asked = Vec::new();
    encode_pair(b"FCGI_MAX_CONNS", b"", &mut asked);
    connection.send(&record(RecordType::GetValues, 0, &asked)).unwrap();
    let (header, content) = connection.receive().unwrap();
    assert_eq!(header.kind, RecordType::GetValuesResult as u8);
    assert_eq!(content, b"\x0e\x02FCGI_MAX_CONNS77");

    connection.send(&begin(2, true)).unwrap();
    let refused = connection.answer(2).unwrap();
    assert_eq!((refused.status, refused.protocol_status), (0, 1));
    // The refused one's records are ignored, however many there are.
    for _ in 0..5 {
        connection.send(&record(RecordType::Params, 2, &[0; 30_000])).unwrap();
    }

    connection
        .send(&Header { kind: 200, ..Header::new(RecordType::Data, 0, 0, 0) }.encode())
        .unwrap();
    let (header, content) = connection.receive().unwrap();
    assert_eq!((header.kind, content[0]), (RecordType::UnknownType as u8, 200));
}

#[test]
fn what_comes_in_one_go_with_a_request_is_heeded() {
    let responder = Responder::start(Options::default());
    let mut connection = responder.connect();
    let mut bytes = get("/bytes?5", true);
    bytes.extend(begin(2, true));
    bytes.extend(record(RecordType::Params, 2, &[0; 20_000]));
    connection.send(&bytes).unwrap();
    assert_eq!(connection.answer(2).unwrap().protocol_status, 1);
    assert_eq!(connection.answer(1).unwrap().body, pattern(5));
    assert_eq!(connection.get("/next", true).unwrap().status, 200);
}

#[test]
fn other_roles_are_refused() {
    let responder = Responder::start(Options::default());
    for role in [2, 3, 9] {
        let mut connection = responder.connect();
        let content = [0, role, 1, 0, 0, 0, 0, 0];
        connection.send(&record(RecordType::BeginRequest, 5, &content)).unwrap();
        assert_eq!(connection.answer(5).unwrap().protocol_status, 3);
        assert_eq!(connection.get("/next", true).unwrap().status, 200);
    }
}

#[test]
fn malformed_records_cost_their_connection_and_nothing_else() {
    let responder = Responder::start(Options::default());
    let mut bystander = responder.connect();
    assert_eq!(bystander.get("/", true).unwrap().status, 200);
    let mut late = begin(1, true);
    late.extend(params(1, &[("REQUEST_METHOD", "GET")]));
    late.extend(params(1, &[("REQUEST_METHOD", "GET")]));
    for (bytes, fault) in [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "version"),
        (vec![1, 1, 0, 1, 0, 9, 0, 0], "9 bytes"),
        (vec![1, 9, 0, 0, 0xff, 0xff, 0, 0], "65535 bytes"),
        (late, "out of order"),
        ([begin(1, true), record(RecordType::Stdin, 1, b"early")].concat(), "out of order"),
        (record(RecordType::Stdout, 1, b"ours"), "unexpected"),
    ] {
        let mut connection = responder.connect();
        connection.send(&bytes).unwrap();
        assert!(connection.is_closed(), "{fault}");
        let event = responder.event();
        let Event::Closed(Some(text)) = &event else { panic!("{event:?}") };
        assert!(text.contains(fault), "{text}");
        assert_eq!(bystander.get("/", true).unwrap().status, 200);
    }
}

#[test]
fn half_a_request_has_its_time_and_no_more() {
    let options = Options {
        header_timeout: Duration::from_millis(60),
        body_timeout: Duration::from_millis(60),
        ..Options::default()
    };
    let responder = Responder::start(options);
    let half_body = post(&[b"12345"], "10");
    for (bytes, what) in [
        (vec![1], "parameters"),
        (begin(1, true), "parameters"),
        ([begin(1, true), vec![1, 4, 0, 1, 0, 50, 0, 0, 1]].concat(), "parameters"),
        (half_body[..half_body.len() - 8].to_vec(), "body"),
    ] {
        let mut connection = responder.connect();
        connection.send(&bytes).unwrap();
        assert!(connection.is_closed());
        let event = responder.event();
        let Event::Closed(Some(text)) = &event else { panic!("{event:?}") };
        assert!(text.contains("timeout") && text.contains(what), "{text}");
    }
}

#[test]
fn idle_connections_are_kept_as_long_as_allowed() {
    let options = Options {
        header_timeout: Duration::from_millis(5),
        idle_timeout: Some(Duration::from_secs(1)),
        ..Options::default()
    };
    let responder = Responder::start(options);
    let mut connection = responder.connect();
    for _ in 0..3 {
        assert_eq!(connection.get("/", true).unwrap().status, 200);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(connection.is_closed());
    assert_eq!(responder.event(), Event::Closed(None));
}

#[test]
fn a_peer_that_does_not_read_has_its_time_and_no_more() {
    let options = Options { write_timeout: Duration::from_millis(60), ..Options::default() };
    let responder = Responder::start(options);
    let mut connection = responder.connect();
    connection.send(&get("/bytes?20000000", true)).unwrap();
    assert_eq!(
        responder.event(),
        Event::Closed(Some("timeout while writing a response".to_owned()))
    );
}

#[test]
fn a_drain_answers_what_was_asked_and_closes() {
    let responder = Responder::start(Options::default());
    let mut idle = responder.connect();
    assert_eq!(idle.get("/", true).unwrap().status, 200);
    let mut asking = responder.connect();
    let request = get("/last", true);
    asking.send(&request[..20]).unwrap();
    let mut fresh = responder.connect();
    // Its turn has come when a later connection's has.
    assert_eq!(responder.connect().get("/", true).unwrap().status, 200);
    responder.drain();
    assert!(idle.is_closed());
    assert_eq!(fresh.get("/", true).unwrap().status, 200, "it has only just connected");
    assert!(fresh.is_closed());
    asking.send(&request[20..]).unwrap();
    assert_eq!(asking.answer(1).unwrap().status, 200);
    assert!(asking.is_closed(), "though it was to be kept");
}

#[test]
fn one_connection_serves_many() {
    let responder = Responder::start(Options::default());
    let mut connection = Connection::tcp(&responder.tcp).unwrap();
    for _ in 0..2000 {
        assert_eq!(connection.get("/bytes?100", true).unwrap().body.len(), 100);
    }
    assert_eq!(connection.get("/bytes?100", false).unwrap().status, 200);
    assert!(connection.is_closed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Rubbish ends its connection, or waits for more; the responder goes on.
    #[test]
    fn random_bytes_never_hurt_others(
        bytes in prop::collection::vec(any::<u8>(), 1..400),
        begun in any::<bool>(),
    ) {
        thread_local! {
            static RESPONDER: Responder = Responder::start(Options::default());
        }
        RESPONDER.with(|responder| {
            let mut connection = responder.connect();
            if begun {
                connection.send(&begin(1, true)).unwrap();
            }
            // The peer may have closed already.
            let _ = connection.send(&bytes);
            drop(connection);
            assert_eq!(responder.connect().get("/", false).unwrap().status, 200);
        });
    }
}
