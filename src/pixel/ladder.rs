//! Several reductions of one picture in one pass over its rows, each made from the pixels themselves.
//!
//! Preparing smaller versions of a picture must not hold the picture: one of 300 megapixels comes
//! in bands of rows. Every row is brought to mixed values once and added into the rows of each
//! reduction that it takes part in; a reduction's row that has all of its parts is reduced across,
//! encoded and handed on. The kernel, the light and the rounding are those of resizing, and the
//! weights too, so that a rung equals what the engine makes of the whole picture.
//!
//! It knows pixels; where the rows go is the caller's business.

use std::collections::VecDeque;
use std::ops::Range;

use super::colour::curve::Light;
use super::colour::icc;
use super::decode::{Info, Region};
use super::op::kernel::Axis;
use super::op::resample::{Resize, resample};
use super::op::sample::Sample;
use super::plan::{Area, Rect, Size};
use super::{Cancel, Depth, Error, Image, Result, Samples};

/// One row of a rung.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// 8-bit samples, bands interleaved.
    U8(&'a [u8]),
    /// 16-bit samples, bands interleaved.
    U16(&'a [u16]),
}

/// Takes the rows of each rung, in order: the rung's number and the row.
pub type Emit<'a> = dyn FnMut(usize, Row<'_>) -> Result<()> + 'a;

/// Reductions that are being made.
pub struct Ladder {
    bands: usize,
    alpha: bool,
    light: Light,
    width: u32,
    height: u32,
    /// The row of the source that comes next.
    next: u32,
    mixed: Vec<f32>,
    rungs: Vec<Rung>,
}

struct Rung {
    width: u32,
    height: u32,
    across: Axis,
    down: Axis,
    /// Sums of rows that are not complete, the first for `first`.
    open: VecDeque<Vec<f32>>,
    first: usize,
    spare: Vec<Vec<f32>>,
}

/// The size of a picture of `width`×`height` at a scale of at most 1: rounded up, so that the last
/// column and row may reach beyond its edge by less than one pixel.
#[must_use]
pub fn scaled_size(width: u32, height: u32, scale: f64) -> (u32, u32) {
    let along = |len: u32| ((f64::from(len) * scale - 1e-6).ceil().max(1.0) as u32).min(len);
    (along(width), along(height))
}

impl Ladder {
    /// Rungs of these scales, each above 0 and at most 1. `linear` mixes in proportion to light.
    ///
    /// # Errors
    /// [`Error::Memory`] when memory is short.
    pub fn new(info: &Info, linear: bool, scales: &[f64]) -> Result<Self> {
        let mut pixel = info.try_image(1, 1)?;
        icc::drop_unfit(&mut pixel);
        let light = if linear { Light::of(&pixel) } else { Light::Encoded };
        let bands = pixel.bands();
        let rung = |scale: &f64| {
            let (width, height) = scaled_size(info.width, info.height, *scale);
            let axis = |len: u32, size: u32| {
                Axis::new(0.0, f64::from(size) / scale, size, 0..size, 0..len)
            };
            Rung {
                width,
                height,
                across: axis(info.width, width),
                down: axis(info.height, height),
                open: VecDeque::new(),
                first: 0,
                spare: Vec::new(),
            }
        };
        let mut mixed = Vec::new();
        grow(&mut mixed, info.width as usize * bands)?;
        Ok(Self {
            bands,
            alpha: info.alpha,
            light,
            width: info.width,
            height: info.height,
            next: 0,
            mixed,
            rungs: scales.iter().map(rung).collect(),
        })
    }

    /// Width and height of a rung.
    #[must_use]
    pub fn size(&self, rung: usize) -> (u32, u32) {
        (self.rungs[rung].width, self.rungs[rung].height)
    }

    /// Adds the next rows of the picture, all columns of them, as decoded (straight alpha): those
    /// of `band` that `rows` names.
    ///
    /// # Errors
    /// [`Error::Memory`] when memory is short, [`Error::Cancelled`], and whatever `emit` gives back.
    ///
    /// # Panics
    /// When the band is not as wide as the picture, or of another kind.
    pub fn add(
        &mut self,
        band: &Image,
        rows: Range<u32>,
        cancel: &Cancel,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        assert_eq!((band.width, band.bands()), (self.width, self.bands), "a band of the picture");
        let part = rows.start as usize * band.row_len()..rows.end as usize * band.row_len();
        match &band.samples {
            Samples::U8(all) => self.add_rows(&all[part], |row| Row::U8(row), cancel, emit),
            Samples::U16(all) => self.add_rows(&all[part], |row| Row::U16(row), cancel, emit),
        }
    }

