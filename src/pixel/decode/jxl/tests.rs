//! Files come from Debian's `cjxl`; what they hold, from arithmetic.

use std::process::Command;

use super::boxes::MAX_METADATA_BYTES;
use crate::pixel::decode::fixture::{assert_close, bytes, file as made, magick, pattern};
use crate::pixel::decode::{Info, Input, Opening, Orientation, Region, Source, Want};
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Format, Image, Limits, Result, Samples};

const SIZE: (u32, u32) = (64, 48);

/// What `cjxl` makes of a file with this extension.
fn jxl(file: &[u8], extension: &str, args: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) =
        (folder.path().join(format!("in.{extension}")), folder.path().join("out.jxl"));
    std::fs::write(&input, file).unwrap();
    let ran = Command::new("cjxl")
        .arg(&input)
        .arg(&output)
        .args(args)
        .output()
        .expect("Debian's libjxl-tools is installed");
    assert!(ran.status.success(), "cjxl: {}", String::from_utf8_lossy(&ran.stderr));
    std::fs::read(output).unwrap()
}

fn png(bands: usize, name: &str, more: &[&str]) -> Vec<u8> {
    made(&pattern(SIZE.0, SIZE.1, bands), SIZE, name, &[more, &["png:-"]].concat())
}

pub fn seeds() -> Vec<Vec<u8>> {
    let jpeg = made(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", &["jpg:-"]);
    let frames = ["-size", "24x17", "xc:red", "xc:lime", "gif:-"];
    vec![
        jxl(&png(3, "rgb", &[]), "png", &["-d", "1"]),
        jxl(&png(4, "rgba", &["-depth", "16"]), "png", LOSSLESS),
        jxl(&jpeg, "jpg", &["--lossless_jpeg=1"]),
        jxl(&magick(&frames, b""), "gif", LOSSLESS),
    ]
}

fn open_page(file: &[u8], page: u32, limits: &Limits) -> Result<Source> {
    let mut input = Input::new(std::io::Cursor::new(file.to_vec()), file.len() as u64, None);
    let format = input.recognise()?;
    Source::open_here(input, format, &Opening { page, dpi: 0 }, limits)
}

fn info(file: &[u8]) -> Info {
    open_page(file, 1, &Limits::default()).unwrap().info().clone()
}

fn decode_page(file: &[u8], page: u32) -> Result<Image> {
    let source = open_page(file, page, &Limits::default())?;
    let want = Want::everything(source.info().width, source.info().height);
    Ok(source.decode(&want, &Limits::default(), &Cancel::never())?.image)
}

const LOSSLESS: &[&str] = &["-d", "0"];

#[test]
fn lossless_files_bring_back_every_sample() {
    for (bands, name, space, alpha) in [
        (1, "gray", ColourSpace::Gray, false),
        (2, "graya", ColourSpace::Gray, true),
        (3, "rgb", ColourSpace::Rgb, false),
        (4, "rgba", ColourSpace::Rgb, true),
    ] {
        for container in ["--container=0", "--container=1"] {
            let file = jxl(&png(bands, name, &[]), "png", &[LOSSLESS, &[container]].concat());
            let info = info(&file);
            assert_eq!((info.format, info.width, info.height), (Format::Jxl, SIZE.0, SIZE.1));
            assert_eq!((info.space, info.alpha, info.depth), (space, alpha, Depth::U8));
            assert!(bytes(&decode_page(&file, 1).unwrap()) == pattern(SIZE.0, SIZE.1, bands));
        }
    }
}

#[test]
fn sixteen_bits_stay() {
    let png = made(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", &["-depth", "16", "png48:-"]);
    let image = decode_page(&jxl(&png, "png", LOSSLESS), 1).unwrap();
    let Samples::U16(samples) = &image.samples else { panic!("not deep") };
    let expected: Vec<u16> =
        pattern(SIZE.0, SIZE.1, 3).into_iter().map(|byte| u16::from(byte) * 257).collect();
    assert!(*samples == expected);
}

#[test]
fn lossy_files_and_jpegs_in_a_new_coat_show_the_picture() {
    let expected = pattern(SIZE.0, SIZE.1, 3);
    let file = jxl(&png(3, "rgb", &[]), "png", &["-q", "95"]);
    assert_close(bytes(&decode_page(&file, 1).unwrap()), &expected, 16);
    let jpeg = made(&expected, SIZE, "rgb", &["-quality", "95", "jpg:-"]);
    let file = jxl(&jpeg, "jpg", &[]);
    assert_close(bytes(&decode_page(&file, 1).unwrap()), &expected, 16);
}

#[test]
fn the_stored_orientation_is_applied_once() {
    let oriented = made(&pattern(SIZE.0, SIZE.1, 3), SIZE, "rgb", &["-quality", "97", "jpg:-"]);
    // An Exif segment with orientation 6 behind the start of the file.
    let mut exif =
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let mut segment = vec![0xff, 0xe1, 0, (exif.len() + 2) as u8];
    segment.append(&mut exif);
    let jpeg = [&oriented[..2], &segment, &oriented[2..]].concat();
    let file = jxl(&jpeg, "jpg", &[]);
    let info = info(&file);
    assert_eq!((info.width, info.height), (SIZE.1, SIZE.0));
    assert_eq!(info.orientation, Orientation::UPRIGHT);
    assert!(info.metadata.exif.is_some());
    let turned = magick(&["jpg:-", "-rotate", "90", "-depth", "8", "rgb:-"], &oriented);
    assert_close(bytes(&decode_page(&file, 1).unwrap()), &turned, 8);
}

/// A box for a container.
fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&size[..], name, content].concat()
}

