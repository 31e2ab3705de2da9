//! Resizing, in proportion to light.
//!
//! Works on 32-bit floats throughout: source rows are decoded to linear light as they come, added
//! into the result rows that they take part in, and a result row that has all of its source rows
//! is reduced along its width and encoded. So the source is read once, intermediate values are
//! neither rounded nor cut (overshoot of the kernel in one direction is evened out in the other),
//! and memory beside source and result is a few rows.

use std::cell::RefCell;

use super::kernel::{Axis, Kernel};
use super::mask::Mask;
use super::rows::{add_rows, reduce};
use super::sample::{ROUNDING, Sample};
use crate::pixel::colour::curve::{Curve, Light};
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
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short,
/// [`Error::Cancelled`](crate::pixel::Error::Cancelled).
pub(crate) fn resample(
    image: &Image,
    resize: &Resize,
    light: &Light,
    cancel: &Cancel,
) -> Result<Image> {
    resample_from(image, false, resize, light, cancel)
}

/// [`resample`], of a source whose pixels may be averages over squares that follow each other
/// without a gap; the kernel then makes up for the fine detail that averaging has weakened.
pub(crate) fn resample_from(
    image: &Image,
    averages: bool,
    resize: &Resize,
    light: &Light,
    cancel: &Cancel,
) -> Result<Image> {
    let Resize { from, within, size, wanted } = *resize;
    let (columns, rows) = (wanted.x..wanted.x + wanted.width, wanted.y..wanted.y + wanted.height);
    let kernel = if averages { Kernel::OfAverages } else { Kernel::Lanczos };
    let (in_columns, in_rows) =
        (within.x..within.x + within.width, within.y..within.y + within.height);
    let across = Axis::with(kernel, from.x, from.width, size.width, columns, in_columns);
    let down = Axis::with(kernel, from.y, from.height, size.height, rows, in_rows);
    if across.copies() && down.copies() {
        let len = wanted.width as usize * wanted.height as usize * image.bands();
        let mut samples = Samples::try_zeroed(image.depth(), len)?;
        copy(image, &across, &down, &mut samples);
        return Ok(image.with_samples(wanted.width, wanted.height, samples));
    }
    convolve(image, (&across, &down), light, None, cancel)
}

/// Makes the pixels that two axes describe, across and down. With a mask each becomes what the mask
/// makes of it and of the source's pixel in its place.
///
/// Straight alpha in and out; colours are weighted by their alpha between.
///
/// # Errors
/// As [`resample`].
pub(crate) fn convolve(
    image: &Image,
    (across, down): (&Axis, &Axis),
    light: &Light,
    mask: Option<&Mask>,
    cancel: &Cancel,
) -> Result<Image> {
    let mut samples =
        Samples::try_zeroed(image.depth(), across.len() * down.len() * image.bands())?;
    let job = Job { across, down, image, light, mask, cancel };
    match image.depth() {
        Depth::U8 => job.by_bands::<u8>(&mut samples)?,
        Depth::U16 => job.by_bands::<u16>(&mut samples)?,
    }
    Ok(image.with_samples(across.len() as u32, down.len() as u32, samples))
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
    mask: Option<&'a Mask>,
    cancel: &'a Cancel,
}

