//! A client of tus 1.0.0, written from the protocol's text.

use std::net::SocketAddr;

use super::http::{Client, Response};

/// The media type of what PATCH sends.
pub const BYTES: &str = "application/offset+octet-stream";

/// A client that signs in by a token.
pub struct Tus {
    addr: SocketAddr,
    authorization: String,
}

impl Tus {
    /// Calls a server with a token; a blank one is nobody's.
    pub fn new(addr: SocketAddr, token: &str) -> Self {
        Self { addr, authorization: format!("Bearer {token}") }
    }

    fn headers<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut headers = vec![("Tus-Resumable", "1.0.0")];
        if self.authorization != "Bearer " {
            headers.push(("Authorization", &self.authorization));
        }
        headers.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        headers.extend(more);
        headers
    }

    /// Any request; a header field given here takes the place of the usual one.
    pub fn send(&self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Response {
        let mut client = Client::connect(self.addr).unwrap();
        client.request(method, path.as_bytes(), &self.headers(more), body).unwrap()
    }

    /// Asks for an upload of `len` bytes.
    pub fn create(&self, len: usize, metadata: &[(&str, &str)]) -> Response {
        let (len, metadata) = (len.to_string(), described(metadata));
        let headers = [("Upload-Length", len.as_str()), ("Upload-Metadata", metadata.as_str())];
        self.send("POST", "/api/v1/uploads/", &headers, b"")
    }

    /// The same with the first bytes.
    pub fn create_with(
        &self,
        len: usize,
        metadata: &[(&str, &str)],
        first: &[u8],
        more: &[(&str, &str)],
    ) -> Response {
        let (len, metadata) = (len.to_string(), described(metadata));
        let mut headers = vec![
            ("Content-Type", BYTES),
            ("Upload-Length", len.as_str()),
            ("Upload-Metadata", metadata.as_str()),
        ];
        headers.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        headers.extend(more);
        self.send("POST", "/api/v1/uploads/", &headers, first)
    }

    /// Begins an upload, and gives back its address.
    #[track_caller]
    pub fn begin(&self, len: usize, metadata: &[(&str, &str)]) -> String {
        let begun = self.create(len, metadata);
        assert_eq!(begun.status, 201, "{}", begun.text());
        assert!(begun.header("upload-expires").is_some());
        begun.header("location").unwrap().to_owned()
    }

    /// Adds bytes at a place.
    pub fn patch(&self, upload: &str, offset: usize, body: &[u8]) -> Response {
        self.patch_with(upload, offset, body, &[])
    }

    /// The same with more header fields.
    pub fn patch_with(
        &self,
        upload: &str,
        offset: usize,
        body: &[u8],
        more: &[(&str, &str)],
    ) -> Response {
        let offset = offset.to_string();
        let mut headers = vec![("Content-Type", BYTES), ("Upload-Offset", &offset)];
        headers.extend(more);
        self.send("PATCH", upload, &headers, body)
    }

    /// Begins to add `len` bytes at a place, and sends the first of them only. The connection breaks
    /// when it is dropped.
    pub fn patch_part(&self, upload: &str, offset: usize, len: usize, part: &[u8]) -> Client {
        let offset = offset.to_string();
        let headers = [("Content-Type", BYTES), ("Upload-Offset", offset.as_str())];
        let mut client = Client::connect(self.addr).unwrap();
        let headers = self.headers(&headers);
        client.send_part("PATCH", upload.as_bytes(), &headers, len, part).unwrap();
        client
    }

    /// How far an upload has come.
    #[track_caller]
    pub fn offset(&self, upload: &str) -> usize {
        let told = self.send("HEAD", upload, &[], b"");
        assert_eq!(told.status, 200, "{:?}", told.headers);
        assert_eq!(told.header("cache-control"), Some("no-store"));
        told.header("upload-offset").unwrap().parse().unwrap()
    }
}

/// What is said of an upload, as the protocol writes it.
fn described(metadata: &[(&str, &str)]) -> String {
    let pairs = metadata.iter().map(|(name, value)| format!("{name} {}", base64(value)));
    pairs.collect::<Vec<_>>().join(",")
}

/// Base64 (RFC 4648).
fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = text.as_bytes().chunks(3).flat_map(|chunk| {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letter = move |at: usize| match at <= chunk.len() {
            true => char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63]),
            false => '=',
        };
        (0..4).map(letter).collect::<Vec<_>>()
    });
    letters.collect()
}

/// An uncompressed picture: a BMP of one colour with `rows` rows of 4,000 bytes.
pub fn bitmap(rows: u32) -> Vec<u8> {
    const WIDTH: u32 = 1000;
    let pixels_len = WIDTH * 4 * rows;
    let mut file = b"BM".to_vec();
    for number in [54 + pixels_len, 0, 54, 40, WIDTH, rows] {
        file.extend(number.to_le_bytes());
    }
    // One plane of 32 bits, not compressed.
    file.extend([1, 0, 32, 0]);
    for number in [0, pixels_len, 2835, 2835, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend([40, 120, 200, 0].repeat((WIDTH * rows) as usize));
    file
}
