//! GIMP's own files, by ImageMagick: its layers laid over each other.
//!
//! Only the first fields are read here; there is no library that could be linked for the rest.

use std::io::Read as _;

use super::needs::IMAGEMAGICK;
use super::{Decoded, Decoder, File, Info, Region, Want, read_block, read_error, too_large};
use crate::pixel::{Cancel, Error, Format, Limits, Result, Samples};

/// The longest file that is read.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Magic, version, width, height.
const HEADER_BYTES: usize = 22;

struct Xcf {
    bytes: Vec<u8>,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    IMAGEMAGICK.check(Format::Xcf)?;
    file.check_page(1)?;
    let mut header = [0; HEADER_BYTES];
    file.reader.read_exact(&mut header).map_err(read_error)?;
    let number = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let (width, height) = (number(14), number(18));
    limits.check_declared(width, height)?;
    limits.check_held(width, height)?;
    if file.len > MAX_FILE_BYTES {
        return Err(Error::Limit("its file is too long".into()));
    }
    let mut bytes = header.to_vec();
    bytes.extend(read_block(&mut file.reader, file.len - HEADER_BYTES as u64)?);
    let info = Info { alpha: true, ..Info::new(Format::Xcf, width, height) };
    Ok((info, Box::new(Xcf { bytes })))
}

impl Decoder for Xcf {
    fn held_pixels(&self, info: &Info, _: &Want) -> u64 {
        2 * Region::full(info.width, info.height).pixels()
    }

    fn decode(self: Box<Self>, info: Info, _: &Want, _: &Cancel) -> Result<Decoded> {
        let mut image = info.try_image(info.width, info.height)?;
        let Samples::U8(samples) = &mut image.samples else { return Err(too_large()) };
        let arguments = [
            "xcf:-",
            "-background",
            "none",
            "-flatten",
            "-colorspace",
            "sRGB",
            "-depth",
            "8",
            "rgba:-",
        ];
        let ran =
            IMAGEMAGICK.run(&arguments.map(str::to_owned), &self.bytes, samples.len() as u64)?;
        if !ran.status.success() || ran.output.len() != samples.len() {
            return Err(ran.failure("ImageMagick cannot make a picture of it"));
        }
        samples.copy_from_slice(&ran.output);
        Ok(Decoded::unscaled(image, Region::full(info.width, info.height)))
    }
}

#[cfg(test)]
pub(super) mod tests;
