//! Between 8 and 16 bits per sample.

use crate::pixel::{Depth, Error, Image, Result, Samples};

/// The picture with 8 bits per sample: 0–65535 becomes 0–255, rounded to nearest.
///
/// # Errors
/// [`Error::Memory`] when memory is short.
pub(crate) fn to_eight_bits(image: Image) -> Result<Image> {
    let Samples::U16(deep) = &image.samples else {
        return Ok(image);
    };
    let mut samples = Vec::new();
    samples.try_reserve_exact(deep.len()).map_err(|_| Error::Memory)?;
    samples.extend(deep.iter().map(|&sample| rounded(sample)));
    Ok(image.with_samples(image.width, image.height, Samples::U8(samples)))
}

/// The picture with this depth: 8-bit values become the same part of 65535.
///
/// # Errors
/// [`Error::Memory`] when memory is short.
pub(crate) fn to_depth(image: Image, depth: Depth) -> Result<Image> {
    let Samples::U8(shallow) = &image.samples else {
        return if depth == Depth::U8 { to_eight_bits(image) } else { Ok(image) };
    };
    if depth == Depth::U8 {
        return Ok(image);
    }
    let mut samples = Vec::new();
    samples.try_reserve_exact(shallow.len()).map_err(|_| Error::Memory)?;
    samples.extend(shallow.iter().map(|&sample| u16::from(sample) * 257));
    Ok(image.with_samples(image.width, image.height, Samples::U16(samples)))
}

/// The nearest 8-bit value.
pub(crate) fn rounded(sample: u16) -> u8 {
    ((u32::from(sample) + 128) / 257) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sixteen_bit_value_rounds_to_the_nearest() {
        for sample in 0..=u16::MAX {
            let exact = f64::from(sample) / 65535.0 * 255.0;
            assert_eq!(rounded(sample), exact.round() as u8);
        }
    }
}
