//! A small HTTP/1.1 client that shows what is on the wire.
//!
//! It keeps one connection, sends exactly the request line that it is given, and reads one response.
//! A library would repair paths and retry; these tests want neither.

use std::fmt;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a read may take.
pub const TIMEOUT: Duration = Duration::from_secs(180);

/// A response. What it shows of itself in a failure leaves out bodies that nobody could read.
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the server keeps the connection.
    pub kept: bool,
}

impl fmt::Debug for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = match std::str::from_utf8(&self.body) {
            Ok(text) => text.to_owned(),
            Err(_) => format!("{} bytes", self.body.len()),
        };
        write!(out, "{} {:?} kept: {} body: {body}", self.status, self.headers, self.kept)
    }
}

impl Response {
    /// The value of a header field, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection to a server.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects.
    pub fn connect(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(64 * 1024, stream) })
    }

    /// GET.
    pub fn get(&mut self, target: &str) -> Result<Response> {
        self.request("GET", target.as_bytes(), &[], b"")
    }

    /// Any request. A body is sent with its length.
    pub fn request(
        &mut self,
        method: &str,
        target: &[u8],
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response> {
        self.send(method, target, headers, body)?;
        self.receive(method == "HEAD")
    }

    /// Goes away, and waits until the server has taken note.
    pub fn leave(mut self) -> Result<()> {
        self.stream.get_ref().shutdown(Shutdown::Write)?;
        self.stream.read_to_end(&mut Vec::new()).map(drop)
    }

    /// Sends a request without reading the answer.
    pub fn send(
        &mut self,
        method: &str,
        target: &[u8],
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<()> {
        self.send_part(method, target, headers, body.len(), body)
    }

    /// Sends a request that announces a body of `len` bytes, and the first of them.
    pub fn send_part(
        &mut self,
        method: &str,
        target: &[u8],
        headers: &[(&str, &str)],
        len: usize,
        part: &[u8],
    ) -> Result<()> {
        let mut head = Vec::with_capacity(512);
        head.extend_from_slice(method.as_bytes());
        head.push(b' ');
        head.extend_from_slice(target);
        head.extend_from_slice(b" HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n")?;
        }
        if len > 0 {
            write!(head, "Content-Length: {len}\r\n")?;
        }
        head.extend_from_slice(b"\r\n");
        self.stream.get_mut().write_all(&head)?;
        self.more(part)
    }

    /// Sends more of a body.
    pub fn more(&mut self, part: &[u8]) -> Result<()> {
        self.stream.get_mut().write_all(part)
    }

    /// Reads one response; `head` tells that it has no body whatever its header says. A connection that
    /// ends before the first byte is [`ErrorKind::ConnectionAborted`].
    pub fn receive(&mut self, head: bool) -> Result<Response> {
        match self.stream.fill_buf() {
            Ok([]) => Err(Error::new(ErrorKind::ConnectionAborted, "closed before an answer")),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                Err(Error::new(ErrorKind::ConnectionAborted, "reset before an answer"))
            }
            begun => begun.map(drop),
        }?;
        let line = self.line()?;
        let bad = || Error::new(ErrorKind::InvalidData, format!("status line {line:?}"));
        let status: u16 =
            line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(bad)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        let mut response = Response { status, headers, body: Vec::new(), kept: true };
        response.kept = response.header("connection").is_none_or(|value| value != "close");
        if !head && status != 304 && status != 204 {
            self.read_body(&mut response)?;
        }
        Ok(response)
    }

    fn read_body(&mut self, response: &mut Response) -> Result<()> {
        if response.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = self.line()?;
                let size = usize::from_str_radix(size.trim(), 16)
                    .map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
                let start = response.body.len();
                response.body.resize(start + size, 0);
                self.stream.read_exact(&mut response.body[start..])?;
                self.line()?;
                if size == 0 {
                    return Ok(());
                }
            }
        }
        match response.header("content-length").map(str::parse::<usize>) {
            Some(Ok(len)) => {
                response.body.resize(len, 0);
                self.stream.read_exact(&mut response.body)
            }
            Some(Err(error)) => Err(Error::new(ErrorKind::InvalidData, error)),
            None => {
                response.kept = false;
                self.stream.read_to_end(&mut response.body).map(|_| ())
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(Error::new(ErrorKind::UnexpectedEof, "connection closed in a header"));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

/// One GET over TLS, whoever the server says that it is.
pub fn get_over_tls(addr: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Response {
    let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
    let config = ureq::Agent::config_builder().tls_config(tls);
    let config = config.http_status_as_error(false).max_redirects(0);
    let agent: ureq::Agent = config.build().into();
    let mut request = agent.get(format!("https://{addr}{target}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.call().unwrap();
    let of =
        |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Response {
        status: response.status().as_u16(),
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), of(value)))
            .collect(),
        body: response.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap(),
        kept: false,
    }
}

/// One GET on a connection of its own.
pub fn get(addr: SocketAddr, target: &str) -> Result<Response> {
    Client::connect(addr)?.get(target)
}
