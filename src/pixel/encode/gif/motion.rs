//! GIF whose frames follow each other: only what changes is written.
//!
//! A frame is cut to the rectangle in which anything differs from what is shown, and within it what
//! stays as it is becomes transparent. Pixels that turn transparent cannot be written that way: their
//! surroundings are cleared by the frame before. The palette of the first frame is the file's, and
//! frames that it suits nearly as well as one of their own do without: that saves bytes and time, and
//! keeps colours from flickering. Frames that change nothing lengthen the one before.
//!
//! One picture is held back, since how a frame is to be cleared away is known with the next one only.

use std::collections::HashMap;
use std::num::NonZeroU32;

use super::{
    MAX_COLOURS, Nearest, Reduced, add_transparent, exact, opaque_part, reduce, rgba, spread, train,
};
use crate::pixel::encode::{Sequence, check, failed};
use crate::pixel::{Error, Format, Image, Result};

type Pixel = [u8; 4];

const CLEAR: Pixel = [0; 4];

/// A mean squared difference per pixel that is not worth a palette of one's own: two levels in each
/// band.
const FINE_ERROR: u64 = 12;
/// How many pixels a palette is judged by, about.
const JUDGED_PIXELS: usize = 4096;

pub(in crate::pixel::encode) struct Motion {
    width: u16,
    height: u16,
    plays: Option<NonZeroU32>,
    /// Begins with the first frame that is written.
    file: Option<File>,
    /// What is shown before the frame that is held back.
    shown: Vec<Pixel>,
    held: Option<Held>,
    /// Sum of all times so far, and of those that were written, so that roundings do not add up.
    until_ms: u64,
    written_cs: u64,
}

struct Held {
    pixels: Vec<Pixel>,
    shown_ms: u64,
}

struct File {
    encoder: gif::Encoder<Vec<u8>>,
    palette: Shared,
}

/// The file's own palette.
struct Shared {
    numbers: HashMap<Pixel, u8>,
    transparent: Option<u8>,
    nearest: Nearest,
    /// The mean squared difference that it makes to the picture that it was made for.
    error: u64,
}

/// The smallest rectangle around some pixels: left, top, right, bottom, the last two excluded.
#[derive(Clone, Copy)]
struct Bounds(usize, usize, usize, usize);

impl Sequence for Motion {
    fn push(&mut self, image: &Image, shown_ms: u32) -> Result<()> {
        check(image, Format::Gif)?;
        if (image.width, image.height) != (self.width.into(), self.height.into()) {
            return Err(Error::Encode("a frame has another size than the first one".into()));
        }
        let pixels = rgba(image)?;
        let shown_ms = u64::from(shown_ms);
        if let Some(held) = &mut self.held
            && held.pixels == pixels
        {
            held.shown_ms += shown_ms;
            return Ok(());
        }
        if let Some(held) = self.held.take() {
            let vanishes = |at: usize| held.pixels[at] != CLEAR && pixels[at] == CLEAR;
            let vanished = bounds(self.width.into(), held.pixels.len(), vanishes);
            self.write(held, vanished)?;
        }
        self.held = Some(Held { pixels, shown_ms });
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<u8>> {
        if let Some(held) = self.held.take() {
            self.write(held, None)?;
        }
        let file = self.file.ok_or_else(|| Error::Encode("there is no frame".into()))?;
        file.encoder.into_inner().map_err(failed)
    }
}

impl Motion {
    pub(in crate::pixel::encode) fn new(first: &Image, plays: Option<NonZeroU32>) -> Result<Self> {
        let (Ok(width), Ok(height)) = (u16::try_from(first.width), u16::try_from(first.height))
        else {
            return Err(Error::Encode("GIF holds at most 65535 pixels a side".into()));
        };
        let len = usize::from(width) * usize::from(height);
        let mut shown = Vec::new();
        shown.try_reserve_exact(len).map_err(|_| Error::Memory)?;
        shown.resize(len, CLEAR);
        Ok(Self { width, height, plays, file: None, shown, held: None, until_ms: 0, written_cs: 0 })
    }

    /// Writes a frame, which is cleared away afterwards where `vanished` says.
    fn write(&mut self, held: Held, vanished: Option<Bounds>) -> Result<()> {
        let width = usize::from(self.width);
        let first = self.file.is_none();
        let changes = |at: usize| first || held.pixels[at] != self.shown[at];
        let changed = bounds(width, held.pixels.len(), changes);
        let area = match (changed, vanished) {
            (Some(one), Some(other)) => one.around(other),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Bounds(0, 0, 1, 1),
        };
        let Bounds(left, top, right, bottom) = area;
        let mut part = Vec::with_capacity((right - left) * (bottom - top));
        for y in top..bottom {
            for at in y * width + left..y * width + right {
                part.push(if changes(at) { held.pixels[at] } else { CLEAR });
            }
        }
        let (reduced, own) = self.reduce(&part, right - left)?;
        let delay = self.delay(held.shown_ms);
        let frame = gif::Frame {
            delay,
            dispose: match vanished {
                Some(_) => gif::DisposalMethod::Background,
                None => gif::DisposalMethod::Keep,
            },
            transparent: reduced.transparent,
            left: left as u16,
            top: top as u16,
            width: (right - left) as u16,
            height: (bottom - top) as u16,
            palette: own.then_some(reduced.palette),
            buffer: reduced.indices.into(),
            ..gif::Frame::default()
        };
        let file = self.file.as_mut().ok_or_else(|| Error::Encode("there is no file".into()))?;
        file.encoder.write_frame(&frame).map_err(failed)?;
        self.shown = held.pixels;
        if vanished.is_some() {
            for row in self.shown.chunks_exact_mut(width).take(bottom).skip(top) {
                row[left..right].fill(CLEAR);
            }
        }
        Ok(())
    }

