//! From the samples of strips and tiles to the bands of a picture.

use super::super::{Region, too_large};
use super::layout::{Colour, Layout};
use crate::pixel::{Image, Result, Samples};

/// A picture that is being put together from chunks.
pub(super) struct Placing<'a> {
    layout: &'a Layout,
    region: Region,
    image: &'a mut Image,
    bands: Vec<(usize, usize)>,
}

impl<'a> Placing<'a> {
    /// `image` has the region's size and the layout's bands.
    pub(super) fn new(layout: &'a Layout, region: Region, image: &'a mut Image) -> Self {
        Self { layout, region, image, bands: layout.bands() }
    }

    /// Puts the samples of a chunk that covers `within` where they belong; `line` is the length of
    /// its rows in bytes. `plane` is the band that a planar chunk holds.
    pub(super) fn put(
        &mut self,
        bytes: &[u8],
        line: usize,
        within: Region,
        plane: Option<usize>,
    ) -> Result<()> {
        let region = self.region;
        let left = within.x.max(region.x);
        let right = (within.x + within.width).min(region.x + region.width);
        let top = within.y.max(region.y);
        let bottom = (within.y + within.height).min(region.y + region.height);
        let single;
        let (stored, map): (usize, &[(usize, usize)]) = match plane {
            Some(band) => {
                single = [(0, band)];
                (1, &single)
            }
            None => (self.layout.samples, &self.bands),
        };
        let (bits, raw) = (self.layout.bits, matches!(self.layout.colour, Colour::Palette(_)));
        let bands = self.image.bands();
        let row_len = self.image.row_len();
        for y in top..bottom {
            let start = (y - within.y) as usize * line;
            let row = bytes.get(start..start + line).ok_or_else(too_large)?;
            let from = (left - within.x) as usize;
            let columns = from..from + (right - left) as usize;
            let to = (y - region.y) as usize * row_len + (left - region.x) as usize * bands;
            match &mut self.image.samples {
                Samples::U16(samples) => {
                    put_wide(row, columns, stored, map, &mut samples[to..], bands);
                }
                Samples::U8(samples) if bits == 8 => {
                    put_bytes(row, columns, stored, map, &mut samples[to..], bands);
                }
                Samples::U8(samples) => {
                    let unpack = Unpack { bits, raw };
                    put_bits(row, columns, stored, map, &mut samples[to..], bands, unpack);
                }
            }
        }
        Ok(())
    }

    /// Makes of the stored values what a picture's bands mean.
    pub(super) fn finish(self) {
        match (&self.layout.colour, &mut self.image.samples) {
            (Colour::WhiteIsZero, samples) => invert(samples, usize::from(self.image.alpha) + 1),
            (Colour::Palette(palette), Samples::U8(samples)) => {
                for pixel in samples.as_chunks_mut::<3>().0 {
                    *pixel = palette.get(usize::from(pixel[0])).copied().unwrap_or_default();
                }
            }
            _ => {}
        }
        if self.layout.alpha.is_some_and(|alpha| alpha.premultiplied) {
            let bands = self.image.bands();
            match &mut self.image.samples {
                Samples::U8(samples) => unpremultiply(samples, bands, u8::MAX),
                Samples::U16(samples) => unpremultiply(samples, bands, u16::MAX),
            }
        }
    }
}

fn put_bytes(
    row: &[u8],
    columns: std::ops::Range<usize>,
    stored: usize,
    map: &[(usize, usize)],
    out: &mut [u8],
    bands: usize,
) {
    if stored == bands && map.len() == bands && map.iter().all(|(from, to)| from == to) {
        let part = &row[columns.start * stored..columns.end * stored];
        out[..part.len()].copy_from_slice(part);
        return;
    }
    for (column, pixel) in columns.zip(out.chunks_exact_mut(bands)) {
        for (from, to) in map {
            pixel[*to] = row[column * stored + from];
        }
    }
}

fn put_wide(
    row: &[u8],
    columns: std::ops::Range<usize>,
    stored: usize,
    map: &[(usize, usize)],
    out: &mut [u16],
    bands: usize,
) {
    let (values, _) = row.as_chunks::<2>();
    for (column, pixel) in columns.zip(out.chunks_exact_mut(bands)) {
        for (from, to) in map {
            pixel[*to] = u16::from_ne_bytes(values[column * stored + from]);
        }
    }
}

/// How samples of less than 8 bits are read.
#[derive(Clone, Copy)]
struct Unpack {
    bits: usize,
    /// Whether values stay as they are (indices) instead of being stretched to 0–255.
    raw: bool,
}

fn put_bits(
    row: &[u8],
    columns: std::ops::Range<usize>,
    stored: usize,
    map: &[(usize, usize)],
    out: &mut [u8],
    bands: usize,
    Unpack { bits, raw }: Unpack,
) {
    let top = (1u8 << bits) - 1;
    let stretch = if raw { 1 } else { 255 / top };
    for (column, pixel) in columns.zip(out.chunks_exact_mut(bands)) {
        for (from, to) in map {
            let at = (column * stored + from) * bits;
            // Samples are packed from the high bit down.
            let value = row[at / 8] >> (8 - bits - at % 8) & top;
            pixel[*to] = value * stretch;
        }
    }
}

fn invert(samples: &mut Samples, bands: usize) {
    match samples {
        Samples::U8(samples) => samples.iter_mut().step_by(bands).for_each(|v| *v = !*v),
        Samples::U16(samples) => samples.iter_mut().step_by(bands).for_each(|v| *v = !*v),
    }
}

/// Divides colours by alpha, rounding to nearest; what is transparent becomes zero.
fn unpremultiply<T>(samples: &mut [T], bands: usize, top: T)
where
    T: Copy + Into<u64> + TryFrom<u64>,
{
    let full: u64 = top.into();
    for pixel in samples.chunks_exact_mut(bands) {
        let Some((alpha, colours)) = pixel.split_last_mut() else { return };
        let alpha: u64 = (*alpha).into();
        for colour in colours {
            let value: u64 = (*colour).into();
            let straight = (value * full + alpha / 2).checked_div(alpha).unwrap_or(0).min(full);
            *colour = T::try_from(straight).unwrap_or(top);
        }
    }
}
