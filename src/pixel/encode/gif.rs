//! GIF: frames of at most 256 colours each.
//!
//! A picture that has few enough colours keeps them exactly. Otherwise a palette is trained on its
//! pixels (NeuQuant) and the rounding error is spread to neighbours (Floyd–Steinberg, in serpentine
//! order), so that gradients do not break into bands. Transparency is on or off: alpha below
//! one half becomes transparent.

mod motion;

use std::collections::HashMap;

use color_quant::NeuQuant;

pub(super) use self::motion::Motion;
use super::{EncodeOptions, Side, failed};
use crate::pixel::{ColourSpace, Error, Image, Result, Samples};

const MAX_COLOURS: usize = 256;
const OPAQUE_FROM: u8 = 128;
/// How many pixels a palette is trained on, about: training time grows with them.
const TRAINING_PIXELS: usize = 40_000;

pub(super) fn encode(image: &Image, _options: &EncodeOptions, _side: &Side<'_>) -> Result<Vec<u8>> {
    let (Ok(width), Ok(height)) = (u16::try_from(image.width), u16::try_from(image.height)) else {
        return Err(Error::Encode("GIF holds at most 65535 pixels a side".into()));
    };
    let pixels = rgba(image)?;
    let reduced = exact(&pixels).unwrap_or_else(|| reduce(&pixels, usize::from(width)));
    let frame = gif::Frame {
        width,
        height,
        transparent: reduced.transparent,
        buffer: reduced.indices.into(),
        ..gif::Frame::default()
    };
    let mut out = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut out, width, height, &reduced.palette).map_err(failed)?;
    encoder.write_frame(&frame).map_err(failed)?;
    drop(encoder);
    Ok(out)
}

/// A picture in terms of a palette.
struct Reduced {
    /// RGB triples, at most 256.
    palette: Vec<u8>,
    indices: Vec<u8>,
    transparent: Option<u8>,
}

/// Any picture as RGBA whose alpha is 0 or 255, transparent pixels being all zero.
fn rgba(image: &Image) -> Result<Vec<[u8; 4]>> {
    let Samples::U8(samples) = &image.samples else {
        return Err(Error::Encode("GIF cannot hold 16 bits per sample".into()));
    };
    if image.space == ColourSpace::Cmyk {
        return Err(Error::Encode("GIF cannot hold CMYK".into()));
    }
    let bands = image.bands();
    let mut out = Vec::new();
    out.try_reserve_exact(samples.len() / bands).map_err(|_| Error::Memory)?;
    out.extend(samples.chunks_exact(bands).map(|pixel| match *pixel {
        [v] => [v, v, v, 255],
        [v, a] if a >= OPAQUE_FROM => [v, v, v, 255],
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a] if a >= OPAQUE_FROM => [r, g, b, 255],
        _ => [0; 4],
    }));
    Ok(out)
}

/// The picture with exactly its own colours, if they are few enough.
fn exact(pixels: &[[u8; 4]]) -> Option<Reduced> {
    let mut numbers: HashMap<[u8; 4], u8> = HashMap::new();
    let mut palette = Vec::new();
    let mut indices = Vec::with_capacity(pixels.len());
    let mut last = None;
    for pixel in pixels {
        if let Some((colour, index)) = last
            && colour == *pixel
        {
            indices.push(index);
            continue;
        }
        let index = match numbers.get(pixel) {
            Some(index) => *index,
            None => {
                let index = u8::try_from(numbers.len()).ok()?;
                numbers.insert(*pixel, index);
                palette.extend_from_slice(&pixel[..3]);
                index
            }
        };
        last = Some((*pixel, index));
        indices.push(index);
    }
    Some(Reduced { palette, indices, transparent: numbers.get(&[0; 4]).copied() })
}

/// The picture with a trained palette and spread errors.
fn reduce(pixels: &[[u8; 4]], width: usize) -> Reduced {
    let see_through = pixels.iter().any(|pixel| pixel[3] == 0);
    let (palette, transparent) = train(pixels, see_through);
    let mut nearest = Nearest::new(opaque_part(&palette, transparent));
    let indices = spread(pixels, width, &mut nearest, transparent);
    Reduced { palette, indices, transparent }
}

