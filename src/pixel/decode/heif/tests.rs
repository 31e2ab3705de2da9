//! Files come from Debian's `heif-enc` and `avifenc`; what they hold, from arithmetic.

use std::process::Command;

use crate::pixel::colour::icc;
use crate::pixel::colour::transform::{Meaning, Transform};
use crate::pixel::decode::fixture::{bytes, file as made, magick, pattern};
use crate::pixel::decode::{Info, Input, Opening, Orientation, Region, Source, Want};
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Format, Image, Limits, Result, Samples};

const SIZE: (u32, u32) = (64, 48);

/// Runs an encoder on a PNG; `{in}` and `{out}` stand for its files.
fn encoded(program: &str, args: &[&str], extension: &str, png: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.png"), folder.path().join(extension));
    std::fs::write(&input, png).unwrap();
    let (input, output) = (input.to_str().unwrap(), output.to_str().unwrap());
    let args = args.iter().map(|arg| match *arg {
        "{in}" => input,
        "{out}" => output,
        arg => arg,
    });
    let ran = Command::new(program)
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("Debian's {program} is installed: {error}"));
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    std::fs::read(output).unwrap()
}

fn heic(png: &[u8], more: &[&str]) -> Vec<u8> {
    encoded("heif-enc", &[more, &["-q", "95", "{in}", "-o", "{out}"]].concat(), "out.heic", png)
}

fn avif(png: &[u8], more: &[&str]) -> Vec<u8> {
    let all = [&["-s", "8", "-j", "1"], more, &["{in}", "{out}"]].concat();
    encoded("avifenc", &all, "out.avif", png)
}

fn png(bands: usize, name: &str, more: &[&str]) -> Vec<u8> {
    made(&pattern(SIZE.0, SIZE.1, bands), SIZE, name, &[more, &["png:-"]].concat())
}

pub fn heic_seeds() -> Vec<Vec<u8>> {
    vec![heic(&png(3, "rgb", &[]), &[]), heic(&png(4, "rgba", &[]), &[])]
}

pub fn avif_seeds() -> Vec<Vec<u8>> {
    vec![avif(&png(3, "rgb", &[]), &[]), avif(&png(4, "rgba", &["-depth", "16"]), &["-d", "10"])]
}

fn open_page(file: &[u8], page: u32, limits: &Limits) -> Result<Source> {
    let mut input = Input::new(std::io::Cursor::new(file.to_vec()), file.len() as u64, None);
    let format = input.recognise()?;
    Source::open_here(input, format, &Opening { page, dpi: 0 }, limits)
}

fn info(file: &[u8]) -> Info {
    open_page(file, 1, &Limits::default()).unwrap().info().clone()
}

fn decode(file: &[u8]) -> Result<Image> {
    let source = open_page(file, 1, &Limits::default())?;
    let want = Want::everything(source.info().width, source.info().height);
    Ok(source.decode(&want, &Limits::default(), &Cancel::never())?.image)
}

/// Mean difference in 8-bit levels.
fn off(actual: &Image, expected: &[u8]) -> f64 {
    let actual = bytes(actual);
    assert_eq!(actual.len(), expected.len());
    let sum: u64 = actual.iter().zip(expected).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / actual.len() as f64
}

const LOSSLESS: &[&str] = &["--min", "0", "--max", "0", "-y", "444", "-r", "full"];

#[test]
fn heic_and_avif_show_the_picture() {
    let png = png(3, "rgb", &[]);
    for (file, format) in [
        (heic(&png, &[]), Format::Heic),
        (avif(&png, LOSSLESS), Format::Avif),
        (heic(&png, &["-A"]), Format::Avif),
    ] {
        let info = info(&file);
        assert_eq!((info.format, info.width, info.height), (format, SIZE.0, SIZE.1));
        assert_eq!((info.space, info.depth, info.alpha), (ColourSpace::Rgb, Depth::U8, false));
        assert_eq!((info.pages, info.profile), (1, None));
        let off = off(&decode(&file).unwrap(), &pattern(SIZE.0, SIZE.1, 3));
        assert!(off < 4.0, "{format:?}: {off}");
    }
}

