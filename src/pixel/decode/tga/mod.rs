//! Truevision TGA: rows are read in the order in which they are stored, mostly from the bottom.
//!
//! The format has no magic number, so that only a file whose name says so is taken for one. Described
//! in the Truevision TGA File Format Specification, version 2.0.

mod header;

use std::io::{Read, Seek, SeekFrom};

use self::header::{Header, Kind};
use super::{Decoded, Decoder, File, Info, Reader, Want, read_error, too_large};
use crate::pixel::{Cancel, ColourSpace, Error, Format, Limits, Result, Samples};

pub(in crate::pixel) use self::header::plausible;

const ROWS_PER_CANCEL_CHECK: u32 = 64;
/// The most bytes of a stored pixel.
const MAX_PIXEL_BYTES: usize = 4;

struct Tga {
    reader: Reader,
    header: Header,
    palette: Vec<[u8; 4]>,
    /// Where the pixels begin.
    start: u64,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    file.check_page(1)?;
    let mut header = Header::read(&mut file.reader)?;
    limits.check_declared(header.width, header.height)?;
    let palette = header.read_palette(&mut file.reader)?;
    let start = file.reader.stream_position().map_err(read_error)?;
    header.check_len(file.len.saturating_sub(start))?;
    header.read_extension(&mut file.reader, file.len)?;
    let info = Info {
        space: if header.kind == Kind::Gray { ColourSpace::Gray } else { ColourSpace::Rgb },
        alpha: header.alpha,
        ..Info::new(Format::Tga, header.width, header.height)
    };
    Ok((info, Box::new(Tga { reader: file.reader, header, palette, start })))
}

impl Decoder for Tga {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        want.region.pixels() + u64::from(info.width) * 2
    }

    fn decode(mut self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let region = want.region;
        let mut image = info.try_image(region.width, region.height)?;
        let (bands, kept) = (image.bands(), image.row_len());
        let Samples::U8(samples) = &mut image.samples else { return Err(too_large()) };
        let bytes = self.header.pixel_bytes();
        let len = (info.width as usize).checked_mul(bytes).ok_or_else(too_large)?;
        let mut stored = Vec::new();
        stored.try_reserve_exact(len).map_err(|_| Error::Memory)?;
        stored.resize(len, 0);
        // Stored rows count from the bottom unless the header says otherwise.
        let place = |y: u32| if self.header.from_top { y } else { info.height - 1 - y };
        let (a, b) = (place(region.y), place(region.y + region.height - 1));
        let (first, last) = (a.min(b), a.max(b));
        let skipped = if self.header.packed { 0 } else { len as u64 * u64::from(first) };
        self.reader.seek(SeekFrom::Start(self.start + skipped)).map_err(read_error)?;
        let mut packets = Packets::default();
        for row in if self.header.packed { 0 } else { first }..=last {
            if row % ROWS_PER_CANCEL_CHECK == 0 {
                cancel.check()?;
            }
            if self.header.packed {
                packets.read_row(&mut self.reader, &mut stored, bytes)?;
            } else {
                self.reader.read_exact(&mut stored).map_err(read_error)?;
            }
            if row < first {
                continue;
            }
            let at = (place(row) - region.y) as usize * kept;
            let out = &mut samples[at..at + kept];
            for (x, pixel) in (region.x as usize..).zip(out.chunks_exact_mut(bands)) {
                let x = if self.header.from_right { info.width as usize - 1 - x } else { x };
                self.header.put_pixel(&stored[x * bytes..][..bytes], &self.palette, pixel)?;
            }
        }
        Ok(Decoded::unscaled(image, region))
    }
}

/// Run-length packets, which may reach from one row into the next.
#[derive(Default)]
struct Packets {
    /// Pixels left of the packet.
    left: usize,
    /// The pixel that is repeated, if it is a run.
    run: Option<[u8; MAX_PIXEL_BYTES]>,
}

impl Packets {
    fn read_row(&mut self, reader: &mut Reader, row: &mut [u8], bytes: usize) -> Result<()> {
        let mut at = 0;
        while at < row.len() {
            if self.left == 0 {
                let mut head = [0];
                reader.read_exact(&mut head).map_err(read_error)?;
                self.left = usize::from(head[0] & 0x7f) + 1;
                self.run = None;
                if head[0] & 0x80 != 0 {
                    let mut pixel = [0; MAX_PIXEL_BYTES];
                    reader.read_exact(&mut pixel[..bytes]).map_err(read_error)?;
                    self.run = Some(pixel);
                }
            }
            let count = self.left.min((row.len() - at) / bytes);
            let part = &mut row[at..at + count * bytes];
            match &self.run {
                Some(pixel) => {
                    part.chunks_exact_mut(bytes).for_each(|to| to.copy_from_slice(&pixel[..bytes]));
                }
                None => reader.read_exact(part).map_err(read_error)?,
            }
            at += count * bytes;
            self.left -= count;
        }
        Ok(())
    }
}

fn damaged() -> Error {
    Error::Malformed("its header is no sound one".into())
}

#[cfg(test)]
pub(super) mod tests;
