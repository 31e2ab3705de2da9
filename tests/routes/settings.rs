//! Settings that change what requests get.

use crate::magick;
use crate::site::Site;
use crate::support::wait;
use crate::{errors, library};

fn size(site: &Site, query: &str) -> (u32, u32) {
    magick::facts(&site.ok(&format!("/image?{query}")).body).size
}

#[test]
fn the_largest_public_size() {
    let settings = "public_max_width = 300\npublic_max_height = 150";
    let site = Site::start(settings, library::make);
    // The photograph has 1200×800 pixels.
    for (query, expected) in [
        ("", (225, 150)),
        ("width=1000", (225, 150)),
        ("width=200", (200, 133)),
        ("height=100", (150, 100)),
        ("height=1000", (225, 150)),
        ("width=1000&height=1000", (300, 150)),
        ("width=1000&height=1000&autosizefit=1", (225, 150)),
        ("width=100&height=1000", (100, 150)),
        ("width=0&height=0", (225, 150)),
        ("angle=90", (100, 150)),
        ("top=0.5", (300, 100)),
    ] {
        assert_eq!(size(&site, &format!("src=a/photo.jpg&{query}")), expected, "{query}");
    }
    // What is small enough stays as it is.
    assert_eq!(size(&site, "src=a/logo.png"), (40, 20));
    // A template that says more raises the limit; the URL does not.
    site.template("Poster", r#"{"width": {"value": 600}, "height": {"value": 400}}"#);
    wait::until("the template is known", || {
        site.status("/image?src=a/photo.jpg&tmp=Poster") == 200
    });
    assert_eq!(size(&site, "src=a/photo.jpg&tmp=Poster"), (600, 400));
    assert_eq!(size(&site, "src=a/photo.jpg&tmp=Poster&width=1000&height=1000"), (600, 400));
    assert_eq!(size(&site, "src=a/photo.jpg&tmp=Poster&width=60&height=0"), (60, 40));
}

#[test]
fn one_public_limit_alone() {
    let site = Site::start("public_max_width = 300", library::make);
    assert_eq!(size(&site, "src=a/photo.jpg"), (300, 200));
    assert_eq!(size(&site, "src=a/photo.jpg&height=700"), (300, 200));
    assert_eq!(size(&site, "src=a/photo.jpg&height=100"), (150, 100));
    let site = Site::start("public_max_height = 100", library::make);
    assert_eq!(size(&site, "src=a/photo.jpg"), (150, 100));
    assert_eq!(size(&site, "src=a/photo.jpg&width=900"), (150, 100));
}

#[test]
fn the_largest_dimension() {
    let site = Site::start("max_image_dimension = 500", library::make);
    assert_eq!(size(&site, "src=a/photo.jpg&width=500"), (500, 333));
    for query in ["width=501", "height=501", "width=15000"] {
        let target = format!("/image?src=a/photo.jpg&{query}");
        let response = site.get(&target);
        errors::assert_page(&site, &response, 400, &target);
        assert!(response.text().contains("from 0 to 500"), "{}", response.text());
    }
}

#[test]
fn orientation_can_be_left_as_stored() {
    let site = Site::start("orient_from_exif = false", library::make);
    assert_eq!(size(&site, "src=a/sideways.jpg"), (64, 48));
    let kept = site.ok("/image?src=a/sideways.jpg&strip=0").body;
    assert_eq!(magick::orientation(&kept), "RightTop");
}

#[test]
fn another_setup_of_the_engine_is_another_picture() {
    let tag = |settings: &str, site: &Site| {
        let text = std::fs::read_to_string(site.config()).unwrap();
        assert!(text.contains(settings));
        site.ok("/image?src=a/photo.jpg&width=99").header("etag").unwrap().to_owned()
    };
    let linear = Site::start("linear_light = true", library::make);
    let plain = Site::start("linear_light = false", library::make);
    assert_ne!(tag("true", &linear), tag("false", &plain));
    // One-pixel stripes of black and white: half the light is 188 of 255, half the number is 128.
    for (site, level) in [(&linear, 188), (&plain, 128)] {
        let pixels: Vec<u8> = (0..64 * 64).flat_map(|at| [255 * (at % 2) as u8; 3]).collect();
        let file = std::fs::File::create(site.image("stripes.png")).unwrap();
        let mut encoder = png::Encoder::new(file, 64, 64);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        let half = magick::pixels(&site.ok("/image?src=stripes.png&width=32").body);
        half.assert(16, 16, [level; 3], 2, "stripes");
    }
}
