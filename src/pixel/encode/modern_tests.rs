//! AVIF and JPEG XL, as Debian's `avifdec` and `djxl` read them.

use std::process::Command;

use super::{EncodeOptions, check_size, encode};
use crate::pixel::decode::fixture::{bytes, magick, picture};
use crate::pixel::decode::{Input, Opening, Orientation, Source, Want};
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Format, Image, Limits, Quality, Samples};

const SIZE: (u32, u32) = (72, 50);

fn options(format: Format, lossy: u8) -> EncodeOptions {
    let quality = Quality { lossy, ..Quality::default() };
    EncodeOptions { quality, ..EncodeOptions::new(format) }
}

/// What another program makes of a file: a PNG.
fn by_other(format: Format, file: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path(&format!("in.{}", format.extension())), file).unwrap();
    let program = if format == Format::Avif { "avifdec" } else { "djxl" };
    let ran = Command::new(program)
        .arg(path(&format!("in.{}", format.extension())))
        .arg(path("out.png"))
        .output()
        .unwrap_or_else(|error| panic!("Debian's {program} is installed: {error}"));
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    std::fs::read(path("out.png")).unwrap()
}

/// Samples of 8 or 16 bits, the latter in the machine's order.
fn raw(png: &[u8], image: &Image) -> Vec<u8> {
    let name = match (image.space, image.alpha) {
        (ColourSpace::Gray, false) => "gray:-",
        (ColourSpace::Gray, true) => "graya:-",
        (_, false) => "rgb:-",
        (_, true) => "rgba:-",
    };
    let depth = if image.depth() == Depth::U8 { "8" } else { "16" };
    magick(&["png:-", "-depth", depth, "-endian", "LSB", name], png)
}

fn samples(image: &Image) -> Vec<u8> {
    match &image.samples {
        Samples::U8(samples) => samples.clone(),
        Samples::U16(samples) => samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
    }
}

#[test]
fn jpeg_xl_of_quality_100_loses_nothing() {
    for space in [ColourSpace::Gray, ColourSpace::Rgb] {
        for alpha in [false, true] {
            for depth in [Depth::U8, Depth::U16] {
                let image = picture(SIZE.0, SIZE.1, space, alpha, depth);
                let file = encode(&image, &options(Format::Jxl, 100)).unwrap();
                let read = raw(&by_other(Format::Jxl, &file), &image);
                assert!(read == samples(&image), "{space:?} {alpha} {depth:?}");
            }
        }
    }
}

#[test]
fn lossy_files_lose_little_and_less_the_higher_the_quality() {
    for format in [Format::Avif, Format::Jxl] {
        for (space, alpha) in
            [(ColourSpace::Gray, false), (ColourSpace::Rgb, false), (ColourSpace::Rgb, true)]
        {
            let image = picture(SIZE.0, SIZE.1, space, alpha, Depth::U8);
            let mut last = (f64::MAX, 0);
            for (quality, most) in [(30, 9.0), (60, 6.0), (92, 2.5)] {
                let file = encode(&image, &options(format, quality)).unwrap();
                let read = raw(&by_other(format, &file), &image);
                assert_eq!(read.len(), bytes(&image).len());
                let total: u64 =
                    read.iter().zip(bytes(&image)).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
                let off = total as f64 / read.len() as f64;
                assert!(off < most, "{format:?} {space:?} {alpha} at {quality}: {off} levels");
                assert!(off < last.0 && file.len() > last.1, "{format:?} {space:?} at {quality}");
                last = (off, file.len());
            }
        }
    }
}

#[test]
fn avif_keeps_more_than_eight_bits_of_sixteen() {
    for space in [ColourSpace::Gray, ColourSpace::Rgb] {
        for alpha in [false, true] {
            // Slopes that 8 bits would show in steps.
            let mut image = Image::try_new(256, 16, space, alpha, Depth::U16).unwrap();
            let bands = image.bands();
            let Samples::U16(slope) = &mut image.samples else { panic!("not deep") };
            for (at, sample) in slope.iter_mut().enumerate() {
                *sample = (20_000 + (at / bands % 256) * 8) as u16;
            }
            let file = encode(&image, &options(Format::Avif, 100)).unwrap();
            let read = raw(&by_other(Format::Avif, &file), &image);
            let expected = samples(&image);
            assert_eq!(read.len(), expected.len());
            let worst = read
                .chunks(2)
                .zip(expected.chunks(2))
                .map(|(a, b)| [a, b].map(|pair| u16::from_le_bytes([pair[0], pair[1]])))
                .map(|[a, b]| a.abs_diff(b))
                .max()
                .unwrap();
            // One step of 12 bits is 16, of 10 bits 64, of 8 bits 257.
            assert!(worst <= 96, "{space:?} {alpha}: {worst}");
        }
    }
}

#[test]
fn an_orientation_that_was_not_applied_is_written_where_the_format_has_it() {
    let image = picture(SIZE.0, SIZE.1, ColourSpace::Rgb, false, Depth::U8);
    for format in [Format::Avif, Format::Jxl] {
        let turned = EncodeOptions {
            orientation: Orientation::from_exif(6).unwrap(),
            ..options(format, 90)
        };
        let file = encode(&image, &turned).unwrap();
        let mut input = Input::new(std::io::Cursor::new(file.clone()), file.len() as u64, None);
        let found = input.recognise().unwrap();
        let source =
            Source::open_here(input, found, &Opening::default(), &Limits::default()).unwrap();
        // The decoders apply it; that they do it right, their own tests show.
        assert_eq!((source.info().width, source.info().height), (SIZE.1, SIZE.0), "{format:?}");
        let want = Want::everything(SIZE.1, SIZE.0);
        let shown = source.decode(&want, &Limits::default(), &Cancel::never()).unwrap().image;
        let size = format!("{}x{}", SIZE.0, SIZE.1);
        let expected = magick(
            &["-size", &size, "-depth", "8", "rgb:-", "-rotate", "90", "rgb:-"],
            bytes(&image),
        );
        let total: u64 =
            bytes(&shown).iter().zip(&expected).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!((total as f64) < 4.0 * expected.len() as f64, "{format:?}");
    }
}

#[test]
fn sizes_that_take_too_long_are_refused() {
    for format in [Format::Avif, Format::Jxl] {
        let quality = options(format, 80).quality;
        let rows = format.row().cost(80).unwrap().most_megapixels * 100;
        assert!(check_size(format, quality, 10_000, rows).is_ok(), "{format:?}");
        let refused = check_size(format, quality, 10_000, rows + 1);
        assert!(matches!(refused, Err(Error::Parameter { name: "format", .. })), "{format:?}");
    }
}
