//! What it costs to make screen pictures of CMYK photographs.
//!
//! The photographs are turned into CMYK JPEGs that carry Ghostscript's press profile (Debian:
//! libgs-common), as photo editors write them, and then made into sRGB JPEGs of 400 pixels' width at
//! quality 80 by the engine and by libvips.

use std::sync::Arc;

use halftone::pixel::{ColourSpace, Engine, EngineOptions, Format, Quality, Recipe};

use super::bench::{Bench, Picture, engine, make};
use super::measure::{Program, goal, measure};

const WIDTH: u32 = 400;
const QUALITY: u8 = 80;

const PRESS: &str = "/usr/share/color/icc/ghostscript/default_cmyk.icc";

/// Measures and prints.
pub fn run(bench: &Bench) {
    let Bench { vips, pictures, rounds, .. } = bench;
    let press: Arc<[u8]> =
        std::fs::read(PRESS).expect("the press profile of libgs-common is installed").into();
    let options = EngineOptions { cmyk_profile: Some(press), ..EngineOptions::default() };
    let exact = Engine::new(options).expect("the options are valid");
    let plain = engine(false, 1);
    let prints: Vec<Picture> = pictures
        .iter()
        .map(|jpeg| {
            let recipe = Recipe {
                colorspace: Some(ColourSpace::Cmyk),
                quality: Quality { lossy: 92, ..Quality::default() },
                ..Recipe::unchanged(Format::Jpeg)
            };
            make(&exact, jpeg, &recipe).bytes.into()
        })
        .collect();
    let recipe = Recipe {
        width: WIDTH,
        colorspace: Some(ColourSpace::Rgb),
        quality: Quality { lossy: QUALITY, ..Quality::default() },
        ..Recipe::unchanged(Format::Jpeg)
    };
    let programs: Vec<Program> = vec![
        ("CMYK to sRGB, shrink to 2×", Box::new(|jpeg| make(&exact, jpeg, &recipe).bytes.len())),
        ("CMYK to sRGB, shrink to 1×", Box::new(|jpeg| make(&plain, jpeg, &recipe).bytes.len())),
        ("libvips thumbnail to sRGB", Box::new(|jpeg| vips.thumbnail_srgb(jpeg, WIDTH, QUALITY))),
    ];
    let medians = measure(&programs, &prints, *rounds);
    println!("\nCMYK JPEG to sRGB {WIDTH} px: CPU ms per picture, median of {rounds} rounds");
    for ((name, _), ms) in programs.iter().zip(&medians) {
        println!("{name:32}{ms:>8.2}{:>12.3}", ms / medians[2]);
    }
    goal("CMYK JPEG to sRGB / libvips", medians[0] / medians[2], 0.9);
}