#[test]
fn alpha_is_straight_whether_the_file_multiplies_it_or_not() {
    let png = png(4, "rgba", &[]);
    for more in [&[][..], &["--premultiply"]] {
        let file = avif(&png, &[LOSSLESS, more].concat());
        assert!(info(&file).alpha);
        let off = off(&decode(&file).unwrap(), &pattern(SIZE.0, SIZE.1, 4));
        assert!(off < 2.5, "{more:?}: {off}");
    }
    assert!(decode(&heic(&png, &[])).unwrap().alpha);
}

#[test]
fn grey_stays_grey() {
    for (bands, name) in [(1, "gray"), (2, "graya")] {
        let png = png(bands, name, &[]);
        let file = avif(&png, &["-y", "400", "--min", "0", "--max", "0", "-r", "full"]);
        let image = decode(&file).unwrap();
        assert_eq!((image.space, image.alpha), (ColourSpace::Gray, bands == 2));
        let off = off(&image, &pattern(SIZE.0, SIZE.1, bands));
        assert!(off < 1.0, "{name}: {off}");
    }
}

#[test]
fn ten_and_twelve_bits_fill_sixteen() {
    let png = made(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", &["-depth", "16", "png48:-"]);
    for depth in ["10", "12"] {
        let file = avif(&png, &[LOSSLESS, &["-d", depth]].concat());
        let image = decode(&file).unwrap();
        let Samples::U16(samples) = &image.samples else { panic!("not deep") };
        let expected = pattern(SIZE.0, SIZE.1, 3);
        let worst = samples
            .iter()
            .zip(expected)
            .map(|(sample, byte)| (i64::from(*sample) - i64::from(byte) * 257).unsigned_abs());
        // Two levels of 10 bits, for the way through YCbCr.
        assert!(worst.max().unwrap() < 200, "{depth} bits");
    }
    let file = heic(&png, &["-b", "10"]);
    assert_eq!(info(&file).depth, Depth::U16);
}

#[test]
fn what_the_container_turns_is_turned_once() {
    let png = png(3, "rgb", &[]);
    for (args, magicks) in [
        (&["--irot", "1"][..], &["-rotate", "-90"][..]),
        (&["--irot", "2"], &["-rotate", "180"]),
        (&["--imir", "1"], &["-flop"]),
        (&["--clap", "40,1,32,1,0,1,0,1"], &["-crop", "40x32+12+8", "+repage"]),
    ] {
        let file = avif(&png, &[LOSSLESS, args].concat());
        let info = info(&file);
        assert_eq!(info.orientation, Orientation::UPRIGHT);
        let turned = magick(&[&["png:-"], magicks, &["-depth", "8", "rgb:-"]].concat(), &png);
        let image = decode(&file).unwrap();
        assert_eq!(image.samples.len(), turned.len(), "{args:?}");
        let off = off(&image, &turned);
        assert!(off < 2.5, "{args:?}: {off}");
    }
}

/// An Exif block whose only entry is an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

#[test]
fn metadata_is_found_and_its_orientation_not_applied_again() {
    let folder = tempfile::tempdir().unwrap();
    let (exif_file, xmp_file) = (folder.path().join("exif"), folder.path().join("xmp"));
    let xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";
    std::fs::write(&exif_file, exif(6)).unwrap();
    std::fs::write(&xmp_file, xmp).unwrap();
    let sides = ["--exif", exif_file.to_str().unwrap(), "--xmp", xmp_file.to_str().unwrap()];
    let info = info(&avif(&png(3, "rgb", &[]), &sides));
    assert_eq!(info.orientation, Orientation::UPRIGHT);
    let found = info.metadata.exif.as_deref().unwrap();
    assert_eq!(crate::pixel::metadata::orientation(found), Orientation::from_exif(6));
    assert_eq!(info.metadata.xmp.as_deref(), Some(&xmp[..]));
}

#[test]
fn profiles_and_code_points_say_what_the_numbers_mean() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = lcms2::Profile::new_srgb().icc().unwrap();
    let profile = folder.path().join("p.icc");
    std::fs::write(&profile, &embedded).unwrap();
    let png = made(&[234, 51, 35].repeat(16 * 16), (16, 16), "rgb", &["png:-"]);
    let file = avif(&png, &["--icc", profile.to_str().unwrap()]);
    assert_eq!(info(&file).profile.as_deref(), Some(&embedded[..]));
    assert_eq!(info(&avif(&png, &["--cicp", "1/13/6"])).profile, None);

    // sRGB's red in Display P3 (CSS Color 4) has to become sRGB's red.
    let file = avif(&png, &[LOSSLESS, &["--cicp", "12/13/6"]].concat());
    let image = decode(&file).unwrap();
    let profile = image.profile.clone().expect("P3 has a profile");
    assert_eq!(icc::space(&profile), Some(ColourSpace::Rgb));
    let from = Meaning { space: ColourSpace::Rgb, profile: Some(profile) };
    let shown =
        Transform::between(&from, &Meaning::SRGB, Depth::U8).apply(&image, &Meaning::SRGB).unwrap();
    let pixel = &bytes(&shown)[..3];
    assert!(pixel[0] >= 253 && pixel[1] <= 12 && pixel[2] <= 12, "{pixel:?}");
}

