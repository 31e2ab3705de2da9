//! A part of a JPEG: 30 % of width and height from the middle become 300 pixels wide, on one thread.
//!
//! libvips does the same in two ways: from all pixels read in order, and from the picture that
//! libjpeg-turbo has halved. The engine is compared with the cheaper one.

use halftone::pixel::{Crop, Format, Quality, Recipe};

use super::bench::{Bench, engine, make};
use super::measure::{Program, goal, measure};
use super::operations::Operations;

const WIDTH: u32 = 300;
const QUALITY: u8 = 80;

/// Prints the table and what it says about the goal.
pub fn run(bench: &Bench) {
    let Bench { pictures, rounds, .. } = bench;
    let engine = engine(true, 2);
    let vips = Operations::load();
    let recipe = Recipe {
        width: WIDTH,
        crop: Crop { left: 0.35, top: 0.35, right: 0.65, bottom: 0.65 },
        quality: Quality { lossy: QUALITY, ..Quality::default() },
        ..Recipe::unchanged(Format::Jpeg)
    };
    let programs: Vec<Program> = vec![
        ("centre 30 % → 300 px", Box::new(|jpeg| make(&engine, jpeg, &recipe).bytes.len())),
        ("libvips, all pixels", Box::new(|jpeg| vips.crop(jpeg, 1, WIDTH))),
        ("libvips, shrunk on load", Box::new(|jpeg| vips.crop(jpeg, 2, WIDTH))),
    ];
    let ms = measure(&programs, pictures, *rounds);
    println!("CPU ms per picture, median of {rounds} rounds, {} pictures", pictures.len());
    for ((name, _), ms) in programs.iter().zip(&ms) {
        println!("{name:32}{ms:>8.2}");
    }
    goal("centre 30 % → 300 px / libvips", ms[0] / ms[1].min(ms[2]), 0.6);
}
