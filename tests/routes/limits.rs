//! Files that declare or hold more pixels than the server will.

use std::fs;
use std::path::Path;

use crate::errors::assert_page;
use crate::hostile::assert_unreadable;
use crate::site::Site;
use crate::support::fixture::{write_jpeg, write_png};
use crate::{library, magick};

/// Memory of a process that is its own, in KB.
fn memory_kb(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The highest that its memory ever was, in KB.
fn peak_kb(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn png_chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(data);
    let crc = crc32fast::hash(&out[start..]);
    out.extend(crc.to_be_bytes());
}

/// A PNG of a size that it only declares.
fn png_bomb(width: u32, height: u32, depth: u8, colour: u8, interlace: u8) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    head.extend([depth, colour, 0, 0, interlace]);
    png_chunk(&mut out, b"IHDR", &head);
    // A zlib stream that begins well and never ends (RFC 1950, 1951).
    png_chunk(&mut out, b"IDAT", &[0x78, 0x9c, 0xed, 0xc1, 0x01, 0x01, 0, 0]);
    png_chunk(&mut out, b"IEND", b"");
    out
}

fn bombs(images: &Path) -> Vec<String> {
    let gif = |width: u16, height: u16| {
        let mut out = b"GIF89a".to_vec();
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255, b',', 0, 0, 0, 0]);
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend([0, 2, 2, 0x44, 0x01, 0, b';']);
        out
    };
    let bmp = |width: i32, height: i32, bits: u16| {
        let mut out = b"BM".to_vec();
        out.extend(58_u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend(54_u32.to_le_bytes());
        out.extend(40_u32.to_le_bytes());
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend(1_u16.to_le_bytes());
        out.extend(bits.to_le_bytes());
        out.extend([0; 28]);
        out
    };
    let tiff = |width: u32, height: u32, samples: u32| {
        let mut out = b"II*\0\x08\0\0\0".to_vec();
        let entries: [(u16, u32); 8] = [
            (256, width),
            (257, height),
            (258, 8),
            (259, 1),
            (262, 2),
            (273, 8),
            (277, samples),
            (279, 100),
        ];
        out.extend(8_u16.to_le_bytes());
        for (tag, value) in entries {
            out.extend(tag.to_le_bytes());
            out.extend(4_u16.to_le_bytes());
            out.extend(1_u32.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        out.extend([0; 4]);
        out
    };
    let mut jpeg = {
        let path = images.join("seed.jpg");
        write_jpeg(&path, 16, 16);
        fs::read(path).unwrap()
    };
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    // VP8X with a canvas of 2^24 by 2^8 pixels, the largest that the format can say.
    let mut webp = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    webp.extend([0xff, 0xff, 0xff, 0xff, 0, 0, b'V', b'P', b'8', b' ', 0, 0, 0, 0]);

    let files = [
        ("b1.png", png_bomb(100_000, 100_000, 8, 6, 0)),
        ("b2.png", png_bomb(0x7fff_ffff, 0x7fff_ffff, 16, 6, 0)),
        ("b3.png", png_bomb(30_000, 30_000, 1, 0, 1)),
        ("b4.png", png_bomb(0x7fff_ffff, 1, 8, 2, 0)),
        ("b5.png", png_bomb(1, 0x7fff_ffff, 8, 2, 1)),
        ("b6.png", png_bomb(0, 0, 8, 2, 0)),
        ("b1.gif", gif(65_535, 65_535)),
        ("b1.bmp", bmp(i32::MAX, i32::MAX, 24)),
        ("b2.bmp", bmp(60_000, i32::MIN, 32)),
        ("b3.bmp", bmp(-1, 10, 24)),
        ("b4.bmp", bmp(40_000, -40_000, 24)),
        ("b1.tif", tiff(200_000, 200_000, 3)),
        ("b2.tif", tiff(u32::MAX, u32::MAX, 3)),
        ("b3.tif", tiff(1_000, 1_000, 60_000)),
        ("b1.jpg", jpeg),
        ("b1.webp", webp),
    ];
    for (name, bytes) in &files {
        fs::write(images.join(name), bytes).unwrap();
    }
    files.iter().map(|file| file.0.to_owned()).collect()
}

#[test]
fn declared_sizes_are_refused_before_anything_is_held() {
    let mut names = Vec::new();
    let site = Site::start("", |images| {
        names = bombs(images);
        write_png(&images.join("fine.png"), 200, 100);
    });
    site.ok("/image?src=fine.png&width=30");
    let before = peak_kb(site.pid());
    for name in &names {
        assert_unreadable(&site, name);
    }
    assert_eq!(names.len(), 16);
    let grown = peak_kb(site.pid()) - before;
    assert!(grown < 40_000, "{grown} KB more than before");
    site.ok("/image?src=fine.png&width=31");
}

#[test]
fn small_files_that_grow_large_are_held_to_the_limits() {
    // 1.6 megapixels, where 1 may be held and 2 may be declared.
    let settings = "held_megapixels = 1\ndeclared_megapixels = 2";
    let site = Site::start(settings, |images| {
        write_jpeg(&images.join("large.jpg"), 1600, 1000);
        write_jpeg(&images.join("larger.jpg"), 1600, 1300);
        write_jpeg(&images.join("fine.jpg"), 900, 900);
        library::plain(&images.join("large.png"), 1600, 1000, [9, 9, 9]);
    });
    assert_eq!(site.status("/image?src=fine.jpg"), 200);
    // Whole it is too large; made smaller while it is read it is not.
    let whole = site.get("/image?src=large.jpg");
    assert_page(&site, &whole, 415, "whole");
    let small = site.ok("/image?src=large.jpg&width=200");
    assert_eq!(magick::facts(&small.body).size, (200, 125));
    for query in ["src=larger.jpg&width=200", "src=larger.jpg&width=1"] {
        let target = format!("/image?{query}");
        assert_page(&site, &site.get(&target), 415, &target);
    }
    assert_eq!(site.status("/image?src=large.png"), 415);
}

#[test]
fn memory_returns_after_many_bad_files() {
    let mut names = Vec::new();
    let site = Site::start("", |images| {
        names = bombs(images);
        fs::write(images.join("text.jpg"), "text").unwrap();
    });
    names.push("text.jpg".into());
    let round = |number: usize| {
        for name in &names {
            let target = format!("/image?src={name}&width={}", 10 + number);
            assert_eq!(site.status(&target), 415, "{target}");
        }
    };
    (0..3).for_each(round);
    let before = memory_kb(site.pid());
    (3..23).for_each(round);
    let after = memory_kb(site.pid());
    // Of which 16 MB may be what two heaps keep for the next picture.
    assert!(after < before + 36_000, "{before} KB before, {after} KB after");
}
