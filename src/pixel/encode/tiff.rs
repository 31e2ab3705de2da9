//! TIFF: grey, RGB and CMYK, with or without alpha, 8 or 16 bits, LZW with horizontal prediction.

use std::io::Cursor;

use tiff::encoder::colortype::{self, ColorType};
use tiff::encoder::{Compression, Rational, TiffEncoder, TiffValue};
use tiff::tags::{
    ExtraSamples, PhotometricInterpretation, Predictor, ResolutionUnit, SampleFormat, Tag,
};

use super::{EncodeOptions, Side, failed};
use crate::pixel::{ColourSpace, Image, Result, Samples};

const XMP: Tag = Tag::Unknown(700);
const IPTC: Tag = Tag::Unknown(33_723);

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    use colortype::{CMYK8, CMYK16, Gray8, Gray16, RGB8, RGB16, RGBA8, RGBA16};
    let write = Writing { image, options, side };
    let bytes = match (&image.samples, image.space, image.alpha) {
        (Samples::U8(data), ColourSpace::Gray, false) => write.samples::<Gray8>(data),
        (Samples::U8(data), ColourSpace::Gray, true) => write.samples::<GrayAlpha8>(data),
        (Samples::U8(data), ColourSpace::Rgb, false) => write.samples::<RGB8>(data),
        (Samples::U8(data), ColourSpace::Rgb, true) => write.samples::<RGBA8>(data),
        (Samples::U8(data), ColourSpace::Cmyk, false) => write.samples::<CMYK8>(data),
        (Samples::U8(data), ColourSpace::Cmyk, true) => write.samples::<CmykAlpha8>(data),
        (Samples::U16(data), ColourSpace::Gray, false) => write.samples::<Gray16>(data),
        (Samples::U16(data), ColourSpace::Gray, true) => write.samples::<GrayAlpha16>(data),
        (Samples::U16(data), ColourSpace::Rgb, false) => write.samples::<RGB16>(data),
        (Samples::U16(data), ColourSpace::Rgb, true) => write.samples::<RGBA16>(data),
        (Samples::U16(data), ColourSpace::Cmyk, false) => write.samples::<CMYK16>(data),
        (Samples::U16(data), ColourSpace::Cmyk, true) => write.samples::<CmykAlpha16>(data),
    };
    bytes.map_err(failed)
}

struct Writing<'a> {
    image: &'a Image,
    options: &'a EncodeOptions,
    side: &'a Side<'a>,
}

impl Writing<'_> {
    fn samples<C: ColorType>(&self, data: &[C::Inner]) -> Result<Vec<u8>, tiff::TiffError>
    where
        [C::Inner]: TiffValue,
    {
        let mut out = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut out)?
            .with_compression(Compression::Lzw)
            .with_predictor(Predictor::Horizontal);
        let mut page = encoder.new_image::<C>(self.image.width, self.image.height)?;
        let directory = page.encoder();
        if self.image.alpha {
            let straight = ExtraSamples::UnassociatedAlpha.to_u16();
            directory.write_tag(Tag::ExtraSamples, &[straight][..])?;
        }
        let orientation = u16::from(self.options.orientation.exif());
        directory.write_tag(Tag::Orientation, orientation)?;
        if let Some(density) = self.side.metadata.density {
            directory.write_tag(Tag::XResolution, fraction(density.x_dpi))?;
            directory.write_tag(Tag::YResolution, fraction(density.y_dpi))?;
            directory.write_tag(Tag::ResolutionUnit, ResolutionUnit::Inch.to_u16())?;
        }
        if let Some(profile) = self.side.profile {
            directory.write_tag(Tag::IccProfile, profile)?;
        }
        if let Some(xmp) = self.side.metadata.xmp.as_deref() {
            directory.write_tag(XMP, xmp)?;
        }
        if let Some(iptc) = self.side.metadata.iptc.as_deref() {
            directory.write_tag(IPTC, iptc)?;
        }
        page.write_data(data)?;
        Ok(out.into_inner())
    }
}

/// A resolution in hundredths.
fn fraction(dpi: f64) -> Rational {
    Rational { n: (dpi * 100.0).round().clamp(1.0, f64::from(u32::MAX)) as u32, d: 100 }
}

/// A pixel type that the crate does not have: colours followed by alpha.
macro_rules! with_alpha {
    ($name:ident, $sample:ty, $bits:literal, $bands:literal, $colours:ident) => {
        struct $name;

        impl ColorType for $name {
            type Inner = $sample;
            const TIFF_VALUE: PhotometricInterpretation = PhotometricInterpretation::$colours;
            const BITS_PER_SAMPLE: &'static [u16] = &[$bits; $bands];
            const SAMPLE_FORMAT: &'static [SampleFormat] = &[SampleFormat::Uint; $bands];

            fn horizontal_predict(row: &[Self::Inner], result: &mut Vec<Self::Inner>) {
                result.extend_from_slice(&row[..$bands]);
                result.extend(row.iter().zip(&row[$bands..]).map(|(a, b)| b.wrapping_sub(*a)));
            }
        }
    };
}

with_alpha!(GrayAlpha8, u8, 8, 2, BlackIsZero);
with_alpha!(GrayAlpha16, u16, 16, 2, BlackIsZero);
with_alpha!(CmykAlpha8, u8, 8, 5, CMYK);
with_alpha!(CmykAlpha16, u16, 16, 5, CMYK);
