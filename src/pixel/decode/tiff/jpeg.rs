//! Strips and tiles that are JPEG streams, as scanners and pyramid writers make them
//! (TIFF Technical Note 2).

use super::super::turbo::{self, Complaint};
use super::super::{Reader, too_large};
use super::chunks::Chunks;
use super::directory::Directory;
use super::layout::{Colour, Layout, tag};
use crate::pixel::{ColourSpace, Error, Result};

/// Largest stream of one strip or tile that is read.
const MAX_STREAM_BYTES: u64 = 512 * 1024 * 1024;
const MAX_SCANS: u16 = 500;

pub(super) struct JpegChunks {
    chunks: Chunks,
    /// Tables that all streams share, without start and end marker.
    tables: Vec<u8>,
    pixels: Vec<u8>,
}

impl JpegChunks {
    pub(super) fn new(mut reader: Reader, directory: &Directory, layout: &Layout) -> Result<Self> {
        if layout.bits != 8 {
            return Err(Error::Unsupported("TIFF with JPEG data that is not 8 bits deep".into()));
        }
        let tables = directory.bytes(&mut reader, tag::JPEG_TABLES)?.unwrap_or_default();
        let tables = tables.strip_prefix(&[0xff, 0xd8]).unwrap_or(&tables);
        let tables = tables.strip_suffix(&[0xff, 0xd9]).unwrap_or(tables).to_vec();
        let chunks = Chunks::new(reader, directory, layout)?;
        Ok(Self { chunks, tables, pixels: Vec::new() })
    }

    /// The samples of a chunk, padding included, and the bytes of one of its rows.
    pub(super) fn read(&mut self, index: u32, layout: &Layout) -> Result<(&[u8], usize)> {
        let stream = self.stream(index, layout)?;
        let (kind, samples) = match (layout.planar, layout.space()) {
            (true, _) | (false, ColourSpace::Gray) => (turbo::Layout::Gray, 1),
            (false, ColourSpace::Rgb) => (turbo::Layout::Rgb, 3),
            (false, ColourSpace::Cmyk) => (turbo::Layout::Cmyk, 4),
        };
        if !layout.planar && layout.samples != samples {
            return Err(Error::Unsupported("TIFF with JPEG data and extra samples".into()));
        }
        let pixels = &mut self.pixels;
        let line = turbo::with(&stream, MAX_SCANS, |decompressor| {
            let (width, height) = decompressor.size();
            // The last strip may be shorter than the others, or padded to their height.
            if width < layout.chunk_width.min(layout.width)
                || width > layout.chunk_width
                || height > layout.chunk_height
            {
                return Err(Failure::Size);
            }
            let line = width as usize * samples;
            let len = line * height as usize;
            pixels.clear();
            pixels.try_reserve_exact(len).map_err(|_| Failure::Memory)?;
            pixels.resize(len, 0);
            decompressor.decode(pixels, kind)?;
            Ok(line)
        })?;
        Ok((&self.pixels, line))
    }

    /// A chunk's stream as a complete file, with a marker that says what its samples are: nothing
    /// in the stream itself does.
    fn stream(&mut self, index: u32, layout: &Layout) -> Result<Vec<u8>> {
        let data = self.chunks.read(index as usize, |size| {
            if size > MAX_STREAM_BYTES { Err(too_large()) } else { Ok(size) }
        })?;
        let body = data
            .strip_prefix(&[0xff, 0xd8])
            .ok_or_else(|| Error::Malformed("it has a strip that is no JPEG".into()))?;
        let transform = u8::from(layout.colour == Colour::JpegYcbcr && !layout.planar);
        let mut stream = vec![0xff, 0xd8, 0xff, 0xee, 0, 14];
        stream.extend_from_slice(b"Adobe\0\x64\0\0\0\0");
        stream.push(transform);
        stream.extend_from_slice(&self.tables);
        stream.extend_from_slice(body);
        Ok(stream)
    }
}

enum Failure {
    Size,
    Memory,
    Decoder(Complaint),
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        Self::Decoder(complaint)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Size => Self::Malformed("its strips do not match its size".into()),
            Failure::Memory => Self::Memory,
            Failure::Decoder(complaint) => complaint.into(),
        }
    }
}
