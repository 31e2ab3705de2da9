use std::sync::Arc;

use super::{EncodeOptions, encode};
use crate::pixel::decode::Orientation;
use crate::pixel::decode::fixture::{
    assert_close, bytes, decode, magick, open, picture, read_by_magick,
};
use crate::pixel::{
    ColourSpace, Density, Depth, Error, Format, Image, Metadata, PngQuality, Quality, Samples,
};

const SIZE: (u32, u32) = (61, 43);

fn plain(space: ColourSpace, alpha: bool, depth: Depth) -> Image {
    picture(SIZE.0, SIZE.1, space, alpha, depth)
}

fn with_quality(format: Format, lossy: u8) -> EncodeOptions {
    let quality = Quality { lossy, ..Quality::default() };
    EncodeOptions { quality, ..EncodeOptions::new(format) }
}

/// The name by which ImageMagick calls raw samples of this kind.
fn raw_name(image: &Image) -> &'static str {
    match (image.space, image.alpha) {
        (ColourSpace::Gray, false) => "gray",
        (ColourSpace::Gray, true) => "graya",
        (ColourSpace::Rgb, false) => "rgb",
        (ColourSpace::Rgb, true) => "rgba",
        (ColourSpace::Cmyk, false) => "cmyk",
        (ColourSpace::Cmyk, true) => "cmyka",
    }
}

/// What ImageMagick says of a file.
fn told(file: &[u8], input: &str, what: &str) -> String {
    let said = magick(&[&format!("{input}:-"), "-format", what, "info:-"], file);
    String::from_utf8(said).unwrap()
}

const ALL_KINDS: [(ColourSpace, bool); 6] = [
    (ColourSpace::Gray, false),
    (ColourSpace::Gray, true),
    (ColourSpace::Rgb, false),
    (ColourSpace::Rgb, true),
    (ColourSpace::Cmyk, false),
    (ColourSpace::Cmyk, true),
];

#[test]
fn lossless_formats_bring_back_every_sample() {
    for (format, name) in
        [(Format::Png, "png"), (Format::Tiff, "tiff"), (Format::Bmp, "bmp"), (Format::Webp, "webp")]
    {
        for (space, alpha) in ALL_KINDS {
            let image = plain(space, alpha, Depth::U8);
            let options = with_quality(format, 100);
            let row = format.row();
            let holds = (row.alpha || !alpha) && (row.cmyk || space != ColourSpace::Cmyk);
            let result = encode(&image, &options);
            if !holds {
                assert!(matches!(result, Err(Error::Encode(_))), "{name} {space:?} {alpha}");
                continue;
            }
            let file = result.unwrap();
            assert_eq!(Format::sniff(&file), Some(format));
            // libwebp may change colours under full transparency; the pattern has none.
            let raw = if format == Format::Webp && space == ColourSpace::Gray {
                if alpha { "graya" } else { "gray" }
            } else {
                raw_name(&image)
            };
            let read = read_by_magick(&file, name, raw);
            assert!(read == bytes(&image), "ImageMagick: {name} {space:?} {alpha}");
        }
    }
}

#[test]
fn deep_formats_bring_back_all_sixteen_bits() {
    for (format, name) in [(Format::Png, "png"), (Format::Tiff, "tiff")] {
        for (space, alpha) in ALL_KINDS {
            if space == ColourSpace::Cmyk && format == Format::Png {
                continue;
            }
            let image = plain(space, alpha, Depth::U16);
            let file = encode(&image, &EncodeOptions::new(format)).unwrap();
            let raw = format!("{}:-", raw_name(&image));
            let args = [&format!("{name}:-"), "-depth", "16", "-endian", "LSB", &raw];
            let read = magick(&args, &file);
            let Samples::U16(samples) = &image.samples else { panic!("not deep") };
            let expected: Vec<u8> = samples.iter().flat_map(|v| v.to_le_bytes()).collect();
            assert!(read == expected, "{name} {space:?} {alpha}");
            assert!(decode(&file).unwrap().samples == image.samples);
        }
    }
    for format in [Format::Jpeg, Format::Gif, Format::Bmp, Format::Webp] {
        let image = plain(ColourSpace::Rgb, false, Depth::U16);
        assert!(matches!(encode(&image, &EncodeOptions::new(format)), Err(Error::Encode(_))));
    }
}

#[test]
fn every_png_quality_brings_back_every_sample() {
    let image = plain(ColourSpace::Rgb, true, Depth::U8);
    for level in 1..=9 {
        for filter in 0..=9 {
            let png = PngQuality { level, filter };
            let quality = Quality { png, ..Quality::default() };
            let options = EncodeOptions { quality, ..EncodeOptions::new(Format::Png) };
            assert!(decode(&encode(&image, &options).unwrap()).unwrap().samples == image.samples);
        }
    }
}

