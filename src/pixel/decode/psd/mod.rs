//! Photoshop files, PSD and PSB: the merged picture that the program keeps beside its layers.
//!
//! Channels are stored one after the other. They are read row by row into the bands of the result,
//! so that nothing is held but that and one row. Described in the Adobe Photoshop File Formats
//! Specification (2019).

mod header;
mod resources;
mod rows;

use std::io::Seek;

use self::header::{Header, Mode};
use self::resources::Resources;
use self::rows::Rows;
use super::{Decoded, Decoder, File, Info, Orientation, Reader, Want, lab, read_error};
use crate::pixel::{Cancel, Depth, Error, Format, Image, Limits, Result, Samples};

const ROWS_PER_CANCEL_CHECK: u32 = 64;

struct Psd {
    reader: Reader,
    header: Header,
    /// 256 reds, then greens, then blues.
    palette: Vec<u8>,
    rows: Rows,
    /// Whether samples of 32 bits, which are light, have to be encoded as sRGB does.
    encode_light: bool,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    file.check_page(1)?;
    let mut header = Header::read(&mut file.reader)?;
    limits.check_declared(header.width, header.height)?;
    let palette = header.read_palette(&mut file.reader)?;
    let resources = Resources::read(&mut file.reader)?;
    if resources.without_merged {
        return Err(Error::Unsupported(
            "it was saved without a merged picture (\"maximise compatibility\")".into(),
        ));
    }
    header.read_layers(&mut file.reader)?;
    let rows = Rows::read(&mut file.reader, &header, file.len)?;
    let profile = resources.profile.filter(|_| header.mode != Mode::Lab);
    let info = Info {
        // What the camera's block says of turning was done when the file was made.
        orientation: Orientation::UPRIGHT,
        space: header.space(),
        depth: if header.bits > 8 { Depth::U16 } else { Depth::U8 },
        alpha: header.alpha,
        profile,
        metadata: resources.metadata,
        ..Info::new(Format::Psd, header.width, header.height)
    };
    let encode_light = info.profile.is_none();
    Ok((info, Box::new(Psd { reader: file.reader, header, palette, rows, encode_light })))
}

impl Decoder for Psd {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        want.region.pixels() + u64::from(info.width) * 2
    }

    fn decode(mut self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let region = want.region;
        let mut image = info.try_image(region.width, region.height)?;
        let (bands, kept) = (image.bands(), image.row_len());
        let columns = region.x as usize..(region.x + region.width) as usize;
        for channel in 0..self.header.used_channels() {
            self.rows.seek(&mut self.reader, channel, region.y)?;
            for y in 0..region.height {
                if y % ROWS_PER_CANCEL_CHECK == 0 {
                    cancel.check()?;
                }
                let row = self.rows.next(&mut self.reader)?;
                let at = y as usize * kept;
                match &mut image.samples {
                    Samples::U8(samples) => {
                        let out = &mut samples[at..at + kept];
                        match self.header.mode {
                            Mode::Indexed => {
                                put_colours(&self.palette, row, columns.start, out, bands)
                            }
                            Mode::Bitmap => put_bits(row, columns.start, out),
                            _ => put(&row[columns.clone()], out, channel, bands),
                        }
                    }
                    Samples::U16(samples) => {
                        let light = self.encode_light && channel < info.space.bands();
                        let out = samples[at..at + kept].iter_mut().skip(channel).step_by(bands);
                        put_deep(row, columns.start, self.header.bits, light, out);
                    }
                }
            }
        }
        cancel.check()?;
        self.finish(&mut image);
        Ok(Decoded::unscaled(image, region))
    }
}

fn put_colours(palette: &[u8], row: &[u8], first: usize, out: &mut [u8], bands: usize) {
    for (index, out) in row[first..].iter().zip(out.chunks_exact_mut(bands)) {
        for (band, out) in out.iter_mut().enumerate().take(3) {
            *out = palette[band * 256 + usize::from(*index)];
        }
    }
}

