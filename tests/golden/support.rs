//! Sources, results, and comparing them.

use std::io::Cursor;
use std::sync::Arc;

use halftone::pixel::decode::{Input, Opening, Source, Want};
use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    Cancel, ColourSpace, Engine, EngineOptions, Format, Image, Limits, Made, Metadata, Quality,
    Recipe, Samples,
};

/// A picture in floats: encoded values of 0–1, bands interleaved.
#[derive(Debug, Clone, PartialEq)]
pub struct Floats {
    pub width: usize,
    pub height: usize,
    pub bands: usize,
    pub values: Vec<f64>,
}

impl Floats {
    /// A picture whose pixels `paint` gives by column and row.
    pub fn paint<const BANDS: usize>(
        width: usize,
        height: usize,
        paint: impl Fn(usize, usize) -> [f64; BANDS],
    ) -> Self {
        let values = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| paint(x, y))
            .collect();
        Self { width, height, bands: BANDS, values }
    }

    pub fn pixel(&self, x: usize, y: usize) -> &[f64] {
        &self.values[(y * self.width + x) * self.bands..][..self.bands]
    }

    /// The values at 8 bits.
    pub fn bytes(&self) -> Vec<u8> {
        self.values.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8).collect()
    }

    /// What a file of 8 bits holds of it.
    pub fn rounded(&self) -> Self {
        let values = self.bytes().into_iter().map(|byte| f64::from(byte) / 255.0).collect();
        Self { values, ..*self }
    }

    /// As the engine's buffer; the space follows from the number of bands.
    pub fn image(&self, deep: bool) -> Image {
        let (space, alpha) = match self.bands {
            1 => (ColourSpace::Gray, false),
            2 => (ColourSpace::Gray, true),
            3 => (ColourSpace::Rgb, false),
            _ => (ColourSpace::Rgb, true),
        };
        let samples = if deep {
            let wide = |value: &f64| (value.clamp(0.0, 1.0) * 65535.0).round() as u16;
            Samples::U16(self.values.iter().map(wide).collect())
        } else {
            Samples::U8(self.bytes())
        };
        Image {
            width: self.width as u32,
            height: self.height as u32,
            space,
            alpha,
            samples,
            profile: None,
            metadata: Metadata::default(),
        }
    }

    /// As the bytes of a PNG.
    pub fn png(&self) -> Vec<u8> {
        encode(&self.image(false), &EncodeOptions::new(Format::Png)).unwrap()
    }

    /// As the bytes of a PNG of 16 bits per sample.
    pub fn deep_png(&self) -> Vec<u8> {
        encode(&self.image(true), &EncodeOptions::new(Format::Png)).unwrap()
    }

    /// As the bytes of a JPEG of the best quality.
    pub fn jpeg(&self) -> Vec<u8> {
        let quality = Quality { lossy: 100, ..Quality::default() };
        let options = EncodeOptions { quality, ..EncodeOptions::new(Format::Jpeg) };
        encode(&self.image(false), &options).unwrap()
    }
}

/// The engine as it comes.
pub fn engine() -> Engine {
    Engine::new(EngineOptions::default()).unwrap()
}

/// Makes a recipe from a file's bytes.
pub fn make(engine: &Engine, file: &[u8], recipe: &Recipe) -> Made {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    let opened = engine.open(input, &recipe.opening()).unwrap();
    engine.make(opened, recipe, &Cancel::never(), &|_| ()).unwrap()
}

/// Makes a recipe and reads the result back.
pub fn picture(engine: &Engine, file: &[u8], recipe: &Recipe) -> Image {
    let made = make(engine, file, recipe);
    let image = read(&made.bytes);
    assert_eq!((image.width, image.height), (made.width, made.height));
    image
}

/// All pixels of a file.
pub fn read(file: &[u8]) -> Image {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    let source = Source::open(input, &Opening::default(), &Limits::default(), None).unwrap();
    let want = Want::everything(source.info().width, source.info().height);
    source.decode(&want, &Limits::default(), &Cancel::never()).unwrap().image
}

/// A picture's values as floats of 0–1.
pub fn floats(image: &Image) -> Floats {
    let values = match &image.samples {
        Samples::U8(samples) => samples.iter().map(|&sample| f64::from(sample) / 255.0).collect(),
        Samples::U16(samples) => {
            samples.iter().map(|&sample| f64::from(sample) / 65535.0).collect()
        }
    };
    Floats {
        width: image.width as usize,
        height: image.height as usize,
        bands: image.bands(),
        values,
    }
}

/// An 8-bit picture's samples.
pub fn bytes(image: &Image) -> &[u8] {
    match &image.samples {
        Samples::U8(samples) => samples,
        Samples::U16(_) => panic!("the picture has 16 bits per sample"),
    }
}

/// What a difference of whole levels may be off by, as a float.
const HAIR: f64 = 1e-9;