#[test]
fn pages_are_the_pictures_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, colour) in [("a", "red"), ("b", "blue")] {
        let path = folder.path().join(format!("{name}.png"));
        std::fs::write(&path, magick(&["-size", "64x64", &format!("xc:{colour}"), "png24:-"], b""))
            .unwrap();
        paths.push(path.to_str().unwrap().to_owned());
    }
    let out = folder.path().join("out.heic");
    let ran = Command::new("heif-enc")
        .args([&paths[0], &paths[1], "-o", out.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let file = std::fs::read(out).unwrap();
    for (page, red) in [(1, true), (2, false)] {
        let source = open_page(&file, page, &Limits::default()).unwrap();
        assert_eq!(source.info().pages, 2);
        let want = Want::everything(64, 64);
        let image = source.decode(&want, &Limits::default(), &Cancel::never()).unwrap().image;
        assert_eq!(bytes(&image)[0] > 200, red, "page {page}");
    }
    let error = open_page(&file, 3, &Limits::default()).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Parameter { name: "page", .. }), "{error:?}");
}

#[test]
fn a_region_is_cut_out_of_the_whole() {
    let file = avif(&png(4, "rgba", &[]), LOSSLESS);
    let whole = decode(&file).unwrap();
    let region = Region { x: 5, y: 7, width: 20, height: 11 };
    let decoded = open_page(&file, 1, &Limits::default())
        .unwrap()
        .decode(&Want { region, min_scale: 1.0 }, &Limits::default(), &Cancel::never())
        .unwrap();
    let expected = crate::pixel::decode::fixture::cut(&whole, 5, 7, 20, 11);
    assert_eq!((decoded.left, decoded.top, decoded.scale.0), (5.0, 7.0, 1.0));
    assert!(bytes(&decoded.image) == expected);
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    for file in [heic(&png(3, "rgb", &[]), &[]), avif(&png(3, "rgb", &[]), &[])] {
        let pixels = u64::from(SIZE.0 * SIZE.1);
        let small = Limits { held_pixels: pixels - 1, ..Limits::default() };
        assert!(matches!(open_page(&file, 1, &small).map(|_| ()), Err(Error::Limit(_))));
        let source = open_page(&file, 1, &Limits::default()).unwrap();
        let want = Want::everything(SIZE.0, SIZE.1);
        let tight = Limits { held_pixels: pixels * 3 - 1, ..Limits::default() };
        assert!(matches!(source.decode(&want, &tight, &Cancel::never()), Err(Error::Limit(_))));
    }
}

#[test]
fn truncated_files_are_errors() {
    for file in [heic(&png(3, "rgb", &[]), &[]), avif(&png(3, "rgb", &[]), LOSSLESS)] {
        assert!(decode(&file).is_ok());
        for part in [0.1, 0.4, 0.7, 0.95, 0.999] {
            let cut = &file[..(file.len() as f64 * part) as usize];
            let error = decode(cut).unwrap_err();
            assert!(
                matches!(error, Error::Malformed(_) | Error::Unsupported(_) | Error::Limit(_)),
                "{part}: {error:?}"
            );
        }
    }
}
