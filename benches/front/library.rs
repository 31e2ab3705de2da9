//! The originals, and the requests that are made of them.

use std::fs;
use std::path::Path;

use crate::paint;
use crate::support::fixture::write_png;
use crate::support::http::Client;

/// How large the cached picture is, about.
const PICTURE_BYTES: usize = 45_000;

/// How far from that it may be.
const TOLERANCE_BYTES: usize = 1_500;

/// Originals in memory, to be put into the folder of every server that is started.
pub struct Library {
    pictures: Vec<(String, Vec<u8>)>,
}

impl Library {
    /// The JPEG files of a folder, or six painted photographs of 3000×2000.
    pub fn new(images: Option<&Path>) -> Self {
        let pictures: Vec<(String, Vec<u8>)> = match images {
            Some(folder) => read(folder),
            None => (0..6).map(|n| (format!("painted-{n}.jpg"), paint::photograph(n))).collect(),
        };
        assert!(!pictures.is_empty(), "the folder holds no JPEG file");
        Self { pictures }
    }

    /// The names of the photographs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pictures.iter().map(|(name, _)| name.as_str())
    }

    /// Writes the originals, and a PNG beside them.
    pub fn write(&self, folder: &Path) {
        for (name, bytes) in &self.pictures {
            fs::write(folder.join(name), bytes).unwrap();
        }
        write_png(&folder.join("chart.png"), 1600, 1200);
    }

    /// A request whose picture is about as large as wanted, and that picture.
    pub fn find_picture(&self, client: &mut Client) -> (String, Vec<u8>) {
        let name = &self.pictures[0].0;
        let (mut low, mut high) = (64_u32, 2_000_u32);
        while low <= high {
            let width = u32::midpoint(low, high);
            let target = format!("/image?src={name}&width={width}&format=jpg&quality=80");
            let response = client.get(&target).unwrap();
            assert_eq!(response.status, 200, "{target}: {}", response.text());
            let size = response.body.len();
            if size.abs_diff(PICTURE_BYTES) <= TOLERANCE_BYTES {
                return (target, response.body);
            }
            if size < PICTURE_BYTES { low = width + 1 } else { high = width - 1 }
        }
        panic!("no width of {name} gives a picture of about {PICTURE_BYTES} bytes");
    }

    /// Request number `n` of a mixed load: no two are alike, and sizes, formats and operations vary as
    /// on a site with galleries and zooming.
    pub fn mixed(&self, n: usize) -> String {
        let photograph = &self.pictures[n % self.pictures.len()].0;
        let source = if n % 13 == 12 { "chart.png" } else { photograph.as_str() };
        // Coprime to the range, so that widths come in no order and none for long.
        let width = 80 + n * 389 % 1_120;
        let format = ["jpg", "jpg", "png", "jpg", "webp", "jpg", "jpg", "pjpg"][n / 3 % 8];
        let operation = match n % 7 {
            1 => "&flip=h",
            2 => "&left=0.25&top=0.2&bottom=0.8",
            3 => "&angle=90",
            5 => "&angle=12.5&fill=white",
            _ => "",
        };
        // A right edge of its own makes each request unlike all others.
        let right = 0.8 + n as f64 / 1e5;
        assert!(right < 1.0, "there are no more different requests");
        format!("/image?src={source}&width={width}&format={format}{operation}&right={right:.5}")
    }
}

fn read(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder of images can be read")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jpg"))
        .collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().expect("a plain name").to_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}
