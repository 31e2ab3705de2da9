//! The picture that the camera made itself and put beside the sensor's data.

use std::io::Cursor;
use std::sync::Arc;

use super::super::{Decoded, Decoder, File, Info, Reader, Region, Want, jpeg};
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Image, Limits, Result, Samples};

/// How far the shapes of preview and sensor may differ: the edges of one or the other are cut.
const MAX_SHAPE_DIFFERENCE: f64 = 0.02;

/// A JPEG that shows what the sensor saw.
pub(super) struct Preview {
    info: Info,
    decoder: Box<dyn Decoder>,
    /// Preview pixels per pixel of the developed picture.
    scale: f64,
    /// The Exif block of the preview, which is often the only one that is whole.
    pub(super) exif: Option<Arc<[u8]>>,
}

impl Preview {
    /// Opens a preview, unless it is no sound one or shows a picture of another shape: bars, or
    /// turned already.
    pub(super) fn open(
        file: Vec<u8>,
        (width, height): (u32, u32),
        limits: &Limits,
    ) -> Option<Self> {
        let len = file.len() as u64;
        let file = File { reader: Reader::new(Box::new(Cursor::new(file))), len, page: 1, dpi: 0 };
        let (mut info, decoder) = jpeg::open(file, limits).ok()?;
        let across = f64::from(info.width) / f64::from(width);
        let down = f64::from(info.height) / f64::from(height);
        let fits = (across / down - 1.0).abs() <= MAX_SHAPE_DIFFERENCE
            && info.space != ColourSpace::Cmyk
            && info.profile.is_none();
        let exif = info.metadata.exif.take();
        fits.then_some(Self { info, decoder, scale: across.min(down).min(1.0), exif })
    }

    /// The pixels that decoding holds, if the preview is large enough for what is wanted.
    pub(super) fn held(&self, info: &Info, want: &Want) -> Option<u64> {
        if self.scale < want.min_scale
            || (self.info.space, info.space) == (ColourSpace::Rgb, ColourSpace::Gray)
        {
            return None;
        }
        let inner = self.want(want);
        // What was read, and the same in the size and depth that were announced.
        Some(self.decoder.held_pixels(&self.info, &inner) * 2)
    }

    /// Everything, no larger than needed.
    fn want(&self, want: &Want) -> Want {
        let region = Region::full(self.info.width, self.info.height);
        Want { region, min_scale: (want.min_scale / self.scale).min(1.0) }
    }

    pub(super) fn decode(self, info: &Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let inner = self.want(want);
        let Self { info: own, decoder, scale, .. } = self;
        let decoded = decoder.decode(own, &inner, cancel)?;
        cancel.check()?;
        // Previews are JPEG, which shrinks alike both ways.
        let scale = scale * decoded.scale.0;
        let Samples::U8(from) = &decoded.image.samples else {
            return Err(Error::Malformed("its preview has an uncommon depth".into()));
        };
        let (bands, line) = (decoded.image.bands(), decoded.image.row_len());
        let width = super::scaled(info.width, scale).min(decoded.image.width);
        let height = super::scaled(info.height, scale).min(decoded.image.height);
        // Where it shows more than the sensor's picture, it does so on both sides alike.
        let left = ((decoded.image.width - width) / 2) as usize;
        let top = ((decoded.image.height - height) / 2) as usize;
        let mut image = Image::try_new(width, height, info.space, false, Depth::U16)?;
        image.metadata = info.metadata.clone();
        let out_bands = image.bands();
        let Samples::U16(to) = &mut image.samples else {
            return Err(Error::Limit("its pixels have no place".into()));
        };
        for (y, row) in to.chunks_exact_mut(width as usize * out_bands).enumerate() {
            let source = &from[(top + y) * line..][..line];
            for (x, pixel) in row.chunks_exact_mut(out_bands).enumerate() {
                let at = (left + x) * bands;
                for (band, sample) in pixel.iter_mut().enumerate() {
                    *sample = u16::from(source[at + band.min(bands - 1)]) * 257;
                }
            }
        }
        Ok(Decoded { image, left: 0.0, top: 0.0, scale: (scale, scale) })
    }
}
