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
    /// Whether 16-bit samples have to change their byte order.
    swap: bool,
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
        let swap = layout.bits == 16 && directory.dialect.big_endian != native;
        let at = std::io::Seek::stream_position(&mut reader).map_err(read_error)?;
        Ok(Self {
            reader,
            at,
            offsets,
            rows_per_strip,
            strips_per_plane: height.div_ceil(rows_per_strip),
            swap,
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
            self.row.try_reserve_exact(line).map_err(|_| too_large())?;
            self.row.resize(line, 0);
        }
        self.reader.read_exact(&mut self.row).map_err(read_error)?;
        self.at = place + line as u64;
        if self.swap {
            self.row.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.reverse());
        }
        Ok((&self.row, line))
    }
}
