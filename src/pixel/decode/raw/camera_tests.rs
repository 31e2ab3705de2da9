//! Files as makers' cameras write them, made byte by byte: LibRaw tells them by maker and model, and
//! by how their data are packed.
//!
//! None but Minolta's says what white is: where a camera does not, LibRaw takes the whole picture for
//! grey, and the strongest channel stays what it is.

use super::super::fixture::{Tags, decode_named_want, open_here};
use super::super::{Opening, Region, Want};
use super::tests::{assert_colour, encoded};
use crate::pixel::{ColourSpace, Depth, Format};

const SIDE: u32 = 64;

/// What the cells behind red, green, green and blue filters see, 0–1.
const SEEN: [f64; 3] = [0.2, 0.4, 0.3];

/// The sensor's values at this depth, row by row.
fn cells(seen: [f64; 3], bits: u32) -> Vec<u16> {
    let full = f64::from((1_u32 << bits) - 1);
    (0..SIDE * SIDE)
        .map(|at| {
            let band = [[0, 1], [1, 2]][(at / SIDE % 2) as usize][(at % 2) as usize];
            (seen[band] * full).round() as u16
        })
        .collect()
}

fn little(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A raw file that is a TIFF: maker and model, and below them the sensor's data.
fn tiff_like(make: &str, model: &str, bits: u16) -> Vec<u8> {
    let strip = little(&cells(SEEN, bits.into()));
    let text = |tags: Tags, tag: u16, text: &str| {
        tags.bytes(tag, 2, text.len() as u32 + 1, [text.as_bytes(), b"\0"].concat())
    };
    let main = |sub: u32| {
        text(text(Tags::default(), 271, make), 272, model).short(274, &[1]).long(330, sub)
    };
    let sensor = |strip_at: u32| {
        Tags::default()
            .long(254, 0)
            .long(256, SIDE)
            .long(257, SIDE)
            .short(258, &[bits])
            .short(259, &[1])
            .short(262, &[32_803])
            .long(273, strip_at)
            .short(277, &[1])
            .long(278, SIDE)
            .long(279, strip.len() as u32)
            .short(33_421, &[2, 2])
            .bytes(33_422, 1, 4, vec![0, 1, 1, 2])
    };
    let sub_at = 8 + main(0).write(8).len() as u32;
    let strip_at = sub_at + sensor(0).write(sub_at).len() as u32;
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    out.extend(main(sub_at).write(8));
    out.extend(sensor(strip_at).write(sub_at));
    out.extend(strip);
    out
}

/// Lossless JPEG (ITU-T T.81, process 14): two components that are the even and the odd columns,
/// each value foretold by the one to its left, and the length of every difference told in five bits.
fn lossless_jpeg(values: &[u16], bits: u8) -> Vec<u8> {
    let mut out = b"\xff\xd8\xff\xc4\0\x24\0".to_vec();
    out.extend([0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(0..17);
    out.extend([
        0xff,
        0xc3,
        0,
        14,
        bits,
        0,
        SIDE as u8,
        0,
        SIDE as u8 / 2,
        2,
        1,
        0x11,
        0,
        2,
        0x11,
        0,
    ]);
    out.extend([0xff, 0xda, 0, 10, 2, 1, 0, 2, 0, 1, 0, 0]);
    let side = SIDE as usize;
    let (mut held, mut count) = (0_u64, 0);
    for (at, value) in values.iter().enumerate() {
        let foretold = match (at % side, at / side) {
            (x, _) if x >= 2 => i32::from(values[at - 2]),
            (_, y) if y > 0 => i32::from(values[at - side]),
            _ => 1 << (bits - 1),
        };
        let difference = i32::from(*value) - foretold;
        let len = 32 - difference.unsigned_abs().leading_zeros();
        let told = if difference < 0 { difference + (1 << len) - 1 } else { difference };
        held = held << 5 | u64::from(len);
        held = held << len | u64::from(told.unsigned_abs());
        count += 5 + len;
        while count >= 8 {
            count -= 8;
            let byte = (held >> count) as u8;
            out.push(byte);
            if byte == 0xff {
                out.push(0);
            }
        }
    }
    out.push((held << (8 - count)) as u8 | (0xff >> count) as u8);
    out.extend([0xff, 0xd9]);
    out
}

/// A CR2 of Canon's: its mark behind the header, and the sensor's data as lossless JPEG.
fn cr2(bits: u8) -> Vec<u8> {
    let jpeg = lossless_jpeg(&cells(SEEN, bits.into()), bits);
    let main = Tags::default()
        .bytes(271, 2, 6, b"Canon\0".to_vec())
        .bytes(272, 2, 21, b"Canon EOS 5D Mark II\0".to_vec())
        .short(274, &[1]);
    let sensor =
        |at: u32| Tags::default().short(259, &[6]).long(273, at).long(279, jpeg.len() as u32);
    let main = main.write(16);
    let sensor_at = 16 + main.len() as u32;
    let jpeg_at = sensor_at + sensor(0).write(sensor_at).len() as u32;
    let mut out = b"II*\0\x10\0\0\0CR\x02\0".to_vec();
    out.extend(sensor_at.to_le_bytes());
    out.extend(main);
    // The offset of the next directory stands behind the three entries of the first.
    out[16 + 2 + 3 * 12..][..4].copy_from_slice(&sensor_at.to_le_bytes());
    out.extend(sensor(jpeg_at).write(sensor_at));
    out.extend(jpeg);
    out
}

/// An MRW of Minolta's: blocks of its own, of which one says what white is, in 256ths.
fn mrw(seen: [f64; 3], white: [u16; 3]) -> Vec<u8> {
    let mut about = b"27820001".to_vec();
    about.extend([SIDE; 4].iter().flat_map(|side| (*side as u16).to_be_bytes()));
    about.extend([16, 12, 0x52, 0, 0, 0, 0, 1]);
    let mut balance = vec![0; 4];
    let [red, green, blue] = white;
    balance.extend([red, green, green, blue].iter().flat_map(|value| value.to_be_bytes()));
    // A big-endian directory with maker and model.
    let mut tiff = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    let texts = [(271_u16, &b"Minolta Co., Ltd.\0"[..]), (272, b"DiMAGE 7Hi\0")];
    let mut at = 8 + 2 + 2 * 12 + 4;
    for (tag, text) in texts {
        tiff.extend([tag.to_be_bytes(), 2_u16.to_be_bytes()].concat());
        tiff.extend([(text.len() as u32).to_be_bytes(), (at as u32).to_be_bytes()].concat());
        at += text.len();
    }
    tiff.extend([0; 4]);
    tiff.extend(texts.iter().flat_map(|(_, text)| text.to_vec()));
    let block =
        |name: &[u8; 4], data: &[u8]| [name, &(data.len() as u32).to_be_bytes()[..], data].concat();
    let blocks =
        [block(b"\0PRD", &about), block(b"\0WBG", &balance), block(b"\0TTW", &tiff)].concat();
    let mut out = block(b"\0MRM", &blocks);
    out.extend(cells(seen, 12).iter().flat_map(|value| value.to_be_bytes()));
    out
}

#[track_caller]
fn develop(name: &str, file: &[u8]) -> crate::pixel::Image {
    let info = open_here(file, Format::Raw, &Opening::default());
    let info = info.unwrap_or_else(|error| panic!("{name}: {error}")).info().clone();
    assert_eq!((info.width, info.height), (SIDE, SIDE), "{name}");
    assert_eq!((info.space, info.depth), (ColourSpace::Rgb, Depth::U16), "{name}");
    let want = Want { region: Region::full(SIDE, SIDE), min_scale: 1.0 };
    decode_named_want(file, Format::Raw, &want).unwrap().image
}

#[test]
fn every_makers_data_are_read() {
    // The strongest channel is green with 0.4, of the largest value that the depth has, or the model.
    let of_depth = |full: f64| [encoded(0.4 * full); 3];
    for (name, file, whole) in [
        ("Nikon NEF", tiff_like("NIKON CORPORATION", "NIKON D5", 14), 1.0),
        ("Sony ARW", tiff_like("SONY", "ILCE-7", 14), 1.0),
        ("Pentax PEF", tiff_like("PENTAX", "PENTAX K-5", 16), 1.0),
        ("Samsung SRW", tiff_like("SAMSUNG", "NX100", 16), 1.0),
        ("Epson ERF", tiff_like("SEIKO EPSON CORP.", "R-D1", 16), 1.0),
        ("Kodak DCR", tiff_like("EASTMAN KODAK COMPANY", "KODAK DCS Pro SLR/n", 16), 1.0),
        ("Hasselblad 3FR", tiff_like("Hasselblad", "Hasselblad H3D", 16), 1.0),
        // This sensor is full at 15,600 already.
        ("Canon CR2", cr2(14), 16_383.0 / 15_600.0),
    ] {
        assert_colour(&develop(name, &file), of_depth(whole), 300.0);
    }
}

#[test]
fn the_cameras_own_white_is_white() {
    // Red counts twice and blue 1.5625 times; this sensor is full at 3,965.
    let grey = [0.2, 0.4, 0.256];
    let image = develop("Minolta MRW", &mrw(grey, [512, 256, 400]));
    assert_colour(&image, [encoded(0.4 * 4095.0 / 3965.0); 3], 400.0);
    // The same light where the camera says that it was blue.
    let image = develop("Minolta MRW", &mrw(grey, [512, 256, 800]));
    let crate::pixel::Samples::U16(samples) = &image.samples else { panic!("it has 8 bits") };
    let middle = &samples[(SIDE * SIDE / 2 + SIDE / 2) as usize * 3..][..3];
    assert!(middle[2] > middle[0] + 8_000 && middle[2] > middle[1] + 8_000, "{middle:?}");
}

pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        tiff_like("NIKON CORPORATION", "NIKON D5", 14),
        cr2(14),
        mrw([0.2, 0.4, 0.256], [512, 256, 400]),
    ]
}
