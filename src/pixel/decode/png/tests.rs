use std::io::Write as _;

use super::super::fixture::{
    bytes, cut, decode, decode_want, file, magick, open, open_limited, pattern, read_by_magick,
};
use super::super::{Region, Want};
use super::MAX_TEXT_BYTES;
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Image, Limits, Samples};

const SIZE: (u32, u32) = (37, 23);

fn made(bands: usize, magick_format: &str, args: &[&str]) -> Vec<u8> {
    file(&pattern(SIZE.0, SIZE.1, bands), SIZE, magick_format, args)
}

fn kind(image: &Image) -> (ColourSpace, bool, Depth) {
    (image.space, image.alpha, image.depth())
}

#[test]
fn reads_every_pixel_type_as_it_was_made() {
    let rgb = (ColourSpace::Rgb, false, Depth::U8);
    for (bands, from, out, expected) in
        [(3, "rgb", "PNG24:-", rgb), (4, "rgba", "PNG32:-", (ColourSpace::Rgb, true, Depth::U8))]
    {
        for interlace in ["None", "PNG"] {
            let png = made(bands, from, &["-interlace", interlace, out]);
            let image = decode(&png).unwrap();
            assert_eq!(kind(&image), expected);
            assert_eq!(bytes(&image), pattern(SIZE.0, SIZE.1, bands));
        }
    }
    let gray =
        made(1, "gray", &["-define", "png:color-type=0", "-define", "png:bit-depth=8", "png:-"]);
    let image = decode(&gray).unwrap();
    assert_eq!(kind(&image), (ColourSpace::Gray, false, Depth::U8));
    assert_eq!(bytes(&image), pattern(SIZE.0, SIZE.1, 1));
}

#[test]
fn reads_few_bits_and_palettes() {
    for (args, what) in [
        (
            &["-monochrome", "-define", "png:color-type=0", "-define", "png:bit-depth=1"][..],
            ColourSpace::Gray,
        ),
        (
            &[
                "-colorspace",
                "Gray",
                "-posterize",
                "4",
                "-define",
                "png:color-type=0",
                "-define",
                "png:bit-depth=2",
            ],
            ColourSpace::Gray,
        ),
        (
            &[
                "-colorspace",
                "Gray",
                "-posterize",
                "16",
                "-define",
                "png:color-type=0",
                "-define",
                "png:bit-depth=4",
            ],
            ColourSpace::Gray,
        ),
        (&["-colors", "200", "-define", "png:color-type=3"], ColourSpace::Rgb),
        (
            &["-colors", "13", "-define", "png:color-type=3", "-define", "png:bit-depth=4"],
            ColourSpace::Rgb,
        ),
        (
            &["-colors", "2", "-define", "png:color-type=3", "-define", "png:bit-depth=1"],
            ColourSpace::Rgb,
        ),
    ] {
        let mut all = args.to_vec();
        all.push("png:-");
        let png = made(3, "rgb", &all);
        let image = decode(&png).unwrap();
        assert_eq!(kind(&image), (what, false, Depth::U8), "{args:?}");
        let name = if what == ColourSpace::Gray { "gray" } else { "rgb" };
        assert_eq!(bytes(&image), read_by_magick(&png, "png", name), "{args:?}");
    }
}

#[test]
fn a_palette_with_transparency_gets_alpha() {
    // Nine colours, one of them transparent.
    let mut pixels = Vec::new();
    for at in 0..SIZE.0 * SIZE.1 {
        let step = (at / 7 % 9) as u8;
        pixels.extend_from_slice(&[
            step * 20,
            255 - step * 9,
            step,
            if step == 4 { 0 } else { 255 },
        ]);
    }
    let png = file(&pixels, SIZE, "rgba", &["PNG8:-"]);
    assert_eq!(png[25], 3, "the fixture has no palette");
    let image = decode(&png).unwrap();
    assert_eq!(kind(&image), (ColourSpace::Rgb, true, Depth::U8));
    for (actual, expected) in bytes(&image).chunks(4).zip(pixels.chunks(4)) {
        assert_eq!(actual[3], expected[3]);
        assert!(actual[3] == 0 || actual == expected);
    }
}

