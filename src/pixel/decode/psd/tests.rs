use super::super::fixture::{
    bytes, cut, decode_named, decode_named_want, file, open_here, pattern, read_by_magick,
};
use super::super::{Opening, Region, Want};
use crate::pixel::{ColourSpace, Density, Error, Format, Image, Result, Samples};

fn decode(file: &[u8]) -> Result<Image> {
    decode_named(file, Format::Psd)
}

/// What a file is made of.
#[derive(Clone)]
struct Made {
    large: bool,
    mode: u16,
    bits: u16,
    size: (u32, u32),
    palette: Vec<u8>,
    resources: Vec<(u16, Vec<u8>)>,
    layers: Vec<u8>,
    packed: bool,
    /// Rows from the top, of all channels one after the other.
    rows: Vec<Vec<u8>>,
}

impl Made {
    fn new(mode: u16, bits: u16, size: (u32, u32), rows: Vec<Vec<u8>>) -> Self {
        Self {
            large: false,
            mode,
            bits,
            size,
            palette: Vec::new(),
            resources: Vec::new(),
            layers: Vec::new(),
            packed: false,
            rows,
        }
    }

    /// A layer count below zero and nothing else.
    fn clear(mut self) -> Self {
        let count = (-1_i16).to_be_bytes();
        self.layers = if self.large {
            [&2_u64.to_be_bytes()[..], &count].concat()
        } else {
            [&2_u32.to_be_bytes()[..], &count].concat()
        };
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = b"8BPS".to_vec();
        out.extend(if self.large { 2_u16 } else { 1 }.to_be_bytes());
        out.extend([0; 6]);
        out.extend((self.rows.len() as u16 / self.size.1 as u16).to_be_bytes());
        out.extend(self.size.1.to_be_bytes());
        out.extend(self.size.0.to_be_bytes());
        out.extend(self.bits.to_be_bytes());
        out.extend(self.mode.to_be_bytes());
        out.extend((self.palette.len() as u32).to_be_bytes());
        out.extend(&self.palette);
        let mut resources = Vec::new();
        for (id, content) in &self.resources {
            resources.extend(b"8BIM");
            resources.extend(id.to_be_bytes());
            resources.extend([0, 0]);
            resources.extend((content.len() as u32).to_be_bytes());
            resources.extend(content);
            resources.resize(resources.len().next_multiple_of(2), 0);
        }
        out.extend((resources.len() as u32).to_be_bytes());
        out.extend(resources);
        if self.large {
            out.extend((self.layers.len() as u64).to_be_bytes());
        } else {
            out.extend((self.layers.len() as u32).to_be_bytes());
        }
        out.extend(&self.layers);
        out.extend([0, u8::from(self.packed)]);
        if self.packed {
            // Literal packets of one byte, and an empty one at the end of each row.
            for row in &self.rows {
                let len = row.len() as u32 * 2 + 1;
                out.extend(if self.large {
                    len.to_be_bytes().to_vec()
                } else {
                    (len as u16).to_be_bytes().to_vec()
                });
            }
            for row in &self.rows {
                out.extend(row.iter().flat_map(|byte| [0, *byte]));
                out.push(128);
            }
        } else {
            self.rows.iter().for_each(|row| out.extend(row));
        }
        out
    }
}

#[test]
fn files_of_imagemagick_are_read_to_the_sample() {
    for (kind, bands) in [("rgb", 3), ("gray", 1), ("cmyk", 4)] {
        let pixels = pattern(19, 13, bands);
        for (compression, out) in [("none", "psd:-"), ("RLE", "psd:-"), ("RLE", "psb:-")] {
            let file = file(&pixels, (19, 13), kind, &["-compress", compression, out]);
            let image = decode(&file).unwrap();
            assert_eq!((image.width, image.height, image.bands()), (19, 13, bands), "{kind}");
            assert_eq!(bytes(&image), pixels, "{kind} {compression} {out}");
        }
    }
}

