//! What the files say to Debian's poppler (`pdfinfo`, `pdfimages`, `pdftoppm`) and Ghostscript.

use std::process::Command;
use std::sync::Arc;

use super::super::{EncodeOptions, encode};
use crate::pixel::decode::fixture::{assert_close, bytes, magick, picture};
use crate::pixel::metadata::Orientation;
use crate::pixel::{ColourSpace, Density, Depth, Format, Image, Quality, Samples};

const SIZE: (u32, u32) = (60, 40);

fn options(lossy: u8) -> EncodeOptions {
    let quality = Quality { lossy, ..Quality::default() };
    EncodeOptions { quality, ..EncodeOptions::new(Format::Pdf) }
}

/// Runs a program, most often one of poppler's, on a document; `{in}` and `{out}` stand for its files. What it
/// says, and the folder of what it writes.
fn ran(program: &str, args: &[&str], pdf: &[u8]) -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in.pdf"), folder.path().join("out"));
    std::fs::write(&input, pdf).unwrap();
    let args = args.iter().map(|arg| match *arg {
        "{in}" => input.as_os_str(),
        "{out}" => output.as_os_str(),
        arg => arg.as_ref(),
    });
    let output_of = Command::new(program).args(args).output().unwrap_or_else(|error| {
        panic!("{program} of Debian's poppler-utils or ghostscript is installed: {error}")
    });
    let complaint = String::from_utf8_lossy(&output_of.stderr).into_owned();
    assert!(output_of.status.success() && complaint.is_empty(), "{program}: {complaint}");
    (String::from_utf8(output_of.stdout).unwrap(), folder)
}

/// The columns of `pdfimages -list` from `type` on, a line per picture.
fn listed(pdf: &[u8]) -> Vec<Vec<String>> {
    let (text, _folder) = ran("pdfimages", &["-list", "{in}"], pdf);
    let line = |line: &str| line.split_whitespace().skip(2).map(str::to_owned).collect();
    text.lines().skip(2).map(line).collect()
}

/// The document as poppler shows it, one dot per pixel at `dpi`.
fn shown(pdf: &[u8], dpi: &str) -> Vec<u8> {
    let args = ["-r", dpi, "-singlefile", "{in}", "{out}"];
    let (_, folder) = ran("pdftoppm", &args, pdf);
    let ppm = std::fs::read(folder.path().join("out.ppm")).unwrap();
    magick(&["ppm:-", "-depth", "8", "rgb:-"], &ppm)
}

#[test]
fn kinds_of_pictures_are_stored_as_they_are() {
    for (space, alpha, depth, quality, expected) in [
        (ColourSpace::Rgb, false, Depth::U8, 80, ["rgb", "3", "8", "jpeg"]),
        (ColourSpace::Gray, false, Depth::U8, 80, ["gray", "1", "8", "jpeg"]),
        (ColourSpace::Cmyk, false, Depth::U8, 80, ["cmyk", "4", "8", "jpeg"]),
        (ColourSpace::Rgb, true, Depth::U8, 100, ["rgb", "3", "8", "image"]),
        (ColourSpace::Cmyk, true, Depth::U8, 80, ["cmyk", "4", "8", "jpeg"]),
        (ColourSpace::Rgb, false, Depth::U16, 80, ["rgb", "3", "16", "image"]),
        (ColourSpace::Gray, true, Depth::U16, 80, ["gray", "1", "16", "image"]),
    ] {
        let image = picture(SIZE.0, SIZE.1, space, alpha, depth);
        let listed = listed(&encode(&image, &options(quality)).unwrap());
        assert_eq!(listed.len(), 1 + usize::from(alpha), "{space:?} {alpha} {depth:?}");
        assert_eq!(listed[0][3..7], expected, "{space:?} {alpha} {depth:?}");
        assert_eq!(listed[0][1..3], ["60", "40"]);
        if alpha {
            assert_eq!(listed[1][0], "smask");
        }
    }
}

#[test]
fn what_is_stored_without_loss_comes_back_whole() {
    for (space, raw, depth) in [
        (ColourSpace::Rgb, "rgb", Depth::U8),
        (ColourSpace::Gray, "gray", Depth::U8),
        (ColourSpace::Rgb, "rgb", Depth::U16),
    ] {
        let image = picture(SIZE.0, SIZE.1, space, false, depth);
        let args = ["-png", "{in}", "{out}"];
        let (_, folder) = ran("pdfimages", &args, &encode(&image, &options(100)).unwrap());
        let png = std::fs::read(folder.path().join("out-000.png")).unwrap();
        let read = magick(&["png:-", "-depth", "8", &format!("{raw}:-")], &png);
        let expected: Vec<u8> = match &image.samples {
            Samples::U8(samples) => samples.clone(),
            // poppler hands out the upper eight bits.
            Samples::U16(samples) => samples.iter().map(|sample| (sample >> 8) as u8).collect(),
        };
        assert_close(&read, &expected, u8::from(depth == Depth::U16));
    }
}

#[test]
fn ink_is_not_inverted() {
    let mut image = Image::try_new(32, 32, ColourSpace::Cmyk, false, Depth::U8).unwrap();
    let Samples::U8(samples) = &mut image.samples else { panic!("not 8 bits") };
    samples.as_chunks_mut::<4>().0.fill([0, 255, 255, 0]);
    for quality in [90, 100] {
        let read = shown(&encode(&image, &options(quality)).unwrap(), "150");
        let pixel = &read[(16 * 32 + 16) * 3..][..3];
        assert!(pixel[0] > 200 && pixel[1] < 70 && pixel[2] < 70, "{quality}: {pixel:?}");
    }
}

