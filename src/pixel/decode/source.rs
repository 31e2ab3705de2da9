//! An opened file: whose decoder it is, and what every decoder may rely on.
//!
//! Files of isolated formats are handed on; what is asked of a decoder has been cut to the picture
//! and judged by the limits. Knows no format's inside.

use std::io::BufReader;
use std::sync::Arc;

use super::read::{File, READ_AHEAD_BYTES};
use super::{
    Animation, Decoded, Decoder, Frames, Info, Input, Region, Rows, Want, bmp, dicom, gif, heif,
    ico, jpeg, jxl, pdf, png, pnm, postscript, psd, raw, svg, tga, tiff, webp, xcf,
};
use crate::pixel::glance::Glance;
use crate::pixel::{Cancel, Error, Format, Limits, Result};

/// What has to be known to open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Page or frame, from 1.
    pub page: u32,
    /// Resolution at which a document without pixels of its own is laid out, in dots per inch; 0
    /// leaves it to the format. Pictures made of pixels ignore it.
    pub dpi: u32,
}

impl Default for Opening {
    fn default() -> Self {
        Self { page: 1, dpi: 0 }
    }
}

/// Reads the files of [isolated](crate::pixel::FormatRow::isolated) formats, in a process without rights.
pub trait Isolation: Send + Sync + std::fmt::Debug {
    /// Opens a file whose content is of this format.
    ///
    /// # Errors
    /// As [`Source::open`]; [`Error::Unsupported`] when this system cannot read the format.
    fn open(
        &self,
        input: Input,
        format: Format,
        opening: &Opening,
        limits: &Limits,
    ) -> Result<Source>;
}

/// An opened file: its header is read, its pixels are not.
pub struct Source {
    info: Info,
    decoder: Box<dyn Decoder>,
    glance: Option<Arc<Glance>>,
}

impl Source {
    /// A source whose header was read elsewhere.
    #[must_use]
    pub fn new(info: Info, decoder: Box<dyn Decoder>) -> Self {
        Self { info, decoder, glance: None }
    }

    /// The same, and what its picture looks like from afar. What cannot be of this picture, since the
    /// file has just been changed, is left out.
    #[must_use]
    pub fn with_glance(self, glance: Arc<Glance>) -> Self {
        let fits = glance.is_of(self.info.width, self.info.height);
        Self { glance: fits.then_some(glance), ..self }
    }

    /// Opens a file and reads its header; files of isolated formats are left to `isolation`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the content is damaged or is no image; [`Error::Unsupported`], also when it is not
    /// the format that the file's name says; [`Error::Limit`] when it declares too many pixels;
    /// [`Error::Parameter`] named `page` when it does not have that page.
    pub fn open(
        mut input: Input,
        opening: &Opening,
        limits: &Limits,
        isolation: Option<&dyn Isolation>,
    ) -> Result<Self> {
        let format = input.recognise()?;
        match isolation {
            Some(isolation) if format.row().isolated => {
                isolation.open(input, format, opening, limits)
            }
            None if format.row().isolated => Err(Error::Unsupported(format!(
                "{} files are read in a process of their own only, and there is none",
                format.row().title
            ))),
            _ => Self::open_here(input, format, opening, limits),
        }
    }

    /// Opens a file of a known format in this process, whether it is isolated or not.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_here(
        input: Input,
        format: Format,
        opening: &Opening,
        limits: &Limits,
    ) -> Result<Self> {
        let len = input.len();
        let reader = BufReader::with_capacity(READ_AHEAD_BYTES, input.into_reader());
        let file = File { reader, len, page: opening.page.max(1), dpi: opening.dpi };
        let (info, decoder) = match format {
            Format::Jpeg => jpeg::open(file, limits),
            Format::Png => png::open(file, limits),
            Format::Gif => gif::open(file, limits),
            Format::Bmp => bmp::open(file, limits),
            Format::Webp => webp::open(file, limits),
            Format::Tiff => tiff::open(file, limits),
            Format::Avif | Format::Heic => heif::open(file, format, limits),
            Format::Jxl => jxl::open(file, limits),
            Format::Svg => svg::open(file, limits),
            Format::Pdf => pdf::open(file, limits),
            Format::Postscript => postscript::open(file, limits),
            Format::Xcf => xcf::open(file, limits),
            Format::Tga => tga::open(file, limits),
            Format::Pnm => pnm::open(file, limits),
            Format::Ico => ico::open(file, limits),
            Format::Psd => psd::open(file, limits),
            Format::Dicom => dicom::open(file, limits),
            Format::Raw => raw::open(file, limits),
        }?;
        Ok(Self::new(info, decoder))
    }

    /// What is known of the picture.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// What its picture looks like from afar, where somebody has kept that.
    #[must_use]
    pub fn glance(&self) -> Option<&Arc<Glance>> {
        self.glance.as_ref()
    }

    /// See [`Decoder::shrink_in_light`].
    pub(crate) fn shrink_in_light(&mut self, judged: Region) -> Option<f64> {
        self.decoder.shrink_in_light(&self.info, judged.within(self.info.width, self.info.height))
    }

    /// Number of pixels that [`decode`](Self::decode) will hold at once for this want.
    #[must_use]
    pub fn held_pixels(&self, want: &Want) -> u64 {
        self.decoder.held_pixels(&self.info, &self.clamp(want))
    }

    /// Number of pixels that [`rows`](Self::rows) will hold at once; none where rows cannot be had one
    /// after the other.
    pub(crate) fn held_by_rows(&self, region: Region) -> Option<u64> {
        let region = region.within(self.info.width, self.info.height);
        self.decoder.held_by_rows(&self.info, region)
    }

    /// Reads a region from top to bottom, a band of rows at a time.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub(crate) fn rows(self, region: Region, limits: &Limits) -> Result<Box<dyn Rows>> {
        let region = region.within(self.info.width, self.info.height);
        limits.check_total(self.held_by_rows(region).unwrap_or(u64::MAX))?;
        self.decoder.rows(self.info, region)
    }

    /// Reads the wanted pixels. A region that reaches beyond the picture is cut at its edges.
    ///
    /// # Errors
    /// [`Error::Limit`] when more pixels would be held than allowed, [`Error::Malformed`] when the
    /// file is damaged or truncated, [`Error::Cancelled`].
    pub fn decode(self, want: &Want, limits: &Limits, cancel: &Cancel) -> Result<Decoded> {
        let want = self.clamp(want);
        let held = self.decoder.held_pixels(&self.info, &want);
        limits.check_total(held)?;
        cancel.check()?;
        self.decoder.decode(self.info, &want, cancel)
    }

    /// What moves in the file, if anything does.
    #[must_use]
    pub fn animation(&self) -> Option<Animation> {
        self.decoder.animation()
    }

    /// Reads the wanted pixels of one frame after the other.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn frames(mut self, want: &Want, limits: &Limits) -> Result<Box<dyn Frames>> {
        let want = self.clamp(want);
        if let Some(animation) = self.animation() {
            self.info.alpha = animation.alpha;
            limits.check_total(animation.held_pixels + want.region.pixels())?;
        }
        self.decoder.frames(self.info, &want)
    }

    fn clamp(&self, want: &Want) -> Want {
        let scale = want.min_scale;
        Want {
            region: want.region.within(self.info.width, self.info.height),
            min_scale: match scale {
                _ if scale > 0.0 && scale < 1.0 => scale,
                _ if self.info.vector && scale.is_finite() => scale.max(1.0),
                _ => 1.0,
            },
        }
    }
}
