//! Turning by other than right angles.
//!
//! Each pixel of the turned canvas is interpolated at its centre with the Catmull-Rom cubic, in
//! the same light as resizing and with colours weighted by alpha. Pixels through which the
//! picture's edge passes are covered in part, which gives a smooth edge; what is not covered
//! becomes transparent, or the fill colour where the picture has transparency of its own.

use super::sample::Sample;
use crate::pixel::colour::curve::Light;
use crate::pixel::place::Place;
use crate::pixel::plan::{Area, Plan, Size};
use crate::pixel::{Cancel, Depth, Image, Result};

/// The part of the turned canvas that the result is made from, at the buffer's scale. The result
/// always has alpha.
///
/// `under` is the colour (0–1 per band, alpha last) that lies where the picture does not; none
/// leaves transparency.
///
/// # Errors
/// [`Error::Limit`](crate::pixel::Error::Limit) when memory is short,
/// [`Error::Cancelled`](crate::pixel::Error::Cancelled).
pub(crate) fn tilt(
    image: &Image,
    place: &Place,
    plan: &Plan,
    light: &Light,
    under: Option<&[u16]>,
    cancel: &Cancel,
) -> Result<Image> {
    let size = working_size(plan, place);
    let mut result = Image::try_new(size.width, size.height, image.space, true, image.depth())?;
    result.profile.clone_from(&image.profile);
    result.metadata = image.metadata.clone();
    let view = View { image, place, plan, light, cancel };
    match image.depth() {
        Depth::U8 => view.paint::<u8>(&mut result, under)?,
        Depth::U16 => view.paint::<u16>(&mut result, under)?,
    }
    Ok(result)
}

/// The size of the canvas that [`tilt`] makes: the crop at the buffer's scale, rounded up.
pub(crate) fn working_size(plan: &Plan, place: &Place) -> Size {
    let area = working_area(plan, place);
    let whole = |length: f64| (length - 1e-6).ceil().max(1.0) as u32;
    Size::new(whole(area.width), whole(area.height))
}

/// The part of that canvas which is the crop.
pub(crate) fn working_area(plan: &Plan, place: &Place) -> Area {
    let scale = place.canvas_scale();
    Area {
        x: 0.0,
        y: 0.0,
        width: f64::from(plan.crop.width) * scale,
        height: f64::from(plan.crop.height) * scale,
    }
}

struct View<'a> {
    image: &'a Image,
    place: &'a Place,
    plan: &'a Plan,
    light: &'a Light,
    cancel: &'a Cancel,
}

/// Bands of the largest pixel: CMYK with alpha.
const MOST_BANDS: usize = 5;

