//! Whether what is made from a level can be told from what is made from the original.
//!
//! Every level is reduced, as the engine would do it, to the size of a smaller one, which was made
//! from the original's own pixels; the two are compared by SSIMULACRA2 (J. Sneyers, Cloudinary, 2022),
//! where 90 means that nobody tells them apart side by side. √2 is tried first, the smallest ratio
//! at which levels of this spacing are used, then 2 and 2√2. A ratio is admitted from [`ENOUGH`] on,
//! which leaves the ratios between them a reserve.
//!
//! Photographs pass at √2. Charts whose finest lines are at the limit of what a level can hold do
//! not: overshoot that eight bits cut off is lost to the second reduction. They are made from the
//! original as before.

use super::level::Prepared;
use crate::pixel::decode::Region;
use crate::pixel::ladder::reduce_again;
use crate::pixel::score::Reference;
use crate::pixel::{Cancel, ColourSpace, Image, Result, Samples};

/// The score from which on a ratio is admitted.
pub(super) const ENOUGH: f64 = 92.0;

/// Levels are a factor of √2 apart: how many further down those are that a level is tried at.
const STEPS: [usize; 3] = [1, 2, 3];

/// Larger pictures are compared in windows.
const WHOLE: u32 = 576;

/// Side of a window; three by three of them are spread over the picture.
const WINDOW: u32 = 192;

/// The measure needs some pixels to work on.
const LEAST: u32 = 16;

/// The smallest ratio at which a level may be used, and its score; nothing when none suffices or
/// there is no smaller level to compare with.
pub(super) fn admit(
    prepared: &Prepared,
    level: usize,
    linear: bool,
    cancel: &Cancel,
) -> Result<Option<(f64, f64)>> {
    let levels = &prepared.header.levels;
    for step in STEPS {
        let Some(smaller) = levels.get(level + step) else { break };
        if smaller.width < LEAST || smaller.height < LEAST {
            break;
        }
        let score = score(prepared, level, level + step, linear, cancel)?;
        if score >= ENOUGH {
            return Ok(Some((levels[level].scale / smaller.scale, score)));
        }
    }
    Ok(None)
}

fn score(
    prepared: &Prepared,
    level: usize,
    smaller: usize,
    linear: bool,
    cancel: &Cancel,
) -> Result<f64> {
    let (from, to) = (&prepared.header.levels[level], &prepared.header.levels[smaller]);
    let ratio = from.scale / to.scale;
    let (mut exact, mut again) = (Mosaic::default(), Mosaic::default());
    for row in windows(to.height) {
        for column in windows(to.width) {
            cancel.check()?;
            let window = Region { x: column.0, y: row.0, width: column.1, height: row.1 };
            let part = reach(window, ratio, (from.width, from.height));
            let reduced = reduce_again(
                &prepared.read(level, part)?,
                (part.x, part.y),
                (from.scale, to.scale),
                (to.width, to.height),
                window,
                linear,
                cancel,
            )?;
            exact.add(&prepared.read(smaller, window)?);
            again.add(&reduced);
        }
    }
    Ok(compare(&exact, &again))
}

/// Start and length of the windows along a side.
fn windows(len: u32) -> Vec<(u32, u32)> {
    if len <= WHOLE {
        return vec![(0, len)];
    }
    let gap = len - WINDOW;
    vec![(0, WINDOW), (gap / 2, WINDOW), (gap, WINDOW)]
}

/// The part of a level that a window of a smaller one is made from.
fn reach(window: Region, ratio: f64, (width, height): (u32, u32)) -> Region {
    let along = |at: u32, len: u32, size: u32| {
        let support = 3.0 * ratio + 2.0;
        let low = ((f64::from(at) * ratio - support).max(0.0) as u32).min(size - 1);
        let high = (f64::from(at + len) * ratio + support).ceil() as u32;
        (low, high.clamp(low + 1, size) - low)
    };
    let (x, width) = along(window.x, window.width, width);
    let (y, height) = along(window.y, window.height, height);
    Region { x, y, width, height }
}

/// Windows one below the other, as sRGB of 8 bits.
#[derive(Default)]
struct Mosaic {
    width: u32,
    rgb: Vec<u8>,
}

impl Mosaic {
    fn add(&mut self, image: &Image) {
        // Windows of one picture differ in width only where it is narrow: then there is one column.
        self.width = image.width;
        let value = |index: usize| match &image.samples {
            Samples::U8(samples) => f32::from(samples[index]) / 255.0,
            Samples::U16(samples) => f32::from(samples[index]) / 65_535.0,
        };
        let bands = image.bands();
        for start in (0..image.samples.len()).step_by(bands) {
            let mut colour = match image.space {
                ColourSpace::Gray => [value(start); 3],
                ColourSpace::Rgb => [value(start), value(start + 1), value(start + 2)],
                ColourSpace::Cmyk => std::array::from_fn(|band| {
                    (1.0 - value(start + band)) * (1.0 - value(start + 3))
                }),
            };
            if image.alpha {
                // On mid grey both a wrong colour and a wrong alpha show.
                let alpha = value(start + bands - 1);
                colour = colour.map(|colour| colour * alpha + 0.5 * (1.0 - alpha));
            }
            self.rgb.extend(colour.map(|value| (value * 255.0).round() as u8));
        }
    }

    fn size(&self) -> (u32, u32) {
        (self.width, (self.rgb.len() / 3 / self.width.max(1) as usize) as u32)
    }
}

/// The score of two pictures of one size; the worst when they cannot be compared.
fn compare(one: &Mosaic, other: &Mosaic) -> f64 {
    Reference::new(&one.rgb, one.size())
        .and_then(|reference| reference.score(&other.rgb))
        .unwrap_or(f64::NEG_INFINITY)
}
