//! A file with a few bytes replaced on the way in.
//!
//! The `tiff` crate gives raw samples of any kind only for pictures that call themselves grey,
//! opens the first page first, and takes the bits of every byte from the highest on. With these
//! facts of the file replaced, it gives the raw samples of the wanted page, and what they mean is
//! settled here.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::super::Reader;

pub(super) struct Overlay {
    reader: Reader,
    at: u64,
    patches: Vec<(u64, Vec<u8>)>,
    /// Where the bits of each byte are turned around: in order, apart from each other.
    turned: Vec<Range<u64>>,
}

impl Overlay {
    /// The file with each patch's bytes in place of its own at that offset, and with the bits of the
    /// bytes in `turned` in the opposite order.
    pub(super) fn new(
        mut reader: Reader,
        patches: Vec<(u64, Vec<u8>)>,
        mut turned: Vec<Range<u64>>,
    ) -> io::Result<Self> {
        reader.seek(SeekFrom::Start(0))?;
        turned.retain(|part| !part.is_empty());
        turned.sort_unstable_by_key(|part| part.start);
        // Parts that overlap are turned once.
        turned.dedup_by(|next, part| {
            let overlap = next.start < part.end;
            if overlap {
                part.end = part.end.max(next.end);
            }
            overlap
        });
        Ok(Self { reader, at: 0, patches, turned })
    }

    fn turn(&self, buffer: &mut [u8], end: u64) {
        let first = self.turned.partition_point(|part| part.end <= self.at);
        for part in self.turned[first..].iter().take_while(|part| part.start < end) {
            let from = (part.start.max(self.at) - self.at) as usize;
            let to = (part.end.min(end) - self.at) as usize;
            buffer[from..to].iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        }
    }
}

impl Read for Overlay {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let end = self.at + read as u64;
        self.turn(buffer, end);
        for (start, bytes) in &self.patches {
            for (place, byte) in (*start..).zip(bytes) {
                if (self.at..end).contains(&place) {
                    buffer[(place - self.at) as usize] = *byte;
                }
            }
        }
        self.at = end;
        Ok(read)
    }
}

impl Seek for Overlay {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // Within what has been read ahead a move is free, where a plain seek would read again.
        if let SeekFrom::Start(place) = to
            && let Some(by) = place.checked_signed_diff(self.at)
        {
            self.reader.seek_relative(by)?;
            self.at = place;
        } else {
            self.at = self.reader.seek(to)?;
        }
        Ok(self.at)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.at)
    }
}
