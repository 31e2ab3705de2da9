//! A file with a few bytes replaced on the way in.
//!
//! The `tiff` crate gives raw samples of any kind only for pictures that call themselves grey, and
//! opens the first page first. With those two facts of the file replaced, it gives the raw samples
//! of the wanted page, and what they mean is settled here.

use std::io::{self, Read, Seek, SeekFrom};

use super::super::Reader;

pub(super) struct Overlay {
    reader: Reader,
    at: u64,
    patches: Vec<(u64, Vec<u8>)>,
}

impl Overlay {
    /// The file with each patch's bytes in place of its own at that offset.
    pub(super) fn new(mut reader: Reader, patches: Vec<(u64, Vec<u8>)>) -> io::Result<Self> {
        reader.seek(SeekFrom::Start(0))?;
        Ok(Self { reader, at: 0, patches })
    }
}

impl Read for Overlay {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let end = self.at + read as u64;
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
