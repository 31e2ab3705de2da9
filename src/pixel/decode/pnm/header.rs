//! The header of a Netpbm file, and what it says of the samples.

use std::io::{BufRead, Read};

use super::super::{read_error, too_large};
use super::beyond;
use crate::pixel::{ColourSpace, Depth, Error, Result};

/// Comments and lines of a PAM header together; far above what any program writes.
const MAX_HEADER_BYTES: u64 = 64 * 1024;

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Decimal numbers.
    Text,
    /// One bit each, 1 is black, rows padded to whole bytes.
    Bits,
    /// One or two bytes each, the high one first.
    Bytes,
}

/// What stands before the samples.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) coding: Coding,
    /// The sample value of full intensity, 1–65535.
    pub(super) max: u32,
    pub(super) space: ColourSpace,
    pub(super) alpha: bool,
    bitmap: bool,
}

impl Header {
    /// Reads up to and including the single byte of white space before the samples.
    pub(super) fn read(reader: &mut impl BufRead) -> Result<Self> {
        let mut reader = reader.take(MAX_HEADER_BYTES);
        let mut magic = [0; 2];
        reader.read_exact(&mut magic).map_err(read_error)?;
        let (coding, space, bitmap) = match &magic {
            b"P1" => (Coding::Text, ColourSpace::Gray, true),
            b"P2" => (Coding::Text, ColourSpace::Gray, false),
            b"P3" => (Coding::Text, ColourSpace::Rgb, false),
            b"P4" => (Coding::Bits, ColourSpace::Gray, true),
            b"P5" => (Coding::Bytes, ColourSpace::Gray, false),
            b"P6" => (Coding::Bytes, ColourSpace::Rgb, false),
            b"P7" => return Self::read_pam(&mut reader),
            _ => return Err(Error::Malformed("it is no Netpbm file".into())),
        };
        let width = field(&mut reader)?;
        let height = field(&mut reader)?;
        let max = if bitmap { 1 } else { field(&mut reader)? };
        Self { width, height, coding, max, space, alpha: false, bitmap }.checked()
    }

