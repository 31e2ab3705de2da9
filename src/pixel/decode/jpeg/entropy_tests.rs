//! Our entropy decoding beside the library's.

use super::super::fixture::{bytes, decode, file, pattern};
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
