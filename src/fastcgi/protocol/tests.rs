//! The protocol, fed whole, in pieces and with rubbish.

use proptest::prelude::*;

use super::*;

/// Events as a test compares them: neighbouring parts of a body are one.
#[derive(Debug, PartialEq, Eq, Clone)]
enum Seen {
    Reply(Vec<u8>, bool),
    Params(Vec<u8>),
    TooLarge,
    Body(Vec<u8>),
    Complete,
    Abort,
    Fault(Malformed),
}

fn protocol() -> Protocol {
    Protocol::new(Capacity { max_connections: 40, max_requests: 15 }, 1000)
}

/// Feeds the pieces one after the other, ending a request as soon as it is complete.
fn feed(pieces: &[&[u8]]) -> Vec<Seen> {
    let mut protocol = protocol();
    let mut seen = Vec::new();
    let mut pending = Vec::new();
    for piece in pieces {
        pending.extend_from_slice(piece);
        loop {
            let (used, event) = match protocol.next(&pending) {
                Ok(step) => step,
                Err(fault) => {
                    seen.push(Seen::Fault(fault));
                    return seen;
                }
            };
            let more = event.is_some();
            let next = event.map(|event| match event {
                Event::Reply { bytes, close } => Seen::Reply(bytes, close),
                Event::Params => Seen::Params(Vec::new()),
                Event::ParamsTooLarge => Seen::TooLarge,
                Event::Body(part) => Seen::Body(part.to_vec()),
                Event::Complete => Seen::Complete,
                Event::Abort => Seen::Abort,
            });
            pending.drain(..used);
            match (next, seen.last_mut()) {
                (Some(Seen::Body(part)), Some(Seen::Body(body))) => body.extend(part),
                (Some(Seen::Params(_)), _) => {
                    seen.push(Seen::Params(protocol.params().to_vec()));
                }
                (Some(next), _) => {
                    let ends = matches!(next, Seen::Complete | Seen::Abort | Seen::TooLarge);
                    seen.push(next);
                    if ends {
                        protocol.end();
                    }
                }
                (None, _) => {}
            }
            if !more {
                break;
            }
        }
    }
    seen
}

fn record(kind: u8, id: u16, content: &[u8], padding: u8) -> Vec<u8> {
    let mut bytes = vec![1, kind];
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(&(content.len() as u16).to_be_bytes());
    bytes.extend_from_slice(&[padding, 0]);
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len() + usize::from(padding), 0xee);
    bytes
}

fn begin(id: u16, role: u8, flags: u8) -> Vec<u8> {
    record(1, id, &[0, role, flags, 0, 0, 0, 0, 0], 0)
}

fn request(id: u16, params: &[u8], body: &[u8], padding: u8) -> Vec<u8> {
    let mut bytes = begin(id, 1, 1);
    if !params.is_empty() {
        bytes.extend(record(4, id, params, padding));
    }
    bytes.extend(record(4, id, b"", padding));
    for part in body.chunks(50) {
        bytes.extend(record(5, id, part, padding));
    }
    bytes.extend(record(5, id, b"", 0));
    bytes
}

#[test]
fn a_request_comes_out_in_order() {
    let seen = feed(&[&request(3, b"\x01\x02ab1", b"hello", 3)]);
    assert_eq!(
        seen,
        [Seen::Params(b"\x01\x02ab1".to_vec()), Seen::Body(b"hello".to_vec()), Seen::Complete]
    );
}

#[test]
fn a_second_request_while_one_is_active_is_refused_and_the_first_goes_on() {
    let mut bytes = begin(1, 1, 1);
    bytes.extend(begin(2, 1, 0));
    bytes.extend(record(4, 2, b"\x01\x01xy", 0));
    bytes.extend(record(4, 2, b"", 0));
    bytes.extend(record(5, 2, b"", 0));
    bytes.extend_from_slice(&request(1, b"", b"", 0)[16..]);
    assert_eq!(
        feed(&[&bytes]),
        [
            Seen::Reply(vec![1, 3, 0, 2, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], false),
            Seen::Params(vec![]),
            Seen::Complete
        ]
    );
}