impl Psd {
    /// Turns what was stored into what a buffer holds.
    fn finish(&self, image: &mut Image) {
        let (bands, alpha) = (image.bands(), image.alpha);
        let mode = self.header.mode;
        match &mut image.samples {
            Samples::U8(samples) => {
                for pixel in samples.chunks_exact_mut(bands) {
                    finish_pixel(pixel, mode, alpha, 255);
                }
            }
            Samples::U16(samples) => {
                for pixel in samples.chunks_exact_mut(bands) {
                    finish_pixel(pixel, mode, alpha, 65535);
                }
            }
        }
    }
}

/// Takes the paper out of a pixel and sets its colours right: ink is stored as what is left of the
/// paper, and Lab becomes sRGB.
fn finish_pixel<T>(pixel: &mut [T], mode: Mode, alpha: bool, full: u32)
where
    T: Copy + Into<u32> + TryFrom<u32>,
{
    let narrow = |value: u32, old: T| T::try_from(value.min(full)).unwrap_or(old);
    if alpha && let Some((alpha, colours)) = pixel.split_last_mut() {
        let alpha = u64::from((*alpha).into());
        for (band, sample) in colours.iter_mut().enumerate() {
            // The merged picture lies on white: no ink, full light, and in Lab no colour.
            let middle = full.div_ceil(2);
            let paper = if mode == Mode::Lab && band > 0 { middle } else { full };
            *sample = narrow(without_paper((*sample).into(), alpha, paper, full), *sample);
        }
    }
    match mode {
        Mode::Cmyk => {
            for sample in pixel.iter_mut().take(4) {
                *sample = narrow(full - (*sample).into().min(full), *sample);
            }
        }
        Mode::Lab => {
            let stored = [pixel[0].into(), pixel[1].into(), pixel[2].into()];
            for (sample, value) in pixel.iter_mut().zip(lab::to_srgb(stored, full)) {
                *sample = narrow(value, *sample);
            }
        }
        _ => {}
    }
}

/// The colour that, laid with `alpha` over `paper`, gives `seen`; nothing shows what it was where
/// alpha is 0.
fn without_paper(seen: u32, alpha: u64, paper: u32, full: u32) -> u32 {
    if alpha == 0 {
        return seen;
    }
    let (full, alpha) = (i64::from(full), alpha.cast_signed());
    let twice = 2 * (i64::from(seen) * full - (full - alpha) * i64::from(paper)) + alpha;
    u32::try_from(twice.max(0) / (2 * alpha)).unwrap_or(u32::MAX)
}

fn put(row: &[u8], out: &mut [u8], channel: usize, bands: usize) {
    for (sample, out) in row.iter().zip(out.iter_mut().skip(channel).step_by(bands)) {
        *out = *sample;
    }
}

fn put_bits(row: &[u8], first: usize, out: &mut [u8]) {
    for (x, out) in (first..).zip(out) {
        *out = if row[x / 8] & (0x80 >> (x % 8)) == 0 { 255 } else { 0 };
    }
}

fn put_deep<'a>(
    row: &[u8],
    first: usize,
    bits: u16,
    encode_light: bool,
    out: impl Iterator<Item = &'a mut u16>,
) {
    if bits == 16 {
        let (pairs, _) = row.as_chunks::<2>();
        pairs[first..].iter().zip(out).for_each(|(pair, out)| *out = u16::from_be_bytes(*pair));
        return;
    }
    let (words, _) = row.as_chunks::<4>();
    for (word, out) in words[first..].iter().zip(out) {
        let value = f32::from_be_bytes(*word).clamp(0.0, 1.0);
        let value = if encode_light { lab::encoded(value) } else { value };
        // What is no number becomes black.
        *out = (value * 65535.0).round() as u16;
    }
}

/// The reader's place.
fn position(reader: &mut Reader) -> Result<u64> {
    reader.stream_position().map_err(read_error)
}

#[cfg(test)]
pub(super) mod tests;
