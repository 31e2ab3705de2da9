//! Requests as a client sends them, one per connection, of which only the head of the answer is read.
//!
//! Over TLS any certificate is taken: what it is worth is judged by `certificate`.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConnection, StreamOwned};

use crate::load::Address;
use crate::tls;

/// The largest head of an answer that is read.
const MOST_HEAD_BYTES: usize = 64 * 1024;

/// The head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in small letters.
    headers: Vec<(String, String)>,
    /// The certificates that were shown, the server's own first.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl Answer {
    /// The value of the first header field of this name, in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends a request without a body and reads the head of the first answer, which may be a provisional
/// one.
pub fn request(
    address: &Address,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    patience: Duration,
) -> io::Result<Answer> {
    let deadline = Instant::now() + patience;
    let mut question = format!("{method} {target} HTTP/1.1\r\n");
    let host = address.authority();
    for (name, value) in [("Host", host.as_str()), ("Connection", "close")]
        .into_iter()
        .chain(headers.iter().copied())
    {
        question.push_str(&format!("{name}: {value}\r\n"));
    }
    question.push_str("\r\n");
    let stream = connect(address, patience)?;
    if !address.tls {
        return exchange(stream, &question, deadline).map(|(answer, _)| answer);
    }
    let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
    let client = tls::client_with_judge(tls::Any).map_err(io::Error::other)?;
    let config = Arc::new(client.with_no_client_auth());
    let connection = ClientConnection::new(config, name).map_err(io::Error::other)?;
    let (mut answer, stream) = exchange(StreamOwned::new(connection, stream), &question, deadline)?;
    let shown = stream.conn.peer_certificates().unwrap_or_default();
    answer.certificates = shown.iter().cloned().map(CertificateDer::into_owned).collect();
    Ok(answer)
}

fn connect(address: &Address, patience: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for found in (address.host.as_str(), address.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&found, patience) {
            Ok(stream) => {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn exchange<S: Read + Write>(
    mut stream: S,
    question: &str,
    deadline: Instant,
) -> io::Result<(Answer, S)> {
    stream.write_all(question.as_bytes())?;
    stream.flush()?;
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok((parse(&head[..end])?, stream));
        }
        if head.len() > MOST_HEAD_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a head without an end"));
        }
        if Instant::now() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
}

fn parse(head: &[u8]) -> io::Result<Answer> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .filter(|line| line.starts_with("HTTP/1."))
        .and_then(|line| line.split(' ').nth(1)?.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it does not speak HTTP"))?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Answer { status, headers, certificates: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read() {
        let answer = parse(b"HTTP/1.1 304 Not Modified\r\nETag: \"a:b\"\r\nX-A:  b ").unwrap();
        assert_eq!(answer.status, 304);
        assert_eq!(answer.header("etag"), Some("\"a:b\""));
        assert_eq!(answer.header("x-a"), Some("b"));
        assert_eq!(answer.header("date"), None);
        assert!(parse(b"SSH-2.0-OpenSSH_9.2").is_err());
    }
}
