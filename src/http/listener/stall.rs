//! Noticing clients that stop taking what is sent to them.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// Tells when a connection has been waiting to write for too long. Clones watch the same one.
#[derive(Clone)]
pub struct Watch {
    blocked_since: Rc<Cell<Option<Instant>>>,
    timeout: Duration,
}

/// A connection that is being watched.
pub struct Watched {
    stream: TcpStream,
    watch: Watch,
}

impl Watch {
    pub fn new(timeout: Duration) -> Self {
        Self { blocked_since: Rc::default(), timeout }
    }

    /// Returns when nothing could be written for the whole timeout though something was to be.
    pub async fn stalled(&self) {
        loop {
            let since = self.blocked_since.get();
            // Looking once per timeout is often enough, and costs nothing per request.
            sleep_until(since.unwrap_or_else(Instant::now) + self.timeout).await;
            if since.is_some() && since == self.blocked_since.get() {
                return;
            }
        }
    }

    fn saw<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.blocked_since.set(None);
        } else if self.blocked_since.get().is_none() {
            self.blocked_since.set(Some(Instant::now()));
        }
        written
    }
}

impl Watched {
    pub fn new(stream: TcpStream, watch: Watch) -> Self {
        Self { stream, watch }
    }

    pub fn into_stream(self) -> TcpStream {
        self.stream
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch.saw(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch.saw(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
