//! Which source pixels make a resampled one, and with what weights.
//!
//! The kernel is the Lanczos window of three lobes, stretched by the factor of reduction so that
//! it takes in every source pixel (C. E. Duchon, "Lanczos Filtering in One and Two Dimensions",
//! J. Appl. Meteorol. 18, 1979). Pixels have their centre at one half; weights are cut off at the
//! edge of the source span and then sum to 1, so that nothing from beyond a crop shows in it.

use std::f64::consts::PI;
use std::ops::Range;

use crate::pixel::{Error, Result};

/// Lobes of the kernel on each side.
const LOBES: f64 = 3.0;

/// Weights below this change nothing: less than a tenth of a 16-bit step.
const NEGLIGIBLE: f64 = 1e-7;

/// How the pixels of one axis are made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// For each pixel, its first source pixel and the place of its weights.
    taps: Vec<Taps>,
    weights: Vec<f32>,
}

/// An axis with as many weights for each pixel.
#[derive(Debug, Clone)]
pub(crate) struct Even {
    /// For each pixel its first source pixel.
    pub first: Vec<usize>,
    /// `count` weights for each pixel.
    pub weights: Vec<f32>,
    /// Weights of each pixel, an even number.
    pub count: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Taps {
    first: u32,
    count: u32,
    at: usize,
}

/// What the weights are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// Those of the window.
    Lanczos,
    /// Those that give, of averages over pixels, what the window gives of samples: averaging weakens
    /// a wave of `f` periods a pixel to sin(πf)/πf, and the window's derivatives, which are what the
    /// first terms of the inverse's series come to, make up for that.
    OfAverages,
}

impl Axis {
    /// [`with`](Self::with) the plain window.
    pub fn new(from: f64, span: f64, size: u32, wanted: Range<u32>, bounds: Range<u32>) -> Self {
        Self::with(Kernel::Lanczos, from, span, size, wanted, bounds)
    }

    /// Resamples the source span `from`..`from + span`, in source pixels, to `size` pixels, of
    /// which those in `wanted` are made. Source pixels outside `bounds` do not exist.
    pub fn with(
        kernel: Kernel,
        from: f64,
        span: f64,
        size: u32,
        wanted: Range<u32>,
        bounds: Range<u32>,
    ) -> Self {
        let scale = span / f64::from(size);
        let stretch = scale.max(1.0);
        let low = (from + 1e-6).floor().max(f64::from(bounds.start));
        let high = (from + span - 1e-6).ceil().min(f64::from(bounds.end)).max(low + 1.0);
        let mut axis = Self { taps: Vec::with_capacity(wanted.len()), weights: Vec::new() };
        let mut exact = Vec::new();
        for index in wanted {
            let centre = from + (f64::from(index) + 0.5) * scale;
            let first = (centre - LOBES * stretch - 0.5).ceil().clamp(low, high - 1.0);
            let last = (centre + LOBES * stretch - 0.5).floor().clamp(first, high - 1.0);
            let count = (last - first) as usize + 1;
            lanczos((first + 0.5 - centre) / stretch, 1.0 / stretch, count, &mut exact);
            if kernel == Kernel::OfAverages && scale > 1.0 {
                sharpen((first + 0.5 - centre) / stretch, 1.0 / stretch, &mut exact);
            }
            axis.push(first as u32, &exact);
        }
        axis
    }

    /// Blurs `len` pixels with a Gaussian of this standard deviation in pixels; those in `wanted`
    /// are made. Beyond either end the outermost pixel goes on.
    pub fn gaussian(sigma: f64, wanted: Range<u32>, len: u32) -> Self {
        let radius = i64::from(gaussian_reach(sigma));
        let weights: Vec<f64> = (-radius..=radius)
            .map(|at| (-(at as f64).powi(2) / (2.0 * sigma * sigma)).exp())
            .collect();
        let mut axis = Self { taps: Vec::with_capacity(wanted.len()), weights: Vec::new() };
        let mut exact = Vec::new();
        for index in wanted {
            let inside = |at: i64| (i64::from(index) + at).clamp(0, i64::from(len) - 1);
            let first = inside(-radius);
            exact.clear();
            exact.resize((inside(radius) - first) as usize + 1, 0.0);
            for (at, weight) in (-radius..=radius).zip(&weights) {
                exact[(inside(at) - first) as usize] += weight;
            }
            axis.push(first as u32, &exact);
        }
        axis
    }