/// Fails when a value is further than `levels` 8-bit levels from what is expected, after writing a
/// sheet of both under the name of the case.
pub fn assert_close(case: &str, actual: &Image, expected: &Floats, levels: f64) {
    let actual = floats(actual);
    assert_eq!(
        (actual.width, actual.height, actual.bands),
        (expected.width, expected.height, expected.bands),
        "{case}: width, height and bands"
    );
    let off = |(actual, expected): (&f64, &f64)| (actual - expected).abs() * 255.0;
    let offs: Vec<f64> = actual.values.iter().zip(&expected.values).map(off).collect();
    let (at, worst) = offs
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .expect("pictures have pixels");
    if worst > levels + HAIR {
        let sheet = sheet(case, &actual, expected);
        let (x, y) = (at / actual.bands % actual.width, at / actual.bands / actual.width);
        panic!(
            "{case}: {worst:.2} levels off (at most {levels}) at {x},{y}: {:.1?}, expected {:.1?}; see {sheet}",
            actual.pixel(x, y).iter().map(|value| value * 255.0).collect::<Vec<_>>(),
            expected.pixel(x, y).iter().map(|value| value * 255.0).collect::<Vec<_>>(),
        );
    }
}

/// Writes expected, difference (grey is none, eightfold) and actual side by side.
fn sheet(case: &str, actual: &Floats, expected: &Floats) -> String {
    let width = actual.width;
    let colour = |picture: &Floats, x: usize, y: usize| {
        let pixel = picture.pixel(x, y);
        if picture.bands < 3 { [pixel[0]; 3] } else { [pixel[0], pixel[1], pixel[2]] }
    };
    let sheet = Floats::paint(width * 3 + 2, actual.height, |x, y| match x / (width + 1) {
        _ if x % (width + 1) == width => [1.0, 0.0, 1.0],
        0 => colour(expected, x, y),
        1 => {
            let (was, is) = (colour(expected, x - width - 1, y), colour(actual, x - width - 1, y));
            std::array::from_fn(|band| 0.5 + 8.0 * (is[band] - was[band]))
        }
        _ => colour(actual, x - 2 * (width + 1), y),
    });
    let path = format!("{}/golden-{}.png", env!("CARGO_TARGET_TMPDIR"), case.replace(' ', "-"));
    std::fs::write(&path, sheet.png()).unwrap();
    path
}

/// Light of an sRGB value (IEC 61966-2-1).
pub fn linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The sRGB value of light.
pub fn encoded(light: f64) -> f64 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.0031308 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// The Lanczos reduction in linear light, written out as the sum over every source pixel.
pub fn reduce(source: &Floats, width: usize, height: usize) -> Floats {
    reduce_by(source, width, height, linear, encoded)
}

/// The same with other curves.
pub fn reduce_by(
    source: &Floats,
    width: usize,
    height: usize,
    decode: impl Fn(f64) -> f64,
    encode: impl Fn(f64) -> f64,
) -> Floats {
    let bands = source.bands;
    let light: Vec<f64> = source.values.iter().map(|value| decode(*value)).collect();
    let across = weights(source.width, width);
    let down = weights(source.height, height);
    let mut narrow = vec![0.0; width * source.height * bands];
    for y in 0..source.height {
        for (x, weights) in across.iter().enumerate() {
            for band in 0..bands {
                narrow[(y * width + x) * bands + band] = weights
                    .iter()
                    .enumerate()
                    .map(|(at, weight)| weight * light[(y * source.width + at) * bands + band])
                    .sum();
            }
        }
    }
    let mut values = vec![0.0; width * height * bands];
    for (y, weights) in down.iter().enumerate() {
        for at in 0..width * bands {
            let sum: f64 = weights
                .iter()
                .enumerate()
                .map(|(row, weight)| weight * narrow[row * width * bands + at])
                .sum();
            values[y * width * bands + at] = encode(sum);
        }
    }
    Floats { width, height, bands, values }
}

/// For each result pixel the weight of each source pixel.
fn weights(source: usize, target: usize) -> Vec<Vec<f64>> {
    let scale = source as f64 / target as f64;
    (0..target)
        .map(|index| {
            let centre = (index as f64 + 0.5) * scale;
            let raw: Vec<f64> = (0..source)
                .map(|at| {
                    let x = (at as f64 + 0.5 - centre) / scale.max(1.0);
                    if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
                })
                .collect();
            let sum: f64 = raw.iter().sum();
            raw.into_iter().map(|weight| weight / sum).collect()
        })
        .collect()
}

fn sinc(x: f64) -> f64 {
    let px = std::f64::consts::PI * x;
    if x == 0.0 { 1.0 } else { px.sin() / px }
}

/// Runs another program and fails with its own words when it does.
pub fn run(program: &str, arguments: &[&str]) {
    let output = std::process::Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} has to be installed: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A fresh file in the build folder.
pub fn file(name: &str, bytes: &[u8]) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A profile's bytes as pictures hold them.
pub fn shared(bytes: Vec<u8>) -> Option<Arc<[u8]>> {
    Some(bytes.into())
}
