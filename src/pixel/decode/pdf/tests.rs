use std::io::Cursor;

use super::super::{Input, Opening, Region, Source};
use super::*;
use crate::pixel::Samples;

/// A PDF with one page for each content; the cross-reference table is right.
pub(crate) fn document(size: (u32, u32), extra: &str, contents: &[&str]) -> Vec<u8> {
    let mut objects = vec!["<</Type/Catalog/Pages 2 0 R>>".to_owned()];
    let kids: Vec<String> = (0..contents.len()).map(|at| format!("{} 0 R", 3 + 2 * at)).collect();
    objects.push(format!("<</Type/Pages/Count {}/Kids[{}]>>", kids.len(), kids.join(" ")));
    for (at, content) in contents.iter().enumerate() {
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {} {}]{extra}/Resources<<>>/Contents {} 0 R>>",
            size.0,
            size.1,
            4 + 2 * at
        ));
        objects.push(format!("<</Length {}>>stream\n{content}\nendstream", content.len()));
    }
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).bytes());
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).bytes());
    for place in &places {
        out.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let trailer =
        format!("trailer<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", places.len() + 1);
    out.extend(trailer.bytes());
    out
}

fn open(pdf: &[u8], page: u32, dpi: u32) -> Result<Source> {
    let input = Input::new(Cursor::new(pdf.to_vec()), pdf.len() as u64, Some(Format::Pdf));
    Source::open_here(input, Format::Pdf, &Opening { page, dpi }, &Limits::default())
}

fn decode(pdf: &[u8], page: u32, dpi: u32) -> Decoded {
    let source = open(pdf, page, dpi).unwrap();
    let want = Want::everything(source.info().width, source.info().height);
    source.decode(&want, &Limits::default(), &Cancel::never()).unwrap()
}

fn pixel(decoded: &Decoded, x: u32, y: u32) -> [u8; 4] {
    let Samples::U8(samples) = &decoded.image.samples else { panic!() };
    let at = 4 * (y * decoded.image.width + x) as usize;
    samples[at..at + 4].try_into().unwrap()
}

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const NONE: [u8; 4] = [0; 4];

/// Red in the lower left of a page; what is lower left in PDF is last in rows.
const CORNER: &str = "1 0 0 rg 0 0 36 36 re f";

pub fn seeds() -> Vec<Vec<u8>> {
    // Paths, colours, clips, states, text, and a picture within the content.
    let mixed = "q 0.5 0 0 0.5 9 9 cm 0 0 1 rg 1 0 0 RG 3 w [4 2] 0 d 1 J 1 j \
        10 10 m 60 20 l 20 60 30 80 9 70 c h B Q q 5 5 40 40 re W* n 0.2 0.4 0.1 0 k 0 0 72 72 re f* Q \
        BT /F1 18 Tf 1 0 0 1 9 30 Tm 2 Tc (Half) Tj [(t) -80 <6f6e65>] TJ ET 0.7 g 3 3 m 9 60 l S \
        q 20 0 0 20 40 40 cm BI /W 2 /H 2 /CS /RGB /BPC 8 /F /AHx ID ff0000 00ff00 0000ff ffffff> EI Q";
    let font = "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>";
    vec![
        document((72, 72), "", &[CORNER, mixed]),
        document((72, 72), font, &[mixed]),
        document((72, 36), "/Rotate 90/CropBox[9 9 54 36]", &[CORNER]),
    ]
}

#[test]
fn a_section_of_three_and_a_third_inches_is_a_thousand_pixels_at_300() {
    // 240 points are 3⅓ inches.
    let pdf = document((240, 72), "", &[CORNER]);
    for (dpi, expected) in [(300, (1000, 300)), (72, (240, 72)), (0, (500, 150)), (150, (500, 150))]
    {
        let source = open(&pdf, 1, dpi).unwrap();
        assert_eq!((source.info().width, source.info().height), expected, "{dpi}");
        let density = source.info().metadata.density.unwrap();
        assert_eq!(density.x_dpi, if dpi == 0 { 150.0 } else { f64::from(dpi) });
    }
}

#[test]
fn colours_are_where_they_should_be_and_paper_is_transparent() {
    let decoded = decode(&document((72, 72), "", &[CORNER]), 1, 144);
    assert_eq!((decoded.image.width, decoded.image.height), (144, 144));
    for (x, y, expected) in
        [(1, 142, RED), (71, 72, RED), (72, 71, NONE), (1, 70, NONE), (73, 142, NONE)]
    {
        assert_eq!(pixel(&decoded, x, y), expected, "{x}, {y}");
    }
}