#[test]
fn jpeg_is_read_right_by_imagemagick() {
    for (space, tolerance) in
        [(ColourSpace::Gray, 5), (ColourSpace::Rgb, 12), (ColourSpace::Cmyk, 14)]
    {
        for progressive in [false, true] {
            let image = plain(space, false, Depth::U8);
            let options = EncodeOptions { progressive, ..with_quality(Format::Jpeg, 95) };
            let file = encode(&image, &options).unwrap();
            let read = read_by_magick(&file, "jpg", raw_name(&image));
            assert_close(&read, bytes(&image), tolerance);
            assert_close(bytes(&decode(&file).unwrap()), bytes(&image), tolerance);
            let interlace = told(&file, "jpg", "%[interlace]");
            assert_eq!(interlace, if progressive { "JPEG" } else { "None" });
        }
    }
}

#[test]
fn jpeg_halves_chroma_below_quality_90_only() {
    let image = plain(ColourSpace::Rgb, false, Depth::U8);
    for (quality, expected) in [(89, "2x2,1x1,1x1"), (90, "1x1,1x1,1x1")] {
        let file = encode(&image, &with_quality(Format::Jpeg, quality)).unwrap();
        assert_eq!(told(&file, "jpg", "%[jpeg:sampling-factor]"), expected);
        assert_eq!(told(&file, "jpg", "%Q"), quality.to_string());
    }
}

#[test]
fn jpeg_refuses_what_it_cannot_hold() {
    let image = plain(ColourSpace::Rgb, true, Depth::U8);
    assert!(matches!(encode(&image, &EncodeOptions::new(Format::Jpeg)), Err(Error::Encode(_))));
    let wide = Image::try_new(65_501, 1, ColourSpace::Gray, false, Depth::U8).unwrap();
    let refused = encode(&wide, &EncodeOptions::new(Format::Jpeg));
    assert!(matches!(refused, Err(Error::Parameter { name: "format", .. })));
    let mut short = plain(ColourSpace::Rgb, false, Depth::U8);
    short.height += 1;
    assert!(matches!(encode(&short, &EncodeOptions::new(Format::Jpeg)), Err(Error::Encode(_))));
}

#[test]
fn webp_loses_little_below_quality_100() {
    for alpha in [false, true] {
        let image = plain(ColourSpace::Rgb, alpha, Depth::U8);
        let file = encode(&image, &with_quality(Format::Webp, 95)).unwrap();
        let read = read_by_magick(&file, "webp", raw_name(&image));
        let total: u64 =
            read.iter().zip(bytes(&image)).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = total as f64 / read.len() as f64;
        assert!(mean > 0.0 && mean < 4.0, "mean difference {mean}");
    }
}

#[test]
fn gif_keeps_few_colours_exactly() {
    let mut image = plain(ColourSpace::Rgb, true, Depth::U8);
    let Samples::U8(samples) = &mut image.samples else { panic!("not 8 bits") };
    for (at, pixel) in samples.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let step = (at / 11 % 255) as u8;
        *pixel = [step, 255 - step, step / 2, if at % 7 == 0 { 100 } else { 200 }];
    }
    let file = encode(&image, &EncodeOptions::new(Format::Gif)).unwrap();
    let read = read_by_magick(&file, "gif", "rgba");
    for (actual, original) in read.chunks(4).zip(bytes(&image).chunks(4)) {
        if original[3] == 200 {
            assert_eq!(actual, [original[0], original[1], original[2], 255]);
        } else {
            assert_eq!(actual[3], 0);
        }
    }
}

#[test]
fn gif_reduces_many_colours_without_shifting_any_area() {
    let image = picture(200, 150, ColourSpace::Rgb, false, Depth::U8);
    let file = encode(&image, &EncodeOptions::new(Format::Gif)).unwrap();
    let read = read_by_magick(&file, "gif", "rgb");
    let mean = |data: &[u8], bx: usize, by: usize, band: usize| {
        let mut sum = 0u32;
        for y in by * 10..by * 10 + 10 {
            for x in bx * 10..bx * 10 + 10 {
                sum += u32::from(data[(y * 200 + x) * 3 + band]);
            }
        }
        f64::from(sum) / 100.0
    };
    for (bx, by) in [(0, 0), (5, 3), (12, 9), (19, 14)] {
        for band in 0..3 {
            let (wanted, got) = (mean(bytes(&image), bx, by, band), mean(&read, bx, by, band));
            assert!((wanted - got).abs() < 3.0, "block {bx},{by} band {band}: {wanted} {got}");
        }
    }
    // ImageMagick's own reduction of the same picture is the measure of what 256 colours can do.
    let own = magick(
        &["-size", "200x150", "-depth", "8", "rgb:-", "-colors", "256", "-depth", "8", "rgb:-"],
        bytes(&image),
    );
    let error = |data: &[u8]| -> f64 {
        let squares =
            data.iter().zip(bytes(&image)).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
        (squares.sum::<f64>() / data.len() as f64).sqrt()
    };
    assert!(error(&read) < error(&own) * 1.25, "{} {}", error(&read), error(&own));
}