#[test]
fn other_roles_are_refused_and_the_connection_kept_as_asked() {
    for (flags, close) in [(0, true), (1, false)] {
        assert_eq!(
            feed(&[&begin(9, 3, flags)]),
            [Seen::Reply(vec![1, 3, 0, 9, 0, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0], close)]
        );
    }
}

#[test]
fn values_are_told_to_whoever_asks() {
    let mut asked = Vec::new();
    for name in ["FCGI_MAX_CONNS", "FCGI_SOMETHING", "FCGI_MPXS_CONNS", "FCGI_MAX_REQS"] {
        encode_pair(name.as_bytes(), b"", &mut asked);
    }
    let content = b"\x0e\x02FCGI_MAX_CONNS40\x0f\x01FCGI_MPXS_CONNS0\x0d\x02FCGI_MAX_REQS15";
    let mut expected = vec![1, 10, 0, 0, 0, content.len() as u8, 3, 0];
    expected.extend_from_slice(content);
    expected.extend_from_slice(&[0; 3]);
    assert_eq!(feed(&[&record(9, 0, &asked, 5)]), [Seen::Reply(expected, false)]);
}

#[test]
fn unknown_management_records_are_named_and_skipped() {
    let mut bytes = record(77, 0, b"whatever", 4);
    bytes.extend(request(1, b"", b"", 0));
    assert_eq!(
        feed(&[&bytes]),
        [
            Seen::Reply(vec![1, 11, 0, 0, 0, 8, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0], false),
            Seen::Params(vec![]),
            Seen::Complete
        ]
    );
}

#[test]
fn abort_is_told_at_any_point() {
    let mut bytes = begin(1, 1, 1);
    bytes.extend(record(2, 1, b"", 0));
    bytes.extend(request(2, b"", b"", 0));
    assert_eq!(feed(&[&bytes]), [Seen::Abort, Seen::Params(vec![]), Seen::Complete]);
}

#[test]
fn records_of_ended_requests_are_ignored() {
    let mut bytes = record(5, 4, b"late", 0);
    bytes.extend(record(4, 4, b"late", 0));
    bytes.extend(record(2, 4, b"", 0));
    bytes.extend(request(5, b"", b"", 0));
    assert_eq!(feed(&[&bytes]), [Seen::Params(vec![]), Seen::Complete]);
}

#[test]
fn the_rest_of_a_record_is_not_the_next_requests() {
    let first = [begin(1, 1, 1), record(4, 1, b"", 0), record(5, 1, b"begun and left", 0)].concat();
    let (begun, left) = first.split_at(first.len() - 4);
    let mut protocol = protocol();
    let (used, event) = protocol.next(begun).unwrap();
    assert_eq!(event, Some(Event::Params));
    let body = &begun[used..];
    assert_eq!(protocol.next(body).unwrap(), (body.len(), Some(Event::Body(b"begun and "))));
    assert!(protocol.end());
    assert!(protocol.is_ignoring());
    let next = [left, &request(1, b"", b"own", 0)].concat();
    let (used, event) = protocol.next(&next).unwrap();
    assert_eq!(event, Some(Event::Params));
    let (_, event) = protocol.next(&next[used..]).unwrap();
    assert_eq!(event, Some(Event::Body(b"own")));
}

#[test]
fn too_many_parameters_end_the_request_not_the_connection() {
    let mut bytes = begin(1, 1, 1);
    bytes.extend(record(4, 1, &[0; 999], 0));
    bytes.extend(record(4, 1, &[0; 2], 0));
    bytes.extend(record(4, 1, b"", 0));
    bytes.extend(record(5, 1, b"", 0));
    bytes.extend(request(2, b"", b"", 0));
    assert_eq!(feed(&[&bytes]), [Seen::TooLarge, Seen::Params(vec![]), Seen::Complete]);
}