    fn push(&mut self, first: u32, exact: &[f64]) {
        let sum: f64 = exact.iter().sum();
        let matters = |weight: &f64| (weight / sum).abs() > NEGLIGIBLE;
        let skip = exact.iter().position(matters).unwrap_or(0);
        let end = exact.iter().rposition(matters).map_or(exact.len(), |last| last + 1);
        let at = self.weights.len();
        self.weights.extend(exact[skip..end].iter().map(|weight| (weight / sum) as f32));
        self.taps.push(Taps { first: first + skip as u32, count: (end - skip) as u32, at });
    }

    /// Number of pixels made.
    pub fn len(&self) -> usize {
        self.taps.len()
    }

    /// The source pixels of one made pixel.
    pub fn range(&self, index: usize) -> Range<usize> {
        let taps = self.taps[index];
        taps.first as usize..(taps.first + taps.count) as usize
    }

    /// The weights of one made pixel.
    pub fn weights(&self, index: usize) -> &[f32] {
        let taps = self.taps[index];
        &self.weights[taps.at..taps.at + taps.count as usize]
    }

    /// The same with an even number of weights for every pixel, noughts at the end: loops over
    /// them never change their length, which processors foresee.
    ///
    /// # Errors
    /// [`Error::Memory`] when memory is short.
    pub fn even(&self) -> Result<Even> {
        let most = self.taps.iter().map(|taps| taps.count).max().unwrap_or(0);
        let count = (most as usize).next_multiple_of(2);
        let mut weights = Vec::new();
        weights.try_reserve_exact(count * self.len()).map_err(|_| Error::Memory)?;
        for index in 0..self.len() {
            weights.extend_from_slice(self.weights(index));
            weights.resize(count * (index + 1), 0.0);
        }
        let first = self.taps.iter().map(|taps| taps.first as usize).collect();
        Ok(Even { first, weights, count })
    }

    /// All source pixels that are read.
    pub fn reach(&self) -> Range<usize> {
        let first = (0..self.len()).map(|index| self.range(index).start).min().unwrap_or(0);
        let end = (0..self.len()).map(|index| self.range(index).end).max().unwrap_or(0);
        first..end
    }

    /// Whether each pixel is one source pixel, unchanged.
    pub fn copies(&self) -> bool {
        self.taps.iter().all(|taps| taps.count == 1)
    }
}

/// Pixels on each side that a Gaussian takes in: what lies beyond is less than a twentieth of a
/// percent of it.
pub(crate) fn gaussian_reach(sigma: f64) -> u32 {
    (3.5 * sigma).ceil() as u32
}

/// The kernel at `count` points from `first` on, `step` apart.
///
/// The sines are stepped by the addition theorem instead of being computed anew for each point:
/// over the few hundred points of a kernel the error stays far below a float's.
fn lanczos(first: f64, step: f64, count: usize, values: &mut Vec<f64>) {
    values.clear();
    let (mut fast, mut slow) = (Wave::new(PI * first), Wave::new(PI / LOBES * first));
    let (fast_step, slow_step) = (Wave::new(PI * step), Wave::new(PI / LOBES * step));
    for index in 0..count {
        let x = first + index as f64 * step;
        values.push(if x.abs() < 1e-5 {
            1.0
        } else if x.abs() >= LOBES {
            0.0
        } else {
            LOBES * fast.sin * slow.sin / (PI * x).powi(2)
        });
        fast = fast.turned(fast_step);
        slow = slow.turned(slow_step);
    }
}

