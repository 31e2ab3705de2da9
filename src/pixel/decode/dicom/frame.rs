//! The rows of one frame, plain or compressed.

use std::io::{Read, Seek, SeekFrom};

use super::super::turbo::{self, Complaint};
use super::super::{Reader, packbits, read_block, read_error, too_large};
use super::dataset::{Dataset, Syntax, damaged};
use super::layout::{Colour, Layout};
use crate::pixel::{Cancel, Error, Result, Samples};

const ITEM: [u8; 4] = [0xfe, 0xff, 0x00, 0xe0];
const MAX_SCANS: u16 = 500;
const RUN_LENGTH_HEADER_BYTES: usize = 64;
/// More than any frame compresses to, by its pixels and at least.
const MAX_FRAME_BYTES: u64 = 256 * 1024 * 1024;

/// A frame that is ready to be read.
pub(super) enum Frame<'a> {
    Plain { reader: Reader, start: u64, big_endian: bool, layout: &'a Layout, bytes: Vec<u8> },
    Whole { samples: Vec<u16> },
}

impl<'a> Frame<'a> {
    /// Opens a frame, counted from 0; a compressed one is unpacked.
    pub(super) fn open(
        mut reader: Reader,
        dataset: &Dataset,
        layout: &'a Layout,
        index: u32,
        cancel: &Cancel,
    ) -> Result<Self> {
        if !dataset.fragmented {
            let start = dataset.pixels_at + layout.frame_bytes() * u64::from(index);
            let big_endian = dataset.syntax.big_endian();
            return Ok(Self::Plain { reader, start, big_endian, layout, bytes: Vec::new() });
        }
        let bytes = compressed(&mut reader, dataset.pixels_at, layout.frames, index)?;
        cancel.check()?;
        let samples = if dataset.syntax == Syntax::RunLength {
            run_length(&bytes, layout)?
        } else {
            jpeg(bytes, layout)?
        };
        Ok(Self::Whole { samples })
    }

    /// Reads the samples of a row, bands interleaved.
    pub(super) fn read_row(&mut self, y: u32, row: &mut [u16]) -> Result<()> {
        match self {
            Self::Whole { samples } => {
                row.copy_from_slice(&samples[y as usize * row.len()..][..row.len()]);
                Ok(())
            }
            Self::Plain { reader, start, big_endian, layout, bytes } => {
                let size = layout.sample_bytes();
                let planes = if layout.planar { layout.samples } else { 1 };
                let line = row.len() / planes * size;
                bytes.resize(line, 0);
                for plane in 0..planes {
                    let before = plane as u64 * u64::from(layout.height) + u64::from(y);
                    reader
                        .seek(SeekFrom::Start(*start + before * line as u64))
                        .map_err(read_error)?;
                    reader.read_exact(bytes).map_err(read_error)?;
                    let out = row.iter_mut().skip(plane).step_by(planes);
                    for (sample, out) in bytes.chunks_exact(size).zip(out) {
                        *out = match *sample {
                            [high, low] if *big_endian => u16::from_be_bytes([high, low]),
                            [low, high] => u16::from_le_bytes([low, high]),
                            [byte, ..] => byte.into(),
                            [] => 0,
                        };
                    }
                }
                Ok(())
            }
        }
    }
}

/// The fragments of a frame, put together (PS3.5, annex A.4).
fn compressed(reader: &mut Reader, at: u64, frames: u32, index: u32) -> Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(at)).map_err(read_error)?;
    let table_len = item(reader)?.ok_or_else(damaged)?;
    if u64::from(table_len) > MAX_FRAME_BYTES {
        return Err(damaged());
    }
    let table = read_block(reader, table_len.into())?;
    let (table, _) = table.as_chunks::<4>();
    let offset = |index: usize| table.get(index).map(|entry| u64::from(u32::from_le_bytes(*entry)));
    let index = index as usize;
    // With a table the frame's place is known; else every frame is one fragment, or all are one.
    let (first, last) = match (offset(index), frames) {
        (_, 1) => (0, u64::MAX),
        (Some(first), _) => (first, offset(index + 1).unwrap_or(u64::MAX)),
        (None, _) => (u64::MAX, u64::MAX),
    };
    let mut bytes = Vec::new();
    let (mut at, mut number) = (0_u64, 0_usize);
    while let Some(len) = item(reader)? {
        let wanted = if first == u64::MAX { number == index } else { at >= first && at < last };
        if wanted {
            if bytes.len() as u64 + u64::from(len) > MAX_FRAME_BYTES {
                return Err(Error::Limit("its file is far larger than its pixels need".into()));
            }
            bytes.append(&mut read_block(reader, len.into())?);
        } else if at >= last || (first == u64::MAX && number > index) {
            break;
        } else {
            reader.seek_relative(len.into()).map_err(read_error)?;
        }
        at += u64::from(len) + 8;
        number += 1;
    }
    if bytes.is_empty() {
        return Err(Error::Malformed("a frame of it is missing".into()));
    }
    Ok(bytes)
}

