//! What the samples of a TIFF page mean and how they are laid out in strips or tiles.

use super::super::{Reader, Region};
use super::directory::Directory;
use crate::pixel::{ColourSpace, Depth, Error, Result};

pub(super) mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_SIZES: u16 = 279;
    pub const X_RESOLUTION: u16 = 282;
    pub const Y_RESOLUTION: u16 = 283;
    pub const PLANAR: u16 = 284;
    pub const RESOLUTION_UNIT: u16 = 296;
    pub const PALETTE: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_SIZES: u16 = 325;
    pub const INK_SET: u16 = 332;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const XMP: u16 = 700;
    pub const IPTC: u16 = 33_723;
    pub const PHOTOSHOP: u16 = 34_377;
    pub const ICC: u16 = 34_675;
}

pub(super) const NO_COMPRESSION: u64 = 1;
pub(super) const JPEG_COMPRESSION: u64 = 7;
const MAX_SAMPLES: u64 = 64;

/// What the colour samples are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Colour {
    BlackIsZero,
    WhiteIsZero,
    Rgb,
    /// 8-bit entries, as many as indices have values.
    Palette(Vec<[u8; 3]>),
    Cmyk,
    /// Full-range YCbCr by JPEG, which its decoder turns into RGB.
    JpegYcbcr,
}

/// Which stored sample is alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alpha {
    pub(super) index: usize,
    pub(super) premultiplied: bool,
}

/// The samples of one page.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) colour: Colour,
    pub(super) alpha: Option<Alpha>,
    pub(super) bits: usize,
    /// Samples per pixel, unused ones included.
    pub(super) samples: usize,
    /// Whether each sample has strips or tiles of its own.
    pub(super) planar: bool,
    pub(super) compression: u64,
    pub(super) tiled: bool,
    pub(super) chunk_width: u32,
    pub(super) chunk_height: u32,
}

impl Layout {
    pub(super) fn read(reader: &mut Reader, directory: &Directory) -> Result<Self> {
        let mut number = |tag, default: u64| -> Result<u64> {
            Ok(directory.number(reader, tag)?.unwrap_or(default))
        };
        let side = |value: u64| u32::try_from(value).map_err(|_| impossible());
        let width = side(number(tag::WIDTH, 0)?)?;
        let height = side(number(tag::HEIGHT, 0)?)?;
        let samples = number(tag::SAMPLES, 1)?;
        let planar = number(tag::PLANAR, 1)? == 2;
        let compression = number(tag::COMPRESSION, 1)?;
        let tiled = directory.field(tag::TILE_WIDTH).is_some();
        let (chunk_width, chunk_height) = if tiled {
            (side(number(tag::TILE_WIDTH, 0)?)?, side(number(tag::TILE_HEIGHT, 0)?)?)
        } else if compression == NO_COMPRESSION {
            // Such strips are read row by row, whatever their height.
            (width, 1)
        } else {
            let rows = number(tag::ROWS_PER_STRIP, u64::from(height))?;
            (width, side(rows.min(u64::from(height)))?)
        };
        if chunk_width == 0 || chunk_height == 0 || !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(impossible());
        }
        if number(tag::SAMPLE_FORMAT, 1)? != 1 {
            return Err(Error::Unsupported("TIFF with samples that are no plain numbers".into()));
        }
        let bits = directory.numbers(reader, tag::BITS, MAX_SAMPLES)?.unwrap_or_else(|| vec![1]);
        let bits = match bits.as_slice() {
            [first, rest @ ..] if rest.iter().all(|bits| bits == first) => *first,
            _ => return Err(Error::Unsupported("TIFF with samples of mixed depth".into())),
        };
        if !matches!(bits, 1 | 2 | 4 | 8 | 16) {
            return Err(Error::Unsupported(format!("TIFF with {bits} bits per sample")));
        }
        let (colour, colours) = colour(reader, directory, bits, compression)?;
        let samples = samples as usize;
        if samples < colours {
            return Err(Error::Malformed("it has fewer samples than colours".into()));
        }
        let alpha = alpha(reader, directory, colours, samples)?
            .filter(|_| !matches!(colour, Colour::Palette(_) | Colour::JpegYcbcr));
        Ok(Self {
            width,
            height,
            colour,
            alpha,
            bits: bits as usize,
            samples,
            planar,
            compression,
            tiled,
            chunk_width,
            chunk_height,
        })
    }

    pub(super) fn space(&self) -> ColourSpace {
        match self.colour {
            Colour::BlackIsZero | Colour::WhiteIsZero => ColourSpace::Gray,
            Colour::Rgb | Colour::Palette(_) | Colour::JpegYcbcr => ColourSpace::Rgb,
            Colour::Cmyk => ColourSpace::Cmyk,
        }
    }

    pub(super) fn depth(&self) -> Depth {
        if self.bits == 16 { Depth::U16 } else { Depth::U8 }
    }

    /// For each stored sample that is used, the band that it becomes.
    pub(super) fn bands(&self) -> Vec<(usize, usize)> {
        let colours = match self.colour {
            Colour::Palette(_) => 1,
            _ => self.space().bands(),
        };
        let alpha = self.alpha.map(|alpha| (alpha.index, colours));
        (0..colours).map(|band| (band, band)).chain(alpha).collect()
    }

    pub(super) fn chunks_across(&self) -> u32 {
        self.width.div_ceil(self.chunk_width)
    }

    pub(super) fn chunks_per_plane(&self) -> u64 {
        u64::from(self.chunks_across()) * u64::from(self.height.div_ceil(self.chunk_height))
    }

    /// The part of the picture that a chunk holds, its padding left out.
    pub(super) fn chunk_region(&self, column: u32, row: u32) -> Region {
        let (x, y) = (column * self.chunk_width, row * self.chunk_height);
        Region { x, y, width: self.chunk_width, height: self.chunk_height }
            .within(self.width, self.height)
    }

    /// Pixels of the largest chunk; those of more than 64 bits count as several.
    pub(super) fn chunk_pixels(&self) -> u64 {
        let padded = self.compression == JPEG_COMPRESSION;
        let width = if padded { self.chunk_width } else { self.chunk_width.min(self.width) };
        let height = if padded { self.chunk_height } else { self.chunk_height.min(self.height) };
        let weight = (self.samples * self.bits).div_ceil(64) as u64;
        (u64::from(width) * u64::from(height)).saturating_mul(weight)
    }
}

