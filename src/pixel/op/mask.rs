//! Unsharp masking of one row: what a blurred picture lacks is added to the sharp one.

use super::sample::Sample;

/// An unsharp mask over a picture of which a part is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mask {
    /// How many times the difference to the blurred picture is added.
    pub amount: f32,
    /// Where in the source the made part begins.
    pub at: (u32, u32),
}

impl Mask {
    /// Where in the source's samples a made row begins.
    pub fn start(&self, row: usize, stride: usize, bands: usize) -> usize {
        (self.at.1 as usize + row) * stride + self.at.0 as usize * bands
    }

    /// Turns blurred values into sharpened ones, in place. Both are encoded, 0 to
    /// [`Sample::FULL`]; blurred colours are multiplied by alpha, alpha is 0–1 and in the result
    /// the source's.
    #[inline(always)]
    pub fn apply<T: Sample, const BANDS: usize, const LANES: usize>(
        &self,
        source: &[T],
        blurred: &mut [f32],
        alpha: bool,
    ) {
        let pixels = source.as_chunks::<BANDS>().0.iter().zip(blurred.as_chunks_mut::<LANES>().0);
        if !alpha {
            for (pixel, values) in pixels {
                for band in 0..BANDS {
                    let sharp = pixel[band].wide();
                    values[band] = sharp + self.amount * (sharp - values[band]);
                }
            }
            return;
        }
        for (pixel, values) in pixels {
            let own = pixel[BANDS - 1].wide() * (1.0 / T::FULL);
            let around = values[BANDS - 1];
            for band in 0..BANDS - 1 {
                let sharp = pixel[band].wide();
                let soft = if around > 0.0 { values[band] / around } else { sharp };
                values[band] = (sharp + self.amount * (sharp - soft)) * own;
            }
            values[BANDS - 1] = own;
        }
    }
}