#[test]
fn pages_are_counted_and_chosen() {
    let pdf = document((72, 36), "", &[CORNER, "0 1 0 rg 0 0 72 36 re f", CORNER]);
    assert_eq!(open(&pdf, 1, 72).unwrap().info().pages, 3);
    assert_eq!(pixel(&decode(&pdf, 2, 72), 60, 10), GREEN);
    assert_eq!(pixel(&decode(&pdf, 3, 72), 60, 10), NONE);
    let result = open(&pdf, 4, 72).map(drop);
    assert!(matches!(result, Err(Error::Parameter { name: "page", .. })), "{result:?}");
}

#[test]
fn a_turned_page_and_a_crop_box_are_heeded() {
    // Turned to the right, the lower left corner is at the upper left.
    let turned = decode(&document((72, 36), "/Rotate 90", &["1 0 0 rg 0 0 18 18 re f"]), 1, 72);
    assert_eq!((turned.image.width, turned.image.height), (36, 72));
    assert_eq!(pixel(&turned, 2, 2), RED);
    assert_eq!(pixel(&turned, 33, 2), NONE);
    let cropped =
        decode(&document((72, 36), "/CropBox[18 18 54 36]", &["1 0 0 rg 18 18 9 9 re f"]), 1, 72);
    assert_eq!((cropped.image.width, cropped.image.height), (36, 18));
    assert_eq!(pixel(&cropped, 1, 16), RED);
    assert_eq!(pixel(&cropped, 12, 16), NONE);
}

#[test]
fn regions_at_scales_are_parts_of_the_whole() {
    let pdf = document((100, 100), "", &["1 0 0 rg 40 40 20 20 re f"]);
    for min_scale in [0.5, 1.0, 2.0] {
        let region = Region { x: 30, y: 30, width: 40, height: 40 };
        let want = Want { region, min_scale };
        let decoded =
            open(&pdf, 1, 72).unwrap().decode(&want, &Limits::default(), &Cancel::never()).unwrap();
        let at = |x: f64, y: f64| {
            pixel(&decoded, (x * decoded.scale.0) as u32, (y * decoded.scale.1) as u32)
        };
        assert_eq!(
            (at(20.0, 20.0), at(4.0, 4.0), at(36.0, 20.0)),
            (RED, NONE, NONE),
            "{min_scale}"
        );
        assert!((decoded.scale.0 - min_scale).abs() < 1e-9);
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let sound = document((72, 72), "", &[CORNER]);
    for broken in [&b"%PDF-1.4\n"[..], b"%PDF-1.4\nnothing of the kind", &sound[..60]] {
        let result = open(broken, 1, 72).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{result:?}");
    }
    // 200 inches at 32000.
    let huge = document((14_400, 14_400), "", &[CORNER]);
    assert!(matches!(open(&huge, 1, 32_000).map(drop), Err(Error::Limit(_))));
    let text = String::from_utf8(sound).unwrap();
    let locked = text.replace("/Root 1 0 R>>", "/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/O<0000000000000000000000000000000000000000000000000000000000000000>/U<0000000000000000000000000000000000000000000000000000000000000000>/P -4>>>>");
    let result = open(locked.as_bytes(), 1, 72).map(drop);
    assert!(
        matches!(&result, Err(Error::Unsupported(text)) if text.contains("password")),
        "{result:?}"
    );
}

#[test]
fn ghostscript_paints_the_same() {
    let content = "0.2 0.4 0.8 rg 10 10 50 30 re f 0 0 0 RG 4 w 10 60 m 60 90 90 60 95 20 c S";
    let pdf = document((100, 100), "", &[content]);
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), &pdf).unwrap();
    let output = std::process::Command::new("/usr/bin/gs")
        .args(["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pngalpha", "-r144"])
        .args(["-dGraphicsAlphaBits=4", "-sOutputFile=%stdout"])
        .arg(path.path())
        .output()
        .expect("ghostscript is installed");
    let theirs = super::super::fixture::read_by_magick(&output.stdout, "png", "rgba");
    let ours = decode(&pdf, 1, 144);
    let Samples::U8(ours) = &ours.image.samples else { panic!() };
    assert_eq!(ours.len(), theirs.len());
    // Edges are smoothed in different ways; anything out of place would be off by far more.
    let off: u64 = ours
        .chunks_exact(4)
        .zip(theirs.chunks_exact(4))
        .map(|(ours, theirs)| u64::from(ours[3].abs_diff(theirs[3])))
        .sum();
    let mean = off as f64 / (ours.len() / 4) as f64;
    assert!(mean < 1.5, "alpha differs by {mean} on average");
}
