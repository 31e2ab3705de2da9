use super::super::fixture::{Tags, decode_named_want, file, open_here, open_named};
use super::super::{Opening, Region, Want};
use super::orientation;
use crate::pixel::{ColourSpace, Depth, Error, Format, Orientation, Samples};

const SIDE: u32 = 64;

/// XYZ under D65 to linear sRGB (IEC 61966-2-1): a camera that sees as sRGB does.
const SRGB_MATRIX: [f64; 9] =
    [3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570];

/// A raw file of this size whose cells all see the light `rgb` (0–1) through a filter of red,
/// green, green, blue, in a camera whose red is half and whose blue a quarter as sensitive.
fn dng(rgb: [f64; 3], turned: u16, preview: Option<&[u8]>) -> Vec<u8> {
    let seen = [rgb[0] * 0.5, rgb[1], rgb[2] * 0.25];
    let mut strip = Vec::new();
    for y in 0..SIDE {
        for x in 0..SIDE {
            let band = [[0, 1], [1, 2]][(y % 2) as usize][(x % 2) as usize];
            strip.extend(((seen[band] * 65535.0).round() as u16).to_le_bytes());
        }
    }
    let sensor = |strip_at: u32| {
        Tags::default()
            .long(254, 0)
            .long(256, SIDE)
            .long(257, SIDE)
            .short(258, &[16])
            .short(259, &[1])
            .short(262, &[32803])
            .long(273, strip_at)
            .short(277, &[1])
            .long(278, SIDE)
            .long(279, SIDE * SIDE * 2)
            .short(33421, &[2, 2])
            .bytes(33422, 1, 4, vec![0, 1, 1, 2])
            .long(50717, 65535)
    };
    let camera = |dng: Tags| {
        // The camera's matrix is that of its light: neutral is what it sees of white.
        let matrix: Vec<f64> = SRGB_MATRIX
            .iter()
            .zip([0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 0.25, 0.25, 0.25])
            .map(|(value, gain)| value * gain)
            .collect();
        dng.bytes(271, 2, 5, b"Made\0".to_vec())
            .bytes(272, 2, 5, b"Made\0".to_vec())
            .short(274, &[turned])
            .bytes(50706, 1, 4, vec![1, 4, 0, 0])
            .bytes(50708, 2, 5, b"Made\0".to_vec())
            .fractions(50721, 10, &matrix)
            .fractions(50728, 5, &[0.5, 1.0, 0.25])
            .short(50778, &[21])
    };
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    match preview {
        None => {
            let len = camera(sensor(0)).write(8).len() as u32;
            out.extend(camera(sensor(8 + len)).write(8));
        }
        Some(jpeg) => {
            // The preview is the first directory, the sensor's data hang below it.
            let (width, height) = jpeg_size(jpeg);
            let first = |sub: u32, at: u32| {
                camera(Tags::default())
                    .long(254, 1)
                    .long(256, width)
                    .long(257, height)
                    .short(258, &[8, 8, 8])
                    .short(259, &[7])
                    .short(262, &[6])
                    .long(273, at)
                    .short(277, &[3])
                    .long(278, height)
                    .long(279, jpeg.len() as u32)
                    .long(330, sub)
            };
            let sub_at = 8 + first(0, 0).write(8).len() as u32;
            let strip_at = sub_at + sensor(0).write(sub_at).len() as u32;
            out.extend(first(sub_at, strip_at + strip.len() as u32).write(8));
            out.extend(sensor(strip_at).write(sub_at));
        }
    }
    out.extend(&strip);
    out.extend(preview.unwrap_or_default());
    out
}

fn jpeg_size(jpeg: &[u8]) -> (u32, u32) {
    let info = super::super::fixture::open(jpeg, 1).unwrap().info().clone();
    (info.width, info.height)
}

fn decode(file: &[u8], min_scale: f64) -> super::Decoded {
    let want = Want { region: Region::full(SIDE, SIDE), min_scale };
    decode_named_want(file, Format::Raw, &want).unwrap()
}

/// The value of light in sRGB.
pub fn encoded(light: f64) -> f64 {
    let value =
        if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    value * 65535.0
}

#[track_caller]
pub fn assert_colour(image: &crate::pixel::Image, rgb: [f64; 3], tolerance: f64) {
    let Samples::U16(samples) = &image.samples else { panic!("the picture has 8 bits") };
    let middle = (image.height as usize / 2 * image.width as usize + image.width as usize / 2) * 3;
    for (band, expected) in rgb.into_iter().enumerate() {
        let found = f64::from(samples[middle + band]);
        let off = (found - expected).abs();
        assert!(off <= tolerance, "{:?}: {rgb:?}", &samples[middle..middle + 3]);
    }
}

