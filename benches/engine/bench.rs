//! What every section gets: the arguments, the pictures, libvips, and engines.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::{Cancel, Engine, EngineOptions, Format, Made, Recipe};

use super::{paint, vips};

/// A file's bytes.
pub type Picture = Arc<[u8]>;

/// What was asked for, and what the sections share.
pub struct Bench {
    /// Names of the sections that run; none means all.
    pub sections: Vec<String>,
    /// Six JPEGs of about six megapixels.
    pub pictures: Vec<Picture>,
    /// How often each program has its turn on each picture.
    pub rounds: usize,
    /// The one program of a section that runs, from 1, for a profiler to look at.
    pub only: Option<usize>,
    /// libvips, set to one thread and no cache.
    pub vips: vips::Vips,
}

impl Bench {
    /// Reads the arguments and loads what they name.
    pub fn from_arguments() -> Self {
        let (mut sections, mut images, mut rounds, mut only) = (Vec::new(), None, 15, None);
        let mut arguments = std::env::args().skip(1);
        let number = |text: Option<String>| text.and_then(|n| n.parse().ok()).expect("a number");
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--images" => images = arguments.next().map(PathBuf::from),
                "--rounds" => rounds = number(arguments.next()),
                "--only" => only = Some(number(arguments.next())),
                // What cargo adds by itself.
                "--bench" => {}
                name if !name.starts_with('-') => sections.push(name.to_owned()),
                other => panic!("unknown argument {other}"),
            }
        }
        let pictures: Vec<Picture> = match images {
            Some(dir) => read(dir),
            None => (0..6).map(|number| paint::photograph(number).into()).collect(),
        };
        assert_eq!(pictures.len(), 6, "the benchmark is defined over six pictures");
        Self { sections, pictures, rounds, only, vips: vips::Vips::load() }
    }
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

/// An engine that mixes in linear light or as encoded.
pub fn engine(linear: bool, shrink_margin: u8) -> Engine {
    Engine::new(EngineOptions { linear, shrink_margin, ..EngineOptions::default() })
        .expect("the options are valid")
}

/// What the engine makes of a file in memory.
pub fn make(engine: &Engine, file: &Picture, recipe: &Recipe) -> Made {
    let format = Format::sniff(file).expect("the file is a picture");
    let input = Input::new(Cursor::new(file.clone()), file.len() as u64, Some(format));
    let opened = engine.open(input, &Opening::default()).expect("the picture opens");
    engine.make(opened, recipe, &Cancel::never(), &|_| ()).expect("it is made")
}
