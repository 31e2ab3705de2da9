//! The header of a TGA file, its palette, and what its pixels mean.

use std::io::{Read, Seek, SeekFrom};

use super::super::{Reader, read_block, read_error};
use super::damaged;
use crate::pixel::{Error, Result};

const HEADER_BYTES: usize = 18;
const FOOTER_BYTES: u64 = 26;
/// Where in the extension area it is said what alpha means.
const ATTRIBUTES_AT: u64 = 494;

/// What a stored pixel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Palette,
    Rgb,
    Gray,
}

/// What stands before the pixels.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) kind: Kind,
    pub(super) packed: bool,
    pub(super) from_top: bool,
    pub(super) from_right: bool,
    pub(super) alpha: bool,
    premultiplied: bool,
    /// Bits of a stored pixel: 8, 15, 16, 24 or 32.
    bits: u8,
    palette_first: u16,
    palette_len: u16,
    palette_bits: u8,
}

/// Whether a file can begin with these bytes. Other formats do not, but much else that is no
/// picture does, so that this proves nothing.
pub(in crate::pixel) fn plausible(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|head| Header::parse(head).is_ok())
}

impl Header {
    pub(super) fn read(reader: &mut Reader) -> Result<Self> {
        let mut head = [0; HEADER_BYTES];
        reader.read_exact(&mut head).map_err(read_error)?;
        let header = Self::parse(&head)?;
        reader.seek_relative(i64::from(head[0])).map_err(read_error)?;
        Ok(header)
    }

    fn parse(head: &[u8; HEADER_BYTES]) -> Result<Self> {
        let u16_at = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let (bits, descriptor) = (head[16], head[17]);
        let (kind, packed) = match head[2] {
            1 => (Kind::Palette, false),
            2 => (Kind::Rgb, false),
            3 => (Kind::Gray, false),
            9 => (Kind::Palette, true),
            10 => (Kind::Rgb, true),
            11 => (Kind::Gray, true),
            _ => return Err(damaged()),
        };
        let (palette_len, palette_bits) = (u16_at(5), head[7]);
        let sound = match head[1] {
            0 => kind != Kind::Palette,
            1 => matches!(palette_bits, 15 | 16 | 24 | 32) && palette_len > 0,
            _ => false,
        };
        let depth_fits = match kind {
            Kind::Palette | Kind::Gray => matches!(bits, 8 | 16),
            Kind::Rgb => matches!(bits, 15 | 16 | 24 | 32),
        };
        // Two bits once said how rows are interleaved; nothing has written them for decades.
        if !sound || !depth_fits || descriptor & 0xc0 != 0 {
            return Err(damaged());
        }
        let attribute_bits = descriptor & 0x0f;
        let alpha = match kind {
            Kind::Gray => bits == 16,
            Kind::Rgb => attribute_bits > 0 && matches!(bits, 16 | 32),
            Kind::Palette => attribute_bits > 0 && palette_bits == 32,
        };
        Ok(Self {
            width: u16_at(12).into(),
            height: u16_at(14).into(),
            kind,
            packed,
            from_top: descriptor & 0x20 != 0,
            from_right: descriptor & 0x10 != 0,
            alpha,
            premultiplied: false,
            bits,
            palette_first: u16_at(3),
            palette_len: if head[1] == 1 { palette_len } else { 0 },
            palette_bits,
        })
    }

    /// Bytes of a stored pixel.
    pub(super) fn pixel_bytes(&self) -> usize {
        usize::from(self.bits).div_ceil(8)
    }

    /// Fails when the file is too short for its pixels, however well they are packed.
    pub(super) fn check_len(&self, len: u64) -> Result<()> {
        let pixels = u64::from(self.width) * u64::from(self.height);
        let bytes = self.pixel_bytes() as u64;
        let least = if self.packed { pixels.div_ceil(128) * (bytes + 1) } else { pixels * bytes };
        if len < least {
            return Err(Error::Malformed("it ends too early".into()));
        }
        Ok(())
    }

    /// Reads the palette, red first; pixels begin behind it.
    pub(super) fn read_palette(&self, reader: &mut Reader) -> Result<Vec<[u8; 4]>> {
        let bytes = usize::from(self.palette_bits).div_ceil(8);
        if self.palette_len == 0 {
            return Ok(Vec::new());
        }
        let stored = read_block(reader, u64::from(self.palette_len) * bytes as u64)?;
        Ok(stored.chunks_exact(bytes).map(|entry| rgba(entry, self.palette_bits)).collect())
    }

    /// What the extension area at the end says of alpha, if there is one.
    pub(super) fn read_extension(&mut self, reader: &mut Reader, len: u64) -> Result<()> {
        if !self.alpha || len < FOOTER_BYTES {
            return Ok(());
        }
        reader.seek(SeekFrom::Start(len - FOOTER_BYTES)).map_err(read_error)?;
        let footer = read_block(reader, FOOTER_BYTES)?;
        let offset = u64::from(u32::from_le_bytes([footer[0], footer[1], footer[2], footer[3]]));
        if &footer[8..24] != b"TRUEVISION-XFILE" || offset == 0 || offset + ATTRIBUTES_AT >= len {
            return Ok(());
        }
        reader.seek(SeekFrom::Start(offset + ATTRIBUTES_AT)).map_err(read_error)?;
        match read_block(reader, 1)?[0] {
            0..=2 => self.alpha = false,
            4 => self.premultiplied = true,
            _ => {}
        }
        Ok(())
    }

    /// Writes the bands of a stored pixel.
    pub(super) fn put_pixel(
        &self,
        stored: &[u8],
        palette: &[[u8; 4]],
        out: &mut [u8],
    ) -> Result<()> {
        let mut pixel = match self.kind {
            Kind::Gray => {
                out.copy_from_slice(&stored[..out.len()]);
                return Ok(());
            }
            Kind::Rgb => rgba(stored, self.bits),
            Kind::Palette => {
                let index = match *stored {
                    [low, high] => u16::from_le_bytes([low, high]),
                    [index, ..] => index.into(),
                    [] => 0,
                };
                let entry = index.checked_sub(self.palette_first).map(usize::from);
                *entry.and_then(|entry| palette.get(entry)).ok_or_else(|| {
                    Error::Malformed("a pixel has a colour that its palette does not have".into())
                })?
            }
        };
        if self.premultiplied && pixel[3] > 0 {
            let alpha = u32::from(pixel[3]);
            for band in &mut pixel[..3] {
                let straight = (u32::from(*band) * 255 + alpha / 2) / alpha;
                *band = u8::try_from(straight).unwrap_or(255);
            }
        }
        out.copy_from_slice(&pixel[..out.len()]);
        Ok(())
    }
}

/// A stored colour with alpha, red first.
fn rgba(stored: &[u8], bits: u8) -> [u8; 4] {
    match *stored {
        [blue, green, red, alpha] => [red, green, blue, alpha],
        [blue, green, red] => [red, green, blue, 255],
        [low, high] => {
            let word = u16::from_le_bytes([low, high]);
            // Five bits to eight, rounded: 31 becomes 255.
            let wide = |shift: u16| (((word >> shift & 31) * 255 + 15) / 31) as u8;
            let clear = bits == 16 && word & 0x8000 == 0;
            [wide(10), wide(5), wide(0), if clear { 0 } else { 255 }]
        }
        _ => [0; 4],
    }
}