    fn read_pam(reader: &mut impl BufRead) -> Result<Self> {
        let (mut width, mut height, mut depth, mut max) = (0, 0, 0, 0);
        let mut kind = String::new();
        loop {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line).map_err(read_error)? == 0 {
                return Err(Error::Malformed("it ends too early".into()));
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim();
            let (name, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let value = value.trim();
            let number =
                || value.parse().map_err(|_| Error::Malformed("its header is no sound one".into()));
            match name {
                "ENDHDR" => break,
                "WIDTH" => width = number()?,
                "HEIGHT" => height = number()?,
                "DEPTH" => depth = number()?,
                "MAXVAL" => max = number()?,
                "TUPLTYPE" => {
                    if !kind.is_empty() {
                        kind.push(' ');
                    }
                    kind.push_str(value);
                }
                _ => {}
            }
        }
        let (space, alpha) = match (kind.as_str(), depth) {
            ("BLACKANDWHITE" | "GRAYSCALE", 1) | ("", 1) => (ColourSpace::Gray, false),
            ("BLACKANDWHITE_ALPHA" | "GRAYSCALE_ALPHA" | "", 2) => (ColourSpace::Gray, true),
            ("RGB" | "", 3) => (ColourSpace::Rgb, false),
            ("RGB_ALPHA" | "", 4) => (ColourSpace::Rgb, true),
            ("CMYK", 4) => (ColourSpace::Cmyk, false),
            ("CMYK_ALPHA", 5) => (ColourSpace::Cmyk, true),
            _ => return Err(Error::Unsupported(format!("PAM of {depth} samples per pixel"))),
        };
        let coding = Coding::Bytes;
        Self { width, height, coding, max, space, alpha, bitmap: false }.checked()
    }

    fn checked(self) -> Result<Self> {
        if !(1..=65535).contains(&self.max) {
            return Err(Error::Malformed("its largest sample value is impossible".into()));
        }
        Ok(self)
    }

    pub(super) fn is_bitmap(&self) -> bool {
        self.bitmap
    }

    pub(super) fn depth(&self) -> Depth {
        if self.max > 255 { Depth::U16 } else { Depth::U8 }
    }

    pub(super) fn sample_bytes(&self) -> usize {
        if self.max > 255 { 2 } else { 1 }
    }

    fn samples_per_row(&self) -> u64 {
        u64::from(self.width) * (self.space.bands() as u64 + u64::from(self.alpha))
    }

    /// Bytes of a raw row.
    pub(super) fn row_bytes(&self) -> Result<usize> {
        let bytes = if self.bitmap {
            u64::from(self.width).div_ceil(8)
        } else {
            self.samples_per_row() * self.sample_bytes() as u64
        };
        usize::try_from(bytes).map_err(|_| too_large())
    }

    /// The fewest bytes that all samples can take.
    pub(super) fn least_bytes(&self) -> u64 {
        let row = match self.coding {
            Coding::Bits => u64::from(self.width).div_ceil(8),
            Coding::Bytes => self.samples_per_row() * self.sample_bytes() as u64,
            // A digit each, and white space between.
            Coding::Text if self.bitmap => u64::from(self.width),
            Coding::Text => {
                let samples = self.samples_per_row().saturating_mul(u64::from(self.height));
                return samples.saturating_mul(2).saturating_sub(1);
            }
        };
        row.saturating_mul(u64::from(self.height))
    }

    /// A raw row as big-endian samples that use the whole range of their depth.
    pub(super) fn expand(&self, stored: &[u8], row: &mut [u8]) -> Result<()> {
        if self.bitmap {
            for (x, sample) in row.iter_mut().enumerate() {
                let black = stored[x / 8] & (0x80 >> (x % 8)) != 0;
                *sample = if black { 0 } else { 255 };
            }
            return Ok(());
        }
        row.copy_from_slice(stored);
        let max = self.max;
        match max {
            255 | 65535 => {}
            0..255 => {
                for sample in row {
                    let value = u32::from(*sample);
                    *sample = u8::try_from((value * 255 + max / 2) / max).map_err(|_| beyond())?;
                }
            }
            _ => {
                let (pairs, _) = row.as_chunks_mut::<2>();
                for pair in pairs {
                    let value = u32::from(u16::from_be_bytes(*pair));
                    let value = (u64::from(value) * 65535 + u64::from(max / 2)) / u64::from(max);
                    *pair = u16::try_from(value).map_err(|_| beyond())?.to_be_bytes();
                }
            }
        }
        Ok(())
    }
}

/// The next number of a header, white space and comments before it passed over.
fn field(reader: &mut impl BufRead) -> Result<u32> {
    loop {
        match byte(reader)? {
            b'#' => while !matches!(byte(reader)?, b'\n' | b'\r') {},
            space if space.is_ascii_whitespace() => {}
            first => return number(reader, first),
        }
    }
}

/// The number that begins with this digit; the one byte behind it is read as well.
pub(super) fn number(reader: &mut impl BufRead, first: u8) -> Result<u32> {
    let wrong = || Error::Malformed("a number in it is no sound one".into());
    let mut value: u32 = 0;
    let mut next = Some(first);
    while let Some(digit) = next {
        match digit {
            b'0'..=b'9' => {
                value = value
                    .checked_mul(10)
                    .and_then(|value| value.checked_add(u32::from(digit - b'0')))
                    .ok_or_else(wrong)?;
            }
            space if space.is_ascii_whitespace() => return Ok(value),
            _ => return Err(wrong()),
        }
        next = maybe_byte(reader)?;
    }
    Ok(value)
}

pub(super) fn byte(reader: &mut impl BufRead) -> Result<u8> {
    maybe_byte(reader)?.ok_or_else(|| Error::Malformed("it ends too early".into()))
}

fn maybe_byte(reader: &mut impl BufRead) -> Result<Option<u8>> {
    let mut byte = [0];
    match reader.read(&mut byte) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(byte[0])),
        Err(error) => Err(read_error(error)),
    }
}
