use std::io::Cursor;

use proptest::prelude::*;

use super::fixture::{file, open, pattern};
use super::seeds::seeds;
use super::{Input, Opening, Orientation, Region, Source, Want};
use crate::pixel::{Cancel, Error, Format, Limits};

fn made(out: &str) -> Vec<u8> {
    file(&pattern(24, 17, 3), (24, 17), "rgb", &[out])
}

fn open_named(file: &[u8], named: Option<Format>) -> Result<(), Error> {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, named);
    Source::open(input, &Opening::default(), &Limits::default(), None).map(|_| ())
}

const OUTPUTS: [(&str, Format); 6] = [
    ("jpg:-", Format::Jpeg),
    ("png:-", Format::Png),
    ("gif:-", Format::Gif),
    ("tiff:-", Format::Tiff),
    ("bmp:-", Format::Bmp),
    ("webp:-", Format::Webp),
];

#[test]
fn content_decides_and_a_name_that_contradicts_it_is_an_error() {
    for (out, format) in OUTPUTS {
        let file = made(out);
        assert_eq!(open(&file, 1).unwrap().info().format, format);
        for (_, named) in OUTPUTS {
            let result = open_named(&file, Some(named));
            if named == format {
                assert!(result.is_ok());
            } else {
                let Err(Error::Unsupported(message)) = result else { panic!("{named:?} passes") };
                let (is, says) = (format.row().title, named.row().title);
                assert_eq!(message, format!("its content is {is} but its name says {says}"));
            }
        }
    }
}

#[test]
fn what_is_no_image_is_malformed() {
    for junk in [&b""[..], b"x", b"<html><body>Not found</body></html>", &[0; 64]] {
        for named in [None, Some(Format::Jpeg)] {
            assert!(matches!(open_named(junk, named), Err(Error::Malformed(_))));
        }
    }
}

#[test]
fn a_source_may_move_between_threads() {
    let source = open(&made("png:-"), 1).unwrap();
    let moved = std::thread::spawn(move || source.info().width);
    assert_eq!(moved.join().unwrap(), 24);
}

#[test]
fn a_cancelled_decode_stops() {
    for (out, _) in OUTPUTS {
        let cancel = Cancel::never();
        cancel.cancel();
        let source = open(&made(out), 1).unwrap();
        let result = source.decode(&Want::everything(24, 17), &Limits::default(), &cancel);
        assert!(matches!(result, Err(Error::Cancelled)), "{out}");
    }
}

#[test]
fn every_format_reports_what_it_holds_and_keeps_to_the_limit() {
    for (out, _) in OUTPUTS {
        let file = made(out);
        let want = Want::everything(24, 17);
        let held = open(&file, 1).unwrap().held_pixels(&want);
        assert!((24 * 17..=24 * 17 * 3).contains(&held), "{out}: {held}");
        let limits = Limits { held_pixels: held - 1, ..Limits::default() };
        let result = open(&file, 1).unwrap().decode(&want, &limits, &Cancel::never());
        assert!(matches!(result, Err(Error::Limit(_))), "{out}");
        let limits = Limits { held_pixels: held, ..limits };
        assert!(open(&file, 1).unwrap().decode(&want, &limits, &Cancel::never()).is_ok());
    }
}

#[test]
fn a_region_beyond_the_picture_is_cut_at_its_edges() {
    for (out, _) in OUTPUTS {
        let region = Region { x: 20, y: 10, width: 100, height: u32::MAX };
        let want = Want { region, min_scale: f64::NAN };
        let decoded = super::fixture::decode_want(&made(out), 1, &want).unwrap();
        assert_eq!(decoded.left as u32 + decoded.image.width, 24, "{out}");
        assert_eq!(decoded.top as u32 + decoded.image.height, 17, "{out}");
        let region = Region { x: u32::MAX, y: 99, width: 0, height: 0 };
        let decoded =
            super::fixture::decode_want(&made(out), 1, &Want { region, min_scale: -1.0 }).unwrap();
        assert!(decoded.image.width >= 1 && decoded.image.height >= 1);
    }
}

#[test]
fn orientations_turn_as_the_standard_says() {
    // For each value: where row 0 and column 0 of the stored picture lie in the upright one, as
    // Exif puts it; a stored 2×1 picture A B follows from that.
    let upright = |value: u16| -> Vec<Vec<char>> {
        let orientation = Orientation::from_exif(value).unwrap();
        let mut rows = vec![vec!['A', 'B'], vec!['C', 'D'], vec!['E', 'F']];
        if orientation.mirrored() {
            rows.iter_mut().for_each(|row| row.reverse());
        }
        for _ in 0..orientation.clockwise_deg() / 90 {
            let (height, width) = (rows.len(), rows[0].len());
            rows = (0..width).map(|x| (0..height).rev().map(|y| rows[y][x]).collect()).collect();
        }
        assert_eq!(orientation.swaps_axes(), rows.len() == 2);
        rows
    };
    let expected = [
        ["AB", "CD", "EF"].as_slice(), // row 0 top, column 0 left
        &["BA", "DC", "FE"],           // top, right
        &["FE", "DC", "BA"],           // bottom, right
        &["EF", "CD", "AB"],           // bottom, left
        &["ACE", "BDF"],               // left, top
        &["ECA", "FDB"],               // right, top
        &["FDB", "ECA"],               // right, bottom
        &["BDF", "ACE"],               // left, bottom
    ];
    for (value, expected) in (1u16..).zip(expected) {
        let rows: Vec<String> =
            upright(value).into_iter().map(|row| row.into_iter().collect()).collect();
        assert_eq!(rows, expected, "orientation {value}");
    }
    assert_eq!(Orientation::from_exif(0), None);
    assert_eq!(Orientation::from_exif(9), None);
}

