//! What pictures cost that are made from prepared reductions, beside the same from the original and
//! beside the least that libjpeg-turbo can do: decode at a fraction and encode. And what preparing
//! costs, in CPU time and on disk.
//!
//! ```text
//! cargo bench --bench prepared -- --images DIR [--large FILE] [--huge FILE]… [--rounds N]
//! ```
//!
//! Photographs of the folder become JPEGs of some widths around 400 at quality 80, none of which is
//! that of a reduction; the large file one of 800; of a huge file single tiles are made. One thread;
//! originals and reductions come from the page cache. The programs take turns, and a figure is the
//! median over the rounds of the thread's CPU time.

#![allow(unsafe_code)]

#[path = "whole/floor.rs"]
mod floor;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use halftone::pixel::decode::{Input, Source};
use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{Cancel, Engine, EngineOptions, Format, Limits, Opened, Recipe, Tile};
use halftone::reduction::{Options, Outcome, Prepared, Reductions, Subject};

use self::floor::{cpu_ms, least};

/// Around 400, so that what is read does not happen to fit.
const WIDTHS: [u32; 5] = [310, 360, 400, 430, 460];

fn main() {
    let arguments = arguments();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let bench = Bench {
        engine: Engine::new(EngineOptions::default()).expect("defaults are good"),
        store: Reductions::open(Options::new(folder.path().into())).expect("a folder opens"),
        rounds: arguments.rounds,
    };
    if let Some(images) = arguments.images {
        bench.photographs(&jpegs(&images));
    }
    if let Some(large) = arguments.large {
        bench.prepare(&large);
        bench.compare("large → 800", &[large], &[800]);
    }
    for huge in arguments.huge {
        bench.tiles(&huge);
    }
}

#[derive(Default)]
struct Arguments {
    images: Option<PathBuf>,
    large: Option<PathBuf>,
    huge: Vec<PathBuf>,
    rounds: usize,
}

fn arguments() -> Arguments {
    let mut found = Arguments { rounds: 9, ..Arguments::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut path = || arguments.next().map(PathBuf::from).expect("a path");
        match argument.as_str() {
            "--images" => found.images = Some(path()),
            "--large" => found.large = Some(path()),
            "--huge" => found.huge.push(path()),
            "--rounds" => found.rounds = path().to_string_lossy().parse().expect("a number"),
            // What cargo adds by itself.
            "--bench" => {}
            other => panic!("unknown argument {other}"),
        }
    }
    found
}

fn jpegs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    paths.sort();
    paths
}

struct Bench {
    engine: Engine,
    store: Reductions,
    rounds: usize,
}

impl Bench {
    fn photographs(&self, paths: &[PathBuf]) {
        let prepared: Vec<(f64, u64)> = paths.iter().map(|path| self.prepare(path)).collect();
        let count = prepared.len() as f64;
        println!(
            "preparing: {:.0} ms CPU and {:.2} MB a picture, originals {:.2} MB",
            prepared.iter().map(|one| one.0).sum::<f64>() / count,
            prepared.iter().map(|one| one.1 as f64).sum::<f64>() / count / 1e6,
            paths.iter().map(|path| size(path) as f64).sum::<f64>() / count / 1e6,
        );
        self.compare("photographs → about 400", paths, &WIDTHS);
    }

    /// CPU milliseconds and bytes of preparing a picture.
    fn prepare(&self, path: &Path) -> (f64, u64) {
        let limits = EngineOptions::default().limits;
        let before = cpu_ms();
        let mut open = || Ok(self.open(path).into_source());
        let outcome = self.store.make(&subject(path), &limits, &mut open, &|| true);
        let spent = cpu_ms() - before;
        let Ok(Outcome::Made { usable, bytes }) = outcome else { panic!("{outcome:?}") };
        let levels: Vec<String> = self
            .find(path)
            .levels()
            .iter()
            .map(|(scale, ratio, score)| format!("{scale:.3} from {ratio:.2}× ({score:.1})"))
            .collect();
        println!(
            "{}: {spent:.0} ms, {:.2} MB, {usable} levels: {}",
            path.file_name().unwrap_or_default().to_string_lossy(),
            bytes as f64 / 1e6,
            levels.join(", ")
        );
        (spent, bytes)
    }

    fn open(&self, path: &Path) -> Opened {
        let file = fs::File::open(path).expect("the file opens");
        let input = Input::of_file(file, size(path), None).expect("the file opens");
        self.engine.open(input, &Recipe::unchanged(Format::Jpeg).opening()).expect("a picture")
    }

    fn find(&self, path: &Path) -> Prepared {
        self.store.find(&subject(path)).expect("it was prepared")
    }

    /// The source for a recipe, from reductions if they suffice.
    fn reduced(&self, path: &Path, recipe: &Recipe) -> Option<Source> {
        let prepared = self.find(path);
        let needs = self.engine.needs(prepared.info(), recipe).expect("the recipe is good");
        prepared.source(&needs)
    }

