use super::super::fixture::{
    assert_close, bytes, cut, decode, decode_page, decode_want, file, magick, open, open_limited,
    pattern, read_by_magick,
};
use super::super::{Region, Want};
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Limits, Samples};

const SIZE: (u32, u32) = (75, 58);

fn made(bands: usize, name: &str, args: &[&str]) -> Vec<u8> {
    let mut all = args.to_vec();
    all.push("tiff:-");
    file(&pattern(SIZE.0, SIZE.1, bands), SIZE, name, &all)
}

#[test]
fn reads_every_layout_exactly() {
    for args in [
        &["-compress", "None"][..],
        &["-compress", "LZW"],
        &["-compress", "Zip"],
        &["-compress", "RLE"],
        &["-compress", "LZW", "-define", "tiff:predictor=2"],
        &["-compress", "Zip", "-define", "tiff:tile-geometry=32x16"],
        &["-compress", "None", "-define", "tiff:rows-per-strip=7"],
        &["-compress", "None", "-interlace", "plane"],
        &["-compress", "LZW", "-endian", "MSB"],
    ] {
        for (bands, name, space) in [
            (1, "gray", ColourSpace::Gray),
            (3, "rgb", ColourSpace::Rgb),
            (4, "cmyk", ColourSpace::Cmyk),
        ] {
            let image = decode(&made(bands, name, args)).unwrap();
            assert_eq!((image.space, image.alpha, image.depth()), (space, false, Depth::U8));
            assert_eq!(bytes(&image), pattern(SIZE.0, SIZE.1, bands), "{args:?} {name}");
        }
    }
}