/// A box packed by Brotli (RFC 7932), in blocks that hold their bytes as they are.
fn packed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut stream = name.to_vec();
    for (number, block) in content.chunks(1 << 16).enumerate() {
        // Not the last one, its length in 16 bits, as it is; before the first one the size of the window.
        let head = (block.len() as u32 - 1) << 3 | 1 << 19;
        let head = if number == 0 { head << 1 } else { head };
        stream.extend_from_slice(&head.to_le_bytes()[..3]);
        stream.extend_from_slice(block);
    }
    stream.push(3);
    boxed(b"brob", &stream)
}

/// A picture in a container that ends with these boxes.
fn with_boxes(boxes: &[u8]) -> Vec<u8> {
    let file = jxl(&png(3, "rgb", &[]), "png", &[LOSSLESS, &["--container=1"]].concat());
    [&file, boxes].concat()
}

fn assert_shows(file: &[u8]) {
    assert!(bytes(&decode_page(file, 1).unwrap()) == pattern(SIZE.0, SIZE.1, 3));
}

#[test]
fn metadata_of_sensible_size_are_kept_packed_or_not() {
    let most = usize::try_from(MAX_METADATA_BYTES).unwrap();
    for packs in [boxed, packed] {
        for (len, kept) in [(2_000, true), (most, true), (most + 1, false)] {
            let xmp: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let file = with_boxes(&packs(b"xml ", &xmp));
            let found = info(&file).metadata.xmp;
            assert!(found.as_deref() == kept.then_some(&xmp[..]), "{len}");
            assert_shows(&file);
        }
    }
    let exif = b"\0\0\0\x02??II*\0\x08\0\0\0\0\0\0\0\0\0";
    for file in [boxed(b"Exif", exif), packed(b"Exif", exif)] {
        assert_eq!(info(&with_boxes(&file)).metadata.exif.as_deref(), Some(&exif[6..]));
    }
}

#[test]
fn damaged_metadata_cost_no_picture() {
    let mut broken = packed(b"xml ", &[b'x'; 500]);
    broken[12..15].fill(0xff);
    let behind_its_end = boxed(b"Exif", b"\xff\xff\xff\xffII*\0");
    for damaged in [broken, behind_its_end, boxed(b"Exif", b"II"), b"\0\0\0\x09xml".to_vec()] {
        let file = with_boxes(&damaged);
        let found = info(&file).metadata;
        assert!(found.exif.is_none() && found.xmp.is_none(), "{damaged:?}");
        assert_shows(&file);
    }
    // The box of the picture says that it is smaller than its own head.
    let refused = [&with_boxes(b"")[..12], b"\0\0\0\x07jxlc\0\0\0\0"].concat();
    assert!(matches!(decode_page(&refused, 1), Err(Error::Malformed(_))));
}

/// 200 MB of spaces, as Node packs them with Brotli.
const BOMB: &[u8] = b"\
      \xcf\xff\xff\x7f\xf8\x25\x40\xe2\xb1\x40\x20\xf7\xfe\x9f\xff\xff\xff\xf0\x4b\x00\xc4\x61\x01\x80\xee\
      \xfd\x3f\xff\xff\xff\xe1\x97\x00\x88\xc3\x22\x00\xdd\xfb\x7f\xfe\xff\xff\xc3\x2f\x01\x10\x87\x05\x00\
      \xba\xf7\xff\xfc\xff\xff\x87\x5f\x02\x20\x0e\x0b\x00\x74\xef\xff\xf9\xff\xff\x0f\xbf\x04\x40\x1c\x16\
      \x00\xe8\xde\xff\xf3\xff\xff\x1f\x7e\x09\x80\x38\x2c\x00\xd0\xbd\xff\xe7\xff\xff\x3f\xfc\x12\x00\x71\
      \x58\x00\xa0\x7b\xff\xcf\xff\xff\x7f\xf8\x25\x00\xe2\xb0\x00\x40\xf7\xfe\x9f\xff\xff\xff\xf0\x4b\x00\
      \xc4\x61\x01\x80\xee\xfd\x3f\xff\xff\xff\xe1\x97\x00\x88\xc3\x02\x00\xdd\xfb\x7f\xfe\xff\xff\xc3\x2f\
      \x01\x10\x87\x05\x00\xba\xf7\xff\xf9\xff\xff\x87\x5f\x02\x20\x0e\x0b\x00\x74\xef\xff\x00\
    ";

