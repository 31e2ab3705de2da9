//! Where a request body goes while it arrives: into memory as long as it is small, else to disk.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use bytes::Bytes;

use super::Options;
use crate::http::RequestBody;

/// How much is gathered before it is written to the file in one go.
const WRITE_CHUNK: usize = 256 << 10;

/// A body being received.
#[derive(Debug, Default)]
pub(super) struct BodySink {
    memory: Vec<u8>,
    file: Option<File>,
    len: u64,
}

impl BodySink {
    /// How many bytes have arrived.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Adds a part. Writing to disk happens off the event loop; meanwhile the connection waits.
    pub async fn push(&mut self, part: &[u8], options: &Options) -> io::Result<()> {
        self.len += part.len() as u64;
        self.memory.extend_from_slice(part);
        if self.file.is_none() && self.memory.len() > options.body_memory_bytes {
            let temp_dir = options.temp_dir.clone();
            self.file = Some(off_loop(move || temp_file(&temp_dir)).await?);
        }
        if self.file.is_some() && self.memory.len() >= WRITE_CHUNK {
            self.flush().await?;
        }
        Ok(())
    }

    /// The whole body.
    pub async fn finish(mut self) -> io::Result<RequestBody> {
        if self.len == 0 {
            return Ok(RequestBody::Empty);
        }
        self.flush().await?;
        match self.file {
            None => Ok(RequestBody::Memory(Bytes::from(self.memory))),
            Some(mut file) => {
                let len = self.len;
                off_loop(move || {
                    file.rewind()?;
                    Ok(RequestBody::File { file, len })
                })
                .await
            }
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let mut chunk = std::mem::take(&mut self.memory);
        let (file, chunk) = off_loop(move || {
            file.write_all(&chunk)?;
            chunk.clear();
            Ok((file, chunk))
        })
        .await?;
        self.file = Some(file);
        self.memory = chunk;
        Ok(())
    }
}

fn temp_file(dir: &Path) -> io::Result<File> {
    tempfile::tempfile_in(dir)
}

/// Runs blocking file work on the runtime's helper threads.
pub(super) async fn off_loop<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn receive(parts: &[&[u8]], body_memory_bytes: usize) -> RequestBody {
        let options = Options { body_memory_bytes, ..Options::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut sink = BodySink::default();
            for part in parts {
                sink.push(part, &options).await.unwrap();
            }
            assert_eq!(sink.len(), parts.iter().map(|part| part.len() as u64).sum::<u64>());
            sink.finish().await.unwrap()
        })
    }

    #[test]
    fn nothing_is_empty() {
        assert!(matches!(receive(&[], 10), RequestBody::Empty));
    }

    #[test]
    fn up_to_the_bound_it_stays_in_memory() {
        let RequestBody::Memory(bytes) = receive(&[b"01234", b"56789"], 10) else {
            panic!("10 bytes belong into memory")
        };
        assert_eq!(&bytes[..], b"0123456789");
    }

    #[test]
    fn past_the_bound_it_is_a_file_from_its_start() {
        let big: Vec<u8> = (0..600_000_u32).map(|i| (i % 251) as u8).collect();
        let parts: Vec<&[u8]> = big.chunks(65_535).collect();
        let RequestBody::File { mut file, len } = receive(&parts, 10) else {
            panic!("600,000 bytes belong into a file")
        };
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert_eq!(len, 600_000);
        assert!(read == big, "the file holds something else");
    }
}
