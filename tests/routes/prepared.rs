//! Prepared reductions: made after the first request, used by later ones, made anew when something
//! is amiss with them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::library;
use crate::site::Site;
use crate::support::fixture::{smooth, write_jpeg_of};
use crate::support::halftone::run;
use crate::support::http::Client;
use crate::support::wait;

/// The files of reductions.
fn files(site: &Site) -> Vec<PathBuf> {
    let Ok(folders) = fs::read_dir(site.data().join("reductions")) else { return Vec::new() };
    folders
        .flatten()
        .filter(|folder| folder.file_name().len() == 2)
        .flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten())
        .map(|file| file.path())
        .collect()
}

fn until_prepared(site: &Site, count: usize) {
    wait::until("the reductions are made", || files(site).len() == count);
}

fn write_jpeg(path: &Path, width: usize, height: usize) {
    write_jpeg_of(path, &smooth(width, height), width, height);
}

/// A picture of 1.5 megapixels, and one that is too small to have reductions.
fn pictures(images: &Path) {
    write_jpeg(&images.join("large.jpg"), 1500, 1000);
    write_jpeg(&images.join("small.jpg"), 700, 500);
}

/// Makes a picture unreadable without changing its size or its time, so that whatever is made of it
/// is not made from it.
fn spoil(path: &Path) {
    let time = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    bytes[2..].fill(0);
    fs::write(path, bytes).unwrap();
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn the_second_request_is_made_from_what_the_first_had_prepared() {
    let site = Site::start("stat_cache_ms = 0", pictures);
    site.ok("/image?src=small.jpg&width=100");
    let first = site.ok("/image?src=large.jpg&width=200");
    let tag = first.header("etag").unwrap().to_owned();
    until_prepared(&site, 1);
    spoil(&site.image("large.jpg"));
    // From the reduction: the original could not be read.
    let second = site.ok("/image?src=large.jpg&width=210&format=png");
    assert_eq!(second.header("x-from-cache"), Some("False"));
    let made = crate::magick::pixels(&second.body);
    let original = smooth(1500, 1000);
    let at = |x: usize, y: usize| &original[(y * 1500 + x) * 3..][..3];
    for (x, y) in [(20, 20), (105, 70), (190, 120)] {
        let (column, row) = (x * 1500 / 210, y * 1000 / 140);
        let (found, expected) = (made.at(x as u32, y as u32), at(column, row));
        for band in 0..3 {
            assert!(found[band].abs_diff(expected[band]) <= 4, "{x},{y}: {found:?} {expected:?}");
        }
    }
    // The same picture as before under the same tag, whichever way it is made.
    let again = site.get_with("/image?src=large.jpg&width=200", &[("If-None-Match", &tag)]);
    assert_eq!(again.status, 304);
    // What the reductions do not suffice for needs the original.
    assert_eq!(site.status("/image?src=large.jpg&width=1200"), 415);
    assert_eq!(files(&site).len(), 1, "the small picture has none");
}

#[test]
fn a_second_process_uses_them_too() {
    let site = Site::start("stat_cache_ms = 0", pictures);
    site.ok("/image?src=large.jpg&width=200");
    until_prepared(&site, 1);
    spoil(&site.image("large.jpg"));
    let (_process, addr) = site.second();
    let target = b"/image?src=large.jpg&width=222";
    let response = Client::connect(addr).unwrap().request("GET", target, &[], b"").unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
}

#[test]
fn a_changed_original_is_shown_at_once_and_prepared_anew() {
    let site = Site::start("stat_cache_ms = 0", pictures);
    site.ok("/image?src=large.jpg&width=200");
    until_prepared(&site, 1);
    let before = fs::read(&files(&site)[0]).unwrap();
    library::plain(&site.scratch().join("red.png"), 1400, 900, [255, 0, 0]);
    run_magick(&site, "red.png", "red.jpg");
    fs::rename(site.scratch().join("red.jpg"), site.image("large.jpg")).unwrap();
    let after = site.ok("/image?src=large.jpg&width=230&format=png");
    let [r, g, b, _] = crate::magick::pixels(&after.body).at(100, 70);
    assert!(r > 250 && g < 5 && b < 5, "{r} {g} {b}");
    wait::until("they are made anew", || {
        files(&site).first().is_some_and(|file| fs::read(file).unwrap_or_default() != before)
    });
    assert_eq!(files(&site).len(), 1, "in the place of the old ones");
}

fn run_magick(site: &Site, from: &str, to: &str) {
    let path = |name: &str| site.scratch().join(name).display().to_string();
    let status =
        std::process::Command::new("convert").args([path(from), path(to)]).status().unwrap();
    assert!(status.success());
}

#[test]
fn damaged_reductions_are_no_error_and_are_replaced() {
    let site = Site::start("stat_cache_ms = 0", pictures);
    site.ok("/image?src=large.jpg&width=200");
    until_prepared(&site, 1);
    let path = files(&site).remove(0);
    let sound = fs::read(&path).unwrap();
    let mut damaged = sound.clone();
    // All tiles, and neither header nor beginning.
    let tiles = sound.len() / 2;
    damaged[24..tiles].fill(0x5a);
    fs::write(&path, &damaged).unwrap();
    let width = |width: u32| site.ok(&format!("/image?src=large.jpg&width={width}"));
    // The largest level comes first in the file.
    width(333);
    wait::until("they are made anew", || fs::read(&path).is_ok_and(|bytes| bytes == sound));
    spoil(&site.image("large.jpg"));
    width(334);
}

#[test]
fn they_can_be_turned_off() {
    for off in ["reductions_disk_mb = 0", "reductions_above_megapixels = 0"] {
        let site = Site::start(off, pictures);
        let first = site.ok("/image?src=large.jpg&width=200");
        assert!(first.header("etag").unwrap().starts_with('"'), "the tag is a strong one");
        assert!(!site.data().join("reductions").exists());
        let config = site.config().display().to_string();
        let mut command = crate::support::halftone::binary();
        let output = command.args(["reductions", "stats", "--config", &config]).output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("reductions are off"));
    }
}

#[test]
fn the_command_makes_counts_and_removes_them() {
    let site = Site::start("", |images| {
        pictures(images);
        write_jpeg(&images.join("sub/other.jpg"), 1300, 1000);
        fs::write(images.join("sub/broken.jpg"), b"\xff\xd8\xff no picture").unwrap();
    });
    let config = site.config().display().to_string();
    let halftone = |arguments: &[&str]| {
        let mut all = vec!["reductions"];
        all.extend(arguments);
        all.extend(["--config", &config]);
        run(&all)
    };
    assert!(halftone(&["prepare", "sub"]).contains("1 made"));
    let all = halftone(&["prepare"]);
    assert!(all.contains("1 made") && all.contains("1 were there, 1 failed"), "{all}");
    assert!(halftone(&["stats"]).starts_with("2 pictures"));
    assert_eq!(files(&site).len(), 2);
    // What is there before the first request is used by it.
    spoil(&site.image("large.jpg"));
    wait::until("its state is looked at again", || {
        site.status("/image?src=large.jpg&width=199") == 200
    });
    assert_eq!(halftone(&["purge"]).trim(), "2 removed");
    assert_eq!(files(&site).len(), 0);
}
