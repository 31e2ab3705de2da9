//! The state machine of one connection: bytes in, events out.
//!
//! It exists apart from the connection so that every fragmentation of every input can be tried
//! without a socket: it does no I/O, keeps no clock and holds nothing but the parameters of the
//! request being received. Content of a body is handed through without a copy.

use super::params::{Pairs, encode_pair};
use super::record::{
    BeginRequest, HEADER_LEN, Header, ProtocolStatus, RecordType, Role, VERSION, end_request,
};

/// Content that a management record may have: the three names that there are fit many times over.
const MAX_MANAGEMENT_CONTENT: u16 = 1024;

/// A breach of the protocol that ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not FastCGI version 1.
    #[error("record of protocol version {0}")]
    Version(u8),
    /// A record that a front server does not send, or not with this kind of request id.
    #[error("unexpected record of type {0}")]
    Type(u8),
    /// Content of a length that this type cannot have.
    #[error("record of type {kind} with {len} bytes of content")]
    Length {
        /// The record's type.
        kind: u8,
        /// Its declared length.
        len: u16,
    },
    /// A record at a point of the request where it cannot stand.
    #[error("record of type {0} out of order")]
    Order(u8),
    /// Name-value pairs whose lengths do not add up.
    #[error("broken name-value pairs")]
    Pairs,
}

/// What a stretch of input meant.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// These bytes are to be sent back, whatever else is going on.
    Reply {
        /// Complete records.
        bytes: Vec<u8>,
        /// Whether the connection is to be closed after them.
        close: bool,
    },
    /// All parameters have arrived; see [`Protocol::params`].
    Params,
    /// The parameters take more than they may; the rest of them will not be kept.
    ParamsTooLarge,
    /// A part of the request body.
    Body(&'a [u8]),
    /// The request is complete.
    Complete,
    /// The front server is no longer interested in the answer.
    Abort,
}

/// What is told to whoever asks with `FCGI_GET_VALUES`.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// Connections accepted at once.
    pub max_connections: usize,
    /// Requests worked on at once.
    pub max_requests: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Params,
    ParamsOverflow,
    Body,
    Complete,
}

#[derive(Debug, Clone, Copy)]
struct Active {
    id: u16,
    keep: bool,
    phase: Phase,
}

/// What becomes of the content of the record being read.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// Nothing.
    Skip,
    /// It is collected until it is whole.
    Collect(RecordType, u16),
    /// It belongs to the parameters.
    Params,
    /// It belongs to the body.
    Body,
}

/// The receiving side of one connection.
#[derive(Debug)]
pub struct Protocol {
    capacity: Capacity,
    max_params_bytes: usize,
    active: Option<Active>,
    content: Content,
    content_left: u16,
    padding_left: u8,
    collected: Vec<u8>,
    params: Vec<u8>,
}

impl Protocol {
    /// A connection on which nothing has arrived.
    #[must_use]
    pub fn new(capacity: Capacity, max_params_bytes: usize) -> Self {
        Self {
            capacity,
            max_params_bytes,
            active: None,
            content: Content::Skip,
            content_left: 0,
            padding_left: 0,
            collected: Vec::new(),
            params: Vec::new(),
        }
    }

