//! Laying one picture over another.
//!
//! Mixing is the "over" of T. Porter and T. Duff ("Compositing Digital Images", 1984) on encoded
//! values, as browsers and graphics programs do it: a logo designed on a screen comes out with the
//! edges and the half-tones that it had there.

use super::sample::Sample;
use crate::pixel::{Image, Samples};

/// Lays `over` with its left upper corner at `at` on `under`, weakened to `opacity` (0–1). Both
/// have one colour space and one depth, and `over` lies within.
pub(crate) fn lay_over(under: &mut Image, over: &Image, at: (u32, u32), opacity: f32) {
    debug_assert_eq!(under.space, over.space);
    let rows = Rows {
        row_len: under.row_len(),
        start: at.1 as usize * under.row_len() + at.0 as usize * under.bands(),
        over_len: over.row_len(),
        bands: (under.bands(), over.bands()),
        colours: under.space.bands(),
        opacity,
    };
    match (&mut under.samples, &over.samples) {
        (Samples::U8(under), Samples::U8(over)) => rows.lay(under, over),
        (Samples::U16(under), Samples::U16(over)) => rows.lay(under, over),
        _ => unreachable!("both were brought to one depth"),
    }
}

struct Rows {
    row_len: usize,
    start: usize,
    over_len: usize,
    /// Bands of the lower and of the upper picture.
    bands: (usize, usize),
    colours: usize,
    opacity: f32,
}

impl Rows {
    fn lay<T: Sample>(&self, under: &mut [T], over: &[T]) {
        let (under_bands, over_bands) = self.bands;
        let width = self.over_len / over_bands * under_bands;
        let rows = under[self.start..].chunks_mut(self.row_len).zip(over.chunks(self.over_len));
        for (under, over) in rows {
            let pixels =
                under[..width].chunks_exact_mut(under_bands).zip(over.chunks_exact(over_bands));
            for (under, over) in pixels {
                let alpha = over.get(self.colours).map_or(1.0, |alpha| alpha.wide() / T::FULL);
                self.mix(under, over, alpha * self.opacity);
            }
        }
    }

    fn mix<T: Sample>(&self, under: &mut [T], over: &[T], alpha: f32) {
        if alpha <= 0.0 {
            return;
        }
        let below = under.get(self.colours).map_or(1.0, |alpha| alpha.wide() / T::FULL);
        let rest = below * (1.0 - alpha);
        let total = alpha + rest;
        // How much of the mixed colour is the upper one's.
        let share = alpha / total;
        for band in 0..self.colours {
            let (low, high) = (under[band].wide(), over[band].wide());
            under[band] = T::rounded(low + (high - low) * share);
        }
        if let Some(alpha) = under.get_mut(self.colours) {
            *alpha = T::rounded(total * T::FULL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{ColourSpace, Depth};

    fn gray(width: u32, alpha: bool, samples: Vec<u8>) -> Image {
        let mut image = Image::try_new(width, 1, ColourSpace::Gray, alpha, Depth::U8).unwrap();
        image.samples = Samples::U8(samples);
        image
    }

    fn laid(mut under: Image, over: &Image, at: u32, opacity: f32) -> Vec<u8> {
        lay_over(&mut under, over, (at, 0), opacity);
        match under.samples {
            Samples::U8(samples) => samples,
            Samples::U16(_) => panic!("8 bits stay 8"),
        }
    }

    #[test]
    fn only_what_is_covered_changes() {
        let under = gray(4, false, vec![10, 20, 30, 40]);
        assert_eq!(laid(under, &gray(2, false, vec![1, 2]), 1, 1.0), [10, 1, 2, 40]);
    }

    #[test]
    fn opacity_and_alpha_multiply() {
        // 100 + (200 − 100) · 0.5, and · 0.5 · 51/255.
        let under = gray(2, false, vec![100, 100]);
        assert_eq!(laid(under.clone(), &gray(2, false, vec![200, 0]), 0, 0.5), [150, 50]);
        let over = gray(2, true, vec![200, 51, 200, 0]);
        assert_eq!(laid(under, &over, 0, 0.5), [110, 100]);
    }

    #[test]
    fn over_transparency_by_the_paper() {
        // Alpha 0.6 + 0.4 · 0.4 = 0.76; colour (0.6 · 200 + 0.16 · 100) / 0.76 = 178.9.
        let under = gray(2, true, vec![100, 102, 9, 0]);
        let over = gray(2, true, vec![200, 153, 200, 153]);
        assert_eq!(laid(under, &over, 0, 1.0), [179, 194, 200, 153]);
    }

    #[test]
    fn sixteen_bits_stay() {
        let mut under = Image::try_new(1, 1, ColourSpace::Gray, false, Depth::U16).unwrap();
        let over = Image { samples: Samples::U16(vec![40_001]), ..under.clone() };
        lay_over(&mut under, &over, (0, 0), 0.5);
        assert_eq!(under.samples, Samples::U16(vec![20_001]));
    }
}
