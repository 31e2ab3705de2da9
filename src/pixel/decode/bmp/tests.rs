use super::super::fixture::{
    assert_close, bytes, cut, decode, decode_want, file, open, pattern, read_by_magick,
};
use super::super::{Region, Want};
use crate::pixel::Error;

const SIZE: (u32, u32) = (29, 19);

fn made(args: &[&str]) -> Vec<u8> {
    file(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", args)
}

#[test]
fn reads_every_kind_as_imagemagick_does() {
    for args in [
        &["BMP3:-"][..],
        &["BMP2:-"],
        &["-colors", "200", "-type", "Palette", "BMP3:-"],
        &["-colors", "200", "-type", "Palette", "-compress", "RLE", "BMP3:-"],
        &["-colors", "16", "-type", "Palette", "BMP3:-"],
        &["-monochrome", "BMP3:-"],
    ] {
        let bmp = made(args);
        let image = decode(&bmp).unwrap();
        assert!(!image.alpha);
        assert_eq!(bytes(&image), read_by_magick(&bmp, "bmp", "rgb"), "{args:?}");
    }
}

#[test]
fn reads_five_and_six_bits() {
    let bmp = made(&["-define", "bmp:subtype=RGB565", "BMP:-"]);
    // ImageMagick rounds where others cut.
    assert_close(bytes(&decode(&bmp).unwrap()), &read_by_magick(&bmp, "bmp", "rgb"), 1);
}

#[test]
fn reads_alpha() {
    let pixels = pattern(SIZE.0, SIZE.1, 4);
    let image = decode(&file(&pixels, SIZE, "rgba", &["BMP:-"])).unwrap();
    assert!(image.alpha);
    assert_eq!(bytes(&image), pixels);
}

#[test]
fn reads_density_and_regions() {
    let bmp = made(&["-density", "300", "-units", "PixelsPerInch", "BMP3:-"]);
    let density = open(&bmp, 1).unwrap().info().metadata.density.unwrap();
    assert!((density.x_dpi - 300.0).abs() < 0.02);
    let whole = decode(&bmp).unwrap();
    let region = Region { x: 3, y: 4, width: 20, height: 5 };
    let part = decode_want(&bmp, 1, &Want { region, min_scale: 1.0 }).unwrap();
    assert_eq!(bytes(&part.image), cut(&whole, 3, 4, 20, 5));
    assert_eq!(part.image.metadata, whole.metadata);
}

#[test]
fn every_truncation_is_an_error_or_loses_nothing() {
    for args in
        [&["BMP3:-"][..], &["-colors", "200", "-type", "Palette", "-compress", "RLE", "BMP3:-"]]
    {
        let bmp = made(args);
        let whole = decode(&bmp).unwrap();
        for len in 0..bmp.len() {
            match decode(&bmp[..len]) {
                Ok(image) => assert!(image == whole, "{args:?} {len} of {}", bmp.len()),
                Err(Error::Malformed(_)) => {}
                Err(other) => panic!("{len}: {other}"),
            }
        }
    }
}

#[test]
fn a_declared_size_beyond_the_limits_is_refused_at_once() {
    let mut bmp = made(&["BMP3:-"]);
    bmp[18..26].copy_from_slice(&[0x60, 0xea, 0, 0, 0x60, 0xea, 0, 0]);
    assert!(matches!(open(&bmp, 1).map(|_| ()), Err(Error::Limit(_))));
    // Within the limits, the file is too short for what it declares.
    bmp[18..26].copy_from_slice(&[0x10, 0x27, 0, 0, 0x10, 0x27, 0, 0]);
    assert!(matches!(open(&bmp, 1).map(|_| ()), Err(Error::Malformed(_))));
}
