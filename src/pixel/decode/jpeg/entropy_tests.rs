//! Our entropy decoding beside the library's, and by hand.

use super::super::fixture::{bytes, decode, file, pattern};
use super::entropy::{Fault, Part, Scan, Shape, Skipped, Table};
use crate::pixel::Error;

/// Samples without a pattern, of which long codes come.
fn rough(len: usize, strength: u32) -> Vec<u8> {
    let mut state = 7_u32;
    let sample = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (128 + (state >> 8) % (2 * strength + 1) - strength) as u8
    };
    (0..len).map(sample).collect()
}

#[test]
fn gives_what_the_library_gives_bit_for_bit() {
    let mut compared = 0;
    for (width, height) in [(97, 61), (16, 16), (1, 1), (130, 9)] {
        for sampling in ["1x1", "2x1", "2x2", "1x2", "4x1"] {
            for quality in ["5", "75", "100"] {
                for strength in [0, 10, 127] {
                    let samples = rough((width * height * 3) as usize, strength);
                    let args = [
                        "-type",
                        "TrueColor",
                        "-quality",
                        quality,
                        "-sampling-factor",
                        sampling,
                        "jpg:-",
                    ];
                    let jpeg = file(&samples, (width, height), "rgb", &args);
                    let theirs = turbojpeg::decompress(&jpeg, turbojpeg::PixelFormat::RGB).unwrap();
                    let ours = decode(&jpeg).unwrap();
                    assert!(
                        bytes(&ours) == &theirs.pixels[..],
                        "{width}×{height} {sampling} {quality} {strength}"
                    );
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 4 * 5 * 3 * 3);
}

const BLOCKS: u8 = 21;

/// A grey picture of one block, 21 times beside each other: every block starts anew after a restart
/// marker, so that all are coded alike. Also that one block, decoded.
fn with_restarts(number: impl Fn(u8) -> u8) -> (Vec<u8>, Vec<u8>) {
    let one = file(&pattern(8, 8, 1), (8, 8), "gray", &["-quality", "90", "jpg:-"]);
    let find = |code: u8| one.windows(2).position(|pair| pair == [0xff, code]).unwrap();
    let (frame, scan) = (find(0xc0), find(0xda));
    let data = &one[scan + 2 + usize::from(one[scan + 3])..one.len() - 2];
    let mut many = one[..scan].to_vec();
    many[frame + 8] = BLOCKS * 8;
    many.extend_from_slice(&[0xff, 0xdd, 0, 4, 0, 1]);
    many.extend_from_slice(&one[scan..one.len() - 2]);
    for block in 1..BLOCKS {
        many.extend_from_slice(&[0xff, 0xd0 + number(block - 1)]);
        many.extend_from_slice(data);
    }
    many.extend_from_slice(&[0xff, 0xd9]);
    (many, bytes(&decode(&one).unwrap()).to_vec())
}

#[test]
fn goes_on_after_restart_markers() {
    let (many, block) = with_restarts(|number| number % 8);
    let image = decode(&many).unwrap();
    assert_eq!((image.width, image.height), (u32::from(BLOCKS) * 8, 8));
    for (row, expected) in bytes(&image).chunks(usize::from(BLOCKS) * 8).zip(block.chunks(8)) {
        assert!(row.chunks(8).all(|part| part == expected));
    }
}

#[test]
fn restart_markers_out_of_turn_are_an_error() {
    let (many, _) = with_restarts(|number| (number + u8::from(number > 4)) % 8);
    assert!(matches!(decode(&many), Err(Error::Malformed(_))));
}

#[test]
fn a_file_that_ends_in_the_header_of_its_scan_is_an_error() {
    let jpeg = file(&pattern(24, 17, 3), (24, 17), "rgb", &["-quality", "90", "jpg:-"]);
    let find = |code: u8| jpeg.windows(2).position(|pair| pair == [0xff, code]).unwrap();
    let (tables, scan) = (find(0xdb), find(0xda));
    let header = 2 + usize::from(jpeg[scan + 3]);
    for len in scan + 2..scan + header {
        // Harmless bytes between segments, and a comment that holds an end marker.
        let mut damaged = jpeg[..tables].to_vec();
        damaged.extend_from_slice(&[0xff, 0xfe, 0, 4, 0xff, 0xd9, 7, 7, 7]);
        damaged.extend_from_slice(&jpeg[tables..len]);
        assert!(matches!(decode(&damaged), Err(Error::Malformed(_))), "{len}");
    }
}

/// Codes of 1, 2 and 12 bits, which are 0, 10 and 1100_0000_0000, for these symbols.
fn table(symbols: [u8; 3]) -> Table {
    let (mut counts, mut all) = ([0; 17], [0; 256]);
    (counts[1], counts[2], counts[12]) = (1, 1, 1);
    all[..3].copy_from_slice(&symbols);
    Table::new(&counts, &all)
}

/// A scan of one component with a block in each unit. First coefficients: two bits, or none, or nine;
/// others: the end of the block, `run_and_bits`, a run of sixteen.
fn scan(data: &[u8], run_and_bits: u8, interval: u32) -> Scan<'_> {
    let parts = [Part { component: 0, dc_table: 1, ac_table: 2 }; 10];
    let mut scan = Scan::new(data, Shape { parts, blocks: 1, units: 2, interval });
    scan.set_dc_table(1, table([2, 0, 9]));
    scan.set_ac_table(2, table([0, run_and_bits, 0xf0]));
    scan
}

fn unit(scan: &mut Scan) -> Result<[i16; 64], Fault> {
    let mut block = [0; 64];
    let mut only = Some(&mut block);
    scan.unit(|_| only.take().unwrap())?;
    Ok(block)
}

#[test]
fn coefficients_are_where_and_what_the_bits_say() {
    // 0 11: 3. 10 010: one nought, -5. 110000000000: sixteen noughts. 10 111: one nought, 7. 0: the end.
    // 0 00: less by 3. 0: the end. Two bits that fill up.
    let data = [0b0_11_10_010, 0b1100_0000, 0b0000_10_11, 0b1_0_0_00_0_11, 0xff, 0xd9, 1];
    let mut scan = scan(&data, 0x13, 0);
    let mut expected = [0; 64];
    // The 1st, 3rd and 21st of the zigzag sequence.
    (expected[0], expected[8], expected[40]) = (3, -5, 7);
    assert_eq!(unit(&mut scan), Ok(expected));
    assert_eq!(scan.end(), None);
    assert_eq!(unit(&mut scan), Ok([0; 64]));
    assert_eq!(scan.end(), Some(3));
}

#[test]
fn runs_that_lead_out_of_a_block_end_in_its_corner() {
    // 10: no change. Four times 10 1: fifteen noughts and 1, the last of them behind the end.
    let mut scan = scan(&[0b10_10_1_10_1, 0b10_1_10_1_11], 0xf1, 0);
    let mut expected = [0; 64];
    // The 17th, 33rd and 49th of the zigzag sequence.
    (expected[12], expected[35], expected[58], expected[63]) = (1, 1, 1, 1);
    assert_eq!(unit(&mut scan), Ok(expected));
}

#[test]
fn bits_that_are_no_code_or_are_missing_are_faults() {
    assert_eq!(unit(&mut scan(&[0xff, 0, 0xff, 0], 0x11, 0)), Err(Fault::BadCode));
    for data in [&[][..], &[0xff], &[0xff, 0xd9, 0, 0], &[0xff, 0xff, 0, 0]] {
        // Noughts, as they are taken for, would be a block of -3.
        assert_eq!(unit(&mut scan(data, 0x11, 0)), Err(Fault::Short), "{data:?}");
    }
}

#[test]
fn restart_markers_begin_anew() {
    // 0 11, the end, and ones that fill up; twice.
    let with = |between: &[u8]| [&[0b0_11_0_1111], between, &[0b0_11_0_1111]].concat();
    let after = |between: &[u8]| {
        let data = with(between);
        let mut scan = scan(&data, 0x11, 1);
        assert!(!scan.restarts());
        assert_eq!(unit(&mut scan).unwrap()[0], 3);
        assert!(scan.restarts());
        let skipped = scan.restart()?;
        assert_eq!(unit(&mut scan).unwrap()[0], 3);
        Ok(skipped)
    };
    assert_eq!(after(&[0xff, 0xd0]), Ok(None));
    assert_eq!(after(&[0xff, 0xff, 0xff, 0xd0]), Ok(None), "markers may be filled up");
    let skipped = |bytes| Ok(Some(Skipped { bytes, marker: 0xd0 }));
    assert_eq!(after(&[1, 2, 3, 0xff, 0xd0]), skipped(3));
    assert_eq!(after(&[1, 0xff, 0, 0xff, 0xd0]), skipped(2), "0xff is written as two bytes");
    assert_eq!(after(&[0xff, 0xd1]), Err(Fault::OutOfTurn { found: 0xd1, due: 0 }));
    assert_eq!(after(&[]), Err(Fault::Short));
}
