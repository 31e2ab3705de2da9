//! A picture in linear light, and its development into 8-bit sRGB.

use std::num::NonZero;
use std::thread;

use super::noise::{hash, unit};
use super::vector::{V3, v3};

/// A picture in linear light, row by row from the top.
pub(super) struct Raster {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `width × height` colours; 1 is white before exposure.
    pub pixels: Vec<V3>,
}

/// How a [`Raster`] is developed.
pub(super) struct Film {
    /// Factor on the light.
    pub exposure: f32,
    /// Strength of the grain in 8-bit levels.
    pub grain: f32,
    /// How much light the corners lose, 0 to 1.
    pub vignette: f32,
}

fn thread_count() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(8)
}

/// Calls `paint` for every row of `data`, on all processors.
pub(super) fn each_row<T: Send>(
    data: &mut [T],
    width: usize,
    paint: impl Fn(usize, &mut [T]) + Sync,
) {
    let rows = data.len() / width;
    // Several bands per processor: rows differ much in effort.
    let band = rows.div_ceil(thread_count() * 8).max(1);
    let bands = std::sync::Mutex::new(data.chunks_mut(band * width).enumerate());
    thread::scope(|scope| {
        for _ in 0..thread_count() {
            scope.spawn(|| {
                loop {
                    let next = bands.lock().map_or(None, |mut bands| bands.next());
                    let Some((index, band_rows)) = next else { return };
                    for (offset, row) in band_rows.chunks_mut(width).enumerate() {
                        paint(index * band + offset, row);
                    }
                }
            });
        }
    });
}

impl Raster {
    /// Asks `colour` for each pixel, given its column and row.
    pub fn paint(width: usize, height: usize, colour: impl Fn(usize, usize) -> V3 + Sync) -> Self {
        let mut pixels = vec![V3::ZERO; width * height];
        each_row(&mut pixels, width, |y, row| {
            for (x, pixel) in row.iter_mut().enumerate() {
                *pixel = colour(x, y);
            }
        });
        Self { width, height, pixels }
    }

    /// The colour at a place, the nearest pixel of the edge outside.
    pub fn at(&self, x: i32, y: i32) -> V3 {
        let x = x.clamp(0, self.width as i32 - 1) as usize;
        let y = y.clamp(0, self.height as i32 - 1) as usize;
        self.pixels[y * self.width + x]
    }

    /// The mean of blocks of `factor × factor` pixels; what is left over at the edges is dropped.
    pub fn reduced(&self, factor: usize) -> Self {
        let (width, height) = (self.width / factor, self.height / factor);
        let share = 1.0 / (factor * factor) as f32;
        Self::paint(width, height, |x, y| {
            let mut sum = V3::ZERO;
            for row in y * factor..(y + 1) * factor {
                let start = row * self.width + x * factor;
                for pixel in &self.pixels[start..start + factor] {
                    sum += *pixel;
                }
            }
            sum * share
        })
    }

    /// Blurred by three passes of a running mean over `2 × radius + 1` pixels, close to a Gaussian.
    pub fn blurred(mut self, radius: usize) -> Self {
        for _ in 0..3 {
            self = self.mean_of_rows(radius).mean_of_rows(radius);
        }
        self
    }

    // Averages along each row and returns the picture with rows and columns exchanged.
    fn mean_of_rows(&self, radius: usize) -> Self {
        let (width, height) = (self.width, self.height);
        let share = 1.0 / (2 * radius + 1) as f32;
        let mut pixels = vec![V3::ZERO; width * height];
        for y in 0..height {
            let row = &self.pixels[y * width..(y + 1) * width];
            let at = |x: isize| row[x.clamp(0, width as isize - 1) as usize];
            let reach = radius as isize;
            let mut sum = (-reach..=reach).fold(V3::ZERO, |sum, x| sum + at(x));
            for x in 0..width {
                pixels[x * height + y] = sum * share;
                let x = x as isize;
                sum = sum + at(x + reach + 1) - at(x - reach);
            }
        }
        Self { width: height, height: width, pixels }
    }

