//! From the parameters of a FastCGI request to the head of an HTTP one.
//!
//! The parameters are those of CGI 1.1 (RFC 3875) as nginx and Apache send them. Header fields of
//! the client arrive as `HTTP_*` and can never pose as what the front server itself tells: who
//! connected, over what, and whom it authenticated.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::params::Pairs;
use crate::http::{Client, EdgeCache, FileSender, Request, RequestBody};

/// The longest name of a header field that is looked at.
const MAX_NAME: usize = 128;

/// Why the parameters do not make a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// No `REQUEST_METHOD`, or not a token.
    #[error("the request has no valid method")]
    Method,
    /// A path that is none.
    #[error("the request has no valid path")]
    Path,
    /// A `CONTENT_LENGTH` that is not a number.
    #[error("the request has no valid content length")]
    ContentLength,
    /// A body whose length is not the declared one.
    #[error("the request body does not have the declared length")]
    BodyLength,
    /// More parameters than the limit allows.
    #[error("the request's header fields are too large")]
    ParamsTooLarge,
}

/// A request without its body.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub method: Method,
    pub path: String,
    pub query: Vec<u8>,
    pub headers: HeaderMap,
    pub client: Client,
    pub content_length: Option<u64>,
}

impl Head {
    /// Reads the pairs. Of a CGI variable given twice the last counts, as it does for whoever
    /// configures the front server; header fields that HTTP does not allow are left out.
    pub fn parse(params: &[u8]) -> Result<Self, BadRequest> {
        // One copy that every header value then shares.
        let shared = Bytes::copy_from_slice(params);
        let mut fields = Fields::default();
        let mut headers = HeaderMap::with_capacity(24);
        for (name, value) in Pairs::new(&shared) {
            if let Some(name) = name.strip_prefix(b"HTTP_") {
                add_header(&mut headers, name, shared.slice_ref(value));
            } else {
                fields.set(name, value);
            }
        }
        let method = Method::from_bytes(fields.method).map_err(|_| BadRequest::Method)?;
        let (path, query) = fields.target()?;
        let content_length = match fields.content_length {
            b"" => None,
            digits => Some(parse_length(digits).ok_or(BadRequest::ContentLength)?),
        };
        if let Some(length) = content_length {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        if !fields.content_type.is_empty()
            && let Ok(value) = HeaderValue::from_maybe_shared(shared.slice_ref(fields.content_type))
        {
            headers.insert(CONTENT_TYPE, value);
        }
        Ok(Self { method, path, query, headers, client: fields.client(), content_length })
    }

    /// Adds the body, and with it the moment of arrival.
    pub fn with_body(self, body: RequestBody) -> Request {
        Request {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: self.headers,
            client: self.client,
            body,
            received: Instant::now(),
        }
    }
}

/// The CGI variables that matter here; an absent one is empty.
#[derive(Default)]
struct Fields<'a> {
    method: &'a [u8],
    uri: &'a [u8],
    script_name: &'a [u8],
    path_info: &'a [u8],
    query: &'a [u8],
    content_type: &'a [u8],
    content_length: &'a [u8],
    remote_addr: &'a [u8],
    remote_user: &'a [u8],
    https: &'a [u8],
    edge_cache: &'a [u8],
    send_files: &'a [u8],
}

impl<'a> Fields<'a> {
    fn set(&mut self, name: &[u8], value: &'a [u8]) {
        let field = match name {
            b"REQUEST_METHOD" => &mut self.method,
            b"REQUEST_URI" => &mut self.uri,
            b"SCRIPT_NAME" => &mut self.script_name,
            b"PATH_INFO" => &mut self.path_info,
            b"QUERY_STRING" => &mut self.query,
            b"CONTENT_TYPE" => &mut self.content_type,
            b"CONTENT_LENGTH" => &mut self.content_length,
            b"REMOTE_ADDR" => &mut self.remote_addr,
            b"REMOTE_USER" => &mut self.remote_user,
            b"HTTPS" => &mut self.https,
            b"HALFTONE_EDGE_CACHE" => &mut self.edge_cache,
            b"HALFTONE_SEND_FILES" => &mut self.send_files,
            _ => return,
        };
        *field = value;
    }

    /// The path, percent-encoded, and the raw query.
    fn target(&self) -> Result<(String, Vec<u8>), BadRequest> {
        if self.uri.is_empty() {
            let decoded = [self.script_name, self.path_info].concat();
            let path = if decoded.is_empty() { "/".into() } else { encode_path(&decoded, true) };
            return check_path(path).map(|path| (path, self.query.to_vec()));
        }
        let (path, query) = match self.uri.iter().position(|byte| *byte == b'?') {
            Some(at) => (&self.uri[..at], self.uri[at + 1..].to_vec()),
            None => (self.uri, Vec::new()),
        };
        check_path(encode_path(strip_authority(path), false)).map(|path| (path, query))
    }

