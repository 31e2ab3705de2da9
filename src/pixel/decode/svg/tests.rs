use std::io::{Cursor, Write as _};

use super::super::{Input, Opening, Region, Source};
use super::*;
use crate::pixel::Samples;

fn open(svg: &[u8]) -> Result<Source> {
    let input = Input::new(Cursor::new(svg.to_vec()), svg.len() as u64, Some(Format::Svg));
    Source::open_here(input, Format::Svg, &Opening::default(), &Limits::default())
}

fn decode(svg: &str, want: Option<Want>) -> Decoded {
    let source = open(svg.as_bytes()).unwrap();
    let want = want.unwrap_or(Want::everything(source.info().width, source.info().height));
    source.decode(&want, &Limits::default(), &Cancel::never()).unwrap()
}

fn pixel(decoded: &Decoded, x: u32, y: u32) -> [u8; 4] {
    let Samples::U8(samples) = &decoded.image.samples else { panic!() };
    let at = 4 * (y * decoded.image.width + x) as usize;
    samples[at..at + 4].try_into().unwrap()
}

const RED: [u8; 4] = [255, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const NONE: [u8; 4] = [0; 4];

/// Red from 10 to 20 across and from 5 to 15 down, blue beneath it at half strength to the edge.
const SQUARES: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">
    <rect x="10" y="5" width="10" height="10" fill="#f00"/>
    <rect x="20" y="15" width="20" height="15" fill="#00f"/></svg>"##;

/// Shapes, strokes, gradients, clips, masks, filters, text, styles and pictures within pictures.
const MIXED: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
    viewBox="0 0 48 32"><style>.a{fill:url(#g)}</style><defs>
    <linearGradient id="g" x2="1"><stop stop-color="#0af"/><stop offset="1" stop-color="red" stop-opacity=".5"/></linearGradient>
    <radialGradient id="r" cx=".4" xlink:href="#g"/><pattern id="p" width="4" height="4" patternUnits="userSpaceOnUse"><path d="M0 0l4 4"/></pattern>
    <clipPath id="c"><circle cx="12" cy="12" r="9"/></clipPath><mask id="m"><rect width="30" height="20" fill="#888"/></mask>
    <filter id="f"><feGaussianBlur stdDeviation="1.5"/><feOffset dx="2"/><feColorMatrix type="saturate" values=".3"/></filter>
    <symbol id="s" viewBox="0 0 9 9"><polygon points="0,9 9,9 4,0"/></symbol></defs>
    <rect class="a" width="24" height="16" rx="3" transform="rotate(12) scale(1.1 .9)"/>
    <g clip-path="url(#c)" mask="url(#m)" opacity=".7"><path d="M2 2h9v9q3 4 9 2t4-4c1 2 3 4 5 6a4 5 30 1 0 9 2z" fill="url(#r)" stroke="url(#p)" stroke-width="2" stroke-dasharray="3 1"/></g>
    <use xlink:href="#s" x="24" y="9" width="12" height="12" filter="url(#f)"/><ellipse cx="40" cy="24" rx="6" ry="4" fill="hsl(120,50%,40%)"/>
    <text x="4" y="28" font-size="9"><tspan dy="-2" font-weight="bold">ab</tspan><textPath xlink:href="#t">c</textPath></text>
    <image width="8" height="8" x="38" xlink:href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="/></svg>"##;

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub fn seeds() -> Vec<Vec<u8>> {
    [SQUARES, MIXED].into_iter().flat_map(|svg| [svg.into(), packed(svg.as_bytes())]).collect()
}

#[test]
fn shapes_are_where_they_should_be() {
    let decoded = decode(SQUARES, None);
    assert_eq!((decoded.image.width, decoded.image.height), (40, 30));
    for (x, y, expected) in [
        (9, 10, NONE),
        (10, 5, RED),
        (19, 14, RED),
        (20, 14, NONE),
        (20, 15, BLUE),
        (39, 29, BLUE),
        (0, 29, NONE),
    ] {
        assert_eq!(pixel(&decoded, x, y), expected, "{x}, {y}");
    }
}

#[test]
fn scales_and_regions_agree_with_arithmetic() {
    for min_scale in [0.5, 1.0, 3.0] {
        let region = Region { x: 10, y: 5, width: 20, height: 20 };
        let decoded = decode(SQUARES, Some(Want { region, min_scale }));
        let scale = decoded.scale.0;
        assert!((scale - min_scale).abs() < 1e-9 && decoded.scale.1 == scale);
        // At a half row 5 is the second half of a painted one.
        assert_eq!((decoded.left, decoded.top), (10.0, if scale < 1.0 { 4.0 } else { 5.0 }));
        assert_eq!(f64::from(decoded.image.width), 20.0 * scale);
        let at = |x: f64, y: f64| {
            let (x, y) = ((x - decoded.left) * scale, (y - decoded.top) * scale);
            pixel(&decoded, x as u32, y as u32)
        };
        assert_eq!(at(12.0, 8.0), RED);
        assert_eq!(at(22.0, 17.0), BLUE);
        assert_eq!(at(22.0, 8.0), NONE);
    }
}

#[test]
fn the_size_follows_from_what_the_file_says() {
    for (attributes, expected) in [
        ("width='30' height='20'", (30, 20)),
        ("viewBox='0 0 64 32'", (64, 32)),
        ("width='1in' height='2.54cm'", (96, 96)),
        ("width='50' viewBox='0 0 100 40'", (50, 20)),
        ("width='100%' height='100%' viewBox='0 0 70 30'", (70, 30)),
        ("width='10.4' height='10.6'", (10, 11)),
    ] {
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' {attributes}><rect width='5' height='5'/></svg>"
        );
        let source = open(svg.as_bytes()).unwrap();
        assert_eq!((source.info().width, source.info().height), expected, "{attributes}");
        assert!(source.info().vector && source.info().alpha);
    }
    let huge = "<svg xmlns='http://www.w3.org/2000/svg' width='1e7' height='1e7'/>";
    assert!(matches!(open(huge.as_bytes()).map(drop), Err(Error::Limit(_))));
}

#[test]
fn a_plain_edge_is_opaque_at_every_scale() {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='99' height='77'><rect width='99' height='77' fill='#f00'/></svg>";
    for min_scale in [0.1, 0.37, 0.5, 0.71, 1.0, 1.3] {
        let want = Want { region: Region::full(99, 77), min_scale };
        let decoded = decode(svg, Some(want));
        let (width, height) = (decoded.image.width, decoded.image.height);
        for (x, y) in [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)] {
            assert_eq!(pixel(&decoded, x, y), RED, "{min_scale}");
        }
    }
}

#[test]
fn nothing_outside_of_the_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("red.png");
    let png = super::super::fixture::magick(&["-size", "8x8", "xc:red", "png:-"], b"");
    std::fs::write(&path, &png).unwrap();
    for href in [path.display().to_string(), format!("file://{}", path.display())] {
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><image href='{href}' width='8' height='8'/></svg>"
        );
        assert_eq!(pixel(&decode(&svg, None), 4, 4), NONE, "{href}");
    }
    let inside = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI4IiBoZWlnaHQ9IjgiPjxyZWN0IHdpZHRoPSI4IiBoZWlnaHQ9IjgiIGZpbGw9IiMwMGYiLz48L3N2Zz4=";
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><image href='{inside}' width='8' height='8'/></svg>"
    );
    assert_eq!(pixel(&decode(&svg, None), 4, 4), BLUE);
}