#[test]
fn transparency_shows_the_paper() {
    let mut image = Image::try_new(32, 32, ColourSpace::Rgb, true, Depth::U8).unwrap();
    let Samples::U8(samples) = &mut image.samples else { panic!("not 8 bits") };
    samples.as_chunks_mut::<4>().0.fill([200, 0, 0, 128]);
    let read = shown(&encode(&image, &options(100)).unwrap(), "150");
    // Half of the colour, half of white.
    for (got, wanted) in read[(16 * 32 + 16) * 3..][..3].iter().zip([227, 127, 127]) {
        assert!(got.abs_diff(wanted) <= 2, "{got} for {wanted}");
    }
}

#[test]
fn pages_are_as_large_as_the_picture_is_printed() {
    let mut image = picture(SIZE.0, SIZE.1, ColourSpace::Rgb, false, Depth::U8);
    // Points: 60 / 150 × 72 = 28.8.
    for (density, size) in [
        (None, "28.8 x 19.2 pts"),
        (Some((300.0, 300.0)), "14.4 x 9.6 pts"),
        (Some((72.0, 144.0)), "60 x 20 pts"),
    ] {
        image.metadata.density = density.map(|(x_dpi, y_dpi)| Density { x_dpi, y_dpi });
        let (text, _folder) = ran("pdfinfo", &["{in}"], &encode(&image, &options(80)).unwrap());
        assert!(text.contains(&format!("Page size:       {size}")), "{density:?}: {text}");
        assert!(text.contains("Pages:           1\n"), "{text}");
    }
    let wanted = EncodeOptions {
        strip: true,
        density: Some(Density { x_dpi: 60.0, y_dpi: 60.0 }),
        ..options(80)
    };
    let (text, _folder) = ran("pdfinfo", &["{in}"], &encode(&image, &wanted).unwrap());
    assert!(text.contains("72 x 48 pts"), "{text}");
}

#[test]
fn the_picture_fills_its_page_upright() {
    let mut image = picture(SIZE.0, SIZE.1, ColourSpace::Rgb, false, Depth::U8);
    // A point for each pixel: a page of whole points, which Ghostscript paints pixel for pixel.
    image.metadata.density = Some(Density { x_dpi: 72.0, y_dpi: 72.0 });
    let painted = |pdf: &[u8]| {
        let args = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=ppmraw", "-r72"];
        let (_, folder) = ran("gs", &[&args[..], &["-o", "{out}", "{in}"]].concat(), pdf);
        magick(
            &["ppm:-", "-depth", "8", "rgb:-"],
            &std::fs::read(folder.path().join("out")).unwrap(),
        )
    };
    for (orientation, turn) in
        [(1, &[][..]), (6, &["-rotate", "90"]), (2, &["-flop"]), (7, &["-flop", "-rotate", "90"])]
    {
        let turned = EncodeOptions {
            orientation: Orientation::from_exif(orientation).unwrap(),
            ..options(100)
        };
        let read = painted(&encode(&image, &turned).unwrap());
        let size = format!("{}x{}", SIZE.0, SIZE.1);
        let start = ["-size", &size, "-depth", "8", "rgb:-"];
        let expected = magick(&[&start, turn, &["rgb:-"]].concat(), bytes(&image));
        assert_eq!(read.len(), expected.len());
        assert_close(&read, &expected, 0);
    }
}

#[test]
fn title_and_xmp_go_along_unless_stripped() {
    let mut image = picture(SIZE.0, SIZE.1, ColourSpace::Rgb, false, Depth::U8);
    image.profile = Some(Arc::from(lcms2::Profile::new_srgb().icc().unwrap()));
    image.metadata.iptc = Some(Arc::from(&b"\x1c\x02\x05\x00\x06Z\xc3\xbcrch"[..]));
    image.metadata.xmp = Some(Arc::from(&b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"[..]));
    for strip in [false, true] {
        let pdf = encode(&image, &EncodeOptions { strip, ..options(80) }).unwrap();
        let (text, _folder) = ran("pdfinfo", &["{in}"], &pdf);
        assert_eq!(text.contains("Title:           Zürch"), !strip, "{text}");
        // A profile that is still there is needed, strip or not.
        assert_eq!(listed(&pdf)[0][3], "icc");
        assert_eq!(pdf.windows(9).any(|part| part == b"x:xmpmeta"), !strip);
    }
}

#[test]
fn a_document_takes_any_number_of_pages() {
    let mut document = super::Document::new();
    let side = super::Side { metadata: Default::default(), profile: None };
    for (width, height) in [(60, 40), (30, 90)] {
        let image = picture(width, height, ColourSpace::Rgb, false, Depth::U8);
        document.add_page(&image, &options(80), &side).unwrap();
    }
    let (text, _folder) = ran("pdfinfo", &["-l", "2", "{in}"], &document.finish());
    assert!(text.contains("Pages:           2\n"), "{text}");
    assert!(text.contains("Page    2 size:  14.4 x 43.2 pts"), "{text}");
}