    fn client(&self) -> Client {
        let text = |bytes| std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty());
        Client {
            addr: text(self.remote_addr).and_then(|text| text.parse::<IpAddr>().ok()),
            secure: !self.https.is_empty() && !self.https.eq_ignore_ascii_case(b"off"),
            remote_user: text(self.remote_user).map(str::to_owned),
            edge: text(self.edge_cache).and_then(EdgeCache::named),
            file_sender: text(self.send_files).and_then(FileSender::named),
        }
    }
}

fn check_path(path: String) -> Result<String, BadRequest> {
    if path.starts_with('/') || path == "*" { Ok(path) } else { Err(BadRequest::Path) }
}

/// The path of a target in absolute form, as Apache passes it on (`http://host/path`).
fn strip_authority(target: &[u8]) -> &[u8] {
    let after_scheme = target
        .strip_prefix(b"http://".as_slice())
        .or_else(|| target.strip_prefix(b"https://".as_slice()));
    match after_scheme {
        None => target,
        Some(rest) => {
            rest.iter().position(|byte| *byte == b'/').map_or(b"/".as_slice(), |at| &rest[at..])
        }
    }
}

/// Percent-encodes what may not stand in a path; with `decoded` also what would change its meaning.
fn encode_path(path: &[u8], decoded: bool) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && !(decoded && b"%?#".contains(&byte));
    let mut text = String::with_capacity(path.len());
    for byte in path {
        if plain(*byte) {
            text.push(char::from(*byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            text.push('%');
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    text
}

fn parse_length(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Adds the field `X_Y` as `x-y`. The body's type and length have CGI variables of their own, and
/// a client could contradict them.
fn add_header(headers: &mut HeaderMap, name: &[u8], value: Bytes) {
    let mut lower = [0; MAX_NAME];
    let Some(lower) = lower.get_mut(..name.len()) else { return };
    for (to, from) in lower.iter_mut().zip(name) {
        *to = if *from == b'_' { b'-' } else { from.to_ascii_lowercase() };
    }
    let Ok(name) = HeaderName::from_bytes(lower) else { return };
    if name == CONTENT_LENGTH || name == CONTENT_TYPE {
        return;
    }
    if let Ok(value) = HeaderValue::from_maybe_shared(value) {
        // Fails only at 32,768 fields, which the bound on the parameters does not admit.
        let _ = headers.try_append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::params::encode_pair;
    use super::*;

    fn parse(pairs: &[(&str, &[u8])]) -> Result<Head, BadRequest> {
        let mut bytes = Vec::new();
        for (name, value) in pairs {
            encode_pair(name.as_bytes(), value, &mut bytes);
        }
        Head::parse(&bytes)
    }

    fn target(pairs: &[(&str, &[u8])]) -> Result<(String, Vec<u8>), BadRequest> {
        let mut all: Vec<(&str, &[u8])> = vec![("REQUEST_METHOD", b"GET")];
        all.extend(pairs);
        parse(&all).map(|head| (head.path, head.query))
    }

    #[test]
    fn the_uri_is_split_and_kept_raw() {
        let ok = |path: &str, query: &[u8]| Ok((path.to_owned(), query.to_vec()));
        for (uri, expected) in [
            (&b"/image?src=a%20b.jpg&width=1"[..], ok("/image", b"src=a%20b.jpg&width=1")),
            (b"/image?src=\xff\xfe&a=?", ok("/image", b"src=\xff\xfe&a=?")),
            (b"/a%2Fb", ok("/a%2Fb", b"")),
            (b"/caf\xc3\xa9\x01", ok("/caf%C3%A9%01", b"")),
            (b"*", ok("*", b"")),
            (b"http://host:80/x?y", ok("/x", b"y")),
            (b"https://host", ok("/", b"")),
            (b"image", Err(BadRequest::Path)),
            (b"?a=b", Err(BadRequest::Path)),
        ] {
            assert_eq!(target(&[("REQUEST_URI", uri)]), expected);
        }
    }

    #[test]
    fn without_a_uri_the_parts_make_one() {
        assert_eq!(
            target(&[("SCRIPT_NAME", b"/a b"), ("PATH_INFO", b"/50%?#"), ("QUERY_STRING", b"q=1")]),
            Ok(("/a%20b/50%25%3F%23".to_owned(), b"q=1".to_vec()))
        );
        assert_eq!(target(&[]), Ok(("/".to_owned(), vec![])));
    }

    #[test]
    fn header_fields_of_the_client_are_only_that() {
        let head = parse(&[
            ("REQUEST_METHOD", b"GET"),
            ("REQUEST_URI", b"/"),
            ("HTTP_HOST", b"example.org"),
            ("HTTP_REMOTE_USER", b"admin"),
            ("HTTP_REMOTE_ADDR", b"10.0.0.1"),
            ("HTTP_X_BAD", b"a\r\nSet-Cookie: x"),
            ("HTTP_", b"nameless"),
            ("HTTP_BAD NAME", b"x"),
            ("HTTP_COOKIE", b"a=\xff"),
            ("HTTP_CONTENT_LENGTH", b"99"),
            ("HTTP_ACCEPT", b"image/webp"),
            ("HTTP_ACCEPT", b"*/*"),
        ])
        .unwrap();
        assert_eq!(head.client.remote_user, None);
        assert_eq!(head.client.addr, None);
        assert_eq!(head.content_length, None);
        let fields: Vec<_> =
            head.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes().to_vec())).collect();
        assert_eq!(
            fields,
            [
                ("host", b"example.org".to_vec()),
                ("remote-user", b"admin".to_vec()),
                ("remote-addr", b"10.0.0.1".to_vec()),
                ("cookie", b"a=\xff".to_vec()),
                ("accept", b"image/webp".to_vec()),
                ("accept", b"*/*".to_vec()),
            ]
        );
    }

    #[test]
    fn the_front_server_tells_of_the_client() {
        let head = parse(&[
            ("REQUEST_METHOD", b"POST"),
            ("REQUEST_URI", b"/api"),
            ("REMOTE_ADDR", b"2001:db8::1"),
            ("REMOTE_USER", b"j\xc3\xb8rgen"),
            ("HTTPS", b"on"),
            ("CONTENT_LENGTH", b"12"),
            ("CONTENT_TYPE", b"text/plain"),
        ])
        .unwrap();
        assert_eq!(head.client.addr, Some("2001:db8::1".parse().unwrap()));
        assert_eq!(head.client.remote_user.as_deref(), Some("jørgen"));
        assert!(head.client.secure);
        assert_eq!(head.content_length, Some(12));
        assert_eq!(head.headers[CONTENT_LENGTH], "12");
        assert_eq!(head.headers[CONTENT_TYPE], "text/plain");
    }

    #[test]
    fn https_off_is_not_secure_and_a_socket_path_is_no_address() {
        for (value, secure) in [(&b"off"[..], false), (b"OFF", false), (b"", false), (b"1", true)] {
            let head = parse(&[
                ("REQUEST_METHOD", b"GET"),
                ("REMOTE_ADDR", b"unix:"),
                ("REMOTE_USER", b""),
                ("HTTPS", value),
            ])
            .unwrap();
            assert_eq!(head.client.secure, secure);
            assert_eq!(head.client.addr, None);
            assert_eq!(head.client.remote_user, None);
        }
    }

    #[test]
    fn what_makes_no_request_is_named() {
        for (pairs, fault) in [
            (&[][..], BadRequest::Method),
            (&[("REQUEST_METHOD", &b"GE T"[..])], BadRequest::Method),
            (&[("REQUEST_METHOD", b"GET"), ("CONTENT_LENGTH", b"-1")], BadRequest::ContentLength),
            (&[("REQUEST_METHOD", b"GET"), ("CONTENT_LENGTH", b"+1")], BadRequest::ContentLength),
            (
                &[("REQUEST_METHOD", b"GET"), ("CONTENT_LENGTH", b"99999999999999999999")],
                BadRequest::ContentLength,
            ),
        ] {
            assert_eq!(parse(pairs).unwrap_err(), fault, "{pairs:?}");
        }
    }

    #[test]
    fn of_a_variable_given_twice_the_last_counts() {
        assert_eq!(
            target(&[("REQUEST_URI", b"/a"), ("REQUEST_URI", b"/b")]),
            Ok(("/b".to_owned(), vec![]))
        );
    }

    proptest! {
        #[test]
        fn random_values_never_panic(
            names in prop::collection::vec("(HTTP_)?[A-Z_]{0,12}|REQUEST_URI|REQUEST_METHOD", 0..8),
            value in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut bytes = Vec::new();
            for name in &names {
                encode_pair(name.as_bytes(), &value, &mut bytes);
            }
            if let Ok(head) = Head::parse(&bytes) {
                prop_assert!(head.path.is_ascii());
            }
        }
    }
}
