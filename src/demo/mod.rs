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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fs;

    use super::*;

    #[test]
    fn a_complete_library_is_left_alone_and_a_gap_is_filled() {
        let dir = tempfile::tempdir().unwrap();
        for picture in &LIBRARY {
            let path = dir.path().join(picture.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"as it was").unwrap();
        }
        let chart = dir.path().join("charts/colour.png");
        fs::remove_file(&chart).unwrap();

        let painted = RefCell::new(Vec::new());
        let paths = paint(dir.path(), |path| painted.borrow_mut().push(path.to_owned())).unwrap();

        assert_eq!(paths.len(), LIBRARY.len());
        assert_eq!(*painted.borrow(), [Path::new("charts/colour.png")]);
        assert!(fs::read(&chart).unwrap().starts_with(b"\x89PNG"));
        assert_eq!(fs::read(dir.path().join("scenes/city.jpg")).unwrap(), b"as it was");
        let names = fs::read_dir(chart.parent().unwrap()).unwrap().count();
        assert_eq!(names, 2, "no temporary file is left");
    }

    #[test]
    fn a_scene_is_a_whole_photograph_and_always_the_same() {
        let first = scene::mountains::paint().unwrap();
        let header = turbojpeg::read_header(&first).unwrap();
        assert_eq!((header.width, header.height), (3200, 2000));
        let image = turbojpeg::decompress(&first, turbojpeg::PixelFormat::RGB).unwrap();
        // A sky that is blue above, and a foreground that is dark.
        let at = |x: usize, y: usize| &image.pixels[(y * 3200 + x) * 3..][..3];
        assert!(at(1600, 40)[2] > at(1600, 40)[0]);
        assert!(at(1600, 1960).iter().all(|level| *level < 60));
        assert!(scene::mountains::paint().unwrap() == first);
    }
}
