use super::super::fixture::{
    bytes, cut, decode, decode_page, decode_want, file, magick, open, pattern, read_by_magick,
};
use super::super::{Region, Want};
use crate::pixel::{Error, Image};

const SIZE: (u32, u32) = (31, 22);

fn still(args: &[&str]) -> Vec<u8> {
    let mut all = vec!["-colors", "60"];
    all.extend_from_slice(args);
    all.push("gif:-");
    file(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", &all)
}

/// Four frames: three smaller than the canvas, with every way of disposal, one transparent.
fn animation() -> Vec<u8> {
    magick(
        &[
            "-size",
            "40x30",
            "(",
            "xc:red",
            "-set",
            "dispose",
            "None",
            ")",
            "(",
            "-size",
            "20x10",
            "xc:lime",
            "-repage",
            "40x30+5+6",
            "-set",
            "dispose",
            "Background",
            ")",
            "(",
            "-size",
            "10x20",
            "xc:blue",
            "-repage",
            "40x30+12+3",
            "-set",
            "dispose",
            "Previous",
            ")",
            "(",
            "-size",
            "8x8",
            "xc:none",
            "-fill",
            "white",
            "-draw",
            "point 2,2",
            "-repage",
            "40x30+1+1",
            ")",
            "gif:-",
        ],
        b"",
    )
}

fn pixel(image: &Image, x: u32, y: u32) -> &[u8] {
    let bands = image.bands();
    &bytes(image)[(y * image.width + x) as usize * bands..][..bands]
}

#[test]
fn reads_stills_as_imagemagick_does() {
    for args in [&[][..], &["-interlace", "GIF"]] {
        let gif = still(args);
        let image = decode(&gif).unwrap();
        assert!(!image.alpha);
        assert_eq!(bytes(&image), read_by_magick(&gif, "gif", "rgb"), "{args:?}");
    }
}

#[test]
fn a_region_is_what_the_whole_picture_has_there() {
    let gif = still(&[]);
    let whole = decode(&gif).unwrap();
    let region = Region { x: 7, y: 5, width: 13, height: 17 };
    let part = decode_want(&gif, 1, &Want { region, min_scale: 0.5 }).unwrap();
    assert_eq!((part.left, part.top, part.scale.0), (7.0, 5.0, 1.0));
    assert_eq!(bytes(&part.image), cut(&whole, 7, 5, 13, 17));
}

#[test]
fn composes_frames_by_their_disposal() {
    let gif = animation();
    let info = open(&gif, 1).unwrap().info().clone();
    assert_eq!((info.pages, info.width, info.height), (4, 40, 30));
    let first = decode_page(&gif, 1).unwrap();
    assert_eq!(pixel(&first, 6, 7), [255, 0, 0]);
    let second = decode_page(&gif, 2).unwrap();
    assert_eq!(pixel(&second, 6, 7), [0, 255, 0]);
    assert_eq!(pixel(&second, 30, 20), [255, 0, 0]);
    // The second frame is cleared before the third, which leaves nothing there.
    let third = decode_page(&gif, 3).unwrap();
    assert_eq!(pixel(&third, 6, 7), [0, 0, 0, 0]);
    assert_eq!(pixel(&third, 13, 7), [0, 0, 255, 255]);
    assert_eq!(pixel(&third, 30, 20), [255, 0, 0, 255]);
    // The third is undone before the fourth, whose own transparency changes nothing.
    let fourth = decode_page(&gif, 4).unwrap();
    assert_eq!(pixel(&fourth, 13, 7), [0, 0, 0, 0]);
    assert_eq!(pixel(&fourth, 13, 20), [255, 0, 0, 255]);
    assert_eq!(pixel(&fourth, 3, 3), [255, 255, 255, 255]);
    assert_eq!(pixel(&fourth, 2, 2), [255, 0, 0, 255]);
    let beyond = decode_page(&gif, 5);
    assert!(matches!(beyond, Err(Error::Parameter { name: "page", .. })));
}

#[test]
fn every_truncation_is_an_error_or_loses_nothing() {
    for gif in [still(&[]), still(&["-interlace", "GIF"]), animation()] {
        let whole = decode(&gif).unwrap();
        for len in 0..gif.len() {
            match decode(&gif[..len]) {
                Ok(image) => assert!(image == whole, "{len} of {}", gif.len()),
                Err(Error::Malformed(_)) => {}
                Err(other) => panic!("{len}: {other}"),
            }
        }
    }
    let gif = still(&[]);
    assert!(matches!(decode(&gif[..gif.len() / 2]), Err(Error::Malformed(_))));
}

#[test]
fn a_frame_with_too_few_pixels_is_an_error() {
    // The data of a smaller picture under a header that promises a larger one.
    let mut gif = still(&[]);
    gif[8..10].copy_from_slice(&60u16.to_le_bytes());
    let place = gif.windows(9).position(|part| part == [0x2c, 0, 0, 0, 0, 31, 0, 22, 0]).unwrap();
    gif[place + 7..place + 9].copy_from_slice(&60u16.to_le_bytes());
    assert!(matches!(decode(&gif), Err(Error::Malformed(_))));
}

#[test]
fn a_declared_size_beyond_the_limits_is_refused_at_once() {
    let mut gif = still(&[]);
    gif[6..10].copy_from_slice(&[0x60, 0xea, 0x60, 0xea]);
    assert!(matches!(open(&gif, 1).map(|_| ()), Err(Error::Limit(_))));
    // A small canvas does not hide a huge frame.
    let mut gif = still(&[]);
    let place = gif.windows(9).position(|part| part == [0x2c, 0, 0, 0, 0, 31, 0, 22, 0]).unwrap();
    gif[place + 5..place + 9].copy_from_slice(&[0x60, 0xea, 0x60, 0xea]);
    assert!(matches!(open(&gif, 1).map(|_| ()), Err(Error::Limit(_))));
}
