//! What a reduction should be: every pixel of the file decoded, the Lanczos sum written out in linear
//! light in 64-bit floats. It shares no code with the engine.

use std::f64::consts::PI;

use ssimulacra2::{ColorPrimaries, Rgb, TransferCharacteristic, compute_frame_ssimulacra2};
use turbojpeg::PixelFormat;

/// A picture of sRGB values, 0–1, three for each pixel.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f64>,
}

impl Picture {
    /// A JPEG decoded at full size by libjpeg-turbo with its most exact transform.
    pub fn decode(jpeg: &[u8]) -> Self {
        let image = turbojpeg::decompress(jpeg, PixelFormat::RGB).expect("the JPEG decodes");
        let values = image.pixels.iter().map(|sample| f64::from(*sample) / 255.0).collect();
        Self { width: image.width, height: image.height, values }
    }

    /// Eight-bit RGB samples.
    pub fn of(width: usize, height: usize, samples: &[u8]) -> Self {
        assert_eq!(samples.len(), width * height * 3);
        let values = samples.iter().map(|sample| f64::from(*sample) / 255.0).collect();
        Self { width, height, values }
    }

    /// The reduction to this size, not rounded.
    pub fn reduce(&self, width: usize, height: usize) -> Self {
        let (across, down) = (weights(self.width, width), weights(self.height, height));
        let table: Vec<f64> = (0..256).map(|level| linear(f64::from(level) / 255.0)).collect();
        let light = |value: f64| table[(value * 255.0).round() as usize];
        let mut rows = vec![0.0; self.height * width * 3];
        for (row, from) in
            rows.chunks_exact_mut(width * 3).zip(self.values.chunks_exact(self.width * 3))
        {
            let from: Vec<f64> = from.iter().map(|value| light(*value)).collect();
            for (pixel, (first, weights)) in row.chunks_exact_mut(3).zip(&across) {
                for (weight, source) in weights.iter().zip(from[first * 3..].chunks_exact(3)) {
                    for band in 0..3 {
                        pixel[band] += weight * source[band];
                    }
                }
            }
        }
        let mut values = vec![0.0; width * height * 3];
        for (row, (first, weights)) in values.chunks_exact_mut(width * 3).zip(&down) {
            for (index, weight) in weights.iter().enumerate() {
                let from = &rows[(first + index) * width * 3..][..width * 3];
                for (value, from) in row.iter_mut().zip(from) {
                    *value += weight * from;
                }
            }
        }
        values.iter_mut().for_each(|value| *value = encoded(*value));
        Self { width, height, values }
    }

    /// SSIMULACRA2 of `made` beside this picture: 100 is alike, 90 cannot be told apart.
    pub fn score(&self, made: &Self) -> f64 {
        compute_frame_ssimulacra2(self.frame(), made.frame()).expect("the sizes agree")
    }

    fn frame(&self) -> Rgb {
        let data = self.values.as_chunks::<3>().0.iter().map(|pixel| pixel.map(|v| v as f32));
        Rgb::new(
            data.collect(),
            self.width,
            self.height,
            TransferCharacteristic::SRGB,
            ColorPrimaries::BT709,
        )
        .expect("the samples fill the picture")
    }
}

/// Light of an sRGB value (IEC 61966-2-1).
pub fn linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// The sRGB value of light.
pub fn encoded(light: f64) -> f64 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// For each result pixel its first source pixel and the weights from there on.
fn weights(source: usize, target: usize) -> Vec<(usize, Vec<f64>)> {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    let window = |x: f64| if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 };
    let scale = source as f64 / target as f64;
    let row = |index: usize| {
        let centre = (index as f64 + 0.5) * scale;
        let first = (centre - 3.0 * scale).floor().max(0.0) as usize;
        let end = ((centre + 3.0 * scale).ceil() as usize).min(source);
        let raw: Vec<f64> =
            (first..end).map(|pixel| window((pixel as f64 + 0.5 - centre) / scale)).collect();
        let sum: f64 = raw.iter().sum();
        (first, raw.into_iter().map(|weight| weight / sum).collect())
    };
    (0..target).map(row).collect()
}
