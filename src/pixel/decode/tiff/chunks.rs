//! Where strips and tiles lie in the file, and their bytes as they stand there.

use std::io::{Seek, SeekFrom};

use super::super::{Reader, read_block, read_error};
use super::directory::Directory;
use super::layout::{Layout, tag};
use crate::pixel::{Error, Result};

/// The strips or tiles of a page.
pub(super) struct Chunks {
    reader: Reader,
    offsets: Vec<u64>,
    sizes: Vec<u64>,
}

impl Chunks {
    pub(super) fn new(mut reader: Reader, directory: &Directory, layout: &Layout) -> Result<Self> {
        let (offsets, sizes) = if layout.tiled {
            (tag::TILE_OFFSETS, tag::TILE_SIZES)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_SIZES)
        };
        let mut list = |tag| -> Result<Vec<u64>> {
            Ok(directory.numbers(&mut reader, tag, u64::MAX)?.unwrap_or_default())
        };
        let (offsets, sizes) = (list(offsets)?, list(sizes)?);
        Ok(Self { reader, offsets, sizes })
    }

    /// The bytes of a chunk, as many as `wanted` makes of the number that the file states.
    pub(super) fn read(
        &mut self,
        index: usize,
        wanted: impl FnOnce(u64) -> Result<u64>,
    ) -> Result<Vec<u8>> {
        let (Some(offset), Some(size)) = (self.offsets.get(index), self.sizes.get(index)) else {
            return Err(Error::Malformed("its strips do not match its size".into()));
        };
        let len = wanted(*size)?;
        self.reader.seek(SeekFrom::Start(*offset)).map_err(read_error)?;
        read_block(&mut self.reader, len)
    }
}
