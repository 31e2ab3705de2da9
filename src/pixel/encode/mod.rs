//! Writing files: from a finished picture to bytes.
//!
//! The pipeline hands over a picture that the format can hold (depth, colour model and alpha are
//! already converted, see [`FormatRow`](super::FormatRow)); an encoder refuses anything else instead
//! of guessing. Encoders know nothing of where the picture comes from.

mod avif;
mod bmp;
mod gif;
mod jpeg;
mod jxl;
mod pdf;
mod png;
mod tiff;
mod turbo;
mod webp;

use std::num::NonZeroU32;

use super::metadata::{self, Orientation, StripKeeps, Written};
use super::{ColourSpace, Density, Depth, Error, Format, Image, Metadata, Quality, Result};

/// How a picture is written.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodeOptions {
    /// The file format.
    pub format: Format,
    /// Progressive coding (JPEG) or interlacing (none: other formats ignore it).
    pub progressive: bool,
    /// Compression.
    pub quality: Quality,
    /// Whether Exif, XMP, IPTC and resolution are left out. The profile is the picture's own
    /// matter: one that can be spared has been taken off by now.
    pub strip: bool,
    /// What `strip` leaves.
    pub strip_keeps: StripKeeps,
    /// Whether positions, serial numbers and maker's notes are left out, `strip` or not.
    pub drop_private: bool,
    /// Resolution to write; none keeps the picture's own. Written even when `strip` is set.
    pub density: Option<Density>,
    /// How the pixels have to be turned to stand upright: what an Exif block will say. Anything but
    /// [`Orientation::UPRIGHT`] is for pictures whose stored orientation was not applied.
    pub orientation: Orientation,
}

impl EncodeOptions {
    /// Writes an upright picture in a format, with default compression and all metadata.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            progressive: false,
            quality: Quality::default(),
            strip: false,
            strip_keeps: StripKeeps::Nothing,
            drop_private: false,
            density: None,
            orientation: Orientation::UPRIGHT,
        }
    }
}

/// The blocks that are written beside the pixels, corrected and filtered by the options.
struct Side<'a> {
    metadata: Metadata,
    profile: Option<&'a [u8]>,
}

impl<'a> Side<'a> {
    fn of(image: &'a Image, options: &EncodeOptions) -> Self {
        let written = Written {
            strip: options.strip,
            keeps: options.strip_keeps,
            drop_private: options.drop_private,
            size: (image.width, image.height),
            orientation: options.orientation,
            density: options.density.or(image.metadata.density.filter(|_| !options.strip)),
            iptc_as_xmp: !matches!(options.format, Format::Jpeg | Format::Tiff),
            density_as_exif: matches!(options.format, Format::Webp | Format::Avif | Format::Jxl),
        };
        let metadata = metadata::for_picture(&image.metadata, &written);
        Self { metadata, profile: image.profile.as_deref() }
    }
}

/// Whether JPEG XL can be written on this machine.
pub(super) fn has_jxl() -> bool {
    jxl::is_there()
}

/// Writes a picture.
///
/// # Errors
/// [`Error::Encode`] when the format cannot hold the picture: its size, depth, colour model or
/// alpha.
pub fn encode(image: &Image, options: &EncodeOptions) -> Result<Vec<u8>> {
    check(image, options.format)?;
    check_size(options.format, options.quality, image.width, image.height)?;
    let side = Side::of(image, options);
    match options.format {
        Format::Jpeg => jpeg::encode(image, options, &side),
        Format::Png => png::encode(image, options, &side),
        Format::Gif => gif::encode(image, options, &side),
        Format::Bmp => bmp::encode(image, options, &side),
        Format::Webp => webp::encode(image, options, &side),
        Format::Tiff => tiff::encode(image, options, &side),
        Format::Avif => avif::encode(image, options, &side),
        Format::Jxl => jxl::encode(image, options, &side),
        Format::Pdf => pdf::encode(image, options, &side),
        Format::Heic
        | Format::Tga
        | Format::Pnm
        | Format::Ico
        | Format::Svg
        | Format::Psd
        | Format::Dicom
        | Format::Postscript
        | Format::Raw
        | Format::Xcf => {
            Err(Error::Encode(format!("{} cannot be written", options.format.row().title)))
        }
    }
}

/// A PDF document that grows page by page, in memory.
pub struct Pages(pdf::Document);

impl Pages {
    /// A document without pages, which says what it is called.
    #[must_use]
    pub fn new(title: &str) -> Self {
        let mut document = pdf::Document::new();
        document.set_title(title);
        Self(document)
    }

