use super::super::fixture::{bytes, cut, decode, file, open, pattern, picture, read_by_magick};
use super::super::{Region, Want};
use crate::pixel::decode::fixture::decode_want;
use crate::pixel::{ColourSpace, Depth, Error, Samples};

#[test]
fn raw_files_of_imagemagick_are_read_to_the_sample() {
    for (kind, bands, out) in [("rgb", 3, "ppm:-"), ("gray", 1, "pgm:-"), ("rgba", 4, "pam:-")] {
        let pixels = pattern(19, 13, bands);
        for args in [&[out][..], &["-compress", "none", out]] {
            let image = decode(&file(&pixels, (19, 13), kind, args)).unwrap();
            assert_eq!((image.width, image.height, image.bands()), (19, 13, bands), "{out}");
            assert_eq!(bytes(&image), pixels, "{out}");
        }
    }
}

#[test]
fn imagemagick_reads_the_same_from_every_kind() {
    let ten_bits = [b"P5 3 1 1023\n".to_vec(), vec![0, 0, 2, 0, 3, 255]].concat();
    for (file, kind) in [
        (b"P1\n# black is one\n3 2\n1 0 1\n011\n".to_vec(), "gray"),
        (b"P2 3 1 15 0 7 15\n".to_vec(), "gray"),
        (b"P3\n2 1\n255\n1 2 3\n 250 251 252\n".to_vec(), "rgb"),
        ([b"P4\n9 2\n".to_vec(), vec![0x55, 0x80, 0xff, 0]].concat(), "gray"),
        ([b"P5\n#one\n3 #two\n1\n7\n".to_vec(), vec![0, 3, 7]].concat(), "gray"),
    ] {
        let image = decode(&file).unwrap();
        assert_eq!(bytes(&image), read_by_magick(&file, "pnm", kind));
    }
    // Ten bits become sixteen: 512 of 1023 is 32799.6 of 65535.
    let image = decode(&ten_bits).unwrap();
    assert_eq!(image.samples, Samples::U16(vec![0, 32800, 65535]));
}

#[test]
fn sixteen_bits_are_kept() {
    let made = picture(9, 7, ColourSpace::Rgb, false, Depth::U16);
    let Samples::U16(samples) = &made.samples else { unreachable!() };
    let mut file = b"P6 9 7 65535\n".to_vec();
    file.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    assert_eq!(decode(&file).unwrap().samples, made.samples);
}

#[test]
fn pam_says_what_its_samples_are() {
    let pam = |kind: &str, depth: u32, samples: &[u8]| {
        let head =
            format!("P7\n# made\nWIDTH 1\nHEIGHT 1\nDEPTH {depth}\nMAXVAL 255\n{kind}ENDHDR\n");
        [head.as_bytes(), samples].concat()
    };
    let image = decode(&pam("TUPLTYPE CMYK\n", 4, &[1, 2, 3, 4])).unwrap();
    assert_eq!((image.space, image.alpha), (ColourSpace::Cmyk, false));
    assert_eq!(bytes(&image), [1, 2, 3, 4]);
    let image = decode(&pam("TUPLTYPE GRAYSCALE_ALPHA\n", 2, &[9, 8])).unwrap();
    assert_eq!((image.space, image.alpha), (ColourSpace::Gray, true));
    let image = decode(&pam("", 3, &[9, 8, 7])).unwrap();
    assert_eq!((image.space, image.alpha), (ColourSpace::Rgb, false));
    let depth_and_kind_differ = pam("TUPLTYPE RGB\n", 4, &[0; 4]);
    assert!(matches!(decode(&depth_and_kind_differ), Err(Error::Unsupported(_))));
}

#[test]
fn a_region_is_the_part_of_the_whole() {
    let pixels = pattern(31, 23, 3);
    for args in [&["ppm:-"][..], &["-compress", "none", "ppm:-"]] {
        let file = file(&pixels, (31, 23), "rgb", args);
        let whole = decode(&file).unwrap();
        let region = Region { x: 5, y: 9, width: 11, height: 7 };
        let part = decode_want(&file, 1, &Want { region, min_scale: 1.0 }).unwrap();
        assert_eq!((part.left, part.top, part.scale.0), (5.0, 9.0, 1.0));
        assert_eq!(bytes(&part.image), cut(&whole, 5, 9, 11, 7));
    }
}

#[test]
fn damage_is_an_error() {
    for damaged in [
        &b"P6 2 2 255\n12345678901"[..],
        b"P6 2 2 0\n123456789012",
        b"P6 2 2 65536\n123456789012123456789012",
        b"P6 99999999999 2 255\n",
        b"P6 0 2 255\n",
        b"P3 1 1 255 1 2",
        b"P3 1 1 255 1 2 256",
        b"P3 1 1 255 1 2 x",
        b"P1 2 1 12",
        b"P2 1 1 7 8",
        b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\n",
        b"P7\nWIDTH x\nENDHDR\n",
        b"P5 1 1 7\n\x08",
        b"P5 #",
        b"P6",
    ] {
        let result = decode(damaged);
        let text = String::from_utf8_lossy(damaged);
        assert!(matches!(result, Err(Error::Malformed(_))), "{text}: {result:?}");
    }
    assert!(matches!(open(b"P6 1 1 255\n123", 2), Err(Error::Parameter { name: "page", .. })));
    let huge = b"P6 60000 60000 255\n";
    assert!(matches!(decode(huge), Err(Error::Limit(_))));
}
