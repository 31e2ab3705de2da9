//! `quality=auto`: the lowest quality at which a picture looks as good as is asked for.
//!
//! The picture is encoded at a few qualities, read back, and scored against what it was. Scores grow
//! with quality nearly in step, so the next try is interpolated between those before. At most
//! [`TRIES`] are made, of a sample where the picture is large, which bounds the time; nothing depends
//! on anything but the picture and the options.

use std::io::Cursor;

use super::super::decode::{Input, Opening, Source, Want};
use super::super::encode::{EncodeOptions, encode};
use super::super::score::Reference;
use super::super::{Cancel, ColourSpace, Image, Limits, Metadata, Quality, Result, Samples};

/// The lowest quality that is tried: below it files hardly become smaller.
const LOWEST: u8 = 20;
/// The highest: above it they become much larger.
pub(super) const HIGHEST: u8 = 95;
/// How often a picture is encoded at most.
const TRIES: usize = 6;
/// What a score may miss the aim by.
const TOLERANCE: f64 = 0.8;
/// Points of score that one step of quality brings, about: for the second try.
const SLOPE: f64 = 0.6;
/// Sides of the patches that a large picture is sampled by, and how many along each side: whole
/// blocks of every codec.
const PATCH: u32 = 128;
const PATCHES: u32 = 4;

