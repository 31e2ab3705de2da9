//! What requests and responses look like on the wire.

use super::*;

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
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "an orderly end, not a reset");

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
fn a_body_in_memory_is_not_copied() {
    use http_body_util::BodyExt;

    let bytes = Bytes::from(vec![1; 100_000]);
    let response = Response::new(StatusCode::OK)
        .header(HeaderName::from_static("x-field"), HeaderValue::from_static("kept"))
        .body(Body::Bytes(bytes.clone()));
    let sent = super::super::send::send(response, false);
    assert_eq!(sent.headers()["x-field"], "kept");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let collected = runtime.block_on(sent.into_body().frame()).unwrap().unwrap();
    assert_eq!(collected.into_data().unwrap().as_ptr(), bytes.as_ptr());
}