#[test]
fn imagemagick_reads_the_same() {
    let row = |start: u8| (0..6).map(|x| start.wrapping_add(x * 40)).collect::<Vec<u8>>();
    let rgb = vec![row(0), row(9), row(80), row(90), row(200), row(7)];
    for packed in [false, true] {
        for large in [false, true] {
            for (made, kind) in [
                (Made::new(3, 8, (6, 2), rgb.clone()), "rgb"),
                (Made::new(1, 8, (6, 2), rgb[..2].to_vec()), "gray"),
                (Made::new(0, 1, (6, 2), vec![vec![0b0110_1000], vec![0b1001_1100]]), "gray"),
            ] {
                let file = Made { packed, large, ..made }.bytes();
                let expected = read_by_magick(&file, "psd", kind);
                assert_eq!(bytes(&decode(&file).unwrap()), expected, "{kind} {packed} {large}");
            }
        }
    }
}

#[test]
fn a_palette_is_all_reds_then_greens_then_blues() {
    let palette: Vec<u8> = (0..768_u32).map(|at| (at % 256 / (at / 256 + 1)) as u8).collect();
    let made = Made { palette, ..Made::new(2, 8, (2, 1), vec![vec![60, 255]]) };
    assert_eq!(bytes(&decode(&made.bytes()).unwrap()), [60, 30, 20, 255, 127, 85]);
}

#[test]
fn sixteen_and_thirty_two_bits_become_sixteen() {
    let file = Made::new(1, 16, (2, 1), vec![vec![0x12, 0x34, 0xfe, 0xdc]]).bytes();
    assert_eq!(decode(&file).unwrap().samples, Samples::U16(vec![0x1234, 0xfedc]));
    let row = [0.5_f32, 2.0].iter().flat_map(|value| value.to_be_bytes()).collect();
    let made = Made::new(1, 32, (2, 1), vec![row]);
    // Half of the light is 0.735357 in sRGB: 48191.6.
    assert_eq!(decode(&made.bytes()).unwrap().samples, Samples::U16(vec![48192, 65535]));
    let with_profile = Made { resources: vec![(1039, vec![1, 2, 3])], ..made };
    let image = decode(&with_profile.bytes()).unwrap();
    assert_eq!(image.samples, Samples::U16(vec![32768, 65535]), "the profile says what they are");
    assert_eq!(image.profile.as_deref(), Some(&[1, 2, 3][..]));
}

#[test]
fn the_merged_picture_is_taken_off_its_paper() {
    for large in [false, true] {
        // Seen 205 with alpha 100 of 255 over white: (205 − 155) · 255 / 100 = 127.5.
        let rows = vec![vec![205, 9], vec![155, 9], vec![255, 9], vec![100, 0]];
        let made = Made { large, ..Made::new(3, 8, (2, 1), rows) };
        let image = decode(&made.clone().clear().bytes()).unwrap();
        assert_eq!((image.alpha, bytes(&image)), (true, &[128, 0, 255, 100, 9, 9, 9, 0][..]));
        let image = decode(&made.bytes()).unwrap();
        assert!(!image.alpha, "without layers a fourth channel is a selection");
    }
    let block = [&[0; 4][..], &[0; 4], b"8BIMMt16", &[0; 4]].concat();
    let rows = vec![vec![0xff, 0xff], vec![0x80, 0x00]];
    let made = Made { layers: block, ..Made::new(1, 16, (1, 1), rows) };
    assert_eq!(decode(&made.bytes()).unwrap().samples, Samples::U16(vec![0xffff, 0x8000]));
}

#[test]
fn ink_is_stored_as_paper_left() {
    let rows = vec![vec![255], vec![200], vec![100], vec![0]];
    let image = decode(&Made::new(4, 8, (1, 1), rows).bytes()).unwrap();
    assert_eq!((image.space, bytes(&image)), (ColourSpace::Cmyk, &[0, 55, 155, 255][..]));
}

#[test]
fn lab_becomes_srgb_without_a_profile() {
    let rows = vec![vec![255], vec![128], vec![128]];
    let made = Made { resources: vec![(1039, vec![9; 4])], ..Made::new(9, 8, (1, 1), rows) };
    let image = decode(&made.bytes()).unwrap();
    assert_eq!((bytes(&image), image.profile.is_none()), (&[255, 255, 255][..], true));
}

