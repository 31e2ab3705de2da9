//! How much alike two pictures look: SSIMULACRA2 (J. Sneyers, Cloudinary, 2023), which weighs
//! structural differences at six scales in the XYB colour space as people judged them.
//!
//! 100 is the same picture, 90 cannot be told apart side by side, 70 is of high quality, 50 of
//! medium. Values are taken as sRGB.

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};

/// A picture that others are scored against, with all that can be worked out beforehand.
pub struct Reference {
    inner: Ssimulacra2Reference,
    width: u32,
    height: u32,
}

impl Reference {
    /// Prepares a picture of 8-bit RGB pixels; none when it is too small or too large to be judged.
    pub fn new(rgb: &[u8], (width, height): (u32, u32)) -> Option<Self> {
        if width < SMALLEST || height < SMALLEST {
            return None;
        }
        let inner = Ssimulacra2Reference::new(&slice(rgb, width, height)?).ok()?;
        Some(Self { inner, width, height })
    }

    /// The score of a picture of the same size; none for another size.
    pub fn score(&self, rgb: &[u8]) -> Option<f64> {
        self.inner.compare(&slice(rgb, self.width, self.height)?).ok()
    }
}

/// Below so many pixels a side the measure is not defined.
const SMALLEST: u32 = 8;

fn slice(rgb: &[u8], width: u32, height: u32) -> Option<PixelSlice<'_>> {
    let stride = width as usize * 3;
    if rgb.len() != stride * height as usize {
        return None;
    }
    PixelSlice::new(rgb, width, height, stride, PixelDescriptor::RGB8_SRGB).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u32, strength: u32) -> Vec<u8> {
        let mut state = seed;
        let next = |index: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wave = 128 + (index / 3 % 64);
            (wave + (state >> 24) * strength / 256) as u8
        };
        (0..64 * 64 * 3).map(next).collect()
    }

    #[test]
    fn the_same_is_100_and_more_noise_is_less() {
        let plain = noise(1, 0);
        let reference = Reference::new(&plain, (64, 64)).unwrap();
        assert!((reference.score(&plain).unwrap() - 100.0).abs() < 1e-6);
        let a_little = reference.score(&noise(1, 10)).unwrap();
        let much = reference.score(&noise(1, 60)).unwrap();
        assert!(much < a_little && a_little < 100.0, "{much} {a_little}");
    }

    #[test]
    fn what_cannot_be_compared_has_no_score() {
        assert!(Reference::new(&[0; 7 * 8 * 3], (7, 8)).is_none());
        assert!(Reference::new(&[0; 10], (64, 64)).is_none());
        let reference = Reference::new(&noise(1, 0), (64, 64)).unwrap();
        assert!(reference.score(&[0; 32 * 32 * 3]).is_none());
    }
}
