//! PNG files of every kind: each colour type and bit depth, filter, way of interlacing and size,
//! transparency, gamma and primaries, and files that are broken.

use std::io::Cursor;
use std::sync::Arc;

use halftone::pixel::decode::{Input, Opening, Source, Want};
use halftone::pixel::{
    Cancel, ColourSpace, Error, Format, Icc, Image, Intent, Limits, Profile, Recipe, Samples,
};

use super::png_file::*;
use super::press;
use super::support::*;

/// The colours of a palette of so many entries.
fn palette(entries: usize) -> Vec<[u8; 3]> {
    (0..entries).map(|i| [(i * 37) as u8, (255 - i * 5 % 256) as u8, (i * i) as u8]).collect()
}

/// What is transparent in a file: the value of grey or RGB, or the alpha of the first entries.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Clear {
    Nothing,
    Some,
}

/// A file of a kind, with a palette where it takes one.
fn made(width: u32, height: u32, kind: (u8, u8), clear: Clear) -> PngFile {
    let mut file = PngFile::noise(width, height, kind);
    if kind.0 == PALETTE {
        let entries = palette(usize::from(top(kind.1)) + 1);
        file.chunks.push((b"PLTE", entries.concat()));
    }
    if clear == Clear::Some {
        let data = match kind.0 {
            PALETTE => alphas(usize::from(top(kind.1))),
            // That of the first pixel, so that there is one.
            _ => file.values[..channels(kind.0)].iter().flat_map(|v| v.to_be_bytes()).collect(),
        };
        file.chunks.push((b"tRNS", data));
    }
    file
}

/// The alpha of all entries of a palette but the last.
fn alphas(entries: usize) -> Vec<u8> {
    (0..entries).map(|i| (i * 83 % 256) as u8).collect()
}

/// Samples of 0–65535 that the specification gives a file, channels interleaved.
fn expected(file: &PngFile, clear: Clear) -> Vec<u16> {
    let (count, full) = (channels(file.colour), u32::from(top(file.depth)));
    let wide = |value: u16| (u32::from(value) * 65_535 / full) as u16;
    let clear_values = file.values[..count].to_vec();
    let mut out = Vec::new();
    for pixel in file.values.chunks(count) {
        match file.colour {
            PALETTE => {
                let index = usize::from(pixel[0]);
                let colour = palette(usize::from(top(file.depth)) + 1)[index];
                out.extend(colour.map(|value| u16::from(value) * 257));
                if clear == Clear::Some {
                    let alphas = alphas(usize::from(top(file.depth)));
                    out.push(u16::from(alphas.get(index).copied().unwrap_or(255)) * 257);
                }
            }
            _ => {
                out.extend(pixel.iter().map(|value| wide(*value)));
                if clear == Clear::Some {
                    out.push(if pixel == clear_values { 0 } else { 65_535 });
                }
            }
        }
    }
    out
}

fn decoded(bytes: &[u8]) -> Result<Image, Error> {
    let input = Input::new(Cursor::new(bytes.to_vec()), bytes.len() as u64, None);
    let source = Source::open(input, &Opening::default(), &Limits::default(), None)?;
    let want = Want::everything(source.info().width, source.info().height);
    Ok(source.decode(&want, &Limits::default(), &Cancel::never())?.image)
}

#[track_caller]
fn check(file: &PngFile, clear: Clear) {
    let PngFile { width, height, colour, depth, interlaced, filter, .. } = *file;
    let name = format!("{width}×{height} type {colour} depth {depth} laced {interlaced} {filter}");
    let image = decoded(&file.write()).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((image.width, image.height), (width, height), "{name}");
    let grey = matches!(colour, GREY | GREY_ALPHA);
    let alpha = matches!(colour, GREY_ALPHA | RGBA) || clear == Clear::Some;
    let space = if grey { ColourSpace::Gray } else { ColourSpace::Rgb };
    assert_eq!((image.space, image.alpha), (space, alpha), "{name}");
    let found: Vec<u16> = match &image.samples {
        Samples::U8(samples) => {
            assert!(depth <= 8, "{name}");
            samples.iter().map(|value| u16::from(*value) * 257).collect()
        }
        Samples::U16(samples) => {
            assert_eq!(depth, 16, "{name}");
            samples.clone()
        }
    };
    assert!(found == expected(file, clear), "{name} {clear:?}: other pixels");
}