#[test]
fn known_light_becomes_known_colours() {
    for light in [[0.2, 0.2, 0.2], [0.4, 0.2, 0.1], [0.05, 0.3, 0.6]] {
        let file = dng(light, 1, None);
        let info = open_here(&file, Format::Raw, &Opening::default()).unwrap().info().clone();
        assert_eq!((info.width, info.height), (SIDE, SIDE));
        assert_eq!((info.space, info.depth, info.alpha), (ColourSpace::Rgb, Depth::U16, false));
        // A level of 8 bits is 257; LibRaw's curve is a table.
        let full = decode(&file, 1.0);
        assert_eq!((full.image.width, full.image.height, full.scale.0), (SIDE, SIDE, 1.0));
        assert_colour(&full.image, light.map(encoded), 300.0);
        let half = decode(&file, 0.5);
        assert_eq!((half.image.width, half.image.height, half.scale.0), (SIDE / 2, SIDE / 2, 0.5));
        assert_colour(&half.image, light.map(encoded), 300.0);
    }
}

#[test]
fn a_preview_is_taken_when_it_is_large_enough() {
    // The preview is red, the sensor saw blue.
    let red: Vec<u8> = [250, 10, 10].repeat(32 * 32);
    let jpeg = file(&red, (32, 32), "rgb", &["-quality", "100", "jpg:-"]);
    let file = dng([0.0, 0.0, 0.8], 1, Some(&jpeg));
    for (min_scale, scale, is_red) in [(0.2, 0.25, true), (0.5, 0.5, true), (0.6, 1.0, false)] {
        let decoded = decode(&file, min_scale);
        assert_eq!((decoded.scale.0, decoded.left, decoded.top), (scale, 0.0, 0.0), "{min_scale}");
        assert_eq!(decoded.image.width, (f64::from(SIDE) * scale) as u32);
        let Samples::U16(samples) = &decoded.image.samples else { panic!("it has 8 bits") };
        assert_eq!(samples[0] > samples[2], is_red, "{min_scale}");
    }
}

#[test]
fn a_preview_of_another_shape_is_left() {
    let red: Vec<u8> = [250, 10, 10].repeat(32 * 24);
    let jpeg = file(&red, (32, 24), "rgb", &["-quality", "100", "jpg:-"]);
    let decoded = decode(&dng([0.0, 0.0, 0.8], 1, Some(&jpeg)), 0.2);
    let Samples::U16(samples) = &decoded.image.samples else { panic!("it has 8 bits") };
    assert!(samples[0] < samples[2], "that is not the sensor's picture");
}

#[test]
fn the_camera_says_how_it_was_held() {
    for turned in [1, 3, 6, 8] {
        let file = dng([0.2; 3], turned, None);
        let info = open_here(&file, Format::Raw, &Opening::default()).unwrap().info().clone();
        assert_eq!(Some(info.orientation), Orientation::from_exif(turned));
        assert_eq!((info.width, info.height), (SIDE, SIDE));
    }
    let values = [0, 1, 3, 2, 4, 6, 7, 5].map(|flip| orientation(flip).exif());
    assert_eq!(values, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn a_region_is_cut_out() {
    let file = dng([0.2, 0.4, 0.1], 1, None);
    let region = Region { x: 5, y: 9, width: 11, height: 7 };
    let part = decode_named_want(&file, Format::Raw, &Want { region, min_scale: 1.0 }).unwrap();
    assert_eq!((part.left, part.top, part.image.width, part.image.height), (5.0, 9.0, 11, 7));
}

#[test]
fn names_and_first_bytes_tell_raw_files() {
    let sniffed = |head: &[u8]| Format::sniff(&[head, &[0; 64]].concat());
    for head in [
        &b"II*\0\x10\0\0\0CR\x02\0"[..],
        b"IIRO",
        b"IIRS",
        b"MMOR",
        b"IIU\0",
        b"FUJIFILMCCD-RAW 0201",
        b"\0MRM",
        b"FOVb",
        b"\0\0\0\x18ftypcrx ",
    ] {
        assert_eq!(sniffed(head), Some(Format::Raw), "{head:?}");
    }
    assert_eq!(sniffed(b"II*\0\x08\0\0\0"), Some(Format::Tiff));
    let file = dng([0.2; 3], 1, None);
    let Err(Error::Unsupported(message)) = open_named(&file, Some(Format::Raw)) else {
        panic!("it is read without a process of its own")
    };
    assert!(message.starts_with("Camera raw"), "{message}");
}

#[test]
fn damage_is_an_error() {
    let sound = dng([0.2; 3], 1, None);
    for len in (0..sound.len()).step_by(97) {
        let result =
            open_here(&sound[..len], Format::Raw, &Opening::default()).and_then(|source| {
                let want = Want::everything(source.info().width, source.info().height);
                source.decode(&want, &Default::default(), &crate::pixel::Cancel::never())
            });
        assert!(result.is_err(), "{len}");
    }
    let noise = open_here(&[7; 1000], Format::Raw, &Opening::default());
    assert!(matches!(noise, Err(Error::Unsupported(_) | Error::Malformed(_))));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let jpeg = file(&[90; 32 * 32 * 3], (32, 32), "rgb", &["jpg:-"]);
    vec![dng([0.2, 0.4, 0.6], 1, None), dng([0.2, 0.4, 0.6], 6, Some(&jpeg))]
}
