//! Writes planned records: many pieces in one system call, none copied.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::body::off_loop;
use super::response::{Piece, Plan};

/// Pieces given to the kernel at once.
const BATCH: usize = 32;
/// Bytes of a file read at once: four records.
const FILE_CHUNK: usize = 4 * super::record::MAX_CONTENT;

/// Writes every piece of the plan.
pub(super) async fn write_plan<S: AsyncWrite + Unpin>(
    stream: &mut S,
    plan: &Plan,
    body: &[u8],
    progress_timeout: Duration,
) -> io::Result<()> {
    for batch in plan.pieces.chunks(BATCH) {
        let mut slices = [IoSlice::new(&[]); BATCH];
        for (slice, piece) in slices.iter_mut().zip(batch) {
            *slice = IoSlice::new(match piece {
                Piece::Scratch(range) => &plan.scratch[range.clone()],
                Piece::Body(range) => &body[range.clone()],
            });
        }
        let mut left = &mut slices[..batch.len()];
        while !left.is_empty() {
            let written = match timeout(progress_timeout, stream.write_vectored(left)).await {
                Ok(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(result) => result?,
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            };
            IoSlice::advance_slices(&mut left, written);
        }
    }
    Ok(())
}

/// Reads the part of a file at `offset`, off the event loop; gives the buffer back filled.
///
/// A file that has become shorter is an error: its length has been promised already.
pub(super) async fn read_chunk(
    file: File,
    offset: u64,
    left: u64,
    mut buffer: Vec<u8>,
) -> io::Result<(File, Vec<u8>)> {
    let len = left.min(FILE_CHUNK as u64) as usize;
    off_loop(move || {
        buffer.resize(len, 0);
        file.read_exact_at(&mut buffer, offset)?;
        Ok((file, buffer))
    })
    .await
}