/// Small limits, so that a lucky size does not make a test slow.
const FUZZ: Limits = Limits { held_pixels: 4_000_000, declared_pixels: 16_000_000 };

fn survives(format: Format, bytes: &[u8]) {
    for page in [1, 2] {
        let input = Input::new(Cursor::new(bytes.to_vec()), bytes.len() as u64, None);
        let Ok(source) = Source::open_here(input, format, &Opening { page, dpi: 0 }, &FUZZ) else {
            continue;
        };
        let (width, height) = (source.info().width, source.info().height);
        let bands = source.info().space.bands() + usize::from(source.info().alpha);
        let region = Region { x: width / 3, y: height / 3, width, height };
        let want = Want { region, min_scale: 0.3 };
        if let Ok(decoded) = source.decode(&want, &FUZZ, &Cancel::never()) {
            let image = decoded.image;
            assert_eq!(image.samples.len(), image.width as usize * image.height as usize * bands);
        }
    }
}

#[test]
fn random_bytes_after_a_valid_magic_never_panic() {
    let heads: Vec<(Format, Vec<u8>)> =
        seeds().into_iter().map(|(format, seed)| (format, seed[..16].to_vec())).collect();
    let strategy = (0..heads.len(), 2usize..16, prop::collection::vec(any::<u8>(), 0..300));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&strategy, |(which, keep, tail)| {
            let (format, head) = &heads[which];
            survives(*format, &[&head[..keep], &tail].concat());
            Ok(())
        })
        .unwrap();
}

#[test]
fn sound_files_with_changed_bytes_never_panic() {
    let seeds = seeds();
    assert!(seeds.len() > 80, "only {}", seeds.len());
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    let strategy = (0..seeds.len(), changes, any::<prop::sample::Index>(), any::<bool>());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&strategy, |(which, changes, near, headers_only)| {
            let (format, mut bytes) = seeds[which].clone();
            let reach = if headers_only { bytes.len().min(200) } else { bytes.len() };
            for (at, value) in changes {
                let at = at.index(reach);
                bytes[at] = value;
            }
            if near.index(4) == 0 {
                let len = near.index(bytes.len());
                bytes.truncate(len);
            }
            survives(format, &bytes);
            Ok(())
        })
        .unwrap();
}

/// The sRGB value of the mean light of two sRGB values (IEC 61966-2-1).
fn mean_in_light(one: u8, other: u8) -> f64 {
    let light = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let mean: f64 = f64::midpoint(light(one), light(other));
    255.0 * if mean <= 0.003_130_8 { mean * 12.92 } else { 1.055 * mean.powf(1.0 / 2.4) - 0.055 }
}

#[test]
fn a_jpeg_of_red_green_and_blue_is_averaged_in_light_in_all_three() {
    const BLOCKS: (usize, usize) = (32, 24);
    /// Half of a striped block's columns.
    const STRIPES: [u8; 2] = [2, 50];
    let striped = |bx: usize, by: usize, band: usize| (bx + 3 * by + 5 * band).is_multiple_of(16);
    let plain = |bx: usize, by: usize, band: usize| [60 + 4 * bx, 60 + 5 * by, 200][band] as u8;
    let (width, height) = (BLOCKS.0 * 8, BLOCKS.1 * 8);
    let pixels: Vec<u8> = (0..width * height * 3)
        .map(|at| {
            let (x, y, band) = (at / 3 % width, at / 3 / width, at % 3);
            let (bx, by) = (x / 8, y / 8);
            if striped(bx, by, band) { STRIPES[x % 8 / 4] } else { plain(bx, by, band) }
        })
        .collect();
    let mut compressor = turbojpeg::Compressor::new().unwrap();
    compressor.set_colorspace(turbojpeg::Colorspace::RGB).unwrap();
    compressor.set_quality(100).unwrap();
    let format = turbojpeg::PixelFormat::RGB;
    let picture =
        turbojpeg::Image { pixels: pixels.as_slice(), width, height, pitch: 3 * width, format };
    let file = compressor.compress_to_vec(picture).unwrap();
    let adobe = file.windows(5).position(|part| part == b"Adobe").expect("Adobe's marker");
    assert_eq!(file[adobe + 11], 0, "the file says that no colours were changed into others");

    let mut source = open(&file, 1).unwrap();
    let region = Region::full(width as u32, height as u32);
    assert!(source.shrink_in_light(region).is_some(), "it can be shrunk in light");
    let want = Want { region, min_scale: 0.125 };
    let decoded = source.decode(&want, &Limits::default(), &Cancel::never()).unwrap();
    assert_eq!(decoded.scale, (0.125, 0.125), "and its stripes do not stand in the way");
    // 34 levels; the mean of the encoded values is 26.
    let mixed = mean_in_light(STRIPES[0], STRIPES[1]);
    for (at, sample) in super::fixture::bytes(&decoded.image).iter().enumerate() {
        let (bx, by, band) = (at / 3 % BLOCKS.0, at / 3 / BLOCKS.0, at % 3);
        let expected = match striped(bx, by, band) {
            true => mixed,
            false => f64::from(plain(bx, by, band)),
        };
        let off = (f64::from(*sample) - expected).abs();
        assert!(off <= 1.5, "band {band} of block {bx},{by}: {sample}, expected {expected:.1}");
    }
}