    /// Adds a page that shows one picture.
    ///
    /// # Errors
    /// As [`encode`].
    pub fn add(&mut self, image: &Image, options: &EncodeOptions) -> Result<()> {
        check(image, Format::Pdf)?;
        check_size(Format::Pdf, options.quality, image.width, image.height)?;
        self.0.add_page(image, options, &Side::of(image, options))
    }

    /// How large it is by now, in bytes, but for what is written at its end.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no pages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.pages() == 0
    }

    /// The file.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.finish()
    }
}

/// Writes pictures that follow each other in time to one file. All have the first one's size.
pub trait Sequence {
    /// Adds a picture that is shown for so many milliseconds.
    ///
    /// # Errors
    /// [`Error::Encode`] when the format cannot hold it, or its size is not the first one's.
    fn push(&mut self, image: &Image, shown_ms: u32) -> Result<()>;

    /// The file.
    ///
    /// # Errors
    /// [`Error::Encode`].
    fn finish(self: Box<Self>) -> Result<Vec<u8>>;
}

/// Starts a file of pictures that follow each other in time and are shown `plays` times, or
/// endlessly. `first` gives size, profile and metadata; it is to be pushed as well.
///
/// # Errors
/// [`Error::Encode`] when the format holds no such thing, or cannot hold the first picture.
pub fn sequence(
    first: &Image,
    plays: Option<NonZeroU32>,
    options: &EncodeOptions,
) -> Result<Box<dyn Sequence>> {
    check(first, options.format)?;
    check_size(options.format, options.quality, first.width, first.height)?;
    match options.format {
        Format::Gif => Ok(Box::new(gif::Motion::new(first, plays)?)),
        Format::Webp => Ok(Box::new(webp::Motion::new(first, plays, options)?)),
        _ => Err(Error::Encode(format!("{} holds one picture", options.format.row().title))),
    }
}

/// Refuses a size that the format cannot hold, or that takes too long to write.
///
/// # Errors
/// [`Error::Parameter`] named `format`, with the largest size.
pub fn check_size(format: Format, quality: Quality, width: u32, height: u32) -> Result<()> {
    let row = format.row();
    let refuse = |reason| Err(Error::Parameter { name: "format", reason });
    let Some(cost) = row.cost(quality.lossy) else { return Ok(()) };
    if width.max(height) > row.most_side {
        return refuse(format!(
            "{} holds at most {} pixels a side, and this picture is {width}×{height}",
            row.title, row.most_side
        ));
    }
    if u64::from(width) * u64::from(height) > u64::from(cost.most_megapixels) * 1_000_000 {
        let at = match cost.from_quality {
            1 => String::new(),
            quality => format!(" from quality {quality} on"),
        };
        return refuse(format!(
            "{} is written{at} up to {} megapixels, and this picture is {width}×{height}",
            row.title, cost.most_megapixels
        ));
    }
    Ok(())
}

/// Bytes that writing a picture holds at most, the picture included. `bands` of them are colours, and
/// they, alpha and depth are the result's.
pub(super) fn held_bytes(
    options: &EncodeOptions,
    bands: u64,
    alpha: bool,
    deep: bool,
    pixels: u64,
) -> u64 {
    const RGB_BANDS: u64 = 3;
    let encoder = options.format.row().cost(options.quality.lossy).map_or(0, |cost| {
        // Grey is no smaller than RGB within some encoders.
        let colours = u64::from(cost.bytes_per_pixel) * bands.max(RGB_BANDS) / RGB_BANDS;
        let also = |holds: bool, bytes: u32| if holds { u64::from(bytes) } else { 0 };
        colours
            + also(alpha, cost.alpha_bytes)
            + also(deep, cost.deep_bytes)
            + also(alpha && deep, cost.alpha_bytes)
            + also(options.progressive, cost.progressive_bytes)
    });
    let picture = (bands + u64::from(alpha)) * if deep { 2 } else { 1 };
    pixels.saturating_mul(picture + encoder)
}

/// Refuses what the format's row says that it cannot hold.
fn check(image: &Image, format: Format) -> Result<()> {
    let row = format.row();
    let refuse = |what: &str| Err(Error::Encode(format!("{} cannot hold {what}", row.title)));
    if image.width == 0 || image.height == 0 {
        return refuse("an empty picture");
    }
    if image.samples.len() != image.row_len() * image.height as usize {
        return Err(Error::Encode("the picture's samples do not match its size".into()));
    }
    if image.alpha && !row.alpha {
        return refuse("transparency");
    }
    if image.space == ColourSpace::Cmyk && !row.cmyk {
        return refuse("CMYK");
    }
    if image.depth() == Depth::U16 && !row.deep {
        return refuse("16 bits per sample");
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Encode(error.to_string())
}

#[cfg(test)]
mod modern_tests;
#[cfg(test)]
mod row_tests;
#[cfg(test)]
mod tests;
