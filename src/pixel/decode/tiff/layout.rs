//! What the samples of a TIFF page mean and how they are laid out in strips or tiles.

use std::ops::Range;

use super::super::{Reader, Region, band_height};
use super::directory::Directory;
use super::ycbcr::Ycbcr;
use crate::pixel::{ColourSpace, Depth, Error, Result};

pub(super) mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_SIZES: u16 = 279;
    pub const X_RESOLUTION: u16 = 282;
    pub const Y_RESOLUTION: u16 = 283;
    pub const PLANAR: u16 = 284;
    pub const RESOLUTION_UNIT: u16 = 296;
    pub const PREDICTOR: u16 = 317;
    pub const PALETTE: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_SIZES: u16 = 325;
    pub const INK_SET: u16 = 332;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const YCBCR_COEFFICIENTS: u16 = 529;
    pub const YCBCR_SUBSAMPLING: u16 = 530;
    pub const REFERENCE_BLACK_WHITE: u16 = 532;
    pub const XMP: u16 = 700;
    pub const IPTC: u16 = 33_723;
    pub const PHOTOSHOP: u16 = 34_377;
    pub const ICC: u16 = 34_675;
}

pub(super) const NO_COMPRESSION: u64 = 1;
pub(super) const LZW_COMPRESSION: u64 = 5;
pub(super) const JPEG_COMPRESSION: u64 = 7;
pub(super) const DEFLATE_COMPRESSIONS: [u64; 2] = [8, 32_946];
pub(super) const PACKBITS_COMPRESSION: u64 = 32_773;
const FAX_COMPRESSION: u64 = 4;
/// The colour model whose rows are stored several at a time.
const YCBCR: u64 = 6;
const MAX_SAMPLES: u64 = 64;

/// What the colour samples are.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Colour {
    BlackIsZero,
    WhiteIsZero,
    Rgb,
    /// 8-bit entries, as many as indices have values.
    Palette(Vec<[u8; 3]>),
    Cmyk,
    /// Full-range YCbCr by JPEG, which its decoder turns into RGB.
    JpegYcbcr,
    /// YCbCr of 8 bits that nobody has turned into RGB.
    Ycbcr(Ycbcr),
    /// CIE 1976 L*a*b* under D50, which becomes sRGB.
    Lab(LabCoding),
}

