//! WebP: lossy below quality 100, lossless at 100, with or without alpha.
//!
//! libwebp writes the picture; the container around it, when there is metadata to carry, is
//! written here (RFC 9649).

use super::{EncodeOptions, Side};
use crate::pixel::{ColourSpace, Error, Image, Result, Samples};

const MAX_SIDE: u32 = 16_383;
const LOSSLESS_QUALITY: u8 = 100;
/// Effort 0–6. On photographs of 400 pixels at quality 75, 4 (libwebp's own default) takes 2.3
/// times as long as 2 for 4 % fewer bytes of the same visual score.
const LOSSY_METHOD: i32 = 2;
const LOSSLESS_METHOD: i32 = 4;

const ICC_FLAG: u8 = 0x20;
const ALPHA_FLAG: u8 = 0x10;
const EXIF_FLAG: u8 = 0x08;
const XMP_FLAG: u8 = 0x04;

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    if image.width > MAX_SIDE || image.height > MAX_SIDE {
        return Err(Error::Encode(format!("WebP holds at most {MAX_SIDE} pixels a side")));
    }
    let Samples::U8(samples) = &image.samples else {
        return Err(Error::Encode("WebP cannot hold 16 bits per sample".into()));
    };
    let coloured;
    let samples = match image.space {
        ColourSpace::Rgb => samples,
        ColourSpace::Gray => {
            coloured = colour(samples, image.alpha)?;
            &coloured
        }
        ColourSpace::Cmyk => return Err(Error::Encode("WebP cannot hold CMYK".into())),
    };
    let encoder = if image.alpha {
        webp::Encoder::from_rgba(samples, image.width, image.height)
    } else {
        webp::Encoder::from_rgb(samples, image.width, image.height)
    };
    let mut config = webp::WebPConfig::new()
        .map_err(|()| Error::Encode("the WebP encoder does not start".into()))?;
    let quality = options.quality.lossy.clamp(1, 100);
    config.method = LOSSY_METHOD;
    if quality == LOSSLESS_QUALITY {
        config.method = LOSSLESS_METHOD;
        config.lossless = 1;
        // How hard to try, in lossless mode.
        config.quality = 75.0;
    } else {
        config.quality = f32::from(quality);
    }
    let simple = encoder
        .encode_advanced(&config)
        .map_err(|error| Error::Encode(format!("the WebP encoder says: {error:?}")))?;
    wrap(&simple, image, side)
}

fn colour(samples: &[u8], alpha: bool) -> Result<Vec<u8>> {
    let (from, to) = if alpha { (2, 4) } else { (1, 3) };
    let mut out = Vec::new();
    out.try_reserve_exact(samples.len() / from * to)
        .map_err(|_| Error::Encode("not enough memory".into()))?;
    for pixel in samples.chunks_exact(from) {
        out.extend_from_slice(&[pixel[0]; 3]);
        out.extend_from_slice(&pixel[1..]);
    }
    Ok(out)
}

/// Puts the picture's chunks into an extended container when there is something to add.
fn wrap(simple: &[u8], image: &Image, side: &Side<'_>) -> Result<Vec<u8>> {
    let exif = side.metadata.exif.as_deref();
    let xmp = side.metadata.xmp.as_deref();
    if side.profile.is_none() && exif.is_none() && xmp.is_none() {
        return Ok(simple.to_vec());
    }
    let pictures = picture_chunks(simple)
        .ok_or_else(|| Error::Encode("the WebP encoder wrote no picture".into()))?;
    let mut flags = if image.alpha { ALPHA_FLAG } else { 0 };
    for (there, flag) in
        [(side.profile.is_some(), ICC_FLAG), (exif.is_some(), EXIF_FLAG), (xmp.is_some(), XMP_FLAG)]
    {
        flags |= if there { flag } else { 0 };
    }
    let mut header = vec![flags, 0, 0, 0];
    header.extend_from_slice(&(image.width - 1).to_le_bytes()[..3]);
    header.extend_from_slice(&(image.height - 1).to_le_bytes()[..3]);

    let mut body = b"WEBP".to_vec();
    put_chunk(&mut body, b"VP8X", &header)?;
    if let Some(profile) = side.profile {
        put_chunk(&mut body, b"ICCP", profile)?;
    }
    body.extend_from_slice(pictures);
    if let Some(exif) = exif {
        put_chunk(&mut body, b"EXIF", exif)?;
    }
    if let Some(xmp) = xmp {
        put_chunk(&mut body, b"XMP ", xmp)?;
    }
    let mut out = b"RIFF".to_vec();
    out.extend_from_slice(&chunk_len(body.len())?.to_le_bytes());
    out.extend_from_slice(&body);
    Ok(out)
}

/// The chunks that make up the picture (`ALPH`, `VP8 `, `VP8L`), without an extended header.
fn picture_chunks(file: &[u8]) -> Option<&[u8]> {
    let chunks = file.get(12..)?;
    if !chunks.starts_with(b"VP8X") {
        return Some(chunks);
    }
    let len = u32::from_le_bytes(chunks.get(4..8)?.try_into().ok()?) as usize;
    chunks.get(8 + len.next_multiple_of(2)..)
}

fn put_chunk(out: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) -> Result<()> {
    out.extend_from_slice(name);
    out.extend_from_slice(&chunk_len(data.len())?.to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
    Ok(())
}

fn chunk_len(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| Error::Encode("WebP cannot hold that much".into()))
}