#[test]
fn keeps_all_sixteen_bits() {
    // 16-bit samples whose two bytes differ, big-endian as PNG and ImageMagick's MSB want them.
    let values: Vec<u16> = (0..SIZE.0 * SIZE.1 * 3).map(|i| (i * 401 % 65_536) as u16).collect();
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
    let size = format!("{}x{}", SIZE.0, SIZE.1);
    for interlace in ["None", "PNG"] {
        let args = [
            "-size",
            &size,
            "-depth",
            "16",
            "-endian",
            "MSB",
            "rgb:-",
            "-interlace",
            interlace,
            "PNG48:-",
        ];
        let image = decode(&magick(&args, &raw)).unwrap();
        assert_eq!(kind(&image), (ColourSpace::Rgb, false, Depth::U16));
        assert!(image.samples == Samples::U16(values.clone()));
    }
}

#[test]
fn a_region_is_what_the_whole_picture_has_there() {
    for interlace in ["None", "PNG"] {
        let png = made(4, "rgba", &["-interlace", interlace, "PNG32:-"]);
        let whole = decode(&png).unwrap();
        for (x, y, width, height) in [(0, 0, 5, 5), (11, 7, 26, 16), (36, 22, 1, 1)] {
            let want = Want { region: Region { x, y, width, height }, min_scale: 0.1 };
            let part = decode_want(&png, 1, &want).unwrap();
            assert_eq!((part.left, part.top, part.scale.0), (f64::from(x), f64::from(y), 1.0));
            assert_eq!((part.image.width, part.image.height), (width, height));
            assert_eq!(bytes(&part.image), cut(&whole, x, y, width, height));
        }
    }
}

#[test]
fn holds_only_the_region_unless_interlaced() {
    let limits = Limits { held_pixels: 120, declared_pixels: 10_000 };
    let want = Want { region: Region { x: 3, y: 3, width: 10, height: 12 }, min_scale: 1.0 };
    let plain = open_limited(&made(3, "rgb", &["PNG24:-"]), 1, &limits).unwrap();
    assert_eq!(plain.held_pixels(&want), 120);
    assert!(plain.decode(&want, &limits, &Cancel::never()).is_ok());
    let laced = made(3, "rgb", &["-interlace", "PNG", "PNG24:-"]);
    let laced = open_limited(&laced, 1, &limits).unwrap();
    assert!(matches!(laced.decode(&want, &limits, &Cancel::never()), Err(Error::Limit(_))));
}

#[test]
fn a_row_as_long_as_a_large_picture_counts_as_one() {
    let mut png = made(3, "rgb", &["PNG24:-"]);
    png[16..24].copy_from_slice(&[0x3b, 0x9a, 0xca, 0x00, 0, 0, 0, 1]);
    let crc = png::chunk::IHDR.0.iter().chain(&png[16..29]).fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    });
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    let want = Want { region: Region { x: 0, y: 0, width: 8, height: 1 }, min_scale: 1.0 };
    assert!(matches!(decode_want(&png, 1, &want), Err(Error::Limit(_))));
}

#[test]
fn every_truncation_is_an_error() {
    for interlace in ["None", "PNG"] {
        let png = made(3, "rgb", &["-interlace", interlace, "PNG24:-"]);
        let last = png.len() - 4;
        for len in (0..200).chain((200..last).step_by(13)).chain(last - 30..last) {
            assert!(
                matches!(decode(&png[..len]), Err(Error::Malformed(_))),
                "{len} of {}",
                png.len()
            );
        }
    }
}

#[test]
fn a_wrong_checksum_is_an_error() {
    let png = made(3, "rgb", &["PNG24:-"]);
    let data = png.windows(4).position(|name| name == b"IDAT").unwrap();
    let len = u32::from_be_bytes(png[data - 4..data].try_into().unwrap()) as usize;
    let mut broken = png.clone();
    broken[data + 4 + len] ^= 1;
    assert!(matches!(decode(&broken), Err(Error::Malformed(_))));
    let mut broken = png;
    broken[data + 40] ^= 0x10;
    assert!(matches!(decode(&broken), Err(Error::Malformed(_))));
}