/// How the numbers of L*a*b* are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabCoding {
    /// TIFF's own: a* and b* are signed, and the largest L* is 100.
    Signed,
    /// That of ICC profiles: a* and b* begin at −128, and an L* of 16 bits is 100 at 0xff00.
    Icc,
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
    /// Whether samples are IEEE 754 numbers, of which 0 to 1 is black to white.
    pub(super) float: bool,
    /// Whether the first of the pixels in a byte stands in its lowest bit.
    pub(super) low_first: bool,
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
        } else if compression == NO_COMPRESSION && number(tag::PHOTOMETRIC, 0)? != YCBCR {
            // Such strips are read row by row, whatever their height.
            (width, 1)
        } else {
            let rows = number(tag::ROWS_PER_STRIP, u64::from(height))?;
            (width, side(rows.min(u64::from(height)))?)
        };
        if chunk_width == 0 || chunk_height == 0 || !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(impossible());
        }
        let low_first = number(tag::FILL_ORDER, 1)? == 2;
        let (bits, float) = numbers(reader, directory)?;
        let stored = Stored { bits, float, compression, planar };
        let (colour, colours) = colour(reader, directory, stored)?;
        let samples = samples as usize;
        if samples < colours {
            return Err(Error::Malformed("it has fewer samples than colours".into()));
        }
        let none = |colour: &Colour| {
            matches!(colour, Colour::Palette(_) | Colour::JpegYcbcr | Colour::Ycbcr(_))
        };
        let alpha = alpha(reader, directory, colours, samples)?.filter(|_| !none(&colour));
        if matches!(colour, Colour::Lab(_)) && alpha.is_some_and(|alpha| alpha.premultiplied) {
            return Err(Error::Unsupported("TIFF in Lab colours multiplied by alpha".into()));
        }
        if matches!(colour, Colour::Ycbcr(_)) && samples != colours {
            return Err(Error::Unsupported("TIFF in YCbCr colours with extra samples".into()));
        }
        Ok(Self {
            width,
            height,
            colour,
            alpha,
            bits: bits as usize,
            float,
            low_first,
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
            Colour::Rgb
            | Colour::Palette(_)
            | Colour::JpegYcbcr
            | Colour::Ycbcr(_)
            | Colour::Lab(_) => ColourSpace::Rgb,
            Colour::Cmyk => ColourSpace::Cmyk,
        }
    }

    pub(super) fn depth(&self) -> Depth {
        if self.bits > 8 { Depth::U16 } else { Depth::U8 }
    }

    /// Whether the embedded profile says what the decoded colours are.
    pub(super) fn keeps_profile(&self) -> bool {
        !matches!(self.colour, Colour::Lab(_))
    }

    /// Whether chunks have to be unpacked here: the `tiff` crate knows no such samples.
    pub(super) fn is_odd(&self) -> bool {
        matches!(self.colour, Colour::Ycbcr(_))
            || !matches!(self.bits, 1 | 2 | 4 | 8 | 16 | 32 | 64)
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

    /// Where in the file the data of strips and tiles lie.
    pub(super) fn places(
        &self,
        reader: &mut Reader,
        directory: &Directory,
    ) -> Result<Vec<Range<u64>>> {
        let (offsets, sizes) = if self.tiled {
            (tag::TILE_OFFSETS, tag::TILE_SIZES)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_SIZES)
        };
        let offsets = directory.numbers(reader, offsets, u64::MAX)?.unwrap_or_default();
        let sizes = directory.numbers(reader, sizes, u64::MAX)?.unwrap_or_default();
        let end = |(start, size): (u64, u64)| start..start.saturating_add(size);
        Ok(offsets.into_iter().zip(sizes).map(end).collect())
    }

    /// Rows of a region that are read in one go when it is read from top to bottom: no strip or tile
    /// is unpacked twice.
    pub(super) fn rows_at_once(&self, region: Region) -> u32 {
        let band = band_height(region);
        if self.chunk_height <= band {
            return band - band % self.chunk_height;
        }
        // One strip that the `tiff` crate has unpacked is kept while rows are taken out of it.
        let alone = self.chunk_width >= self.width && !self.planar;
        let kept = alone && !self.is_odd() && self.compression != JPEG_COMPRESSION;
        if kept { band } else { self.chunk_height }
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

    /// Pixels of the largest chunk; those of more than 64 bits count as several, and of those of few bits
    /// each byte counts as one.
    pub(super) fn chunk_pixels(&self) -> u64 {
        let padded = self.compression == JPEG_COMPRESSION;
        let width = if padded { self.chunk_width } else { self.chunk_width.min(self.width) };
        let height = if padded { self.chunk_height } else { self.chunk_height.min(self.height) };
        let (pixels, bits) = (u64::from(width) * u64::from(height), self.samples * self.bits);
        match bits {
            0..8 => pixels.saturating_mul(bits as u64).div_ceil(8),
            _ => pixels.saturating_mul(bits.div_ceil(64) as u64),
        }
    }
}

fn impossible() -> Error {
    Error::Malformed("it has an impossible size".into())
}

