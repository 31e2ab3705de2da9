//! Small sound files of every format that is read, as many kinds of each as there are.
//!
//! Mutations start from them: here a set number, in `fuzz/` as long as one likes.

use std::path::Path;

use super::fixture::{decode_named, file, pattern};
use super::{dicom, heif, ico, jpeg, jxl, pdf, postscript, psd, raw, svg, tga, tiff, xcf};
use crate::pixel::{FORMATS, Format};

const SIZE: (u32, u32) = (24, 17);

/// The format of each seed, and its bytes.
pub fn seeds() -> Vec<(Format, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (format, args) in WRITTEN {
        seeds.push((*format, file(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", args)));
    }
    for (format, args) in WITH_ALPHA {
        seeds.push((*format, file(&pattern(SIZE.0, SIZE.1, 4), SIZE, "rgba", args)));
    }
    let cmyk = pattern(SIZE.0, SIZE.1, 4);
    for (format, out) in [(Format::Jpeg, "jpg:-"), (Format::Tiff, "tiff:-"), (Format::Psd, "psd:-")]
    {
        seeds.push((format, file(&cmyk, SIZE, "cmyk", &[out])));
    }
    let made = [
        (Format::Jpeg, jpeg::entropy_tests::seeds()),
        (Format::Tga, tga::tests::seeds()),
        (Format::Ico, ico::tests::seeds()),
        (Format::Psd, psd::tests::seeds()),
        (Format::Dicom, dicom::tests::seeds()),
        (Format::Raw, raw::tests::seeds()),
        (Format::Raw, raw::camera_tests::seeds()),
        (Format::Tiff, tiff::odd_tests::seeds()),
    ];
    for (format, files) in made {
        seeds.extend(files.into_iter().map(|file| (format, file)));
    }
    seeds
}

/// The same of formats that take other programs to make or to read, or much time.
fn slow_seeds() -> Vec<(Format, Vec<u8>)> {
    let made = [
        (Format::Heic, heif::tests::heic_seeds()),
        (Format::Avif, heif::tests::avif_seeds()),
        (Format::Jxl, jxl::tests::seeds()),
        (Format::Svg, svg::tests::seeds()),
        (Format::Pdf, pdf::tests::seeds()),
        (Format::Postscript, postscript::tests::seeds()),
        (Format::Xcf, xcf::tests::seeds()),
    ];
    let of_format =
        |(format, files): (Format, Vec<Vec<u8>>)| files.into_iter().map(move |file| (format, file));
    made.into_iter().flat_map(of_format).collect()
}

/// What ImageMagick writes of a picture in colour.
const WRITTEN: &[(Format, &[&str])] = &[
    (Format::Jpeg, &["jpg:-"]),
    (Format::Jpeg, &["-interlace", "JPEG", "jpg:-"]),
    (Format::Jpeg, &["-colorspace", "Gray", "jpg:-"]),
    (Format::Png, &["png:-"]),
    (Format::Png, &["-interlace", "PNG", "png:-"]),
    (Format::Png, &["-depth", "16", "png:-"]),
    (Format::Png, &["-colors", "9", "png:-"]),
    (Format::Gif, &["gif:-"]),
    (Format::Gif, &["(", "+clone", "-negate", ")", "gif:-"]),
    (Format::Bmp, &["bmp:-"]),
    (Format::Bmp, &["-colors", "9", "-compress", "RLE", "-type", "Palette", "BMP3:-"]),
    (Format::Webp, &["webp:-"]),
    (Format::Webp, &["-define", "webp:lossless=true", "webp:-"]),
    (Format::Webp, &["(", "+clone", "-negate", ")", "webp:-"]),
    (Format::Tiff, &["tiff:-"]),
    (Format::Tiff, &["-compress", "LZW", "tiff:-"]),
    (Format::Tiff, &["-compress", "Zip", "-define", "tiff:tile-geometry=16x16", "tiff:-"]),
    (Format::Tiff, &["-compress", "JPEG", "tiff:-"]),
    (Format::Tiff, &["-monochrome", "-compress", "Group4", "tiff:-"]),
    (Format::Tga, &["-compress", "none", "tga:-"]),
    (Format::Tga, &["-compress", "RLE", "tga:-"]),
    (Format::Tga, &["-colors", "9", "-type", "Palette", "tga:-"]),
    (Format::Pnm, &["ppm:-"]),
    (Format::Pnm, &["-compress", "none", "ppm:-"]),
    (Format::Pnm, &["-depth", "16", "ppm:-"]),
    (Format::Pnm, &["-monochrome", "pbm:-"]),
    (Format::Pnm, &["-monochrome", "-compress", "none", "pbm:-"]),
    (Format::Ico, &["-colors", "9", "ico:-"]),
    (Format::Psd, &["-compress", "RLE", "psd:-"]),
    (Format::Psd, &["-compress", "none", "psd:-"]),
    (Format::Psd, &["-compress", "RLE", "psb:-"]),
];

/// What it writes of a transparent one.
const WITH_ALPHA: &[(Format, &[&str])] = &[
    (Format::Png, &["png:-"]),
    (Format::Webp, &["webp:-"]),
    (Format::Tiff, &["tiff:-"]),
    (Format::Tga, &["tga:-"]),
    (Format::Pnm, &["pam:-"]),
    (Format::Ico, &["ico:-"]),
    (Format::Psd, &["psd:-"]),
];

#[test]
fn seeds_are_sound_and_every_decoder_has_some() {
    let seeds = [seeds(), slow_seeds()].concat();
    for row in FORMATS.iter().filter(|row| row.read) {
        let of_it = seeds.iter().filter(|(seed, _)| *seed == row.format);
        assert!(of_it.count() >= 2, "{}", row.title);
    }
    for (format, file) in &seeds {
        let image = decode_named(file, *format);
        assert!(image.is_ok(), "{format:?}: {image:?}");
    }
    if let Some(folder) = std::env::var_os("HALFTONE_SEEDS") {
        for (index, (format, file)) in seeds.iter().enumerate() {
            let folder = Path::new(&folder).join(format.extension());
            std::fs::create_dir_all(&folder).unwrap();
            // A fuzzed input begins with a byte that says what is wanted.
            let input = [&[(index % 16) as u8 & 0xc], &file[..]].concat();
            std::fs::write(folder.join(format!("seed-{index}")), input).unwrap();
        }
    }
}
