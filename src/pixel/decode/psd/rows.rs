//! Where the rows of the merged picture lie, plain or packed.

use std::io::{Read, Seek, SeekFrom};

use super::super::{Reader, packbits, read_block, read_error, too_large};
use super::header::Header;
use super::position;
use crate::pixel::{Error, Result};

const RAW: u16 = 0;
const PACKED: u16 = 1;

/// Reads rows of the used channels.
pub(super) struct Rows {
    start: u64,
    height: u32,
    /// Packed sizes, channel by channel; empty when rows are stored plain.
    sizes: Vec<u32>,
    packed: Vec<u8>,
    row: Vec<u8>,
    next: usize,
}

impl Rows {
    pub(super) fn read(reader: &mut Reader, header: &Header, file_len: u64) -> Result<Self> {
        let mut code = [0; 2];
        reader.read_exact(&mut code).map_err(read_error)?;
        let row_bytes = header.row_bytes();
        let sizes = match u16::from_be_bytes(code) {
            RAW => {
                let height = u64::from(header.height);
                let bytes = row_bytes * height * header.used_channels() as u64;
                if bytes > file_len.saturating_sub(position(reader)?) {
                    return Err(Error::Malformed("it ends too early".into()));
                }
                Vec::new()
            }
            PACKED => sizes(reader, header, file_len)?,
            _ => return Err(Error::Unsupported("a merged picture of unknown packing".into())),
        };
        let row_bytes = usize::try_from(row_bytes).map_err(|_| too_large())?;
        let mut row = Vec::new();
        row.try_reserve_exact(row_bytes).map_err(|_| Error::Memory)?;
        row.resize(row_bytes, 0);
        let start = position(reader)?;
        Ok(Self { start, height: header.height, sizes, packed: Vec::new(), row, next: 0 })
    }

    /// Makes a row the next one.
    pub(super) fn seek(&mut self, reader: &mut Reader, channel: usize, y: u32) -> Result<()> {
        self.next = channel * self.height as usize + y as usize;
        let before = if self.sizes.is_empty() {
            self.next as u64 * self.row.len() as u64
        } else {
            self.sizes[..self.next].iter().copied().map(u64::from).sum()
        };
        reader.seek(SeekFrom::Start(self.start + before)).map_err(read_error)?;
        Ok(())
    }

    /// The next row.
    pub(super) fn next(&mut self, reader: &mut Reader) -> Result<&[u8]> {
        match self.sizes.get(self.next) {
            None => reader.read_exact(&mut self.row).map_err(read_error)?,
            Some(size) => {
                self.packed.resize(*size as usize, 0);
                reader.read_exact(&mut self.packed).map_err(read_error)?;
                packbits::unpack(&self.packed, &mut self.row)?;
            }
        }
        self.next += 1;
        Ok(&self.row)
    }
}

/// The packed sizes of the used channels' rows, from a table for all channels.
fn sizes(reader: &mut Reader, header: &Header, file_len: u64) -> Result<Vec<u32>> {
    let entry_bytes = if header.large { 4 } else { 2 };
    let height = u64::from(header.height);
    let used = height * header.used_channels() as u64 * entry_bytes;
    let table = position(reader)?;
    let bytes = read_block(reader, used)?;
    let mut sizes = Vec::new();
    let count = bytes.len() / entry_bytes as usize;
    sizes.try_reserve_exact(count).map_err(|_| Error::Memory)?;
    sizes.extend(bytes.chunks_exact(entry_bytes as usize).map(|entry| match *entry {
        [b3, b2, b1, b0] => u32::from_be_bytes([b3, b2, b1, b0]),
        [b1, b0] => u16::from_be_bytes([b1, b0]).into(),
        _ => 0,
    }));
    let end = table + height * header.channels as u64 * entry_bytes;
    let total: u64 = sizes.iter().copied().map(u64::from).sum();
    if end.saturating_add(total) > file_len {
        return Err(Error::Malformed("it ends too early".into()));
    }
    // Packing cannot make a row larger than this; a size beyond it would only cost memory.
    let most = header.row_bytes() * 2 + 16;
    if sizes.iter().any(|size| u64::from(*size) > most) {
        return Err(Error::Malformed("a row of it is longer than it can be".into()));
    }
    reader.seek(SeekFrom::Start(end)).map_err(read_error)?;
    Ok(sizes)
}
