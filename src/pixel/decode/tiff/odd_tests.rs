//! What print houses, scanners and laboratories have: made byte by byte, with values that are known.

use std::io::Write as _;

use super::super::fixture::{
    Tags, assert_close, bytes, cut, decode, file, magick, open, pattern, tiff,
};
use super::super::{Input, Opening, Region, Source, Want};
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Image, Limits, Samples};

/// The tags that every page has, for chunky strips without compression.
fn page(size: (u32, u32), bits: &[u16], photometric: u16, rows_per_strip: u32) -> Tags {
    Tags::default()
        .long(256, size.0)
        .long(257, size.1)
        .short(258, bits)
        .short(262, &[photometric])
        .short(277, &[bits.len() as u16])
        .long(278, rows_per_strip)
}

fn plain(size: (u32, u32), bits: &[u16], photometric: u16, samples: Vec<u8>) -> Vec<u8> {
    tiff(&page(size, bits, photometric, size.1).short(259, &[1]), false, &[samples])
}

fn deep(image: &Image) -> &[u16] {
    match &image.samples {
        Samples::U16(samples) => samples,
        Samples::U8(_) => panic!("the picture has 8 bits per sample"),
    }
}

/// L*a*b* under D50 of an sRGB colour of 0–1: IEC 61966-2-1, adapted by Bradford's method with the
/// matrices that Bruce Lindbloom publishes, and CIE 15.
fn lab_of(rgb: [f64; 3]) -> [f64; 3] {
    const TO_XYZ: [[f64; 3]; 3] = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175_0],
        [0.019_333_9, 0.119_192_0, 0.950_304_1],
    ];
    const TO_D50: [[f64; 3]; 3] = [
        [1.047_811_2, 0.022_886_6, -0.050_127_0],
        [0.029_542_4, 0.990_484_4, -0.017_049_1],
        [-0.009_234_5, 0.015_043_6, 0.752_131_6],
    ];
    let times = |matrix: [[f64; 3]; 3], v: [f64; 3]| {
        matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    };
    let light = rgb.map(|value| match value {
        v if v <= 0.04045 => v / 12.92,
        v => ((v + 0.055) / 1.055).powf(2.4),
    });
    let xyz = times(TO_D50, times(TO_XYZ, light));
    let f = |value: f64| match value {
        v if v > 216.0 / 24_389.0 => v.cbrt(),
        v => (v * 24_389.0 / 27.0 + 16.0) / 116.0,
    };
    let [x, y, z] = [f(xyz[0] / 0.964_22), f(xyz[1]), f(xyz[2] / 0.825_21)];
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn apart(one: [f64; 3], other: [f64; 3]) -> f64 {
    one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Greys, and colours from all over sRGB.
fn colours() -> Vec<[f64; 3]> {
    let steps = [0.0, 0.2, 0.5, 0.8, 1.0];
    let mut all = Vec::new();
    for r in steps {
        for g in steps {
            all.extend(steps.map(|b| [r, g, b]));
        }
    }
    all
}

#[test]
fn lab_comes_out_as_the_colour_that_it_names() {
    let size = (colours().len() as u32, 1);
    let labs: Vec<[f64; 3]> = colours().into_iter().map(lab_of).collect();
    let of = |scale: [f64; 3], by: f64| {
        labs.iter().flat_map(move |lab| {
            [lab[0] * scale[0], lab[1] * scale[1] + by, lab[2] * scale[2] + by]
                .map(|value| value.round())
        })
    };
    let narrow = |values: Vec<f64>| values.iter().map(|v| (*v as i32).to_le_bytes()[0]).collect();
    let wide = |values: Vec<f64>| {
        values.iter().flat_map(|v| (*v as i32).to_le_bytes()[..2].to_vec()).collect()
    };
    // The most that rounding to the stored numbers and to samples of sRGB may come to.
    let cases: [(&str, u16, u16, Vec<u8>, f64); 4] = [
        ("signed bytes", 8, 8, narrow(of([2.55, 1.0, 1.0], 0.0).collect()), 1.6),
        ("bytes of ICC", 9, 8, narrow(of([2.55, 1.0, 1.0], 128.0).collect()), 1.6),
        ("signed words", 8, 16, wide(of([655.35, 256.0, 256.0], 0.0).collect()), 0.05),
        ("words of ICC", 9, 16, wide(of([652.8, 256.0, 256.0], 32_768.0).collect()), 0.05),
    ];
    for (name, photometric, bits, samples, tolerance) in cases {
        let file = plain(size, &[bits; 3], photometric, samples);
        let image = decode(&file).unwrap();
        assert_eq!((image.space, image.alpha), (ColourSpace::Rgb, false), "{name}");
        assert!(image.profile.is_none(), "{name}");
        let found: Vec<f64> = match &image.samples {
            Samples::U8(samples) => samples.iter().map(|v| f64::from(*v) / 255.0).collect(),
            Samples::U16(samples) => samples.iter().map(|v| f64::from(*v) / 65_535.0).collect(),
        };
        for (pixel, lab) in found.as_chunks::<3>().0.iter().zip(&labs) {
            let off = apart(lab_of(*pixel), *lab);
            assert!(off <= tolerance, "{name}: {lab:?} became {pixel:?}, {off} away");
        }
    }
}

#[test]
fn lab_keeps_alpha_and_loses_a_profile() {
    // White of L* 100, half transparent, under a profile that means nothing any more.
    let tags = page((1, 1), &[8; 4], 8, 1).short(259, &[1]).short(338, &[2]);
    let image = decode(&tiff(&tags.bytes(34_675, 7, 4, vec![9; 4]), false, &[vec![255, 0, 0, 77]]))
        .unwrap();
    assert_eq!((image.space, image.alpha), (ColourSpace::Rgb, true));
    assert_eq!(bytes(&image), [255, 255, 255, 77]);
    assert!(image.profile.is_none());
}

#[test]
fn floating_point_is_cut_to_black_and_white() {
    // Bit patterns of IEEE 754: 0, 0.5, 1, 2, −1, no number, 0.25 and infinity.
    let half = [0x0000, 0x3800, 0x3c00, 0x4000, 0xbc00, 0x7e00, 0x3400, 0x7c00_u16];
    let single = [0.0, 0.5, 1.0, 2.0, -1.0, f32::NAN, 0.25, f32::INFINITY];
    let expected = [0, 32_768, 65_535, 65_535, 0, 0, 16_384, 65_535];
    let cases: [(u16, Vec<u8>); 3] = [
        (16, half.iter().flat_map(|value| value.to_le_bytes()).collect()),
        (32, single.iter().flat_map(|value| value.to_le_bytes()).collect()),
        (64, single.iter().flat_map(|value| f64::from(*value).to_le_bytes()).collect()),
    ];
    for (bits, samples) in cases {
        let tags = page((8, 1), &[bits], 1, 1).short(259, &[1]).short(339, &[3]);
        let image = decode(&tiff(&tags, false, &[samples])).unwrap();
        assert_eq!((image.space, image.depth()), (ColourSpace::Gray, Depth::U16));
        assert_eq!(deep(&image), expected, "{bits} bits");
    }
}

#[test]
fn floating_point_of_another_program_is_what_was_put_in() {
    let values: Vec<u16> = (0..60 * 40 * 3).map(|i| (i * 401 % 65_536) as u16).collect();
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
    for (depth, tolerance) in [("32", 1), ("16", 33)] {
        for extra in [
            &["-compress", "Zip"][..],
            &["-compress", "LZW", "-endian", "MSB"],
            &["-compress", "Zip", "-define", "tiff:predictor=3"],
            &["-compress", "LZW", "-define", "tiff:tile-geometry=16x32"],
            &["-compress", "Zip", "-interlace", "plane"],
        ] {
            let mut args = vec!["-size", "60x40", "-depth", "16", "-endian", "MSB", "rgb:-"];
            args.extend_from_slice(&["+endian", "-define", "quantum:format=floating-point"]);
            args.extend_from_slice(&["-depth", depth]);
            args.extend_from_slice(extra);
            args.push("tiff:-");
            let image = decode(&magick(&args, &raw)).unwrap();
            assert_eq!((image.space, image.depth()), (ColourSpace::Rgb, Depth::U16));
            // A half has 11 bits, of which the last is worth 32 near white.
            let worst = deep(&image).iter().zip(&values).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(tolerance), "{depth} {extra:?}: {worst:?}");
        }
    }
}

