//! `/image`: sizes and files. Sizes are worked out from the guide: nothing is enlarged, one side
//! follows from the other, both make a canvas.

use crate::magick::{self, Facts};
use crate::site::{Site, shared};

fn facts(site: &Site, query: &str) -> Facts {
    magick::facts(&site.ok(&format!("/image?{query}")).body)
}

#[track_caller]
fn assert_sizes(src: &str, cases: &[(&str, (u32, u32))]) {
    let site = shared();
    for (parameters, size) in cases {
        let query = format!("src={src}&format=png&{parameters}");
        assert_eq!(facts(&site, &query).size, *size, "{query}");
    }
}

#[test]
fn a_size_keeps_proportions_and_never_enlarges() {
    assert_sizes(
        "a/photo.jpg",
        &[
            ("", (1200, 800)),
            ("width=0&height=0", (1200, 800)),
            ("width=300", (300, 200)),
            ("width=300&height=0", (300, 200)),
            ("height=100", (150, 100)),
            // 800 × 400 / 1200 = 266.67
            ("width=400", (400, 267)),
            ("width=1", (1, 1)),
            ("width=1199", (1199, 799)),
            ("width=5000", (1200, 800)),
            ("height=15000", (1200, 800)),
        ],
    );
}

#[test]
fn width_and_height_make_a_canvas_of_at_most_the_source() {
    assert_sizes(
        "a/photo.jpg",
        &[
            ("width=200&height=200", (200, 200)),
            ("width=2000&height=100", (1200, 100)),
            ("width=2000&height=3000", (1200, 800)),
            ("width=200&height=200&autosizefit=1", (200, 133)),
            ("width=1000&height=100&autosizefit=true", (150, 100)),
            // Means nothing with one side alone.
            ("width=300&autosizefit=1", (300, 200)),
        ],
    );
}

#[test]
fn turning_comes_before_the_size() {
    // 1200 cos 30° + 800 sin 30° = 1439.2, 1200 sin 30° + 800 cos 30° = 1292.8, both rounded up.
    assert_sizes(
        "a/photo.jpg",
        &[
            ("angle=90", (800, 1200)),
            ("angle=-90&width=200", (200, 300)),
            ("angle=180&width=300", (300, 200)),
            ("angle=30", (1440, 1293)),
            ("angle=-330", (1440, 1293)),
            ("angle=90&flip=h&height=120", (80, 120)),
        ],
    );
}

#[test]
fn cropping_comes_before_the_size() {
    assert_sizes(
        "a/photo.jpg",
        &[
            ("left=0.25&right=0.75", (600, 800)),
            ("top=0.5", (1200, 400)),
            ("left=0.5&top=0.5&width=300", (300, 200)),
            ("left=0.9&width=600", (120, 800)),
            ("angle=90&left=0.5", (400, 1200)),
            ("left=0.5&right=0.50001", (1, 800)),
            ("left=0&right=0.5&width=100&height=100", (100, 100)),
            ("left=0&right=0.5&width=100&height=100&autosizefit=1", (75, 100)),
            ("left=0.25&right=0.75&width=100&height=100&autosizefit=1&autocropfit=1", (100, 100)),
        ],
    );
}

#[test]
fn a_tile_is_one_cell_of_the_finished_picture() {
    assert_sizes(
        "a/photo.jpg",
        &[
            ("tile=1:4", (600, 400)),
            ("width=300&tile=4:4", (150, 100)),
            // 100 and 67 do not divide by 3: the last column and row are the larger ones.
            ("width=100&tile=1:9", (33, 22)),
            ("width=100&tile=9:9", (34, 23)),
            ("tile=256:256", (75, 50)),
        ],
    );
}

#[test]
fn a_camera_that_was_turned_is_set_upright() {
    assert_sizes(
        "a/sideways.jpg",
        &[("", (48, 64)), ("width=24", (24, 32)), ("angle=90", (64, 48))],
    );
}

#[test]
fn every_name_of_a_format_gives_that_format() {
    let site = shared();
    for (names, kind, mime) in [
        (&["jpg", "jpeg", "jpe", "jfif", "jif", "JPG"][..], "JPEG", "image/jpeg"),
        (&["pjpg", "pjpeg", "PJpg"], "JPEG", "image/jpeg"),
        (&["png", "PNG"], "PNG", "image/png"),
        (&["gif"], "GIF", "image/gif"),
        (&["tif", "tiff"], "TIFF", "image/tiff"),
        (&["bmp"], "BMP", "image/bmp"),
        (&["webp"], "WEBP", "image/webp"),
    ] {
        for name in names {
            let response = site.ok(&format!("/image?src=a/chart.png&width=40&format={name}"));
            assert_eq!(response.header("content-type"), Some(mime), "{name}");
            assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{name}");
            let facts = magick::facts(&response.body);
            // ImageMagick calls the two versions of BMP by their own names.
            assert!(facts.format.starts_with(kind), "{name}: {}", facts.format);
            assert_eq!(facts.size, (40, 30), "{name}");
            let progressive = name.to_ascii_lowercase().starts_with('p') && kind == "JPEG";
            assert_eq!(facts.interlace == "JPEG", progressive, "{name}: {}", facts.interlace);
        }
    }
}

