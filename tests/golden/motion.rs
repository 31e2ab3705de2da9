//! Pictures that move: composed, timed and repeated as ImageMagick sees source and result.

use std::io::Cursor;
use std::process::Command;

use halftone::pixel::decode::Input;
use halftone::pixel::{
    Cancel, Crop, Engine, EngineOptions, Error, Format, Limits, Quality, Recipe,
};

use super::support::*;

const WIDTH: usize = 48;
const HEIGHT: usize = 36;

/// Numbers that look random and are the same each time.
struct Dice(u32);

impl Dice {
    fn below(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % sides
    }
}

/// What is shown: RGBA frames, transparent pixels all zero, and for how many hundredths of a second.
#[derive(Debug)]
struct Shown {
    size: (usize, usize),
    frames: Vec<(Vec<u8>, usize)>,
}

impl Shown {
    /// The frame that is shown at each hundredth, however they were divided.
    fn over_time(&self) -> Vec<&[u8]> {
        let frames = self.frames.iter();
        frames.flat_map(|(pixels, time)| std::iter::repeat_n(pixels.as_slice(), *time)).collect()
    }
}

fn magick(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap();
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {fault}");
    output.stdout
}

/// What ImageMagick says is shown.
fn shown(name: &str, bytes: &[u8], edit: &[&str]) -> Shown {
    let path = file(name, bytes);
    let facts = magick(
        "convert",
        &[&[&path, "-coalesce"], edit, &["-format", "%T %w %h\n", "info:"]].concat(),
    );
    let facts = String::from_utf8(facts).unwrap();
    let numbers: Vec<Vec<usize>> = facts
        .lines()
        .map(|line| line.split(' ').map(|number| number.parse().unwrap()).collect())
        .collect();
    let size = (numbers[0][1], numbers[0][2]);
    let pixels =
        magick("convert", &[&[&path, "-coalesce"], edit, &["-depth", "8", "rgba:-"]].concat());
    let mut frames = Vec::new();
    for (pixels, numbers) in pixels.chunks_exact(size.0 * size.1 * 4).zip(&numbers) {
        let clear = |pixel: &[u8]| if pixel[3] == 0 { vec![0; 4] } else { pixel.to_vec() };
        frames.push((pixels.chunks(4).flat_map(clear).collect(), numbers[0]));
    }
    assert_eq!(frames.len(), numbers.len());
    Shown { size, frames }
}

/// What libvips says that a WebP shows. ImageMagick mixes pixels that are half transparent with what
/// was there before, although the file says not to.
fn shown_by_vips(name: &str, bytes: &[u8]) -> Shown {
    let (path, out) = (file(name, bytes), file(&format!("{name}.png"), &[]));
    run("vips", &["copy", &format!("{path}[n=-1]"), &out]);
    let stack = floats(&read(&std::fs::read(&out).unwrap()));
    let height = vips_numbers(&path, "page-height").first().map_or(stack.height, |height| *height);
    let mut times = vips_numbers(&path, "delay").into_iter();
    let pixel = |pixel: &[f64]| {
        let alpha = if pixel.len() == 4 { pixel[3] } else { 1.0 };
        let band = |value: f64| if alpha == 0.0 { 0 } else { (value * 255.0).round() as u8 };
        [band(pixel[0]), band(pixel[1]), band(pixel[2]), band(alpha)]
    };
    let frames = stack.values.chunks_exact(height * stack.width * stack.bands).map(|frame| {
        let pixels = frame.chunks_exact(stack.bands).flat_map(pixel).collect();
        (pixels, times.next().unwrap_or(0) / 10)
    });
    Shown { size: (stack.width, height), frames: frames.collect() }
}

