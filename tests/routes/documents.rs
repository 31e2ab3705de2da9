//! `/image` of documents, which are read by processes without rights.

use std::fs;
use std::time::{Duration, Instant};

use crate::errors::assert_page;
use crate::magick;
use crate::site::{Site, within};
use crate::support::fixture::write_jpeg;
use crate::support::process::children_of;

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
            // Its size stands in its comments, so that it hangs when its pixels are wanted.
            ("endless.eps", &format!("{EPS}{{ }} loop\n")),
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

/// Layers within each other, each as large as the picture.
fn deep_drawing() -> String {
    let mut text =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"3000\" height=\"3000\">".to_owned();
    text += &"<g opacity=\"0.9\">".repeat(40);
    text += "<rect width=\"3000\" height=\"3000\" fill=\"#f00\"/>";
    text + &"</g>".repeat(40) + "</svg>"
}

#[test]
fn a_document_that_takes_more_memory_than_its_process_has_is_too_large() {
    let site = Site::start("decoder_memory_mb = 512", |images| {
        fs::write(images.join("deep.svg"), deep_drawing()).unwrap();
        let hungry =
            "%!PS\n/kept 60000 array def\n0 1 59999 { kept exch 65000 string put } for\nshowpage\n";
        fs::write(images.join("hungry.ps"), hungry).unwrap();
        fs::write(images.join("a.svg"), SVG).unwrap();
        fs::write(images.join("a.eps"), EPS).unwrap();
    });
    for name in ["deep.svg", "hungry.ps"] {
        let target = format!("/image?src={name}&width=2999&format=png");
        let response = site.get(&target);
        assert_page(&site, &response, 415, &target);
        let text = response.text();
        assert!(text.contains("too large") && text.contains("too much memory"), "{name}: {text}");
    }
    assert_eq!(site.status("/image?src=a.svg"), 200);
    assert_eq!(site.status("/image?src=a.eps"), 200);
    // The same at a size for which there is enough.
    assert_eq!(site.status("/image?src=deep.svg&width=300"), 200);
}

#[test]
fn a_document_that_never_ends_costs_only_itself() {
    let site = site("decoder_time_s = 8");
    assert_eq!(site.status("/image?src=endless.ps"), 415);
    assert_eq!(site.status("/image?src=a.eps"), 200);
    assert_eq!(site.status("/image?src=a.svg"), 200);
}

#[test]
fn documents_that_never_end_hold_up_nobody() {
    let time = Duration::from_secs(12);
    let site = site(&format!("decoder_time_s = {}\nslots = 2", time.as_secs()));
    let timed = |target: &str| {
        let start = Instant::now();
        (site.status(target), start.elapsed())
    };
    std::thread::scope(|scope| {
        let hanging: Vec<_> = ["ps", "eps"]
            .into_iter()
            .map(|kind| scope.spawn(move || timed(&format!("/image?src=endless.{kind}&width=20"))))
            .collect();
        within(Duration::from_secs(10), "both programs are at work", || {
            children_of(site.pid()).into_iter().flat_map(children_of).count() == 2
        });
        for target in ["src=a.svg", "src=a.pdf", "src=a.svg&width=9", "src=a.pdf&width=9"] {
            let (status, took) = timed(&format!("/image?{target}&format=png"));
            assert_eq!(status, 200, "{target}");
            assert!(took < time / 3, "{target}: {took:?}");
        }
        assert!(hanging.iter().all(|asking| !asking.is_finished()), "both still hang");
        for asking in hanging {
            let (status, took) = asking.join().unwrap();
            assert_eq!(status, 415);
            assert!(took >= time, "{took:?}");
        }
    });
    // From now on they fail at once, whatever is asked of them, and other programs run.
    for target in ["endless.ps", "endless.ps&width=21", "endless.eps", "endless.eps&width=21"] {
        let (status, took) = timed(&format!("/image?src={target}"));
        assert_eq!(status, 415, "{target}");
        assert!(took < time / 3, "{target}: {took:?}");
    }
    assert_eq!(site.status("/image?src=a.eps"), 200);
    fs::write(site.image("endless.ps"), EPS).unwrap();
    within(Duration::from_secs(10), "the changed file is read", || {
        site.status("/image?src=endless.ps") == 200
    });
}

#[test]
fn a_result_that_takes_too_much_memory_is_refused_with_the_limit() {
    let site = Site::start("picture_memory_mb = 64", |images| {
        write_jpeg(&images.join("large.jpg"), 2400, 1600);
    });
    for query in ["src=large.jpg&format=jxl&quality=100", "src=large.jpg&format=avif&quality=auto"]
    {
        let target = format!("/image?{query}");
        let response = site.get(&target);
        assert_page(&site, &response, 400, &target);
        let body = String::from_utf8_lossy(&response.body);
        assert!(body.contains("format: ") && body.contains("64"), "{body}");
        let small = site.get(&format!("{target}&width=300"));
        assert_eq!(small.status, 200, "{query}");
    }
    assert_eq!(site.status("/image?src=large.jpg"), 200);
}
