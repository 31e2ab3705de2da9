//! Pictures without pixels of their own: where they are painted, and what is made of the paint.

use super::{Decoded, Info, Want};
use crate::pixel::{Image, Result, Samples};

/// What part of a row or column at the edge counts as all of it.
const HAIR: f64 = 1e-6;

/// A region at a scale, in pixels to be painted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Canvas {
    pub width: u32,
    pub height: u32,
    /// Left and top edge in the picture's own pixels.
    pub left: u32,
    pub top: u32,
    pub scale: f64,
    /// How much of the last column and row lies in the picture.
    last: (f64, f64),
}

impl Canvas {
    /// The canvas for a want: its scale is the smallest that will do and that gives the picture's
    /// width a whole number of pixels.
    pub fn new(info: &Info, want: &Want) -> Self {
        let whole = f64::from(info.width);
        let scale = (whole * want.min_scale - HAIR).ceil().max(1.0) / whole;
        let along = |at: u32, len: u32, of: u32| {
            let exact = f64::from(len) * scale;
            let pixels = (exact - HAIR).ceil().max(1.0);
            let at_edge = at + len == of;
            let last = if at_edge { exact - (pixels - 1.0) } else { 1.0 };
            (pixels.min(f64::from(u32::MAX)) as u32, last.clamp(HAIR, 1.0))
        };
        let region = want.region;
        let (width, last_column) = along(region.x, region.width, info.width);
        let (height, last_row) = along(region.y, region.height, info.height);
        Self { width, height, left: region.x, top: region.y, scale, last: (last_column, last_row) }
    }

    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Makes a picture of what `paint` leaves in a transparent buffer of 8-bit RGBA, premultiplied.
    pub fn paint(
        &self,
        info: &Info,
        paint: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<Decoded> {
        let mut image = info.try_image(self.width, self.height)?;
        if let Samples::U8(samples) = &mut image.samples {
            paint(samples)?;
            self.complete_edges(samples);
            samples.chunks_exact_mut(4).for_each(unpremultiply);
        }
        Ok(self.decoded(image))
    }

    /// A picture of this size, and where it lies.
    pub fn decoded(&self, image: Image) -> Decoded {
        let (left, top) = (f64::from(self.left), f64::from(self.top));
        Decoded { image, left, top, scale: self.scale }
    }

    /// Where the picture ends within the last column or row, its paint covers only a part of that: it
    /// is made to cover all, as a decoder of pixels would.
    fn complete_edges(&self, samples: &mut [u8]) {
        let line = self.width as usize * 4;
        let (last_column, last_row) = self.last;
        if last_column < 1.0 - HAIR {
            for row in samples.chunks_exact_mut(line) {
                row[line - 4..].chunks_exact_mut(4).for_each(|pixel| grow(pixel, last_column));
            }
        }
        if last_row < 1.0 - HAIR {
            let start = samples.len() - line;
            samples[start..].chunks_exact_mut(4).for_each(|pixel| grow(pixel, last_row));
        }
    }
}

/// A premultiplied pixel that covers `part` of its place, made to cover all of it.
fn grow(pixel: &mut [u8], part: f64) {
    let by = (1.0 / part).min(255.0 / f64::from(pixel[3].max(1)));
    for value in pixel {
        *value = (f64::from(*value) * by).round() as u8;
    }
}

fn unpremultiply(pixel: &mut [u8]) {
    let alpha = u32::from(pixel[3]);
    if alpha == 0 {
        pixel.fill(0);
    } else if alpha < 255 {
        for value in &mut pixel[..3] {
            *value = ((u32::from(*value) * 255 + alpha / 2) / alpha).min(255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Region;
    use super::*;
    use crate::pixel::{ColourSpace, Depth, Format, Metadata, Orientation};

    fn info(width: u32, height: u32) -> Info {
        Info {
            format: Format::Svg,
            width,
            height,
            orientation: Orientation::UPRIGHT,
            space: ColourSpace::Rgb,
            depth: Depth::U8,
            alpha: true,
            pages: 1,
            profile: None,
            metadata: Metadata::default(),
            vector: true,
        }
    }

    #[test]
    fn a_canvas_covers_its_region_at_no_less_than_the_scale() {
        for (width, height) in [(300, 200), (1, 1), (7, 1000), (640, 481)] {
            for min_scale in [0.001, 0.1, 0.333, 0.5, 1.0, 1.7, 4.0] {
                let region = Region { x: width / 3, y: height / 2, width: 1, height: height / 2 }
                    .within(width, height);
                for region in [region, Region::full(width, height)] {
                    let canvas = Canvas::new(&info(width, height), &Want { region, min_scale });
                    assert!(canvas.scale >= min_scale * (1.0 - 1e-6), "{canvas:?}");
                    let covered = f64::from(canvas.height) / canvas.scale;
                    assert!(covered >= f64::from(region.height) - 1e-3, "{canvas:?}");
                }
            }
        }
    }

    #[test]
    fn a_full_edge_stays_opaque_and_colours_are_straight() {
        // 3 rows of which the last is covered by half: 5 pixels high at a scale of 1/2.
        let want = Want { region: Region::full(4, 5), min_scale: 0.5 };
        let canvas = Canvas::new(&info(4, 5), &want);
        assert_eq!((canvas.width, canvas.height), (2, 3));
        let paint = |samples: &mut [u8]| {
            samples[..16].copy_from_slice(&[60, 0, 0, 60, 0, 0, 0, 0, 255, 1, 2, 255, 9, 9, 9, 9]);
            samples[16..].copy_from_slice(&[128, 64, 0, 128, 0, 32, 0, 64]);
            Ok(())
        };
        let decoded = canvas.paint(&info(4, 5), paint).unwrap();
        let Samples::U8(samples) = decoded.image.samples else { panic!() };
        assert_eq!(&samples[..16], &[255, 0, 0, 60, 0, 0, 0, 0, 255, 1, 2, 255, 255, 255, 255, 9]);
        assert_eq!(&samples[16..], &[255, 128, 0, 255, 0, 128, 0, 128]);
    }
}
