//! JPEG to JPEG: six photographs of about 3000×2000 become 400 pixels wide at quality 80, in
//! memory, on one thread.

use halftone::pixel::{Format, Quality, Recipe};

use super::bench::{Bench, Picture, engine, make};
use super::measure::{Program, goal, measure};
use super::peer::{Mixed, Peer};

const WIDTH: u32 = 400;
const QUALITY: u8 = 80;

/// Prints the table and what it says about the goals.
pub fn run(bench: &Bench) {
    let Bench { pictures, rounds, only, vips, .. } = bench;
    let recipe = Recipe {
        width: WIDTH,
        quality: Quality { lossy: QUALITY, ..Quality::default() },
        ..Recipe::unchanged(Format::Jpeg)
    };
    let linear = engine(true, 2);
    let plain = engine(false, 1);
    let deep = Peer::new(Mixed::Linear16, 2);
    let float = Peer::new(Mixed::LinearFloat, 2);
    let shallow = Peer::new(Mixed::Encoded8, 1);
    let mut programs: Vec<Program> = vec![
        ("linear light", Box::new(|jpeg| make(&linear, jpeg, &recipe).bytes.len())),
        ("as encoded, shrink to 1×", Box::new(|jpeg| make(&plain, jpeg, &recipe).bytes.len())),
        ("libvips thumbnail", Box::new(|jpeg| vips.thumbnail(jpeg, WIDTH, QUALITY, false))),
        ("floor: decode to 1×, encode", Box::new(|jpeg| floor(jpeg, WIDTH, 1))),
        ("floor: decode to 2×, encode", Box::new(|jpeg| floor(jpeg, WIDTH, 2))),
        ("peer, linear 16 bits, 2×", Box::new(|jpeg| deep.thumbnail(jpeg, WIDTH, QUALITY))),
        ("peer, linear floats, 2×", Box::new(|jpeg| float.thumbnail(jpeg, WIDTH, QUALITY))),
        ("peer, as encoded 8 bits, 1×", Box::new(|jpeg| shallow.thumbnail(jpeg, WIDTH, QUALITY))),
        ("libvips thumbnail, linear", Box::new(|jpeg| vips.thumbnail(jpeg, WIDTH, QUALITY, true))),
    ];
    if let Some(only) = only {
        let program = programs.remove(only - 1);
        let name = program.0;
        println!("{name}: {:.2} ms", measure(&[program], pictures, *rounds)[0]);
        return;
    }
    let medians = measure(&programs, pictures, *rounds);
    let (vips, floor, vips_linear) = (medians[2], medians[3], medians[8]);
    println!("CPU ms per picture, median of {rounds} rounds, {} pictures", pictures.len());
    println!("{:32}{:>8}{:>12}{:>12}", "", "ms", "/ libvips", "/ floor");
    for ((name, _), ms) in programs.iter().zip(&medians) {
        println!("{name:32}{ms:>8.2}{:>12.3}{:>12.3}", ms / vips, ms / floor);
    }
    goal("6 MP JPEG → 400 px linear / libvips", medians[0] / vips, 0.65);
    goal("6 MP JPEG → 400 px linear / libvips linear", medians[0] / vips_linear, 0.2);
    goal("6 MP JPEG → 400 px linear / floor", medians[0] / floor, 1.2);
    goal("6 MP JPEG → 400 px as encoded / libvips", medians[1] / vips, 0.6);
    goal("6 MP JPEG → 400 px as encoded / floor", medians[1] / floor, 1.15);
}

/// The smallest n/8 whose width is not below the target times `margin`, and nothing else. Of
/// a larger one a corner is encoded, so that all encode about as many pixels.
pub fn floor(jpeg: &Picture, width: u32, margin: usize) -> usize {
    let mut decompressor = turbojpeg::Decompressor::new().expect("libjpeg-turbo works");
    let header = decompressor.read_header(jpeg).expect("the header is sound");
    let factor = (1..=8)
        .map(|num| turbojpeg::ScalingFactor::new(num, 8))
        .find(|factor| factor.scale(header.width) >= width as usize * margin)
        .expect("the picture is wide enough");
    decompressor.set_scaling_factor(factor).expect("eighths are supported");
    let (columns, rows) = (factor.scale(header.width), factor.scale(header.height));
    let mut image = turbojpeg::Image {
        pixels: vec![0; columns * rows * 3],
        width: columns,
        height: rows,
        pitch: columns * 3,
        format: turbojpeg::PixelFormat::RGB,
    };
    decompressor.decompress(jpeg, image.as_deref_mut()).expect("the picture decodes");
    (image.width, image.height) = (columns / margin, rows / margin);
    let encoded =
        turbojpeg::compress(image.as_deref(), i32::from(QUALITY), turbojpeg::Subsamp::Sub2x2)
            .expect("the picture encodes");
    encoded.len()
}
