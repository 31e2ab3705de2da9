//! Netpbm: PBM, PGM and PPM, as text or raw, and PAM.
//!
//! Raw rows are sought directly; those of text are read from the first one on. Of a file that holds
//! several pictures the first is read. The format is described in the Netpbm manual pages pbm(5),
//! pgm(5), ppm(5) and pam(5).

mod header;

use std::io::{BufRead, Read, Seek, SeekFrom};

use self::header::{Coding, Header};
use super::png::put_row;
use super::{Decoded, Decoder, File, Info, Reader, Want, read_error};
use crate::pixel::{Cancel, Depth, Error, Format, Limits, Result};

const ROWS_PER_CANCEL_CHECK: u32 = 64;

struct Pnm {
    reader: Reader,
    header: Header,
    /// Where the samples begin.
    start: u64,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    file.check_page(1)?;
    let header = Header::read(&mut file.reader)?;
    limits.check_declared(header.width, header.height)?;
    let start = file.reader.stream_position().map_err(read_error)?;
    if header.least_bytes() > file.len.saturating_sub(start) {
        return Err(Error::Malformed("it ends too early".into()));
    }
    let info = Info {
        space: header.space,
        depth: header.depth(),
        alpha: header.alpha,
        ..Info::new(Format::Pnm, header.width, header.height)
    };
    Ok((info, Box::new(Pnm { reader: file.reader, header, start })))
}

impl Decoder for Pnm {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        want.region.pixels() + u64::from(info.width) * 2
    }

    fn decode(mut self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let region = want.region;
        let mut image = info.try_image(region.width, region.height)?;
        let (bands, kept) = (image.bands(), image.row_len());
        let samples = info.width as usize * bands;
        let pixel = bands * if info.depth == Depth::U16 { 2 } else { 1 };
        let mut stored = zeroed(self.header.row_bytes()?)?;
        let mut row = zeroed(samples * pixel / bands)?;
        let first = if self.header.coding == Coding::Text {
            0
        } else {
            let skipped = stored.len() as u64 * u64::from(region.y);
            self.reader.seek(SeekFrom::Start(self.start + skipped)).map_err(read_error)?;
            region.y
        };
        for y in first..region.y + region.height {
            if y % ROWS_PER_CANCEL_CHECK == 0 {
                cancel.check()?;
            }
            if self.header.coding == Coding::Text {
                self.read_text(&mut stored)?;
            } else {
                self.reader.read_exact(&mut stored).map_err(read_error)?;
            }
            if y >= region.y {
                self.header.expand(&stored, &mut row)?;
                let columns = region.x as usize * pixel..(region.x + region.width) as usize * pixel;
                put_row(&mut image.samples, (y - region.y) as usize * kept, &row[columns]);
            }
        }
        Ok(Decoded::unscaled(image, region))
    }
}

impl Pnm {
    /// One row of text as the bytes that a raw row would have.
    fn read_text(&mut self, stored: &mut [u8]) -> Result<()> {
        if self.header.is_bitmap() {
            // Digits of bitmaps need no white space between them.
            stored.fill(0);
            for x in 0..self.header.width as usize {
                match skip_space(&mut self.reader)? {
                    b'0' => {}
                    b'1' => stored[x / 8] |= 0x80 >> (x % 8),
                    _ => return Err(Error::Malformed("its samples are no digits".into())),
                }
            }
            return Ok(());
        }
        let size = self.header.sample_bytes();
        for sample in stored.chunks_exact_mut(size) {
            let first = skip_space(&mut self.reader)?;
            let value = header::number(&mut self.reader, first)?;
            let value = u16::try_from(value)
                .ok()
                .filter(|value| u32::from(*value) <= self.header.max)
                .ok_or_else(beyond)?;
            sample.copy_from_slice(&value.to_be_bytes()[2 - size..]);
        }
        Ok(())
    }
}

/// The first byte that is no white space.
fn skip_space(reader: &mut impl BufRead) -> Result<u8> {
    loop {
        let byte = header::byte(reader)?;
        if !byte.is_ascii_whitespace() {
            return Ok(byte);
        }
    }
}

fn beyond() -> Error {
    Error::Malformed("a sample is larger than the header allows".into())
}

fn zeroed(len: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Error::Memory)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
