//! What the samples of a DICOM picture mean.

use super::dataset::{Dataset, Syntax};
use super::grey::Grey;
use crate::pixel::{Error, Result};

mod tag {
    pub const SAMPLES: u32 = 0x0028_0002;
    pub const PHOTOMETRIC: u32 = 0x0028_0004;
    pub const PLANAR: u32 = 0x0028_0006;
    pub const FRAMES: u32 = 0x0028_0008;
    pub const ROWS: u32 = 0x0028_0010;
    pub const COLUMNS: u32 = 0x0028_0011;
    pub const BITS_ALLOCATED: u32 = 0x0028_0100;
    pub const BITS_STORED: u32 = 0x0028_0101;
    pub const HIGH_BIT: u32 = 0x0028_0102;
    pub const SIGNED: u32 = 0x0028_0103;
    pub const PALETTE_ABOUT: [u32; 3] = [0x0028_1101, 0x0028_1102, 0x0028_1103];
    pub const PALETTE: [u32; 3] = [0x0028_1201, 0x0028_1202, 0x0028_1203];
}

/// Red, green and blue by sample value; 16 bits each.
#[derive(Debug, Clone)]
pub(super) struct Palette {
    entries: [Vec<u16>; 3],
    first: u16,
    pub(super) deep: bool,
}

/// The colour model.
#[derive(Debug, Clone)]
pub(super) enum Colour {
    Grey(Grey),
    Palette(Palette),
    Rgb,
    /// Full-range YCbCr of ITU-R BT.601.
    Ycbcr,
    /// The same with one pair of Cb and Cr for two pixels.
    Ycbcr422,
}

/// The samples of a frame.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) frames: u32,
    pub(super) samples: usize,
    pub(super) planar: bool,
    /// 8 or 16.
    pub(super) bits_allocated: u16,
    /// 1 to 16.
    pub(super) bits_stored: u16,
    /// The lowest bit that is used.
    pub(super) shift: u16,
    pub(super) signed: bool,
    pub(super) colour: Colour,
    /// Whether samples were compressed as YCbCr.
    pub(super) ycbcr: bool,
}

impl Layout {
    pub(super) fn read(dataset: &Dataset) -> Result<Self> {
        let need = |tag| {
            dataset
                .word(tag)
                .ok_or_else(|| Error::Malformed("it does not describe its picture".into()))
        };
        let (width, height) = (need(tag::COLUMNS)?, need(tag::ROWS)?);
        let bits_allocated = need(tag::BITS_ALLOCATED)?;
        let bits_stored = dataset.word(tag::BITS_STORED).unwrap_or(bits_allocated);
        let high_bit = dataset.word(tag::HIGH_BIT).unwrap_or(bits_stored.wrapping_sub(1));
        if !matches!(bits_allocated, 8 | 16) {
            return Err(Error::Unsupported(format!("DICOM of {bits_allocated} bits per sample")));
        }
        let fits = (1..=bits_allocated).contains(&bits_stored)
            && (bits_stored - 1..bits_allocated).contains(&high_bit);
        if !fits {
            return Err(Error::Malformed("its samples have an impossible depth".into()));
        }
        let samples = dataset.word(tag::SAMPLES).unwrap_or(1);
        let frames = dataset.number(0, tag::FRAMES).unwrap_or(1.0);
        if !(1.0..=f64::from(u32::MAX)).contains(&frames) {
            return Err(Error::Malformed("it has an impossible number of frames".into()));
        }
        let photometric = dataset.text(0, tag::PHOTOMETRIC).unwrap_or_default();
        let coded = matches!(dataset.syntax, Syntax::Jpeg);
        let colour = match (photometric.as_str(), samples) {
            ("MONOCHROME1", 1) => Colour::Grey(Grey::read(dataset, true)),
            ("MONOCHROME2", 1) => Colour::Grey(Grey::read(dataset, false)),
            ("PALETTE COLOR", 1) => Colour::Palette(Palette::read(dataset)?),
            ("RGB", 3) => Colour::Rgb,
            // The JPEG decoder gives RGB.
            ("YBR_FULL" | "YBR_FULL_422", 3) if coded => Colour::Rgb,
            ("YBR_FULL", 3) if bits_allocated == 8 => Colour::Ycbcr,
            ("YBR_FULL_422", 3) if bits_allocated == 8 => Colour::Ycbcr422,
            (other, samples) => {
                return Err(Error::Unsupported(format!(
                    "DICOM of {samples} samples as {}",
                    other.chars().filter(|c| c.is_ascii_graphic()).take(16).collect::<String>()
                )));
            }
        };
        Ok(Self {
            width: width.into(),
            height: height.into(),
            frames: frames as u32,
            samples: samples.into(),
            planar: dataset.word(tag::PLANAR) == Some(1) && samples > 1,
            bits_allocated,
            bits_stored,
            shift: high_bit + 1 - bits_stored,
            signed: dataset.word(tag::SIGNED) == Some(1),
            ycbcr: photometric.starts_with("YBR"),
            colour,
        })
    }

