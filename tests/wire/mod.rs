//! A FastCGI client that keeps nothing back: requests are bytes, answers are records.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use halftone::fastcgi::{Header, RecordType, encode_pair};

/// Longer than anything here may take; reached only when a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A record.
#[must_use]
pub fn record(kind: RecordType, id: u16, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).expect("test records are small");
    let mut bytes = Header::new(kind, id, len, 0).encode().to_vec();
    bytes.extend_from_slice(content);
    bytes
}

/// The start of a request.
#[must_use]
pub fn begin(id: u16, keep: bool) -> Vec<u8> {
    record(RecordType::BeginRequest, id, &[0, 1, u8::from(keep), 0, 0, 0, 0, 0])
}

/// All parameters of a request.
#[must_use]
pub fn params(id: u16, pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut content = Vec::new();
    for (name, value) in pairs {
        encode_pair(name.as_bytes(), value.as_bytes(), &mut content);
    }
    let mut bytes = record(RecordType::Params, id, &content);
    bytes.extend(record(RecordType::Params, id, b""));
    bytes
}

/// A whole GET request.
#[must_use]
pub fn get(uri: &str, keep: bool) -> Vec<u8> {
    let pairs = [("REQUEST_METHOD", "GET"), ("REQUEST_URI", uri), ("REMOTE_ADDR", "192.0.2.7")];
    [begin(1, keep), params(1, &pairs), record(RecordType::Stdin, 1, b"")].concat()
}

/// An answer: the response, or how the request ended without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, 0 when there was no response.
    pub status: u16,
    /// The head's text.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
    /// The protocol's own status.
    pub protocol_status: u8,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection to a responder.
#[derive(Debug)]
pub enum Connection {
    /// Over a Unix socket.
    Unix(UnixStream),
    /// Over TCP.
    Tcp(TcpStream),
}

impl Connection {
    /// Connects to a Unix socket.
    pub fn unix(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::Unix(stream))
    }

    /// Connects to a TCP port.
    pub fn tcp(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        }
    }

    /// Receives one record.
    pub fn receive(&mut self) -> io::Result<(Header, Vec<u8>)> {
        let mut header = [0; 8];
        self.read_exact(&mut header)?;
        let header = Header::decode(&header);
        let mut content = vec![0; usize::from(header.content_len)];
        self.read_exact(&mut content)?;
        self.read_exact(&mut vec![0; usize::from(header.padding_len)])?;
        Ok((header, content))
    }

    /// Receives until the request of this id has ended.
    pub fn answer(&mut self, id: u16) -> io::Result<Answer> {
        let mut stdout = Vec::new();
        let protocol_status = loop {
            let (header, content) = self.receive()?;
            assert_eq!(header.request_id, id, "{header:?}");
            if header.kind == RecordType::Stdout as u8 {
                stdout.extend_from_slice(&content);
            } else {
                assert_eq!(header.kind, RecordType::EndRequest as u8);
                break content[4];
            }
        };
        let end = stdout.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0);
        let head = String::from_utf8_lossy(&stdout[..end]).into_owned();
        let status = head.strip_prefix("Status: ").map_or(0, |text| text[..3].parse().unwrap_or(0));
        let body = stdout.get(end + 4..).unwrap_or_default().to_vec();
        Ok(Answer { status, head, body, protocol_status })
    }

    /// A GET request and its answer.
    pub fn get(&mut self, uri: &str, keep: bool) -> io::Result<Answer> {
        self.send(&get(uri, keep))?;
        self.answer(1)
    }

    /// Whether the peer has closed the connection, or does so before the patience ends.
    pub fn is_closed(&mut self) -> bool {
        match self.read() {
            Ok(count) => count == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        let mut byte = [0];
        match self {
            Self::Unix(stream) => stream.read(&mut byte),
            Self::Tcp(stream) => stream.read(&mut byte),
        }
    }

    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.read_exact(bytes),
            Self::Tcp(stream) => stream.read_exact(bytes),
        }
    }
}
