//! Turning by other than right angles.
//!
//! Each pixel of the turned canvas is interpolated at its centre with the Catmull-Rom cubic, in
//! the same light as resizing and with colours weighted by alpha. Pixels through which the
//! picture's edge passes are covered in part, which gives a smooth edge; what is not covered
//! becomes transparent, or the fill colour where the picture has transparency of its own.
//!
//! The canvas is painted in square blocks: the source under a block is decoded to floats once, so
//! that the sixteen neighbours of a point are sixteen vectors in the cache. Blocks lie on a grid of
//! the whole canvas and a pixel's place is reckoned from its block, so that a part of the canvas
//! comes out as it does in the whole.

use super::interpolate::{Patch, at};
use super::sample::Sample;
use crate::pixel::colour::curve::Light;
use crate::pixel::place::Place;
use crate::pixel::plan::{Area, Plan, Rect, Size};
use crate::pixel::{Cancel, Depth, Image, Result};

/// Canvas pixels along each side of a block: large enough that decoding the margin costs little,
/// small enough that its floats stay in the cache.
const BLOCK: u32 = 64;

/// The [part](working_part) of the turned canvas that the result is made from, at the buffer's
/// scale. The result always has alpha.
///
/// `under` is the colour (0–65535 per band, alpha last) that lies where the picture does not; none
/// leaves transparency.
///
/// # Errors
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short,
/// [`Error::Cancelled`](crate::pixel::Error::Cancelled).
pub(crate) fn tilt(
    image: &Image,
    place: &Place,
    plan: &Plan,
    light: &Light,
    under: Option<&[u16]>,
    cancel: &Cancel,
) -> Result<Image> {
    let part = working_part(plan, place);
    let mut result = Image::try_new(part.width, part.height, image.space, true, image.depth())?;
    result.profile.clone_from(&image.profile);
    result.metadata = image.metadata.clone();
    let view = View { image, place, plan, light, part, cancel };
    match image.depth() {
        Depth::U8 => view.by_bands::<u8>(&mut result, under)?,
        Depth::U16 => view.by_bands::<u16>(&mut result, under)?,
    }
    Ok(result)
}

/// The part of the whole canvas that the pixels to be made are resampled from, in whole pixels.
pub(crate) fn working_part(plan: &Plan, place: &Place) -> Rect {
    /// Reach of the resampling kernel in result pixels, and a pixel of the canvas for rounding.
    const LOBES: f64 = 3.0;
    let (area, made) = (working_area(plan, place), plan.made());
    let along = |at: u32, len: u32, picture: u32, canvas: f64| {
        let whole = (canvas - 1e-6).ceil().max(1.0) as u32;
        let scale = canvas / f64::from(picture);
        let support = if plan.resizes() { LOBES * scale.max(1.0) + 1.0 } else { 0.0 };
        let low = (f64::from(at) * scale - support + 1e-6).floor().max(0.0) as u32;
        let high = (f64::from(at + len) * scale + support - 1e-6).ceil() as u32;
        let low = low.min(whole - 1);
        (low, high.clamp(low + 1, whole) - low)
    };
    let (x, width) = along(made.x, made.width, plan.picture.width, area.width);
    let (y, height) = along(made.y, made.height, plan.picture.height, area.height);
    Rect { x, y, width, height }
}

/// The whole canvas: the crop at the buffer's scale.
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
    /// The part of the canvas that is made.
    part: Rect,
    cancel: &'a Cancel,
}

