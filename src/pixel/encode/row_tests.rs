//! Every writable format keeps what its row in the table promises, and nothing more.
//!
//! PDF is left out: what it holds, its own tests ask poppler.

use std::sync::Arc;

use super::{EncodeOptions, encode};
use crate::pixel::decode::fixture::picture;
use crate::pixel::decode::{Info, Input, Opening, Source, Want};
use crate::pixel::{
    Block, Cancel, ColourSpace, Density, Depth, Error, FORMATS, Format, FormatRow, Image, Limits,
    Metadata, Quality,
};

const SIZE: (u32, u32) = (40, 28);

fn written() -> Vec<&'static FormatRow> {
    let rows: Vec<_> =
        FORMATS.iter().filter(|row| row.is_written() && row.format != Format::Pdf).collect();
    assert!(rows.len() >= 8, "only {} formats are written", rows.len());
    rows
}

fn options(format: Format) -> EncodeOptions {
    let quality = Quality { lossy: 100, ..Quality::default() };
    EncodeOptions { quality, ..EncodeOptions::new(format) }
}

fn read(file: &[u8]) -> (Info, Image) {
    let mut input = Input::new(std::io::Cursor::new(file.to_vec()), file.len() as u64, None);
    let format = input.recognise().unwrap();
    let source = Source::open_here(input, format, &Opening::default(), &Limits::default()).unwrap();
    let info = source.info().clone();
    let want = Want::everything(info.width, info.height);
    (info, source.decode(&want, &Limits::default(), &Cancel::never()).unwrap().image)
}

#[test]
fn colour_models_alpha_and_depth_are_as_the_row_says() {
    for row in written() {
        for space in [ColourSpace::Gray, ColourSpace::Rgb, ColourSpace::Cmyk] {
            for alpha in [false, true] {
                for depth in [Depth::U8, Depth::U16] {
                    let case = format!("{} {space:?} alpha {alpha} {depth:?}", row.title);
                    let image = picture(SIZE.0, SIZE.1, space, alpha, depth);
                    let result = encode(&image, &options(row.format));
                    let holds = (row.alpha || !alpha)
                        && (row.cmyk || space != ColourSpace::Cmyk)
                        && (row.deep || depth == Depth::U8);
                    if !holds {
                        assert!(matches!(result, Err(Error::Encode(_))), "{case}");
                        continue;
                    }
                    let (info, back) = read(&result.unwrap());
                    assert_eq!(
                        (info.format, back.width, back.height),
                        (row.format, SIZE.0, SIZE.1)
                    );
                    let gray_as_rgb = space == ColourSpace::Gray && !row.gray;
                    let space = if gray_as_rgb { ColourSpace::Rgb } else { space };
                    assert_eq!(back.space, space, "{case}");
                    // GIF says that it may be transparent only where something is.
                    assert!(back.alpha == alpha || row.format == Format::Gif, "{case}");
                    assert_eq!(back.depth(), depth, "{case}");
                    assert!(row.bits >= if depth == Depth::U16 { 10 } else { 8 }, "{case}");
                }
            }
        }
    }
}

#[test]
fn profiles_are_kept_where_the_row_says() {
    for row in written() {
        let mut image = picture(SIZE.0, SIZE.1, ColourSpace::Rgb, false, Depth::U8);
        image.profile = Some(Arc::from(lcms2::Profile::new_srgb().icc().unwrap()));
        let (info, _) = read(&encode(&image, &options(row.format)).unwrap());
        let expected = image.profile.filter(|_| row.profile);
        assert!(info.profile == expected, "{}", row.title);
    }
}

/// An Exif block that names the camera's maker and the sensitivity.
const EXIF: &[u8] = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0Abc\0\
    \x69\x87\x04\0\x01\0\0\0\x26\0\0\0\0\0\0\0\
    \x01\0\x27\x88\x03\0\x01\0\0\0\x90\x01\0\0\0\0\0\0";
const XMP: &[u8] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
    <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
    xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' photoshop:City='Bern'/></rdf:RDF>\
    </x:xmpmeta>";
const IPTC: &[u8] = b"\x1c\x02\x05\x00\x06Title.";

/// Whether a block states what [`EXIF`] does, as another library reads it.
fn says_the_same(exif: Option<&[u8]>) -> bool {
    let Some(exif) = exif else { return false };
    let read = exif::Reader::new().read_raw(exif.to_vec()).unwrap();
    let says = |tag, text: &str| {
        let field = read.get_field(tag, exif::In::PRIMARY);
        field.is_some_and(|field| field.display_value().to_string() == text)
    };
    says(exif::Tag::Make, "\"Abc\"") && says(exif::Tag::PhotographicSensitivity, "400")
}

fn says(block: Option<&[u8]>, text: &str) -> bool {
    block.is_some_and(|block| block.windows(text.len()).any(|part| part == text.as_bytes()))
}

#[test]
fn metadata_is_kept_where_the_row_says() {
    for row in written() {
        let mut image = picture(SIZE.0, SIZE.1, ColourSpace::Rgb, false, Depth::U8);
        image.metadata = Metadata {
            exif: Some(Arc::from(EXIF)),
            xmp: Some(Arc::from(XMP)),
            iptc: Some(Arc::from(IPTC)),
            density: Some(Density { x_dpi: 300.0, y_dpi: 300.0 }),
        };
        let (info, _) = read(&encode(&image, &options(row.format)).unwrap());
        let found = info.metadata;
        let has = |block| row.metadata.contains(&block);
        // Exif states the resolution where the format does not, and XMP what IPTC says.
        let dense = has(Block::Resolution) || has(Block::Exif);
        let carried = has(Block::Xmp) && !has(Block::Iptc);
        for (block, kept, expected) in [
            ("Exif", says_the_same(found.exif.as_deref()), has(Block::Exif)),
            ("XMP", says(found.xmp.as_deref(), "Bern"), has(Block::Xmp)),
            ("IPTC", found.iptc.as_deref() == Some(IPTC), has(Block::Iptc)),
            ("IPTC in XMP", says(found.xmp.as_deref(), "Title."), carried),
            ("density", found.density.is_some_and(|d| (d.x_dpi - 300.0).abs() < 0.1), dense),
        ] {
            assert_eq!(kept, expected, "{} {block}", row.title);
        }
        let strip = EncodeOptions { strip: true, ..options(row.format) };
        let (info, _) = read(&encode(&image, &strip).unwrap());
        assert_eq!(info.metadata, Metadata::default(), "{} stripped", row.title);
    }
}