/// The length of the next item, none at the end of the sequence.
fn item(reader: &mut Reader) -> Result<Option<u32>> {
    let mut head = [0; 8];
    reader.read_exact(&mut head).map_err(read_error)?;
    let [tag @ .., l0, l1, l2, l3] = head;
    match tag {
        ITEM => Ok(Some(u32::from_le_bytes([l0, l1, l2, l3]))),
        [0xfe, 0xff, 0xdd, 0xe0] => Ok(None),
        _ => Err(damaged()),
    }
}

fn samples(layout: &Layout) -> Result<Vec<u16>> {
    let len = layout.samples_per_row().checked_mul(layout.height as usize).ok_or_else(too_large)?;
    let mut samples = Vec::new();
    samples.try_reserve_exact(len).map_err(|_| Error::Memory)?;
    samples.resize(len, 0);
    Ok(samples)
}

/// Unpacks segments: one for each byte of each sample, the high bytes first (PS3.5, annex G).
fn run_length(bytes: &[u8], layout: &Layout) -> Result<Vec<u16>> {
    let (head, _) = bytes.as_chunks::<4>();
    let number = |at: usize| head.get(at).map(|word| u32::from_le_bytes(*word) as usize);
    let size = layout.sample_bytes();
    let segments = layout.samples * size;
    if bytes.len() < RUN_LENGTH_HEADER_BYTES || number(0) != Some(segments) || segments > 15 {
        return Err(Error::Malformed("its packed frame has no sound header".into()));
    }
    if matches!(layout.colour, Colour::Ycbcr422) {
        return Err(Error::Unsupported("packed DICOM of 4:2:2 samples".into()));
    }
    let mut out = samples(layout)?;
    let mut plane = Vec::new();
    let len = out.len() / layout.samples;
    plane.try_reserve_exact(len).map_err(|_| Error::Memory)?;
    plane.resize(len, 0);
    for segment in 0..segments {
        let start = number(segment + 1).unwrap_or(usize::MAX);
        let end = if segment + 1 < segments { number(segment + 2) } else { Some(bytes.len()) };
        let packed = end.and_then(|end| bytes.get(start..end)).ok_or_else(damaged)?;
        packbits::unpack(packed, &mut plane)?;
        let band = segment / size;
        for (out, byte) in out.iter_mut().skip(band).step_by(layout.samples).zip(&plane) {
            *out = *out << 8 | u16::from(*byte);
        }
    }
    Ok(out)
}

/// Decodes a JPEG, lossless or not, of up to 16 bits.
fn jpeg(bytes: Vec<u8>, layout: &Layout) -> Result<Vec<u16>> {
    let bytes = if layout.samples == 3 { with_colour_model(bytes, layout.ycbcr) } else { bytes };
    let mut out = samples(layout)?;
    let result: Result<(), Complaint> = turbo::with(&bytes, MAX_SCANS, |decompressor| {
        if decompressor.size() != (layout.width, layout.height) {
            return Err(Complaint::Fatal("the frame has another size".into()));
        }
        let grey = layout.samples == 1;
        match decompressor.decode_deep(grey)? {
            Samples::U8(samples) if samples.len() == out.len() => {
                out.iter_mut().zip(samples).for_each(|(out, sample)| *out = sample.into());
            }
            Samples::U16(samples) if samples.len() == out.len() => out = samples,
            _ => return Err(Complaint::Fatal("the frame has other samples".into())),
        }
        Ok(())
    });
    result?;
    Ok(out)
}

/// The file with a segment that says whether its colours are YCbCr or RGB: DICOM says so outside of
/// the file, and a decoder would have to guess.
fn with_colour_model(mut bytes: Vec<u8>, ycbcr: bool) -> Vec<u8> {
    let adobe =
        [0xff, 0xee, 0, 14, b'A', b'd', b'o', b'b', b'e', 0, 100, 0, 0, 0, 0, u8::from(ycbcr)];
    if bytes.starts_with(&[0xff, 0xd8]) {
        bytes.splice(2..2, adobe);
    }
    bytes
}