/// A palette for the opaque pixels, with a last entry for transparent ones if there has to be one.
fn train(pixels: &[[u8; 4]], see_through: bool) -> (Vec<u8>, Option<u8>) {
    let opaque: Vec<u8> =
        pixels.iter().filter(|pixel| pixel[3] == 255).flatten().copied().collect();
    // NeuQuant looks at one pixel in so many, at most 30.
    let step = (opaque.len() / 4 / TRAINING_PIXELS).clamp(1, 30) as i32;
    let colours = MAX_COLOURS - usize::from(see_through);
    let mut palette = NeuQuant::new(step, colours, &opaque).color_map_rgb();
    palette.truncate(colours * 3);
    let transparent = see_through.then(|| add_transparent(&mut palette));
    (palette, transparent)
}

/// Adds an entry for transparent pixels; there must be room.
fn add_transparent(palette: &mut Vec<u8>) -> u8 {
    palette.extend_from_slice(&[0; 3]);
    u8::try_from(palette.len() / 3 - 1).unwrap_or(u8::MAX)
}

/// The entries of a palette that are colours, when the transparent one is the last.
fn opaque_part(palette: &[u8], transparent: Option<u8>) -> &[u8] {
    &palette[..palette.len() - if transparent.is_some() { 3 } else { 0 }]
}

/// Looks up palette entries, remembering the answer for each small cube of colours.
///
/// The palette lies in one array per band, so that a search compares many entries at once.
struct Nearest {
    bands: [[i16; MAX_COLOURS]; 3],
    known: Vec<u16>,
}

impl Nearest {
    const UNKNOWN: u16 = u16::MAX;
    /// So far from every colour that an unused entry is never chosen.
    const UNUSED: i16 = 1000;

    fn new(palette: &[u8]) -> Self {
        let mut bands = [[Self::UNUSED; MAX_COLOURS]; 3];
        for (at, colour) in palette.as_chunks::<3>().0.iter().enumerate().take(MAX_COLOURS) {
            for (band, value) in bands.iter_mut().zip(colour) {
                band[at] = i16::from(*value);
            }
        }
        Self { bands, known: vec![Self::UNKNOWN; 1 << 18] }
    }

    fn find(&mut self, colour: [u8; 3]) -> (u8, [i32; 3]) {
        let [r, g, b] = colour.map(|value| usize::from(value >> 2));
        let slot = r << 12 | g << 6 | b;
        if self.known[slot] == Self::UNKNOWN {
            self.known[slot] = self.search(colour.map(|value| i16::from(value & !3) + 2));
        }
        let index = self.known[slot];
        (index as u8, self.bands.each_ref().map(|band| i32::from(band[usize::from(index)])))
    }

    fn search(&self, [r, g, b]: [i16; 3]) -> u16 {
        let [reds, greens, blues] = &self.bands;
        let mut best = i32::MAX;
        for at in 0..MAX_COLOURS {
            let square = |known: i16, wanted: i16| {
                let difference = i32::from(known - wanted);
                difference * difference
            };
            let distance = square(reds[at], r) + square(greens[at], g) + square(blues[at], b);
            // Distance above, index below: the least number tells both.
            best = best.min(distance << 8 | at as i32);
        }
        (best & 0xff) as u16
    }
}

/// Floyd–Steinberg: an error goes 7/16 ahead, 3/16, 5/16 and 1/16 below.
fn spread(
    pixels: &[[u8; 4]],
    width: usize,
    nearest: &mut Nearest,
    transparent: Option<u8>,
) -> Vec<u8> {
    let mut indices = vec![0; pixels.len()];
    // One cell of margin on both sides spares the edges a check.
    let mut this = vec![[0i32; 3]; width + 2];
    let mut below = this.clone();
    let rows = pixels.chunks_exact(width).zip(indices.chunks_exact_mut(width));
    for (y, (row, indices)) in rows.enumerate() {
        let backwards = y % 2 == 1;
        for step in 0..width {
            let x = if backwards { width - 1 - step } else { step };
            let (ahead, behind) = if backwards { (x, x + 2) } else { (x + 2, x) };
            let [r, g, b, a] = row[x];
            if let (0, Some(index)) = (a, transparent) {
                indices[x] = index;
                continue;
            }
            let mut wanted = [0; 3];
            for (band, value) in [r, g, b].into_iter().enumerate() {
                wanted[band] = (i32::from(value) + this[x + 1][band] / 16).clamp(0, 255);
            }
            let (index, found) = nearest.find(wanted.map(|value| value as u8));
            indices[x] = index;
            for band in 0..3 {
                let error = wanted[band] - found[band];
                this[ahead][band] += error * 7;
                below[behind][band] += error * 3;
                below[x + 1][band] += error * 5;
                below[ahead][band] += error;
            }
        }
        std::mem::swap(&mut this, &mut below);
        below.fill([0; 3]);
    }
    indices
}
