//! `/image` of documents, which are read by processes without rights.

use std::fs;

use crate::magick;
use crate::site::Site;

const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">
    <rect width="20" height="30" fill="#f00"/></svg>"##;

/// One inch square, red on the left.
const PDF: &str = "%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Count 1/Kids[3 0 R]>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Resources<<>>/Contents 4 0 R>> endobj
4 0 obj <</Length 24>> stream
1 0 0 rg 0 0 36 72 re f
endstream endobj
trailer <</Root 1 0 R>>
%%EOF
";

const EPS: &str = "%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 72 72
1 0 0 setrgbcolor 0 0 36 72 rectfill
";

fn site(settings: &str) -> Site {
    Site::start(settings, |images| {
        for (name, text) in [
            ("a.svg", SVG),
            ("a.pdf", PDF),
            ("a.eps", EPS),
            ("unnamed", PDF),
            ("broken.pdf", "%PDF-1.4\nnothing of the kind"),
            ("endless.ps", "%!PS\n{ } loop\n"),
        ] {
            fs::write(images.join(name), text).unwrap();
        }
    })
}

#[test]
fn documents_are_pictures() {
    let site = site("");
    for (query, size, left, right) in [
        ("src=a.svg&format=png", (40, 30), [255, 0, 0, 255], [0, 0, 0, 0]),
        ("src=a.svg&width=20&format=png", (20, 15), [255, 0, 0, 255], [0, 0, 0, 0]),
        ("src=a.pdf&format=png", (150, 150), [255, 0, 0, 255], [255; 4]),
        ("src=a.pdf&dpi=300&format=png", (300, 300), [255, 0, 0, 255], [255; 4]),
        ("src=a.pdf&fill=blue&format=png", (150, 150), [255, 0, 0, 255], [0, 0, 255, 255]),
        ("src=a.eps&width=50&format=png", (50, 50), [255, 0, 0, 255], [255; 4]),
        ("src=unnamed&format=png", (150, 150), [255, 0, 0, 255], [255; 4]),
    ] {
        let pixels = magick::pixels(&site.ok(&format!("/image?{query}")).body);
        assert_eq!(pixels.size, size, "{query}");
        assert_eq!(pixels.at(3, 5), left, "{query}");
        assert_eq!(pixels.at(size.0 - 3, 5), right, "{query}");
    }
    for query in ["src=a.pdf&fill=none&format=png", "src=unnamed&fill=none&format=png"] {
        let pixels = magick::pixels(&site.ok(&format!("/image?{query}")).body);
        assert_eq!(pixels.at(147, 5)[3], 0, "{query}");
    }
    let jpeg = site.ok("/image?src=a.pdf");
    assert_eq!(magick::facts(&jpeg.body).format, "JPEG");
    assert_eq!(site.status("/image?src=a.pdf&page=2"), 400);
    assert_eq!(site.status("/image?src=broken.pdf"), 415);
}

#[test]
fn a_document_that_never_ends_costs_only_itself() {
    let site = site("decoder_time_s = 2");
    assert_eq!(site.status("/image?src=endless.ps"), 415);
    assert_eq!(site.status("/image?src=a.eps"), 200);
    assert_eq!(site.status("/image?src=a.svg"), 200);
}