/// The bits of each sample, and whether they are floating-point numbers.
fn numbers(reader: &mut Reader, directory: &Directory) -> Result<(u64, bool)> {
    let mut same = |tag, default| -> Result<Option<u64>> {
        let all = directory.numbers(reader, tag, MAX_SAMPLES)?.unwrap_or_else(|| vec![default]);
        Ok(all.first().copied().filter(|first| all.iter().all(|one| one == first)))
    };
    let bits = same(tag::BITS, 1)?
        .ok_or_else(|| Error::Unsupported("TIFF with samples of mixed depth".into()))?;
    let float = match same(tag::SAMPLE_FORMAT, 1)? {
        // What nobody has defined is a plain number as well.
        Some(1 | 4) => false,
        Some(3) => true,
        _ => return Err(Error::Unsupported("TIFF with samples that are no plain numbers".into())),
    };
    let known = if float { matches!(bits, 16 | 32 | 64) } else { matches!(bits, 1..=16 | 32) };
    if !known {
        let kind = if float { "floating-point " } else { "" };
        return Err(Error::Unsupported(format!("TIFF with {kind}samples of {bits} bits")));
    }
    Ok((bits, float))
}

/// How samples are stored, whatever they mean.
#[derive(Clone, Copy)]
struct Stored {
    bits: u64,
    float: bool,
    compression: u64,
    planar: bool,
}

/// The colour model and its number of samples.
fn colour(
    reader: &mut Reader,
    directory: &Directory,
    Stored { bits, float, compression, planar }: Stored,
) -> Result<(Colour, usize)> {
    let unsupported = |what: &str| Err(Error::Unsupported(format!("TIFF {what}")));
    match compression {
        2 | 3 => return unsupported("with fax data of group 3"),
        6 => return unsupported("with JPEG data of the old kind"),
        34_661 => return unsupported("with JBIG data"),
        34_712 | 33_003 | 33_005 => return unsupported("with JPEG 2000 data"),
        34_676 | 34_677 => return unsupported("with LogLuv data"),
        34_925 => return unsupported("with LZMA data"),
        50_000 => return unsupported("with Zstandard data"),
        50_001 => return unsupported("with WebP data"),
        34_887 => return unsupported("with LERC data"),
        FAX_COMPRESSION if bits != 1 => {
            return Err(Error::Malformed("its fax data is not of one bit".into()));
        }
        NO_COMPRESSION | FAX_COMPRESSION | LZW_COMPRESSION | JPEG_COMPRESSION
        | PACKBITS_COMPRESSION => {}
        other if DEFLATE_COMPRESSIONS.contains(&other) => {}
        other => return unsupported(&format!("of compression {other}, which is not read")),
    }
    let photometric = directory
        .number(reader, tag::PHOTOMETRIC)?
        .ok_or_else(|| Error::Malformed("it does not say what its samples mean".into()))?;
    match photometric {
        0 => Ok((Colour::WhiteIsZero, 1)),
        1 => Ok((Colour::BlackIsZero, 1)),
        2 => Ok((Colour::Rgb, 3)),
        3 if bits <= 8 => Ok((Colour::Palette(palette(reader, directory, bits)?), 1)),
        5 if directory.number(reader, tag::INK_SET)?.unwrap_or(1) == 1 => Ok((Colour::Cmyk, 4)),
        5 => unsupported("with other inks than cyan, magenta, yellow and black"),
        YCBCR if compression == JPEG_COMPRESSION => Ok((Colour::JpegYcbcr, 3)),
        YCBCR if bits != 8 || planar => {
            unsupported("in YCbCr colours that are not 8 bits in a row")
        }
        YCBCR => Ok((Colour::Ycbcr(Ycbcr::read(reader, directory)?), 3)),
        8 | 9 if float || !matches!(bits, 8 | 16) || compression == JPEG_COMPRESSION => {
            unsupported("in Lab colours that are not of 8 or 16 bits")
        }
        8 => Ok((Colour::Lab(LabCoding::Signed), 3)),
        9 => Ok((Colour::Lab(LabCoding::Icc), 3)),
        10 => unsupported("in Lab colours of fax machines"),
        32_803 => unsupported("with the data of a camera's sensor"),
        32_844 | 32_845 => unsupported("with LogLuv data"),
        other => unsupported(&format!("of colour model {other}")),
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
