//! Pictures made by code, written with plain encoders so that what the program reads does not come
//! from the program.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use turbojpeg::{Compressor, PixelFormat, Subsamp};

/// A smooth picture with a gradient in each channel and fine waves, as RGB.
pub fn pattern(width: usize, height: usize) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let wave = ((x * 7 + y * 3) % 64) / 2;
            let red = x * 223 / width + wave;
            let green = y * 223 / height + wave;
            let blue = (x + y) * 223 / (width + height) + wave;
            pixels.extend([red, green, blue].map(|level| u8::try_from(level).unwrap()));
        }
    }
    pixels
}

/// A picture of slow gradients, without anything fine.
pub fn smooth(width: usize, height: usize) -> Vec<u8> {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let level = |part: usize, whole: usize| u8::try_from(20 + part * 200 / whole).unwrap();
    pixels
        .flat_map(|(x, y)| [level(x, width), level(y, height), level(x + y, width + height)])
        .collect()
}

/// Writes [`pattern`] as a JPEG and makes the folders above it.
pub fn write_jpeg(path: &Path, width: usize, height: usize) {
    write_jpeg_of(path, &pattern(width, height), width, height);
}

/// Writes RGB pixels as a JPEG and makes the folders above it.
pub fn write_jpeg_of(path: &Path, pixels: &[u8], width: usize, height: usize) {
    make_parent(path);
    let mut compressor = Compressor::new().unwrap();
    compressor.set_quality(90).unwrap();
    compressor.set_subsamp(Subsamp::Sub2x2).unwrap();
    let image =
        turbojpeg::Image { pixels, width, pitch: width * 3, height, format: PixelFormat::RGB };
    fs::write(path, compressor.compress_to_vec(image).unwrap()).unwrap();
}

/// Writes [`pattern`] as an 8-bit PNG and makes the folders above it.
pub fn write_png(path: &Path, width: u32, height: u32) {
    make_parent(path);
    let pixels = pattern(width as usize, height as usize);
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path).unwrap()), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
}

fn make_parent(path: &Path) {
    fs::create_dir_all(path.parent().expect("a fixture lies in a folder")).unwrap();
}

/// Width and height of a JPEG, from its header.
pub fn jpeg_size(bytes: &[u8]) -> (usize, usize) {
    let header = turbojpeg::read_header(bytes).expect("a JPEG");
    (header.width, header.height)
}
