//! TIFF: grey, RGB and CMYK, with or without alpha, 8 or 16 bits, LZW with horizontal prediction.

use std::io::Cursor;

use tiff::Directory;
use tiff::encoder::colortype::{self, ColorType};
use tiff::encoder::{
    Compression, DirectoryEncoder, Rational, TiffEncoder, TiffKindStandard, TiffValue,
};
use tiff::tags::{
    ExtraSamples, PhotometricInterpretation, Predictor, ResolutionUnit, SampleFormat, Tag, Type,
};

use super::{EncodeOptions, Side, failed};
use crate::pixel::metadata::fields::{
    EXIF_DIRECTORY, Exif, Field, GPS_DIRECTORY, INTEROP_DIRECTORY,
};
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
        let fields = self.side.metadata.exif.as_deref().and_then(Exif::read).map(Exif::describing);
        let fields = fields.unwrap_or_default();
        let below = Below::write(&mut encoder, &fields)?;
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
        put(directory, &fields.main)?;
        for (tag, place) in [(EXIF_DIRECTORY, below.exif), (GPS_DIRECTORY, below.gps)] {
            if let Some(place) = place {
                directory.write_tag(Tag::Unknown(tag), place)?;
            }
        }
        page.write_data(data)?;
        Ok(out.into_inner())
    }
}

/// Where the directories of Exif stand that the page points to.
struct Below {
    exif: Option<u32>,
    gps: Option<u32>,
}

impl Below {
    fn write(encoder: &mut Encoder<'_>, fields: &Exif) -> Result<Self, tiff::TiffError> {
        let interop = directory(encoder, &fields.interop, None)?;
        let link = interop.map(|place| (INTEROP_DIRECTORY, place));
        Ok(Self {
            exif: directory(encoder, &fields.exif, link)?,
            gps: directory(encoder, &fields.gps, None)?,
        })
    }
}

type Encoder<'a> = TiffEncoder<&'a mut Cursor<Vec<u8>>>;

/// Writes a directory that is no page and returns its place; an empty one is left out.
fn directory(
    encoder: &mut Encoder<'_>,
    fields: &[Field],
    link: Option<(u16, u32)>,
) -> Result<Option<u32>, tiff::TiffError> {
    if fields.is_empty() && link.is_none() {
        return Ok(None);
    }
    let mut directory = encoder.extra_directory()?;
    put(&mut directory, fields)?;
    if let Some((tag, place)) = link {
        directory.write_tag(Tag::Unknown(tag), place)?;
    }
    Ok(Some(directory.finish_with_offsets()?.offset))
}

fn put(
    directory: &mut DirectoryEncoder<'_, &mut Cursor<Vec<u8>>, TiffKindStandard>,
    fields: &[Field],
) -> Result<(), tiff::TiffError> {
    let mut entries = Directory::empty();
    for field in fields {
        let Some(kind) = Type::from_u16(field.kind) else { continue };
        // The encoder writes in the machine's own order.
        let native = Field::stored(
            field.tag,
            field.kind,
            field.count,
            field.data.clone(),
            cfg!(target_endian = "big"),
        );
        let entry = directory.write_entry_bytes(kind, &native.data)?;
        entries.extend([(Tag::from_u16_exhaustive(field.tag), entry)]);
    }
    directory.extend_from(&entries);
    Ok(())
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
