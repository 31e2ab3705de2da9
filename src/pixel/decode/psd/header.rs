//! The header of a Photoshop file, its palette, and what its layers say of transparency.

use std::io::{Read, Seek, SeekFrom};

use super::super::{Reader, read_block, read_error};
use super::position;
use crate::pixel::{ColourSpace, Error, Result};

const PALETTE_BYTES: u64 = 768;
const MAX_CHANNELS: u16 = 56;
/// Blocks behind the layers; each costs a seek.
const MAX_BLOCKS: usize = 10_000;

/// What the colours are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Bitmap,
    /// Duotones are shown as their grey.
    Gray,
    Indexed,
    Rgb,
    Cmyk,
    Lab,
}

/// What is known before the pixels.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) mode: Mode,
    pub(super) bits: u16,
    pub(super) channels: usize,
    /// Whether the first channel after the colours is the merged picture's transparency.
    pub(super) alpha: bool,
    /// Whether it is a PSB, which has wider lengths.
    pub(super) large: bool,
}

impl Header {
    pub(super) fn read(reader: &mut Reader) -> Result<Self> {
        let mut head = [0; 26];
        reader.read_exact(&mut head).map_err(read_error)?;
        let u16_at = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let u32_at =
            |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let version = u16_at(4);
        let (channels, bits) = (u16_at(12), u16_at(22));
        let sound = head.starts_with(b"8BPS")
            && matches!(version, 1 | 2)
            && (1..=MAX_CHANNELS).contains(&channels);
        if !sound {
            return Err(damaged());
        }
        let mode = match u16_at(24) {
            0 => Mode::Bitmap,
            1 | 8 => Mode::Gray,
            2 => Mode::Indexed,
            3 => Mode::Rgb,
            4 => Mode::Cmyk,
            9 => Mode::Lab,
            7 => return Err(Error::Unsupported("a multichannel Photoshop file".into())),
            _ => return Err(damaged()),
        };
        let depth_fits = match mode {
            Mode::Bitmap => bits == 1,
            Mode::Indexed => bits == 8,
            Mode::Cmyk | Mode::Lab => matches!(bits, 8 | 16),
            Mode::Gray | Mode::Rgb => matches!(bits, 8 | 16 | 32),
        };
        let header = Self {
            width: u32_at(18),
            height: u32_at(14),
            mode,
            bits,
            channels: channels.into(),
            alpha: false,
            large: version == 2,
        };
        if !depth_fits || header.channels < header.colours() {
            return Err(damaged());
        }
        Ok(header)
    }

    pub(super) fn space(&self) -> ColourSpace {
        match self.mode {
            Mode::Bitmap | Mode::Gray => ColourSpace::Gray,
            Mode::Indexed | Mode::Rgb | Mode::Lab => ColourSpace::Rgb,
            Mode::Cmyk => ColourSpace::Cmyk,
        }
    }

    /// Stored channels of colour.
    fn colours(&self) -> usize {
        if self.mode == Mode::Indexed { 1 } else { self.space().bands() }
    }

    /// Stored channels that are read.
    pub(super) fn used_channels(&self) -> usize {
        self.colours() + usize::from(self.alpha)
    }

    /// Bytes of a row of one channel.
    pub(super) fn row_bytes(&self) -> u64 {
        (u64::from(self.width) * u64::from(self.bits)).div_ceil(8)
    }

    /// The palette of an indexed picture. What other modes keep in its place is passed over.
    pub(super) fn read_palette(&self, reader: &mut Reader) -> Result<Vec<u8>> {
        let len = u64::from(u32::from_be_bytes(word(reader)?));
        let end = position(reader)? + len;
        let mut palette = Vec::new();
        if self.mode == Mode::Indexed {
            if len < PALETTE_BYTES {
                return Err(Error::Malformed("it has no palette".into()));
            }
            palette = read_block(reader, PALETTE_BYTES)?;
        }
        reader.seek(SeekFrom::Start(end)).map_err(read_error)?;
        Ok(palette)
    }

    /// Passes over the layers, and learns from them whether the merged picture is transparent.
    pub(super) fn read_layers(&mut self, reader: &mut Reader) -> Result<()> {
        let len = self.length(reader)?;
        let start = position(reader)?;
        let end = start.checked_add(len).ok_or_else(damaged)?;
        if len > 0 {
            let clear = self.layers_are_clear(reader, end)?;
            let free = matches!(self.mode, Mode::Gray | Mode::Rgb | Mode::Cmyk | Mode::Lab);
            self.alpha = clear && free && self.channels > self.colours();
        }
        reader.seek(SeekFrom::Start(end)).map_err(read_error)?;
        Ok(())
    }

    fn layers_are_clear(&self, reader: &mut Reader, end: u64) -> Result<bool> {
        let info_len = self.length(reader)?;
        let after = position(reader)?.checked_add(info_len).ok_or_else(damaged)?;
        if info_len >= 2 && is_negative(reader)? {
            return Ok(true);
        }
        reader.seek(SeekFrom::Start(after)).map_err(read_error)?;
        if after + 4 > end {
            return Ok(false);
        }
        let mask_len = u32::from_be_bytes(word(reader)?);
        let mut at = after + 4 + u64::from(mask_len);
        // Layers of deeper pictures stand in blocks of their own.
        for _ in 0..MAX_BLOCKS {
            if at + 12 > end {
                break;
            }
            reader.seek(SeekFrom::Start(at)).map_err(read_error)?;
            let (signature, key) = (word(reader)?, word(reader)?);
            if !matches!(&signature, b"8BIM" | b"8B64") {
                break;
            }
            let wide = self.large && is_wide(&key);
            let len = if wide { self.length(reader)? } else { word(reader).map(be)? };
            match &key {
                b"Mtrn" | b"Mt16" | b"Mt32" => return Ok(true),
                b"Layr" | b"Lr16" | b"Lr32" if len >= 2 && is_negative(reader)? => return Ok(true),
                _ => {}
            }
            let padded = len.checked_next_multiple_of(4).ok_or_else(damaged)?;
            let head = if wide { 16 } else { 12 };
            at = at.checked_add(head).and_then(|at| at.checked_add(padded)).ok_or_else(damaged)?;
        }
        Ok(false)
    }

    /// A length that is wider in a PSB.
    fn length(&self, reader: &mut Reader) -> Result<u64> {
        let high = if self.large { be(word(reader)?) } else { 0 };
        Ok(high << 32 | be(word(reader)?))
    }
}

/// Whether a PSB states the length of this block in eight bytes.
fn is_wide(key: &[u8; 4]) -> bool {
    const KEYS: [&[u8; 4]; 13] = [
        b"LMsk", b"Lr16", b"Lr32", b"Layr", b"Mt16", b"Mt32", b"Mtrn", b"Alph", b"FMsk", b"lnk2",
        b"FEid", b"FXid", b"PxSD",
    ];
    KEYS.contains(&key)
}

/// A count of layers is negative when the first further channel is the transparency of all.
fn is_negative(reader: &mut Reader) -> Result<bool> {
    Ok(read_block(reader, 2)?[0] & 0x80 != 0)
}

fn be(word: [u8; 4]) -> u64 {
    u32::from_be_bytes(word).into()
}

/// The next four bytes.
pub(super) fn word(reader: &mut Reader) -> Result<[u8; 4]> {
    let mut word = [0; 4];
    reader.read_exact(&mut word).map_err(read_error)?;
    Ok(word)
}

pub(super) fn damaged() -> Error {
    Error::Malformed("its header is no sound one".into())
}
