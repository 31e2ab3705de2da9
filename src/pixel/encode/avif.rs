//! AVIF: grey or RGB, with or without alpha, 8 bits; pictures of 16 bits are written with 12.
//!
//! libheif writes it with the AV1 encoder that it has (libaom on Debian). How hard the encoder
//! tries follows from the number of pixels, for a request waits for it and the encoder cannot be
//! called off. As for JPEG, chroma is stored at full resolution from quality 90 on.

use super::{EncodeOptions, Side};
use crate::pixel::heif::{Chroma, Failure, Layout, Settings, write};
use crate::pixel::{ColourSpace, Error, Image, Result, Samples};

/// From this quality on chroma is kept at full resolution.
const FULL_CHROMA_QUALITY: u8 = 90;
/// Bits per sample of pictures that have 16. With 10 libheif 1.15 asks libaom for a profile that has
/// no such thing, whereupon libaom ends the process.
const DEEP_BITS: u8 = 12;

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    let pixels = u64::from(image.width) * u64::from(image.height);
    let gray = match image.space {
        ColourSpace::Gray => true,
        ColourSpace::Rgb => false,
        ColourSpace::Cmyk => return Err(Error::Encode("AVIF cannot hold CMYK".into())),
    };
    let deep;
    let (samples, bits) = match &image.samples {
        Samples::U8(samples) => (samples, 8),
        Samples::U16(samples) => {
            deep = narrowed(samples)?;
            (&deep, DEEP_BITS)
        }
    };
    let (width, height) = (image.width, image.height);
    let layout = Layout { width, height, gray, alpha: image.alpha, bits };
    let quality = options.quality.lossy.clamp(1, 100);
    let settings = Settings {
        quality: own_quality(quality),
        speed: speed(pixels),
        chroma: if quality < FULL_CHROMA_QUALITY { Chroma::Half } else { Chroma::Full },
        orientation: options.orientation.exif(),
        profile: side.profile,
        exif: side.metadata.exif.as_deref(),
        xmp: side.metadata.xmp.as_deref(),
    };
    write(samples, &layout, &settings).map_err(avif_error)
}

/// Two bytes per sample of [`DEEP_BITS`].
fn narrowed(samples: &[u16]) -> Result<Vec<u8>> {
    let most = (1_u32 << DEEP_BITS) - 1;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(samples.len() * 2).map_err(|_| Error::Memory)?;
    for sample in samples {
        let value = ((u32::from(*sample) * most + 32_767) / 65_535) as u16;
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    Ok(bytes)
}

/// Our quality and libheif's that looks like it. A JPEG of that quality and an AVIF had the same
/// SSIMULACRA2 on average, on photographs reduced to 400 pixels (docs/decisions/0010).
const QUALITIES: [(u32, u32); 6] = [(0, 0), (30, 43), (60, 56), (80, 70), (90, 84), (100, 100)];

fn own_quality(quality: u8) -> u8 {
    let quality = u32::from(quality.min(100));
    let above = QUALITIES.iter().position(|(ours, _)| quality <= *ours).unwrap_or(0).max(1);
    let ((from, low), (to, high)) = (QUALITIES[above - 1], QUALITIES[above]);
    (low + ((high - low) * (quality - from) + (to - from) / 2) / (to - from)) as u8
}

/// Effort, 0 (most) to 9. Twice the time buys 2 points of SSIMULACRA2 on small pictures and nothing
/// on large ones.
fn speed(pixels: u64) -> u8 {
    if pixels <= 1_000_000 { 8 } else { 9 }
}

fn avif_error(failure: Failure) -> Error {
    match failure {
        Failure::Missing(message) | Failure::Unsupported(message) => Error::Unsupported(message),
        Failure::Limit(message) => Error::Encode(format!("AVIF: {message}")),
        Failure::Memory => Error::Memory,
        Failure::Corrupt(message) => Error::Encode(format!("the AVIF encoder says: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::own_quality;

    #[test]
    fn quality_rises_through_its_fixed_points() {
        let all: Vec<u8> = (1..=100).map(own_quality).collect();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]), "{all:?}");
        for (ours, own) in [(1, 1), (30, 43), (60, 56), (70, 63), (80, 70), (90, 84), (100, 100)] {
            assert_eq!(own_quality(ours), own, "at {ours}");
        }
    }
}
