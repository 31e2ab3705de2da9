//! Every format that is read, as the picture and as an overlay, through the whole server. Files are
//! made by other programs, or by the letter of the format.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::library::{self, QUARTERS};
use crate::magick::{self, Pixels};
use crate::site::Site;

/// The common chart in formats that other programs write.
const CHARTS: [&str; 17] = [
    "jpg", "png", "gif", "bmp", "tif", "webp", "tga", "ppm", "pam", "ico", "psd", "psb", "avif",
    "heic", "jxl", "svg", "pdf",
];

fn run(program: &str, arguments: &[&str]) {
    let ran = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} is installed: {error}"));
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{program} {arguments:?}: {complaint}");
}

/// A drawing of the chart, 240×180.
fn svg() -> String {
    let quarter = |number: usize| {
        let [r, g, b] = QUARTERS[number];
        let (x, y) = (number % 2 * 120, number / 2 * 90);
        format!("<rect x='{x}' y='{y}' width='120' height='90' fill='rgb({r},{g},{b})'/>")
    };
    let quarters: String = (0..4).map(quarter).collect();
    format!("<svg xmlns='http://www.w3.org/2000/svg' width='240' height='180'>{quarters}</svg>")
}

/// A page of the chart, 240×180 points.
fn pdf() -> String {
    let quarter = |number: usize| {
        let [r, g, b] = QUARTERS[number].map(|level| f64::from(level) / 255.0);
        let (x, y) = (number % 2 * 120, (1 - number / 2) * 90);
        format!("{r:.4} {g:.4} {b:.4} rg {x} {y} 120 90 re f\n")
    };
    let drawing: String = (0..4).map(quarter).collect();
    format!(
        "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n\
         2 0 obj <</Type/Pages/Count 1/Kids[3 0 R]>> endobj\n\
         3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 240 180]/Resources<<>>/Contents 4 0 R>> \
         endobj\n4 0 obj <</Length {}>> stream\n{drawing}endstream endobj\n\
         trailer <</Root 1 0 R>>\n%%EOF\n",
        drawing.len()
    )
}

/// A DNG of 64×48 equal cells behind filters of red, green, green, blue, whose camera sees as sRGB
/// does: plain grey of half the light.
fn dng() -> Vec<u8> {
    const SIZE: (u16, u16) = (64, 48);
    /// XYZ under D65 to linear sRGB (IEC 61966-2-1), in ten-thousandths.
    const MATRIX: [i32; 9] = [32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570];
    let short = |values: &[u16]| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let fractions = |values: &[i32]| -> Vec<u8> {
        let pair = |value: &i32| [value.to_le_bytes(), 10_000_i32.to_le_bytes()].concat();
        values.iter().flat_map(pair).collect()
    };
    let cells = usize::from(SIZE.0) * usize::from(SIZE.1);
    // Tag, kind, count, value; the place of the cells is filled in below.
    let mut entries: Vec<(u16, u16, u32, Vec<u8>)> = vec![
        (254, 4, 1, vec![0; 4]),
        (256, 3, 1, short(&[SIZE.0])),
        (257, 3, 1, short(&[SIZE.1])),
        (258, 3, 1, short(&[16])),
        (259, 3, 1, short(&[1])),
        (262, 3, 1, short(&[32_803])),
        (271, 2, 5, b"Test\0".to_vec()),
        (272, 2, 5, b"Test\0".to_vec()),
        (273, 4, 1, vec![0; 4]),
        (277, 3, 1, short(&[1])),
        (278, 3, 1, short(&[SIZE.1])),
        (279, 4, 1, ((cells * 2) as u32).to_le_bytes().to_vec()),
        (33_421, 3, 2, short(&[2, 2])),
        (33_422, 1, 4, vec![0, 1, 1, 2]),
        (50_706, 1, 4, vec![1, 4, 0, 0]),
        (50_708, 2, 5, b"Test\0".to_vec()),
        (50_717, 3, 1, short(&[u16::MAX])),
        (50_721, 10, 9, fractions(&MATRIX)),
        (50_728, 5, 3, fractions(&[10_000; 3])),
        (50_778, 3, 1, short(&[21])),
    ];
    let values_at = 8 + 2 + 12 * entries.len() + 4;
    let long: usize = entries
        .iter()
        .map(|e| e.3.len())
        .filter(|len| *len > 4)
        .map(|len| len.next_multiple_of(2))
        .sum();
    entries[8].3 = ((values_at + long) as u32).to_le_bytes().to_vec();
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((entries.len() as u16).to_le_bytes());
    let mut behind = Vec::new();
    for (tag, kind, count, mut value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        if value.len() > 4 {
            file.extend(((values_at + behind.len()) as u32).to_le_bytes());
            behind.extend(&value);
            behind.resize(behind.len().next_multiple_of(2), 0);
        } else {
            value.resize(4, 0);
            file.extend(value);
        }
    }
    file.extend([0; 4]);
    file.extend(behind);
    file.extend(short(&vec![32_768; cells]));
    file
}

