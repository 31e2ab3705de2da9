use std::io::Write;
use std::process::Command;

use super::super::fixture::{bytes, decode_named, decode_named_want, file, open_here, pattern};
use super::super::{Opening, Region, Want};
use crate::pixel::{Cancel, Error, Format, Image, Limits, Result, Samples};

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const BIG: &str = "1.2.840.10008.1.2.2";
const BASELINE: &str = "1.2.840.10008.1.2.4.50";
const LOSSLESS: &str = "1.2.840.10008.1.2.4.70";
const RUN_LENGTH: &str = "1.2.840.10008.1.2.5";

fn decode(file: &[u8]) -> Result<Image> {
    decode_named(file, Format::Dicom)
}

fn decode_page(file: &[u8], page: u32) -> Result<Image> {
    let source = open_here(file, Format::Dicom, &Opening { page, dpi: 0 })?;
    let want = Want::everything(source.info().width, source.info().height);
    Ok(source.decode(&want, &Limits::default(), &Cancel::never())?.image)
}

/// A file in one of the codings.
struct Made {
    syntax: &'static str,
    out: Vec<u8>,
}

impl Made {
    fn new(syntax: &'static str) -> Self {
        Self { syntax, out: Vec::new() }
    }

    fn word(&mut self, word: u16) {
        let big = self.syntax == BIG;
        self.out.extend(if big { word.to_be_bytes() } else { word.to_le_bytes() });
    }

    fn long(&mut self, long: u32) {
        let big = self.syntax == BIG;
        self.out.extend(if big { long.to_be_bytes() } else { long.to_le_bytes() });
    }

    fn head(&mut self, tag: u32, kind: &str, len: u32) {
        self.word((tag >> 16) as u16);
        self.word(tag as u16);
        if self.syntax == IMPLICIT || tag >> 16 == 0xfffe {
            return self.long(len);
        }
        self.out.extend(kind.as_bytes());
        if matches!(kind, "OB" | "OW" | "SQ" | "UN") {
            self.word(0);
            self.long(len);
        } else {
            self.word(len as u16);
        }
    }

    fn text(mut self, tag: u32, kind: &str, text: &str) -> Self {
        let padded =
            if text.len().is_multiple_of(2) { text.to_owned() } else { format!("{text} ") };
        self.head(tag, kind, padded.len() as u32);
        self.out.extend(padded.as_bytes());
        self
    }

    fn words(mut self, tag: u32, kind: &str, words: &[u16]) -> Self {
        self.head(tag, kind, words.len() as u32 * 2);
        words.iter().for_each(|word| self.word(*word));
        self
    }

    /// Size, depth and meaning of a picture.
    fn about(self, (w, h): (u16, u16), photometric: &str, bits: [u16; 4], samples: u16) -> Self {
        let [allocated, stored, high, signed] = bits;
        self.words(0x0028_0002, "US", &[samples])
            .text(0x0028_0004, "CS", photometric)
            .words(0x0028_0010, "US", &[h])
            .words(0x0028_0011, "US", &[w])
            .words(0x0028_0100, "US", &[allocated])
            .words(0x0028_0101, "US", &[stored])
            .words(0x0028_0102, "US", &[high])
            .words(0x0028_0103, "US", &[signed])
    }

    fn pixels(mut self, bytes: &[u8]) -> Vec<u8> {
        self.head(0x7fe0_0010, "OW", bytes.len() as u32);
        self.out.extend(bytes);
        self.finish()
    }

    /// Fragments without a table of offsets.
    fn fragments(mut self, fragments: &[Vec<u8>]) -> Vec<u8> {
        self.head(0x7fe0_0010, "OB", u32::MAX);
        self.head(0xfffe_e000, "", 0);
        for fragment in fragments {
            self.head(0xfffe_e000, "", fragment.len() as u32);
            self.out.extend(fragment);
        }
        self.head(0xfffe_e0dd, "", 0);
        self.finish()
    }

