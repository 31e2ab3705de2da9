use proptest::prelude::*;

use super::super::fields::{EXIF_DIRECTORY, Exif, Field, MAKER_NOTE};
use super::block::{Block, LONG, RATIONAL, SHORT, put_u32};
use super::*;

/// A block of one directory, in either byte order, whose entries hold one value each.
fn block(big_endian: bool, entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let u16 = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let u32 = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut out = if big_endian { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    out.extend(u32(8));
    out.extend(u16(entries.len() as u16));
    for (tag, kind, value) in entries {
        out.extend(u16(*tag));
        out.extend(u16(*kind));
        out.extend(u32(1));
        if *kind == SHORT {
            out.extend(u16(*value as u16));
            out.extend([0; 2]);
        } else {
            out.extend(u32(*value));
        }
    }
    out.extend(u32(0));
    out
}

#[test]
fn reads_and_sets_orientation_in_both_byte_orders() {
    for big_endian in [false, true] {
        for kind in [SHORT, LONG] {
            let mut bytes = block(big_endian, &[(0x010f, LONG, 9), (ORIENTATION, kind, 7)]);
            assert_eq!(orientation(&bytes), Orientation::from_exif(7));
            correct(&mut bytes, (1, 1), Orientation::UPRIGHT, None);
            assert_eq!(bytes, block(big_endian, &[(0x010f, LONG, 9), (ORIENTATION, kind, 1)]));
        }
    }
    assert_eq!(orientation(&block(true, &[(ORIENTATION, SHORT, 9)])), None);
    assert_eq!(orientation(&block(true, &[])), None);
}

#[test]
fn sizes_become_those_of_the_new_picture() {
    let sized = |width, height| {
        block(true, &[(IMAGE_WIDTH, SHORT, width), (IMAGE_LENGTH, LONG, height), (0x010f, LONG, 9)])
    };
    let mut bytes = sized(4000, 3000);
    correct(&mut bytes, (300, 225), Orientation::UPRIGHT, None);
    assert_eq!(bytes, sized(300, 225));
}

#[test]
fn reads_density_in_inches_and_centimetres() {
    for (unit, expected) in [(2, Some(118.0)), (3, Some(118.0 * 2.54)), (1, None)] {
        // Three entries end at 8 + 2 + 36 + 4 = 50.
        let mut bytes = block(
            true,
            &[
                (X_RESOLUTION, RATIONAL, 50),
                (Y_RESOLUTION, RATIONAL, 50),
                (RESOLUTION_UNIT, SHORT, unit),
            ],
        );
        bytes.extend(236u32.to_be_bytes());
        bytes.extend(2u32.to_be_bytes());
        assert_eq!(density(&bytes).map(|density| density.x_dpi), expected);
        let at = bytes.len() - 4;
        bytes[at..].fill(0);
        assert_eq!(density(&bytes), None, "a division by zero is no density");
    }
}

#[test]
fn a_missing_resolution_is_added_and_the_rest_stays_in_place() {
    for big_endian in [false, true] {
        let mut bytes = block(big_endian, &[(ORIENTATION, SHORT, 6), (0x4746, SHORT, 3)]);
        let before = bytes.clone();
        let dots = Density { x_dpi: 240.0, y_dpi: 120.5 };
        correct(&mut bytes, (1, 1), Orientation::UPRIGHT, Some(dots));
        assert_eq!(density(&bytes), Some(dots));
        assert_eq!(orientation(&bytes), Some(Orientation::UPRIGHT));
        assert_eq!(bytes[8..10], before[8..10]);
        let read = exif::Reader::new().read_raw(bytes).unwrap();
        let tags: Vec<u16> = read.fields().map(|field| field.tag.number()).collect();
        assert_eq!(tags, [ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, 0x4746]);
    }
}

fn text(tag: u16, text: &str) -> Field {
    Field { tag, kind: 2, count: text.len() as u32, data: text.as_bytes().to_vec() }
}

fn camera() -> Exif {
    Exif {
        main: vec![text(ARTIST, "Ann Other\0"), text(COPYRIGHT, "(c) Ann\0"), text(0x010f, "M\0")],
        exif: vec![
            text(MAKER_NOTE, "number 12345 within"),
            text(BODY_SERIAL_NUMBER, "12345-67\0"),
            text(LENS_SERIAL_NUMBER, "1\0"),
            Field::short(0x8827, 400),
        ],
        gps: vec![text(1, "N\0"), text(0x12, "WGS-84 here\0")],
        interop: vec![text(1, "R98\0")],
    }
}

#[test]
fn private_fields_are_erased() {
    let block = without_private(&camera().write()).unwrap();
    let left = Exif::read(&block).unwrap();
    assert_eq!(left.exif, [Field::short(0x8827, 400)]);
    assert_eq!((left.gps, left.main.len(), left.interop.len()), (Vec::new(), 3, 1));
    let all = String::from_utf8_lossy(&block);
    assert!(!all.contains("12345") && !all.contains("WGS-84") && all.contains("Ann Other"));
    assert_eq!(without_private(b"no block"), None);
}

#[test]
fn rights_are_all_that_is_left() {
    let block = rights(Some(&camera().write()), None).unwrap();
    let left = Exif::read(&block).unwrap();
    let main = camera().main[..2].to_vec();
    assert_eq!(left, Exif { main, ..Exif::default() });
    assert_eq!(rights(None, None), None);
    let dots = Density { x_dpi: 72.0, y_dpi: 72.0 };
    assert_eq!(density(&rights(None, Some(dots)).unwrap()), Some(dots));
}

#[test]
fn a_thumbnail_goes_with_its_bytes() {
    let mut bytes = camera().write();
    let place = bytes.len() as u32;
    let jpeg = [&[0xff, 0xd8][..], &[7; 50]].concat();
    bytes.extend(&jpeg);
    let second = bytes.len() as u32;
    bytes.extend(2u16.to_le_bytes());
    for (tag, value) in [(THUMBNAIL_PLACE, place), (THUMBNAIL_LEN, jpeg.len() as u32)] {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(LONG.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    let first = Block::new(&bytes).unwrap().first_directory().unwrap();
    let link = Block::new(&bytes).unwrap().next_directory_place(first).unwrap();
    put_u32(&mut bytes, false, link, second);
    correct(&mut bytes, (1, 1), Orientation::UPRIGHT, None);
    assert!(!bytes.windows(4).any(|part| part == [7; 4]));
    assert_eq!(Exif::read(&bytes), Exif::read(&camera().write()));
}

proptest! {
    #[test]
    fn damaged_blocks_never_panic(
        big_endian: bool,
        head in prop::collection::vec(any::<u8>(), 0..8),
        entries in prop::collection::vec((0x0100u16..0x0130, 1u16..6, 0u32..90), 0..6),
        exif in 0u32..100,
        tail in prop::collection::vec(any::<u8>(), 0..60),
        cut in 0usize..140,
    ) {
        let mut entries = entries;
        entries.push((EXIF_DIRECTORY, LONG, exif));
        let mut bytes = block(big_endian, &entries);
        bytes.extend(tail);
        bytes.truncate(cut);
        for (byte, value) in bytes.iter_mut().skip(4).zip(head) {
            *byte ^= value & 3;
        }
        let _ = (orientation(&bytes), density(&bytes));
        let _ = (without_private(&bytes), rights(Some(&bytes), None));
        let dots = Density { x_dpi: 300.0, y_dpi: 300.0 };
        correct(&mut bytes, (7, 7), Orientation::UPRIGHT, Some(dots));
    }
}