thread_local! {
    /// Row buffers, kept from one picture to the next.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

#[derive(Default)]
struct Scratch {
    /// A result row that is complete down but not yet reduced across, with noughts behind it for
    /// taps of no weight and lanes of no use.
    sums: Vec<f32>,
    /// The result row in floats, each pixel in as many as a vector has: whole vectors are stored.
    row: Vec<f32>,
    /// Decoded source rows, a ring.
    ring: Vec<f32>,
}

/// Larger row buffers are given back after use, so that one huge picture does not bind memory.
const KEPT_FLOATS: usize = 1 << 18;

impl Job<'_> {
    fn by_bands<T: Sample>(&self, samples: &mut Samples) -> Result<()> {
        let from = T::of(&self.image.samples).expect("chosen by the picture's depth");
        let into = T::of_mut(samples).expect("made with the picture's depth");
        SCRATCH.with_borrow_mut(|scratch| {
            let result = match self.image.bands() {
                1 => self.best::<T, 1, 4>(from, into, scratch),
                2 => self.best::<T, 2, 4>(from, into, scratch),
                3 => self.best::<T, 3, 4>(from, into, scratch),
                4 => self.best::<T, 4, 4>(from, into, scratch),
                _ => self.best::<T, 5, 8>(from, into, scratch),
            };
            if scratch.ring.len() > KEPT_FLOATS {
                *scratch = Scratch::default();
            }
            result
        })
    }

    /// Runs with the widest instructions that the processor has.
    fn best<T: Sample, const BANDS: usize, const LANES: usize>(
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
            return unsafe { self.run_avx2::<T, BANDS, LANES>(from, into, scratch) };
        }
        self.run::<T, BANDS, LANES, false>(from, into, scratch)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn run_avx2<T: Sample, const BANDS: usize, const LANES: usize>(
        &self,
        from: &[T],
        into: &mut [T],
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.run::<T, BANDS, LANES, true>(from, into, scratch)
    }

    /// `FUSED` says that multiplying and adding in one step is an instruction and not a library
    /// call.
    #[inline(always)]
    fn run<T: Sample, const BANDS: usize, const LANES: usize, const FUSED: bool>(
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
        let across = self.across.even()?;
        let slack = across.count * BANDS + LANES;
        grow(sums, width + slack)?;
        sums[width..width + slack].fill(0.0);
        grow(row, self.across.len() * LANES)?;
        grow(ring, slots * width)?;
        let tables = T::tables(self.light);
        let mut next = 0;
        let mut starts = Vec::with_capacity(slots);
        let result_rows = into.chunks_exact_mut(self.across.len() * BANDS);
        for (index, result) in result_rows.enumerate() {
            self.cancel.check()?;
            let rows = self.down.range(index);
            for y in next.max(rows.start)..rows.end {
                let source = &from[y * stride + columns.start * BANDS..][..width];
                let slot = (y % slots) * width;
                self.decode::<T, BANDS>(source, &mut ring[slot..slot + width], tables);
            }
            next = next.max(rows.end);
            starts.clear();
            starts.extend(rows.map(|y| (y % slots) * width));
            add_rows::<FUSED>(&mut sums[..width], ring, &starts, self.down.weights(index));
            let row = &mut row[..self.across.len() * LANES];
            reduce::<BANDS, LANES, FUSED>(sums, row, columns.start, &across);
            if let Some(mask) = self.mask {
                let source = &from[mask.start(index, stride, BANDS)..][..result.len()];
                mask.apply::<T, BANDS, LANES>(source, row, self.image.alpha);
            }
            self.encode::<T, BANDS, LANES>(row, result);
        }
        Ok(())
    }

    /// One source row in mixed values; colours multiplied by alpha.
    ///
    /// Linear light is 0–1; values that are mixed as they are encoded keep their range. Alpha is
    /// 0–1 in both.
    #[inline(always)]
    fn decode<T: Sample, const BANDS: usize>(
        &self,
        from: &[T],
        into: &mut [f32],
        tables: Option<[&T::Table; 3]>,
    ) {
        match tables {
            None => {
                for (sample, value) in from.iter().zip(into.iter_mut()) {
                    *value = sample.wide();
                }
            }
            Some([table, ..]) if BANDS != 3 => {
                for (sample, value) in from.iter().zip(into.iter_mut()) {
                    *value = sample.mixed(table);
                }
            }
            Some(tables) => {
                let pixels = from.as_chunks::<3>().0.iter().zip(into.as_chunks_mut::<3>().0);
                for (pixel, values) in pixels {
                    for band in 0..3 {
                        values[band] = pixel[band].mixed(tables[band]);
                    }
                }
            }
        }
        if self.image.alpha {
            let pixels = from.as_chunks::<BANDS>().0.iter().zip(into.as_chunks_mut::<BANDS>().0);
            for (pixel, values) in pixels {
                let alpha = pixel[BANDS - 1].wide() * (1.0 / T::FULL);
                for band in 0..BANDS - 1 {
                    if let Some(tables) = tables {
                        values[band] = pixel[band].mixed(tables[band.min(2)]);
                    }
                    values[band] *= alpha;
                }
                values[BANDS - 1] = alpha;
            }
        }
    }

    /// A result row in samples; colours divided by alpha.
    #[inline(always)]
    fn encode<T: Sample, const BANDS: usize, const LANES: usize>(
        &self,
        row: &mut [f32],
        result: &mut [T],
    ) {
        let pixels = row.as_chunks::<LANES>().0.iter().zip(result.as_chunks_mut::<BANDS>().0);
        if self.image.alpha {
            for (values, pixel) in pixels {
                self.encode_with_alpha::<T, BANDS>(values, pixel);
            }
            return;
        }
        match self.light {
            Light::Encoded => {
                // Whole rows at once first: rounding then is one vector addition.
                for value in row.iter_mut() {
                    *value = value.max(0.0).min(T::FULL) + ROUNDING;
                }
                let pixels =
                    row.as_chunks::<LANES>().0.iter().zip(result.as_chunks_mut::<BANDS>().0);
                for (values, pixel) in pixels {
                    for band in 0..BANDS {
                        pixel[band] = T::low(values[band].to_bits());
                    }
                }
            }
            Light::Linear(curves) => {
                let curves: [&Curve; 3] = std::array::from_fn(|band| &*curves[band]);
                for (values, pixel) in pixels {
                    for band in 0..BANDS {
                        pixel[band] = T::encoded(curves[band.min(2)], values[band]);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn encode_with_alpha<T: Sample, const BANDS: usize>(
        &self,
        values: &[f32],
        pixel: &mut [T; BANDS],
    ) {
        // Uncut: where the kernel overshoots it does so in colour and alpha alike.
        let alpha = values[BANDS - 1];
        let share = if alpha > 0.0 { 1.0 / alpha } else { 0.0 };
        for band in 0..BANDS - 1 {
            let value = values[band] * share;
            pixel[band] = match self.light {
                Light::Linear(curves) => T::encoded(&curves[band.min(2)], value),
                Light::Encoded => T::rounded(value),
            };
        }
        pixel[BANDS - 1] = T::rounded(alpha * T::FULL);
    }
}

fn grow(buffer: &mut Vec<f32>, len: usize) -> Result<()> {
    if buffer.len() < len {
        buffer.try_reserve_exact(len - buffer.len()).map_err(|_| crate::pixel::Error::Memory)?;
        buffer.resize(len, 0.0);
    }
    Ok(())
}