/// Values of so many bits, packed from the high bit down, each row from a byte of its own.
fn packed(values: &[u32], per_row: usize, bits: u32) -> Vec<u8> {
    let mut out = Vec::new();
    for row in values.chunks(per_row) {
        let (mut held, mut count) = (0_u64, 0);
        for value in row {
            held = held << bits | u64::from(*value);
            count += bits;
            while count >= 8 {
                count -= 8;
                out.push((held >> count) as u8);
            }
        }
        if count > 0 {
            out.push((held << (8 - count)) as u8);
        }
    }
    out
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lzw(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    encoder.encode(bytes).unwrap()
}

/// `PackBits` without any runs.
fn literal(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(128).flat_map(|part| [&[part.len() as u8 - 1], part].concat()).collect()
}

#[test]
fn every_depth_is_stretched_to_its_full_range() {
    const SIZE: (u32, u32) = (13, 7);
    for bits in 1..=16_u32 {
        let top = (1_u64 << bits) - 1;
        for samples in [1_usize, 3] {
            let count = SIZE.0 as usize * SIZE.1 as usize * samples;
            let mut values: Vec<u32> =
                (0..count).map(|i| (i as u64 * 2_654_435_761 % (top + 1)) as u32).collect();
            (values[0], values[1]) = (0, top as u32);
            let line = SIZE.0 as usize * samples;
            let stored = if bits == 16 {
                values.iter().flat_map(|value| (*value as u16).to_le_bytes()).collect()
            } else {
                packed(&values, line, bits)
            };
            let full = if bits > 8 { 65_535.0 } else { 255.0 };
            let expected: Vec<u16> = values
                .iter()
                .map(|value| (f64::from(*value) * full / top as f64).round() as u16)
                .collect();
            let photometric = if samples == 3 { 2 } else { 1 };
            let strip = stored.len().div_ceil(SIZE.1 as usize) * 4;
            let strips = |pack: fn(&[u8]) -> Vec<u8>| stored.chunks(strip).map(pack).collect();
            type Case = (u16, Vec<Vec<u8>>);
            let cases: [Case; 4] = [
                (1, strips(<[u8]>::to_vec)),
                (8, strips(deflated)),
                (5, strips(lzw)),
                (32_773, strips(literal)),
            ];
            for (compression, strips) in cases {
                let tags = page(SIZE, &vec![bits as u16; samples], photometric, 4);
                let file = tiff(&tags.short(259, &[compression]), false, &strips);
                let image = decode(&file)
                    .unwrap_or_else(|error| panic!("{bits} bits, {compression}: {error}"));
                let found: Vec<u16> = match &image.samples {
                    Samples::U8(samples) => samples.iter().map(|v| u16::from(*v)).collect(),
                    Samples::U16(samples) => samples.clone(),
                };
                assert_eq!(found, expected, "{bits} bits, {samples} samples, {compression}");
            }
        }
    }
    // Of 32 bits the upper half is kept.
    let values = [0, 0x8000_0000_u32, 0xffff_ffff, 0x1234_5678];
    let stored = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let image = decode(&plain((4, 1), &[32], 1, stored)).unwrap();
    assert_eq!(deep(&image), [0, 0x8000, 0xffff, 0x1234]);
}

#[test]
fn ycbcr_without_jpeg_is_turned_into_rgb() {
    // Red, green, blue and grey in fields of 4×4, by JFIF's matrix: red is 76, 85, 255 and so on.
    const FIELDS: [([u8; 3], [u8; 3]); 4] = [
        ([76, 85, 255], [254, 0, 0]),
        ([150, 44, 21], [0, 255, 1]),
        ([29, 255, 107], [0, 0, 254]),
        ([128, 128, 128], [128; 3]),
    ];
    for (across, down) in [(1_usize, 1_usize), (2, 1), (2, 2), (4, 2), (4, 4)] {
        let mut groups = Vec::new();
        for _ in 0..4 / down {
            for (stored, _) in FIELDS {
                for _ in 0..4 / across {
                    groups.extend(vec![stored[0]; across * down]);
                    groups.extend([stored[1], stored[2]]);
                }
            }
        }
        for (compression, strip) in [
            (1, groups.clone()),
            (8, deflated(&groups)),
            (5, lzw(&groups)),
            (32_773, literal(&groups)),
        ] {
            let tags = page((16, 4), &[8; 3], 6, 4).short(259, &[compression]);
            let tags = tags.short(530, &[across as u16, down as u16]);
            let file = tiff(&tags, false, &[strip]);
            let image = decode(&file).unwrap();
            assert_eq!(image.space, ColourSpace::Rgb);
            let expected: Vec<u8> = (0..64).flat_map(|at| FIELDS[at % 16 / 4].1).collect();
            assert_close(bytes(&image), &expected, 1);
            let region = Region { x: 3, y: 1, width: 6, height: 2 };
            let part = open(&file, 1).unwrap().decode(
                &Want { region, min_scale: 1.0 },
                &Limits::default(),
                &Cancel::never(),
            );
            assert_eq!(bytes(&part.unwrap().image), cut(&image, 3, 1, 6, 2));
        }
    }
}

#[test]
fn ink_keeps_its_alpha_and_loses_its_spots() {
    let (width, height) = (20_u32, 11_u32);
    let five = pattern(width, height, 5);
    let planes: Vec<Vec<u8>> =
        (0..5).map(|band| five.iter().skip(band).step_by(5).copied().collect()).collect();
    let four: Vec<u8> = five.chunks(5).flat_map(|pixel| pixel[..4].to_vec()).collect();
    // Straight alpha, and a spot colour, which no screen can show.
    for (extra, alpha, expected) in [(2, true, &five), (0, false, &four)] {
        for planar in [false, true] {
            let tags = page((width, height), &[8; 5], 5, height).short(338, &[extra]);
            let tags = tags.short(259, &[1]).short(284, &[if planar { 2 } else { 1 }]);
            let strips = if planar { planes.clone() } else { vec![five.clone()] };
            let image = decode(&tiff(&tags, false, &strips)).unwrap();
            assert_eq!((image.space, image.alpha), (ColourSpace::Cmyk, alpha));
            assert_eq!(bytes(&image), expected, "planar: {planar}");
        }
    }
}

#[test]
fn the_low_bit_may_be_the_first_pixel() {
    for (compress, rows) in
        [("None", "8"), ("Group4", "58"), ("LZW", "8"), ("RLE", "8"), ("Zip", "8")]
    {
        let rows = format!("tiff:rows-per-strip={rows}");
        let made = |order: &str| {
            let order = format!("tiff:fill-order={order}");
            let args = [
                "-monochrome",
                "-compress",
                compress,
                "-define",
                &order,
                "-define",
                &rows,
                "tiff:-",
            ];
            file(&pattern(75, 58, 3), (75, 58), "rgb", &args)
        };
        let (high, low) = (made("msb"), made("lsb"));
        assert!(low.windows(4).any(|part| part == [10, 1, 3, 0]), "{compress}: no fill order");
        assert_ne!(high, low);
        let (high, low) = (decode(&high).unwrap(), decode(&low).unwrap());
        assert!(high.samples == low.samples, "{compress}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    for (tags, says) in [
        (page((4, 4), &[8; 3], 32_845, 4).short(259, &[34_676]), "LogLuv"),
        (page((4, 4), &[16], 32_803, 4).short(259, &[1]), "sensor"),
        (page((4, 4), &[8; 3], 10, 4).short(259, &[1]), "Lab"),
        (page((4, 4), &[8; 3], 6, 4).short(259, &[6]), "old kind"),
        (page((4, 4), &[8; 3], 2, 4).short(259, &[34_712]), "JPEG 2000"),
        (page((4, 4), &[8; 3], 2, 4).short(259, &[34_887]), "LERC"),
        (page((4, 4), &[8; 3], 2, 4).short(259, &[34_925]), "LZMA"),
        (page((4, 4), &[8; 3], 2, 4).short(259, &[50_000]), "Zstandard"),
        (page((4, 4), &[8; 3], 2, 4).short(259, &[50_001]), "WebP"),
        (page((4, 4), &[4], 1, 4).short(259, &[32_809]), "compression 32809, which is not read"),
        (page((4, 4), &[1], 1, 4).short(259, &[3]), "group 3"),
        (page((4, 4), &[8; 6], 5, 4).short(259, &[1]).short(332, &[2]), "inks"),
        (page((4, 4), &[5, 6, 5], 2, 4).short(259, &[1]), "mixed depth"),
        (page((4, 4), &[24], 1, 4).short(259, &[1]).short(339, &[3]), "24 bits"),
        (page((4, 4), &[32; 3], 2, 4).short(259, &[1]).short(339, &[2]), "no plain numbers"),
        (page((4, 4), &[8; 4], 8, 4).short(259, &[1]).short(338, &[1]), "alpha"),
    ] {
        let result = open(&tiff(&tags, false, &[vec![0; 256]]), 1).map(|_| ());
        let Err(Error::Unsupported(message)) = result else { panic!("{says}: {result:?}") };
        assert!(message.contains(says), "{message} does not say {says}");
    }
}

#[test]
fn odd_files_that_end_early_are_malformed() {
    let stored = vec![9; 4 * 4 * 6 / 4];
    for (compression, strip) in
        [(1, stored.clone()), (8, deflated(&stored)), (5, lzw(&stored)), (32_773, literal(&stored))]
    {
        let tags = page((4, 4), &[8; 3], 6, 4).short(259, &[compression]).short(530, &[2, 2]);
        assert!(decode(&tiff(&tags, false, std::slice::from_ref(&strip))).is_ok());
        for cut in [0, 1, strip.len() / 2] {
            let result = decode(&tiff(&tags, false, &[strip[..cut].to_vec()]));
            assert!(matches!(result, Err(Error::Malformed(_))), "{compression} {cut}: {result:?}");
        }
    }
}

#[test]
fn rows_one_after_the_other_are_the_picture() {
    for args in [
        &["-compress", "LZW", "-define", "tiff:rows-per-strip=2"][..],
        &["-compress", "Zip", "-define", "tiff:rows-per-strip=58"],
        &["-compress", "Zip", "-define", "tiff:tile-geometry=16x16"],
        &["-compress", "None", "-interlace", "plane"],
        &["-compress", "None", "-define", "tiff:rows-per-strip=9"],
        &["-compress", "Zip", "-interlace", "plane"],
        &["-compress", "JPEG", "-define", "tiff:rows-per-strip=8"],
    ] {
        let tiff = file(&pattern(75, 58, 3), (75, 58), "rgb", &[args, &["tiff:-"]].concat());
        let whole = decode(&tiff).unwrap();
        for region in [Region::full(75, 58), Region { x: 7, y: 11, width: 40, height: 31 }] {
            let source = open(&tiff, 1).unwrap();
            let held = source.held_by_rows(region).unwrap();
            assert!(held < source.held_pixels(&Want { region, min_scale: 1.0 }) * 2);
            let mut rows = source.rows(region, &Limits::default()).unwrap();
            let (mut found, mut bands) = (Vec::new(), 0);
            while let Some(band) = rows.next(&Cancel::never()).unwrap() {
                assert_eq!(band.width, region.width);
                found.extend_from_slice(bytes(&band));
                bands += 1;
            }
            let Region { x, y, width, height } = region;
            assert_eq!(found, cut(&whole, x, y, width, height), "{args:?}");
            assert!(bands > 1 || args.contains(&"plane"), "{args:?}: {bands}");
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let size = (9, 7);
    let stored = |bits: usize, samples: usize| pattern(9, 7, samples * bits.div_ceil(8));
    let groups = pattern(5, 4, 6);
    vec![
        plain(size, &[8; 3], 8, stored(8, 3)),
        plain(size, &[16; 3], 9, stored(16, 3)),
        tiff(
            &page(size, &[32; 3], 2, 7).short(259, &[1]).short(339, &[3]),
            false,
            &[stored(32, 3)],
        ),
        tiff(&page(size, &[12], 1, 7).short(259, &[5]), false, &[lzw(&stored(16, 1))]),
        tiff(&page(size, &[8; 3], 6, 7).short(259, &[8]), false, &[deflated(&groups)]),
    ]
}

#[test]
fn places_that_no_file_has_are_the_files_fault() {
    for at in [0x8000_0000_0000_0000_u64, 0x7000_0000_0000_0000, u64::MAX] {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"II+\0\x08\0\0\0").unwrap();
        file.write_all(&at.to_le_bytes()).unwrap();
        let input = Input::of_file(file, 16, None).unwrap();
        let opened = Source::open(input, &Opening::default(), &Limits::default(), None);
        assert!(matches!(opened.map(drop), Err(Error::Malformed(_))), "{at:x}");
    }
}
