//! Sharpening and blurring by one number, −500 to 500.
//!
//! Above 0 it is the amount of an unsharp mask in percent, with a Gaussian of one pixel: what photo
//! editors offer under that name. It works on encoded values, as they do: in linear light the dark
//! sides of edges would get far stronger halos than the bright ones. Below 0 a hundredth of it is
//! the standard deviation of a Gaussian blur in pixels, in proportion to light as a lens out of
//! focus does it. Colours are weighted by alpha; sharpening leaves alpha itself alone.

use super::kernel::{Axis, gaussian_reach};
use super::mask::Mask;
use super::resample::convolve;
use crate::pixel::colour::curve::Light;
use crate::pixel::plan::Rect;
use crate::pixel::{Cancel, Image, Result};

/// Standard deviation of the unsharp mask in pixels.
const MASK_SIGMA: f64 = 1.0;

fn sigma(value: i16) -> f64 {
    if value > 0 { MASK_SIGMA } else { -f64::from(value) / 100.0 }
}

/// Pixels around a part that its sharpening needs to know.
pub(crate) fn reach(value: i16) -> u32 {
    if value == 0 { 0 } else { gaussian_reach(sigma(value)) }
}

/// The part `wanted` of a picture, sharpened. Beyond the picture's edges its outermost pixels go
/// on. `light` is how blurring mixes.
///
/// # Errors
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short,
/// [`Error::Cancelled`](crate::pixel::Error::Cancelled).
pub(crate) fn sharpen(
    image: &Image,
    value: i16,
    wanted: Rect,
    light: &Light,
    cancel: &Cancel,
) -> Result<Image> {
    let sigma = sigma(value);
    let across = Axis::gaussian(sigma, wanted.x..wanted.x + wanted.width, image.width);
    let down = Axis::gaussian(sigma, wanted.y..wanted.y + wanted.height, image.height);
    let axes = (&across, &down);
    if value < 0 {
        return convolve(image, axes, light, None, cancel);
    }
    let mask = Mask { amount: f32::from(value) / 100.0, at: (wanted.x, wanted.y) };
    convolve(image, axes, &Light::Encoded, Some(&mask), cancel)
}
