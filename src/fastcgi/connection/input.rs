//! What has been read of a connection and not yet understood.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Room for input: a usual request fits, and a thousand idle connections take 8 MB.
const INPUT: usize = 8 << 10;
/// Room for input while a body arrives.
const BODY_INPUT: usize = 64 << 10;

/// Bytes between the socket and the protocol.
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    pub fn new() -> Self {
        Self { buffer: vec![0; INPUT], start: 0, end: 0 }
    }

    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start == self.end {
            self.clear();
        }
    }

    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Makes room for the parts of a body.
    pub fn grow(&mut self) {
        if self.buffer.len() < BODY_INPUT {
            self.buffer.resize(BODY_INPUT, 0);
        }
    }

    /// Gives the room for bodies back.
    pub fn reset(&mut self) {
        if self.buffer.len() > INPUT && self.end - self.start <= INPUT {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            self.buffer.truncate(INPUT);
            self.buffer.shrink_to_fit();
        }
    }

    /// Reads once, after what is there. What is there is never more than a part of a header.
    pub async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<usize> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let read = stream.read(&mut self.buffer[self.end..]).await?;
        self.end += read;
        Ok(read)
    }
}
