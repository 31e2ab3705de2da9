//! Pictures to files.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

/// Quality of the scenes.
const QUALITY: i32 = 90;

/// Writes a file under another name, and gives it its own when it is whole.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file =
        tempfile::Builder::new().prefix(".painting-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    // Temporary files are for their owner alone; pictures are for the front server as well.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Encodes 8-bit sRGB as a JPEG.
pub(super) fn jpeg(width: usize, height: usize, pixels: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new().map_err(io::Error::other)?;
    compressor.set_quality(QUALITY).map_err(io::Error::other)?;
    compressor.set_subsamp(Subsamp::Sub2x2).map_err(io::Error::other)?;
    let image = Image { pixels, width, pitch: width * 3, height, format: PixelFormat::RGB };
    compressor.compress_to_vec(image).map_err(io::Error::other)
}

/// Encodes 8-bit sRGB, with or without alpha, as a PNG that says so.
pub(super) fn png(
    width: u32,
    height: u32,
    color: png::ColorType,
    pixels: &[u8],
) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::RelativeColorimetric);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(pixels).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(bytes)
}
