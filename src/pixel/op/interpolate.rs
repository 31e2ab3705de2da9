//! Cubic interpolation in a patch of a picture that has been decoded to floats.
//!
//! Inlined into callers that are compiled for certain instructions, like the loops of
//! [`rows`](super::rows).

use super::sample::Sample;
use crate::pixel::colour::curve::Light;
use crate::pixel::{Error, Image, Result};

/// A rectangle of a picture in mixed values: colours multiplied by alpha, then alpha, 0–1, each
/// pixel in as many floats as vectors need. Beyond the picture its edge goes on.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    values: Vec<f32>,
    /// Floats in one row.
    stride: usize,
}

impl Patch {
    /// Decodes `size` pixels from `origin` on, which may lie outside the picture.
    ///
    /// # Errors
    /// [`Error::Memory`] when memory is short.
    #[inline(always)]
    pub fn fill<T: Sample, const COLOURS: usize, const LANES: usize>(
        &mut self,
        image: &Image,
        (origin, size): ((i64, i64), (usize, usize)),
        light: &Light,
    ) -> Result<()> {
        let from = T::of(&image.samples).expect("chosen by the picture's depth");
        self.stride = size.0 * LANES;
        let len = self.stride * size.1;
        if self.values.len() < len {
            let more = len - self.values.len();
            self.values.try_reserve(more).map_err(|_| Error::Memory)?;
            self.values.resize(len, 0.0);
        }
        let tables = T::tables(light);
        let (width, height) = (i64::from(image.width), i64::from(image.height));
        let (bands, row_len) = (image.bands(), image.row_len());
        // Columns before, in and after the picture.
        let before = (-origin.0).clamp(0, size.0 as i64) as usize;
        let end = (width - origin.0).clamp(before as i64, size.0 as i64) as usize;
        let rows = self.values[..len].chunks_exact_mut(self.stride);
        for (y, row) in (origin.1..).zip(rows) {
            let start = y.clamp(0, height - 1) as usize * row_len;
            let source = &from[start..start + row_len];
            let pixels = row.as_chunks_mut::<LANES>().0;
            let first = (origin.0 + before as i64).clamp(0, width - 1) as usize * bands;
            let inside = source[first..].chunks_exact(bands);
            for (into, pixel) in pixels[before..end].iter_mut().zip(inside) {
                *into = decoded::<T, COLOURS, LANES>(pixel, tables);
            }
            let left = decoded::<T, COLOURS, LANES>(&source[..bands], tables);
            pixels[..before].fill(left);
            let right = decoded::<T, COLOURS, LANES>(&source[row_len - bands..], tables);
            pixels[end..].fill(right);
        }
        Ok(())
    }
}

#[inline(always)]
fn decoded<T: Sample, const COLOURS: usize, const LANES: usize>(
    pixel: &[T],
    tables: Option<[&T::Table; 3]>,
) -> [f32; LANES] {
    let mut values = [0.0; LANES];
    for band in 0..COLOURS {
        values[band] = match tables {
            Some(tables) => pixel[band].mixed(tables[band.min(2)]),
            None => pixel[band].wide() * (1.0 / T::FULL),
        };
    }
    values[COLOURS] = 1.0;
    if let Some(alpha) = pixel.get(COLOURS) {
        let alpha = alpha.wide() * (1.0 / T::FULL);
        for value in &mut values[..=COLOURS] {
            *value *= alpha;
        }
    }
    values
}

/// The mixed values at a point of the patch, pixel centres at whole numbers, at least one pixel
/// from its left and upper edge and two from the others.
#[inline(always)]
pub(crate) fn at<const LANES: usize, const FUSED: bool>(
    patch: &Patch,
    x: f32,
    y: f32,
) -> [f32; LANES] {
    let (column, row) = (x as usize, y as usize);
    let across = catmull_rom(x - column as f32);
    let down = catmull_rom(y - row as f32);
    let first = (row - 1) * patch.stride + (column - 1) * LANES;
    let mut total = [0.0; LANES];
    for (index, weight) in down.into_iter().enumerate() {
        let taps = &patch.values[first + index * patch.stride..][..4 * LANES];
        let taps = taps.as_chunks::<LANES>().0;
        let mut sum = [0.0; LANES];
        for (tap, weight) in taps.iter().zip(across) {
            for (sum, value) in sum.iter_mut().zip(tap) {
                *sum = multiply_add::<FUSED>(*value, weight, *sum);
            }
        }
        for (total, sum) in total.iter_mut().zip(sum) {
            *total = multiply_add::<FUSED>(sum, weight, *total);
        }
    }
    total
}

#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Weights of four neighbours at `part` of the way from the second to the third (E. Catmull and
/// R. Rom, "A class of local interpolating splines", 1974).
#[inline(always)]
fn catmull_rom(part: f32) -> [f32; 4] {
    let (square, cube) = (part * part, part * part * part);
    [
        0.5 * (-cube + 2.0 * square - part),
        0.5 * (3.0 * cube - 5.0 * square + 2.0),
        0.5 * (-3.0 * cube + 4.0 * square + part),
        0.5 * (cube - square),
    ]
}
