//! JPEG files of every colour model and marker, made byte by byte: one flat block, so that what each
//! number becomes is known by arithmetic (ITU-T T.81, JFIF 1.02, and Adobe's Technical Note 5116).

use halftone::pixel::ColourSpace;

use super::support::*;

/// What stands in the APP14 marker, if there is one.
#[derive(Clone, Copy, Debug)]
enum Adobe {
    None,
    Transform(u8),
}

/// A file of 8×8 pixels of one colour: the stored components, each with its name.
fn flat(components: &[(u8, u8)], adobe: Adobe) -> Vec<u8> {
    let count = components.len() as u8;
    let mut out = vec![0xff, 0xd8];
    let mut segment = |marker: u8, data: &[u8]| {
        out.extend([0xff, marker]);
        out.extend((data.len() as u16 + 2).to_be_bytes());
        out.extend(data);
    };
    if let Adobe::Transform(transform) = adobe {
        segment(0xee, &[b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat());
    }
    // With quantisers of 8 the mean's coefficient is what the mean lies above 128.
    segment(0xdb, &[&[0][..], &[8; 64]].concat());
    let mut frame = vec![8, 0, 8, 0, 8, count];
    frame.extend(components.iter().flat_map(|(name, _)| [*name, 0x11, 0]));
    segment(0xc0, &frame);
    // Lengths of differences in four bits each; "nothing follows" in one.
    let lengths: Vec<u8> = (0..12).collect();
    segment(0xc4, &[&[0, 0, 0, 0, 12][..], &[0; 12], &lengths].concat());
    segment(0xc4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
    let mut scan = vec![count];
    scan.extend(components.iter().flat_map(|(name, _)| [*name, 0]));
    scan.extend([0, 63, 0]);
    segment(0xda, &scan);
    let mut bits = String::new();
    for (_, value) in components {
        let mean = i32::from(*value) - 128;
        let len = 32 - mean.unsigned_abs().leading_zeros();
        bits += &format!("{len:04b}");
        if len > 0 {
            let told = if mean < 0 { mean + (1 << len) - 1 } else { mean };
            bits += &format!("{told:0width$b}", width = len as usize);
        }
        bits += "0";
    }
    while !bits.len().is_multiple_of(8) {
        bits += "1";
    }
    for byte in bits.as_bytes().chunks(8) {
        let byte = byte.iter().fold(0_u8, |byte, bit| byte << 1 | (bit - b'0'));
        out.push(byte);
        if byte == 0xff {
            out.push(0);
        }
    }
    out.extend([0xff, 0xd9]);
    out
}

/// Luma and chroma of a colour (JFIF 1.02).
fn ycc([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(f64::from);
    [
        0.299 * r + 0.587 * g + 0.114 * b,
        -0.168_7 * r - 0.331_3 * g + 0.5 * b + 128.0,
        0.5 * r - 0.418_7 * g - 0.081_3 * b + 128.0,
    ]
    .map(|value| value.round().clamp(0.0, 255.0) as u8)
}

fn named(values: &[u8]) -> Vec<(u8, u8)> {
    (1..).zip(values.iter().copied()).collect()
}

#[track_caller]
fn assert_flat(name: &str, file: &[u8], space: ColourSpace, expected: &[u8], tolerance: u8) {
    let image = read(file);
    assert_eq!(
        (image.width, image.height, image.space, image.alpha),
        (8, 8, space, false),
        "{name}"
    );
    for pixel in bytes(&image).chunks(expected.len()) {
        let worst = pixel.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(tolerance), "{name}: {pixel:?}, not {expected:?}");
    }
}

#[test]
fn four_components_are_ink_however_they_are_stored() {
    for ink in
        [[0, 0, 0, 0], [255, 0, 0, 0], [30, 200, 180, 25], [90, 60, 250, 140], [0, 0, 0, 255]]
    {
        // Adobe's programs store what is left of the paper.
        let paper = ink.map(|value: u8| 255 - value);
        // With luma and chroma, those three are told as the red, green and blue that they leave.
        let [luma, cb, cr] = ycc([ink[0], ink[1], ink[2]]);
        let k = paper[3];
        let cmyk = ColourSpace::Cmyk;
        let plain = flat(&named(&paper), Adobe::Transform(0));
        assert_flat("CMYK of Adobe", &plain, cmyk, &ink, 0);
        let ycck = flat(&named(&[luma, cb, cr, k]), Adobe::Transform(2));
        // Rounding to luma and chroma and back.
        assert_flat("YCCK of Adobe", &ycck, cmyk, &ink, 2);
        // Without their marker it is read alike, as other programs do.
        let bare = flat(&named(&paper), Adobe::None);
        assert_flat("CMYK of nobody", &bare, cmyk, &ink, 0);
    }
}

#[test]
fn three_components_are_what_the_marker_or_their_names_say() {
    for rgb in [[0, 0, 0], [255, 255, 255], [200, 30, 60], [10, 130, 240]] {
        let ycc = ycc(rgb);
        let space = ColourSpace::Rgb;
        assert_flat("YCbCr", &flat(&named(&ycc), Adobe::None), space, &rgb, 2);
        assert_flat("YCbCr of Adobe", &flat(&named(&ycc), Adobe::Transform(1)), space, &rgb, 2);
        assert_flat("RGB of Adobe", &flat(&named(&rgb), Adobe::Transform(0)), space, &rgb, 0);
        let letters: Vec<(u8, u8)> = b"RGB".iter().copied().zip(rgb).collect();
        assert_flat("RGB by its names", &flat(&letters, Adobe::None), space, &rgb, 0);
        assert_flat("grey", &flat(&[(1, rgb[1])], Adobe::None), ColourSpace::Gray, &rgb[1..2], 0);
    }
}
