//! The original from top to bottom, in bands of bounded memory: read once where its decoder gives rows
//! one after the other, and else opened anew for each band.

use std::ops::Range;

use super::Result;
use super::store::Options;
use crate::pixel::decode::{Info, Region, Rows, Source, Want};
use crate::pixel::ladder::pixel_bytes;
use crate::pixel::{Cancel, Image, Limits};

/// A picture that is being read.
pub(super) enum Bands {
    InOne(Box<dyn Rows>),
    Anew {
        /// The source of the first band, which is open already.
        first: Option<Box<Source>>,
        size: (u32, u32),
        /// The row that comes next, and how many make a band.
        next: u32,
        rows: u32,
    },
}

impl Bands {
    /// The bands of an opened picture.
    pub(super) fn new(first: Source, options: &Options, limits: &Limits) -> Result<Self> {
        let Info { width, height, .. } = *first.info();
        let pixel_bytes = pixel_bytes(first.info()) as u64;
        let rows = options.band_bytes / (u64::from(width) * pixel_bytes);
        let rows = rows.clamp(1, u64::from(height)) as u32;
        let whole = Region::full(width, height);
        let held_bytes = first.held_by_rows(whole).map(|held| held.saturating_mul(pixel_bytes));
        if rows < height && held_bytes.is_some_and(|held| held <= options.band_bytes) {
            return Ok(Self::InOne(first.rows(whole, limits)?));
        }
        Ok(Self::Anew { first: Some(Box::new(first)), size: (width, height), next: 0, rows })
    }

    /// The next band, and which rows of it are wanted; none when all have been given.
    pub(super) fn next(
        &mut self,
        open: &mut dyn FnMut() -> Result<Source>,
        limits: &Limits,
    ) -> Result<Option<(Image, Range<u32>)>> {
        let never = Cancel::never();
        match self {
            Self::InOne(rows) => Ok(rows.next(&never)?.map(|band| {
                let all = 0..band.height;
                (band, all)
            })),
            Self::Anew { size: (_, height), next, .. } if next == height => Ok(None),
            Self::Anew { first, size: (width, height), next, rows } => {
                let source = match first.take() {
                    Some(first) => *first,
                    None => open()?,
                };
                let (y, wanted) = (*next, (*rows).min(*height - *next));
                let region = Region { x: 0, y, width: *width, height: wanted };
                let decoded = source.decode(&Want { region, min_scale: 1.0 }, limits, &never)?;
                *next += wanted;
                let above = y.saturating_sub(decoded.top as u32);
                Ok(Some((decoded.image, above..above + wanted)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::pixel::decode::{Input, Opening};
    use crate::pixel::encode::{EncodeOptions, encode};
    use crate::pixel::{ColourSpace, Depth, Format, Samples};

    #[test]
    fn bands_are_the_picture_however_they_are_read() {
        let mut image = Image::try_new(60, 50, ColourSpace::Gray, false, Depth::U8).unwrap();
        let Samples::U8(samples) = &mut image.samples else { panic!("it was made with 8 bits") };
        samples.iter_mut().enumerate().for_each(|(at, sample)| *sample = (at * 7 % 251) as u8);
        let expected = samples.clone();
        let file = encode(&image, &EncodeOptions::new(Format::Png)).unwrap();
        let limits = Limits::default();
        // Bytes of a band, and how often the file is opened beside the first time.
        for (band_bytes, expected_openings) in [(1500, 0), (300, 9), (100_000, 0)] {
            let options = Options { band_bytes, ..Options::new("unused".into()) };
            let open = || {
                let input = Input::new(Cursor::new(file.clone()), file.len() as u64, None);
                Ok(Source::open(input, &Opening::default(), &limits, None)?)
            };
            let mut openings = 0;
            let mut again = || {
                openings += 1;
                open()
            };
            let mut bands = Bands::new(open().unwrap(), &options, &limits).unwrap();
            let mut found = Vec::new();
            while let Some((band, rows)) = bands.next(&mut again, &limits).unwrap() {
                let Samples::U8(samples) = &band.samples else { panic!("it has 16 bits") };
                found.extend_from_slice(&samples[rows.start as usize * 60..rows.end as usize * 60]);
            }
            assert!(found == expected, "{band_bytes}");
            assert_eq!(openings, expected_openings, "{band_bytes}");
        }
    }
}