#[test]
fn resources_are_found() {
    let resolution = [&[1, 44, 0, 0, 0, 1, 0, 1][..], &[0, 150, 128, 0, 0, 1, 0, 1]].concat();
    let resources = vec![
        (1005, resolution),
        (1028, vec![28, 2]),
        (1058, b"MM\0*exif".to_vec()),
        (1060, b"<x/>".to_vec()),
        (1057, vec![0, 0, 0, 1, 1]),
    ];
    let made = Made { resources, ..Made::new(1, 8, (1, 1), vec![vec![7]]) };
    let metadata = decode(&made.bytes()).unwrap().metadata;
    assert_eq!(metadata.density, Some(Density { x_dpi: 300.0, y_dpi: 150.5 }));
    assert_eq!(metadata.iptc.as_deref(), Some(&[28, 2][..]));
    assert_eq!(metadata.exif.as_deref(), Some(&b"MM\0*exif"[..]));
    assert_eq!(metadata.xmp.as_deref(), Some(&b"<x/>"[..]));
}

#[test]
fn what_cannot_be_read_is_said() {
    let plain = Made::new(1, 8, (1, 1), vec![vec![7]]);
    let blank = Made { resources: vec![(1057, vec![0, 0, 0, 1, 0])], ..plain.clone() };
    let Err(Error::Unsupported(message)) = decode(&blank.bytes()) else { panic!("it is read") };
    assert!(message.contains("merged picture"), "{message}");
    assert!(matches!(
        decode(&Made { mode: 7, ..plain.clone() }.bytes()),
        Err(Error::Unsupported(_))
    ));
    let page = Opening { page: 2, dpi: 0 };
    let result = open_here(&plain.bytes(), Format::Psd, &page);
    assert!(matches!(result, Err(Error::Parameter { name: "page", .. })));
}

#[test]
fn a_region_is_the_part_of_the_whole() {
    let pixels = pattern(31, 23, 3);
    for compression in ["none", "RLE"] {
        let file = file(&pixels, (31, 23), "rgb", &["-compress", compression, "psd:-"]);
        let whole = decode(&file).unwrap();
        let region = Region { x: 5, y: 9, width: 11, height: 7 };
        let want = Want { region, min_scale: 1.0 };
        let part = decode_named_want(&file, Format::Psd, &want).unwrap();
        assert_eq!((part.left, part.top, part.scale.0), (5.0, 9.0, 1.0));
        assert_eq!(bytes(&part.image), cut(&whole, 5, 9, 11, 7));
    }
}

#[test]
fn damage_is_an_error() {
    for packed in [false, true] {
        let rows = vec![vec![1, 2], vec![3, 4], vec![5, 6], vec![7, 8], vec![9, 10], vec![11, 12]];
        let sound = Made { packed, ..Made::new(3, 8, (2, 2), rows) }.bytes();
        assert!(decode(&sound).is_ok());
        for len in 0..sound.len() {
            assert!(matches!(decode(&sound[..len]), Err(Error::Malformed(_))), "{len}");
        }
        let mut large = sound.clone();
        large[14..22].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        assert!(matches!(decode(&large), Err(Error::Limit(_))));
        let mut long = sound.clone();
        long[14..18].copy_from_slice(&[0, 0, 0x75, 0x30]);
        assert!(matches!(decode(&long), Err(Error::Malformed(_))));
    }
    let no_palette = Made::new(2, 8, (1, 1), vec![vec![7]]).bytes();
    assert!(matches!(decode(&no_palette), Err(Error::Malformed(_))));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let rows = |count: usize, len: usize| -> Vec<Vec<u8>> {
        (0..count).map(|row| (0..len).map(|x| (row * 50 + x * 7) as u8).collect()).collect()
    };
    let block = [&[0; 4][..], &[0; 4], b"8BIMMt16", &[0; 4]].concat();
    let resources = vec![(1005, vec![1; 16]), (1039, vec![2; 5]), (1057, vec![0, 0, 0, 1, 1])];
    let mut seeds = Vec::new();
    for large in [false, true] {
        for packed in [false, true] {
            let made =
                |mode, bits, rows| Made { large, packed, ..Made::new(mode, bits, (4, 2), rows) };
            seeds.push(made(3, 8, rows(8, 4)).clear().bytes());
            seeds.push(Made { resources: resources.clone(), ..made(4, 8, rows(8, 4)) }.bytes());
            seeds.push(Made { palette: vec![5; 768], ..made(2, 8, rows(2, 4)) }.bytes());
            seeds.push(made(9, 16, rows(6, 8)).bytes());
            seeds.push(made(1, 32, rows(2, 16)).bytes());
            seeds.push(made(0, 1, rows(2, 1)).bytes());
            if !large {
                seeds.push(Made { layers: block.clone(), ..made(1, 16, rows(4, 8)) }.bytes());
            }
        }
    }
    seeds
}
