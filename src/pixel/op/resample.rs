//! Resizing, in proportion to light.
//!
//! Works on 32-bit floats throughout: source rows are decoded to linear light as they come, added
//! into the result rows that they take part in, and a result row that has all of its source rows
//! is reduced along its width and encoded. So the source is read once, intermediate values are
//! neither rounded nor cut (overshoot of the kernel in one direction is evened out in the other),
//! and memory beside source and result is a few rows.

use std::cell::RefCell;
use std::ops::Range;

use super::kernel::Axis;
use crate::pixel::colour::curve::Light;
use crate::pixel::plan::{Area, Rect, Size};
use crate::pixel::{Cancel, Depth, Image, Result, Samples};

/// What part of a source becomes what part of a result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resize {
    /// The part of the source, in its pixels.
    pub from: Area,
    /// The pixels of the source that may be read.
    pub within: Rect,
    /// The size that `from` would have as a whole.
    pub size: Size,
    /// The part of that which is made.
    pub wanted: Rect,
}

/// Resamples a picture with the Lanczos kernel; where both axes come out pixel for pixel it is a
/// plain copy. Straight alpha in and out; colours are weighted by their alpha between.
///
/// # Errors
/// [`Error::Limit`](crate::pixel::Error::Limit) when memory is short,
/// [`Error::Cancelled`](crate::pixel::Error::Cancelled).
pub(crate) fn resample(
    image: &Image,
    resize: &Resize,
    light: &Light,
    cancel: &Cancel,
) -> Result<Image> {
    let Resize { from, within, size, wanted } = *resize;
    let (columns, rows) = (wanted.x..wanted.x + wanted.width, wanted.y..wanted.y + wanted.height);
    let across =
        Axis::new(from.x, from.width, size.width, columns, within.x..within.x + within.width);
    let down =
        Axis::new(from.y, from.height, size.height, rows, within.y..within.y + within.height);
    let bands = image.bands();
    let len = wanted.width as usize * wanted.height as usize * bands;
    let mut samples = Samples::try_zeroed(image.depth(), len)?;
    if across.copies() && down.copies() {
        copy(image, &across, &down, &mut samples);
    } else {
        let job = Job { across: &across, down: &down, image, light, cancel };
        match image.depth() {
            Depth::U8 => job.by_bands::<u8>(&mut samples)?,
            Depth::U16 => job.by_bands::<u16>(&mut samples)?,
        }
    }
    Ok(image.with_samples(wanted.width, wanted.height, samples))
}

fn copy(image: &Image, across: &Axis, down: &Axis, samples: &mut Samples) {
    fn rows<T: Copy>(from: &[T], into: &mut [T], image: &Image, across: &Axis, down: &Axis) {
        let bands = image.bands();
        let columns = across.reach();
        let rows = into.chunks_exact_mut(columns.len() * bands);
        for (index, row) in rows.enumerate() {
            let start = down.range(index).start * image.row_len() + columns.start * bands;
            row.copy_from_slice(&from[start..start + columns.len() * bands]);
        }
    }
    match (&image.samples, samples) {
        (Samples::U8(from), Samples::U8(into)) => rows(from, into, image, across, down),
        (Samples::U16(from), Samples::U16(into)) => rows(from, into, image, across, down),
        _ => unreachable!("the samples were made with the picture's depth"),
    }
}

struct Job<'a> {
    across: &'a Axis,
    down: &'a Axis,
    image: &'a Image,
    light: &'a Light,
    cancel: &'a Cancel,
}

/// A sample depth that the kernel can read and write.
pub(crate) trait Sample: Copy + Default + 'static {
    /// The largest value.
    const FULL: f32;
    /// The samples, when they have this depth.
    fn of(samples: &Samples) -> Option<&[Self]>;
    /// The samples, when they have this depth.
    fn of_mut(samples: &mut Samples) -> Option<&mut [Self]>;
    /// From encoded values to those that are mixed, 0–1, by a table per colour band.
    fn tables(light: &Light) -> [Table<'_>; 3];
    /// The sample as a number.
    fn wide(self) -> usize;
    /// The nearest sample to a value, 0–1; values outside are cut.
    fn rounded(value: f32) -> Self;
    /// The sample for linear light, 0–1; values outside are cut.
    fn encoded(curve: &crate::pixel::colour::curve::Curve, linear: f32) -> Self;
}

/// A table from sample to mixed value, or none where that is the sample itself.
type Table<'a> = Option<&'a [f32]>;

impl Sample for u8 {
    const FULL: f32 = 255.0;

    fn of(samples: &Samples) -> Option<&[Self]> {
        if let Samples::U8(samples) = samples { Some(samples) } else { None }
    }

    fn of_mut(samples: &mut Samples) -> Option<&mut [Self]> {
        if let Samples::U8(samples) = samples { Some(samples) } else { None }
    }

    fn tables(light: &Light) -> [Table<'_>; 3] {
        match light {
            Light::Encoded => [None; 3],
            Light::Linear(curves) => std::array::from_fn(|band| Some(&curves[band].decode8[..])),
        }
    }

