use super::super::fixture::{
    assert_close, bytes, cut, decode, decode_want, file, open, open_limited, pattern,
    read_by_magick,
};
use super::super::{Region, Want};
use crate::pixel::{ColourSpace, Error, Limits};

const SIZE: (u32, u32) = (101, 67);

fn rgb(args: &[&str]) -> Vec<u8> {
    let mut all = args.to_vec();
    all.push("jpg:-");
    file(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", &all)
}

#[test]
fn agrees_with_imagemagick_on_every_kind_of_jpeg() {
    for args in [
        &["-quality", "92", "-sampling-factor", "1x1"][..],
        &["-quality", "92", "-sampling-factor", "2x2"],
        &["-quality", "92", "-sampling-factor", "2x1"],
        &["-quality", "92", "-sampling-factor", "1x2"],
        &["-quality", "92", "-sampling-factor", "4x1"],
        &["-quality", "92", "-interlace", "JPEG"],
        &["-quality", "92", "-define", "jpeg:arithmetic-coding=true"],
    ] {
        let jpeg = rgb(args);
        let image = decode(&jpeg).unwrap();
        assert_eq!((image.width, image.height), SIZE, "{args:?}");
        assert_eq!(image.space, ColourSpace::Rgb);
        assert_close(bytes(&image), &read_by_magick(&jpeg, "jpg", "rgb"), 2);
    }
}

#[test]
fn damage_in_one_file_is_not_seen_in_the_next() {
    let good = rgb(&["-quality", "92"]);
    let sound = decode(&good).unwrap();
    let mut refused = 0;
    // Header, tables and the beginning of the pixels.
    for at in 2..good.len().min(800) {
        for value in [0, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            refused += u32::from(decode(&bad).is_err());
            let next = decode(&good).unwrap_or_else(|error| panic!("byte {at}: {error}"));
            assert_eq!(bytes(&next), bytes(&sound), "byte {at}");
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn reads_grey() {
    let jpeg = file(&pattern(SIZE.0, SIZE.1, 1), SIZE, "gray", &["-quality", "95", "jpg:-"]);
    let image = decode(&jpeg).unwrap();
    assert_eq!(image.space, ColourSpace::Gray);
    assert_close(bytes(&image), &read_by_magick(&jpeg, "jpg", "gray"), 1);
    assert_close(bytes(&image), &pattern(SIZE.0, SIZE.1, 1), 6);
}

#[test]
fn reads_adobe_cmyk_with_zero_as_no_ink() {
    let inks = pattern(SIZE.0, SIZE.1, 4);
    let jpeg = file(&inks, SIZE, "cmyk", &["-quality", "97", "-sampling-factor", "1x1", "jpg:-"]);
    assert!(jpeg.windows(5).any(|part| part == b"Adobe"), "the fixture has no Adobe marker");
    let image = decode(&jpeg).unwrap();
    assert_eq!(image.space, ColourSpace::Cmyk);
    assert_close(bytes(&image), &inks, 8);
}

#[test]
fn cmyk_without_an_adobe_marker_is_read_as_with_it() {
    let inks = pattern(SIZE.0, SIZE.1, 4);
    let jpeg = file(&inks, SIZE, "cmyk", &["-quality", "97", "-sampling-factor", "1x1", "jpg:-"]);
    let marker = jpeg.windows(4).position(|part| part == [0xff, 0xee, 0, 14]).unwrap();
    let mut bare = jpeg[..marker].to_vec();
    bare.extend_from_slice(&jpeg[marker + 16..]);
    let image = decode(&bare).unwrap();
    // Without the marker nothing says that the other inks are YCC, but black is stored by itself.
    let black = |data: &[u8]| -> Vec<u8> { data.chunks(4).map(|pixel| pixel[3]).collect() };
    assert_close(&black(bytes(&image)), &black(&inks), 6);
    // Another program takes it alike.
    assert_close(bytes(&image), &read_by_magick(&bare, "jpg", "cmyk"), 2);
}

#[test]
fn every_scale_covers_the_picture_and_keeps_its_means() {
    let source = pattern(96, 64, 3);
    let jpeg =
        file(&source, (96, 64), "rgb", &["-quality", "98", "-sampling-factor", "1x1", "jpg:-"]);
    for eighths in [1, 2, 3, 4, 5, 6, 8u32] {
        let scale = f64::from(eighths) / 8.0;
        let want = Want { region: Region::full(96, 64), min_scale: scale - 0.01 };
        let decoded = decode_want(&jpeg, 1, &want).unwrap();
        assert_eq!((decoded.scale.0, decoded.left, decoded.top), (scale, 0.0, 0.0));
        let image = &decoded.image;
        assert_eq!((image.width, image.height), (96 * eighths / 8, 64 * eighths / 8));
        // The mean over any 8×8 block of the source is that over its eighths×eighths pixels.
        let block = |data: &[u8], width: usize, side: usize, bx: usize, by: usize, band: usize| {
            let mut sum = 0.0;
            for y in 0..side {
                for x in 0..side {
                    sum += f64::from(data[((by * side + y) * width + bx * side + x) * 3 + band]);
                }
            }
            sum / (side * side) as f64
        };
        for (bx, by) in [(0, 0), (3, 2), (11, 7)] {
            for band in 0..3 {
                let expected = block(&source, 96, 8, bx, by, band);
                let actual =
                    block(bytes(image), image.width as usize, eighths as usize, bx, by, band);
                assert!((expected - actual).abs() < 2.5, "{eighths}/8: {expected} {actual}");
            }
        }
    }
}

#[test]
fn takes_the_smallest_scale_that_suffices() {
    let jpeg = rgb(&["-quality", "90"]);
    for (min_scale, expected) in [
        (0.01, 0.125),
        (0.125, 0.125),
        (0.126, 0.25),
        (0.5, 0.5),
        (0.51, 0.625),
        (0.76, 1.0),
        (0.99, 1.0),
        (7.0, 1.0),
    ] {
        let want = Want { region: Region::full(SIZE.0, SIZE.1), min_scale };
        assert_eq!(decode_want(&jpeg, 1, &want).unwrap().scale.0, expected, "{min_scale}");
        let held = open(&jpeg, 1).unwrap().held_pixels(&want);
        let side = |len: u32| (f64::from(len) * expected).ceil() as u64;
        assert_eq!(held, side(SIZE.0) * side(SIZE.1));
    }
}

#[test]
fn a_region_is_what_the_whole_picture_has_there() {
    let (width, height) = (203, 157);
    for factor in ["1x1", "2x1", "2x2", "4x1", "1x2"] {
        let args = ["-quality", "90", "-sampling-factor", factor, "jpg:-"];
        let jpeg = file(&pattern(width, height, 3), (width, height), "rgb", &args);
        for eighths in [1, 2, 3, 4, 5, 6, 8] {
            let min_scale = f64::from(eighths) / 8.0;
            let everything = Want { region: Region::full(width, height), min_scale };
            let whole = decode_want(&jpeg, 1, &everything).unwrap().image;
            for (x, y, w, h) in
                [(0, 0, 40, 30), (61, 47, 70, 60), (163, 107, 40, 50), (17, 99, 1, 1)]
            {
                let region = Region { x, y, width: w, height: h };
                let want = Want { region, min_scale };
                let held = open(&jpeg, 1).unwrap().held_pixels(&want);
                let part = decode_want(&jpeg, 1, &want).unwrap();
                let image = &part.image;
                assert_eq!(held, u64::from(image.width) * u64::from(image.height));
                let covers = |start: f64, pixels: u32, from: u32, len: u32| {
                    start <= f64::from(from)
                        && start + f64::from(pixels) / part.scale.0 >= f64::from(from + len)
                };
                assert!(covers(part.left, image.width, x, w), "{factor} {eighths} {region:?}");
                assert!(covers(part.top, image.height, y, h), "{factor} {eighths} {region:?}");
                assert!(u64::from(image.width) < u64::from(w) + 70, "much more than asked for");
                // Where the wanted pixels lie in both.
                let first = |start: u32| (f64::from(start) * part.scale.0).floor() as u32;
                let end =
                    |start: u32, len: u32| (f64::from(start + len) * part.scale.0).ceil() as u32;
                let (x0, y0, x1, y1) = (first(x), first(y), end(x, w), end(y, h));
                let (ox, oy) =
                    ((part.left * part.scale.0) as u32, (part.top * part.scale.0) as u32);
                assert_eq!(
                    cut(image, x0 - ox, y0 - oy, x1 - x0, y1 - y0),
                    cut(&whole, x0, y0, x1 - x0, y1 - y0),
                    "{factor} {eighths}/8 {region:?}"
                );
            }
        }
    }
}

#[test]
fn every_truncation_is_an_error_or_loses_nothing() {
    for args in [&["-quality", "80"][..], &["-quality", "80", "-interlace", "JPEG"]] {
        let mut all = args.to_vec();
        all.push("jpg:-");
        let jpeg = file(&pattern(33, 21, 3), (33, 21), "rgb", &all);
        let whole = decode(&jpeg).unwrap();
        for len in 0..jpeg.len() {
            match decode(&jpeg[..len]) {
                Ok(image) => assert!(image == whole, "{len} of {}", jpeg.len()),
                Err(Error::Malformed(_)) => {}
                Err(other) => panic!("{len}: {other}"),
            }
        }
        let middle = jpeg.len() - 40;
        assert!(matches!(decode(&jpeg[..middle]), Err(Error::Malformed(_))));
    }
}

#[test]
fn a_missing_end_marker_alone_does_no_harm() {
    let jpeg = rgb(&["-quality", "80"]);
    assert!(jpeg.ends_with(&[0xff, 0xd9]));
    assert!(decode(&jpeg[..jpeg.len() - 2]).unwrap() == decode(&jpeg).unwrap());
}

#[test]
fn harmless_extra_bytes_are_no_error() {
    let jpeg = rgb(&["-quality", "80"]);
    let mut padded = jpeg[..jpeg.len() - 2].to_vec();
    padded.extend_from_slice(&[0, 0, 0, 0, 0xff, 0xd9]);
    padded.extend_from_slice(b"a trailer that is no part of the picture");
    assert!(decode(&padded).unwrap() == decode(&jpeg).unwrap());
}

#[test]
fn corrupt_entropy_data_is_an_error() {
    let mut jpeg = rgb(&["-quality", "80"]);
    let middle = jpeg.len() / 2;
    jpeg[middle..middle + 60].fill(0xff);
    assert!(matches!(decode(&jpeg), Err(Error::Malformed(_))));
}

#[test]
fn a_declared_size_beyond_the_limits_is_refused_at_once() {
    let mut jpeg = rgb(&["-quality", "80"]);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    assert!(matches!(open(&jpeg, 1).map(|_| ()), Err(Error::Limit(_))));
    // Within what may be declared, it still may not be held.
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x4e, 0x20, 0x4e, 0x20]);
    let full = Want::everything(20_000, 20_000);
    assert!(matches!(decode_want(&jpeg, 1, &full), Err(Error::Limit(_))));
}

#[test]
fn a_progressive_picture_counts_whole_whatever_is_wanted() {
    let whole = u64::from(SIZE.0 * SIZE.1);
    // Coefficients of two bytes: of all three components, or of one and two quarters.
    for (sampling, coefficients) in [("1x1", 2 * whole), ("2x2", whole)] {
        let jpeg = rgb(&["-quality", "80", "-sampling-factor", sampling, "-interlace", "JPEG"]);
        let (source, full) = (open(&jpeg, 1).unwrap(), Want::everything(SIZE.0, SIZE.1));
        assert_eq!(source.held_pixels(&full), coefficients + whole, "{sampling}");
    }
    let jpeg = rgb(&["-quality", "80", "-interlace", "JPEG"]);
    let region = Region { x: 0, y: 0, width: 8, height: 8 };
    let want = Want { region, min_scale: 0.125 };
    assert!(open(&jpeg, 1).unwrap().held_pixels(&want) >= whole);
    let limits = Limits { held_pixels: 1000, declared_pixels: 10_000 };
    let source = open_limited(&jpeg, 1, &limits).unwrap();
    assert!(matches!(
        source.decode(&want, &limits, &crate::pixel::Cancel::never()),
        Err(Error::Limit(_))
    ));
}

#[test]
fn a_scan_bomb_is_refused() {
    let jpeg = rgb(&["-quality", "80", "-interlace", "JPEG"]);
    // Repeat the last scan, which refines bits that are refined already, until it is absurd.
    let scan = jpeg.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let end = jpeg.len() - 2;
    let mut bomb = jpeg[..end].to_vec();
    for _ in 0..600 {
        bomb.extend_from_slice(&jpeg[scan..end]);
    }
    bomb.extend_from_slice(&[0xff, 0xd9]);
    assert!(matches!(decode(&bomb), Err(Error::Malformed(_))));
}

#[test]
fn tells_orientation_density_and_blocks() {
    let plain = rgb(&["-quality", "80", "-density", "300x150", "-units", "PixelsPerInch"]);
    let info = open(&plain, 1).unwrap().info().clone();
    let density = info.metadata.density.unwrap();
    assert_eq!((density.x_dpi, density.y_dpi), (300.0, 150.0));
    assert_eq!((info.orientation.exif(), info.pages), (1, 1));

    let metric = rgb(&["-quality", "80", "-density", "100", "-units", "PixelsPerCentimeter"]);
    let density = open(&metric, 1).unwrap().info().metadata.density.unwrap();
    assert!((density.x_dpi - 254.0).abs() < 1e-9);

    // An Exif block of one field, by hand: orientation 6, big-endian.
    let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut segment = vec![0xff, 0xe1, 0, (2 + 6 + exif.len()) as u8];
    segment.extend_from_slice(b"Exif\0\0");
    segment.extend_from_slice(exif);
    let mut tagged = plain[..2].to_vec();
    tagged.extend_from_slice(&segment);
    tagged.extend_from_slice(&plain[2..]);
    let info = open(&tagged, 1).unwrap().info().clone();
    assert_eq!(info.orientation.exif(), 6);
    assert_eq!(info.metadata.exif.as_deref(), Some(&exif[..]));
}

#[test]
fn puts_a_split_profile_together() {
    let jpeg = rgb(&["-quality", "80"]);
    let profile: Vec<u8> = (0..100_000u32).map(|i| (i * 7 % 251) as u8).collect();
    let mut with = jpeg[..2].to_vec();
    // The parts stand in the wrong order on purpose.
    for (number, part) in [(2u8, &profile[60_000..]), (1, &profile[..60_000])] {
        with.extend_from_slice(&[0xff, 0xe2]);
        with.extend_from_slice(&u16::try_from(part.len() + 16).unwrap().to_be_bytes());
        with.extend_from_slice(b"ICC_PROFILE\0");
        with.extend_from_slice(&[number, 2]);
        with.extend_from_slice(part);
    }
    with.extend_from_slice(&jpeg[2..]);
    let info = open(&with, 1).unwrap().info().clone();
    assert_eq!(info.profile.as_deref(), Some(&profile[..]));
    assert_eq!(decode(&with).unwrap().profile.as_deref(), Some(&profile[..]));
}

#[test]
fn there_is_no_second_page() {
    let jpeg = rgb(&["-quality", "80"]);
    assert!(matches!(open(&jpeg, 2).map(|_| ()), Err(Error::Parameter { name: "page", .. })));
}

#[test]
fn twelve_bits_are_unsupported() {
    let mut jpeg = rgb(&["-quality", "80"]);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 1] = 0xc1;
    jpeg[frame + 4] = 12;
    assert!(matches!(open(&jpeg, 1).map(|_| ()), Err(Error::Unsupported(_))));
}