    /// Develops the picture: exposure, a film's curve, sRGB, grain. Three bytes per pixel.
    pub fn develop(&self, film: &Film) -> Vec<u8> {
        let curve = Curve::new();
        let mut bytes = vec![0; self.width * self.height * 3];
        let (half_width, half_height) = (self.width as f32 * 0.5, self.height as f32 * 0.5);
        let corner = 1.0 / (half_width * half_width + half_height * half_height);
        each_row(&mut bytes, self.width * 3, |y, row| {
            let dy = y as f32 - half_height;
            let pixels = &self.pixels[y * self.width..(y + 1) * self.width];
            for (x, (pixel, out)) in pixels.iter().zip(row.chunks_exact_mut(3)).enumerate() {
                let dx = x as f32 - half_width;
                let distance = (dx * dx + dy * dy) * corner;
                let light = film.exposure * (1.0 - film.vignette * distance);
                let bits = hash(x as i32, y as i32);
                // The sum of two random numbers: most grains are small. It rounds fairly as well.
                let grain = (unit(bits) + unit(bits << 13) - 1.0) * film.grain + 0.5;
                out[0] = (curve.level(pixel.x * light) + grain) as u8;
                out[1] = (curve.level(pixel.y * light) + grain) as u8;
                out[2] = (curve.level(pixel.z * light) + grain) as u8;
            }
        });
        bytes
    }
}

/// Light to 8-bit levels: a film's soft shoulder, then the sRGB curve, as a table over the square root
/// of the light.
struct Curve([f32; Self::STEPS + 2]);

impl Curve {
    const STEPS: usize = 4096;
    /// The light that becomes white.
    const WHITE: f32 = 6.0;

    fn new() -> Self {
        let mut table = [0.0; Self::STEPS + 2];
        for (index, entry) in table.iter_mut().enumerate() {
            let root = index as f32 / Self::STEPS as f32;
            *entry = encode(shoulder(root * root * Self::WHITE)) * 255.0;
        }
        Self(table)
    }

    #[inline(always)]
    fn level(&self, light: f32) -> f32 {
        let place = (light.clamp(0.0, Self::WHITE) * (1.0 / Self::WHITE)).sqrt();
        let place = place * Self::STEPS as f32;
        let index = place as usize;
        let low = self.0[index];
        low + (self.0[index + 1] - low) * (place - index as f32)
    }
}

/// Straight in the shadows, bending towards 1 in the lights.
fn shoulder(light: f32) -> f32 {
    const KNEE: f32 = 0.45;
    if light <= KNEE {
        light
    } else {
        let over = (light - KNEE) / (1.0 - KNEE);
        KNEE + (1.0 - KNEE) * (1.0 - (-over).exp())
    }
}

/// Linear light to the sRGB curve, both from 0 to 1.
fn encode(light: f32) -> f32 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// Lays `over` on `under`.
#[inline(always)]
pub(super) fn lay(under: V3, over: V3, alpha: f32) -> V3 {
    under.mix(over, alpha)
}

/// A grey.
#[inline(always)]
pub(super) const fn grey(light: f32) -> V3 {
    v3(light, light, light)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_painted_once_and_in_its_place() {
        let mut rows = vec![0; 7 * 31];
        each_row(&mut rows, 7, |y, row| row.iter_mut().for_each(|cell| *cell += y + 1));
        for (y, row) in rows.chunks(7).enumerate() {
            assert!(row.iter().all(|&cell| cell == y + 1));
        }
    }

    #[test]
    fn blurring_keeps_the_light_and_the_shape() {
        let raster = Raster::paint(40, 30, |x, y| grey(f32::from(x == 20 && y == 15)));
        let blurred = raster.blurred(2);
        assert_eq!((blurred.width, blurred.height), (40, 30));
        let sum: f32 = blurred.pixels.iter().map(|pixel| pixel.x).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        let brightest = blurred.pixels.iter().fold(0.0, |most: f32, pixel| most.max(pixel.x));
        assert_eq!(blurred.at(20, 15).x, brightest);
    }

    #[test]
    fn middle_grey_is_developed_to_its_srgb_level() {
        // 0.2140 of the light is level 127.5 by the sRGB standard.
        let raster = Raster::paint(64, 64, |_, _| grey(0.214_04));
        let film = Film { exposure: 1.0, grain: 0.0, vignette: 0.0 };
        assert!(raster.develop(&film).iter().all(|level| (127..=128).contains(level)));
    }
}
