//! BMP: read whole, for the format stores rows from the bottom and may be run-length coded.

use std::io::{Read, Seek, SeekFrom};

use image::ImageDecoder;
use image::codecs::bmp::BmpDecoder;

use super::{Decoded, Decoder, File, Info, Reader, Region, Want, read_error, too_large};
use crate::pixel::metadata::sensible;
use crate::pixel::{Cancel, Density, Error, Format, Image, Limits, Metadata, Result, Samples};

const INCH_IN_METRES: f64 = 0.0254;

struct Bmp {
    decoder: BmpDecoder<Reader>,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    file.check_page(1)?;
    let header = Header::read(&mut file.reader)?;
    limits.check_declared(header.width, header.height)?;
    limits.check_held(header.width, header.height)?;
    header.check_len(file.len)?;
    file.reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let decoder = BmpDecoder::new(file.reader).map_err(bmp_error)?;
    if decoder.dimensions() != (header.width, header.height) {
        return Err(Error::Malformed("its header is ambiguous".into()));
    }
    let alpha = match decoder.color_type() {
        image::ColorType::Rgb8 => false,
        image::ColorType::Rgba8 => true,
        _ => return Err(Error::Unsupported("BMP of an uncommon pixel type".into())),
    };
    let info = Info {
        alpha,
        metadata: Metadata { density: header.density, ..Metadata::default() },
        ..Info::new(Format::Bmp, header.width, header.height)
    };
    Ok((info, Box::new(Bmp { decoder })))
}

impl Decoder for Bmp {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        let whole = Region::full(info.width, info.height);
        whole.pixels() + if want.region == whole { 0 } else { want.region.pixels() }
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let mut whole = info.try_image(info.width, info.height)?;
        let Samples::U8(samples) = &mut whole.samples else { return Err(too_large()) };
        self.decoder.read_image(samples).map_err(bmp_error)?;
        cancel.check()?;
        cut(whole, want.region)
    }
}

/// Cuts a region out of a picture that had to be read whole.
pub(super) fn cut(whole: Image, region: Region) -> Result<Decoded> {
    if region == Region::full(whole.width, whole.height) {
        return Ok(Decoded::unscaled(whole, region));
    }
    let (line, bands) = (whole.row_len(), whole.bands());
    let mut part =
        Image::try_new(region.width, region.height, whole.space, whole.alpha, whole.depth())?;
    let kept = part.row_len();
    let first = region.y as usize * line + region.x as usize * bands;
    match (&whole.samples, &mut part.samples) {
        (Samples::U8(from), Samples::U8(to)) => copy_rows(&from[first..], line, to, kept),
        (Samples::U16(from), Samples::U16(to)) => copy_rows(&from[first..], line, to, kept),
        _ => return Err(too_large()),
    }
    part.profile = whole.profile;
    part.metadata = whole.metadata;
    Ok(Decoded::unscaled(part, region))
}

fn copy_rows<T: Copy>(from: &[T], line: usize, to: &mut [T], kept: usize) {
    for (to, from) in to.chunks_exact_mut(kept).zip(from.chunks(line)) {
        to.copy_from_slice(&from[..kept]);
    }
}

/// The fields that have to be judged before a decoder sees the file.
struct Header {
    width: u32,
    height: u32,
    bits: u16,
    compression: u32,
    density: Option<Density>,
}

impl Header {
    fn read(reader: &mut Reader) -> Result<Self> {
        let mut head = [0; 54];
        reader.read_exact(&mut head[..26]).map_err(read_error)?;
        let u16_at = |head: &[u8; 54], at| u16::from_le_bytes([head[at], head[at + 1]]);
        let u32_at = |head: &[u8; 54], at: usize| {
            u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
        };
        if u32_at(&head, 14) == 12 {
            return Ok(Self {
                width: u16_at(&head, 18).into(),
                height: u16_at(&head, 20).into(),
                bits: u16_at(&head, 24),
                compression: 0,
                density: None,
            });
        }
        reader.read_exact(&mut head[26..]).map_err(read_error)?;
        let signed = |at| u32_at(&head, at).cast_signed();
        let dpi = |at| f64::from(signed(at)) * INCH_IN_METRES;
        Ok(Self {
            width: u32::try_from(signed(18)).unwrap_or(0),
            height: signed(22).unsigned_abs(),
            bits: u16_at(&head, 28),
            compression: u32_at(&head, 30),
            density: sensible(dpi(38), dpi(42)),
        })
    }

    /// A file that is not compressed has to be as long as its pixels.
    fn check_len(&self, len: u64) -> Result<()> {
        let compressed = matches!(self.compression, 1 | 2 | 4 | 5);
        let line = (u64::from(self.width) * u64::from(self.bits)).div_ceil(32) * 4;
        if !compressed && line * u64::from(self.height) > len {
            return Err(Error::Malformed("it ends too early".into()));
        }
        Ok(())
    }
}

fn bmp_error(error: image::ImageError) -> Error {
    match error {
        image::ImageError::IoError(error) => read_error(error),
        image::ImageError::Unsupported(error) => Error::Unsupported(error.to_string()),
        image::ImageError::Limits(error) => Error::Limit(error.to_string()),
        other => Error::Malformed(format!("the BMP decoder says: {other}")),
    }
}

#[cfg(test)]
mod tests;
