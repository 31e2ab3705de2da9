//! The request and response types.

use std::fs::File;
use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

/// A complete request: nothing of it is still on its way.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as it was sent: percent-encoded, without the query.
    pub path: String,
    /// The query as it was sent, without the question mark; may hold any byte.
    pub query: Vec<u8>,
    /// Header fields.
    pub headers: HeaderMap,
    /// Who asked, as far as the connection tells.
    pub client: Client,
    /// The body.
    pub body: RequestBody,
    /// When the last byte of it arrived.
    pub received: Instant,
}

/// What the connection and the front server tell of the client. Never taken from header fields.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The address of whoever connected to the front server (or to us).
    pub addr: Option<IpAddr>,
    /// Whether that connection was TLS.
    pub secure: bool,
    /// The user whom the front server authenticated (the FastCGI parameter `REMOTE_USER`).
    pub remote_user: Option<String>,
}

/// A request's body.
#[derive(Debug)]
pub enum RequestBody {
    /// None, or an empty one.
    Empty,
    /// A small body, in memory.
    Memory(Bytes),
    /// A large body in an unlinked temporary file, positioned at its start.
    File {
        /// The file.
        file: File,
        /// Its length in bytes.
        len: u64,
    },
}

/// A response.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// Header fields. `Content-Length` is written by the transport from the body.
    pub headers: HeaderMap,
    /// The body. For HEAD it is the one that GET would send; the transport leaves it out.
    pub body: Body,
}

/// A response's body.
#[derive(Debug)]
pub enum Body {
    /// None.
    Empty,
    /// In memory, shared without copying.
    Bytes(Bytes),
    /// A part of a file, read while it is sent.
    File {
        /// The open file.
        file: File,
        /// Where to start.
        offset: u64,
        /// How many bytes to send.
        len: u64,
    },
}

impl Body {
    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Response {
    /// A response without a body.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Body::Empty }
    }

    /// Sets a header field.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}
