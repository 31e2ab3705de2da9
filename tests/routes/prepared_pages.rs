//! Prepared reductions belong to one page: pages and frames never come from another's, documents and
//! what moves have none, and the resolution of a result is the address's business.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::magick;
use crate::site::Site;
use crate::support::fixture::{smooth, write_jpeg_of};
use crate::support::wait;

/// The colours of the pages of `pages.tif` and of the frames of `moves.gif` and `moves.webp`.
const COLOURS: [[u8; 3]; 3] = [[200, 40, 30], [40, 160, 60], [30, 60, 190]];

/// Two inches square, 4 megapixels at 1000 dots per inch; the first page green and the second red.
const PDF: &str = "%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Count 2/Kids[3 0 R 5 0 R]>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 144 144]/Resources<<>>/Contents 4 0 R>> endobj
4 0 obj <</Length 26>> stream
0 1 0 rg 0 0 144 144 re f 
endstream endobj
5 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 144 144]/Resources<<>>/Contents 6 0 R>> endobj
6 0 obj <</Length 26>> stream
1 0 0 rg 0 0 144 144 re f 
endstream endobj
trailer <</Root 1 0 R>>
%%EOF
";

/// Pages, frames and a document of more than a megapixel each, and a picture that is sure to have
/// reductions.
fn pictures(images: &Path) {
    let path = |name: &str| images.join(name).to_str().unwrap().to_owned();
    let plain = COLOURS.map(|[r, g, b]| format!("xc:rgb({r},{g},{b})"));
    let mut all = vec!["-delay", "20", "-size", "1200x900"];
    all.extend(plain.iter().map(String::as_str));
    for name in ["pages.tif", "moves.gif", "moves.webp"] {
        let to = path(name);
        let dpi = ["-units", "PixelsPerInch", "-density", "240", "-define", "webp:lossless=true"];
        magick::make(&[all.as_slice(), &dpi, &["-type", "TrueColor", &to]].concat());
    }
    fs::write(images.join("pages.pdf"), PDF).unwrap();
    write_jpeg_of(&images.join("large.jpg"), &smooth(1500, 1000), 1500, 1000);
}

/// The number of files of reductions.
fn prepared(site: &Site) -> usize {
    let Ok(folders) = fs::read_dir(site.data().join("reductions")) else { return 0 };
    let folders = folders.flatten().filter(|folder| folder.file_name().len() == 2);
    folders.map(|folder| fs::read_dir(folder.path()).unwrap().count()).sum()
}

/// Asks for what is sure to have reductions, and waits for those: whatever was wished for before has
/// been made by then, since wishes are fulfilled in order.
fn until_all_wishes_are_fulfilled(site: &Site, count: usize) {
    site.ok("/image?src=large.jpg&width=200");
    wait::until("the reductions are made", || prepared(site) >= count);
    assert_eq!(prepared(site), count);
}

fn assert_colour(site: &Site, query: &str, rgb: [u8; 3]) {
    let made = magick::pixels(&site.ok(&format!("/image?{query}&format=png")).body);
    let (width, height) = made.size;
    for (x, y) in [(3, 3), (width / 2, height / 2), (width - 4, height - 4)] {
        made.assert(x, y, rgb, 2, query);
    }
}

/// Makes a file unreadable without changing its size or its time.
fn spoil(path: &Path) {
    let time = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    bytes[4..].fill(0);
    fs::write(path, bytes).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn each_page_has_its_own() {
    let site = Site::start("stat_cache_ms = 0", pictures);
    assert_colour(&site, "src=pages.tif&width=200&page=2", COLOURS[1]);
    until_all_wishes_are_fulfilled(&site, 2);
    // The second page has reductions, the others do not, and are themselves all the same.
    assert_colour(&site, "src=pages.tif&width=201", COLOURS[0]);
    assert_colour(&site, "src=pages.tif&width=201&page=3", COLOURS[2]);
    assert_colour(&site, "src=pages.tif&width=201&page=2", COLOURS[1]);
    wait::until("every page has them", || prepared(&site) == 4);
    assert_eq!(site.status("/image?src=pages.tif&width=202&page=4"), 400);
    // Now that the file cannot be read, what comes can only come from the reductions.
    spoil(&site.image("pages.tif"));
    for (page, colour) in (1..).zip(COLOURS) {
        assert_colour(&site, &format!("src=pages.tif&width=203&page={page}"), colour);
    }
    assert_eq!(site.status("/image?src=pages.tif&width=203&page=4"), 415);
}

#[test]
fn the_resolution_is_what_was_asked_for_or_the_originals() {
    let site = Site::start("stat_cache_ms = 0", pictures);
    site.ok("/image?src=pages.tif&width=200");
    until_all_wishes_are_fulfilled(&site, 2);
    spoil(&site.image("pages.tif"));
    for (query, dpi) in [("", 240.0), ("&dpi=96", 96.0), ("&dpi=300&width=150", 300.0)] {
        let made = site.ok(&format!("/image?src=pages.tif&width=210&format=jpg{query}"));
        assert_eq!(magick::facts(&made.body).dpi, (dpi, dpi), "{query}");
    }
}

#[test]
fn documents_have_none_since_their_pixels_depend_on_the_resolution() {
    let site = Site::start("stat_cache_ms = 0\npdf_dpi = 1000", pictures);
    assert_colour(&site, "src=pages.pdf&width=200", [0, 255, 0]);
    assert_colour(&site, "src=pages.pdf&width=200&page=2", [255, 0, 0]);
    until_all_wishes_are_fulfilled(&site, 1);
    assert_colour(&site, "src=pages.pdf&width=201&page=2", [255, 0, 0]);
    for (dpi, side) in [(50, 100), (72, 144), (1200, 2400)] {
        let query = format!("/image?src=pages.pdf&dpi={dpi}&format=png");
        assert_eq!(magick::facts(&site.ok(&query).body).size, (side, side), "{dpi}");
    }
}

#[test]
fn what_moves_has_none_and_goes_on_moving() {
    let site = Site::start("stat_cache_ms = 0", pictures);
    let frames = |query: &str| {
        let path = site.scratch().join("made");
        fs::write(&path, site.ok(&format!("/image?{query}")).body).unwrap();
        let mut command = Command::new("convert");
        command.arg(&path).args(["-coalesce", "-crop", "1x1+90+60", "-depth", "8", "rgb:-"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout.as_chunks::<3>().0.to_vec()
    };
    for src in ["moves.gif", "moves.webp"] {
        for (page, colour) in (1..).zip(COLOURS) {
            assert_colour(&site, &format!("src={src}&width=190&page={page}"), colour);
        }
        assert_eq!(frames(&format!("src={src}&width=191&format=gif")).len(), 3, "{src}");
    }
    until_all_wishes_are_fulfilled(&site, 1);
    for src in ["moves.gif", "moves.webp"] {
        for (page, colour) in (1..).zip(COLOURS) {
            assert_colour(&site, &format!("src={src}&width=192&page={page}"), colour);
        }
        let moving = frames(&format!("src={src}&width=192&format=gif"));
        assert_eq!(moving.len(), 3, "{src}");
        for (found, colour) in moving.iter().zip(COLOURS) {
            let near = found.iter().zip(colour).all(|(found, is)| found.abs_diff(is) <= 3);
            assert!(near, "{src}: {found:?}, expected {colour:?}");
        }
    }
}