impl View<'_> {
    fn paint<T: Sample>(&self, result: &mut Image, under: Option<&[u16]>) -> Result<()> {
        let plan = self.plan;
        let tilt = plan.tilt();
        let scale = self.place.canvas_scale();
        let (width, bands) = (result.width as usize, result.bands());
        let colours = bands - 1;
        let from = T::of(&self.image.samples).expect("chosen by the picture's depth");
        let into = T::of_mut(&mut result.samples).expect("made with the picture's depth");
        let tables = T::tables(self.light);
        let under = under.map(|under| self.mixed(under));
        for (y, row) in into.chunks_exact_mut(width * bands).enumerate() {
            self.cancel.check()?;
            let canvas_y = f64::from(plan.crop.y) + (y as f64 + 0.5) / scale;
            for (x, pixel) in row.chunks_exact_mut(bands).enumerate() {
                let canvas_x = f64::from(plan.crop.x) + (x as f64 + 0.5) / scale;
                let (u, v) = tilt.to_oriented(canvas_x, canvas_y);
                let coverage = self.coverage(u, v);
                let mut values = [0.0; MOST_BANDS];
                if coverage > 0.0 {
                    let (sx, sy) = plan.turn.to_stored(u, v, plan.oriented);
                    values = self.interpolate(from, tables, sx, sy);
                    for value in &mut values[..bands] {
                        *value *= coverage;
                    }
                }
                if let Some(under) = &under {
                    for (value, under) in values[..bands].iter_mut().zip(under) {
                        *value += under * (1.0 - coverage);
                    }
                }
                self.write(&values, pixel, colours);
            }
        }
        Ok(())
    }

    /// How much of the canvas pixel around an upright point the picture covers, 0–1: exact for an
    /// edge along the pixel grid, close to it for others.
    fn coverage(&self, u: f64, v: f64) -> f32 {
        let scale = self.place.canvas_scale();
        let along = |at: f64, len: u32| {
            let low = (at * scale + 0.5).clamp(0.0, 1.0);
            let high = ((f64::from(len) - at) * scale + 0.5).clamp(0.0, 1.0);
            (low + high - 1.0).max(0.0)
        };
        let size = self.plan.oriented;
        (along(u, size.width) * along(v, size.height)) as f32
    }

    /// The mixed values at a stored point, colours multiplied by alpha, alpha last.
    fn interpolate<T: Sample>(
        &self,
        from: &[T],
        tables: Option<[&T::Table; 3]>,
        x: f64,
        y: f64,
    ) -> [f32; MOST_BANDS] {
        let image = self.image;
        let x = (x - self.place.left) * self.place.scale.0 - 0.5;
        let y = (y - self.place.top) * self.place.scale.1 - 0.5;
        let (columns, across) = taps(x, image.width);
        let (rows, down) = taps(y, image.height);
        let bands = image.bands();
        let colours = image.space.bands();
        let mut total = [0.0; MOST_BANDS];
        for (row, down) in rows.into_iter().zip(down) {
            for (column, across) in columns.into_iter().zip(across) {
                let at = (row * image.width as usize + column) * bands;
                let pixel = &from[at..at + bands];
                let mut weight = down * across;
                if image.alpha {
                    weight *= pixel[colours].wide() / T::FULL;
                }
                for band in 0..colours {
                    let value = match tables {
                        Some(tables) => pixel[band].mixed(tables[band.min(2)]),
                        None => pixel[band].wide() / T::FULL,
                    };
                    total[band] += value * weight;
                }
                total[colours] += weight;
            }
        }
        total
    }

    fn write<T: Sample>(&self, values: &[f32; MOST_BANDS], pixel: &mut [T], colours: usize) {
        // Uncut: where the cubic overshoots it does so in colour and alpha alike.
        let alpha = values[colours];
        let share = if alpha > 0.0 { 1.0 / alpha } else { 0.0 };
        for band in 0..colours {
            let value = values[band] * share;
            pixel[band] = match self.light {
                Light::Linear(curves) => T::encoded(&curves[band.min(2)], value),
                Light::Encoded => T::rounded(value * T::FULL),
            };
        }
        pixel[colours] = T::rounded(alpha * T::FULL);
    }

    /// A colour in the picture's space, alpha last, in mixed values multiplied by alpha.
    fn mixed(&self, colour: &[u16]) -> [f32; MOST_BANDS] {
        let colours = colour.len() - 1;
        let alpha = f32::from(colour[colours]) / 65535.0;
        let mut values = [0.0; MOST_BANDS];
        for band in 0..colours {
            let value = match self.light {
                Light::Linear(curves) => curves[band.min(2)].decode16()[usize::from(colour[band])],
                Light::Encoded => f32::from(colour[band]) / 65535.0,
            };
            values[band] = value * alpha;
        }
        values[colours] = alpha;
        values
    }
}

/// The four pixels around a point and their weights; pixels beyond the edge are the edge's.
fn taps(at: f64, len: u32) -> ([usize; 4], [f32; 4]) {
    let base = at.floor();
    let part = (at - base) as f32;
    let pixels = std::array::from_fn(|tap| {
        (base + tap as f64 - 1.0).clamp(0.0, f64::from(len - 1)) as usize
    });
    (pixels, catmull_rom(part))
}

/// Weights of four neighbours at `part` of the way from the second to the third (E. Catmull and
/// R. Rom, "A class of local interpolating splines", 1974).
fn catmull_rom(part: f32) -> [f32; 4] {
    let (square, cube) = (part * part, part * part * part);
    [
        0.5 * (-cube + 2.0 * square - part),
        0.5 * (3.0 * cube - 5.0 * square + 2.0),
        0.5 * (-3.0 * cube + 4.0 * square + part),
        0.5 * (cube - square),
    ]
}