fn impossible() -> Error {
    Error::Malformed("it has an impossible size".into())
}

/// The colour model and its number of samples.
fn colour(
    reader: &mut Reader,
    directory: &Directory,
    bits: u64,
    compression: u64,
) -> Result<(Colour, usize)> {
    let photometric = directory
        .number(reader, tag::PHOTOMETRIC)?
        .ok_or_else(|| Error::Malformed("it does not say what its samples mean".into()))?;
    match photometric {
        0 => Ok((Colour::WhiteIsZero, 1)),
        1 => Ok((Colour::BlackIsZero, 1)),
        2 => Ok((Colour::Rgb, 3)),
        3 if bits <= 8 => Ok((Colour::Palette(palette(reader, directory, bits)?), 1)),
        5 if directory.number(reader, tag::INK_SET)?.unwrap_or(1) == 1 => Ok((Colour::Cmyk, 4)),
        6 if compression == JPEG_COMPRESSION => Ok((Colour::JpegYcbcr, 3)),
        8..=10 => Err(Error::Unsupported("TIFF in Lab colours".into())),
        other => Err(Error::Unsupported(format!("TIFF of colour model {other}"))),
    }
}

/// The palette: all reds, then all greens, then all blues, 16 bits each.
fn palette(reader: &mut Reader, directory: &Directory, bits: u64) -> Result<Vec<[u8; 3]>> {
    let count = 1 << bits;
    let values = directory.numbers(reader, tag::PALETTE, count as u64 * 3)?.unwrap_or_default();
    if values.len() < count * 3 {
        return Err(Error::Malformed("its palette is too short".into()));
    }
    // Some writers store 8-bit values where 16-bit ones belong, some shift them there; a full-range
    // value is 257 times its 8-bit one.
    let narrow = values.iter().all(|value| *value < 256);
    let shifted = values.iter().all(|value| *value % 256 == 0);
    let value = |at: usize| {
        let value = match (narrow, shifted) {
            (true, _) => values[at],
            (_, true) => values[at] >> 8,
            _ => (values[at] + 128) / 257,
        };
        u8::try_from(value).unwrap_or(u8::MAX)
    };
    Ok((0..count).map(|i| [value(i), value(count + i), value(count * 2 + i)]).collect())
}

fn alpha(
    reader: &mut Reader,
    directory: &Directory,
    colours: usize,
    samples: usize,
) -> Result<Option<Alpha>> {
    let extra = directory.numbers(reader, tag::EXTRA_SAMPLES, MAX_SAMPLES)?.unwrap_or_default();
    Ok(extra
        .iter()
        .take(samples - colours)
        .position(|kind| matches!(kind, 1 | 2))
        .map(|at| Alpha { index: colours + at, premultiplied: extra[at] == 1 }))
}