#[test]
fn gif_with_many_colours_keeps_its_holes() {
    let mut image = picture(120, 90, ColourSpace::Rgb, true, Depth::U8);
    let Samples::U8(samples) = &mut image.samples else { panic!("not 8 bits") };
    for (at, pixel) in samples.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        pixel[3] = if (at % 120) < 30 { 10 } else { 255 };
    }
    let file = encode(&image, &EncodeOptions::new(Format::Gif)).unwrap();
    let read = read_by_magick(&file, "gif", "rgba");
    for (at, pixel) in read.chunks(4).enumerate() {
        assert_eq!(pixel[3], if at % 120 < 30 { 0 } else { 255 });
    }
}

/// An Exif block with orientation, size, resolution and a second directory.
fn exif() -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0".to_vec();
    let mut entry = |tag: u16, kind: u16, value: u32| {
        block.extend_from_slice(&tag.to_le_bytes());
        block.extend_from_slice(&kind.to_le_bytes());
        block.extend_from_slice(&1u32.to_le_bytes());
        block.extend_from_slice(&value.to_le_bytes());
    };
    // The first entry is preceded by the count, put in front afterwards.
    entry(0x0112, 3, 6);
    entry(0x011a, 5, 104);
    entry(0x011b, 5, 112);
    entry(0x0128, 3, 2);
    entry(0x8769, 4, 74);
    block.splice(8..8, 5u16.to_le_bytes());
    block.extend_from_slice(&120u32.to_le_bytes()); // next directory, at 120
    block.resize(74, 0);
    block.extend_from_slice(&2u16.to_le_bytes());
    for (tag, value) in [(0xa002u16, 4000u32), (0xa003, 3000)] {
        block.extend_from_slice(&tag.to_le_bytes());
        block.extend_from_slice(&4u16.to_le_bytes());
        block.extend_from_slice(&1u32.to_le_bytes());
        block.extend_from_slice(&value.to_le_bytes());
    }
    block.truncate(100);
    for value in [0u32, 72, 1, 72, 1] {
        block.extend_from_slice(&value.to_le_bytes());
    }
    block.resize(126, 0);
    block
}

