//! Reading of files' bytes by decoders: no more than is there, and errors that say whose they are.
//!
//! Knows nothing of formats and pixels.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use super::ReadSeek;
use crate::pixel::{Error, Result};

/// Large enough that headers come in one read, small enough not to matter.
pub(super) const READ_AHEAD_BYTES: usize = 64 * 1024;

/// What the decoders read from.
pub(super) type Reader = BufReader<Box<dyn ReadSeek>>;

/// A file whose format is known, positioned at its start.
pub(super) struct File {
    pub reader: Reader,
    pub len: u64,
    pub page: u32,
    /// As in [`Opening`](super::Opening).
    pub dpi: u32,
}

impl File {
    /// Fails unless the page exists.
    pub fn check_page(&self, pages: u32) -> Result<()> {
        if self.page > pages {
            return Err(no_such_page(pages));
        }
        Ok(())
    }
}

pub(super) fn no_such_page(pages: u32) -> Error {
    let reason = match pages {
        1 => "the image has only one page".to_owned(),
        pages => format!("the image has only {pages} pages"),
    };
    Error::Parameter { name: "page", reason }
}

/// An error of the medium, or of a file that ends before it should.
///
/// Decoders report bad data as errors of reading, too; only the system's have a number, but for the one of
/// the standard library when memory is short.
pub(super) fn read_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::OutOfMemory => Error::Memory,
        io::ErrorKind::UnexpectedEof => Error::Malformed("it ends too early".into()),
        _ if error.raw_os_error().is_none() => Error::Malformed("its data is corrupt".into()),
        // A place that no file can have.
        io::ErrorKind::InvalidInput => {
            Error::Malformed("it speaks of places beyond its end".into())
        }
        _ => Error::Io(error),
    }
}

/// Reads a block of known size without trusting the size: memory grows with what is really there.
pub(super) fn read_block(reader: &mut impl Read, len: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let expected = usize::try_from(len).map_err(|_| too_large())?;
    bytes.try_reserve(expected.min(READ_AHEAD_BYTES)).map_err(|_| Error::Memory)?;
    reader.take(len).read_to_end(&mut bytes).map_err(read_error)?;
    if bytes.len() < expected {
        return Err(Error::Malformed("it ends too early".into()));
    }
    Ok(bytes)
}

/// Reads a whole file for a decoder that needs it in memory, unless it is absurdly large for its
/// number of pixels.
pub(super) fn load(reader: &mut Reader, len: u64, size: (u32, u32)) -> Result<Vec<u8>> {
    load_parts(reader, &[Range { start: 0, end: len }], size)
}

/// The same with parts of a file, one after the other.
pub(super) fn load_parts(
    reader: &mut Reader,
    parts: &[Range<u64>],
    (width, height): (u32, u32),
) -> Result<Vec<u8>> {
    const ALWAYS_BYTES: u64 = 256 * 1024 * 1024;
    const PER_PIXEL_BYTES: u64 = 12;
    let pixels = u64::from(width) * u64::from(height);
    let len = parts.iter().map(|part| part.end - part.start).fold(0, u64::saturating_add);
    if len > ALWAYS_BYTES.saturating_add(pixels.saturating_mul(PER_PIXEL_BYTES)) {
        return Err(Error::Limit("its file is far larger than its pixels need".into()));
    }
    let len_bytes = usize::try_from(len).map_err(|_| too_large())?;
    let mut data = Vec::new();
    // Two bytes more, for an end marker that may be missing.
    data.try_reserve_exact(len_bytes.saturating_add(2)).map_err(|_| Error::Memory)?;
    for part in parts {
        reader.seek(SeekFrom::Start(part.start)).map_err(read_error)?;
        reader.by_ref().take(part.end - part.start).read_to_end(&mut data).map_err(read_error)?;
    }
    Ok(data)
}

pub(super) fn too_large() -> Error {
    Error::Limit("it is larger than can be read".into())
}
