//! What the engine promises besides pixels: phases, calling off, limits, resolution, metadata.

use std::cell::RefCell;
use std::io::Cursor;
use std::time::Instant;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    Cancel, Density, Engine, EngineOptions, Error, Format, Limits, Metadata, Opened, Phase, Recipe,
};

use super::support::*;

fn source() -> Floats {
    Floats::paint(300, 200, |x, y| [x as f64 / 300.0, y as f64 / 200.0, 0.5])
}

fn opened(engine: &Engine, file: &[u8]) -> Opened {
    engine
        .open(Input::new(Cursor::new(file.to_vec()), file.len() as u64, None), &Opening::default())
        .unwrap()
}

fn png(width: u32) -> Recipe {
    Recipe { width, ..Recipe::unchanged(Format::Png) }
}

#[test]
fn phases_come_in_order() {
    let seen = RefCell::new(Vec::new());
    let engine = engine();
    let phase = |phase| seen.borrow_mut().push(phase);
    engine.make(opened(&engine, &source().png()), &png(50), &Cancel::never(), &phase).unwrap();
    assert_eq!(*seen.borrow(), [Phase::Decoding, Phase::Pixels, Phase::Encoding]);
}

#[test]
fn work_can_be_called_off_in_every_phase() {
    for when in [Phase::Decoding, Phase::Pixels] {
        let cancel = Cancel::never();
        let engine = engine();
        let phase = |phase| {
            if phase == when {
                cancel.cancel();
            }
        };
        let made = engine.make(opened(&engine, &source().png()), &png(50), &cancel, &phase);
        assert!(matches!(made, Err(Error::Cancelled)), "{when:?}");
    }
    let late = Cancel::at(Instant::now());
    let engine = engine();
    let made = engine.make(opened(&engine, &source().png()), &png(50), &late, &|_| ());
    assert!(matches!(made, Err(Error::Cancelled)));
}

#[test]
fn small_results_of_a_jpeg_hold_no_more_than_they_may_need() {
    let engine = engine();
    let jpeg = Floats::paint(2000, 1600, |x, _| [x as f64 / 2000.0; 3]).jpeg();
    let held = |width| opened(&engine, &jpeg).held_pixels(&png(width));
    // A quarter of the size is enough unless that would show, and then the whole picture is held; the
    // result and what it is made of are held beside it.
    assert!(held(250) >= 2000 * 1600, "{}", held(250));
    assert!(held(250) <= 2000 * 1600 + 4 * 250 * 200, "{}", held(250));
    // Of large pictures no more than a half is decoded for a small result.
    let large = turbojpeg::Image {
        pixels: &vec![90; 6000 * 4000][..],
        width: 6000,
        height: 4000,
        pitch: 6000,
        format: turbojpeg::PixelFormat::GRAY,
    };
    let large = turbojpeg::compress(large, 80, turbojpeg::Subsamp::Gray).unwrap();
    let held_large = opened(&engine, &large).held_pixels(&png(750));
    assert!(held_large >= 3000 * 2000, "{held_large}");
    assert!(held_large <= 3000 * 2000 + 4 * 750 * 500, "{held_large}");
    assert!(held(0) >= 2000 * 1600);
    let tilted = Recipe { angle_deg: 45.0, ..png(0) };
    assert!(opened(&engine, &jpeg).held_pixels(&tilted) > 2 * 2000 * 1600);
}

#[test]
fn a_turned_canvas_beyond_the_limit_is_refused() {
    let limits = Limits { held_pixels: 70_000, ..Limits::default() };
    let engine = Engine::new(EngineOptions { limits, ..EngineOptions::default() }).unwrap();
    let file = source().png();
    let make = |angle_deg| {
        let recipe = Recipe { angle_deg, ..png(0) };
        engine.make(opened(&engine, &file), &recipe, &Cancel::never(), &|_| ())
    };
    assert!(make(90.0).is_ok());
    // 300×200 turned by 45° is 354×354.
    assert!(matches!(make(45.0), Err(Error::Limit(_))));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for shrink_margin in [0, 3] {
        assert!(Engine::new(EngineOptions { shrink_margin, ..Default::default() }).is_err());
    }
}

#[test]
fn resolution_and_metadata() {
    let mut image = source().image(false);
    let density = Some(Density { x_dpi: 240.0, y_dpi: 240.0 });
    let xmp = Some(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>".to_vec().into());
    image.metadata = Metadata { density, xmp, ..Metadata::default() };
    let file = encode(&image, &EncodeOptions::new(Format::Jpeg)).unwrap();
    let made = |dpi, strip| {
        let recipe = Recipe { dpi, strip, width: 100, ..Recipe::unchanged(Format::Jpeg) };
        let metadata = picture(&engine(), &file, &recipe).metadata;
        (metadata.density.map(|density| density.x_dpi.round() as u32), metadata.xmp.is_some())
    };
    assert_eq!(made(0, false), (Some(240), true));
    assert_eq!(made(300, false), (Some(300), true));
    assert_eq!(made(300, true), (Some(300), false));
    assert!(!made(0, true).1);
    assert_ne!(made(0, true).0, Some(240));
}

#[test]
fn a_narrow_margin_still_covers_the_result() {
    let engine =
        Engine::new(EngineOptions { shrink_margin: 1, ..EngineOptions::default() }).unwrap();
    let ramp = Floats::paint(1600, 1200, |x, y| [x as f64 / 1600.0, y as f64 / 1200.0, 0.5]);
    for width in [200, 201, 399, 400, 799, 1599] {
        let made = picture(&engine, &ramp.jpeg(), &png(width));
        assert_eq!(made.width, width);
        let scale = 1600.0 / f64::from(width);
        let height = made.height as usize;
        // A slope stays the same slope at any size, but for the ends.
        let floats = floats(&made);
        for x in 5..width as usize - 5 {
            let expected = ((x as f64 + 0.5) * scale - 0.5) / 1600.0;
            let off = (floats.pixel(x, height / 2)[0] - expected).abs() * 255.0;
            assert!(off <= 2.5, "{width} at {x}: {off:.2}");
        }
    }
}