    #[inline(always)]
    fn wide(self) -> usize {
        usize::from(self)
    }

    #[inline(always)]
    fn rounded(value: f32) -> Self {
        (value * Self::FULL + 0.5) as Self
    }

    #[inline(always)]
    fn encoded(curve: &crate::pixel::colour::curve::Curve, linear: f32) -> Self {
        curve.encode8(linear)
    }
}

impl Sample for u16 {
    const FULL: f32 = 65535.0;

    fn of(samples: &Samples) -> Option<&[Self]> {
        if let Samples::U16(samples) = samples { Some(samples) } else { None }
    }

    fn of_mut(samples: &mut Samples) -> Option<&mut [Self]> {
        if let Samples::U16(samples) = samples { Some(samples) } else { None }
    }

    fn tables(light: &Light) -> [Table<'_>; 3] {
        match light {
            Light::Encoded => [None; 3],
            Light::Linear(curves) => std::array::from_fn(|band| Some(curves[band].decode16())),
        }
    }

    #[inline(always)]
    fn wide(self) -> usize {
        usize::from(self)
    }

    #[inline(always)]
    fn rounded(value: f32) -> Self {
        (value * Self::FULL + 0.5) as Self
    }

    #[inline(always)]
    fn encoded(curve: &crate::pixel::colour::curve::Curve, linear: f32) -> Self {
        curve.encode16(linear)
    }
}