    fn add_rows<T: Sample>(
        &mut self,
        samples: &[T],
        wrap: fn(&[T]) -> Row<'_>,
        cancel: &Cancel,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        let mut result: Vec<T> = Vec::new();
        for row in samples.chunks_exact(self.width as usize * self.bands) {
            cancel.check()?;
            self.mix(row);
            let y = self.next as usize;
            for (number, rung) in self.rungs.iter_mut().enumerate() {
                rung.add(y, &self.mixed)?;
                while let Some(sums) = rung.complete(y) {
                    result.clear();
                    result.resize(rung.width as usize * self.bands, T::default());
                    across(&rung.across, &sums, self.bands, |index, pixel| {
                        let into = &mut result[index * self.bands..][..self.bands];
                        encode(&self.light, self.alpha, pixel, into);
                    });
                    rung.spare.push(sums);
                    emit(number, wrap(&result))?;
                }
            }
            self.next += 1;
        }
        Ok(())
    }

    /// A row of samples in mixed values, colours multiplied by alpha: linear light is 0–1, encoded
    /// values keep their range, alpha is 0–1.
    fn mix<T: Sample>(&mut self, row: &[T]) {
        let tables = T::tables(&self.light);
        let colours = self.bands - usize::from(self.alpha);
        let pixels = row.chunks_exact(self.bands).zip(self.mixed.chunks_exact_mut(self.bands));
        for (pixel, values) in pixels {
            let alpha = if self.alpha { pixel[colours].wide() / T::FULL } else { 1.0 };
            for band in 0..colours {
                let value = match tables {
                    Some(tables) => pixel[band].mixed(tables[band.min(2)]),
                    None => pixel[band].wide(),
                };
                values[band] = value * alpha;
            }
            if self.alpha {
                values[colours] = alpha;
            }
        }
    }

    /// Whether every row has been added.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.next == self.height
    }
}

impl Rung {
    fn add(&mut self, y: usize, row: &[f32]) -> Result<()> {
        while self.first + self.open.len() < self.down.len()
            && self.down.range(self.first + self.open.len()).start <= y
        {
            let mut sums = self.spare.pop().unwrap_or_default();
            sums.clear();
            grow(&mut sums, row.len())?;
            self.open.push_back(sums);
        }
        for (index, sums) in (self.first..).zip(&mut self.open) {
            let range = self.down.range(index);
            if range.contains(&y) {
                add_weighted(sums, row, self.down.weights(index)[y - range.start]);
            }
        }
        Ok(())
    }

    /// The first row that has all of its parts once row `y` is in.
    fn complete(&mut self, y: usize) -> Option<Vec<f32>> {
        if self.open.is_empty() || self.down.range(self.first).end > y + 1 {
            return None;
        }
        self.first += 1;
        self.open.pop_front()
    }
}

fn grow(values: &mut Vec<f32>, len: usize) -> Result<()> {
    values.try_reserve_exact(len.saturating_sub(values.len())).map_err(|_| Error::Memory)?;
    values.resize(len, 0.0);
    Ok(())
}

/// Adds a row to sums, with the widest instructions that the processor has.
fn add_weighted(sums: &mut [f32], row: &[f32], weight: f32) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        #[allow(unsafe_code)]
        // SAFETY: the processor was just found to have both features.
        unsafe {
            add_weighted_avx2(sums, row, weight);
        }
        return;
    }
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += value * weight;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn add_weighted_avx2(sums: &mut [f32], row: &[f32], weight: f32) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum = value.mul_add(weight, *sum);
    }
}

/// Reduces complete sums along their width; `put` is given each pixel's number and bands.
fn across(axis: &Axis, sums: &[f32], bands: usize, mut put: impl FnMut(usize, &[f32])) {
    let mut pixel = [0.0_f32; MOST_BANDS];
    for index in 0..axis.len() {
        let pixel = &mut pixel[..bands];
        pixel.fill(0.0);
        let from = &sums[axis.range(index).start * bands..];
        for (values, weight) in from.chunks_exact(bands).zip(axis.weights(index)) {
            for (total, value) in pixel.iter_mut().zip(values) {
                *total += value * weight;
            }
        }
        put(index, pixel);
    }
}

/// CMYK with alpha.
const MOST_BANDS: usize = 5;

fn encode<T: Sample>(light: &Light, alpha: bool, values: &[f32], into: &mut [T]) {
    let colours = values.len() - usize::from(alpha);
    let share = match alpha {
        true if values[colours] > 0.0 => 1.0 / values[colours],
        true => 0.0,
        false => 1.0,
    };
    for band in 0..colours {
        into[band] = match light {
            Light::Linear(curves) => T::encoded(&curves[band.min(2)], values[band] * share),
            Light::Encoded => T::rounded((values[band] * share).clamp(0.0, T::FULL)),
        };
    }
    if alpha {
        into[colours] = T::rounded((values[colours] * T::FULL).clamp(0.0, T::FULL));
    }
}

