//! Animated pictures by URL.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::magick;
use crate::site::Site;

/// A moving square of 20 on 120×80, five frames of 70 ms, three times, as GIF and WebP.
fn make(images: &Path) {
    let path = |name: &str| images.join(name).to_str().unwrap().to_owned();
    let mut arguments: Vec<String> = ["-delay", "7", "-loop", "3"].map(String::from).to_vec();
    for number in 0..5 {
        let draw = format!("rectangle {},30 {},49", number * 20, number * 20 + 19);
        let frame = ["(", "-size", "120x80", "xc:#ffff00", "-fill", "#0000ff", "-draw", &draw, ")"];
        arguments.extend(frame.map(String::from));
    }
    for name in ["moves.gif", "moves.webp"] {
        let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let to = path(name);
        all.extend(["-define", "webp:lossless=true", &to]);
        magick::make(&all);
    }
}

/// Width, height and hundredths of a second of each frame, composed.
fn frames(site: &Site, query: &str) -> Vec<(u32, u32, u32)> {
    let response = site.ok(&format!("/image?{query}"));
    let path = site.scratch().join("made");
    fs::write(&path, &response.body).unwrap();
    let output = Command::new("convert")
        .arg(&path)
        .args(["-coalesce", "-format", "%w %h %T\n", "info:"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let number = |word: Option<&str>| word.unwrap().parse().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            (number(words.next()), number(words.next()), number(words.next()))
        })
        .collect()
}

#[test]
fn they_move_on_where_the_format_can() {
    let site = Site::start("", make);
    for src in ["moves.gif", "moves.webp"] {
        for parameters in ["", "&format=gif", "&format=webp", "&format=webp&quality=auto"] {
            let query = format!("src={src}&width=60{parameters}");
            assert_eq!(frames(&site, &query), [(60, 40, 7); 5], "{query}");
        }
        for parameters in ["&format=png", "&format=jpg", "&page=1", "&page=3", "&page=0"] {
            let query = format!("src={src}&width=60{parameters}");
            let frames = frames(&site, &query);
            assert_eq!(frames.len(), 1, "{query}");
            assert_eq!((frames[0].0, frames[0].1), (60, 40), "{query}");
        }
        assert_eq!(site.status(&format!("/image?src={src}&page=6")), 400);
    }
    let webp = [("Accept", "image/avif,image/webp")];
    let auto = site.get_with("/image?src=moves.gif&format=auto&width=60", &webp);
    assert_eq!(auto.header("content-type"), Some("image/webp"));
    // A page by its number is that frame: the square has moved on by 10 of 60 pixels each time.
    for page in 1..=5 {
        let still = site.ok(&format!("/image?src=moves.gif&width=60&format=png&page={page}"));
        let pixels = magick::pixels(&still.body);
        pixels.assert(10 * (page - 1) + 5, 20, [0, 0, 255], 2, "the square");
        pixels.assert(55, 5, [255, 255, 0], 2, "the ground");
    }
}

#[test]
fn a_setting_bounds_the_frames() {
    let site = Site::start("max_frames = 4\n", make);
    assert_eq!(frames(&site, "src=moves.gif&width=60").len(), 1);
    let site = Site::start("max_frames = 5\n", make);
    assert_eq!(frames(&site, "src=moves.gif&width=60").len(), 5);
}
