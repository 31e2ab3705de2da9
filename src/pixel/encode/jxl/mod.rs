//! JPEG XL: grey or RGB, 8 or 16 bits, with or without alpha; lossless at quality 100.
//!
//! The encoder works to a visual distance. Ours follows from the quality as libjxl's own tools have
//! it, so that a quality looks like the same one of JPEG.

mod sys;

use self::sys::{Failure, Layout, Settings};
use super::{EncodeOptions, Side};
use crate::pixel::{ColourSpace, Error, Image, Result, Samples};

const LOSSLESS_QUALITY: u8 = 100;
/// Lossless pictures above this are written with less effort.
const LARGE_PIXELS: u64 = 1_000_000;

/// Whether the library is there.
pub(super) fn is_there() -> bool {
    sys::is_there()
}

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    let layout = Layout {
        width: image.width,
        height: image.height,
        gray: match image.space {
            ColourSpace::Gray => true,
            ColourSpace::Rgb => false,
            ColourSpace::Cmyk => {
                return Err(Error::Encode("JPEG XL is not written in CMYK".into()));
            }
        },
        alpha: image.alpha,
        deep: matches!(image.samples, Samples::U16(_)),
    };
    let deep: Vec<u8>;
    let samples = match &image.samples {
        Samples::U8(samples) => samples,
        Samples::U16(samples) => {
            deep = samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect();
            &deep
        }
    };
    let settings = Settings {
        distance: distance(options.quality.lossy.clamp(1, 100)),
        effort: effort(options.quality.lossy, u64::from(image.width) * u64::from(image.height)),
        orientation: options.orientation.exif(),
        profile: side.profile,
        exif: side.metadata.exif.as_deref(),
        xmp: side.metadata.xmp.as_deref(),
    };
    sys::encode(samples, &layout, &settings).map_err(|failure| match failure {
        Failure::Missing(message) => Error::Unsupported(message),
        Failure::Memory => Error::Memory,
        Failure::Refused(step) => {
            Error::Encode(format!("the JPEG XL encoder does not take {step}"))
        }
    })
}

/// Effort, 1 to 9, by quality and pixels (docs/decisions/0012).
fn effort(quality: u8, pixels: u64) -> u8 {
    match (quality >= LOSSLESS_QUALITY, pixels) {
        (true, ..=LARGE_PIXELS) | (false, _) => 4,
        (true, _) => 3,
    }
}

/// Butteraugli distance of a quality: 1 at 90, 1.9 at 80, 6.4 at 30, 0 at 100.
fn distance(quality: u8) -> f32 {
    let quality = f32::from(quality);
    if quality >= f32::from(LOSSLESS_QUALITY) {
        0.0
    } else if quality >= 30.0 {
        0.1 + (100.0 - quality) * 0.09
    } else {
        (53.0 / 3000.0 * quality * quality - 23.0 / 20.0 * quality + 25.0).min(25.0)
    }
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn quality_falls_as_distance_grows() {
        let all: Vec<f32> = (1..=100).map(distance).collect();
        assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "{all:?}");
        assert_eq!(all[99], 0.0);
        assert!((all[89] - 1.0).abs() < 1e-6 && all[0] < 25.0);
    }
}
