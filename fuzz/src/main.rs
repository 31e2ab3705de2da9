//! One target per decoder, over libFuzzer: the one whose file name extension stands in `HALFTONE_FUZZ`.
//!
//! `scripts/fuzz` builds it with coverage on the stable toolchain, makes the seeds and runs it.
#![no_main]

use std::io::Cursor;
use std::sync::LazyLock;

use halftone::pixel::decode::{Input, Opening, Region, Source, Want};
use halftone::pixel::{Cancel, Format, Limits, Samples};
use libfuzzer_sys::fuzz_target;

/// Small, so that a lucky size costs no time.
const LIMITS: Limits = Limits { held_pixels: 1_000_000, declared_pixels: 4_000_000 };

static FORMAT: LazyLock<Format> = LazyLock::new(|| {
    let name = std::env::var("HALFTONE_FUZZ").expect("HALFTONE_FUZZ names a format");
    Format::from_extension(&name).expect("HALFTONE_FUZZ names a known format")
});

fuzz_target!(|bytes: &[u8]| {
    // The first byte says what is wanted, so that this is varied, too.
    let Some((&choice, file)) = bytes.split_first() else { return };
    let page = u32::from(choice & 3) + 1;
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    let opening = Opening { page, ..Opening::default() };
    let Ok(source) = Source::open_here(input, *FORMAT, &opening, &LIMITS) else { return };
    let (width, height) = (source.info().width, source.info().height);
    let region = if choice & 4 == 0 {
        Region::full(width, height)
    } else {
        Region { x: width / 3, y: height / 3, width: width / 2, height: height / 2 }
    };
    let min_scale = if choice & 8 == 0 { 1.0 } else { 0.3 };
    let want = Want { region, min_scale };
    if let Ok(decoded) = source.decode(&want, &LIMITS, &Cancel::never()) {
        let image = decoded.image;
        let len = image.width as usize * image.height as usize * image.bands();
        let found = match &image.samples {
            Samples::U8(samples) => samples.len(),
            Samples::U16(samples) => samples.len(),
        };
        assert_eq!(found, len, "a picture has as many samples as its size says");
        let scale = decoded.scale.0.min(decoded.scale.1);
        assert!(scale > 0.0 && scale >= min_scale * 0.999);
    }
});
