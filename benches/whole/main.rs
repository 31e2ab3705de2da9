//! What the whole server costs: CPU time of all its processes, nginx included, for each picture that
//! it has not made before, beside other image servers and beside the least that libjpeg-turbo can do.
//!
//! ```text
//! cargo bench --bench whole -- [PART…] --images DIR [--rounds N] [--oximg PROGRAM]
//!     [--thumbor PROGRAM] [--ipx PROGRAM] [--huge FILE]… [--iipsrv PROGRAM --pyramid FILE]
//! ```
//!
//! Parts are `cold`, `prepared`, `large`, `png`, `webp`, `avif` and `tiles`; without any, all. The
//! folder holds six photographs of about 3000×2000; without one they are painted. Other servers take
//! part when the program is named that starts them (oximg from its crate, thumbor in a Python
//! environment, ipx from npm, `iipsrv.fcgi` from Debian's iipimage-server), and are said to be absent
//! otherwise; nginx has to be there.
//!
//! All servers are up at the same time and idle but for the one whose turn it is, and all are asked
//! for the same pictures one after the other: widths from 300 to 460 pixels, none twice. Memory is
//! the most that was seen while four clients ask for more of them.

#![allow(unsafe_code)]

mod ask;
mod floor;
#[path = "../engine/paint.rs"]
mod paint;
mod peers;
#[path = "../../tests/quality/reference.rs"]
mod reference;
mod rows;
mod score;
mod server;
#[path = "../../tests/support/mod.rs"]
mod support;
mod tiles;
#[path = "../front/usage.rs"]
mod usage;

use std::fs;
use std::path::{Path, PathBuf};

/// What the command line asks for.
pub struct Arguments {
    parts: Vec<String>,
    images: Option<PathBuf>,
    rounds: usize,
    oximg: Option<PathBuf>,
    thumbor: Option<PathBuf>,
    ipx: Option<PathBuf>,
    iipsrv: Option<PathBuf>,
    pyramid: Option<PathBuf>,
    huge: Vec<PathBuf>,
}

/// Measures one row on photographs, each with its name.
type Row = fn(&Arguments, &[(String, Vec<u8>)]);

const PARTS: [&str; 7] = ["cold", "prepared", "large", "png", "webp", "avif", "tiles"];

fn main() {
    let arguments = arguments();
    let wanted = |part: &str| {
        arguments.parts.is_empty() || arguments.parts.iter().any(|wanted| wanted == part)
    };
    let photographs = photographs(arguments.images.as_deref());
    let rows: [(&str, Row); 6] = [
        ("cold", rows::cold),
        ("prepared", rows::prepared),
        ("large", rows::large),
        ("png", rows::png),
        ("webp", rows::webp),
        ("avif", rows::avif),
    ];
    for (name, run) in rows {
        if wanted(name) {
            println!("\n== {name}");
            run(&arguments, &photographs);
        }
    }
    if wanted("tiles") {
        println!("\n== tiles");
        tiles::run(&arguments);
    }
}

fn arguments() -> Arguments {
    let mut found = Arguments {
        parts: Vec::new(),
        images: None,
        rounds: 5,
        oximg: None,
        thumbor: None,
        ipx: None,
        iipsrv: None,
        pyramid: None,
        huge: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut path = || Some(PathBuf::from(words.next().expect("a path follows the option")));
        match word.as_str() {
            "--images" => found.images = path(),
            "--oximg" => found.oximg = path(),
            "--thumbor" => found.thumbor = path(),
            "--ipx" => found.ipx = path(),
            "--iipsrv" => found.iipsrv = path(),
            "--pyramid" => found.pyramid = path(),
            "--huge" => found.huge.extend(path()),
            "--rounds" => {
                found.rounds =
                    words.next().and_then(|n| n.parse().ok()).expect("a number of rounds");
            }
            // What cargo adds by itself.
            "--bench" => {}
            part => {
                assert!(PARTS.contains(&part), "unknown argument {part}");
                found.parts.push(part.to_owned());
            }
        }
    }
    found
}

/// Names and bytes of the JPEG files of a folder, or of six painted ones.
fn photographs(folder: Option<&Path>) -> Vec<(String, Vec<u8>)> {
    let Some(folder) = folder else {
        return (0..6).map(|n| (format!("painted-{n}.jpg"), paint::photograph(n))).collect();
    };
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder of images can be read")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jpg"))
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 6, "the benchmark is defined over six pictures");
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read(path).expect("it can be read"))).collect()
}
