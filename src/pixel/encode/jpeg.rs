//! JPEG: baseline or progressive, grey, RGB (as YCbCr) and CMYK (as Adobe's inverted YCCK).
//!
//! Chroma is stored at half resolution below quality 90, where the eye does not miss it, and at
//! full resolution from 90 on, where fine coloured detail is worth its bytes. Baseline files use the
//! standard Huffman tables: tables made for the picture save 1–3 % of its bytes, but make encoding
//! take two to three times as long (measured on six photographs of 500–750 pixels a side at quality
//! 80 and 92). Progressive files
//! always have their own.

use super::turbo::{self, Layout, Settings};
use super::{EncodeOptions, Side};
use crate::pixel::{ColourSpace, Density, Error, Image, Result, Samples};

/// From this quality on chroma is kept at full resolution.
const FULL_CHROMA_QUALITY: u8 = 90;
const MAX_PAYLOAD: usize = 65_533;

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    let Samples::U8(samples) = &image.samples else {
        return Err(Error::Encode("JPEG cannot hold 16 bits per sample".into()));
    };
    let inverted;
    let (layout, samples) = match image.space {
        ColourSpace::Gray => (Layout::Gray, samples),
        ColourSpace::Rgb => (Layout::Rgb, samples),
        ColourSpace::Cmyk => {
            inverted = invert(samples)?;
            (Layout::InvertedCmyk, &inverted)
        }
    };
    let quality = options.quality.lossy;
    let settings = Settings {
        layout,
        quality,
        halve_chroma: quality < FULL_CHROMA_QUALITY,
        progressive: options.progressive,
        optimise: false,
    };
    let bare = turbo::compress(samples, (image.width, image.height), &settings)?;
    assemble(&bare, side)
}

fn invert(samples: &[u8]) -> Result<Vec<u8>> {
    let mut inverted = Vec::new();
    inverted.try_reserve_exact(samples.len()).map_err(|_| Error::Memory)?;
    inverted.extend(samples.iter().map(|sample| 255 - sample));
    Ok(inverted)
}

/// Puts the metadata segments between the start of the file and what the compressor wrote.
fn assemble(bare: &[u8], side: &Side<'_>) -> Result<Vec<u8>> {
    let rest = bare
        .strip_prefix(&[0xff, 0xd8])
        .map(without_jfif)
        .ok_or_else(|| Error::Encode("the compressor wrote no JPEG".into()))?;
    let mut out = vec![0xff, 0xd8];
    put_segment(&mut out, 0xe0, &[&jfif(side.metadata.density)]);
    if let Some(exif) = &side.metadata.exif {
        put_segment(&mut out, 0xe1, &[b"Exif\0\0", exif]);
    }
    if let Some(xmp) = &side.metadata.xmp {
        put_segment(&mut out, 0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", xmp]);
    }
    if let Some(iptc) = &side.metadata.iptc {
        put_iptc(&mut out, iptc);
    }
    if let Some(profile) = side.profile {
        put_profile(&mut out, profile);
    }
    out.extend_from_slice(rest);
    Ok(out)
}

/// Drops the compressor's own JFIF segment: it writes none for CMYK, and ours serves all.
fn without_jfif(rest: &[u8]) -> &[u8] {
    match rest {
        [0xff, 0xe0, high, low, ..] => {
            rest.get(2 + usize::from(u16::from_be_bytes([*high, *low]))..).unwrap_or(rest)
        }
        _ => rest,
    }
}

/// The JFIF 1.01 segment. Readers take its resolution whatever the colour model.
fn jfif(density: Option<Density>) -> [u8; 14] {
    let dots = |dpi: f64| (dpi.round().clamp(1.0, 65_535.0) as u16).to_be_bytes();
    let (unit, [x1, x0], [y1, y0]) = match density {
        Some(density) => (1, dots(density.x_dpi), dots(density.y_dpi)),
        None => (0, [0, 1], [0, 1]),
    };
    [b'J', b'F', b'I', b'F', 0, 1, 1, unit, x1, x0, y1, y0, 0, 0]
}

/// Writes one segment; a block that does not fit into one is left out.
fn put_segment(out: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    if len > MAX_PAYLOAD {
        return;
    }
    let stated = u16::try_from(len + 2).expect("the payload was checked against the maximum");
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(&stated.to_be_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// Wraps the block as a Photoshop resource, which may go over several segments.
fn put_iptc(out: &mut Vec<u8>, iptc: &[u8]) {
    const HEAD: &[u8] = b"Photoshop 3.0\0";
    let Ok(len) = u32::try_from(iptc.len()) else { return };
    let mut resource = b"8BIM\x04\x04\0\0".to_vec();
    resource.extend_from_slice(&len.to_be_bytes());
    resource.extend_from_slice(iptc);
    resource.resize(resource.len().next_multiple_of(2), 0);
    for part in resource.chunks(MAX_PAYLOAD - HEAD.len()) {
        put_segment(out, 0xed, &[HEAD, part]);
    }
}

/// Splits the profile as ICC.1 annex B.4 says; one that needs more than 255 parts is left out.
fn put_profile(out: &mut Vec<u8>, profile: &[u8]) {
    const HEAD: &[u8] = b"ICC_PROFILE\0";
    let parts = profile.chunks(MAX_PAYLOAD - HEAD.len() - 2);
    let Ok(count) = u8::try_from(parts.len()) else { return };
    for (part, number) in parts.zip(1..=count) {
        put_segment(out, 0xe2, &[HEAD, &[number, count], part]);
    }
}
