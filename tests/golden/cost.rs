//! What one picture may cost: bounds are kept by refusing beforehand, and the table says what is true.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use halftone::pixel::decode::{Decoded, Decoder, Info, Input, Opening, Source, Want};
use halftone::pixel::{
    Cancel, Compression, Depth, Engine, EngineOptions, Error, FORMATS, Format, FormatRow, Opened,
    Quality, Recipe, Result,
};

use crate::support::{Floats, engine};

/// A picture that must not be read.
struct Unread;

impl Decoder for Unread {
    fn held_pixels(&self, _: &Info, want: &Want) -> u64 {
        want.region.pixels()
    }

    fn decode(self: Box<Self>, _: Info, _: &Want, _: &Cancel) -> Result<Decoded> {
        panic!("it is read although its result is refused")
    }
}

fn source(width: u32, height: u32, depth: Depth) -> Source {
    Source::new(Info { depth, ..Info::new(Format::Png, width, height) }, Box::new(Unread))
}

fn recipe(format: Format, lossy: u8) -> Recipe {
    let quality = Quality { lossy, ..Quality::default() };
    Recipe { quality, ..Recipe::unchanged(format) }
}

/// A square of no more than this many megapixels, and one of more.
fn squares(megapixels: u32) -> (u32, u32) {
    let side = (f64::from(megapixels) * 1e6).sqrt() as u32;
    (side, side + 2)
}

fn written() -> Vec<&'static FormatRow> {
    let rows: Vec<_> = FORMATS.iter().filter(|row| row.is_written()).collect();
    assert!(rows.len() >= 9, "only {} formats are written", rows.len());
    rows
}

fn opened(engine: &Engine, file: &[u8]) -> Opened {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    engine.open(input, &Opening::default()).unwrap()
}

fn refusal(engine: &Engine, source: Source, recipe: &Recipe) -> Error {
    engine.make(engine.opened(source), recipe, &Cancel::never(), &|_| ()).unwrap_err()
}

#[test]
fn what_takes_too_long_to_write_is_refused_before_it_is_read() {
    let engine =
        Engine::new(EngineOptions { memory_bytes: u64::MAX, ..Default::default() }).unwrap();
    for row in written() {
        for cost in row.costs {
            let recipe = recipe(row.format, cost.from_quality);
            let (fits, too_large) = squares(cost.most_megapixels);
            let admitted = engine.admit(&engine.opened(source(fits, fits, Depth::U8)), &recipe);
            assert!(admitted.is_ok(), "{} {}: {admitted:?}", row.title, cost.from_quality);
            let error = refusal(&engine, source(too_large, too_large, Depth::U8), &recipe);
            // Beyond what any picture may hold the format does not matter.
            if cost.most_megapixels >= 250 {
                assert!(matches!(error, Error::Limit(_)), "{}: {error}", row.title);
                continue;
            }
            let Error::Parameter { name: "format", reason } = error else { panic!("{error}") };
            let limit = format!("{} megapixels", cost.most_megapixels);
            assert!(reason.contains(row.title) && reason.contains(&limit), "{reason}");
        }
        if row.most_side < 1_000_000 {
            let error =
                refusal(&engine, source(row.most_side + 1, 1, Depth::U8), &recipe(row.format, 80));
            let Error::Parameter { name: "format", reason } = error else { panic!("{error}") };
            assert!(reason.contains(&row.most_side.to_string()), "{reason}");
        }
    }
}

#[test]
fn what_takes_too_much_memory_is_refused_before_it_is_read() {
    let megabytes =
        |megabytes: u64| EngineOptions { memory_bytes: megabytes << 20, ..Default::default() };
    let engine = Engine::new(megabytes(100)).unwrap();
    // Beside the 12 MB of the picture the encoder takes more than the 100 that are left for it.
    let jxl = Format::Jxl.row().cost(80).unwrap();
    assert!(4 * jxl.bytes_per_pixel > 100);
    let error = refusal(&engine, source(2000, 2000, Depth::U8), &recipe(Format::Jxl, 80));
    let Error::Parameter { name: "format", reason } = error else { panic!("{error}") };
    assert!(reason.contains("JPEG XL") && reason.contains("may take 100"), "{reason}");
    let bmp = engine.opened(source(2000, 2000, Depth::U8));
    assert!(engine.admit(&bmp, &recipe(Format::Bmp, 80)).is_ok());
    // Two buffers of 64 megapixels of RGB, of 16 bits, are no matter of the format.
    let engine = Engine::new(megabytes(700)).unwrap();
    let bmp = engine.opened(source(8000, 8000, Depth::U8));
    assert!(engine.admit(&bmp, &recipe(Format::Bmp, 80)).is_ok());
    let error = refusal(&engine, source(8000, 8000, Depth::U16), &recipe(Format::Bmp, 80));
    assert!(matches!(&error, Error::Limit(text) if text.contains("may take 700")), "{error}");
}

#[test]
fn encoders_count_in_the_budget() {
    let engine = engine();
    let held = |format, lossy| {
        engine.admit(&engine.opened(source(1000, 1000, Depth::U8)), &recipe(format, lossy)).unwrap()
    };
    // Pixels of four bytes: three are the picture's own.
    for row in written() {
        for cost in row.costs {
            let expected = (3 + u64::from(cost.bytes_per_pixel)) * 1_000_000 / 4;
            let held = held(row.format, cost.from_quality);
            assert!(held >= expected && held >= 2_000_000, "{}: {held}", row.title);
            assert!(held <= expected.max(2_000_000) + 1, "{}: {held}", row.title);
        }
    }
    // A quality that is found by measuring may come out high.
    let measured = Recipe { measured: true, ..recipe(Format::Avif, 60) };
    let measured = engine.admit(&engine.opened(source(1000, 1000, Depth::U8)), &measured).unwrap();
    assert_eq!(measured, held(Format::Avif, 95));
}