#[test]
fn text_is_set() {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='40'><text x='5' y='35' font-family='no such font, sans-serif' font-size='40'>H</text></svg>";
    let decoded = decode(svg, None);
    let Samples::U8(samples) = &decoded.image.samples else { panic!() };
    let black = samples.chunks_exact(4).filter(|pixel| pixel == &[0, 0, 0, 255]).count();
    assert!(black > 100, "{black} black pixels");
}

#[test]
fn compressed_files_are_read_and_bombs_are_not() {
    let squares = packed(SQUARES.as_bytes());
    assert_eq!(open(&squares).unwrap().info().width, 40);
    for len in [3, 20, squares.len() - 9] {
        assert!(matches!(open(&squares[..len]).map(drop), Err(Error::Malformed(_))), "{len}");
    }
    let bomb = packed(&vec![b' '; MAX_TEXT_BYTES as usize + 1]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(open(&bomb).map(drop), Err(Error::Limit(_))));
}

#[test]
fn what_is_no_svg_is_malformed() {
    for text in
        ["", "<svg", "<svg xmlns='http://www.w3.org/2000/svg' width='0' height='5'/>", "<html/>"]
    {
        let result = open(text.as_bytes()).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{text}: {result:?}");
    }
    // Entities that grow by themselves.
    let bomb = "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>]><svg xmlns='http://www.w3.org/2000/svg' width='5' height='5'><desc>&e;</desc></svg>";
    let start = std::time::Instant::now();
    let _ = open(bomb.as_bytes()).map(drop);
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn lengths_beyond_what_can_be_computed_with_are_malformed() {
    let inner = "%3Csvg xmlns='http://www.w3.org/2000/svg' width='1e30' height='1'/%3E";
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
           <image width="8" height="8" href="data:image/svg+xml;utf8,{inner}"/></svg>"#
    );
    assert!(matches!(open(svg.as_bytes()), Err(Error::Malformed(_))));
}

#[test]
fn documents_are_told_by_their_first_element() {
    for head in [
        "<svg xmlns",
        "\u{feff}  <svg>",
        "<?xml version='1.0'?>\n<!-- a comment --><svg ",
        "<?xml version='1.0'?><!DOCTYPE svg PUBLIC",
        "<?xml version='1.0'?><s:svg xmlns:s=",
        "<!-- a long comment that does not end",
    ] {
        assert!(matches(head.as_bytes()), "{head}");
    }
    for head in ["", "svg", "<html>", "<?xml version='1.0'?><html>", "<svgx>", "%PDF-1.4"] {
        assert!(!matches(head.as_bytes()), "{head}");
    }
}