/// A window of a coarser rung as the engine makes it from a finer one.
///
/// `part` is cut from the finer rung at column and row `at`; `scales` are those of the finer and the
/// coarser rung, `size` is that of the whole coarser rung and `window` lies in it.
///
/// # Errors
/// [`Error::Memory`] when memory is short, [`Error::Cancelled`].
pub fn reduce_again(
    part: &Image,
    at: (u32, u32),
    scales: (f64, f64),
    size: (u32, u32),
    window: Region,
    linear: bool,
    cancel: &Cancel,
) -> Result<Image> {
    let ratio = scales.0 / scales.1;
    let mut part = part.clone();
    icc::drop_unfit(&mut part);
    let light = if linear { Light::of(&part) } else { Light::Encoded };
    let from = Area {
        x: -f64::from(at.0),
        y: -f64::from(at.1),
        width: f64::from(size.0) * ratio,
        height: f64::from(size.1) * ratio,
    };
    let Region { x, y, width, height } = window;
    let resize = Resize {
        from,
        within: Rect::whole(Size::new(part.width, part.height)),
        size: Size::new(size.0, size.1),
        wanted: Rect { x, y, width, height },
    };
    resample(&part, &resize, &light, cancel)
}

/// Bytes of one pixel of a decoded picture of this kind.
#[must_use]
pub fn pixel_bytes(info: &Info) -> usize {
    let bands = info.space.bands() + usize::from(info.alpha);
    bands * if info.depth == Depth::U16 { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{ColourSpace, Format};

    fn info(space: ColourSpace, alpha: bool, depth: Depth) -> Info {
        Info { space, depth, alpha, ..Info::new(Format::Tiff, 93, 71) }
    }

    fn picture(info: &Info) -> Image {
        let mut image = info.try_image(info.width, info.height).unwrap();
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        match &mut image.samples {
            Samples::U8(samples) => samples.iter_mut().for_each(|s| *s = next() as u8),
            Samples::U16(samples) => samples.iter_mut().for_each(|s| *s = next() as u16),
        }
        image
    }

    fn apart(one: &Samples, other: &Samples) -> u32 {
        let most = |pairs: &mut dyn Iterator<Item = (u32, u32)>| {
            pairs.map(|(a, b)| a.abs_diff(b)).max().unwrap()
        };
        match (one, other) {
            (Samples::U8(a), Samples::U8(b)) => {
                assert_eq!(a.len(), b.len());
                most(&mut a.iter().zip(b).map(|(a, b)| (u32::from(*a), u32::from(*b))))
            }
            (Samples::U16(a), Samples::U16(b)) => {
                assert_eq!(a.len(), b.len());
                most(&mut a.iter().zip(b).map(|(a, b)| (u32::from(*a), u32::from(*b))))
            }
            _ => panic!("of one depth"),
        }
    }

    /// Bands of any height give what resizing the whole picture at once gives.
    #[test]
    fn rungs_are_reductions_of_the_whole() {
        let kinds = [
            (ColourSpace::Rgb, false, Depth::U8),
            (ColourSpace::Gray, false, Depth::U16),
            (ColourSpace::Rgb, true, Depth::U8),
            (ColourSpace::Cmyk, true, Depth::U16),
        ];
        let scales = [0.5, 0.5_f64.sqrt() / 2.0, 0.11];
        for (space, alpha, depth) in kinds {
            for linear in [true, false] {
                let info = info(space, alpha, depth);
                let image = picture(&info);
                let mut ladder = Ladder::new(&info, linear, &scales).unwrap();
                let empty = || Samples::try_zeroed(depth, 0).unwrap();
                let mut made = [empty(), empty(), empty()];
                let mut emit = |rung: usize, row: Row<'_>| {
                    match (&mut made[rung], row) {
                        (Samples::U8(all), Row::U8(row)) => all.extend_from_slice(row),
                        (Samples::U16(all), Row::U16(row)) => all.extend_from_slice(row),
                        _ => panic!("of one depth"),
                    }
                    Ok(())
                };
                for rows in [0..1, 1..40, 40..70, 70..71] {
                    assert!(!ladder.is_complete());
                    ladder.add(&image, rows, &Cancel::never(), &mut emit).unwrap();
                }
                assert!(ladder.is_complete());
                for (rung, scale) in scales.into_iter().enumerate() {
                    let size = ladder.size(rung);
                    assert_eq!(size, scaled_size(93, 71, scale));
                    let window = Region::full(size.0, size.1);
                    let scales = (1.0, scale);
                    let whole = reduce_again(
                        &image,
                        (0, 0),
                        scales,
                        size,
                        window,
                        linear,
                        &Cancel::never(),
                    )
                    .unwrap();
                    // Sums are added in another order; 16 bits show it in their last steps.
                    let allowed = if depth == Depth::U8 { 1 } else { 24 };
                    let found = apart(&made[rung], &whole.samples);
                    assert!(found <= allowed, "{space:?} {alpha} {depth:?} {scale}: {found}");
                }
            }
        }
    }

    #[test]
    fn sizes_are_rounded_up_and_never_nothing() {
        assert_eq!(scaled_size(3000, 2000, 0.5), (1500, 1000));
        assert_eq!(scaled_size(3001, 2000, 0.5), (1501, 1000));
        assert_eq!(scaled_size(3000, 1, 0.01), (30, 1));
        assert_eq!(scaled_size(7, 5, 1.0), (7, 5));
    }
}
