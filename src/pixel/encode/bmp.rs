//! BMP: 24 bits for RGB, 8 bits with a grey palette for grey, bottom row first, not compressed.

use super::{EncodeOptions, Side};
use crate::pixel::{ColourSpace, Density, Error, Image, Result, Samples};

const FILE_HEADER_BYTES: u32 = 14;
const INFO_HEADER_BYTES: u32 = 40;
const METRES_PER_INCH: f64 = 0.0254;

pub(super) fn encode(image: &Image, _options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    let (Samples::U8(samples), ColourSpace::Gray | ColourSpace::Rgb, false) =
        (&image.samples, image.space, image.alpha)
    else {
        return Err(Error::Encode("BMP holds 8-bit grey or RGB without alpha only".into()));
    };
    let gray = image.space == ColourSpace::Gray;
    let palette_bytes = if gray { 256 * 4 } else { 0 };
    let offset = FILE_HEADER_BYTES + INFO_HEADER_BYTES + palette_bytes;
    let line = image.row_len();
    let padded = line.next_multiple_of(4);
    let pixels = u32::try_from(padded as u64 * u64::from(image.height)).ok();
    let sizes = pixels.and_then(|pixels| Some((pixels, pixels.checked_add(offset)?)));
    let sides = i32::try_from(image.width).ok().zip(i32::try_from(image.height).ok());
    let (Some((pixels, total)), Some((width, height))) = (sizes, sides) else {
        return Err(Error::Encode("BMP cannot hold a picture of this size".into()));
    };

    let mut out = Vec::new();
    out.try_reserve_exact(total as usize).map_err(|_| Error::Memory)?;
    out.extend_from_slice(b"BM");
    out.extend_from_slice(&total.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(&INFO_HEADER_BYTES.to_le_bytes());
    out.extend_from_slice(&width.to_le_bytes());
    out.extend_from_slice(&height.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&(if gray { 8u16 } else { 24 }).to_le_bytes());
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&pixels.to_le_bytes());
    let (x, y) = side.metadata.density.map_or((0, 0), per_metre);
    out.extend_from_slice(&x.to_le_bytes());
    out.extend_from_slice(&y.to_le_bytes());
    out.extend_from_slice(&(palette_bytes / 4).to_le_bytes());
    out.extend_from_slice(&0u32.to_le_bytes());
    if gray {
        (0..=255u8).for_each(|level| out.extend_from_slice(&[level, level, level, 0]));
    }
    for row in samples.chunks_exact(line).rev() {
        if gray {
            out.extend_from_slice(row);
        } else {
            let (pixels, _) = row.as_chunks::<3>();
            out.extend(pixels.iter().flat_map(|[r, g, b]| [*b, *g, *r]));
        }
        out.resize(out.len() + padded - line, 0);
    }
    Ok(out)
}

fn per_metre(density: Density) -> (i32, i32) {
    let whole = |dpi: f64| (dpi / METRES_PER_INCH).round().clamp(1.0, 2e9) as i32;
    (whole(density.x_dpi), whole(density.y_dpi))
}
