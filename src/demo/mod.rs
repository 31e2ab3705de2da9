//! The demo library: a few pictures painted by the program itself, for a first look without any
//! photographs at hand.
//!
//! Scenes of several megapixels under `scenes/`, test charts with exactly known pixels under `charts/`
//! and a transparent logo under `logos/`. Everything is computed from fixed seeds. Nothing here knows
//! of requests, settings or the rest of the program.

mod chart;
mod file;
mod logo;
mod noise;
mod raster;
mod scene;
mod vector;

use std::io;
use std::path::{Path, PathBuf};

/// A picture of the library: where it lies and who paints it.
struct Picture {
    path: &'static str,
    paint: fn() -> io::Result<Vec<u8>>,
}

const LIBRARY: [Picture; 8] = [
    Picture { path: "scenes/mountains.jpg", paint: scene::mountains::paint },
    Picture { path: "scenes/seashore.jpg", paint: scene::seashore::paint },
    Picture { path: "scenes/still-life.jpg", paint: scene::still_life::paint },
    Picture { path: "scenes/city.jpg", paint: scene::city::paint },
    Picture { path: "scenes/meadow.jpg", paint: scene::meadow::paint },
    Picture { path: "charts/colour.png", paint: chart::colour::paint },
    Picture { path: "charts/resolution.png", paint: chart::resolution::paint },
    Picture { path: "logos/halftone.png", paint: logo::paint },
];

/// Paints the library into `dir`, which is made when it does not exist, and returns the paths of all
/// its pictures below `dir`. Pictures that are there already are left as they are. `progress` is told
/// the path of each picture before it is painted.
///
/// A picture appears whole or not at all. Painting uses all processors for a few seconds and holds
/// about 100 MB at its peak.
///
/// # Errors
/// When a folder or a file cannot be written.
pub fn paint(dir: &Path, progress: impl Fn(&Path)) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::with_capacity(LIBRARY.len());
    for picture in &LIBRARY {
        let path = PathBuf::from(picture.path);
        let target = dir.join(&path);
        if !target.try_exists()? {
            progress(&path);
            file::write(&target, &(picture.paint)()?)?;
        }
        paths.push(path);
    }
    Ok(paths)
}
