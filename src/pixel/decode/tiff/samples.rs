//! From the samples of strips and tiles to the bands of a picture.

use super::super::{Region, lab, too_large};
use super::layout::{Colour, LabCoding, Layout};
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
            let way = Way { columns, stored, map, bands };
            match &mut self.image.samples {
                Samples::U16(samples) => {
                    put_deep(row, way, &mut samples[to..], (self.layout.float, bits));
                }
                Samples::U8(samples) if bits == 8 => put_bytes(row, way, &mut samples[to..]),
                Samples::U8(samples) => put_bits(row, way, &mut samples[to..], bits, raw),
            }
        }
        Ok(())
    }

    /// Makes of the stored values what a picture's bands mean.
    pub(super) fn finish(self) {
        match (&self.layout.colour, &mut self.image.samples) {
            (Colour::WhiteIsZero, samples) => invert(samples, usize::from(self.image.alpha) + 1),
            (Colour::Lab(coding), Samples::U8(samples)) => {
                for pixel in samples.chunks_exact_mut(usize::from(self.image.alpha) + 3) {
                    let signed = if *coding == LabCoding::Signed { 0x80 } else { 0 };
                    let stored = [pixel[0], pixel[1] ^ signed, pixel[2] ^ signed];
                    let rgb = lab::to_srgb(stored.map(u32::from), 0xff);
                    pixel.iter_mut().zip(rgb).for_each(|(sample, value)| *sample = value as u8);
                }
            }
            (Colour::Lab(coding), Samples::U16(samples)) => {
                for pixel in samples.chunks_exact_mut(usize::from(self.image.alpha) + 3) {
                    let stored = match coding {
                        LabCoding::Signed => [pixel[0], pixel[1] ^ 0x8000, pixel[2] ^ 0x8000],
                        LabCoding::Icc => [of_icc(pixel[0]), pixel[1], pixel[2]],
                    };
                    let rgb = lab::to_srgb(stored.map(u32::from), 0xffff);
                    pixel.iter_mut().zip(rgb).for_each(|(sample, value)| *sample = value as u16);
                }
            }
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

/// Lightness of which 0xff00 is the whole, with 0xffff as the whole.
fn of_icc(lightness: u16) -> u16 {
    const WHOLE: u32 = 0xff00;
    ((u32::from(lightness).min(WHOLE) * u32::from(u16::MAX) + WHOLE / 2) / WHOLE) as u16
}

/// The way of a row's samples into a picture.
struct Way<'a> {
    /// Pixels of the row that are wanted.
    columns: std::ops::Range<usize>,
    /// Samples of a pixel in the row.
    stored: usize,
    /// Which of them become which bands.
    map: &'a [(usize, usize)],
    /// Bands of the picture.
    bands: usize,
}

impl Way<'_> {
    /// Fills the pixels of `out` with what `value` says of the samples that go there, by their number in the
    /// row.
    fn fill<T>(self, out: &mut [T], value: impl Fn(usize) -> T) {
        for (column, pixel) in self.columns.zip(out.chunks_exact_mut(self.bands)) {
            for (from, to) in self.map {
                pixel[*to] = value(column * self.stored + from);
            }
        }
    }
}

fn put_bytes(row: &[u8], way: Way<'_>, out: &mut [u8]) {
    let Way { columns, stored, map, bands } = &way;
    if stored == bands && map.len() == *bands && map.iter().all(|(from, to)| from == to) {
        let part = &row[columns.start * stored..columns.end * stored];
        out[..part.len()].copy_from_slice(part);
        return;
    }
    way.fill(out, |index| row[index]);
}

/// Samples of more than 8 bits, floating-point ones or whole.
fn put_deep(row: &[u8], way: Way<'_>, out: &mut [u16], (float, bits): (bool, usize)) {
    match (float, bits) {
        (false, 16) => put_wide(row, way, out, u16::from_ne_bytes),
        (false, 32) => put_wide(row, way, out, |raw| (u32::from_ne_bytes(raw) >> 16) as u16),
        (false, _) => put_packed(row, way, out, bits),
        (true, 16) => put_wide(row, way, out, |raw| of_light(half::f16::from_ne_bytes(raw).into())),
        (true, 32) => put_wide(row, way, out, |raw| of_light(f32::from_ne_bytes(raw))),
        (true, _) => put_wide(row, way, out, |raw| of_light(f64::from_ne_bytes(raw) as f32)),
    }
}

/// Samples of `N` bytes in native byte order, each as `value` takes it.
fn put_wide<const N: usize>(
    row: &[u8],
    way: Way<'_>,
    out: &mut [u16],
    value: impl Fn([u8; N]) -> u16,
) {
    let (values, _) = row.as_chunks::<N>();
    way.fill(out, |index| value(values[index]));
}

/// The 16-bit value of a number of which 0 to 1 is black to white. What is no number is black.
fn of_light(value: f32) -> u16 {
    (value.clamp(0.0, 1.0) * f32::from(u16::MAX)).round() as u16
}

/// Samples of 9 to 15 bits, packed from the high bit down, stretched to 16.
fn put_packed(row: &[u8], way: Way<'_>, out: &mut [u16], bits: usize) {
    let top = (1_u32 << bits) - 1;
    way.fill(out, |index| {
        let at = index * bits;
        let byte = |index: usize| u32::from(row.get(at / 8 + index).copied().unwrap_or(0));
        // Up to 15 bits from any bit of the first byte on lie within three bytes.
        let three = byte(0) << 16 | byte(1) << 8 | byte(2);
        let value = three >> (24 - bits - at % 8) & top;
        ((value * u32::from(u16::MAX) + top / 2) / top) as u16
    });
}

/// Samples of less than 8 bits, stretched to 0–255 unless they are `raw`, as indices are.
fn put_bits(row: &[u8], way: Way<'_>, out: &mut [u8], bits: usize, raw: bool) {
    let top = (1_u32 << bits) - 1;
    let stretched: [u8; 128] = std::array::from_fn(|value| {
        let value = (value as u32).min(top);
        (if raw { value } else { (value * 255 + top / 2) / top }) as u8
    });
    way.fill(out, |index| {
        let at = index * bits;
        // Samples are packed from the high bit down; those of 3, 5, 6 and 7 bits may lie in two bytes.
        let two =
            u32::from(row[at / 8]) << 8 | u32::from(row.get(at / 8 + 1).copied().unwrap_or(0));
        stretched[(two >> (16 - bits - at % 8) & top) as usize]
    });
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