    fn finish(self) -> Vec<u8> {
        let head = Made::new(EXPLICIT).text(0x0002_0010, "UI", self.syntax);
        let mut out = vec![0; 128];
        out.extend(b"DICM");
        out.extend(head.out);
        if self.syntax == DEFLATED {
            let mut deflater =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            deflater.write_all(&self.out).unwrap();
            out.extend(deflater.finish().unwrap());
        } else {
            out.extend(self.out);
        }
        out
    }
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn deep(image: &Image) -> &[u16] {
    match &image.samples {
        Samples::U16(samples) => samples,
        Samples::U8(_) => panic!("the picture has 8 bits per sample"),
    }
}

#[test]
fn the_window_makes_grey_of_values() {
    // Stored 0, 1000, 1024, 2000 become −1024, −24, 0, 976 Hounsfield units. The window 40 ± 200:
    // (x − 39.5) / 399 + 0.5, so −24 is 0.340852 and 0 is 0.401003.
    for (syntax, swap) in [(IMPLICIT, false), (EXPLICIT, false), (DEFLATED, false), (BIG, true)] {
        let mut stored = words(&[0, 1000, 1024, 2000]);
        if swap {
            stored.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
        }
        let made = |photometric| {
            Made::new(syntax)
                .about((2, 2), photometric, [16, 12, 11, 0], 1)
                .text(0x0028_1050, "DS", "40\\500")
                .text(0x0028_1051, "DS", "400\\2000")
                .text(0x0028_1052, "DS", "-1024")
                .text(0x0028_1053, "DS", "1")
                .pixels(&stored)
        };
        let expected = [0, 22338, 26280, 65535];
        assert_eq!(deep(&decode(&made("MONOCHROME2")).unwrap()), expected, "{syntax}");
        let inverted = expected.map(|value| 65535 - value);
        assert_eq!(deep(&decode(&made("MONOCHROME1")).unwrap()), inverted, "{syntax}");
    }
}

#[test]
fn other_shapes_of_windows() {
    let made = |shape: &str| {
        let file = Made::new(EXPLICIT)
            .about((1, 1), "MONOCHROME2", [16, 12, 11, 0], 1)
            .text(0x0028_1050, "DS", "100")
            .text(0x0028_1051, "DS", "200")
            .text(0x0028_1056, "CS", shape)
            .pixels(&words(&[150]));
        deep(&decode(&file).unwrap())[0]
    };
    // (150 − 99.5) / 199 + 0.5; 50 / 200 + 0.5; 1 / (1 + e⁻¹) is 0.731059.
    assert_eq!(made("LINEAR"), 49398);
    assert_eq!(made("LINEAR_EXACT"), 49151);
    assert_eq!(made("SIGMOID"), 47910);
}

#[test]
fn without_a_window_everything_is_shown() {
    let made = |bits, stored: &[u16]| {
        Made::new(EXPLICIT)
            .about((stored.len() as u16, 1), "MONOCHROME2", bits, 1)
            .pixels(&words(stored))
    };
    let image = decode(&made([16, 12, 11, 0], &[0, 2048, 4095, 0xffff])).unwrap();
    assert_eq!(deep(&image), [0, 32776, 65535, 65535], "unused bits do not count");
    let image = decode(&made([16, 16, 15, 1], &[0x8000, 0, 0x7fff])).unwrap();
    assert_eq!(deep(&image), [0, 32768, 65535]);
    let file =
        Made::new(EXPLICIT).about((3, 1), "MONOCHROME2", [8, 8, 7, 0], 1).pixels(&[0, 77, 255]);
    assert_eq!(bytes(&decode(&file).unwrap()), [0, 77, 255]);
}

#[test]
fn tables_in_sequences_are_used_and_others_passed_over() {
    let mut made = Made::new(EXPLICIT).about((3, 1), "MONOCHROME2", [8, 8, 7, 0], 1);
    // A sequence of unknown length with an item of unknown length and a sequence within.
    made.head(0x0008_1140, "SQ", u32::MAX);
    made.head(0xfffe_e000, "", u32::MAX);
    made.head(0x0040_a170, "SQ", u32::MAX);
    made.head(0xfffe_e0dd, "", 0);
    made = made.words(0x0028_0010, "US", &[999]);
    made.head(0xfffe_e00d, "", 0);
    made.head(0xfffe_e0dd, "", 0);
    made.head(0x0028_3010, "SQ", 8 + 14 + 14);
    made.head(0xfffe_e000, "", 14 + 14);
    let file = made
        .words(0x0028_3002, "US", &[3, 10, 8])
        .words(0x0028_3006, "US", &[255, 100, 0])
        .pixels(&[0, 11, 200]);
    assert_eq!(bytes(&decode(&file).unwrap()), [255, 100, 0]);
}

#[test]
fn colours_in_all_their_forms() {
    let about = |photometric: &str| Made::new(EXPLICIT).about((2, 1), photometric, [8, 8, 7, 0], 3);
    let rgb = [1, 2, 3, 250, 251, 252];
    assert_eq!(bytes(&decode(&about("RGB").pixels(&rgb)).unwrap()), rgb);
    let planar = about("RGB").words(0x0028_0006, "US", &[1]).pixels(&[1, 250, 2, 251, 3, 252]);
    assert_eq!(bytes(&decode(&planar).unwrap()), rgb);
    // Y 100, Cb 138, Cr 118: 100 − 14.02, 100 − 3.44 + 7.14, 100 + 17.72.
    let ycbcr = about("YBR_FULL").pixels(&[100, 138, 118, 100, 128, 128]);
    assert_eq!(bytes(&decode(&ycbcr).unwrap()), [86, 104, 118, 100, 100, 100]);
    let halved = about("YBR_FULL_422").pixels(&[100, 90, 138, 118]);
    assert_eq!(bytes(&decode(&halved).unwrap()), [86, 104, 118, 76, 94, 108]);
    let palette = |bits, reds: &[u16]| {
        Made::new(EXPLICIT)
            .about((4, 1), "PALETTE COLOR", [8, 8, 7, 0], 1)
            .words(0x0028_1101, "US", &[2, 5, bits])
            .words(0x0028_1201, "OW", reds)
            .words(0x0028_1202, "OW", &[0x2000, 0x4000])
            .words(0x0028_1203, "OW", &[0x3000, 0xffff])
            .pixels(&[0, 5, 6, 255])
    };
    let image = decode(&palette(16, &[0x1000, 0x8001])).unwrap();
    let (first, second) = ([0x1000, 0x2000, 0x3000], [0x8001, 0x4000, 0xffff]);
    assert_eq!(deep(&image), [first, first, second, second].concat());
    assert!(matches!(decode(&palette(16, &[0x1000])), Err(Error::Malformed(_))));
}

#[test]
fn frames_are_pages() {
    let file = Made::new(EXPLICIT)
        .text(0x0028_0008, "IS", "3")
        .about((2, 1), "MONOCHROME2", [8, 8, 7, 0], 1)
        .pixels(&[1, 2, 3, 4, 5, 6]);
    assert_eq!(open_here(&file, Format::Dicom, &Opening::default()).unwrap().info().pages, 3);
    for (page, expected) in [(1, [1, 2]), (2, [3, 4]), (3, [5, 6])] {
        assert_eq!(bytes(&decode_page(&file, page).unwrap()), expected);
    }
    assert!(matches!(decode_page(&file, 4), Err(Error::Parameter { name: "page", .. })));
    let packed = |pixels: [u8; 2]| {
        let mut fragment = vec![0; 64];
        fragment[..8].copy_from_slice(&[1, 0, 0, 0, 64, 0, 0, 0]);
        fragment.extend([1, pixels[0], pixels[1], 0]);
        fragment
    };
    let file = Made::new(RUN_LENGTH)
        .text(0x0028_0008, "IS", "2")
        .about((2, 1), "MONOCHROME2", [8, 8, 7, 0], 1)
        .fragments(&[packed([1, 2]), packed([3, 4])]);
    assert_eq!(bytes(&decode_page(&file, 1).unwrap()), [1, 2]);
    assert_eq!(bytes(&decode_page(&file, 2).unwrap()), [3, 4]);
}

#[test]
fn sixteen_bits_are_packed_high_bytes_first() {
    let mut fragment = vec![0; 64];
    fragment[..12].copy_from_slice(&[2, 0, 0, 0, 64, 0, 0, 0, 68, 0, 0, 0]);
    fragment.extend([1, 0x12, 0xfe, 128, 1, 0x34, 0xdc, 128]);
    let file = Made::new(RUN_LENGTH)
        .about((2, 1), "MONOCHROME2", [16, 16, 15, 0], 1)
        .fragments(&[fragment]);
    assert_eq!(deep(&decode(&file).unwrap()), [0x1234, 0xfedc]);
}

#[test]
fn jpeg_in_dicom() {
    let grey = pattern(19, 13, 1);
    let jpeg = file(&grey, (19, 13), "gray", &["-quality", "100", "jpg:-"]);
    let about = |bytes: Vec<u8>, photometric: &str, samples| {
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        Made::new(BASELINE)
            .about((19, 13), photometric, [8, 8, 7, 0], samples)
            .fragments(&[head.to_vec(), tail.to_vec()])
    };
    let image = decode(&about(jpeg, "MONOCHROME2", 1)).unwrap();
    super::super::fixture::assert_close(bytes(&image), &grey, 2);
    let rgb = pattern(19, 13, 3);
    let full = ["-quality", "100", "-sampling-factor", "1x1", "jpg:-"];
    let jpeg = file(&rgb, (19, 13), "rgb", &full);
    let image = decode(&about(jpeg, "YBR_FULL", 3)).unwrap();
    super::super::fixture::assert_close(bytes(&image), &rgb, 4);
}

#[test]
fn what_cannot_be_read_is_said() {
    let made = |syntax| {
        Made::new(syntax).about((1, 1), "MONOCHROME2", [8, 8, 7, 0], 1).fragments(&[vec![0; 4]])
    };
    for (syntax, name) in
        [("1.2.840.10008.1.2.4.90", "JPEG 2000"), ("1.2.840.10008.1.2.4.80", "JPEG-LS")]
    {
        let Err(Error::Unsupported(message)) = decode(&made(syntax)) else { panic!("it is read") };
        assert!(message.contains(name), "{message}");
    }
    let no_pixels = Made::new(EXPLICIT).text(0x0008_0060, "CS", "SR").finish();
    assert!(matches!(decode(&no_pixels), Err(Error::Unsupported(_))));
    assert!(matches!(decode(&made(LOSSLESS)), Err(Error::Malformed(_))), "that is no JPEG");
}

/// Runs one of DCMTK's programs from a file of these bytes to another.
fn dcmtk(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::write(&from, input).unwrap();
    let status = Command::new(program).args(args).args([&from, &to]).output();
    let output = status.expect("Debian's dcmtk is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {complaint}");
    std::fs::read(to).unwrap()
}

/// Twelve bits with a window, and what they are.
fn windowed() -> Vec<u8> {
    let stored: Vec<u16> = pattern(19, 13, 1).iter().map(|value| u16::from(*value) * 16).collect();
    Made::new(EXPLICIT)
        .about((19, 13), "MONOCHROME2", [16, 12, 11, 0], 1)
        .text(0x0028_1050, "DS", "1000")
        .text(0x0028_1051, "DS", "3000")
        .text(0x0028_1052, "DS", "-1024")
        .text(0x0028_1053, "DS", "1.5")
        .pixels(&words(&stored))
}

#[test]
fn dcmtk_shows_the_same() {
    let rgb = Made::new(EXPLICIT)
        .about((19, 13), "RGB", [8, 8, 7, 0], 3)
        .words(0x0028_0006, "US", &[0])
        .pixels(&[&pattern(19, 13, 3)[..], &[0]].concat());
    let other = decode_named(&dcmtk("dcm2pnm", &["+op"], &rgb), Format::Pnm).unwrap();
    assert_eq!(bytes(&decode(&rgb).unwrap()), bytes(&other));
    let other = decode_named(&dcmtk("dcm2pnm", &["+Wi", "1", "+opw"], &windowed()), Format::Pnm);
    let (ours, other) = (decode(&windowed()).unwrap(), other.unwrap());
    let worst = deep(&ours).iter().zip(deep(&other)).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    // It cuts where we round.
    assert!(worst <= 1, "{worst}");
}

#[test]
fn what_dcmtk_compresses_is_read_to_the_sample() {
    let plain = decode(&windowed()).unwrap();
    for program in ["dcmcjpeg", "dcmcrle"] {
        let packed = dcmtk(program, &[], &windowed());
        assert_ne!(packed, windowed());
        assert_eq!(deep(&decode(&packed).unwrap()), deep(&plain), "{program}");
    }
}

#[test]
fn a_region_is_the_part_of_the_whole() {
    let file = Made::new(EXPLICIT)
        .about((31, 23), "RGB", [8, 8, 7, 0], 3)
        .pixels(&[&pattern(31, 23, 3)[..], &[0]].concat());
    let region = Region { x: 5, y: 9, width: 11, height: 7 };
    let part = decode_named_want(&file, Format::Dicom, &Want { region, min_scale: 1.0 }).unwrap();
    let whole = decode(&file).unwrap();
    assert_eq!(bytes(&part.image), super::super::fixture::cut(&whole, 5, 9, 11, 7));
}

#[test]
fn damage_is_an_error() {
    let sound =
        Made::new(EXPLICIT).about((2, 2), "MONOCHROME2", [8, 8, 7, 0], 1).pixels(&[1, 2, 3, 4]);
    assert!(decode(&sound).is_ok());
    for len in 0..sound.len() {
        assert!(decode(&sound[..len]).is_err(), "{len}");
    }
    let packed = Made::new(RUN_LENGTH)
        .about((60000, 60000), "MONOCHROME2", [8, 8, 7, 0], 1)
        .fragments(&[vec![0; 64]]);
    assert!(matches!(decode(&packed), Err(Error::Limit(_))));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for syntax in [IMPLICIT, EXPLICIT, DEFLATED, BIG] {
        let grey = Made::new(syntax)
            .about((4, 2), "MONOCHROME1", [16, 12, 11, 1], 1)
            .text(0x0028_1050, "DS", "40")
            .text(0x0028_1051, "DS", "400");
        seeds.push(grey.pixels(&[3; 16]));
        let colour = |photometric| Made::new(syntax).about((2, 2), photometric, [8, 8, 7, 0], 3);
        seeds.push(colour("RGB").words(0x0028_0006, "US", &[1]).pixels(&[7; 12]));
        seeds.push(colour("YBR_FULL_422").pixels(&[7; 8]));
    }
    let mut tables = Made::new(EXPLICIT).about((3, 1), "MONOCHROME2", [8, 8, 7, 0], 1);
    tables.head(0x0028_3010, "SQ", u32::MAX);
    tables.head(0xfffe_e000, "", 14 + 14);
    tables = tables.words(0x0028_3002, "US", &[3, 10, 8]).words(0x0028_3006, "US", &[255, 100, 0]);
    tables.head(0xfffe_e0dd, "", 0);
    seeds.push(tables.pixels(&[0, 11, 200, 0]));
    seeds.push(
        Made::new(EXPLICIT)
            .about((4, 1), "PALETTE COLOR", [8, 8, 7, 0], 1)
            .words(0x0028_1101, "US", &[2, 5, 16])
            .words(0x0028_1201, "OW", &[1, 2])
            .words(0x0028_1202, "OW", &[3, 4])
            .words(0x0028_1203, "OW", &[5, 6])
            .pixels(&[0, 5, 6, 255]),
    );
    let jpeg = file(&pattern(19, 13, 3), (19, 13), "rgb", &["jpg:-"]);
    let colour = Made::new(BASELINE).about((19, 13), "YBR_FULL", [8, 8, 7, 0], 3);
    seeds.push(colour.fragments(&[jpeg]));
    seeds.push(dcmtk("dcmcjpeg", &[], &windowed()));
    seeds.push(dcmtk("dcmcrle", &[], &windowed()));
    seeds
}
