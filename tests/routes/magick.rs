//! What ImageMagick says of a picture.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::files::program;

/// What is told of a picture beside its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// ImageMagick's name of the format.
    pub format: String,
    /// Width and height.
    pub size: (u32, u32),
    /// The colour model.
    pub space: String,
    /// The estimated quality of a JPEG.
    pub quality: u32,
    /// `None` or the kind of interlacing.
    pub interlace: String,
    /// Dots per inch across and down.
    pub dpi: (f64, f64),
    /// Names of the profiles in it, such as `exif` and `icc`.
    pub profiles: String,
}

/// A picture's pixels as 8-bit RGBA.
pub struct Pixels {
    /// Width and height.
    pub size: (u32, u32),
    bytes: Vec<u8>,
}

impl Pixels {
    /// One pixel.
    pub fn at(&self, x: u32, y: u32) -> [u8; 4] {
        assert!(x < self.size.0 && y < self.size.1, "({x}, {y}) is outside {:?}", self.size);
        let at = 4 * (y as usize * self.size.0 as usize + x as usize);
        self.bytes[at..at + 4].try_into().unwrap()
    }

    /// Rows of a part.
    pub fn part(&self, x: u32, y: u32, width: u32, height: u32) -> Vec<[u8; 4]> {
        (y..y + height)
            .flat_map(|row| (x..x + width).map(move |at| (at, row)))
            .map(|(x, y)| self.at(x, y))
            .collect()
    }

    /// Fails unless a pixel is an opaque colour, give or take.
    #[track_caller]
    pub fn assert(&self, x: u32, y: u32, rgb: [u8; 3], tolerance: u8, what: &str) {
        let [r, g, b, a] = self.at(x, y);
        let near = [r, g, b].iter().zip(rgb).all(|(one, other)| one.abs_diff(other) <= tolerance);
        assert!(near && a == 255, "{what}: {:?} at ({x}, {y}), expected {rgb:?}", [r, g, b, a]);
    }
}

/// Looks at a picture.
pub fn facts(picture: &[u8]) -> Facts {
    let format = "%m|%w|%h|%[colorspace]|%Q|%[interlace]|%x|%y|%[profiles]\n";
    let output = run("identify", &["-units", "PixelsPerInch", "-format", format, "-"], picture);
    let text = String::from_utf8(output).unwrap();
    let line = text.lines().next().unwrap_or_default();
    let fields: Vec<&str> = line.split('|').collect();
    let [kind, width, height, space, quality, interlace, x, y, profiles] = fields[..] else {
        panic!("identify said {text:?}")
    };
    Facts {
        format: kind.to_owned(),
        size: (width.parse().unwrap(), height.parse().unwrap()),
        space: space.to_owned(),
        quality: quality.parse().unwrap(),
        interlace: interlace.to_owned(),
        dpi: (x.parse().unwrap(), y.parse().unwrap()),
        profiles: profiles.to_owned(),
    }
}

/// What the Exif data says of how the camera was held.
pub fn orientation(picture: &[u8]) -> String {
    String::from_utf8(run("identify", &["-format", "%[orientation]", "-"], picture)).unwrap()
}

/// The pixels of a picture's first frame.
pub fn pixels(picture: &[u8]) -> Pixels {
    let size = facts(picture).size;
    let bytes = run("convert", &["-[0]", "-depth", "8", "rgba:-"], picture);
    assert_eq!(bytes.len(), 4 * size.0 as usize * size.1 as usize);
    Pixels { size, bytes }
}

/// Makes a file with `convert`.
pub fn make(arguments: &[&str]) {
    run("convert", arguments, b"");
}

fn run(name: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program(name, "imagemagick"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().expect("it is piped");
    let output = std::thread::scope(|scope| {
        // It may end before it has read everything.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {errors}");
    output.stdout
}