impl View<'_> {
    fn by_bands<T: Sample>(&self, result: &mut Image, under: Option<&[u16]>) -> Result<()> {
        let into = T::of_mut(&mut result.samples).expect("made with the picture's depth");
        match self.image.space.bands() {
            1 => self.best::<T, 1, 4>(into, under),
            3 => self.best::<T, 3, 4>(into, under),
            _ => self.best::<T, 4, 8>(into, under),
        }
    }

    /// Runs with the widest instructions that the processor has. `LANES` floats hold a pixel: its
    /// colours and, after them, alpha.
    fn best<T: Sample, const COLOURS: usize, const LANES: usize>(
        &self,
        into: &mut [T],
        under: Option<&[u16]>,
    ) -> Result<()> {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
        {
            #[allow(unsafe_code)]
            // SAFETY: the processor was just found to have both features.
            return unsafe { self.paint_avx2::<T, COLOURS, LANES>(into, under) };
        }
        self.paint::<T, COLOURS, LANES, false>(into, under)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn paint_avx2<T: Sample, const COLOURS: usize, const LANES: usize>(
        &self,
        into: &mut [T],
        under: Option<&[u16]>,
    ) -> Result<()> {
        self.paint::<T, COLOURS, LANES, true>(into, under)
    }

    #[inline(always)]
    fn paint<T: Sample, const COLOURS: usize, const LANES: usize, const FUSED: bool>(
        &self,
        into: &mut [T],
        under: Option<&[u16]>,
    ) -> Result<()> {
        let under = under.map(|under| self.mixed::<LANES>(under));
        let Rect { x: left, y: top, width, height } = self.part;
        let mut patch = Patch::default();
        for row in (top / BLOCK)..(top + height).div_ceil(BLOCK) {
            self.cancel.check()?;
            for column in (left / BLOCK)..(left + width).div_ceil(BLOCK) {
                let block = Block::new(self, column * BLOCK, row * BLOCK);
                if !block.shows && under.is_none() {
                    // The result is transparent as it was made.
                    continue;
                }
                if block.shows {
                    patch.fill::<T, COLOURS, LANES>(self.image, block.reach(), self.light)?;
                }
                self.block::<T, COLOURS, LANES, FUSED>(&block, &patch, under.as_ref(), into);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn block<T: Sample, const COLOURS: usize, const LANES: usize, const FUSED: bool>(
        &self,
        block: &Block,
        patch: &Patch,
        under: Option<&[f32; LANES]>,
        into: &mut [T],
    ) {
        let part = self.part;
        let columns = block.x.max(part.x)..(block.x + BLOCK).min(part.x + part.width);
        let rows = block.y.max(part.y)..(block.y + BLOCK).min(part.y + part.height);
        let bands = COLOURS + 1;
        for y in rows {
            let start = (y - part.y) as usize * part.width as usize;
            let row = &mut into[(start + (columns.start - part.x) as usize) * bands..];
            for (x, pixel) in columns.clone().zip(row.chunks_exact_mut(bands)) {
                let (i, j) = (x - block.x, y - block.y);
                let coverage = if block.inside { 1.0 } else { self.coverage(block.upright(i, j)) };
                let mut values = [0.0; LANES];
                if coverage > 0.0 {
                    let (u, v) = block.within_patch(i, j);
                    values = at::<LANES, FUSED>(patch, u, v);
                    if coverage < 1.0 {
                        for value in &mut values {
                            *value *= coverage;
                        }
                    }
                }
                if let (Some(under), true) = (under, coverage < 1.0) {
                    for (value, under) in values.iter_mut().zip(under) {
                        *value += under * (1.0 - coverage);
                    }
                }
                self.write::<T, COLOURS, LANES>(&values, pixel);
            }
        }
    }

    /// How much of the canvas pixel around an upright point the picture covers, 0–1: exact for an
    /// edge along the pixel grid, close to it for others.
    #[inline(always)]
    fn coverage(&self, (u, v): (f64, f64)) -> f32 {
        let scale = self.place.canvas_scale();
        let along = |at: f64, len: u32| {
            let low = (at * scale + 0.5).clamp(0.0, 1.0);
            let high = ((f64::from(len) - at) * scale + 0.5).clamp(0.0, 1.0);
            (low + high - 1.0).max(0.0)
        };
        let Size { width, height } = self.plan.oriented;
        (along(u, width) * along(v, height)) as f32
    }

    #[inline(always)]
    fn write<T: Sample, const COLOURS: usize, const LANES: usize>(
        &self,
        values: &[f32; LANES],
        pixel: &mut [T],
    ) {
        // Uncut: where the cubic overshoots it does so in colour and alpha alike.
        let alpha = values[COLOURS];
        let share = if alpha > 0.0 { 1.0 / alpha } else { 0.0 };
        for band in 0..COLOURS {
            let value = values[band] * share;
            pixel[band] = match self.light {
                Light::Linear(curves) => T::encoded(&curves[band.min(2)], value),
                Light::Encoded => T::rounded(value * T::FULL),
            };
        }
        pixel[COLOURS] = T::rounded(alpha * T::FULL);
    }

    /// A colour in the picture's space, alpha last, in mixed values multiplied by alpha.
    fn mixed<const LANES: usize>(&self, colour: &[u16]) -> [f32; LANES] {
        let colours = colour.len() - 1;
        let alpha = f32::from(colour[colours]) / 65535.0;
        let mut values = [0.0; LANES];
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

    /// The upright point at the centre of a canvas pixel.
    fn upright(&self, x: u32, y: u32) -> (f64, f64) {
        let scale = self.place.canvas_scale();
        let canvas = |crop: u32, at: u32| f64::from(crop) + (f64::from(at) + 0.5) / scale;
        self.plan.tilt().to_oriented(canvas(self.plan.crop.x, x), canvas(self.plan.crop.y, y))
    }

    /// The place in the buffer of an upright point, pixel centres at whole numbers.
    fn in_buffer(&self, (u, v): (f64, f64)) -> (f64, f64) {
        let (x, y) = self.plan.turn.to_stored(u, v, self.plan.oriented);
        let Place { left, top, scale } = *self.place;
        ((x - left) * scale.0 - 0.5, (y - top) * scale.1 - 0.5)
    }
}

/// A square of the canvas and where its pixels lie: all of it follows from the first pixel and the
/// steps to its neighbours.
struct Block {
    x: u32,
    y: u32,
    /// Whether the picture covers all of it, or any.
    inside: bool,
    shows: bool,
    upright: Steps<f64>,
    /// From the patch's first pixel.
    patch: Steps<f32>,
    /// The patch's first pixel in the buffer.
    origin: (i64, i64),
    /// Columns and rows of the patch.
    size: (usize, usize),
}

/// A point and the steps from it for a pixel to the right and a pixel down.
#[derive(Clone, Copy)]
struct Steps<F> {
    first: (F, F),
    right: (F, F),
    down: (F, F),
}

impl Steps<f64> {
    fn new(first: (f64, f64), right: (f64, f64), down: (f64, f64)) -> Self {
        let from = |next: (f64, f64)| (next.0 - first.0, next.1 - first.1);
        Self { first, right: from(right), down: from(down) }
    }

    fn corners(&self) -> [(f64, f64); 4] {
        let last = f64::from(BLOCK - 1);
        [(0.0, 0.0), (last, 0.0), (0.0, last), (last, last)].map(|(i, j)| {
            (
                self.first.0 + i * self.right.0 + j * self.down.0,
                self.first.1 + i * self.right.1 + j * self.down.1,
            )
        })
    }
}

impl Block {
    fn new(view: &View, x: u32, y: u32) -> Self {
        let points = [(x, y), (x + 1, y), (x, y + 1)].map(|(x, y)| view.upright(x, y));
        let upright = Steps::new(points[0], points[1], points[2]);
        let [first, right, down] = points.map(|point| view.in_buffer(point));
        let steps = Steps::new(first, right, down);
        let corners = steps.corners();
        // The cubic reads one pixel before and two after; one more on each side is for rounding.
        let bounds = |values: [f64; 4]| {
            let low = values.iter().fold(f64::MAX, |low, value| low.min(*value)).floor();
            let high = values.iter().fold(f64::MIN, |high, value| high.max(*value)).floor();
            (low as i64 - 2, (high - low) as usize + 7)
        };
        let (left, width) = bounds(corners.map(|corner| corner.0));
        let (top, height) = bounds(corners.map(|corner| corner.1));
        let close = |(x, y): (f64, f64)| (x as f32, y as f32);
        let patch = Steps {
            first: close((first.0 - left as f64, first.1 - top as f64)),
            right: close(steps.right),
            down: close(steps.down),
        };
        let (inside, shows) = covered(view, upright.corners());
        let (origin, size) = ((left, top), (width, height));
        Self { x, y, inside, shows, upright, patch, origin, size }
    }

    /// Where the patch begins in the buffer, and its size.
    fn reach(&self) -> ((i64, i64), (usize, usize)) {
        (self.origin, self.size)
    }

    /// The upright point of its pixel `i`, `j`.
    #[inline(always)]
    fn upright(&self, i: u32, j: u32) -> (f64, f64) {
        let (i, j) = (f64::from(i), f64::from(j));
        let Steps { first, right, down } = &self.upright;
        (first.0 + i * right.0 + j * down.0, first.1 + i * right.1 + j * down.1)
    }

    /// The point of the patch of its pixel `i`, `j`.
    #[inline(always)]
    fn within_patch(&self, i: u32, j: u32) -> (f32, f32) {
        let (i, j) = (i as f32, j as f32);
        let Steps { first, right, down } = &self.patch;
        (first.0 + (i * right.0 + j * down.0), first.1 + (i * right.1 + j * down.1))
    }
}

/// Whether the picture covers all of a block between these upright points, and whether it may
/// cover any.
fn covered(view: &View, corners: [(f64, f64); 4]) -> (bool, bool) {
    let inside = corners.iter().all(|corner| view.coverage(*corner) >= 1.0);
    let half = 0.5 / view.place.canvas_scale();
    let misses = |values: [f64; 4], len: u32| {
        values.iter().all(|value| *value <= -half)
            || values.iter().all(|value| *value >= f64::from(len) + half)
    };
    let Size { width, height } = view.plan.oriented;
    let outside = misses(corners.map(|corner| corner.0), width)
        || misses(corners.map(|corner| corner.1), height);
    (inside, !outside)
}
