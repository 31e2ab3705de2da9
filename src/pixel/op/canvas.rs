//! Laying a picture on its canvas: padding, and getting rid of transparency.
//!
//! Flattening mixes encoded values, as browsers do when they show a picture on a page; a picture
//! with transparency therefore looks the same flattened here as laid on that colour there.

use crate::pixel::plan::{Rect, Size};
use crate::pixel::{Image, Result, Samples};

use super::depth::rounded;

/// Lays `image` at `at` (which may lie outside) on a canvas of `fill`, given as colour bands and
/// alpha of 0–65535 in the picture's space. With `alpha` the result has an alpha band.
///
/// # Errors
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short.
pub(crate) fn lay(
    image: Image,
    canvas: Size,
    at: (i64, i64),
    fill: &[u16],
    alpha: bool,
) -> Result<Image> {
    let whole = at == (0, 0) && canvas == Size::new(image.width, image.height);
    if whole && image.alpha == alpha {
        return Ok(image);
    }
    let mut result =
        Image::try_new(canvas.width, canvas.height, image.space, alpha, image.depth())?;
    result.profile.clone_from(&image.profile);
    result.metadata = image.metadata.clone();
    let bands = (image.bands(), result.bands());
    let colours = image.space.bands();
    let row_len = result.row_len();
    let (shown, (skip_x, skip_y)) = shown(&image, canvas, at);
    match (&image.samples, &mut result.samples) {
        (Samples::U8(from), Samples::U8(into)) => {
            let fill: Vec<u8> = fill.iter().map(|&sample| rounded(sample)).collect();
            let rows =
                Rows { from, stride: image.row_len(), skip: (skip_x, skip_y), bands, colours };
            rows.lay(into, row_len, shown, &fill, u8::MAX, mix8);
        }
        (Samples::U16(from), Samples::U16(into)) => {
            let rows =
                Rows { from, stride: image.row_len(), skip: (skip_x, skip_y), bands, colours };
            rows.lay(into, row_len, shown, fill, u16::MAX, mix16);
        }
        _ => unreachable!("the canvas was made with the picture's depth"),
    }
    Ok(result)
}

/// Where on the canvas the picture shows, and how much of its left and top lies outside.
fn shown(image: &Image, canvas: Size, at: (i64, i64)) -> (Rect, (usize, usize)) {
    let along = |at: i64, len: u32, canvas: u32| {
        let low = at.clamp(0, i64::from(canvas));
        let high = (at + i64::from(len)).clamp(low, i64::from(canvas));
        (low as u32, (high - low) as u32, (low - at).max(0) as usize)
    };
    let (x, width, skip_x) = along(at.0, image.width, canvas.width);
    let (y, height, skip_y) = along(at.1, image.height, canvas.height);
    (Rect { x, y, width, height }, (skip_x, skip_y))
}

struct Rows<'a, T> {
    from: &'a [T],
    stride: usize,
    skip: (usize, usize),
    /// Bands of the picture and of the canvas.
    bands: (usize, usize),
    colours: usize,
}

impl<T: Copy> Rows<'_, T> {
    fn lay(
        &self,
        into: &mut [T],
        row_len: usize,
        shown: Rect,
        fill: &[T],
        opaque: T,
        mix: impl Fn(T, T, T) -> T,
    ) {
        let (from_bands, into_bands) = self.bands;
        let (left, width) = (shown.x as usize * into_bands, shown.width as usize * into_bands);
        for (y, row) in into.chunks_exact_mut(row_len).enumerate() {
            let inside = y
                .checked_sub(shown.y as usize)
                .filter(|index| *index < shown.height as usize && width > 0);
            let Some(index) = inside else {
                paint(row, fill, into_bands);
                continue;
            };
            paint(&mut row[..left], fill, into_bands);
            paint(&mut row[left + width..], fill, into_bands);
            let start = (index + self.skip.1) * self.stride + self.skip.0 * from_bands;
            let from = &self.from[start..start + shown.width as usize * from_bands];
            let into = &mut row[left..left + width];
            if from_bands == into_bands {
                into.copy_from_slice(from);
                continue;
            }
            let pixels = from.chunks_exact(from_bands).zip(into.chunks_exact_mut(into_bands));
            for (from, into) in pixels {
                if from_bands > into_bands {
                    for band in 0..self.colours {
                        into[band] = mix(from[band], fill[band], from[self.colours]);
                    }
                } else {
                    into[..self.colours].copy_from_slice(from);
                    into[self.colours] = opaque;
                }
            }
        }
    }
}