/// The numbers of a field of a file's header; none when it has no such field.
fn vips_numbers(path: &str, field: &str) -> Vec<usize> {
    let output = Command::new("vipsheader").args(["-f", field, &format!("{path}[n=-1]")]).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// An animation that uses everything GIF has: frames of parts, gaps, all ways to clear them away,
/// palettes of their own, odd times.
fn wild_gif(seed: u32, repeat: Option<gif::Repeat>) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut palette = || -> Vec<u8> { (0..16 * 3).map(|_| (dice.below(16) * 17) as u8).collect() };
    let global = palette();
    let own = palette();
    let (width, height) = (WIDTH as u16, HEIGHT as u16);
    let mut encoder = gif::Encoder::new(Vec::new(), width, height, &global).unwrap();
    if let Some(repeat) = repeat {
        encoder.set_repeat(repeat).unwrap();
    }
    for number in 0..24 {
        let (left, top, across, down) = if number == 0 {
            (0, 0, width, height)
        } else {
            let (left, top) = (dice.below(40) as u16, dice.below(30) as u16);
            let across = 1 + dice.below(u32::from(width - left)) as u16;
            (left, top, across, 1 + dice.below(u32::from(height - top)) as u16)
        };
        let block = 1 + dice.below(6);
        let shift = dice.below(16);
        let indices = (0..u32::from(down)).flat_map(|y| {
            (0..u32::from(across)).map(move |x| ((x / block + y / block * 3 + shift) % 16) as u8)
        });
        let dispose = [
            gif::DisposalMethod::Keep,
            gif::DisposalMethod::Background,
            gif::DisposalMethod::Previous,
            // What a first frame is put back to, viewers and ImageMagick see differently.
        ][dice.below(if number == 0 { 2 } else { 3 }) as usize];
        let frame = gif::Frame {
            delay: 1 + dice.below(9) as u16,
            dispose,
            transparent: (number > 0 && dice.below(2) == 0).then_some(5),
            left,
            top,
            width: across,
            height: down,
            palette: (dice.below(3) == 0).then(|| own.clone()),
            buffer: indices.collect::<Vec<u8>>().into(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    encoder.into_inner().unwrap()
}

fn lossless(format: Format) -> Recipe {
    let quality = Quality { lossy: 100, ..Quality::default() };
    Recipe { quality, ..Recipe::unchanged(format) }
}

#[track_caller]
fn assert_same(case: &str, one: &Shown, other: &Shown) {
    assert_eq!(one.size, other.size, "{case}");
    let (one, other) = (one.over_time(), other.over_time());
    assert_eq!(one.len(), other.len(), "{case}: hundredths of a second");
    for (time, (one, other)) in one.iter().zip(&other).enumerate() {
        let apart = one.iter().zip(*other).filter(|(a, b)| a != b).count();
        assert_eq!(apart, 0, "{case}: {apart} samples differ at {time}/100 s");
    }
}

#[test]
fn frames_are_composed_and_timed_as_they_were() {
    let engine = engine();
    for seed in 1..6 {
        let source = wild_gif(seed, None);
        let expected = shown(&format!("wild-{seed}.gif"), &source, &[]);
        for (format, extension) in [(Format::Gif, "gif"), (Format::Webp, "webp")] {
            let made = make(&engine, &source, &lossless(format));
            let case = format!("wild-{seed}-made.{extension}");
            let found = match format {
                Format::Gif => shown(&case, &made.bytes, &[]),
                _ => shown_by_vips(&case, &made.bytes),
            };
            assert_same(&case, &found, &expected);
            // And back again.
            let back = make(&engine, &made.bytes, &lossless(Format::Gif));
            let case = format!("wild-{seed}-{extension}-back.gif");
            assert_same(&case, &shown(&case, &back.bytes, &[]), &expected);
        }
    }
}

#[test]
fn every_frame_goes_the_way_of_a_still_picture() {
    let engine = engine();
    let source = wild_gif(7, None);
    let crop = Crop { left: 0.25, top: 0.5, right: 0.75, bottom: 1.0 };
    let made = make(&engine, &source, &Recipe { crop, angle_deg: 90.0, ..lossless(Format::Gif) });
    let edit = ["-rotate", "90", "-crop", "18x24+9+24", "+repage"];
    let expected = shown("cropped.gif", &source, &edit);
    assert_same("cropped", &shown("cropped-made.gif", &made.bytes, &[]), &expected);
    // A frame made alone is the frame of the animation.
    let small = Recipe { width: 24, ..lossless(Format::Webp) };
    let frames = shown_by_vips("small.webp", &make(&engine, &source, &small).bytes).frames;
    let mut at = 0;
    for page in 1..=24 {
        let still = Recipe { page, still: true, ..small.clone() };
        let made = make(&engine, &source, &still);
        let alone = shown_by_vips("small-still.webp", &made.bytes).frames;
        assert_eq!(alone.len(), 1, "a page is a still picture");
        if alone[0].0 != frames[at].0 {
            at += 1;
        }
        assert!(alone[0].0 == frames[at].0, "page {page}");
    }
    assert_eq!(at, frames.len() - 1);
}

/// How often a GIF is shown: none for endlessly.
fn gif_plays(bytes: &[u8]) -> Option<u32> {
    let at = bytes.windows(11).position(|window| window == b"NETSCAPE2.0");
    let Some(at) = at else { return Some(1) };
    let repeats = u16::from_le_bytes([bytes[at + 13], bytes[at + 14]]);
    (repeats > 0).then(|| u32::from(repeats) + 1)
}

/// How often a WebP is shown, by its ANIM chunk (RFC 9649, section 2.7.1.1).
fn webp_plays(bytes: &[u8]) -> Option<u32> {
    let at = bytes.windows(4).position(|window| window == b"ANIM").unwrap();
    let plays = u16::from_le_bytes([bytes[at + 12], bytes[at + 13]]);
    (plays > 0).then(|| plays.into())
}

#[test]
fn they_are_repeated_as_often() {
    let engine = engine();
    for (repeat, plays) in [
        (None, Some(1)),
        (Some(gif::Repeat::Finite(1)), Some(2)),
        (Some(gif::Repeat::Finite(6)), Some(7)),
        (Some(gif::Repeat::Infinite), None),
    ] {
        let source = wild_gif(3, repeat);
        let gif = make(&engine, &source, &lossless(Format::Gif)).bytes;
        assert_eq!(gif_plays(&gif), plays);
        let webp = make(&engine, &source, &lossless(Format::Webp)).bytes;
        assert_eq!(webp_plays(&webp), plays);
        let back = make(&engine, &webp, &lossless(Format::Gif)).bytes;
        assert_eq!(gif_plays(&back), plays);
    }
}

#[test]
fn what_does_not_move_or_must_not_is_still() {
    let source = wild_gif(4, None);
    let frames = |options: EngineOptions, recipe: &Recipe, name: &str| {
        let engine = Engine::new(options).unwrap();
        shown(name, &make(&engine, &source, recipe).bytes, &[]).frames.len()
    };
    let usual = EngineOptions::default;
    let gif = lossless(Format::Gif);
    assert!(frames(usual(), &gif, "moves.gif") > 15);
    assert_eq!(frames(usual(), &lossless(Format::Png), "still.png"), 1);
    assert_eq!(frames(usual(), &Recipe { still: true, ..gif.clone() }, "still.gif"), 1);
    assert!(frames(EngineOptions { max_frames: 24, ..usual() }, &gif, "most.gif") > 15);
    assert_eq!(frames(EngineOptions { max_frames: 23, ..usual() }, &gif, "more.gif"), 1);
    let pixels = (24 * WIDTH * HEIGHT) as u64;
    for (declared_pixels, expected) in [(pixels, false), (pixels - 1, true)] {
        let limits = Limits { declared_pixels, ..Limits::default() };
        let still = frames(EngineOptions { limits, ..usual() }, &gif, "bounded.gif") == 1;
        assert_eq!(still, expected, "{declared_pixels}");
    }
}

#[test]
fn a_damaged_frame_is_an_error_and_work_can_be_called_off() {
    let engine = engine();
    let source = wild_gif(5, None);
    let webp = make(&engine, &source, &lossless(Format::Webp)).bytes;
    for whole in [&source, &webp] {
        let opened = |bytes: &[u8]| {
            let input = Input::new(Cursor::new(bytes.to_vec()), bytes.len() as u64, None);
            engine.open(input, &lossless(Format::Gif).opening())
        };
        let gif = lossless(Format::Gif);
        for len in [whole.len() / 3, whole.len() / 2, whole.len() * 9 / 10] {
            let made = opened(&whole[..len])
                .and_then(|opened| engine.make(opened, &gif, &Cancel::never(), &|_| ()));
            assert!(matches!(made, Err(Error::Malformed(_))), "{len}: {made:?}");
        }
        let cancel = Cancel::never();
        let seen = std::cell::Cell::new(0);
        let phase = |_| {
            seen.set(seen.get() + 1);
            if seen.get() == 6 {
                cancel.cancel();
            }
        };
        let made = engine.make(opened(whole).unwrap(), &gif, &cancel, &phase);
        assert!(matches!(made, Err(Error::Cancelled)));
        assert!(seen.get() < 10, "it stopped between frames");
    }
}

/// A small plain square that moves over a picture of very many colours.
fn over_a_photograph(frames: usize) -> Vec<u8> {
    let paint = |number: usize, x: usize, y: usize| {
        if (number * 8..number * 8 + 16).contains(&x) && (20..36).contains(&y) {
            return [1.0, 0.0, 0.0];
        }
        let wave = |at: usize, by: f64| 0.5 + 0.45 * (at as f64 / by).sin();
        [wave(x, 31.0), wave(y, 23.0), wave(x + y, 17.0)]
    };
    let mut arguments: Vec<String> = ["-delay", "4"].map(String::from).to_vec();
    for number in 0..frames {
        let frame = Floats::paint(160, 120, |x, y| paint(number, x, y));
        arguments.push(file(&format!("sprite-{number}.png"), &frame.png()));
    }
    arguments.extend(["-define", "webp:lossless=true"].map(String::from));
    arguments.push(file("sprites.webp", &[]));
    run("convert", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    std::fs::read(arguments.last().unwrap()).unwrap()
}

#[test]
fn only_what_changes_is_written() {
    let engine = engine();
    let few = make(&engine, &over_a_photograph(2), &lossless(Format::Gif)).bytes.len();
    let source = over_a_photograph(12);
    let made = make(&engine, &source, &lossless(Format::Gif));
    let still = make(&engine, &source, &Recipe { still: true, ..lossless(Format::Gif) });
    // Ten more frames of a square of 16 pixels, and the place that it left.
    let more = made.bytes.len() - few;
    assert!(more < still.bytes.len() / 2, "{more} of {}", still.bytes.len());

    let expected = shown("sprites.webp", &source, &[]);
    let found = shown("sprites.gif", &made.bytes, &[]);
    assert_eq!(found.frames.len(), expected.frames.len());
    let apart = |one: &[u8], other: &[u8]| {
        let sum: u64 = one.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / one.len() as f64
    };
    // A picture of thousands of colours in 255, as ImageMagick does it.
    let edit = ["-delete", "1--1", "-dither", "FloydSteinberg", "-colors", "255"];
    let theirs = shown("sprites-reduced.webp", &source, &edit);
    let usual = apart(&theirs.frames[0].0, &expected.frames[0].0);
    for (found, expected) in found.frames.iter().zip(&expected.frames) {
        assert_eq!(found.1, expected.1);
        let mean = apart(&found.0, &expected.0);
        assert!(mean < 1.15 * usual, "{mean}, by ImageMagick {usual}");
    }
}