#[test]
fn reads_bigtiff() {
    let mut all = vec!["-compress", "Zip"];
    all.push("tiff64:-");
    let tiff = file(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", &all);
    assert_eq!(tiff[2], 43);
    assert_eq!(bytes(&decode(&tiff).unwrap()), pattern(SIZE.0, SIZE.1, 3));
}

#[test]
fn reads_few_bits_palettes_and_white_as_zero() {
    for args in [
        &["-monochrome", "-compress", "None"][..],
        &["-monochrome", "-compress", "Group4"],
        &["-monochrome", "-compress", "LZW", "-define", "quantum:polarity=min-is-white"],
        &["-colorspace", "Gray", "-depth", "4", "-compress", "Zip"],
        &["-colorspace", "Gray", "-define", "quantum:polarity=min-is-white"],
    ] {
        let tiff = made(3, "rgb", args);
        let image = decode(&tiff).unwrap();
        assert_eq!(image.space, ColourSpace::Gray, "{args:?}");
        assert_eq!(bytes(&image), read_by_magick(&tiff, "tiff", "gray"), "{args:?}");
    }
    for args in [
        &["-colors", "200", "-type", "Palette", "-compress", "LZW"][..],
        &["-colors", "12", "-depth", "4", "-type", "Palette", "-compress", "None"],
    ] {
        let tiff = made(3, "rgb", args);
        let image = decode(&tiff).unwrap();
        assert_eq!(image.space, ColourSpace::Rgb, "{args:?}");
        // Palettes have 16 bits, which ImageMagick cuts to 8 where rounding is meant.
        let deep = magick(&["tiff:-", "-depth", "16", "-endian", "LSB", "rgb:-"], &tiff);
        let rounded: Vec<u8> = deep
            .as_chunks()
            .0
            .iter()
            .map(|pair| (f64::from(u16::from_le_bytes(*pair)) / 257.0).round() as u8)
            .collect();
        assert_eq!(bytes(&image), rounded, "{args:?}");
    }
}

#[test]
fn keeps_all_sixteen_bits() {
    let values: Vec<u16> = (0..SIZE.0 * SIZE.1 * 3).map(|i| (i * 401 % 65_536) as u16).collect();
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
    let size = format!("{}x{}", SIZE.0, SIZE.1);
    for extra in [
        &["-compress", "None", "-endian", "LSB"][..],
        &["-compress", "None", "-endian", "MSB"],
        &["-compress", "LZW", "-define", "tiff:predictor=2"],
        &["-compress", "Zip", "-interlace", "plane"],
        &["-compress", "Zip", "-define", "tiff:tile-geometry=16x32"],
    ] {
        let mut args = vec!["-size", &size, "-depth", "16", "-endian", "MSB", "rgb:-", "+endian"];
        args.extend_from_slice(extra);
        args.push("tiff:-");
        let image = decode(&magick(&args, &raw)).unwrap();
        assert_eq!(image.depth(), Depth::U16);
        assert!(image.samples == Samples::U16(values.clone()), "{extra:?}");
    }
}

#[test]
fn reads_straight_and_premultiplied_alpha() {
    let pixels = pattern(SIZE.0, SIZE.1, 4);
    let straight = made(4, "rgba", &["-define", "tiff:alpha=unassociated"]);
    let image = decode(&straight).unwrap();
    assert!(image.alpha);
    assert_eq!(bytes(&image), pixels);
    // Premultiplied: dividing by alpha brings back what rounding has left.
    let premultiplied = made(4, "rgba", &["-define", "tiff:alpha=associated"]);
    let image = decode(&premultiplied).unwrap();
    for (actual, expected) in bytes(&image).chunks(4).zip(pixels.chunks(4)) {
        assert_eq!(actual[3], expected[3]);
        let tolerance = 1 + (128.0 / f64::from(expected[3].max(1))).ceil() as u8;
        assert_close(&actual[..3], &expected[..3], tolerance);
    }
    let gray = made(2, "graya", &["-define", "tiff:alpha=unassociated"]);
    let image = decode(&gray).unwrap();
    assert_eq!((image.space, image.alpha), (ColourSpace::Gray, true));
    assert_eq!(bytes(&image), pattern(SIZE.0, SIZE.1, 2));
}

#[test]
fn reads_jpeg_inside() {
    for args in [
        &["-compress", "JPEG", "-quality", "95"][..],
        &["-compress", "JPEG", "-quality", "95", "-define", "tiff:tile-geometry=32x32"],
    ] {
        for (bands, name) in [(3, "rgb"), (1, "gray")] {
            let tiff = made(bands, name, args);
            let image = decode(&tiff).unwrap();
            assert_close(bytes(&image), &read_by_magick(&tiff, "tiff", name), 3);
        }
    }
}

#[test]
fn a_region_is_what_the_whole_picture_has_there() {
    for args in [
        &["-compress", "LZW", "-define", "tiff:rows-per-strip=5"][..],
        &["-compress", "Zip", "-define", "tiff:tile-geometry=16x32"],
        &["-compress", "None", "-interlace", "plane"],
        &["-compress", "None", "-define", "tiff:rows-per-strip=9"],
        &["-compress", "None", "-define", "tiff:tile-geometry=16x16"],
        &["-compress", "JPEG", "-define", "tiff:tile-geometry=16x16"],
    ] {
        let tiff = made(3, "rgb", args);
        let whole = decode(&tiff).unwrap();
        for (x, y, width, height) in
            [(0, 0, 9, 9), (15, 31, 34, 2), (74, 57, 1, 1), (20, 3, 55, 55)]
        {
            let region = Region { x, y, width, height };
            let part = decode_want(&tiff, 1, &Want { region, min_scale: 0.2 }).unwrap();
            assert_eq!((part.left, part.top, part.scale.0), (f64::from(x), f64::from(y), 1.0));
            assert_eq!(bytes(&part.image), cut(&whole, x, y, width, height), "{args:?} {region:?}");
        }
    }
}

#[test]
fn reads_pages_of_different_kinds() {
    let tiff = magick(
        &[
            "-depth",
            "8",
            "-size",
            "20x10",
            "xc:red",
            "(",
            "-size",
            "7x9",
            "xc:gray50",
            ")",
            "(",
            "-size",
            "5x5",
            "xc:blue",
            "-type",
            "Palette",
            ")",
            "-compress",
            "LZW",
            "tiff:-",
        ],
        b"",
    );
    for (page, size, start) in
        [(1, (20, 10), &[255, 0, 0][..]), (2, (7, 9), &[127]), (3, (5, 5), &[0, 0, 255])]
    {
        assert_eq!(open(&tiff, page).unwrap().info().pages, 3);
        let image = decode_page(&tiff, page).unwrap();
        assert_eq!((image.width, image.height), size);
        assert_eq!(&bytes(&image)[..start.len()], start);
    }
    let beyond = decode_page(&tiff, 4);
    assert!(matches!(beyond, Err(Error::Parameter { name: "page", .. })));
}

#[test]
fn reads_orientation_density_and_blocks() {
    let tiff =
        made(3, "rgb", &["-orient", "RightTop", "-density", "300x150", "-units", "PixelsPerInch"]);
    let info = open(&tiff, 1).unwrap().info().clone();
    assert_eq!(info.orientation.exif(), 6);
    let density = info.metadata.density.unwrap();
    assert_eq!((density.x_dpi, density.y_dpi), (300.0, 150.0));
    assert_eq!((info.width, info.height), SIZE);
}

#[test]
fn only_the_region_and_a_strip_are_held() {
    let tiff = made(3, "rgb", &["-compress", "LZW", "-define", "tiff:rows-per-strip=2"]);
    // Without compression a row is enough, however high the strip.
    let raw = made(3, "rgb", &["-compress", "None", "-define", "tiff:rows-per-strip=58"]);
    for (tiff, held) in [(tiff, 25 + 150), (raw, 25 + 75)] {
        let limits = Limits { held_pixels: held, declared_pixels: 10_000 };
        let want = Want { region: Region { x: 30, y: 30, width: 5, height: 5 }, min_scale: 1.0 };
        let source = open_limited(&tiff, 1, &limits).unwrap();
        assert_eq!(source.held_pixels(&want), held);
        assert!(source.decode(&want, &limits, &Cancel::never()).is_ok());
    }
}

#[test]
fn samples_that_are_not_used_count_where_they_are_held() {
    let mut tiff = made(3, "rgb", &["-compress", "LZW"]);
    let at = tiff.windows(4).position(|part| part == [0x15, 1, 3, 0]).unwrap();
    tiff[at + 8] = 60;
    let source = open(&tiff, 1).unwrap();
    let want = Want::everything(SIZE.0, SIZE.1);
    let pixels = u64::from(SIZE.0 * SIZE.1);
    // 60 samples of 8 bits are 480 bits, which is more than 7 and no more than 8 times 64.
    assert!(source.held_pixels(&want) > pixels * 5);
}

#[test]
fn every_truncation_is_an_error_or_loses_nothing() {
    for args in [
        &["-compress", "None"][..],
        &["-compress", "LZW"],
        &["-compress", "Zip"],
        &["-compress", "RLE"],
        &["-compress", "JPEG"],
    ] {
        let mut all = args.to_vec();
        all.push("tiff:-");
        let tiff = file(&pattern(20, 15, 3), (20, 15), "rgb", &all);
        let whole = decode(&tiff).unwrap();
        for len in 0..tiff.len() {
            match decode(&tiff[..len]) {
                Ok(image) => {
                    // Metadata at the end may be lost where no reader can know of it.
                    assert!(image.samples == whole.samples, "{args:?} {len} of {}", tiff.len());
                }
                Err(Error::Malformed(_)) => {}
                Err(other) => panic!("{args:?} {len}: {other}"),
            }
        }
    }
}

#[test]
fn lost_strips_are_an_error() {
    for compress in ["None", "LZW", "Zip", "RLE", "JPEG"] {
        let tiff = made(3, "rgb", &["-compress", compress]);
        // The pixels stand at the start; pointing a strip beyond the end loses them.
        let mut cut = tiff.clone();
        let at = cut.windows(4).position(|part| part == [0x11, 1, 4, 0]).unwrap() + 8;
        let place = u32::from_le_bytes(cut[at..at + 4].try_into().unwrap()) as usize;
        let count = u32::from_le_bytes(cut[at - 4..at].try_into().unwrap());
        let slot = if count == 1 { at } else { place };
        let beyond = u32::try_from(tiff.len() - 50).unwrap().to_le_bytes();
        cut[slot..slot + 4].copy_from_slice(&beyond);
        assert!(matches!(decode(&cut), Err(Error::Malformed(_))), "{compress}");
    }
}

#[test]
fn a_declared_size_beyond_the_limits_is_refused_at_once() {
    let mut tiff = made(3, "rgb", &["-compress", "None"]);
    for tag in [[0u8, 1], [1, 1]] {
        let at = tiff.windows(4).position(|part| part == [tag[0], tag[1], 3, 0]).unwrap();
        tiff[at + 8..at + 10].copy_from_slice(&60_000u16.to_le_bytes());
    }
    assert!(matches!(open(&tiff, 1).map(|_| ()), Err(Error::Limit(_))));
}

#[test]
fn a_circle_of_pages_is_an_error() {
    let mut tiff = made(3, "rgb", &["-compress", "None"]);
    let first = tiff[4..8].to_vec();
    let at = u32::from_le_bytes(first.as_slice().try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes(tiff[at..at + 2].try_into().unwrap()));
    tiff[at + 2 + count * 12..][..4].copy_from_slice(&first);
    assert!(matches!(open(&tiff, 1).map(|_| ()), Err(Error::Malformed(_))));
}
