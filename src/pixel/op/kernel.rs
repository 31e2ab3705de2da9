//! Which source pixels make a resampled one, and with what weights.
//!
//! The kernel is the Lanczos window of three lobes, stretched by the factor of reduction so that
//! it takes in every source pixel (C. E. Duchon, "Lanczos Filtering in One and Two Dimensions",
//! J. Appl. Meteorol. 18, 1979). Pixels have their centre at one half; weights are cut off at the
//! edge of the source span and then sum to 1, so that nothing from beyond a crop shows in it.

use std::f64::consts::PI;
use std::ops::Range;

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

#[derive(Debug, Clone, Copy, PartialEq)]
struct Taps {
    first: u32,
    count: u32,
    at: usize,
}

impl Axis {
    /// Resamples the source span `from`..`from + span`, in source pixels, to `size` pixels, of
    /// which those in `wanted` are made. Source pixels outside `bounds` do not exist.
    pub fn new(from: f64, span: f64, size: u32, wanted: Range<u32>, bounds: Range<u32>) -> Self {
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
            exact.clear();
            let count = (last - first) as usize + 1;
            exact.extend(
                (0..count).map(|tap| lanczos((first + tap as f64 + 0.5 - centre) / stretch)),
            );
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

fn lanczos(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    if x.abs() >= LOBES {
        return 0.0;
    }
    let px = PI * x;
    LOBES * px.sin() * (px / LOBES).sin() / (px * px)
}