/// Turns points of the window into points of the one for averages over `step`.
///
/// In the frequency domain 1/sinc is 1 + x²/6 + 7x⁴/360 …, with x = π·f·step; a factor of (2πf)² is
/// a second derivative, turned about. Derivatives are differences over a twentieth of a lobe.
fn sharpen(first: f64, step: f64, values: &mut [f64]) {
    const APART: f64 = 0.05;
    let (second, fourth) = ((step / APART).powi(2) / 24.0, 7.0 * (step / APART).powi(4) / 5760.0);
    let (middle, near) = (2.0 * second + 6.0 * fourth, -second - 4.0 * fourth);
    let mut shifted = Vec::with_capacity(values.len());
    for (at, share) in [(-2.0, fourth), (-1.0, near), (0.0, middle), (1.0, near), (2.0, fourth)] {
        lanczos(first + at * APART, step, values.len(), &mut shifted);
        for (value, shifted) in values.iter_mut().zip(&shifted) {
            *value += share * shifted;
        }
    }
}

/// An angle by its sine and cosine.
#[derive(Clone, Copy)]
struct Wave {
    sin: f64,
    cos: f64,
}

impl Wave {
    fn new(angle: f64) -> Self {
        let (sin, cos) = angle.sin_cos();
        Self { sin, cos }
    }

    fn turned(self, by: Self) -> Self {
        Self {
            sin: self.sin * by.cos + self.cos * by.sin,
            cos: self.cos * by.cos - self.sin * by.sin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window by its definition.
    fn defined(x: f64) -> f64 {
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
    }

    #[test]
    fn weights_are_those_of_the_definition() {
        for (span, size) in [(1000.0, 400), (33.3, 7), (5000.0, 3), (64.0, 32), (10.0, 10)] {
            let source = f64::ceil(span) as u32;
            let axis = Axis::new(0.0, span, size, 0..size, 0..source);
            let scale = span / f64::from(size);
            for index in 0..size {
                let centre = (f64::from(index) + 0.5) * scale;
                let raw: Vec<f64> = (0..source)
                    .map(|at| defined((f64::from(at) + 0.5 - centre) / scale.max(1.0)))
                    .collect();
                let sum: f64 = raw.iter().sum();
                let mut weights = vec![0.0; source as usize];
                let range = axis.range(index as usize);
                for (at, weight) in range.zip(axis.weights(index as usize)) {
                    weights[at] = f64::from(*weight);
                }
                for (weight, raw) in weights.iter().zip(&raw) {
                    assert!((weight - raw / sum).abs() < 3e-7, "{span} {size} {index}");
                }
            }
        }
    }

    #[test]
    fn a_part_is_made_like_the_whole() {
        let whole = Axis::new(10.5, 300.0, 90, 0..90, 0..400);
        let part = Axis::new(10.5, 300.0, 90, 30..50, 0..400);
        for index in 0..20 {
            assert_eq!(part.range(index), whole.range(index + 30));
            assert_eq!(part.weights(index), whole.weights(index + 30));
        }
    }

    #[test]
    fn nothing_outside_the_bounds_is_read() {
        let axis = Axis::new(10.0, 50.0, 20, 0..20, 10..60);
        assert_eq!(axis.reach(), 10..60);
        let fraction = Axis::new(9.7, 50.2, 20, 0..20, 10..59);
        assert_eq!(fraction.reach(), 10..59);
        for index in 0..20 {
            let sum: f32 = fraction.weights(index).iter().sum();
            assert!((sum - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn a_gaussian_goes_on_beyond_the_ends() {
        let axis = Axis::gaussian(1.5, 0..10, 10);
        for index in 0..10_i32 {
            let mut weights = [0.0; 10];
            for at in -50..50 {
                let weight = (-f64::from(at * at) / 4.5).exp() / (1.5 * (2.0 * PI).sqrt());
                weights[(index + at).clamp(0, 9) as usize] += weight;
            }
            let mut found = [0.0; 10];
            for (at, weight) in axis.range(index as usize).zip(axis.weights(index as usize)) {
                found[at] = f64::from(*weight);
            }
            for (found, weight) in found.iter().zip(weights) {
                assert!((found - weight).abs() < 5e-4, "{index}: {found} {weight}");
            }
        }
        assert!(Axis::gaussian(2.0, 4..5, 40).range(0).len() == 2 * 7 + 1 - 3);
    }

    #[test]
    fn equal_sizes_copy() {
        assert!(Axis::new(5.0, 20.0, 20, 0..20, 0..40).copies());
        assert!(!Axis::new(5.25, 20.0, 20, 0..20, 0..40).copies());
    }
}
