//! The pictures that most tests ask for, and ways to make more.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use crate::magick;
use crate::support::fixture::write_jpeg;

/// Colours of the four quarters of [`quarters`], row by row.
pub const QUARTERS: [[u8; 3]; 4] = [[220, 30, 40], [30, 180, 60], [20, 60, 200], [240, 220, 20]];

/// Colours of the pages of `pages.tif`, which are 60×40, 50×70 and 80×30 pixels.
pub const PAGES: [[u8; 3]; 3] = [[255, 0, 0], [0, 128, 0], [0, 0, 255]];

/// The sizes of those pages.
pub const PAGE_SIZES: [(u32, u32); 3] = [(60, 40), (50, 70), (80, 30)];

/// Fills a repository:
///
/// | File | What it is |
/// |---|---|
/// | `a/photo.jpg` | 1200×800, smooth |
/// | `a/chart.png` | 400×300, four plain quarters |
/// | `a/chart.bmp`, `.gif`, `.tif`, `.webp` | the same |
/// | `a/logo.png` | 40×20, left half transparent, right half blue |
/// | `a/pages.tif` | three pages, see [`PAGES`] |
/// | `a/cmyk.jpg` | 64×48, CMYK without a profile, plain cyan |
/// | `a/sideways.jpg` | 64×48 as stored, to be turned to the right, with Exif data and 150 dpi |
pub fn make(images: &Path) {
    let folder = images.join("a");
    write_jpeg(&folder.join("photo.jpg"), 1200, 800);
    quarters(&folder.join("chart.png"), 400, 300);
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let chart = at("chart.png");
    for extension in ["bmp", "gif", "tif", "webp"] {
        magick::make(&[
            &chart,
            "-define",
            "webp:lossless=true",
            &at(&format!("chart.{extension}")),
        ]);
    }
    logo(&folder.join("logo.png"));
    magick::make(&[
        "-size",
        "60x40",
        "xc:#ff0000",
        "-size",
        "50x70",
        "xc:#008000",
        "-size",
        "80x30",
        "xc:#0000ff",
        "-type",
        "TrueColor",
        &at("pages.tif"),
    ]);
    magick::make(&["-size", "64x48", "xc:cmyk(255,0,0,0)", "-colorspace", "CMYK", &at("cmyk.jpg")]);
    sideways(&folder.join("sideways.jpg"));
}

/// Writes a PNG of four plain quarters and makes the folders above it.
pub fn quarters(path: &Path, width: u32, height: u32) {
    quarters_of(path, width, height, QUARTERS);
}

/// The same in other colours.
pub fn quarters_of(path: &Path, width: u32, height: u32, colours: [[u8; 3]; 4]) {
    let colour = |x, y| colours[usize::from(x >= width / 2) + 2 * usize::from(y >= height / 2)];
    let pixels: Vec<u8> =
        (0..height).flat_map(|y| (0..width).flat_map(move |x| colour(x, y))).collect();
    png(path, png::ColorType::Rgb, width, height, &pixels);
}

/// Writes a PNG of one colour and makes the folders above it.
pub fn plain(path: &Path, width: u32, height: u32, rgb: [u8; 3]) {
    quarters_of(path, width, height, [rgb; 4]);
}

fn logo(path: &Path) {
    let pixels: Vec<u8> = (0..20 * 40)
        .flat_map(|at| if at % 40 < 20 { [0, 0, 0, 0] } else { [0, 0, 255, 255] })
        .collect();
    png(path, png::ColorType::Rgba, 40, 20, &pixels);
}

fn png(path: &Path, kind: png::ColorType, width: u32, height: u32, pixels: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = BufWriter::new(File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(kind);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}

/// A JPEG whose Exif data says that the camera was held with its right side up (orientation 6).
pub fn sideways(path: &Path) {
    let plain = path.with_file_name("quarters.png");
    quarters(&plain, 64, 48);
    let (from, to) = (plain.to_str().unwrap(), path.to_str().unwrap());
    magick::make(&[
        from,
        "-quality",
        "95",
        "-sampling-factor",
        "1x1",
        "-density",
        "150",
        "-units",
        "PixelsPerInch",
        to,
    ]);
    fs::remove_file(plain).unwrap();
    let jpeg = fs::read(path).unwrap();
    // One directory with one entry: tag 0x0112, a SHORT, one of it, the value 6 (TIFF 6.0).
    let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let len = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    // Behind the JFIF segment, which holds the density and has to come first.
    let jfif_end = 4 + usize::from(u16::from_be_bytes([jpeg[4], jpeg[5]]));
    let mut whole = jpeg[..jfif_end].to_vec();
    whole.extend([0xff, 0xe1]);
    whole.extend(len);
    whole.extend(exif);
    whole.extend(&jpeg[jfif_end..]);
    fs::write(path, whole).unwrap();
}
