//! What the engine costs beside libvips, beside the same job with the crate `fast_image_resize`, and
//! beside the least that libjpeg-turbo can do; and how exact its resampling is.
//!
//! Six photographs of about 3000×2000 become JPEGs of 400 pixels' width at quality 80, in memory,
//! on one thread. The programs take turns on every picture, so that whatever else the machine does
//! falls on all alike, and CPU time is counted, not the clock. The figure of a program is the sum
//! over the pictures of the median over the rounds.
//!
//! ```text
//! cargo bench --bench engine -- [--images DIR] [--rounds N] [--only PROGRAM | --colour]
//! ```
//!
//! Without a folder the pictures are painted. libvips is loaded when the program runs (Debian
//! package `libvips42`); its being absent is an error.

#![allow(unsafe_code)]

mod accuracy;
mod colour;
mod paint;
mod peer;
mod vips;

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::{Cancel, Engine, EngineOptions, Format, Quality, Recipe};

use self::peer::{Mixed, Peer};

const WIDTH: u32 = 400;
const QUALITY: u8 = 80;

/// A JPEG's bytes.
type Picture = Arc<[u8]>;

type Program<'a> = (&'static str, Box<dyn Fn(&Picture) -> usize + 'a>);

fn main() {
    let Arguments { images, rounds, only, colour } = arguments();
    let pictures: Vec<Picture> = match images {
        Some(dir) => read(dir),
        None => (0..6).map(|number| paint::photograph(number).into()).collect(),
    };
    assert_eq!(pictures.len(), 6, "the benchmark is defined over six pictures");

    let vips_library = vips::Vips::load();
    if colour {
        colour::print(&vips_library, &pictures, rounds);
        return;
    }
    let vips = &vips_library;
    let linear = engine(true, 2);
    let plain = engine(false, 1);
    let deep = Peer::new(Mixed::Linear16, 2);
    let float = Peer::new(Mixed::LinearFloat, 2);
    let shallow = Peer::new(Mixed::Encoded8, 1);
    let mut programs: Vec<Program> = vec![
        ("linear light, shrink to 2×", Box::new(|jpeg| make(&linear, jpeg))),
        ("as encoded, shrink to 1×", Box::new(|jpeg| make(&plain, jpeg))),
        ("libvips thumbnail", Box::new(|jpeg| vips.thumbnail(jpeg, WIDTH, QUALITY, false))),
        ("floor: decode to 1×, encode", Box::new(|jpeg| floor(jpeg, 1))),
        ("floor: decode to 2×, encode", Box::new(|jpeg| floor(jpeg, 2))),
        ("peer, linear 16 bits, 2×", Box::new(|jpeg| deep.thumbnail(jpeg, WIDTH, QUALITY))),
        ("peer, linear floats, 2×", Box::new(|jpeg| float.thumbnail(jpeg, WIDTH, QUALITY))),
        ("peer, as encoded 8 bits, 1×", Box::new(|jpeg| shallow.thumbnail(jpeg, WIDTH, QUALITY))),
        ("libvips thumbnail, linear", Box::new(|jpeg| vips.thumbnail(jpeg, WIDTH, QUALITY, true))),
    ];
    if let Some(only) = only {
        // For a profiler to look at.
        let program = programs.remove(only - 1);
        let name = program.0;
        println!("{name}: {:.2} ms", measure(&[program], &pictures, rounds)[0]);
        return;
    }
    let medians = measure(&programs, &pictures, rounds);
    let (vips, floor) = (medians[2], medians[3]);
    println!("CPU ms per picture, median of {rounds} rounds, {} pictures", pictures.len());
    println!("{:32}{:>8}{:>12}{:>12}", "", "ms", "/ libvips", "/ floor");
    for ((name, _), ms) in programs.iter().zip(&medians) {
        println!("{name:32}{ms:>8.2}{:>12.3}{:>12.3}", ms / vips, ms / floor);
    }
    println!(
        "goals: linear ≤ 0.9 libvips: {}; as encoded ≤ 0.6 libvips: {}, ≤ 1.15 floor: {}",
        met(medians[0] <= 0.9 * vips),
        met(medians[1] <= 0.6 * vips),
        met(medians[1] <= 1.15 * floor)
    );
    colour::print(&vips_library, &pictures, rounds);
    accuracy::print(&linear, &plain);
}

