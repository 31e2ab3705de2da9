use super::super::fixture::{
    assert_close, bytes, cut, decode, decode_page, decode_want, file, magick, open, pattern,
    read_by_magick,
};
use super::super::{Region, Want};
use crate::pixel::{Error, Image};

const SIZE: (u32, u32) = (51, 38);

fn made(bands: usize, args: &[&str]) -> Vec<u8> {
    let name = if bands == 4 { "rgba" } else { "rgb" };
    let mut all = args.to_vec();
    all.push("webp:-");
    file(&pattern(SIZE.0, SIZE.1, bands), SIZE, name, &all)
}

#[test]
fn reads_lossless_exactly() {
    let webp = made(3, &["-define", "webp:lossless=true"]);
    let image = decode(&webp).unwrap();
    assert!(!image.alpha);
    assert_eq!(bytes(&image), pattern(SIZE.0, SIZE.1, 3));
    let webp = made(4, &["-define", "webp:lossless=true,exact=true"]);
    let image = decode(&webp).unwrap();
    assert!(image.alpha);
    assert_eq!(bytes(&image), pattern(SIZE.0, SIZE.1, 4));
}

#[test]
fn reads_lossy_as_imagemagick_does() {
    for (bands, name) in [(3, "rgb"), (4, "rgba")] {
        let webp = made(bands, &["-quality", "85"]);
        let image = decode(&webp).unwrap();
        assert_eq!(image.alpha, bands == 4);
        assert_close(bytes(&image), &read_by_magick(&webp, "webp", name), 1);
    }
}

#[test]
fn a_region_is_what_the_whole_picture_has_there() {
    for args in [&["-quality", "85"][..], &["-define", "webp:lossless=true"]] {
        for bands in [3, 4] {
            let webp = made(bands, args);
            let whole = decode(&webp).unwrap();
            for (x, y, width, height) in
                [(0, 0, 9, 9), (13, 7, 21, 30), (50, 37, 1, 1), (4, 6, 5, 3)]
            {
                let region = Region { x, y, width, height };
                let part = decode_want(&webp, 1, &Want { region, min_scale: 0.2 }).unwrap();
                let (left, top) = (part.left as u32, part.top as u32);
                assert!(
                    left <= x
                        && x - left < 4
                        && top <= y
                        && y - top < 4
                        && part.scale == (1.0, 1.0)
                );
                assert_eq!(
                    cut(&part.image, x - left, y - top, width, height),
                    cut(&whole, x, y, width, height),
                    "{args:?} {bands} {region:?}"
                );
            }
        }
    }
}

#[test]
fn reads_frames_of_an_animation() {
    let webp = magick(
        &[
            "-size",
            "40x30",
            "-delay",
            "10",
            "xc:red",
            "(",
            "-size",
            "20x10",
            "xc:lime",
            "-repage",
            "40x30+6+6",
            ")",
            "-define",
            "webp:lossless=true",
            "webp:-",
        ],
        b"",
    );
    let info = open(&webp, 1).unwrap().info().clone();
    assert_eq!((info.pages, info.width, info.height, info.alpha), (2, 40, 30, true));
    let pixel = |image: &Image, x: usize, y: usize| bytes(image)[(y * 40 + x) * 4..][..4].to_vec();
    let (first, second) = (decode_page(&webp, 1).unwrap(), decode_page(&webp, 2).unwrap());
    assert_eq!(pixel(&first, 7, 7), [255, 0, 0, 255]);
    assert_eq!(pixel(&second, 7, 7), [0, 255, 0, 255]);
    assert_eq!(pixel(&second, 30, 25), [255, 0, 0, 255]);
    assert!(matches!(decode_page(&webp, 3), Err(Error::Parameter { name: "page", .. })));
    // ImageMagick puts something of its own behind the container.
    let len = u32::from_le_bytes(webp[4..8].try_into().unwrap()) as usize + 8;
    for len in 0..len {
        assert!(matches!(decode(&webp[..len]), Err(Error::Malformed(_))), "{len}");
    }
}

#[test]
fn every_truncation_is_an_error() {
    for args in [&["-quality", "60"][..], &["-define", "webp:lossless=true"]] {
        let webp = made(4, args);
        // The last byte may be padding.
        for len in 0..webp.len() - 1 {
            assert!(matches!(decode(&webp[..len]), Err(Error::Malformed(_))), "{args:?} {len}");
        }
        // A container cut to fit tells nothing of what it lost; the picture's own data does.
        let mut cut = webp[..webp.len() / 4 * 2].to_vec();
        let len = u32::try_from(cut.len() - 8).unwrap();
        cut[4..8].copy_from_slice(&len.to_le_bytes());
        assert!(matches!(decode(&cut), Err(Error::Malformed(_))));
    }
}

#[test]
fn a_declared_size_beyond_the_limits_is_refused_at_once() {
    let mut head = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0".to_vec();
    head.extend_from_slice(&[0x5f, 0xea, 0, 0x5f, 0xea, 0]);
    assert!(matches!(open(&head, 1).map(|_| ()), Err(Error::Limit(_))));
}