#[test]
fn breaches_are_faults() {
    let started = |more: Vec<u8>| [begin(1, 1, 1), more].concat();
    let complete = |more: Vec<u8>| {
        let mut bytes = begin(1, 1, 1);
        bytes.extend(record(4, 1, b"", 0));
        bytes.extend(more);
        bytes
    };
    for (bytes, fault) in [
        (vec![2, 1, 0, 1, 0, 8, 0, 0], Malformed::Version(2)),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), Malformed::Version(b'G')),
        (record(1, 1, b"short", 0), Malformed::Length { kind: 1, len: 5 }),
        (record(9, 0, &[0; 2000], 0), Malformed::Length { kind: 9, len: 2000 }),
        (record(9, 0, b"\x09\x00abc", 0), Malformed::Pairs),
        (record(1, 0, &[0; 8], 0), Malformed::Type(1)),
        (record(6, 1, b"", 0), Malformed::Type(6)),
        (record(3, 1, b"", 0), Malformed::Type(3)),
        (record(10, 0, b"", 0), Malformed::Type(10)),
        (record(99, 1, b"", 0), Malformed::Type(99)),
        (started(begin(1, 1, 1)), Malformed::Order(1)),
        (started(record(5, 1, b"early", 0)), Malformed::Order(5)),
        (started(record(8, 1, b"data", 0)), Malformed::Order(8)),
        (complete(record(4, 1, b"\x01\x01ab", 0)), Malformed::Order(4)),
        (
            started([record(4, 1, b"\x7f\x01ab", 0), record(4, 1, b"", 0)].concat()),
            Malformed::Pairs,
        ),
    ] {
        assert_eq!(feed(&[&bytes]).last(), Some(&Seen::Fault(fault)), "{bytes:?}");
    }
}

#[test]
fn a_body_after_its_end_is_a_fault_while_the_request_is_active() {
    let mut protocol = protocol();
    let bytes = request(1, b"", b"", 0);
    let mut at = 0;
    while let (used, Some(_)) = protocol.next(&bytes[at..]).unwrap() {
        at += used;
    }
    assert_eq!(protocol.next(&record(5, 1, b"x", 0)), Err(Malformed::Order(5)));
}

proptest! {
    #[test]
    fn any_fragmentation_gives_the_same_events(
        body in prop::collection::vec(any::<u8>(), 0..200),
        padding in 0u8..9,
        cuts in prop::collection::vec(1usize..40, 1..60),
    ) {
        let mut params = Vec::new();
        encode_pair(b"REQUEST_URI", b"/image?src=a\xff.jpg", &mut params);
        encode_pair(b"LONG", &[b'v'; 200], &mut params);
        let mut bytes = record(77, 0, b"?", padding);
        bytes.extend(request(1, &params, &body, padding));
        bytes.extend(request(2, &params, b"", padding));
        let whole = feed(&[&bytes]);
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = more;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(feed(&pieces), whole);
    }

    #[test]
    fn random_bytes_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        valid_start in any::<bool>(),
    ) {
        let start = if valid_start { begin(1, 1, 1) } else { Vec::new() };
        feed(&[&start, &bytes]);
    }

    #[test]
    fn random_records_never_panic_and_never_hold_more_than_allowed(
        records in prop::collection::vec(
            (0u8..13, 0u16..3, prop::collection::vec(any::<u8>(), 0..120), 0u8..5),
            0..40,
        ),
    ) {
        let mut protocol = protocol();
        for (kind, id, content, padding) in records {
            let bytes = record(kind, id, &content, padding);
            let mut at = 0;
            loop {
                match protocol.next(&bytes[at..]) {
                    Ok((used, Some(_))) => at += used,
                    Ok((_, None)) => break,
                    Err(_) => return Ok(()),
                }
            }
            prop_assert!(protocol.params().len() <= 1000);
        }
    }
}
