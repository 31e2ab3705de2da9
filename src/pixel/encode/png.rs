//! PNG: grey or RGB, 8 or 16 bits, with or without alpha.

use std::borrow::Cow;

use super::{EncodeOptions, Side, failed};
use crate::pixel::{ColourSpace, Density, Depth, Error, Image, PngQuality, Result, Samples};

const METRES_PER_INCH: f64 = 0.0254;
/// Above this no more than so much effort is made: the highest takes ten times as long for a few percent.
const LARGE_PIXELS: u64 = 20_000_000;
const LARGE_LEVEL: u8 = 3;

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    let mut info = png::Info::with_size(image.width, image.height);
    info.color_type = match (image.space, image.alpha) {
        (ColourSpace::Gray, false) => png::ColorType::Grayscale,
        (ColourSpace::Gray, true) => png::ColorType::GrayscaleAlpha,
        (ColourSpace::Rgb, false) => png::ColorType::Rgb,
        (ColourSpace::Rgb, true) => png::ColorType::Rgba,
        (ColourSpace::Cmyk, _) => return Err(Error::Encode("PNG cannot hold CMYK".into())),
    };
    info.bit_depth = match image.depth() {
        Depth::U8 => png::BitDepth::Eight,
        Depth::U16 => png::BitDepth::Sixteen,
    };
    info.icc_profile = side.profile.map(Cow::Borrowed);
    info.exif_metadata = side.metadata.exif.as_deref().map(Cow::Borrowed);
    info.pixel_dims = side.metadata.density.map(pixel_dims);

    let mut out = Vec::new();
    let mut encoder = png::Encoder::with_info(&mut out, info).map_err(failed)?;
    let PngQuality { level, filter } = options.quality.png;
    let large = u64::from(image.width) * u64::from(image.height) > LARGE_PIXELS;
    let level = level.clamp(1, if large { LARGE_LEVEL } else { 9 });
    encoder.set_deflate_compression(png::DeflateCompression::Level(level));
    encoder.set_filter(match filter {
        0 => png::Filter::NoFilter,
        1 => png::Filter::Sub,
        2 => png::Filter::Up,
        3 => png::Filter::Avg,
        4 => png::Filter::Paeth,
        _ => png::Filter::Adaptive,
    });
    let mut writer = encoder.write_header().map_err(failed)?;
    if let Some(xmp) = side.metadata.xmp.as_deref() {
        writer.write_chunk(png::chunk::iTXt, &xmp_chunk(xmp)).map_err(failed)?;
    }
    match &image.samples {
        Samples::U8(samples) => writer.write_image_data(samples).map_err(failed)?,
        Samples::U16(samples) => {
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
            writer.write_image_data(&bytes).map_err(failed)?;
        }
    }
    writer.finish().map_err(failed)?;
    Ok(out)
}

fn pixel_dims(density: Density) -> png::PixelDimensions {
    let per_metre = |dpi: f64| (dpi / METRES_PER_INCH).round().clamp(1.0, 2e9) as u32;
    png::PixelDimensions {
        xppu: per_metre(density.x_dpi),
        yppu: per_metre(density.y_dpi),
        unit: png::Unit::Meter,
    }
}

/// An uncompressed text chunk, as the XMP specification (part 3) wants it.
fn xmp_chunk(xmp: &[u8]) -> Vec<u8> {
    let mut chunk = b"XML:com.adobe.xmp\0\0\0\0\0".to_vec();
    chunk.extend_from_slice(xmp);
    chunk
}
