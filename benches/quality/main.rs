//! How close the engine's reductions of JPEGs come to the exact ones: SSIMULACRA2 of the pixels
//! before encoding, against a full decode reduced in linear light in 64-bit floats.
//!
//! ```text
//! cargo bench --bench quality -- [--images DIR] [--factor F]…
//! ```
//!
//! The corpus is made by code; a folder of JPEGs is measured beside it.

#[path = "../../tests/quality/corpus.rs"]
mod corpus;
#[path = "../../tests/quality/engine.rs"]
mod engine;
#[path = "../../tests/quality/reference.rs"]
mod reference;

use std::fs;
use std::path::PathBuf;

use halftone::pixel::{Engine, EngineOptions};

use self::reference::Picture;

fn main() {
    let (images, widths) = arguments();
    let made = corpus::charts().into_iter().map(|chart| (chart.name.to_owned(), chart.jpeg));
    let photographs = images.iter().flat_map(read);
    let mut lowest = vec![f64::MAX; widths.len()];
    let engine = Engine::new(EngineOptions::default()).expect("the options are valid");
    print!("{:32}", "SSIMULACRA2, reduced by a factor of");
    widths.iter().for_each(|factor| print!("{factor:>8}"));
    println!();
    for (name, jpeg) in made.chain(photographs) {
        let source = Picture::decode(&jpeg);
        print!("{name:32}");
        for (factor, lowest) in widths.iter().zip(&mut lowest) {
            let width = (source.width as f64 / factor).round() as u32;
            let made = engine::reduce(&engine, &jpeg, width);
            let score = source.reduce(made.width, made.height).score(&made);
            *lowest = lowest.min(score);
            print!("{score:>8.2}");
        }
        println!();
    }
    print!("{:32}", "lowest");
    lowest.iter().for_each(|lowest| print!("{lowest:>8.2}"));
    println!();
}

fn arguments() -> (Option<PathBuf>, Vec<f64>) {
    let (mut images, mut factors) = (None, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--images" => images = arguments.next().map(PathBuf::from),
            "--factor" => {
                factors.push(arguments.next().and_then(|n| n.parse().ok()).expect("a factor"));
            }
            "--bench" => {}
            other => panic!("unknown argument {other}"),
        }
    }
    if factors.is_empty() {
        factors = vec![2.2, 3.1, 4.0, 5.3, 6.5, 7.5, 8.7, 10.3];
    }
    (images, factors)
}

fn read(dir: &PathBuf) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .expect("the folder of images can be read")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jpg"))
        .collect();
    paths.sort();
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    paths
        .iter()
        .map(|path| (name(path).unwrap_or_default(), fs::read(path).expect("it can be read")))
        .collect()
}
