//! Pictures that are too large to be held: read in bands of rows, and reduced on the way.
//!
//! A scan of 900 megapixels that is asked for at 400 pixels need not be in memory at any time. Where a
//! decoder gives its rows one after the other, they are added into a reduction that is some times as
//! large as the result, and what is held is that, a band, and the few rows of the reduction that are
//! not complete. What fits is read as always.

use crate::pixel::decode::{Decoded, Info, Region, Source, Want};
use crate::pixel::ladder::{Ladder, Row, scaled_size};
use crate::pixel::{Cancel, Image, Limits, Result, Samples};

/// How many times as large as the least that is wanted a reduction is made: what the kernel overshoots
/// at the edges of letters is cut off twice, and the less of it shows the finer the first cut is.
const FINER: f64 = 4.0;
/// No reduction is made finer than that for more pixels than these, or than this part of the limit.
const MOST_FINER_PIXELS: u64 = 32_000_000;
const FINER_SHARE: u64 = 4;

/// Rows of sums that are open at a time, at most, and what a float of each band weighs beside a pixel.
const OPEN_ROWS: u64 = 8;
const FLOAT_WEIGHT: u64 = 2;

/// Number of pixels that reading a want will hold at once.
pub(super) fn held_pixels(source: &Source, want: &Want, limits: &Limits) -> u64 {
    let direct = source.held_pixels(want);
    if direct <= limits.held_pixels {
        return direct;
    }
    held_in_bands(source, want, limits).unwrap_or(direct)
}

/// The same when it is read in bands; none when it cannot be, or nothing is reduced.
fn held_in_bands(source: &Source, want: &Want, limits: &Limits) -> Option<u64> {
    let Info { width, height, .. } = *source.info();
    let region = want.region.within(width, height);
    if want.min_scale >= 1.0 {
        return None;
    }
    let band = source.held_by_rows(region)?;
    let (width, height) = scaled_size(region.width, region.height, scale(region, want, limits));
    let sums = u64::from(region.width) * OPEN_ROWS * FLOAT_WEIGHT;
    Some(band + sums + u64::from(width) * u64::from(height))
}

/// The scale of the reduction for a want that is to be reduced.
fn scale(region: Region, want: &Want, limits: &Limits) -> f64 {
    let most_pixels = MOST_FINER_PIXELS.min(limits.held_pixels / FINER_SHARE);
    let most = (most_pixels as f64 / region.pixels() as f64).sqrt();
    (want.min_scale * FINER).min(most).clamp(want.min_scale, 1.0)
}

/// Reads the wanted pixels; `linear` reduces in proportion to light.
///
/// # Errors
/// As [`Source::decode`].
pub(super) fn decode(
    source: Source,
    want: &Want,
    linear: bool,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Decoded> {
    if source.held_pixels(want) <= limits.held_pixels {
        return source.decode(want, limits, cancel);
    }
    let Some(held) = held_in_bands(&source, want, limits) else {
        // Which refuses it.
        return source.decode(want, limits, cancel);
    };
    limits.check_total(held)?;
    let region = want.region.within(source.info().width, source.info().height);
    let info = Info { width: region.width, height: region.height, ..source.info().clone() };
    let scale = scale(region, want, limits);
    let image = reduced(source, region, (&info, scale), linear, limits, cancel)?;
    let (left, top) = (f64::from(region.x), f64::from(region.y));
    Ok(Decoded { image, left, top, scale: (scale, scale) })
}

fn reduced(
    source: Source,
    region: Region,
    (info, scale): (&Info, f64),
    linear: bool,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Image> {
    let (width, height) = scaled_size(info.width, info.height, scale);
    let mut image = info.try_image(width, height)?;
    let line = image.row_len();
    let mut rows = source.rows(region, limits)?;
    let mut ladder = Ladder::new(info, linear, &[scale])?;
    let mut at = 0;
    while let Some(band) = rows.next(cancel)? {
        ladder.add(&band, 0..band.height, cancel, &mut |_, row| {
            match (&mut image.samples, row) {
                (Samples::U8(all), Row::U8(row)) => all[at..at + line].copy_from_slice(row),
                (Samples::U16(all), Row::U16(row)) => all[at..at + line].copy_from_slice(row),
                _ => unreachable!("a picture and its reduction have one depth"),
            }
            at += line;
            Ok(())
        })?;
    }
    debug_assert!(ladder.is_complete());
    Ok(image)
}
