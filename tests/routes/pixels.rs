//! `/image`: what is where. The chart has four plain quarters, so that a look at the middle of each
//! tells what was done to it.

use crate::library::{PAGE_SIZES, PAGES, QUARTERS};
use crate::magick::{self, Pixels};
use crate::site::{Site, shared};

const WHITE: [u8; 3] = [255; 3];

fn pixels(site: &Site, query: &str) -> Pixels {
    magick::pixels(&site.ok(&format!("/image?{query}")).body)
}

/// The colours in the middle of the quarters, as indices into [`QUARTERS`].
#[track_caller]
fn assert_quarters(site: &Site, query: &str, expected: [usize; 4]) {
    let pixels = pixels(site, query);
    let (width, height) = pixels.size;
    let places = [(1, 1), (3, 1), (1, 3), (3, 3)];
    for ((x, y), quarter) in places.into_iter().zip(expected) {
        pixels.assert(width * x / 4, height * y / 4, QUARTERS[quarter], 2, query);
    }
}

#[test]
fn flips_and_turns() {
    let site = shared();
    for (query, expected) in [
        ("", [0, 1, 2, 3]),
        ("&flip=h", [1, 0, 3, 2]),
        ("&flip=V", [2, 3, 0, 1]),
        ("&angle=90", [2, 0, 3, 1]),
        ("&angle=-90", [1, 3, 0, 2]),
        ("&angle=180", [3, 2, 1, 0]),
        ("&angle=270", [1, 3, 0, 2]),
        ("&angle=360", [0, 1, 2, 3]),
        // The mirror comes first.
        ("&angle=90&flip=h", [3, 1, 2, 0]),
        ("&flip=v&angle=90&width=60", [0, 2, 1, 3]),
    ] {
        assert_quarters(&site, &format!("src=a/chart.png{query}"), expected);
    }
}

#[test]
fn every_format_shows_the_same() {
    let site = shared();
    for extension in ["bmp", "gif", "tif", "webp", "png"] {
        let query = format!("src=a/chart.{extension}&width=200&format=png");
        assert_quarters(&site, &query, [0, 1, 2, 3]);
    }
    for format in ["bmp", "gif", "tif"] {
        let query = format!("src=a/chart.png&width=200&format={format}");
        assert_quarters(&site, &query, [0, 1, 2, 3]);
    }
}

#[test]
fn a_camera_that_was_turned_shows_upright() {
    // Orientation 6: the stored picture has to be turned to the right by a quarter.
    let site = shared();
    let pixels = pixels(&site, "src=a/sideways.jpg&format=png");
    for ((x, y), quarter) in [(12, 16), (36, 16), (12, 48), (36, 48)].into_iter().zip([2, 0, 3, 1])
    {
        pixels.assert(x, y, QUARTERS[quarter], 6, "upright");
    }
}

#[test]
fn a_crop_keeps_its_part() {
    let site = shared();
    let base = "src=a/chart.png";
    for (query, size, quarter) in [
        ("&right=0.5&bottom=0.5", (200, 150), 0),
        ("&left=0.5&bottom=0.5", (200, 150), 1),
        ("&right=0.5&top=0.5&width=100", (100, 75), 2),
        ("&left=0.5&top=0.5", (200, 150), 3),
    ] {
        let pixels = pixels(&site, &format!("{base}{query}"));
        assert_eq!(pixels.size, size, "{query}");
        for (x, y) in [(0, 0), (size.0 - 1, 0), (0, size.1 - 1), (size.0 - 1, size.1 - 1)] {
            pixels.assert(x, y, QUARTERS[quarter], 1, query);
        }
    }
}