fn make(images: &Path) {
    library::make(images);
    let at = |name: &str| images.join(name).to_str().unwrap().to_owned();
    let chart = at("chart.png");
    magick::make(&[&at("a/chart.png"), "-scale", "240x180", &format!("png24:{chart}")]);
    for extension in ["jpg", "gif", "bmp", "tif", "webp", "tga", "ppm", "pam", "ico", "psd", "psb"]
    {
        // Without being told the orientation ImageMagick writes TGA upside down.
        magick::make(&[&chart, "-orient", "TopLeft", &at(&format!("chart.{extension}"))]);
    }
    run("heif-enc", &["-A", "-b", "8", "-q", "95", &chart, "-o", &at("chart.avif")]);
    run("heif-enc", &["-b", "8", "-q", "95", &chart, "-o", &at("chart.heic")]);
    run("cjxl", &["-d", "0", &chart, &at("chart.jxl")]);
    fs::write(at("chart.svg"), svg()).unwrap();
    fs::write(at("chart.pdf"), pdf()).unwrap();
    let eps = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60 45\n0.5 setgray 0 0 60 45 rectfill\n";
    fs::write(at("grey.eps"), eps).unwrap();
    fs::write(at("grey.dng"), dng()).unwrap();
    let grey = at("grey.jpg");
    magick::make(&["-size", "64x48", "xc:gray50", "-colorspace", "Gray", "-quality", "100", &grey]);
    run("img2dcm", &[&grey, &at("grey.dcm")]);
}

fn pixels(site: &Site, query: &str) -> Pixels {
    magick::pixels(&site.ok(&format!("/image?{query}&format=png")).body)
}

#[test]
fn every_format_is_a_picture_and_an_overlay() {
    let site = Site::start("", make);
    for extension in CHARTS {
        let found = pixels(&site, &format!("src=chart.{extension}&width=120"));
        assert_eq!(found.size, (120, 90), "{extension}");
        for (quarter, (x, y)) in [(30, 22), (90, 22), (30, 67), (90, 67)].into_iter().enumerate() {
            found.assert(x, y, QUARTERS[quarter], 8, extension);
        }
        // Half of 240×160 in the middle of it: 120×80, less what its shape leaves free.
        let query = format!("src=a/photo.jpg&width=240&overlay=chart.{extension}&ovsize=0.5");
        let found = pixels(&site, &query);
        assert_eq!(found.size, (240, 160), "{extension}");
        for (quarter, (x, y)) in
            [(93, 60), (147, 60), (93, 100), (147, 100)].into_iter().enumerate()
        {
            found.assert(x, y, QUARTERS[quarter], 8, &format!("{extension} overlay"));
        }
    }
}

#[test]
fn documents_raw_and_medical_files_are_too() {
    let site = Site::start("", make);
    // Grey of half the value; of half the light for the camera's (sRGB 188).
    for (name, grey) in [("grey.eps", 128), ("grey.dcm", 127), ("grey.dng", 188)] {
        let found = pixels(&site, &format!("src={name}&width=40"));
        assert_eq!(found.size, (40, 30), "{name}");
        found.assert(20, 15, [grey; 3], 3, name);
        let found = pixels(&site, &format!("src=a/photo.jpg&width=240&overlay={name}&ovsize=0.25"));
        found.assert(120, 80, [grey; 3], 3, &format!("{name} overlay"));
    }
}