fn dressed() -> Image {
    let mut image = plain(ColourSpace::Rgb, false, Depth::U8);
    let profile = lcms2::Profile::new_srgb().icc().unwrap();
    image.profile = Some(Arc::from(profile));
    image.metadata = Metadata {
        exif: Some(Arc::from(exif())),
        xmp: Some(Arc::from(&b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation='6'/></rdf:RDF></x:xmpmeta>"[..])),
        iptc: Some(Arc::from(&b"\x1c\x02\x05\x00\x05Title"[..])),
        density: Some(Density { x_dpi: 300.0, y_dpi: 200.0 }),
    };
    image
}

#[test]
fn metadata_travels_and_tells_the_truth() {
    for (format, exif, iptc) in [
        (Format::Jpeg, true, true),
        (Format::Png, true, false),
        (Format::Webp, true, false),
        (Format::Tiff, true, true),
    ] {
        let image = dressed();
        let file = encode(&image, &EncodeOptions::new(format)).unwrap();
        let info = open(&file, 1).unwrap().info().clone();
        assert_eq!(info.orientation, Orientation::UPRIGHT, "{format:?}");
        assert!(info.profile == image.profile, "{format:?} loses the profile");
        let xmp = info.metadata.xmp.as_deref().map(String::from_utf8_lossy).unwrap();
        assert!(xmp.contains("tiff:Orientation='1'"), "{format:?}: {xmp}");
        assert_eq!(info.metadata.iptc == image.metadata.iptc, iptc, "{format:?}");
        let density = info.metadata.density.unwrap();
        assert!((density.x_dpi - 300.0).abs() < 0.02 && (density.y_dpi - 200.0).abs() < 0.02);
        assert_eq!(info.metadata.exif.is_some(), exif, "{format:?}");
    }
}

#[test]
fn exif_is_corrected_as_an_independent_reader_sees_it() {
    let file = encode(&dressed(), &EncodeOptions::new(Format::Jpeg)).unwrap();
    let read = exif_reader(&file);
    let number =
        |tag, directory| read.get_field(tag, directory).and_then(|field| field.value.get_uint(0));
    assert_eq!(number(exif::Tag::Orientation, exif::In::PRIMARY), Some(1));
    assert_eq!(number(exif::Tag::PixelXDimension, exif::In::PRIMARY), Some(SIZE.0));
    assert_eq!(number(exif::Tag::PixelYDimension, exif::In::PRIMARY), Some(SIZE.1));
    let exif::Value::Rational(x) =
        &read.get_field(exif::Tag::XResolution, exif::In::PRIMARY).unwrap().value
    else {
        panic!("no fraction")
    };
    assert_eq!(x[0].to_f64(), 300.0);
    assert!(read.fields().all(|field| field.ifd_num == exif::In::PRIMARY));

    let options = EncodeOptions {
        orientation: Orientation::from_exif(8).unwrap(),
        density: Some(Density { x_dpi: 96.0, y_dpi: 96.0 }),
        ..EncodeOptions::new(Format::Jpeg)
    };
    let read = exif_reader(&encode(&dressed(), &options).unwrap());
    let turned = read.get_field(exif::Tag::Orientation, exif::In::PRIMARY).unwrap();
    assert_eq!(turned.value.get_uint(0), Some(8));
}

fn exif_reader(file: &[u8]) -> exif::Exif {
    exif::Reader::new().read_from_container(&mut std::io::Cursor::new(file)).unwrap()
}

#[test]
fn imagemagick_finds_profile_and_density() {
    for (format, name) in [
        (Format::Jpeg, "jpg"),
        (Format::Png, "png"),
        (Format::Tiff, "tiff"),
        (Format::Webp, "webp"),
    ] {
        let image = dressed();
        let file = encode(&image, &EncodeOptions::new(format)).unwrap();
        let profile = magick(&[&format!("{name}:-"), "icc:-"], &file);
        assert!(Some(&profile[..]) == image.profile.as_deref(), "{name}");
        if format != Format::Webp {
            let density = told(&file, name, "%x %y %U");
            let numbers: Vec<f64> =
                density.split(' ').filter_map(|part| part.parse().ok()).collect();
            let unit = if density.contains("Centimeter") { 2.54 } else { 1.0 };
            assert!((numbers[0] * unit - 300.0).abs() < 0.1, "{name}: {density}");
            assert!((numbers[1] * unit - 200.0).abs() < 0.1, "{name}: {density}");
        }
    }
    let cmyk = Image { metadata: dressed().metadata, ..plain(ColourSpace::Cmyk, false, Depth::U8) };
    let file = encode(&cmyk, &EncodeOptions::new(Format::Jpeg)).unwrap();
    assert_eq!(told(&file, "jpg", "%x %y %[colorspace]"), "300 200 CMYK");
}

#[test]
fn stripping_leaves_nothing_but_a_density_asked_for() {
    for format in [Format::Jpeg, Format::Png, Format::Webp, Format::Tiff, Format::Bmp] {
        let options = EncodeOptions { strip: true, ..EncodeOptions::new(format) };
        let info = open(&encode(&dressed(), &options).unwrap(), 1).unwrap().info().clone();
        assert_eq!(info.metadata, Metadata::default(), "{format:?}");
    }
    let options = EncodeOptions {
        strip: true,
        density: Some(Density { x_dpi: 150.0, y_dpi: 150.0 }),
        ..EncodeOptions::new(Format::Jpeg)
    };
    let info = open(&encode(&dressed(), &options).unwrap(), 1).unwrap().info().clone();
    assert_eq!(info.metadata.density, options.density);
}

#[test]
fn large_blocks_are_split_or_left_out() {
    let mut image = plain(ColourSpace::Rgb, false, Depth::U8);
    let long: Vec<u8> = (0..200_000u32).map(|i| (i * 7 % 251) as u8).collect();
    image.profile = Some(Arc::from(&long[..]));
    image.metadata.iptc = Some(Arc::from(&long[..100_001]));
    image.metadata.xmp = Some(Arc::from(&long[..70_000]));
    let file = encode(&image, &EncodeOptions::new(Format::Jpeg)).unwrap();
    let info = open(&file, 1).unwrap().info().clone();
    assert!(info.profile == image.profile);
    assert!(info.metadata.iptc == image.metadata.iptc);
    assert_eq!(info.metadata.xmp, None);
}