#[test]
fn a_declared_size_beyond_the_limits_is_refused_at_once() {
    let mut png = made(3, "rgb", &["PNG24:-"]);
    png[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    assert!(matches!(open(&png, 1).map(|_| ()), Err(Error::Limit(_))));
}

#[test]
fn finds_what_stands_before_and_after_the_pixels() {
    let png = made(3, "rgb", &["-density", "300x200", "-units", "PixelsPerInch", "PNG24:-"]);
    let info = open(&png, 1).unwrap().info().clone();
    let density = info.metadata.density.unwrap();
    // Whole pixels per metre are all that the format can say.
    assert!((density.x_dpi - 300.0).abs() < 0.02 && (density.y_dpi - 200.0).abs() < 0.02);

    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0";
    let xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";
    let mut text = b"XML:com.adobe.xmp\0\0\0\0\0".to_vec();
    text.extend_from_slice(xmp);
    let end = png.len() - 12;
    let mut late = png[..end].to_vec();
    for (name, data) in [(b"eXIf", &exif[..]), (b"iTXt", &text)] {
        late.extend_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
        late.extend_from_slice(name);
        late.extend_from_slice(data);
        late.extend_from_slice(&[0; 4]);
    }
    late.extend_from_slice(&png[end..]);
    let info = open(&late, 1).unwrap().info().clone();
    assert_eq!(info.orientation.exif(), 8);
    assert_eq!(info.metadata.exif.as_deref(), Some(&exif[..]));
    assert_eq!(info.metadata.xmp.as_deref(), Some(&xmp[..]));
}

#[test]
fn packed_xmp_is_unpacked_within_bounds() {
    let png = made(3, "rgb", &["PNG24:-"]);
    let with_xmp = |xmp: &[u8]| {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(xmp).unwrap();
        let chunk =
            [b"iTXtXML:com.adobe.xmp\0\x01\0en\0Title\0", &*zlib.finish().unwrap()].concat();
        let len = u32::try_from(chunk.len() - 4).unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(&chunk);
        let end = 8 + 25;
        let parts =
            [&png[..end], &len.to_be_bytes(), &chunk, &crc.sum().to_be_bytes(), &png[end..]];
        open(&parts.concat(), 1).unwrap().info().metadata.xmp.clone()
    };
    let xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";
    assert_eq!(with_xmp(xmp).as_deref(), Some(&xmp[..]));
    let most = MAX_TEXT_BYTES as usize;
    assert_eq!(with_xmp(&vec![b' '; most]).map(|xmp| xmp.len()), Some(most));
    assert_eq!(with_xmp(&vec![b' '; most + 1]), None);
}

#[test]
fn a_palette_that_is_no_list_of_colours_is_malformed() {
    let args = ["-colors", "9", "-type", "Palette", "png:-"];
    let sound = file(&pattern(24, 17, 3), (24, 17), "rgb", &args);
    let at = sound.windows(4).position(|name| name == b"PLTE").unwrap();
    let len = u32::from_be_bytes(sound[at - 4..at].try_into().unwrap()) as usize;
    let entries = &sound[at + 4..at + 4 + len];
    let with = |palette: &[u8]| {
        let mut png = sound[..at - 4].to_vec();
        png.extend((palette.len() as u32).to_be_bytes());
        let chunk = [b"PLTE", palette].concat();
        png.extend_from_slice(&chunk);
        png.extend(crc32fast::hash(&chunk).to_be_bytes());
        png.extend_from_slice(&sound[at + 8 + len..]);
        png
    };
    assert!(decode(&with(entries)).is_ok());
    for palette in [&entries[..len - 1], &entries[..len - 2], &[7; 257 * 3]] {
        let result = decode(&with(palette)).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{}: {result:?}", palette.len());
    }
}
