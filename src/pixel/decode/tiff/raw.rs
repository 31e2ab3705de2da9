//! Strips that are not compressed: read row by row, for many writers put a whole picture into one.

use std::io::Read;

use super::super::{Reader, read_error, too_large};
use super::directory::Directory;
use super::layout::{Layout, tag};
use crate::pixel::{Error, Result};

pub(super) struct RawRows {
    reader: Reader,
    at: u64,
    offsets: Vec<u64>,
    rows_per_strip: u64,
    strips_per_plane: u64,
    /// Bytes of a sample that have to change their order; 1 when they need not.
    swapped: usize,
    /// Whether the bits of each byte have to.
    low_first: bool,
    row: Vec<u8>,
}

impl RawRows {
    pub(super) fn new(mut reader: Reader, directory: &Directory, layout: &Layout) -> Result<Self> {
        let offsets =
            directory.numbers(&mut reader, tag::STRIP_OFFSETS, u64::MAX)?.unwrap_or_default();
        let height = u64::from(layout.height);
        let rows_per_strip =
            directory.number(&mut reader, tag::ROWS_PER_STRIP)?.unwrap_or(height).clamp(1, height);
        let native = cfg!(target_endian = "big");
        let swaps = matches!(layout.bits, 16 | 32 | 64) && directory.dialect.big_endian != native;
        let at = std::io::Seek::stream_position(&mut reader).map_err(read_error)?;
        Ok(Self {
            reader,
            at,
            offsets,
            rows_per_strip,
            strips_per_plane: height.div_ceil(rows_per_strip),
            swapped: if swaps { layout.bits / 8 } else { 1 },
            low_first: layout.low_first,
            row: Vec::new(),
        })
    }

    /// One row of a plane, given as `plane × height + row`, and its length in bytes.
    pub(super) fn read(&mut self, index: u64, layout: &Layout) -> Result<(&[u8], usize)> {
        let (plane, y) = (index / u64::from(layout.height), index % u64::from(layout.height));
        let samples = if layout.planar { 1 } else { layout.samples };
        let line = (layout.width as usize * layout.bits * samples).div_ceil(8);
        let strip = plane * self.strips_per_plane + y / self.rows_per_strip;
        let start = usize::try_from(strip).ok().and_then(|strip| self.offsets.get(strip));
        let place = start
            .and_then(|start| start.checked_add(y % self.rows_per_strip * line as u64))
            .ok_or_else(|| Error::Malformed("its strips do not match its size".into()))?;
        let by = place.checked_signed_diff(self.at).ok_or_else(too_large)?;
        self.reader.seek_relative(by).map_err(read_error)?;
        if self.row.len() != line {
            self.row.clear();
            self.row.try_reserve_exact(line).map_err(|_| Error::Memory)?;
            self.row.resize(line, 0);
        }
        self.reader.read_exact(&mut self.row).map_err(read_error)?;
        self.at = place + line as u64;
        if self.swapped > 1 {
            self.row.chunks_exact_mut(self.swapped).for_each(<[u8]>::reverse);
        }
        if self.low_first {
            self.row.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        }
        Ok((&self.row, line))
    }
}
