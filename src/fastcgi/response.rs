//! From a response to the records that carry it.
//!
//! The head is text in the form of CGI: a `Status` line, header fields, an empty line. The records
//! around the body are planned here without touching it; whoever writes them interleaves framing
//! and body without a copy.

use std::ops::Range;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, Method, StatusCode};

use super::record::{HEADER_LEN, Header, MAX_CONTENT, ProtocolStatus, RecordType, end_request};
use crate::http::Response;

const STATUS: HeaderName = HeaderName::from_static("status");

/// Appends the head to `out`. Length and framing belong to the transport: fields of that kind in
/// the response are not sent.
///
/// `body_len` is the length that the head tells.
pub(super) fn write_head(response: &Response, body_len: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Status: ");
    out.extend_from_slice(response.status.as_str().as_bytes());
    if let Some(reason) = response.status.canonical_reason() {
        out.push(b' ');
        out.extend_from_slice(reason.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    for (name, value) in &response.headers {
        if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, STATUS].contains(name) {
            continue;
        }
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if !bodiless(response.status) {
        out.extend_from_slice(b"content-length: ");
        push_decimal(body_len, out);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// Whether the body is to be sent after the head.
pub(super) fn sends_body(method: &Method, response: &Response) -> bool {
    method != Method::HEAD && !bodiless(response.status) && !response.body.is_empty()
}

fn bodiless(status: StatusCode) -> bool {
    status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

fn push_decimal(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// One piece of what goes over the wire: a range of the scratch buffer or of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Framing or head.
    Scratch(Range<usize>),
    /// Content.
    Body(Range<usize>),
}

/// Where a response's records are planned; kept by the connection for its buffers.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The bytes of framing and head.
    pub scratch: Vec<u8>,
    /// What is sent, in order.
    pub pieces: Vec<Piece>,
    head: Vec<u8>,
}

impl Plan {
    /// Starts anew, keeping the buffers.
    pub fn clear(&mut self) {
        self.scratch.clear();
        self.pieces.clear();
    }

    /// Plans the head and the first `body_len` bytes of the body, sharing records.
    pub fn response(&mut self, response: &Response, body_len: usize, request_id: u16) {
        self.response_of_len(response, response.body.len(), body_len, request_id);
    }

    /// Plans the head, which tells `total_len`, and the first `body_len` bytes of the body.
    pub fn response_of_len(
        &mut self,
        response: &Response,
        total_len: u64,
        body_len: usize,
        request_id: u16,
    ) {
        let mut head = std::mem::take(&mut self.head);
        head.clear();
        write_head(response, total_len, &mut head);
        self.stdout(&head, body_len, request_id);
        self.head = head;
    }

    /// Plans `body_len` bytes of body alone.
    pub fn body(&mut self, body_len: usize, request_id: u16) {
        self.stdout(&[], body_len, request_id);
    }

    /// Plans the end of the response stream and of the request.
    pub fn end(&mut self, request_id: u16) {
        let stdout = Header::new(RecordType::Stdout, request_id, 0, 0);
        self.frame(&stdout.encode());
        self.frame(&end_request(request_id, ProtocolStatus::RequestComplete));
    }

    fn stdout(&mut self, head: &[u8], body_len: usize, request_id: u16) {
        let mut head_left = head;
        let mut body_at = 0;
        while !head_left.is_empty() || body_at < body_len {
            let head_part = head_left.len().min(MAX_CONTENT);
            let body_part = (MAX_CONTENT - head_part).min(body_len - body_at);
            let content = head_part + body_part;
            let padding = (8 - content % 8) % 8;
            // Both fit: content is at most `MAX_CONTENT`, padding at most 7.
            let header = Header::new(RecordType::Stdout, request_id, content as u16, padding as u8);
            self.frame(&header.encode());
            self.frame(&head_left[..head_part]);
            head_left = &head_left[head_part..];
            if body_part > 0 {
                self.pieces.push(Piece::Body(body_at..body_at + body_part));
                body_at += body_part;
            }
            self.frame(&[0; HEADER_LEN][..padding]);
        }
    }

    fn frame(&mut self, bytes: &[u8]) {
        let start = self.scratch.len();
        self.scratch.extend_from_slice(bytes);
        match self.pieces.last_mut() {
            Some(Piece::Scratch(range)) => range.end = self.scratch.len(),
            _ if bytes.is_empty() => {}
            _ => self.pieces.push(Piece::Scratch(start..self.scratch.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;
    use http::header::{CONTENT_TYPE, ETAG};

    use super::*;
    use crate::http::Body;

    fn response(body: usize) -> Response {
        Response::new(StatusCode::OK)
            .header(CONTENT_TYPE, HeaderValue::from_static("image/png"))
            .body(Body::Bytes(Bytes::from(vec![7; body])))
    }

    /// Puts the pieces together and takes the records apart again.
    fn records(plan: &Plan, body: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut wire = Vec::new();
        for piece in &plan.pieces {
            match piece {
                Piece::Scratch(range) => wire.extend_from_slice(&plan.scratch[range.clone()]),
                Piece::Body(range) => wire.extend_from_slice(&body[range.clone()]),
            }
        }
        let mut records = Vec::new();
        let mut rest = &wire[..];
        while !rest.is_empty() {
            let header = Header::decode(rest.first_chunk().unwrap());
            assert_eq!(header.version, 1);
            assert_eq!(header.request_id, 3);
            let len = usize::from(header.content_len);
            assert_eq!((len + usize::from(header.padding_len)) % 8, 0, "records are aligned");
            records.push((header.kind, rest[8..8 + len].to_vec()));
            rest = &rest[8 + len + usize::from(header.padding_len)..];
        }
        records
    }

    #[test]
    fn the_head_is_cgi_and_framing_is_ours() {
        let response = response(45)
            .header(CONTENT_LENGTH, HeaderValue::from_static("1"))
            .header(TRANSFER_ENCODING, HeaderValue::from_static("chunked"))
            .header(STATUS, HeaderValue::from_static("500"))
            .header(ETAG, HeaderValue::from_static("\"x\""));
        let mut head = Vec::new();
        write_head(&response, response.body.len(), &mut head);
        assert_eq!(
            String::from_utf8(head).unwrap(),
            "Status: 200 OK\r\ncontent-type: image/png\r\netag: \"x\"\r\n\
             content-length: 45\r\n\r\n"
        );
    }

    #[test]
    fn a_304_has_neither_length_nor_body() {
        let mut response = response(45);
        response.status = StatusCode::NOT_MODIFIED;
        let mut head = Vec::new();
        write_head(&response, response.body.len(), &mut head);
        assert_eq!(
            String::from_utf8(head).unwrap(),
            "Status: 304 Not Modified\r\ncontent-type: image/png\r\n\r\n"
        );
        assert!(!sends_body(&Method::GET, &response));
    }

    #[test]
    fn head_tells_the_length_and_sends_nothing() {
        let response = response(45);
        assert!(sends_body(&Method::GET, &response));
        assert!(!sends_body(&Method::HEAD, &response));
    }

    #[test]
    fn decimals() {
        for number in [0, 9, 10, 45_000, u64::MAX] {
            let mut out = Vec::new();
            push_decimal(number, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }

    #[test]
    fn head_and_small_body_share_one_record() {
        let mut plan = Plan::default();
        plan.response(&response(45_000), 45_000, 3);
        plan.end(3);
        assert_eq!(plan.pieces.len(), 3, "framing and head, body, end");
        let body: Vec<u8> = (0..45_000_u32).map(|i| (i % 251) as u8).collect();
        let records = records(&plan, &body);
        assert_eq!(records.iter().map(|record| record.0).collect::<Vec<_>>(), [6, 6, 3]);
        assert!(records[0].1.ends_with(&body));
        assert_eq!(records[1].1, b"");
        assert_eq!(records[2].1, [0; 8]);
    }

    #[test]
    fn big_bodies_and_big_heads_are_cut_into_records() {
        for (body_len, cookie_len) in [(0, 0), (65_528, 0), (500_000, 10), (70_000, 150_000)] {
            let mut plan = Plan::default();
            let response = response(body_len)
                .header(ETAG, HeaderValue::from_bytes(&vec![b'e'; cookie_len]).unwrap());
            plan.response(&response, body_len, 3);
            let body: Vec<u8> = (0..body_len).map(|i| (i % 251) as u8).collect();
            let mut expected = Vec::new();
            write_head(&response, response.body.len(), &mut expected);
            expected.extend_from_slice(&body);
            let records = records(&plan, &body);
            assert!(records.iter().all(|(kind, content)| *kind == 6 && !content.is_empty()));
            assert_eq!(records.len(), expected.len().div_ceil(MAX_CONTENT));
            assert!(records.into_iter().flat_map(|record| record.1).eq(expected));
        }
    }
}
