//! DICOM: the picture of a file, without any word about the patient.
//!
//! Grey values are shown through the window that the file states. Only the wanted frame is read;
//! plain ones row by row. Described in DICOM PS3.3 (C.7.6.3, C.11), PS3.5 and PS3.10.

mod dataset;
mod frame;
mod grey;
mod layout;

use std::io::{Cursor, Read};

use self::dataset::{Dataset, Syntax};
use self::frame::Frame;
use self::layout::{Colour, Layout};
use super::{Decoded, Decoder, File, Info, Reader, Want, read_error};
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Format, Limits, Result, Samples};

const ROWS_PER_CANCEL_CHECK: u32 = 64;
/// A deflated file is unpacked in memory.
const MAX_INFLATED_BYTES: u64 = 1024 * 1024 * 1024;

struct Dicom {
    reader: Reader,
    dataset: Dataset,
    layout: Layout,
    page: u32,
}

/// Whether a file begins as DICOM says: with 128 bytes of anything and a word.
pub(in crate::pixel) fn matches(head: &[u8]) -> bool {
    head.get(128..132) == Some(b"DICM")
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    let syntax = dataset::read_syntax(&mut file.reader)?;
    let (mut reader, len, at) = if syntax == Syntax::Deflated {
        inflate(file.reader)?
    } else {
        let at = std::io::Seek::stream_position(&mut file.reader).map_err(read_error)?;
        (file.reader, file.len, at)
    };
    let dataset = Dataset::read(&mut reader, syntax, at, len)?;
    let layout = Layout::read(&dataset)?;
    limits.check_declared(layout.width, layout.height)?;
    if file.page > layout.frames {
        return Err(super::no_such_page(layout.frames));
    }
    if dataset.fragmented {
        limits.check_held(layout.width, layout.height)?;
    } else {
        let bytes = layout.frame_bytes().saturating_mul(layout.frames.into());
        if bytes > dataset.pixels_len {
            return Err(Error::Malformed("it ends too early".into()));
        }
    }
    let info = Info {
        space: if layout.is_grey() { ColourSpace::Gray } else { ColourSpace::Rgb },
        depth: layout.depth(),
        pages: layout.frames,
        ..Info::new(Format::Dicom, layout.width, layout.height)
    };
    Ok((info, Box::new(Dicom { reader, dataset, layout, page: file.page })))
}

fn inflate(reader: Reader) -> Result<(Reader, u64, u64)> {
    let mut bytes = Vec::new();
    flate2::read::DeflateDecoder::new(reader)
        .take(MAX_INFLATED_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(read_error)?;
    let len = bytes.len() as u64;
    if len > MAX_INFLATED_BYTES {
        return Err(Error::Limit("its data unpacks to too many bytes".into()));
    }
    Ok((Reader::new(Box::new(Cursor::new(bytes))), len, 0))
}

impl Decoder for Dicom {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        // A compressed frame is unpacked whole, beside what is wanted of it.
        let whole = u64::from(info.width) * u64::from(info.height);
        let beside = if self.dataset.fragmented { whole } else { u64::from(info.width) * 3 };
        want.region.pixels() + beside
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let Self { reader, dataset, layout, page } = *self;
        let region = want.region;
        let mut image = info.try_image(region.width, region.height)?;
        let (bands, kept) = (image.bands(), image.row_len());
        let mut frame = Frame::open(reader, &dataset, &layout, page - 1, cancel)?;
        let table = match &layout.colour {
            Colour::Grey(grey) => grey.table(&layout),
            _ => Vec::new(),
        };
        let samples = layout.samples_per_row();
        let mut row = Vec::new();
        row.try_reserve_exact(samples).map_err(|_| Error::Memory)?;
        row.resize(samples, 0_u16);
        for y in 0..region.height {
            if y % ROWS_PER_CANCEL_CHECK == 0 {
                cancel.check()?;
            }
            frame.read_row(region.y + y, &mut row)?;
            let mut pixel = [0_u16; 3];
            for x in 0..region.width {
                match &layout.colour {
                    Colour::Grey(_) => {
                        pixel[0] = table[usize::from(row[(region.x + x) as usize])];
                    }
                    colour => pixel = colour.rgb(&row, (region.x + x) as usize, &layout)?,
                }
                let at = y as usize * kept + x as usize * bands;
                match &mut image.samples {
                    Samples::U16(out) => out[at..at + bands].copy_from_slice(&pixel[..bands]),
                    Samples::U8(out) => {
                        for (out, value) in out[at..at + bands].iter_mut().zip(pixel) {
                            *out = (value >> 8) as u8;
                        }
                    }
                }
            }
        }
        Ok(Decoded::unscaled(image, region))
    }
}

impl Layout {
    /// Bits of the samples that come out.
    fn depth(&self) -> Depth {
        let deep = match &self.colour {
            Colour::Palette(palette) => palette.deep,
            _ => self.bits_stored > 8,
        };
        if deep { Depth::U16 } else { Depth::U8 }
    }
}

#[cfg(test)]
pub(super) mod tests;