fn paint<T: Copy>(row: &mut [T], fill: &[T], bands: usize) {
    for pixel in row.chunks_exact_mut(bands) {
        pixel.copy_from_slice(&fill[..bands]);
    }
}

/// `over` at `alpha` on `under`, rounded to nearest.
fn mix8(over: u8, under: u8, alpha: u8) -> u8 {
    let (over, under, alpha) = (u32::from(over), u32::from(under), u32::from(alpha));
    ((over * alpha + under * (255 - alpha) + 127) / 255) as u8
}

/// `over` at `alpha` on `under`, rounded to nearest.
fn mix16(over: u16, under: u16, alpha: u16) -> u16 {
    let (over, under, alpha) = (u64::from(over), u64::from(under), u64::from(alpha));
    ((over * alpha + under * (65535 - alpha) + 32767) / 65535) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{ColourSpace, Depth};

    fn gray(width: u32, height: u32, samples: Vec<u8>) -> Image {
        let mut image = Image::try_new(width, height, ColourSpace::Gray, false, Depth::U8).unwrap();
        image.samples = Samples::U8(samples);
        image
    }

    fn laid(at: (i64, i64)) -> Vec<u8> {
        let image = gray(2, 2, vec![1, 2, 3, 4]);
        let fill = [9 * 257, u16::MAX];
        match lay(image, Size::new(3, 3), at, &fill, false).unwrap().samples {
            Samples::U8(samples) => samples,
            Samples::U16(_) => panic!("8 bits stay 8"),
        }
    }

    #[test]
    fn inside_across_an_edge_and_outside() {
        assert_eq!(laid((0, 0)), [1, 2, 9, 3, 4, 9, 9, 9, 9]);
        assert_eq!(laid((1, 1)), [9, 9, 9, 9, 1, 2, 9, 3, 4]);
        assert_eq!(laid((-1, -1)), [4, 9, 9, 9, 9, 9, 9, 9, 9]);
        assert_eq!(laid((2, -1)), [9, 9, 3, 9, 9, 9, 9, 9, 9]);
        assert_eq!(laid((3, 0)), [9; 9]);
        assert_eq!(laid((0, -2)), [9; 9]);
    }

    #[test]
    fn alpha_is_added_and_taken_away() {
        let image = gray(1, 1, vec![100]);
        let added = lay(image, Size::new(2, 1), (0, 0), &[u16::MAX, 0], true).unwrap();
        assert_eq!(added.samples, Samples::U8(vec![100, 255, 255, 0]));
        let half = Image { samples: Samples::U8(vec![100, 51, 200, 0]), ..added };
        let flat = lay(half, Size::new(2, 1), (0, 0), &[50 * 257, u16::MAX], false).unwrap();
        // 100 · 0.2 + 50 · 0.8, and nothing but the fill.
        assert_eq!(flat.samples, Samples::U8(vec![60, 50]));
    }

    #[test]
    fn mixing_rounds_to_nearest() {
        for (over, under, alpha) in [(255, 0, 128), (0, 255, 1), (200, 100, 77), (3, 250, 254)] {
            let share = f64::from(alpha) / 255.0;
            let exact = f64::from(over) * share + f64::from(under) * (1.0 - share);
            assert_eq!(mix8(over, under, alpha), exact.round() as u8);
        }
        assert_eq!(mix16(65535, 0, 32768), 32768);
    }
}