thread_local! {
    /// Row buffers, kept from one picture to the next.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

#[derive(Default)]
struct Scratch {
    /// A result row that is complete down but not yet reduced across, with three floats behind it
    /// that vector loads may touch.
    sums: Vec<f32>,
    /// The result row in floats.
    row: Vec<f32>,
    /// Decoded source rows, a ring.
    ring: Vec<f32>,
}

/// Floats behind a row that vector loads of the last pixel may touch.
const SLACK: usize = 8;

/// Larger row buffers are given back after use, so that one huge picture does not bind memory.
const KEPT_FLOATS: usize = 1 << 20;

impl Job<'_> {
    fn by_bands<T: Sample>(&self, samples: &mut Samples) -> Result<()> {
        let from = T::of(&self.image.samples).expect("chosen by the picture's depth");
        let into = T::of_mut(samples).expect("made with the picture's depth");
        SCRATCH.with_borrow_mut(|scratch| {
            let result = match self.image.bands() {
                1 => self.best::<T, 1>(from, into, scratch),
                2 => self.best::<T, 2>(from, into, scratch),
                3 => self.best::<T, 3>(from, into, scratch),
                4 => self.best::<T, 4>(from, into, scratch),
                _ => self.best::<T, 5>(from, into, scratch),
            };
            if scratch.ring.len() > KEPT_FLOATS {
                *scratch = Scratch::default();
            }
            result
        })
    }

    /// Runs with the widest instructions that the processor has.
    fn best<T: Sample, const BANDS: usize>(
        &self,
        from: &[T],
        into: &mut [T],
        scratch: &mut Scratch,
    ) -> Result<()> {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
        {
            #[allow(unsafe_code)]
            // SAFETY: the processor was just found to have both features.
            return unsafe { self.run_avx2::<T, BANDS>(from, into, scratch) };
        }
        self.run::<T, BANDS, false>(from, into, scratch)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn run_avx2<T: Sample, const BANDS: usize>(
        &self,
        from: &[T],
        into: &mut [T],
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.run::<T, BANDS, true>(from, into, scratch)
    }

    /// `FUSED` says that multiplying and adding in one step is an instruction and not a library
    /// call.
    #[inline(always)]
    fn run<T: Sample, const BANDS: usize, const FUSED: bool>(
        &self,
        from: &[T],
        into: &mut [T],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let columns = self.across.reach();
        let width = columns.len() * BANDS;
        let stride = self.image.row_len();
        let slots = (0..self.down.len()).map(|row| self.down.range(row).len()).max().unwrap_or(1);
        let Scratch { sums, row, ring } = scratch;
        grow(sums, width + SLACK)?;
        grow(row, self.across.len() * BANDS)?;
        grow(ring, slots * width)?;
        let tables = T::tables(self.light);
        let mut next = 0;
        let result_rows = into.chunks_exact_mut(self.across.len() * BANDS);
        for (index, result) in result_rows.enumerate() {
            self.cancel.check()?;
            let rows = self.down.range(index);
            for y in next.max(rows.start)..rows.end {
                let source = &from[y * stride + columns.start * BANDS..][..width];
                let slot = (y % slots) * width;
                self.decode::<T, BANDS>(source, &mut ring[slot..slot + width], &tables);
            }
            next = next.max(rows.end);
            add_rows::<FUSED>(&mut sums[..width], ring, rows, slots, self.down.weights(index));
            let row = &mut row[..self.across.len() * BANDS];
            self.reduce::<BANDS, FUSED>(sums, row, columns.start);
            self.encode::<T, BANDS>(row, result);
        }
        Ok(())
    }

    /// One source row in mixed values; colours multiplied by alpha.
    #[inline(always)]
    fn decode<T: Sample, const BANDS: usize>(
        &self,
        from: &[T],
        into: &mut [f32],
        tables: &[Table; 3],
    ) {
        let pixels = from.as_chunks::<BANDS>().0.iter().zip(into.as_chunks_mut::<BANDS>().0);
        let colours = BANDS - usize::from(self.image.alpha);
        let [Some(first), Some(second), Some(third)] = tables else {
            for (pixel, values) in pixels {
                for (sample, value) in pixel.iter().zip(values.iter_mut()) {
                    *value = sample.wide() as f32 * (1.0 / T::FULL);
                }
                premultiply(values, self.image.alpha);
            }
            return;
        };
        for (pixel, values) in pixels {
            for band in 0..BANDS {
                let table = [*first, *second, *third][band.min(2)];
                let sample = pixel[band].wide();
                values[band] =
                    if band < colours { table[sample] } else { sample as f32 * (1.0 / T::FULL) };
            }
            premultiply(values, self.image.alpha);
        }
    }

    /// A result row from a row of sums that starts at source column `start`.
    #[inline(always)]
    fn reduce<const BANDS: usize, const FUSED: bool>(
        &self,
        sums: &[f32],
        row: &mut [f32],
        start: usize,
    ) {
        for (index, pixel) in row.as_chunks_mut::<BANDS>().0.iter_mut().enumerate() {
            let first = self.across.range(index).start - start;
            let weights = self.across.weights(index);
            let mut total = [0.0_f32; SLACK];
            for (tap, weight) in weights.iter().enumerate() {
                let lanes: &[f32; SLACK] = sums[(first + tap) * BANDS..]
                    .first_chunk()
                    .expect("rows have slack behind them");
                for lane in 0..if BANDS <= 4 { 4 } else { SLACK } {
                    total[lane] = multiply_add::<FUSED>(lanes[lane], *weight, total[lane]);
                }
            }
            pixel.copy_from_slice(&total[..BANDS]);
        }
    }

    /// A result row in samples; colours divided by alpha.
    #[inline(always)]
    fn encode<T: Sample, const BANDS: usize>(&self, row: &[f32], result: &mut [T]) {
        let colours = BANDS - usize::from(self.image.alpha);
        let pixels = row.as_chunks::<BANDS>().0.iter().zip(result.as_chunks_mut::<BANDS>().0);
        for (values, pixel) in pixels {
            let mut values = *values;
            if self.image.alpha {
                // Uncut: where the kernel overshoots it does so in colour and alpha alike.
                let alpha = values[colours];
                let share = if alpha > 0.0 { 1.0 / alpha } else { 0.0 };
                for value in &mut values[..colours] {
                    *value *= share;
                }
            }
            for band in 0..BANDS {
                pixel[band] = match self.light {
                    Light::Linear(curves) if band < colours => {
                        T::encoded(&curves[band.min(2)], values[band])
                    }
                    _ => T::rounded(values[band]),
                };
            }
        }
    }
}

#[inline(always)]
fn premultiply<const BANDS: usize>(values: &mut [f32; BANDS], alpha: bool) {
    if alpha {
        let share = values[BANDS - 1];
        for value in &mut values[..BANDS - 1] {
            *value *= share;
        }
    }
}

/// The weighted sum of the ring's rows `rows`.
#[inline(always)]
fn add_rows<const FUSED: bool>(
    sums: &mut [f32],
    ring: &[f32],
    rows: Range<usize>,
    slots: usize,
    weights: &[f32],
) {
    const BLOCK: usize = 64;
    let width = sums.len();
    let mut at = 0;
    while at < width {
        let len = BLOCK.min(width - at);
        if len == BLOCK {
            let mut block = [0.0_f32; BLOCK];
            for (y, weight) in rows.clone().zip(weights) {
                let row: &[f32; BLOCK] =
                    ring[(y % slots) * width + at..].first_chunk().expect("a whole block is left");
                for (sum, value) in block.iter_mut().zip(row) {
                    *sum = multiply_add::<FUSED>(*value, *weight, *sum);
                }
            }
            sums[at..at + BLOCK].copy_from_slice(&block);
        } else {
            sums[at..].fill(0.0);
            for (y, weight) in rows.clone().zip(weights) {
                let row = &ring[(y % slots) * width + at..][..len];
                for (sum, value) in sums[at..].iter_mut().zip(row) {
                    *sum = multiply_add::<FUSED>(*value, *weight, *sum);
                }
            }
        }
        at += len;
    }
}

#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

fn grow(buffer: &mut Vec<f32>, len: usize) -> Result<()> {
    if buffer.len() < len {
        buffer
            .try_reserve_exact(len - buffer.len())
            .map_err(|_| crate::pixel::Error::Limit("not enough memory for its rows".into()))?;
        buffer.resize(len, 0.0);
    }
    Ok(())
}
