//! Pictures without pixels of their own, and pages: what is cut from them fits together.
//!
//! They are read in this process, which is otherwise left to processes without rights.

use std::io::{Cursor, Write as _};

use halftone::pixel::decode::{Input, Source};
use halftone::pixel::{
    Cancel, Crop, Engine, Fill, Flip, Format, Gravity, Image, Limits, Recipe, Reshape, Tile,
};

use super::mosaic::assert_whole;
use super::support::*;

/// Slanted edges, curves, thin lines, gradients, patterns, a blur, a mask, a group and text.
const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="317" height="211">
    <defs><linearGradient id="g"><stop stop-color="#0af"/><stop offset="1" stop-color="#f40" stop-opacity=".5"/></linearGradient>
    <radialGradient id="r" cx=".4"><stop stop-color="#ff0"/><stop offset="1" stop-color="#408"/></radialGradient>
    <pattern id="p" width="7.3" height="5.1" patternUnits="userSpaceOnUse"><path d="M0 0l7 5" stroke="#060"/></pattern>
    <filter id="b"><feGaussianBlur stdDeviation="6"/></filter><mask id="m"><circle cx="90" cy="130" r="60" fill="#ccc"/></mask></defs>
    <rect x="3.3" y="2.7" width="200" height="120" rx="17" fill="url(#g)" transform="rotate(7)"/>
    <circle cx="231.4" cy="97.7" r="71.3" fill="url(#r)" filter="url(#b)"/>
    <g opacity=".6" mask="url(#m)"><path d="M10 200C80 20 150 260 300 60" fill="url(#p)" stroke="#c0c" stroke-width="9.7"/></g>
    <path d="M0 3.4L317 190.2M5 211L311 0" stroke="#222" stroke-width=".7" fill="none"/>
    <path d="M40 40q90-50 120 60t130 40" stroke="#08f" stroke-width="3" stroke-dasharray="11 4.5" fill="none"/>
    <text x="20" y="190" font-size="41" font-family="sans-serif" fill="#630">Halftone</text></svg>"##;

/// What is painted on a page of 311.5 by 207.25 points.
const PAGE: &str = "q 0.2 0.4 0.8 rg 20.3 15.7 m 180 190 230 10 300 120 c 120 200 l f Q \
    q 0.9 0.1 0.2 RG 1.3 w 0 0 m 311 207 l S [7 3.5] 0 d 5 180 m 140 -60 90 280 305 30 c S Q \
    q 160 100 m 300 190 l 310 20 l h W n 0 0.6 0.3 rg 0 0 312 208 re f Q \
    BT /F1 37 Tf 1 0 0.2 1 33 88 Tm 0.4 0 0.5 rg (Halftone) Tj ET";

fn pdf() -> Vec<u8> {
    format!(
        "%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Count 2/Kids[3 0 R 5 0 R]>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Resources<<>>/Contents 4 0 R>> endobj
4 0 obj <</Length 24>> stream
1 0 0 rg 0 0 36 72 re f
endstream endobj
5 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 311.5 207.25]/Resources<</Font<</F1 7 0 R>>>>/Contents 6 0 R>> endobj
6 0 obj <</Length {}>> stream
{PAGE}
endstream endobj
7 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
trailer <</Root 1 0 R>>
%%EOF
",
        PAGE.len()
    )
    .into_bytes()
}

/// The same in PostScript, as far as it has the words.
const FIGURE: &str = "gsave 0.2 0.4 0.8 setrgbcolor 20.3 15.7 moveto 180 190 230 10 300 120 curveto \
    120 200 lineto fill grestore 0.9 0.1 0.2 setrgbcolor 1.3 setlinewidth 0 0 moveto 311 207 lineto \
    stroke [7 3.5] 0 setdash 5 180 moveto 140 -60 90 280 305 30 curveto stroke\n";

fn eps() -> Vec<u8> {
    format!("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 312 208\n{FIGURE}").into_bytes()
}