#[test]
fn every_kind_in_every_size_from_1_to_40() {
    let mut checked = 0;
    for size in 1..=40 {
        // Each width with a height of no relation to it.
        let height = size * 7 % 40 + 1;
        for kind in KINDS {
            for interlaced in [false, true] {
                let file = PngFile { interlaced, ..made(size, height, kind, Clear::Nothing) };
                check(&file, Clear::Nothing);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 40 * 15 * 2);
}

#[test]
fn every_filter_of_every_kind() {
    for kind in KINDS {
        for filter in 0..=5 {
            for interlaced in [false, true] {
                let file = made(33, 21, kind, Clear::Nothing);
                check(&PngFile { filter, interlaced, ..file }, Clear::Nothing);
            }
        }
    }
}

#[test]
fn transparency_by_colour_and_by_palette() {
    let kinds = KINDS.into_iter().filter(|kind| !matches!(kind.0, GREY_ALPHA | RGBA));
    let mut checked = 0;
    for kind in kinds {
        for interlaced in [false, true] {
            let file = PngFile { interlaced, ..made(35, 19, kind, Clear::Some) };
            check(&file, Clear::Some);
            checked += 1;
        }
    }
    assert_eq!(checked, 22);
}

/// What PNG keeps as hundred-thousandths.
fn scaled(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| ((value * 100_000.0).round() as u32).to_be_bytes()).collect()
}

const SRGB_POINTS: [f64; 8] = [0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06];
const ADOBE_POINTS: [f64; 8] = [0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06];

type Chunks = Vec<(&'static [u8; 4], Vec<u8>)>;

fn grey_and_colours() -> Vec<u16> {
    let colours: [[u16; 3]; 6] = [
        [12_000, 12_000, 12_000],
        [40_000, 40_000, 40_000],
        [50_000, 20_000, 9_000],
        [15_000, 45_000, 22_000],
        [11_000, 21_000, 60_000],
        [65_535, 65_535, 65_535],
    ];
    colours.concat()
}

/// What the engine makes of a row of pixels when it is asked for sRGB, in Lab.
fn labs(kind: (u8, u8), values: &[u16], chunks: Chunks) -> Vec<[f64; 3]> {
    let width = (values.len() / channels(kind.0)) as u32;
    let file = PngFile { values: values.to_vec(), chunks, ..PngFile::noise(width, 1, kind) };
    let srgb = lcms2::Profile::new_srgb().icc().unwrap();
    let profile = Some(Arc::new(Profile::read(srgb).unwrap()));
    let icc = Icc { name: "srgb".into(), profile, intent: Intent::Relative, bpc: false };
    let recipe = Recipe {
        icc: Some(icc),
        colorspace: Some(ColourSpace::Rgb),
        ..Recipe::unchanged(Format::Tiff)
    };
    let made = floats(&picture(&engine(), &file.write(), &recipe));
    assert_eq!(made.bands, 3);
    let pixels = made.values.as_chunks::<3>().0;
    pixels.iter().map(|pixel| press::lab(pixel.map(linear))).collect()
}

#[track_caller]
fn assert_labs(name: &str, found: &[[f64; 3]], expected: &[[f64; 3]], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let off = found.iter().zip(expected).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        assert!(off <= tolerance, "{name}: {found:?} is not {expected:?}: {off:.2} away");
    }
}

#[test]
fn gamma_is_honoured_in_grey_and_in_colour() {
    for gamma in [1.0, 1.0 / 1.8, 0.35] {
        let light = |value: u16| (f64::from(value) / 65_535.0).powf(1.0 / gamma);
        for primaries in [false, true] {
            let mut chunks: Chunks = vec![(b"gAMA", scaled(&[gamma]))];
            if primaries {
                chunks.push((b"cHRM", scaled(&SRGB_POINTS)));
            }
            let values = grey_and_colours();
            let expected: Vec<[f64; 3]> =
                values.as_chunks::<3>().0.iter().map(|rgb| press::lab(rgb.map(light))).collect();
            let found = labs((RGB, 16), &values, chunks.clone());
            assert_labs(&format!("RGB of gamma {gamma}"), &found, &expected, 0.7);
            let greys = [500, 9_000, 30_000, 51_000, 65_535];
            let expected: Vec<[f64; 3]> =
                greys.iter().map(|grey| press::lab([light(*grey); 3])).collect();
            let found = labs((GREY, 16), &greys, chunks);
            assert_labs(&format!("grey of gamma {gamma}"), &found, &expected, 0.7);
        }
    }
}

#[test]
fn primaries_are_honoured() {
    // Adobe RGB (1998), section 4.3.5: its matrix to XYZ, and IEC 61966-2-1's from XYZ.
    const TO_XYZ: [[f64; 3]; 3] = [
        [0.576_67, 0.185_56, 0.188_23],
        [0.297_34, 0.627_36, 0.075_29],
        [0.027_03, 0.070_69, 0.991_34],
    ];
    const TO_SRGB: [[f64; 3]; 3] = [
        [3.240_97, -1.537_383, -0.498_611],
        [-0.969_244, 1.875_968, 0.041_555],
        [0.055_63, -0.203_977, 1.056_972],
    ];
    let times = |matrix: [[f64; 3]; 3], v: [f64; 3]| {
        matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    };
    let values = grey_and_colours();
    let expected: Vec<[f64; 3]> = values
        .as_chunks::<3>()
        .0
        .iter()
        .map(|rgb| rgb.map(|value| (f64::from(value) / 65_535.0).powf(2.2)))
        .map(|light| press::lab(times(TO_SRGB, times(TO_XYZ, light)).map(|v| v.clamp(0.0, 1.0))))
        .collect();
    let chunks = vec![(b"gAMA", scaled(&[1.0 / 2.2])), (b"cHRM", scaled(&ADOBE_POINTS))];
    assert_labs("Adobe RGB", &labs((RGB, 16), &values, chunks), &expected, 1.0);
}

#[test]
fn what_is_srgb_by_any_word_stays_as_it_is() {
    let values = grey_and_colours();
    let srgb: Vec<[f64; 3]> = values
        .as_chunks::<3>()
        .0
        .iter()
        .map(|rgb| press::lab(rgb.map(|value| linear(f64::from(value) / 65_535.0))))
        .collect();
    let linear_gamma = || (b"gAMA", scaled(&[1.0]));
    let code_points = |transfer: u8| (b"cICP", vec![1, transfer, 0, 1]);
    let profile = || {
        let mut data = b"sRGB\0\0".to_vec();
        let stream = {
            use std::io::Write as _;
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
            encoder.write_all(&lcms2::Profile::new_srgb().icc().unwrap()).unwrap();
            encoder.finish().unwrap()
        };
        data.extend(stream);
        (b"iCCP", data)
    };
    let cases: [(&str, Chunks); 6] = [
        ("nothing", vec![]),
        ("its gamma", vec![(b"gAMA", scaled(&[0.45455])), (b"cHRM", scaled(&SRGB_POINTS))]),
        ("sRGB before gamma", vec![linear_gamma(), (b"sRGB", vec![0])]),
        ("a profile before gamma", vec![linear_gamma(), profile()]),
        ("code points before gamma", vec![code_points(13), linear_gamma()]),
        ("primaries alone", vec![(b"cHRM", scaled(&ADOBE_POINTS))]),
    ];
    for (name, chunks) in cases {
        assert_labs(name, &labs((RGB, 16), &values, chunks), &srgb, 0.4);
    }
    // And code points come before a profile: linear light of BT.709's primaries.
    let light: Vec<[f64; 3]> = values
        .as_chunks::<3>()
        .0
        .iter()
        .map(|rgb| press::lab(rgb.map(|value| f64::from(value) / 65_535.0)))
        .collect();
    let found = labs((RGB, 16), &values, vec![code_points(8), profile()]);
    assert_labs("code points before a profile", &found, &light, 0.7);
}

#[test]
fn a_gamma_that_is_kept_goes_with_the_picture() {
    let chunks = vec![(b"gAMA", scaled(&[1.0]))];
    let file = PngFile { chunks, ..PngFile::noise(8, 8, (RGB, 8)) };
    let made = picture(&engine(), &file.write(), &Recipe::unchanged(Format::Jpeg));
    assert!(made.profile.is_some(), "nothing says that its numbers are light");
    let plain = PngFile::noise(8, 8, (RGB, 8));
    let made = picture(&engine(), &plain.write(), &Recipe::unchanged(Format::Jpeg));
    assert!(made.profile.is_none());
}

/// The place of a chunk's length field.
fn find(file: &[u8], name: &[u8; 4]) -> usize {
    file.windows(4).position(|part| part == name).unwrap() - 4
}

#[test]
fn broken_files_are_malformed() {
    let sound = made(20, 15, (PALETTE, 4), Clear::Nothing).write();
    assert!(decoded(&sound).is_ok());
    let mut cases: Vec<(String, Vec<u8>)> = Vec::new();
    for name in [b"IHDR", b"PLTE", b"IDAT", b"IEND"] {
        let mut broken = sound.clone();
        let at = find(&broken, name);
        let len = u32::from_be_bytes(broken[at..at + 4].try_into().unwrap()) as usize;
        broken[at + 8 + len] ^= 0x40;
        cases.push((format!("a wrong checksum of {}", String::from_utf8_lossy(name)), broken));
    }
    for (name, at) in [("first byte", 0), ("name", 1), ("line end", 4), ("last byte", 7)] {
        let mut broken = sound.clone();
        broken[at] ^= 0x20;
        cases.push((format!("a signature with another {name}"), broken));
    }
    let without = |name: &[u8; 4]| {
        let mut out = sound[..8].to_vec();
        let mut at = 8;
        while at < sound.len() {
            let len = u32::from_be_bytes(sound[at..at + 4].try_into().unwrap()) as usize + 12;
            if sound[at + 4..at + 8] != *name {
                out.extend_from_slice(&sound[at..at + len]);
            }
            at += len;
        }
        out
    };
    for name in [b"IHDR", b"PLTE", b"IDAT"] {
        cases.push((format!("no {}", String::from_utf8_lossy(name)), without(name)));
    }
    let header = |change: fn(&mut Vec<u8>)| {
        let mut header = PngFile::noise(20, 15, (PALETTE, 4)).header();
        change(&mut header);
        [&sound[..8], &chunk(b"IHDR", &header), &sound[33..]].concat()
    };
    cases.extend([
        ("no width".to_owned(), header(|header| header[..4].fill(0))),
        ("no height".to_owned(), header(|header| header[4..8].fill(0))),
        ("a depth of 3".to_owned(), header(|header| header[8] = 3)),
        ("a palette of 16 bits".to_owned(), header(|header| header[8] = 16)),
        ("a colour type of 5".to_owned(), header(|header| header[9] = 5)),
        ("RGB of 4 bits".to_owned(), header(|header| header[9] = 2)),
        ("another compression".to_owned(), header(|header| header[10] = 1)),
        ("another set of filters".to_owned(), header(|header| header[11] = 1)),
        ("another interlacing".to_owned(), header(|header| header[12] = 2)),
        ("more rows than there are".to_owned(), header(|header| header[7] = 16)),
        ("nothing but its signature".to_owned(), sound[..8].to_vec()),
        ("half of it".to_owned(), sound[..sound.len() / 2].to_vec()),
    ]);
    // A stream whose third row has a filter that there is not.
    let rows: Vec<u8> =
        (0..15_u8).flat_map(|y| [&[if y == 2 { 9 } else { 0 }][..], &[0; 10]].concat()).collect();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
    std::io::Write::write_all(&mut encoder, &rows).unwrap();
    let data = encoder.finish().unwrap();
    let end = find(&without(b"IDAT"), b"IEND");
    let mut filtered = without(b"IDAT")[..end].to_vec();
    filtered.extend(chunk(b"IDAT", &data));
    filtered.extend(chunk(b"IEND", &[]));
    cases.push(("a filter of 9".to_owned(), filtered));
    assert_eq!(cases.len(), 4 + 4 + 3 + 12 + 1);
    for (name, broken) in cases {
        let result = decoded(&broken).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{name}: {result:?}");
    }
}