/// What takes 172 bytes in the file takes 200 MB when it is unpacked as a whole.
#[test]
fn metadata_that_unpack_to_hundreds_of_megabytes_are_left_out() {
    let file = with_boxes(&boxed(b"brob", &[b"xml ", BOMB].concat()));
    assert!(info(&file).metadata.xmp.is_none());
    assert_shows(&file);
}

/// The codestream in two parts.
#[test]
fn parts_come_in_their_order() {
    let bare = jxl(&png(3, "rgb", &[]), "png", &[LOSSLESS, &["--container=0"]].concat());
    let part =
        |number: u32, content: &[u8]| boxed(b"jxlp", &[&number.to_be_bytes(), content].concat());
    let (one, two) = bare.split_at(bare.len() / 3);
    let head = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl ";
    let (first, last) = (part(0, one), part(0x8000_0001, two));
    let file = [&head[..], &first, &last].concat();
    assert_shows(&file);
    let swapped = [&head[..], &last, &first].concat();
    assert!(matches!(decode_page(&swapped, 1), Err(Error::Malformed(_))));
}

#[test]
fn frames_are_pages() {
    let args = ["-size", "40x30", "xc:red", "xc:lime", "xc:blue", "-set", "delay", "10", "gif:-"];
    let file = jxl(&magick(&args, b""), "gif", LOSSLESS);
    for (page, expected) in [(1, [255, 0, 0]), (2, [0, 255, 0]), (3, [0, 0, 255])] {
        assert_eq!(open_page(&file, page, &Limits::default()).unwrap().info().pages, 3);
        assert_eq!(bytes(&decode_page(&file, page).unwrap())[..3], expected);
    }
    let error = open_page(&file, 4, &Limits::default()).map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Parameter { name: "page", .. }), "{error:?}");
}

#[test]
fn a_region_is_cut_out_of_the_whole() {
    let file = jxl(&png(4, "rgba", &[]), "png", LOSSLESS);
    let region = Region { x: 9, y: 3, width: 17, height: 21 };
    let decoded = open_page(&file, 1, &Limits::default())
        .unwrap()
        .decode(&Want { region, min_scale: 1.0 }, &Limits::default(), &Cancel::never())
        .unwrap();
    let whole = decode_page(&file, 1).unwrap();
    let expected = crate::pixel::decode::fixture::cut(&whole, 9, 3, 17, 21);
    assert_eq!((decoded.left, decoded.top), (9.0, 3.0));
    assert!(bytes(&decoded.image) == expected);
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    let file = jxl(&png(3, "rgb", &[]), "png", LOSSLESS);
    let pixels = u64::from(SIZE.0 * SIZE.1);
    let small = Limits { held_pixels: pixels - 1, ..Limits::default() };
    assert!(matches!(open_page(&file, 1, &small).map(|_| ()), Err(Error::Limit(_))));
    let tight = Limits { held_pixels: pixels * 2 - 1, ..Limits::default() };
    let source = open_page(&file, 1, &Limits::default()).unwrap();
    let want = Want::everything(SIZE.0, SIZE.1);
    assert!(matches!(source.decode(&want, &tight, &Cancel::never()), Err(Error::Limit(_))));
}

#[test]
fn truncated_files_are_errors() {
    for args in [LOSSLESS, &["-q", "90"]] {
        let file = jxl(&png(3, "rgb", &[]), "png", args);
        for part in [0.02, 0.1, 0.4, 0.7, 0.95] {
            let cut = &file[..(file.len() as f64 * part) as usize];
            let error = decode_page(cut, 1).unwrap_err();
            assert!(matches!(error, Error::Malformed(_)), "{args:?} {part}: {error:?}");
        }
    }
}

#[test]
fn damaged_files_are_errors_or_pictures_and_never_panics() {
    let file = jxl(&png(4, "rgba", &[]), "png", &["-q", "80", "--container=1"]);
    let mut outcomes = [0, 0];
    for at in (0..file.len()).step_by(3) {
        let mut bytes = file.clone();
        bytes[at] ^= 0x55;
        outcomes[usize::from(decode_page(&bytes, 1).is_ok())] += 1;
    }
    assert!(outcomes[0] > 0, "{outcomes:?}");
}