    fn make(&self, opened: Opened, recipe: &Recipe) -> usize {
        let made = self.engine.make(opened, recipe, &Cancel::never(), &|_| ());
        made.expect("the picture is made").bytes.len()
    }

    fn compare(&self, what: &str, paths: &[PathBuf], widths: &[u32]) {
        let (mut floor, mut direct, mut prepared, mut from_level) = (0.0, 0.0, 0.0, 0);
        for path in paths {
            let jpeg = fs::read(path).expect("the file can be read");
            for width in widths {
                let recipe =
                    Recipe { width: *width, strip: true, ..Recipe::unchanged(Format::Jpeg) };
                from_level += usize::from(self.reduced(path, &recipe).is_some());
                let programs: [&dyn Fn() -> usize; 3] =
                    [&|| least(&jpeg, *width), &|| self.make(self.open(path), &recipe), &|| {
                        let opened = match self.reduced(path, &recipe) {
                            Some(source) => self.engine.opened(source),
                            None => self.open(path),
                        };
                        self.make(opened, &recipe)
                    }];
                let [one, two, three] = self.measure(programs);
                floor += one;
                direct += two;
                prepared += three;
            }
        }
        let count = (paths.len() * widths.len()) as f64;
        println!(
            "{what}: floor {:.2} ms, direct {:.2} ({:.2} × floor), prepared {:.2} ({:.3} × floor), \
             {from_level} of {count} from a level",
            floor / count,
            direct / count,
            direct / floor,
            prepared / count,
            prepared / floor
        );
    }

    /// Tiles of a huge picture: some whose level has just their grid, some between levels, and one of
    /// full size.
    fn tiles(&self, path: &Path) {
        self.prepare(path);
        let (width, _) = { self.find(path) }.size();
        let sixteenth = |number| Tile::new(number, 256).expect("a tile");
        let cases = [
            ("width/4, tile 103:256", width / 4, sixteenth(103)),
            ("width/8, tile 45:100", width / 8, Tile::new(45, 100).expect("a tile")),
            ("width 4096, tile 103:256", 4096, sixteenth(103)),
            ("full size, tile 1:256", 0, sixteenth(1)),
            ("full size, tile 200:256", 0, sixteenth(200)),
        ];
        for (name, width, tile) in cases {
            let recipe =
                Recipe { width, tile: Some(tile), strip: true, ..Recipe::unchanged(Format::Jpeg) };
            let source = || self.reduced(path, &recipe).expect("it is prepared");
            let made = self
                .engine
                .make(self.engine.opened(source()), &recipe, &Cancel::never(), &|_| ())
                .expect("the tile is made");
            let png = Recipe { format: Format::Png, ..recipe.clone() };
            let lossless = self
                .engine
                .make(self.engine.opened(source()), &png, &Cancel::never(), &|_| ())
                .expect("the tile is made");
            let pixels = decoded(&lossless.bytes);
            let options = EncodeOptions { strip: true, ..EncodeOptions::new(Format::Jpeg) };
            let tiles = Cell::new(0);
            let [whole, read, write] = self.measure([
                &|| self.make(self.engine.opened(source()), &recipe),
                &|| {
                    let want = self.engine.opened(source()).want_of(&recipe).expect("a want");
                    let limits = Limits::default();
                    let decoded = source().decode(&want, &limits, &Cancel::never());
                    tiles.set(decoded.expect("the level reads").image.samples.len());
                    tiles.get()
                },
                &|| encode(&pixels, &options).expect("it is encoded").len(),
            ]);
            println!(
                "{name} ({}×{}): {whole:.2} ms; reading the stored tiles {read:.2}, encoding \
                 {write:.2}, ratio {:.2}",
                made.width,
                made.height,
                whole / (read + write)
            );
        }
    }

    /// The median of each program's CPU milliseconds.
    fn measure(&self, programs: [&dyn Fn() -> usize; 3]) -> [f64; 3] {
        let mut times = [const { Vec::new() }; 3];
        for round in 0..=self.rounds {
            for turn in 0..3 {
                let program = (turn + round) % 3;
                let before = cpu_ms();
                assert!(programs[program]() > 100, "no picture");
                if round > 0 {
                    times[program].push(cpu_ms() - before);
                }
            }
        }
        times.map(|mut times| {
            times.sort_unstable_by(f64::total_cmp);
            times[times.len() / 2]
        })
    }
}

fn decoded(png: &[u8]) -> halftone::pixel::Image {
    let input = Input::new(std::io::Cursor::new(png.to_vec()), png.len() as u64, None);
    let limits = Limits::default();
    let source = Source::open(input, &Recipe::unchanged(Format::Png).opening(), &limits, None);
    let source = source.expect("our own PNG opens");
    let (width, height) = (source.info().width, source.info().height);
    let want = halftone::pixel::decode::Want::everything(width, height);
    source.decode(&want, &limits, &Cancel::never()).expect("our own PNG reads").image
}

fn subject(path: &Path) -> Subject<'static> {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    let image_id = (hasher.finish() >> 1).cast_signed();
    Subject { installation: "bench", image_id, page: 1, revision: "1" }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).expect("the file is there").len()
}