    /// Takes from the front of `input` as much as makes one event.
    ///
    /// Tells how many bytes were used, which may be all of them without an event. A header is only
    /// used when it is whole: up to seven bytes may be left over, to be given again with more.
    ///
    /// # Errors
    /// [`Malformed`], after which the connection is of no more use.
    pub fn next<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a>>), Malformed> {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            if self.content_left > 0 {
                let taken = rest.len().min(usize::from(self.content_left));
                if taken == 0 {
                    return Ok((at, None));
                }
                at += taken;
                // Cannot truncate: not more than `content_left`.
                self.content_left -= taken as u16;
                if let Some(event) = self.take_content(&rest[..taken])? {
                    return Ok((at, Some(event)));
                }
            } else if self.padding_left > 0 {
                let taken = rest.len().min(usize::from(self.padding_left));
                if taken == 0 {
                    return Ok((at, None));
                }
                at += taken;
                self.padding_left -= taken as u8;
            } else {
                let Some(header) = rest.first_chunk::<HEADER_LEN>() else {
                    return Ok((at, None));
                };
                at += HEADER_LEN;
                if let Some(event) = self.take_header(Header::decode(header))? {
                    return Ok((at, Some(event)));
                }
            }
        }
    }

    /// The name-value pairs of the request, valid from [`Event::Params`] until [`Protocol::end`].
    #[must_use]
    pub fn params(&self) -> &[u8] {
        &self.params
    }

    /// The id of the request being received or answered.
    #[must_use]
    pub fn request_id(&self) -> Option<u16> {
        self.active.map(|active| active.id)
    }

    /// Whether nothing of a request or record has arrived since the last one ended.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.active.is_none() && self.content_left == 0 && self.padding_left == 0
    }

    /// Whether the content being read belongs to nobody.
    #[must_use]
    pub fn is_ignoring(&self) -> bool {
        self.active.is_none() && self.content_left > 0 && matches!(self.content, Content::Skip)
    }

    /// Ends the request, answered or not, and tells whether the connection is to stay open.
    ///
    /// What still arrives for it is ignored, as the specification asks (section 3.3).
    pub fn end(&mut self) -> bool {
        self.params.clear();
        self.active.take().is_none_or(|active| active.keep)
    }

    fn take_header(&mut self, header: Header) -> Result<Option<Event<'static>>, Malformed> {
        if header.version != VERSION {
            return Err(Malformed::Version(header.version));
        }
        self.content_left = header.content_len;
        self.padding_left = header.padding_len;
        self.content = Content::Skip;
        if header.request_id == 0 {
            return self.take_management_header(&header);
        }
        let kind = RecordType::from_byte(header.kind).ok_or(Malformed::Type(header.kind))?;
        match kind {
            RecordType::BeginRequest => {
                if header.content_len != 8 {
                    return Err(length_fault(&header));
                }
                self.collect(kind, header.request_id);
                Ok(None)
            }
            RecordType::AbortRequest
            | RecordType::Params
            | RecordType::Stdin
            | RecordType::Data => self.take_stream_header(kind, &header),
            _ => Err(Malformed::Type(header.kind)),
        }
    }

    fn take_management_header(
        &mut self,
        header: &Header,
    ) -> Result<Option<Event<'static>>, Malformed> {
        match RecordType::from_byte(header.kind) {
            Some(RecordType::GetValues) => {
                if header.content_len > MAX_MANAGEMENT_CONTENT {
                    return Err(length_fault(header));
                }
                if header.content_len == 0 {
                    return Ok(Some(self.values(&[])?));
                }
                self.collect(RecordType::GetValues, 0);
                Ok(None)
            }
            Some(_) => Err(Malformed::Type(header.kind)),
            None => {
                let mut bytes = Header::new(RecordType::UnknownType, 0, 8, 0).encode().to_vec();
                bytes.extend_from_slice(&[header.kind, 0, 0, 0, 0, 0, 0, 0]);
                Ok(Some(Event::Reply { bytes, close: false }))
            }
        }
    }

    fn take_stream_header(
        &mut self,
        kind: RecordType,
        header: &Header,
    ) -> Result<Option<Event<'static>>, Malformed> {
        let Some(active) = self.active.as_mut().filter(|active| active.id == header.request_id)
        else {
            return Ok(None);
        };
        let ends = header.content_len == 0;
        match (kind, active.phase) {
            (RecordType::AbortRequest, _) => return Ok(Some(Event::Abort)),
            (RecordType::Params, Phase::Params) if ends => {
                active.phase = Phase::Body;
                let mut pairs = Pairs::new(&self.params);
                pairs.by_ref().for_each(drop);
                if !pairs.is_complete() {
                    return Err(Malformed::Pairs);
                }
                return Ok(Some(Event::Params));
            }
            (RecordType::Params, Phase::Params) => {
                let total = self.params.len() + usize::from(header.content_len);
                if total > self.max_params_bytes {
                    active.phase = Phase::ParamsOverflow;
                    return Ok(Some(Event::ParamsTooLarge));
                }
                self.content = Content::Params;
            }
            (RecordType::Params, Phase::ParamsOverflow) => {}
            (RecordType::Stdin, Phase::Body) if ends => {
                active.phase = Phase::Complete;
                return Ok(Some(Event::Complete));
            }
            (RecordType::Stdin, Phase::Body) => self.content = Content::Body,
            (RecordType::Stdin, Phase::ParamsOverflow) => {}
            _ => return Err(Malformed::Order(header.kind)),
        }
        Ok(None)
    }

    fn collect(&mut self, kind: RecordType, request_id: u16) {
        self.collected.clear();
        self.content = Content::Collect(kind, request_id);
    }

    fn take_content<'a>(&mut self, part: &'a [u8]) -> Result<Option<Event<'a>>, Malformed> {
        match self.content {
            Content::Skip => Ok(None),
            Content::Params => {
                self.params.extend_from_slice(part);
                Ok(None)
            }
            Content::Body => Ok(Some(Event::Body(part))),
            Content::Collect(kind, request_id) => {
                self.collected.extend_from_slice(part);
                if self.content_left > 0 {
                    return Ok(None);
                }
                let collected = std::mem::take(&mut self.collected);
                let event = if kind == RecordType::GetValues {
                    Some(self.values(&collected)?)
                } else {
                    self.begin(request_id, &collected)?
                };
                self.collected = collected;
                Ok(event)
            }
        }
    }

    fn begin(&mut self, id: u16, content: &[u8]) -> Result<Option<Event<'static>>, Malformed> {
        let begin = content
            .first_chunk::<8>()
            .map(BeginRequest::decode)
            .ok_or(Malformed::Order(RecordType::BeginRequest as u8))?;
        let keep = begin.keeps_connection();
        if let Some(active) = self.active {
            if active.id == id {
                return Err(Malformed::Order(RecordType::BeginRequest as u8));
            }
            let bytes = end_request(id, ProtocolStatus::CantMpxConn).to_vec();
            return Ok(Some(Event::Reply { bytes, close: false }));
        }
        if begin.role != Role::Responder as u16 {
            let bytes = end_request(id, ProtocolStatus::UnknownRole).to_vec();
            return Ok(Some(Event::Reply { bytes, close: !keep }));
        }
        self.params.clear();
        self.active = Some(Active { id, keep, phase: Phase::Params });
        Ok(None)
    }

    fn values(&self, asked: &[u8]) -> Result<Event<'static>, Malformed> {
        let mut pairs = Pairs::new(asked);
        let mut content = Vec::new();
        for (name, _) in pairs.by_ref() {
            let value = match name {
                b"FCGI_MAX_CONNS" => self.capacity.max_connections,
                b"FCGI_MAX_REQS" => self.capacity.max_requests,
                b"FCGI_MPXS_CONNS" => 0,
                _ => continue,
            };
            encode_pair(name, value.to_string().as_bytes(), &mut content);
        }
        if !pairs.is_complete() {
            return Err(Malformed::Pairs);
        }
        // Each answered pair was asked for, and the question is bounded far below 64 KiB; a name
        // takes at least 17 bytes of it and its value at most 20 more.
        let padding = (8 - content.len() % 8) % 8;
        let header = Header::new(
            RecordType::GetValuesResult,
            0,
            u16::try_from(content.len()).map_err(|_| Malformed::Pairs)?,
            padding as u8,
        );
        let mut bytes = header.encode().to_vec();
        bytes.extend_from_slice(&content);
        bytes.resize(bytes.len() + padding, 0);
        Ok(Event::Reply { bytes, close: false })
    }
}

fn length_fault(header: &Header) -> Malformed {
    Malformed::Length { kind: header.kind, len: header.content_len }
}

#[cfg(test)]
mod tests {
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
}
