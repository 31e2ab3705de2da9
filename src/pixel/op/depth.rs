//! From 16 to 8 bits per sample, for formats that hold no more.

use crate::pixel::{Error, Image, Result, Samples};

/// The picture with 8 bits per sample: 0–65535 becomes 0–255, rounded to nearest.
///
/// # Errors
/// [`Error::Limit`] when memory is short.
pub(crate) fn to_eight_bits(image: Image) -> Result<Image> {
    let Samples::U16(deep) = &image.samples else {
        return Ok(image);
    };
    let mut samples = Vec::new();
    samples
        .try_reserve_exact(deep.len())
        .map_err(|_| Error::Limit("not enough memory for its pixels".into()))?;
    samples.extend(deep.iter().map(|&sample| rounded(sample)));
    Ok(image.with_samples(image.width, image.height, Samples::U8(samples)))
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