fn met(met: bool) -> &'static str {
    if met { "met" } else { "NOT MET" }
}

struct Arguments {
    images: Option<PathBuf>,
    rounds: usize,
    /// The one program that runs, from 1.
    only: Option<usize>,
    /// Whether only conversions of colour are measured.
    colour: bool,
}

fn arguments() -> Arguments {
    let (mut images, mut rounds, mut only, mut colour) = (None, 15, None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--images" => images = arguments.next().map(PathBuf::from),
            "--rounds" => {
                rounds = arguments.next().and_then(|n| n.parse().ok()).expect("a number of rounds");
            }
            "--only" => {
                let number = arguments.next().and_then(|n| n.parse().ok());
                only = Some(number.expect("the number of a program"));
            }
            "--colour" => colour = true,
            // What cargo adds by itself.
            "--bench" => {}
            other => panic!("unknown argument {other}"),
        }
    }
    Arguments { images, rounds, only, colour }
}

fn read(dir: PathBuf) -> Vec<Picture> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .expect("the folder of images can be read")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jpg"))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("the image can be read").into()).collect()
}

/// CPU milliseconds per picture of each program.
fn measure(programs: &[Program], pictures: &[Picture], rounds: usize) -> Vec<f64> {
    let mut times = vec![vec![Vec::with_capacity(rounds); pictures.len()]; programs.len()];
    // One round more, which fills caches and is not counted.
    for round in 0..=rounds {
        for (picture, jpeg) in pictures.iter().enumerate() {
            for turn in 0..programs.len() {
                // Whoever comes first in a round comes last in another.
                let program = (turn + round) % programs.len();
                let before = cpu_ms();
                let size = (programs[program].1)(jpeg);
                let spent = cpu_ms() - before;
                assert!(size > 1000, "{} made no picture", programs[program].0);
                if round > 0 {
                    times[program][picture].push(spent);
                }
            }
        }
    }
    times
        .into_iter()
        .map(|pictures| {
            let count = pictures.len() as f64;
            pictures.into_iter().map(median).sum::<f64>() / count
        })
        .collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// CPU time of the whole process so far: libvips works on threads of its own.
fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec on this stack frame.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "the process has a CPU clock");
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn engine(linear: bool, shrink_margin: u8) -> Engine {
    Engine::new(EngineOptions { linear, shrink_margin, ..EngineOptions::default() })
        .expect("the options are valid")
}

fn make(engine: &Engine, jpeg: &Picture) -> usize {
    let recipe = Recipe {
        width: WIDTH,
        quality: Quality { lossy: QUALITY, ..Quality::default() },
        ..Recipe::unchanged(Format::Jpeg)
    };
    let input = Input::new(Cursor::new(jpeg.clone()), jpeg.len() as u64, Some(Format::Jpeg));
    let opened = engine.open(input, &Opening::default()).expect("the picture opens");
    let made = engine.make(opened, &recipe, &Cancel::never(), &|_| ()).expect("it is made");
    assert_eq!(made.width, WIDTH);
    made.bytes.len()
}

/// The smallest n/8 whose width is not below the target times `margin`, and nothing else. Of
/// a larger one a corner is encoded, so that all encode about as many pixels.
fn floor(jpeg: &Picture, margin: usize) -> usize {
    let mut decompressor = turbojpeg::Decompressor::new().expect("libjpeg-turbo works");
    let header = decompressor.read_header(jpeg).expect("the header is sound");
    let factor = (1..=8)
        .map(|num| turbojpeg::ScalingFactor::new(num, 8))
        .find(|factor| factor.scale(header.width) >= WIDTH as usize * margin)
        .expect("the picture is wide enough");
    decompressor.set_scaling_factor(factor).expect("eighths are supported");
    let (width, height) = (factor.scale(header.width), factor.scale(header.height));
    let mut image = turbojpeg::Image {
        pixels: vec![0; width * height * 3],
        width,
        height,
        pitch: width * 3,
        format: turbojpeg::PixelFormat::RGB,
    };
    decompressor.decompress(jpeg, image.as_deref_mut()).expect("the picture decodes");
    (image.width, image.height) = (width / margin, height / margin);
    let encoded =
        turbojpeg::compress(image.as_deref(), i32::from(QUALITY), turbojpeg::Subsamp::Sub2x2)
            .expect("the picture encodes");
    encoded.len()
}