    pub(super) fn is_grey(&self) -> bool {
        matches!(self.colour, Colour::Grey(_))
    }

    pub(super) fn sample_bytes(&self) -> usize {
        usize::from(self.bits_allocated / 8)
    }

    /// Samples of an unpacked row.
    pub(super) fn samples_per_row(&self) -> usize {
        let width = self.width as usize;
        match self.colour {
            Colour::Ycbcr422 => width.div_ceil(2) * 4,
            _ => width * self.samples,
        }
    }

    /// Bytes of a plain frame.
    pub(super) fn frame_bytes(&self) -> u64 {
        let row = self.samples_per_row() as u64 * self.sample_bytes() as u64;
        row * u64::from(self.height)
    }

    /// The value of a stored sample, its unused bits left out, spread over 16 bits.
    fn spread(&self, stored: u16) -> u16 {
        let most = ((1_u32 << self.bits_stored) - 1) as u16;
        let value = u32::from(stored >> self.shift & most);
        (value * 65535 / u32::from(most)) as u16
    }
}

impl Colour {
    /// The colour of column `x` of a row, 16 bits per band.
    pub(super) fn rgb(&self, row: &[u16], x: usize, layout: &Layout) -> Result<[u16; 3]> {
        Ok(match self {
            Self::Grey(_) => [layout.spread(row[x]); 3],
            Self::Palette(palette) => palette.colour(row[x], layout),
            Self::Rgb => [0, 1, 2].map(|band| layout.spread(row[x * 3 + band])),
            Self::Ycbcr => from_ycbcr([row[x * 3], row[x * 3 + 1], row[x * 3 + 2]]),
            Self::Ycbcr422 => {
                let pair = &row[x / 2 * 4..][..4];
                from_ycbcr([pair[x % 2], pair[2], pair[3]])
            }
        })
    }
}

/// RGB of 16 bits from YCbCr of 8 (ITU-R BT.601, as JFIF has it).
fn from_ycbcr(ycbcr: [u16; 3]) -> [u16; 3] {
    let [y, cb, cr] = ycbcr.map(f32::from);
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
        .map(|value| value.round().clamp(0.0, 255.0) as u16 * 257)
}

impl Palette {
    fn read(dataset: &Dataset) -> Result<Self> {
        let wrong = || Error::Malformed("its palette is no sound one".into());
        let about = dataset.words(0, tag::PALETTE_ABOUT[0]).ok_or_else(wrong)?;
        let [count, first, bits] = about[..] else { return Err(wrong()) };
        let count = if count == 0 { 65536 } else { usize::from(count) };
        let mut entries = [const { Vec::new() }; 3];
        for (band, entries) in entries.iter_mut().enumerate() {
            let bytes = dataset.bytes(0, tag::PALETTE[band]).ok_or_else(wrong)?;
            *entries = if bits == 8 && bytes.len() < count * 2 {
                bytes.iter().map(|byte| u16::from(*byte) * 257).collect()
            } else {
                let words = dataset.words(0, tag::PALETTE[band]).unwrap_or_default();
                let wide = |word: u16| if bits == 8 { (word & 255) * 257 } else { word };
                words.into_iter().map(wide).collect()
            };
            if entries.len() < count {
                return Err(wrong());
            }
            entries.truncate(count);
        }
        Ok(Self { entries, first, deep: bits > 8 })
    }

    /// Values before the first entry have its colour, those behind the last one that one's.
    fn colour(&self, stored: u16, layout: &Layout) -> [u16; 3] {
        let most = ((1_u32 << layout.bits_stored) - 1) as u16;
        let value = stored >> layout.shift & most;
        let at = usize::from(value.saturating_sub(self.first));
        [0, 1, 2].map(|band| self.entries[band][at.min(self.entries[band].len() - 1)])
    }
}