#[test]
fn a_crop_grows_instead_of_being_padded() {
    let site = shared();
    // 100×150 pixels of the left upper quarter, asked for as a square: there are 25 more on each side.
    let query = "src=a/chart.png&left=0.125&right=0.375&bottom=0.5&width=75&height=75";
    let padded = pixels(&site, query);
    assert_eq!(padded.size, (75, 75));
    padded.assert(0, 40, WHITE, 0, "padded");
    padded.assert(74, 40, WHITE, 0, "padded");
    let grown = pixels(&site, &format!("{query}&autocropfit=1"));
    assert_eq!(grown.size, (75, 75));
    grown.assert(0, 40, QUARTERS[0], 1, "grown");
    grown.assert(74, 40, QUARTERS[0], 1, "grown");
}

/// Where the 100×75 picture lies on a canvas of 100×150 or 200×75 pixels.
#[test]
fn a_picture_is_aligned_on_its_canvas() {
    let site = shared();
    let place = |query: &str, along_x: bool| {
        let pixels = pixels(&site, &format!("src=a/chart.png&fill=black&{query}"));
        let len = if along_x { pixels.size.0 } else { pixels.size.1 };
        let black = |at: &u32| {
            let [r, g, b, _] = if along_x { pixels.at(*at, 30) } else { pixels.at(30, *at) };
            [r, g, b] == [0, 0, 0]
        };
        let first = (0..len).find(|at| !black(at)).unwrap();
        let last = (0..len).rev().find(|at| !black(at)).unwrap();
        (first, last + 1)
    };
    for (query, expected) in [
        ("", (50, 150)),
        ("&halign=L0", (0, 100)),
        ("&halign=R1", (100, 200)),
        ("&halign=C0.5", (50, 150)),
        ("&halign=l0.2", (40, 140)),
        ("&halign=C0.3", (10, 110)),
        ("&halign=R0.75", (50, 150)),
        // Nothing is cut off: moved inwards.
        ("&halign=L0.99", (100, 200)),
        ("&halign=C0", (0, 100)),
        ("&valign=B1", (50, 150)),
    ] {
        assert_eq!(place(&format!("width=200&height=75{query}"), true), expected, "{query}");
    }
    for (query, expected) in [
        ("", (38, 113)),
        ("&valign=T0", (0, 75)),
        ("&valign=b1", (75, 150)),
        ("&valign=T0.2", (30, 105)),
        ("&valign=T1", (75, 150)),
    ] {
        assert_eq!(place(&format!("width=100&height=150{query}"), false), expected, "{query}");
    }
}

#[test]
fn fills_in_every_way_of_writing() {
    let site = shared();
    for (fill, rgb) in [
        ("", WHITE),
        ("&fill=red", [255, 0, 0]),
        ("&fill=DarkGrey", [169, 169, 169]),
        ("&fill=ff8800", [255, 136, 0]),
        ("&fill=f80", [255, 136, 0]),
        ("&fill=%23FF8800", [255, 136, 0]),
        ("&fill=rgb(255,136,0)", [255, 136, 0]),
        ("&fill=rgb(1%2C%202,+3)", [1, 2, 3]),
    ] {
        let pixels = pixels(&site, &format!("src=a/chart.png&width=100&height=100{fill}"));
        pixels.assert(5, 2, rgb, 0, fill);
        pixels.assert(95, 97, rgb, 0, fill);
        pixels.assert(25, 30, QUARTERS[0], 2, fill);
    }
}

#[test]
fn no_fill_is_transparent_where_the_format_can() {
    let site = shared();
    for fill in ["none", "Transparent"] {
        for format in ["png", "gif", "webp", "tif"] {
            let query = format!("src=a/chart.png&width=100&height=100&fill={fill}&format={format}");
            let pixels = pixels(&site, &query);
            assert_eq!(pixels.at(5, 2)[3], 0, "{query}");
            assert_eq!(pixels.at(25, 30)[3], 255, "{query}");
        }
        let query = format!("src=a/chart.png&width=100&height=100&fill={fill}&format=jpg");
        pixels(&site, &query).assert(5, 2, WHITE, 6, &query);
    }
}