    /// The hundredths of a second that a frame is shown.
    fn delay(&mut self, shown_ms: u64) -> u16 {
        self.until_ms += shown_ms;
        let until_cs = (self.until_ms + 5) / 10;
        let delay = u16::try_from(until_cs - self.written_cs).unwrap_or(u16::MAX);
        self.written_cs = until_cs;
        delay
    }

    /// The pixels in terms of a palette, and whether it is their own.
    fn reduce(&mut self, pixels: &[Pixel], width: usize) -> Result<(Reduced, bool)> {
        let Some(file) = &mut self.file else {
            let (file, reduced) = File::begin(pixels, (self.width, self.height), self.plays)?;
            self.file = Some(file);
            return Ok((reduced, false));
        };
        if let Some(indices) = file.palette.exact(pixels) {
            let transparent = file.palette.transparent;
            return Ok((Reduced { palette: Vec::new(), indices, transparent }, false));
        }
        if let Some(indices) = file.palette.near(pixels, width) {
            let transparent = file.palette.transparent;
            return Ok((Reduced { palette: Vec::new(), indices, transparent }, false));
        }
        Ok((exact(pixels).unwrap_or_else(|| reduce(pixels, width)), true))
    }
}

impl File {
    /// Begins a file with the palette of its first frame.
    fn begin(
        pixels: &[Pixel],
        (width, height): (u16, u16),
        plays: Option<NonZeroU32>,
    ) -> Result<(Self, Reduced)> {
        let mut few = exact(pixels);
        // Later frames need an entry for what stays.
        if let Some(reduced) = &mut few
            && reduced.transparent.is_none()
            && reduced.palette.len() < MAX_COLOURS * 3
        {
            reduced.transparent = Some(add_transparent(&mut reduced.palette));
        }
        let (palette, reduced) = match few {
            Some(reduced) => (Shared::of_few(pixels, &reduced), reduced),
            None => {
                let (palette, transparent) = train(pixels, true);
                let mut nearest = Nearest::new(opaque_part(&palette, transparent));
                let error = nearest.error(pixels);
                let indices = spread(pixels, usize::from(width), &mut nearest, transparent);
                let shared = Shared { numbers: HashMap::new(), transparent, nearest, error };
                (shared, Reduced { palette, indices, transparent })
            }
        };
        let mut encoder =
            gif::Encoder::new(Vec::new(), width, height, &reduced.palette).map_err(failed)?;
        let repeat = match plays.map(NonZeroU32::get) {
            None => Some(gif::Repeat::Infinite),
            Some(1) => None,
            Some(times) => Some(gif::Repeat::Finite(u16::try_from(times - 1).unwrap_or(u16::MAX))),
        };
        if let Some(repeat) = repeat {
            encoder.set_repeat(repeat).map_err(failed)?;
        }
        Ok((Self { encoder, palette }, reduced))
    }
}

impl Shared {
    fn of_few(pixels: &[Pixel], reduced: &Reduced) -> Self {
        let opaque = pixels.iter().zip(&reduced.indices).filter(|(pixel, _)| **pixel != CLEAR);
        let numbers = opaque.map(|(pixel, index)| (*pixel, *index)).collect();
        // An entry for transparent pixels may stand anywhere; its colour is as good as any.
        let nearest = Nearest::new(&reduced.palette);
        Self { numbers, transparent: reduced.transparent, nearest, error: 0 }
    }

    /// The pixels by their own colours, if the palette has all of them.
    fn exact(&self, pixels: &[Pixel]) -> Option<Vec<u8>> {
        let number = |pixel: &Pixel| match *pixel {
            CLEAR => self.transparent,
            _ => self.numbers.get(pixel).copied(),
        };
        pixels.iter().map(number).collect()
    }

    /// The pixels by the nearest colours with errors spread, if that is near enough.
    fn near(&mut self, pixels: &[Pixel], width: usize) -> Option<Vec<u8>> {
        let transparent = self.transparent.filter(|_| self.numbers.is_empty())?;
        let most = (self.error * 3 / 2).max(FINE_ERROR);
        (self.nearest.error(pixels) <= most)
            .then(|| spread(pixels, width, &mut self.nearest, Some(transparent)))
    }
}

impl Nearest {
    /// The mean squared difference of opaque pixels to their nearest entries, from some of them.
    fn error(&mut self, pixels: &[Pixel]) -> u64 {
        let step = (pixels.len() / JUDGED_PIXELS).max(1);
        let (mut sum, mut count) = (0, 0);
        for pixel in pixels.iter().step_by(step).filter(|pixel| pixel[3] == 255) {
            let [r, g, b, _] = *pixel;
            let (_, found) = self.find([r, g, b]);
            for (found, wanted) in found.into_iter().zip([r, g, b]) {
                let off = i64::from(found) - i64::from(wanted);
                sum += (off * off) as u64;
            }
            count += 1;
        }
        sum / u64::max(count, 1)
    }
}

impl Bounds {
    fn around(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.min(other.1), self.2.max(other.2), self.3.max(other.3))
    }
}

/// The smallest rectangle around the pixels that are chosen, in rows of `width`.
fn bounds(width: usize, len: usize, chosen: impl Fn(usize) -> bool) -> Option<Bounds> {
    let mut found: Option<Bounds> = None;
    for (y, row) in (0..len).step_by(width).enumerate() {
        let Some(left) = (0..width).find(|x| chosen(row + x)) else { continue };
        let right = (left..width).rfind(|x| chosen(row + x)).unwrap_or(left) + 1;
        let here = Bounds(left, y, right, y + 1);
        found = Some(found.map_or(here, |found| found.around(here)));
    }
    found
}
