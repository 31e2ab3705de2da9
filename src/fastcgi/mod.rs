//! A FastCGI 1.0 responder, by the specification of 1996: records ↔ [`Request`] and [`Response`].
//!
//! It exists because FastCGI is how this server is spoken to, and everything about latency, fairness
//! and hostile input that happens on that wire is decided here. It knows records, name-value pairs
//! and streams; it knows no route, no thread and no signal. Whoever owns the event loop accepts
//! connections and gives each to [`serve_connection`].
//!
//! One connection carries one request at a time (`FCGI_MPXS_CONNS` is 0), any number after each
//! other when the front server asks to keep it open. Every fault of a peer costs that peer its
//! connection and nobody else anything.
//!
//! [`Request`]: crate::http::Request
//! [`Response`]: crate::http::Response

use std::path::PathBuf;
use std::time::Duration;

mod arriving;
mod body;
mod connection;
mod params;
mod protocol;
mod record;
mod refusal;
mod request;
mod response;
mod writer;

pub use connection::{Error, serve_connection};
pub use params::{Pairs, encode_pair};
pub use protocol::{Capacity, Event, Malformed, Protocol};
pub use record::{
    BeginRequest, HEADER_LEN, Header, KEEP_CONN, MAX_CONTENT, ProtocolStatus, RecordType, Role,
    VERSION, end_request,
};
pub use request::BadRequest;

/// Bounds on what a connection may cost.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that one worker holds at once; told to whoever asks by `FCGI_GET_VALUES`.
    pub max_connections: usize,
    /// Bytes that the name-value pairs of one request may take together.
    pub max_params_bytes: usize,
    /// Bytes of a request body; a larger one is answered with 413.
    pub max_body_bytes: u64,
    /// Bytes of a request body that are kept in memory; a larger one goes to a temporary file.
    pub body_memory_bytes: usize,
    /// Where temporary files of large bodies are made (and unlinked at once).
    pub temp_dir: PathBuf,
    /// From the first byte of a request to the last one of its parameters.
    pub header_timeout: Duration,
    /// Between two reads of a request body.
    pub body_timeout: Duration,
    /// Between two steps of progress in writing a response.
    pub write_timeout: Duration,
    /// How long a kept connection may be idle; `None` for as long as the front server likes.
    pub idle_timeout: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_params_bytes: 64 << 10,
            max_body_bytes: 1 << 30,
            body_memory_bytes: 64 << 10,
            temp_dir: std::env::temp_dir(),
            header_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
            idle_timeout: None,
        }
    }
}