#[test]
fn what_lies_behind_transparent_parts() {
    let site = shared();
    let kept = pixels(&site, "src=a/logo.png");
    assert_eq!(kept.at(5, 10)[3], 0);
    kept.assert(30, 10, [0, 0, 255], 0, "kept");
    pixels(&site, "src=a/logo.png&format=bmp").assert(5, 10, WHITE, 0, "white");
    pixels(&site, "src=a/logo.png&format=bmp&fill=red").assert(5, 10, [255, 0, 0], 0, "red");
}

#[test]
fn corners_of_a_turned_picture_are_filled() {
    let site = shared();
    let turned = pixels(&site, "src=a/chart.png&angle=45&fill=black");
    // 400 cos 45° + 300 sin 45° = 494.97
    assert_eq!(turned.size, (495, 495));
    for (x, y) in [(0, 0), (494, 0), (0, 494), (494, 494)] {
        turned.assert(x, y, [0, 0, 0], 0, "corner");
    }
    // The middle of the left upper quarter is 100 left and 75 above the centre; clockwise by 45°
    // that is (-100 + 75) sin 45° to the right and (-100 - 75) sin 45° down.
    turned.assert(247 - 18, 247 - 124, QUARTERS[0], 2, "turned");
    turned.assert(247 + 18, 247 + 124, QUARTERS[3], 2, "turned");
}

#[test]
fn tiles_make_up_the_whole() {
    let site = shared();
    for (size, side) in [("width=100&height=80", 3u32), ("width=101", 2), ("angle=20&width=90", 4)]
    {
        let whole = pixels(&site, &format!("src=a/chart.png&{size}"));
        let (mut x, mut y) = (0, 0);
        for number in 1..=side * side {
            let query = format!("src=a/chart.png&{size}&tile={number}:{}", side * side);
            let tile = pixels(&site, &query);
            let (width, height) = tile.size;
            let differs = tile
                .part(0, 0, width, height)
                .iter()
                .zip(whole.part(x, y, width, height))
                .any(|(one, other)| one.iter().zip(other).any(|(a, b)| a.abs_diff(b) > 1));
            assert!(!differs, "{query}");
            x += width;
            if number % side == 0 {
                assert_eq!(x, whole.size.0, "{query}");
                (x, y) = (0, y + height);
            }
        }
        assert_eq!(y, whole.size.1, "{size}");
    }
}

#[test]
fn pages() {
    let site = shared();
    for (number, (size, rgb)) in (1..).zip(PAGE_SIZES.into_iter().zip(PAGES)) {
        let page = pixels(&site, &format!("src=a/pages.tif&format=png&page={number}"));
        assert_eq!(page.size, size, "page {number}");
        page.assert(10, 10, rgb, 0, "page");
    }
    for query in ["src=a/pages.tif&format=png", "src=a/pages.tif&format=png&page=0"] {
        assert_eq!(pixels(&site, query).size, PAGE_SIZES[0], "{query}");
    }
}

#[test]
fn cyan_ink_shows_as_cyan() {
    let site = shared();
    for format in ["jpg", "png", "gif", "bmp", "webp", "tif"] {
        let query = format!("src=a/cmyk.jpg&format={format}");
        let [r, g, b, _] = pixels(&site, &query).at(20, 20);
        assert!(r < 80 && g > 120 && b > 180, "{query}: {:?}", [r, g, b]);
    }
}

#[test]
fn grey_is_the_luminance_of_a_colour() {
    let site = shared();
    let gray = pixels(&site, "src=a/chart.png&colorspace=gray");
    // CIE Y of each colour by the matrix of IEC 61966-2-1, back through the same curve.
    for ((x, y), rgb) in [(100, 75), (300, 75), (100, 225), (300, 225)].into_iter().zip(QUARTERS) {
        let linear = rgb.map(|level| {
            let level = f64::from(level) / 255.0;
            if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        });
        let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        let level = if luminance <= 0.003_130_8 {
            12.92 * luminance
        } else {
            1.055 * luminance.powf(1.0 / 2.4) - 0.055
        };
        let expected = (level * 255.0).round() as u8;
        gray.assert(x, y, [expected; 3], 4, "gray");
    }
}
