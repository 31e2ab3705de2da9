//! AVIF: grey or RGB, 8 bits, or 10 for pictures of 16, with or without alpha.
//!
//! libheif writes it with the AV1 encoder that it has (libaom on Debian). How hard the encoder
//! tries follows from the number of pixels, for a request waits for it and the encoder cannot be
//! called off. As for JPEG, chroma is stored at full resolution from quality 90 on.

use super::{EncodeOptions, Side};
use crate::pixel::heif::{Chroma, Failure, Layout, Settings, write};
use crate::pixel::{ColourSpace, Error, Image, Result, Samples};

/// What AV1 and the container hold.
const MAX_SIDE: u32 = 32_768;
/// About a quarter of a minute of work at the fastest.
const MAX_PIXELS: u64 = 60_000_000;
/// From this quality on chroma is kept at full resolution.
const FULL_CHROMA_QUALITY: u8 = 90;
/// Bits per sample of pictures that have 16.
const DEEP_BITS: u8 = 10;

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    let pixels = u64::from(image.width) * u64::from(image.height);
    if image.width > MAX_SIDE || image.height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(Error::Encode(format!(
            "AVIF is written up to {MAX_SIDE} pixels a side and {} megapixels",
            MAX_PIXELS / 1_000_000
        )));
    }
    let deep;
    let (samples, bits) = match &image.samples {
        Samples::U8(samples) => (samples, 8),
        Samples::U16(samples) => {
            deep = narrowed(samples)?;
            (&deep, DEEP_BITS)
        }
    };
    let layout = Layout {
        width: image.width,
        height: image.height,
        gray: match image.space {
            ColourSpace::Gray => true,
            ColourSpace::Rgb => false,
            ColourSpace::Cmyk => return Err(Error::Encode("AVIF cannot hold CMYK".into())),
        },
        alpha: image.alpha,
        bits,
    };
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
    bytes
        .try_reserve_exact(samples.len() * 2)
        .map_err(|_| Error::Encode("not enough memory".into()))?;
    for sample in samples {
        let value = ((u32::from(*sample) * most + 32_767) / 65_535) as u16;
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    Ok(bytes)
}

/// libheif's quality for ours, whose 1–100 look as JPEG's do.
fn own_quality(quality: u8) -> u8 {
    quality
}

/// Effort, 0 (most) to 9.
fn speed(pixels: u64) -> u8 {
    if pixels <= 4_000_000 { 8 } else { 9 }
}

fn avif_error(failure: Failure) -> Error {
    match failure {
        Failure::Missing(message) | Failure::Unsupported(message) => Error::Unsupported(message),
        Failure::Limit(message) => Error::Encode(format!("AVIF: {message}")),
        Failure::Corrupt(message) => Error::Encode(format!("the AVIF encoder says: {message}")),
    }
}