/// The quality at which the picture, encoded as the options say, scores `aimed` or, by a hair, less;
/// the usual one for pictures that cannot be judged.
///
/// # Errors
/// [`Error::Cancelled`](super::super::Error::Cancelled); whatever encoding finds.
pub(super) fn quality(
    image: &Image,
    options: &EncodeOptions,
    aimed: f64,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<u8> {
    let usual = options.quality.lossy;
    let sample = sample(image);
    let reference =
        rgb(&sample).and_then(|pixels| Reference::new(&pixels, (sample.width, sample.height)));
    let Some(reference) = reference else { return Ok(usual) };
    let mut search = Search::new(aimed);
    for _ in 0..TRIES {
        let Some(quality) = search.next(usual) else { break };
        cancel.check()?;
        let options = EncodeOptions {
            quality: Quality { lossy: quality, ..options.quality },
            strip: true,
            ..options.clone()
        };
        let bytes = encode(&sample, &options)?;
        cancel.check()?;
        let Some(score) = score(&reference, bytes, &options, limits, cancel) else {
            return Ok(usual);
        };
        search.note(quality, score);
    }
    Ok(search.found())
}

/// The score of an encoded picture; none when it cannot be read here.
fn score(
    reference: &Reference,
    bytes: Vec<u8>,
    options: &EncodeOptions,
    limits: &Limits,
    cancel: &Cancel,
) -> Option<f64> {
    let len = bytes.len() as u64;
    let input = Input::new(Cursor::new(bytes), len, Some(options.format));
    // These bytes are our own: no file of a stranger is read here.
    let source = Source::open_here(input, options.format, &Opening::default(), limits).ok()?;
    let want = Want::everything(source.info().width, source.info().height);
    let decoded = source.decode(&want, limits, cancel).ok()?;
    reference.score(&rgb(&decoded.image)?)
}

/// Tries so far: the best that is not enough, and the least that is.
struct Search {
    aimed: f64,
    below: Option<(u8, f64)>,
    above: Option<(u8, f64)>,
    hit: Option<u8>,
}

impl Search {
    fn new(aimed: f64) -> Self {
        Self { aimed, below: None, above: None, hit: None }
    }

    /// The quality to try next; none when it is found.
    fn next(&self, first: u8) -> Option<u8> {
        if self.hit.is_some() {
            return None;
        }
        let low = self.below.map_or(LOWEST, |(quality, _)| quality + 1);
        let high = self.above.map_or(HIGHEST, |(quality, _)| quality - 1);
        if low > high {
            return None;
        }
        let guess = match (self.below, self.above) {
            (None, None) => f64::from(first),
            (Some((quality, score)), None) | (None, Some((quality, score))) => {
                f64::from(quality) + (self.aimed - score) / SLOPE
            }
            (Some((low, less)), Some((high, more))) => {
                let part = (self.aimed - less) / (more - less).max(f64::EPSILON);
                f64::from(low) + part * f64::from(high - low)
            }
        };
        Some(guess.round().clamp(f64::from(low), f64::from(high)) as u8)
    }

    fn note(&mut self, quality: u8, score: f64) {
        if (score - self.aimed).abs() <= TOLERANCE {
            self.hit = Some(quality);
        } else if score < self.aimed {
            self.below = Some((quality, score));
        } else {
            self.above = Some((quality, score));
        }
    }

    /// The quality that was found: the least that is enough of those tried, and where none was, the
    /// one after the best.
    fn found(&self) -> u8 {
        self.hit.or(self.above.map(|(quality, _)| quality)).unwrap_or(HIGHEST)
    }
}

/// The picture itself, or patches of it from all over, side by side, without anything descriptive.
fn sample(image: &Image) -> Image {
    let side = PATCH * PATCHES;
    let bare = |samples, width, height| Image {
        width,
        height,
        samples,
        space: image.space,
        alpha: image.alpha,
        profile: None,
        metadata: Metadata::default(),
    };
    if u64::from(image.width) * u64::from(image.height) <= 2 * u64::from(side) * u64::from(side) {
        return bare(image.samples.clone(), image.width, image.height);
    }
    // A long narrow picture gives fewer patches along its short side.
    let along = |len: u32| (len / PATCH).clamp(1, PATCHES);
    let (columns, rows) = (along(image.width), along(image.height));
    let (width, height) = (PATCH.min(image.width), PATCH.min(image.height));
    let start = |index: u32, count: u32, len: u32, part: u32| {
        (u64::from(len - part) * u64::from(2 * index + 1) / u64::from(2 * count)) as usize
    };
    let mut ranges = Vec::new();
    for y in 0..rows * height {
        let row = start(y / height, rows, image.height, height) + (y % height) as usize;
        for column in 0..columns {
            let x = start(column, columns, image.width, width);
            let from = (row * image.width as usize + x) * image.bands();
            ranges.push(from..from + width as usize * image.bands());
        }
    }
    let samples = match &image.samples {
        Samples::U8(all) => Samples::U8(ranges.into_iter().flat_map(|r| all[r].to_vec()).collect()),
        Samples::U16(all) => {
            Samples::U16(ranges.into_iter().flat_map(|r| all[r].to_vec()).collect())
        }
    };
    bare(samples, columns * width, rows * height)
}

/// RGB of 8 bits, on middle grey where it is transparent; none for CMYK, whose look depends on more
/// than its numbers.
fn rgb(image: &Image) -> Option<Vec<u8>> {
    if image.space == ColourSpace::Cmyk {
        return None;
    }
    let bands = image.bands();
    let pixel = |samples: &mut dyn Iterator<Item = u8>| {
        let mut band = [0; 4];
        for (to, from) in band.iter_mut().zip(samples) {
            *to = from;
        }
        let (colour, alpha) = match (bands, image.alpha) {
            (1, _) => ([band[0]; 3], 255),
            (2, _) => ([band[0]; 3], band[1]),
            (_, true) => ([band[0], band[1], band[2]], band[3]),
            (_, false) => ([band[0], band[1], band[2]], 255),
        };
        colour.map(|value| {
            let mixed = u16::from(value) * u16::from(alpha) + 128 * u16::from(255 - alpha);
            ((mixed + 127) / 255) as u8
        })
    };
    Some(match &image.samples {
        Samples::U8(samples) => {
            samples.chunks_exact(bands).flat_map(|p| pixel(&mut p.iter().copied())).collect()
        }
        Samples::U16(samples) => samples
            .chunks_exact(bands)
            .flat_map(|p| pixel(&mut p.iter().map(|value| (value >> 8) as u8)))
            .collect(),
    })
}
