use super::super::fixture::{
    bytes, cut, decode_named, decode_named_want, file, open_named, pattern, read_by_magick,
};
use super::super::{Region, Want};
use crate::pixel::{Error, Format, Image, Result};

fn decode(file: &[u8]) -> Result<Image> {
    decode_named(file, Format::Tga)
}

/// A file of this header and these bytes behind it.
fn tga(kind: u8, bits: u8, descriptor: u8, (w, h): (u16, u16), rest: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0, u8::from(matches!(kind, 1 | 9)), kind, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    out.extend(w.to_le_bytes());
    out.extend(h.to_le_bytes());
    out.extend([bits, descriptor]);
    rest.iter().for_each(|part| out.extend_from_slice(part));
    out
}

#[test]
fn files_of_imagemagick_are_read_to_the_sample() {
    for (kind, bands) in [("rgb", 3), ("gray", 1), ("rgba", 4)] {
        let pixels = pattern(19, 13, bands);
        for compression in ["none", "RLE"] {
            let args = ["-orient", "TopLeft", "-compress", compression, "tga:-"];
            let file = file(&pixels, (19, 13), kind, &args);
            assert_eq!(file[17] & 0x20, 0x20, "it begins at the top");
            let image = decode(&file).unwrap();
            assert_eq!((image.width, image.height, image.bands()), (19, 13, bands), "{kind}");
            assert_eq!(bytes(&image), pixels, "{kind} {compression}");
        }
    }
    let few = file(
        &pattern(19, 13, 3),
        (19, 13),
        "rgb",
        &["-orient", "TopLeft", "-colors", "9", "-type", "Palette", "tga:-"],
    );
    assert_eq!(few[1..3], [1, 1], "it has a palette");
    assert_eq!(bytes(&decode(&few).unwrap()), read_by_magick(&few, "tga", "rgb"));
}

#[test]
fn rows_and_columns_begin_at_any_corner() {
    // A B
    // C D
    for (descriptor, stored) in [(0x00, b"CDAB"), (0x20, b"ABCD"), (0x10, b"DCBA"), (0x30, b"BADC")]
    {
        let plain = tga(3, 8, descriptor, (2, 2), &[stored]);
        assert_eq!(bytes(&decode(&plain).unwrap()), b"ABCD", "{descriptor:#x}");
        let [a, b, c, d] = *stored;
        // The second packet reaches over the end of the row.
        let packed = tga(11, 8, descriptor, (2, 2), &[&[0, a, 2, b, c, d]]);
        assert_eq!(bytes(&decode(&packed).unwrap()), b"ABCD", "{descriptor:#x}");
    }
}

#[test]
fn pixels_of_two_bytes() {
    // Red 31, green 16, blue 1: 255, round(16·255/31) = 132, round(255/31) = 8.
    let word = (31u16 << 10 | 16 << 5 | 1).to_le_bytes();
    let image = decode(&tga(2, 15, 0, (1, 1), &[&word])).unwrap();
    assert_eq!((bytes(&image), image.alpha), (&[255, 132, 8][..], false));
    let image = decode(&tga(2, 16, 1, (1, 1), &[&word])).unwrap();
    assert_eq!((bytes(&image), image.alpha), (&[255, 132, 8, 0][..], true));
    let image = decode(&tga(3, 16, 8, (1, 1), &[&[7, 200]])).unwrap();
    assert_eq!((bytes(&image), image.alpha), (&[7, 200][..], true));
}

#[test]
fn a_palette_may_begin_anywhere() {
    let mut file = tga(1, 16, 0x20, (2, 1), &[&[3, 2, 1, 6, 5, 4], &[0x01, 0x01, 0x00, 0x01]]);
    file[3..8].copy_from_slice(&[0x00, 0x01, 2, 0, 24]);
    assert_eq!(bytes(&decode(&file).unwrap()), [4, 5, 6, 1, 2, 3]);
    file[24] = 2;
    assert!(matches!(decode(&file), Err(Error::Malformed(_))), "a colour beyond the palette");
    file[25] = 0;
    assert!(matches!(decode(&file), Err(Error::Malformed(_))), "a colour before the palette");
}

#[test]
fn the_extension_area_says_what_alpha_means() {
    let with = |attributes: u8| {
        let mut extension = vec![0; 495];
        extension[494] = attributes;
        let mut file = tga(2, 32, 8, (1, 1), &[&[10, 20, 50, 100], &extension]);
        file.extend((18u32 + 4).to_le_bytes());
        file.extend([0; 4]);
        file.extend(b"TRUEVISION-XFILE.\0");
        decode(&file).unwrap()
    };
    assert_eq!(bytes(&with(0)), [50, 20, 10]);
    assert_eq!(bytes(&with(3)), [50, 20, 10, 100]);
    // 50·255/100 = 127.5, 20·2.55 = 51, 10·2.55 = 25.5.
    assert_eq!(bytes(&with(4)), [128, 51, 26, 100]);
}

#[test]
fn a_region_is_the_part_of_the_whole() {
    let pixels = pattern(31, 23, 3);
    for args in [["-compress", "none", "tga:-"], ["-compress", "RLE", "tga:-"]] {
        let file = file(&pixels, (31, 23), "rgb", &args);
        let whole = decode(&file).unwrap();
        let region = Region { x: 5, y: 9, width: 11, height: 7 };
        let want = Want { region, min_scale: 1.0 };
        let part = decode_named_want(&file, Format::Tga, &want).unwrap();
        assert_eq!((part.left, part.top, part.scale.0), (5.0, 9.0, 1.0));
        assert_eq!(bytes(&part.image), cut(&whole, 5, 9, 11, 7));
    }
}

#[test]
fn damage_is_an_error() {
    let sound = file(&pattern(19, 13, 3), (19, 13), "rgb", &["-compress", "RLE", "tga:-"]);
    for len in 0..sound.len() {
        let result = decode(&sound[..len]);
        // What follows the last row is not needed.
        assert!(len + 30 > sound.len() || matches!(result, Err(Error::Malformed(_))), "{len}");
    }
    let empty = tga(2, 24, 0, (0, 1), &[]);
    assert!(matches!(decode(&empty), Err(Error::Malformed(_))));
    let short = tga(10, 24, 0, (60000, 10000), &[&[0xff, 1, 2, 3]]);
    assert!(matches!(decode(&short), Err(Error::Malformed(_))));
    let large = tga(2, 24, 0, (60000, 60000), &[]);
    assert!(matches!(decode(&large), Err(Error::Limit(_))));
}

#[test]
fn only_a_name_makes_a_file_one() {
    let file = tga(2, 24, 0, (1, 1), &[&[1, 2, 3]]);
    assert!(open_named(&file, Some(Format::Tga)).is_ok());
    assert!(matches!(open_named(&file, None), Err(Error::Malformed(_))));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut palette = tga(1, 16, 0x20, (2, 1), &[&[3, 2, 1, 6, 5, 4], &[0, 1, 1, 1]]);
    palette[3..8].copy_from_slice(&[0x00, 0x01, 2, 0, 24]);
    vec![
        palette,
        tga(11, 8, 0x30, (2, 2), &[&[0, 1, 2, 2, 3, 4]]),
        tga(2, 16, 1, (1, 2), &[&[1, 2, 3, 4]]),
        tga(3, 16, 8, (1, 1), &[&[7, 200]]),
    ]
}
