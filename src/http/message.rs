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
    /// How the front server wants to be told what it may keep itself (the FastCGI parameter
    /// `HALFTONE_EDGE_CACHE`); none when it keeps nothing.
    pub edge: Option<EdgeCache>,
    /// How the front server is told which file to send itself (the FastCGI parameter
    /// `HALFTONE_SEND_FILES`); none when it sends none.
    pub file_sender: Option<FileSender>,
}

/// How a front server learns which file it is to send in place of an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSender {
    /// By the field `X-Accel-Redirect`, an address that is reached within nginx alone
    /// (`x-accel-redirect`).
    XAccelRedirect,
    /// By the field `X-Sendfile`, the file's own path, as Apache's `mod_xsendfile` reads it (`x-sendfile`).
    XSendfile,
}

impl FileSender {
    /// By the name that a front server gives.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "x-accel-redirect" => Some(Self::XAccelRedirect),
            "x-sendfile" => Some(Self::XSendfile),
            _ => None,
        }
    }
}

/// How a front server learns for how long it may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeCache {
    /// By the field `X-Accel-Expires`, which nginx takes out again (`x-accel-expires`).
    XAccelExpires,
    /// By `s-maxage` in `Cache-Control`, as any shared cache does (`s-maxage`).
    SMaxAge,
}

impl EdgeCache {
    /// By the name that a front server gives.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "x-accel-expires" => Some(Self::XAccelExpires),
            "s-maxage" => Some(Self::SMaxAge),
            _ => None,
        }
    }
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
