use super::super::fixture::{bytes, cut, decode, decode_page, decode_want, file, open, pattern};
use super::super::{Region, Want};
use crate::pixel::decode::fixture::read_by_magick;
use crate::pixel::{Error, Format};

/// An icon of these pictures: width, height, bits, content.
fn icon(kind: u8, pictures: &[(u8, u8, u8, Vec<u8>)]) -> Vec<u8> {
    let mut out = vec![0, 0, kind, 0, pictures.len() as u8, 0];
    let mut offset = 6 + 16 * pictures.len();
    for (width, height, bits, content) in pictures {
        out.extend([*width, *height, 0, 0, 1, 0, *bits, 0]);
        out.extend((content.len() as u32).to_le_bytes());
        out.extend((offset as u32).to_le_bytes());
        offset += content.len();
    }
    pictures.iter().for_each(|(.., content)| out.extend(content));
    out
}

/// A bitmap of 2×2 pixels with these rows (from the bottom) and mask.
fn bitmap(bits: u8, palette: &[u8], rows: &[u8], mask: &[u8]) -> Vec<u8> {
    let mut out = vec![40, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0, bits, 0];
    out.extend([0; 24]);
    out[32] = (palette.len() / 4) as u8;
    [&out[..], palette, rows, mask].concat()
}

const NO_MASK: [u8; 8] = [0; 8];
/// The right pixel of the lower row is clear.
const MASK: [u8; 8] = [0x40, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn files_of_imagemagick_are_read_to_the_sample() {
    let pixels = pattern(19, 13, 4);
    for out in ["ico:-", "cur:-"] {
        let file = file(&pixels, (19, 13), "rgba", &[out]);
        let image = decode(&file).unwrap();
        assert_eq!((image.width, image.height, image.bands()), (19, 13, 4), "{out}");
        assert_eq!(bytes(&image), pixels, "{out}");
    }
    let few = file(&pattern(19, 13, 3), (19, 13), "rgb", &["-colors", "9", "ico:-"]);
    assert_eq!(bytes(&decode(&few).unwrap()), read_by_magick(&few, "ico", "rgba"));
}

#[test]
fn the_largest_is_the_first_page() {
    let small = file(&pattern(8, 8, 4), (8, 8), "rgba", &["png:-"]);
    let large = file(&pattern(20, 20, 4), (20, 20), "rgba", &["png:-"]);
    let file = icon(1, &[(8, 8, 32, small), (20, 20, 32, large)]);
    let info = open(&file, 1).unwrap().info().clone();
    assert_eq!((info.format, info.width, info.pages), (Format::Ico, 20, 2));
    assert_eq!(bytes(&decode_page(&file, 1).unwrap()), pattern(20, 20, 4));
    assert_eq!(bytes(&decode_page(&file, 2).unwrap()), pattern(8, 8, 4));
    assert!(matches!(open(&file, 3), Err(Error::Parameter { name: "page", .. })));
}

#[test]
fn the_mask_clears_where_there_is_no_alpha() {
    let palette = [1, 2, 3, 0, 4, 5, 6, 0];
    let one_bit = bitmap(1, &palette, &[0x40, 0, 0, 0, 0x80, 0, 0, 0], &MASK);
    let expected = [6, 5, 4, 255, 3, 2, 1, 255, 3, 2, 1, 255, 6, 5, 4, 0];
    assert_eq!(bytes(&decode(&icon(1, &[(2, 2, 1, one_bit)])).unwrap()), expected);
    let four_bits = bitmap(4, &palette, &[0x01, 0, 0, 0, 0x10, 0, 0, 0], &MASK);
    assert_eq!(bytes(&decode(&icon(1, &[(2, 2, 4, four_bits)])).unwrap()), expected);
    let eight_bits = bitmap(8, &palette, &[0, 1, 0, 0, 1, 0, 0, 0], &MASK);
    assert_eq!(bytes(&decode(&icon(1, &[(2, 2, 8, eight_bits)])).unwrap()), expected);
    let three = bitmap(24, &[], &[1, 2, 3, 4, 5, 6, 0, 0, 4, 5, 6, 1, 2, 3, 0, 0], &MASK);
    assert_eq!(bytes(&decode(&icon(1, &[(2, 2, 24, three)])).unwrap()), expected);
    let no_alpha = [1, 2, 3, 0, 4, 5, 6, 0, 4, 5, 6, 0, 1, 2, 3, 0];
    let four = bitmap(32, &[], &no_alpha, &MASK);
    assert_eq!(bytes(&decode(&icon(2, &[(2, 2, 32, four)])).unwrap()), expected);
    let alpha = [1, 2, 3, 9, 4, 5, 6, 8, 4, 5, 6, 7, 1, 2, 3, 6];
    let four = bitmap(32, &[], &alpha, &NO_MASK);
    let expected = [6, 5, 4, 7, 3, 2, 1, 6, 3, 2, 1, 9, 6, 5, 4, 8];
    assert_eq!(bytes(&decode(&icon(1, &[(2, 2, 32, four)])).unwrap()), expected);
}

#[test]
fn a_region_is_the_part_of_the_whole() {
    let file = file(&pattern(31, 23, 4), (31, 23), "rgba", &["ico:-"]);
    let whole = decode(&file).unwrap();
    let region = Region { x: 5, y: 9, width: 11, height: 7 };
    let part = decode_want(&file, 1, &Want { region, min_scale: 1.0 }).unwrap();
    assert_eq!(bytes(&part.image), cut(&whole, 5, 9, 11, 7));
}

#[test]
fn damage_is_an_error() {
    let sound = icon(1, &[(2, 2, 24, bitmap(24, &[], &[0; 16], &[]))]);
    assert!(decode(&sound).is_ok(), "a mask may be missing");
    for len in 0..sound.len() {
        assert!(matches!(decode(&sound[..len]), Err(Error::Malformed(_))), "{len}");
    }
    let index = icon(1, &[(2, 2, 8, bitmap(8, &[1, 2, 3, 0], &[0, 1, 0, 0, 0, 0, 0, 0], &[]))]);
    assert!(matches!(decode(&index), Err(Error::Malformed(_))), "a colour beyond the palette");
    let mut huge = sound.clone();
    huge[26..30].copy_from_slice(&u32::to_le_bytes(0x7fff_ffff));
    assert!(matches!(decode(&huge), Err(Error::Limit(_) | Error::Malformed(_))));
}