fn postscript() -> Vec<u8> {
    let page = format!("<< /PageSize [311.5 207.25] >> setpagedevice {FIGURE} showpage\n");
    format!("%!PS\n<< /PageSize [72 72] >> setpagedevice showpage\n{page}").into_bytes()
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Two pages of different pictures.
fn tiff() -> Vec<u8> {
    let wave = |k: f64| {
        Floats::paint(317, 211, |x, y| {
            let at = (x * x + y * y) as f64;
            [0.5 + 0.5 * (k * at).sin(), x as f64 / 317.0, y as f64 / 211.0]
        })
    };
    let (first, second) =
        (file("page-1.png", &wave(0.01).png()), file("page-2.png", &wave(0.003).png()));
    let output = file("pages.tif", &[]);
    run("/usr/bin/convert", &[&first, &second, "-compress", "lzw", &output]);
    std::fs::read(output).unwrap()
}

/// Every kind, and the page that is looked at.
fn kinds() -> Vec<(&'static str, Format, u32, Vec<u8>)> {
    vec![
        ("svg", Format::Svg, 1, SVG.into()),
        ("svgz", Format::Svg, 1, packed(SVG)),
        ("pdf", Format::Pdf, 2, pdf()),
        ("eps", Format::Postscript, 1, eps()),
        ("ps", Format::Postscript, 2, postscript()),
        ("tiff", Format::Tiff, 2, tiff()),
    ]
}

fn made(engine: &Engine, format: Format, bytes: &[u8], recipe: &Recipe) -> Image {
    let input = Input::new(Cursor::new(bytes.to_vec()), bytes.len() as u64, Some(format));
    let source = Source::open_here(input, format, &recipe.opening(), &Limits::default()).unwrap();
    let opened = engine.opened(source);
    read(&engine.make(opened, recipe, &Cancel::never(), &|_| ()).unwrap().bytes)
}

fn recipes(page: u32) -> Vec<(&'static str, Recipe)> {
    let plain = Recipe { page, ..Recipe::unchanged(Format::Png) };
    let crop = Crop { left: 0.137, top: 0.08, right: 0.81, bottom: 0.93 };
    let clear = Fill::Transparent;
    vec![
        ("plain", plain.clone()),
        ("clear", Recipe { fill: clear, ..plain.clone() }),
        ("small", Recipe { width: 151, ..plain.clone() }),
        ("padded", Recipe { width: 173, height: 173, ..plain.clone() }),
        ("cropped", Recipe { crop, width: 120, fill: clear, ..plain.clone() }),
        (
            "turned",
            Recipe { angle_deg: 90.0, flip: Some(Flip::Vertical), width: 99, ..plain.clone() },
        ),
        ("tilted", Recipe { angle_deg: 12.3, width: 131, ..plain.clone() }),
        ("sharpened", Recipe { sharpen: 120, width: 140, ..plain.clone() }),
        (
            "smart",
            Recipe {
                width: 90,
                height: 110,
                reshape: Some(Reshape::Cover(Gravity::Smart)),
                ..plain
            },
        ),
    ]
}

#[test]
fn tiles_are_the_whole() {
    let engine = engine();
    for (kind, format, page, bytes) in kinds() {
        for (case, recipe) in recipes(page) {
            // Ghostscript is started for every picture.
            if format == Format::Postscript && !matches!(case, "plain" | "small") {
                continue;
            }
            let name = format!("{kind} {case}");
            assert_whole(&name, &recipe, |recipe| made(&engine, format, &bytes, recipe));
        }
    }
}

#[test]
fn pages_are_as_large_as_their_points_say() {
    let engine = engine();
    // 311.5 and 207.25 points of 72 to the inch.
    for (dpi, size) in [(72, (312, 207)), (150, (649, 432)), (301, (1302, 866)), (33, (143, 95))] {
        let recipe = Recipe { page: 2, dpi, ..Recipe::unchanged(Format::Png) };
        for (format, bytes) in [(Format::Pdf, pdf()), (Format::Postscript, postscript())] {
            let whole = made(&engine, format, &bytes, &recipe);
            assert_eq!((whole.width, whole.height), size, "{format:?} {dpi}");
            let tile = |number| Recipe { tile: Tile::new(number, 9).ok(), ..recipe.clone() };
            let last = made(&engine, format, &bytes, &tile(9));
            let expected = (size.0 - 2 * (size.0 / 3), size.1 - 2 * (size.1 / 3));
            assert_eq!((last.width, last.height), expected, "{format:?} {dpi}");
        }
    }
}

/// Beyond what is painted at once: squares that are painted one by one.
#[test]
fn tiles_of_very_large_drawings_are_the_whole() {
    let engine = engine();
    let svg = SVG.replacen(
        "width=\"317\" height=\"211\"",
        "width=\"4700\" height=\"3600\" viewBox=\"0 0 317 211\"",
        1,
    );
    let page = Recipe { page: 2, dpi: 1200, ..Recipe::unchanged(Format::Png) };
    for (format, bytes, plain) in [
        (Format::Svg, svg.into_bytes(), Recipe::unchanged(Format::Png)),
        (Format::Pdf, pdf(), page),
    ] {
        let whole = made(&engine, format, &bytes, &plain);
        let (columns, rows, bands) = (whole.width as usize, whole.height as usize, whole.bands());
        assert!(columns * rows > 16_000_000, "{columns}×{rows}");
        // Of 5×5 the middle one and its neighbours lie across the squares' edges.
        for number in [7, 8, 12, 13, 18] {
            let recipe = Recipe { tile: Tile::new(number, 25).ok(), ..plain.clone() };
            let tile = made(&engine, format, &bytes, &recipe);
            let (x, y) = (usize::from(number - 1) % 5, usize::from(number - 1) / 5);
            let (left, top) = (x * (columns / 5), y * (rows / 5));
            let len = tile.width as usize * bands;
            assert_eq!((tile.width, tile.height), (whole.width / 5, whole.height / 5));
            for (y, row) in super::support::bytes(&tile).chunks_exact(len).enumerate() {
                let from = ((top + y) * columns + left) * bands;
                assert!(
                    row == &super::support::bytes(&whole)[from..from + len],
                    "{format:?} {number}: row {y}"
                );
            }
        }
    }
}
