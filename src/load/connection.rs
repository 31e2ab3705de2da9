//! One kept-open connection of a client, over TCP with or without TLS.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Server;
use super::response::{self, Body, Chunks, Head};

/// What is read at once, and the largest head of an answer.
const BUFFER_BYTES: usize = 64 * 1024;

/// Why there is no whole answer.
#[derive(Debug)]
pub(super) enum Failure {
    Connect(io::Error),
    /// The server let go before it had sent anything.
    Closed,
    /// The connection broke within an answer.
    Broken(io::Error),
    Malformed(&'static str),
}

impl Failure {
    /// The name under which it is counted.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "not connected",
            Self::Closed | Self::Broken(_) => "connection broken",
            Self::Malformed(_) => "malformed answer",
        }
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Connect(error) | Failure::Broken(error) => error,
            Failure::Closed => io::ErrorKind::UnexpectedEof.into(),
            Failure::Malformed(what) => Self::new(io::ErrorKind::InvalidData, what),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Stream for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// An open connection without a request on it.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    buffer: Box<[u8]>,
    /// Whether the server is on this machine. Segments carry 64 KB then, which the pages of a file in nginx's
    /// cache, moved by its head, do not quite fill, so that the end of a larger answer waits until its beginning
    /// is confirmed: by itself that takes 40 ms.
    local: bool,
    /// Whether it has answered before: then the server may let go at any time.
    pub used: bool,
}

impl Connection {
    pub(super) async fn open(server: &Server) -> Result<Self, Failure> {
        let plain = TcpStream::connect(server.addr).await.map_err(Failure::Connect)?;
        plain.set_nodelay(true).map_err(Failure::Connect)?;
        let stream: Box<dyn Stream> = match &server.tls {
            None => Box::new(plain),
            Some((config, name)) => {
                let connector = TlsConnector::from(config.clone());
                Box::new(connector.connect(name.clone(), plain).await.map_err(Failure::Connect)?)
            }
        };
        let local = server.addr.ip().is_loopback();
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES].into(), local, used: false })
    }

    /// Sends a request and reads the answer to its end; `sink` gets the head's bytes, then the body's.
    pub(super) async fn exchange(
        &mut self,
        request: &[u8],
        head_sink: &mut dyn FnMut(&[u8]),
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<Head, Failure> {
        let sent = async {
            self.stream.write_all(request).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|_| Failure::Closed)?;
        let (head, filled) = self.head().await?;
        self.used = true;
        head_sink(&self.buffer[..head.len]);
        self.body(&head, filled, sink).await?;
        Ok(head)
    }

    /// Reads the head of the answer that is not provisional, and says how much of the buffer is filled.
    async fn head(&mut self) -> Result<(Head, usize), Failure> {
        let mut filled = 0;
        loop {
            match response::head(&self.buffer[..filled]).map_err(Failure::Malformed)? {
                Some(head) if head.status < 200 => {
                    self.buffer.copy_within(head.len..filled, 0);
                    filled -= head.len;
                    continue;
                }
                Some(head) => return Ok((head, filled)),
                None if filled == self.buffer.len() => {
                    return Err(Failure::Malformed("a head without an end"));
                }
                None => {}
            }
            filled += match self.stream.read(&mut self.buffer[filled..]).await {
                Ok(0) if filled == 0 => return Err(Failure::Closed),
                Err(_) if filled == 0 => return Err(Failure::Closed),
                Ok(0) => return Err(Failure::Broken(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => count,
                Err(error) => return Err(Failure::Broken(error)),
            };
        }
    }

    async fn body(
        &mut self,
        head: &Head,
        filled: usize,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Failure> {
        let mut chunks = Chunks::default();
        let mut left = match head.body {
            Body::Length(length) => length,
            Body::Chunked | Body::Close => u64::MAX,
        };
        let (mut from, mut to) = (head.len, filled);
        loop {
            let part = &self.buffer[from..to];
            if head.body == Body::Chunked {
                if chunks.take(part, sink).map_err(Failure::Malformed)? {
                    return Ok(());
                }
            } else {
                let count = part.len() as u64;
                if count > left {
                    return Err(Failure::Malformed("more than one answer"));
                }
                sink(part);
                left -= count;
                if left == 0 {
                    return Ok(());
                }
            }
            if self.local {
                self.stream.tcp().set_quickack(true).map_err(Failure::Broken)?;
            }
            from = 0;
            to = match self.stream.read(&mut self.buffer).await {
                Ok(0) if head.body == Body::Close => return Ok(()),
                Ok(0) => return Err(Failure::Broken(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => count,
                Err(error) => return Err(Failure::Broken(error)),
            };
        }
    }
}