#[test]
fn without_a_format_it_is_that_of_the_source() {
    let site = shared();
    for (src, kind) in [
        ("a/photo.jpg", "JPEG"),
        ("a/chart.png", "PNG"),
        ("a/chart.gif", "GIF"),
        ("a/chart.tif", "TIFF"),
        ("a/chart.bmp", "BMP"),
        ("a/chart.webp", "WEBP"),
    ] {
        let facts = facts(&site, &format!("src={src}&width=100"));
        assert!(facts.format.starts_with(kind), "{src}: {}", facts.format);
        assert_eq!(facts.size.0, 100, "{src}");
    }
}

#[test]
fn quality_is_that_of_the_parameter_or_80() {
    let site = shared();
    for (query, quality) in [("", 80), ("&quality=30", 30), ("&quality=95", 95)] {
        let found = facts(&site, &format!("src=a/photo.jpg&width=200{query}")).quality;
        assert!(found.abs_diff(quality) <= 1, "{query}: {found}");
    }
    let size =
        |query: &str| site.ok(&format!("/image?src=a/photo.jpg&width=200{query}")).body.len();
    assert!(size("&quality=1") < size("&quality=50"));
    assert!(size("&quality=50") < size("&quality=100"));
    assert!(size("&format=webp&quality=5") < size("&format=webp&quality=95"));
    assert!(size("&format=png&quality=99") < size("&format=png&quality=10"));
}

#[test]
fn strip_leaves_out_what_is_not_the_picture() {
    let site = shared();
    assert!(facts(&site, "src=a/sideways.jpg&strip=0").profiles.contains("exif"));
    // The default template strips.
    for query in
        ["src=a/sideways.jpg&strip=1", "src=a/sideways.jpg&strip=TRUE", "src=a/sideways.jpg"]
    {
        assert!(!facts(&site, query).profiles.contains("exif"), "{query}");
    }
    // What was turned upright must not be turned again by whoever shows it.
    let kept = site.ok("/image?src=a/sideways.jpg&strip=0").body;
    let orientation = magick::orientation(&kept);
    assert!(matches!(orientation.as_str(), "TopLeft" | "Undefined"), "{orientation}");
}

#[test]
fn dpi_is_written_into_the_file() {
    let site = shared();
    for format in ["jpg", "png", "tif"] {
        let found = facts(&site, &format!("src=a/photo.jpg&width=50&format={format}&dpi=240")).dpi;
        assert!(
            (found.0 - 240.0).abs() < 0.5 && (found.1 - 240.0).abs() < 0.5,
            "{format} {found:?}"
        );
    }
    assert_eq!(facts(&site, "src=a/sideways.jpg&strip=0&dpi=0").dpi, (150.0, 150.0));
    assert_eq!(facts(&site, "src=a/sideways.jpg&strip=0&dpi=72").dpi, (72.0, 72.0));
}

#[test]
fn colour_models() {
    let site = shared();
    for (query, space) in [
        ("src=a/photo.jpg&width=50&colorspace=gray", "Gray"),
        ("src=a/photo.jpg&width=50&colorspace=GREY", "Gray"),
        ("src=a/photo.jpg&width=50&colorspace=cmyk", "CMYK"),
        ("src=a/photo.jpg&width=50&colorspace=cmyk&format=tif", "CMYK"),
        ("src=a/photo.jpg&width=50&colorspace=rgb", "sRGB"),
        ("src=a/cmyk.jpg&colorspace=rgb", "sRGB"),
        ("src=a/cmyk.jpg", "sRGB"),
        ("src=a/cmyk.jpg&colorspace=cmyk&strip=0", "CMYK"),
        ("src=a/cmyk.jpg&colorspace=cmyk&format=png", "sRGB"),
    ] {
        assert_eq!(facts(&site, query).space, space, "{query}");
    }
}

#[test]
fn only_attach_offers_a_file_for_saving() {
    let site = shared();
    assert_eq!(site.ok("/image?src=a/chart.png&width=20").header("content-disposition"), None);
    for (query, name) in [
        ("src=a/chart.png&width=20&attach=1", "chart.png"),
        ("src=a/chart.png&width=20&attach=true&format=pjpg", "chart.jpg"),
        ("src=a/chart.png&width=20&attach=T&format=tiff", "chart.tif"),
        ("src=a/photo.jpg&width=20&attach=1&format=jpeg", "photo.jpg"),
    ] {
        let response = site.ok(&format!("/image?{query}"));
        let expected = format!("attachment; filename=\"{name}\"");
        assert_eq!(response.header("content-disposition"), Some(expected.as_str()), "{query}");
    }
}

#[test]
fn time_and_cache_are_told() {
    let site = Site::start("", crate::library::make);
    let target = "/image?src=a/photo.jpg&width=321";
    for from_cache in ["False", "True", "True"] {
        let start = std::time::Instant::now();
        let response = site.ok(target);
        let elapsed = start.elapsed().as_micros();
        assert_eq!(response.header("x-from-cache"), Some(from_cache));
        let taken: u128 = response.header("x-time-taken").unwrap().parse().unwrap();
        assert!(taken <= elapsed, "{taken} µs of {elapsed} µs");
    }
    assert_eq!(site.send("HEAD", target.as_bytes(), &[]).header("x-from-cache"), Some("True"));
}