/// A GIF of so many frames, each of another colour.
fn animation(frames: u8) -> Vec<u8> {
    let mut encoder = gif::Encoder::new(Vec::new(), 200, 100, &[]).unwrap();
    for number in 0..frames {
        let palette = [number, 0, 0, 255, 255, 255];
        let frame = gif::Frame::from_palette_pixels(200, 100, vec![0; 20_000], palette, None);
        encoder.write_frame(&frame).unwrap();
    }
    encoder.into_inner().unwrap()
}

#[test]
fn animations_count_their_frames() {
    let engine = engine();
    let held = |count, format| {
        let opened = opened(&engine, &animation(count));
        engine.admit(&opened, &recipe(format, 80)).unwrap()
    };
    for format in [Format::Gif, Format::Webp] {
        assert!(held(40, format) >= held(4, format) + 36 * 200 * 100 / 4, "{format:?}");
    }
    let small = Engine::new(EngineOptions { memory_bytes: 2 << 20, ..Default::default() }).unwrap();
    let admitted =
        |count| small.admit(&opened(&small, &animation(count)), &recipe(Format::Webp, 80));
    assert!(admitted(4).is_ok(), "{:?}", admitted(4));
    let Err(Error::Parameter { name: "format", reason }) = admitted(60) else { panic!() };
    assert!(reason.contains("WebP"), "{reason}");
}

/// Half noise, which compresses worst, half a gradient; a Netpbm file.
fn painted(side: usize, bands: usize, deep: bool) -> Vec<u8> {
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    let mut value = |x: usize, y: usize| {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        if y < side / 2 { (noise >> 40) as u8 } else { (x * 255 / side) as u8 }
    };
    let most = if deep { 65535 } else { 255 };
    let kind = if bands == 4 { "RGB_ALPHA" } else { "RGB" };
    let mut file = format!(
        "P7\nWIDTH {side}\nHEIGHT {side}\nDEPTH {bands}\nMAXVAL {most}\nTUPLTYPE {kind}\nENDHDR\n"
    )
    .into_bytes();
    for y in 0..side {
        for x in 0..side * bands {
            file.push(value(x / bands, y));
            if deep {
                file.push(value(x / bands, y));
            }
        }
    }
    file
}

/// The most memory that a conversion holds, in bytes.
fn peak(folder: &Path, source: &str, format: Format, quality: u8) -> u64 {
    let target = folder.join("out").with_extension(format.extension());
    let mut converting = Command::new(env!("CARGO_BIN_EXE_halftone"))
        .arg("convert")
        .args(["--quality", &quality.to_string()])
        .args([folder.join(source), target])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", converting.id());
    let mut peak_kb = 0;
    let ended = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kb) = line.and_then(|line| line.split_whitespace().next()?.parse().ok()) {
            peak_kb = kb;
        }
        if let Some(ended) = converting.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(ended.success(), "{format:?} {quality}");
    peak_kb << 10
}

#[test]
fn encoders_hold_no_more_than_their_rows_say() {
    const SIDE: usize = 2200;
    // Pages of the allocator, tables, threads.
    const ROOM_BYTES: u64 = 6 << 20;
    let folder = tempfile::tempdir().unwrap();
    let kinds = [("rgb", 3, false), ("rgba", 4, false), ("deep", 3, true)];
    for (name, bands, deep) in kinds {
        fs::write(folder.path().join(format!("{name}.pam")), painted(SIDE, bands, deep)).unwrap();
        fs::write(folder.path().join(format!("{name}-small.pam")), painted(64, bands, deep))
            .unwrap();
    }
    let engine = engine();
    let mut more = Vec::new();
    for row in written() {
        for cost in row.costs {
            for (name, bands, deep) in kinds {
                let quality = match (row.compression, cost.from_quality) {
                    (Compression::Png, _) => 95,
                    (_, 1) => 80,
                    (_, quality) => quality,
                };
                let depth = if deep { Depth::U16 } else { Depth::U8 };
                let info = Info {
                    depth,
                    alpha: bands == 4,
                    ..Info::new(Format::Png, SIDE as u32, SIDE as u32)
                };
                let source = engine.opened(Source::new(info, Box::new(Unread)));
                let said = engine.admit(&source, &recipe(row.format, quality)).unwrap() * 4;
                let peak = |suffix: &str| {
                    peak(folder.path(), &format!("{name}{suffix}.pam"), row.format, quality)
                };
                let held = peak("").saturating_sub(peak("-small"));
                let pixels = (SIDE * SIDE) as f64;
                println!(
                    "{} {quality} {name}: {:.1} bytes a pixel, {:.1} said",
                    row.title,
                    held as f64 / pixels,
                    said as f64 / pixels
                );
                if held > said + ROOM_BYTES {
                    more.push(format!("{} {quality} {name}: {held}, {said} said", row.title));
                }
            }
        }
    }
    assert!(more.is_empty(), "{more:#?}");
}

#[test]
fn small_pictures_are_written_as_ever() {
    let png = Floats::paint(30, 20, |x, _| [x as f64 / 30.0; 3]).png();
    let engine = engine();
    for row in written() {
        for cost in row.costs {
            let recipe = recipe(row.format, cost.from_quality);
            let made = engine.make(opened(&engine, &png), &recipe, &Cancel::never(), &|_| ());
            assert!(made.is_ok(), "{} {}", row.title, cost.from_quality);
        }
    }
}
