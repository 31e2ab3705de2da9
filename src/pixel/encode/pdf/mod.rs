//! PDF: pages of the size of their pictures, each holding one.
//!
//! Pictures of 8 bits are stored as JPEG below quality 100, and without loss at 100 and with 16
//! bits. Colour model and profile stay; transparency becomes a mask of its own, kept without loss. A
//! page is as large as the picture is printed: by its resolution, or at 150 dots per inch.
//!
//! Follows ISO 32000-1; soft masks and 16 bits per component need PDF 1.5.

mod title;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::Predictor;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, TextStr};

use super::turbo::{self, Layout};
use super::{EncodeOptions, Side, failed};
use crate::pixel::{ColourSpace, Density, Image, Result, Samples};

/// From this quality on nothing is lost.
const LOSSLESS_QUALITY: u8 = 100;
/// From this quality on chroma is kept at full resolution, as in JPEG files.
const FULL_CHROMA_QUALITY: u8 = 90;
/// The most that a compressed picture in JPEG has a side.
const MAX_JPEG_SIDE: u32 = 65_500;
/// Resolution of pictures that state none.
const USUAL_DPI: f64 = 150.0;
const POINTS_PER_INCH: f64 = 72.0;
/// The longest side of a page in units of its own (ISO 32000-1, annex C).
const MAX_PAGE_UNITS: f64 = 14_400.0;
const IMAGE: Name<'static> = Name(b"Im");

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    let mut document = Document::new();
    if let Some(title) = title::of(&side.metadata) {
        document.set_title(&title);
    }
    document.add_page(image, options, side)?;
    Ok(document.finish())
}

/// A document that grows page by page.
pub(super) struct Document {
    pdf: Pdf,
    pages: Vec<Ref>,
    next: Ref,
}

const CATALOGUE: Ref = Ref::new(1);
const TREE: Ref = Ref::new(2);
const INFORMATION: Ref = Ref::new(3);
const FIRST_FREE: Ref = Ref::new(4);

impl Document {
    pub(super) fn new() -> Self {
        let mut pdf = Pdf::new();
        pdf.set_version(1, 6);
        pdf.catalog(CATALOGUE).pages(TREE);
        Self { pdf, pages: Vec::new(), next: FIRST_FREE }
    }

    /// Bytes of what has been written.
    pub(super) fn len(&self) -> usize {
        self.pdf.len()
    }

    /// Pages that it has.
    pub(super) fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Says what the document is called; once at most.
    pub(super) fn set_title(&mut self, title: &str) {
        self.pdf.document_info(INFORMATION).title(TextStr(title));
    }

    /// Adds a page that shows one picture.
    pub(super) fn add_page(
        &mut self,
        image: &Image,
        options: &EncodeOptions,
        side: &Side<'_>,
    ) -> Result<()> {
        let picture = self.add_picture(image, options, side)?;
        let (page, content) = (self.next.bump(), self.next.bump());
        let usual = Density { x_dpi: USUAL_DPI, y_dpi: USUAL_DPI };
        let density = side.metadata.density.unwrap_or(usual);
        let width = f64::from(image.width) / density.x_dpi * POINTS_PER_INCH;
        let height = f64::from(image.height) / density.y_dpi * POINTS_PER_INCH;
        // Posters beyond 5 metres have larger units.
        let unit = (width.max(height) / MAX_PAGE_UNITS).ceil().max(1.0);
        let (width, height) = ((width / unit) as f32, (height / unit) as f32);

        let mut drawing = Content::new();
        drawing.transform(if options.orientation.mirrored() {
            [-width, 0.0, 0.0, height, width, 0.0]
        } else {
            [width, 0.0, 0.0, height, 0.0, 0.0]
        });
        drawing.x_object(IMAGE);
        self.pdf.stream(content, &drawing.finish());

        let mut writer = self.pdf.page(page);
        writer.parent(TREE).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
        if unit > 1.0 {
            writer.pair(Name(b"UserUnit"), unit as f32);
        }
        writer.pair(Name(b"Rotate"), i32::from(options.orientation.clockwise_deg()));
        writer.resources().x_objects().pair(IMAGE, picture);
        writer.finish();
        self.pages.push(page);
        Ok(())
    }

    /// The whole file.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let count = i32::try_from(self.pages.len()).unwrap_or(i32::MAX);
        self.pdf.pages(TREE).kids(self.pages).count(count);
        self.pdf.finish()
    }

    /// Adds the picture itself, with its mask, profile and metadata.
    fn add_picture(
        &mut self,
        image: &Image,
        options: &EncodeOptions,
        side: &Side<'_>,
    ) -> Result<Ref> {
        let bands = image.space.bands();
        let mask = if image.alpha {
            let data = Stored::lossless(image, bands..bands + 1)?;
            Some(self.add_image(image, &data, &Look::of(Colours::Device(ColourSpace::Gray))))
        } else {
            None
        };
        let quality = options.quality.lossy.clamp(1, 100);
        let fits = image.width <= MAX_JPEG_SIDE && image.height <= MAX_JPEG_SIDE;
        let data = match &image.samples {
            Samples::U8(samples) if quality < LOSSLESS_QUALITY && fits => {
                Stored::jpeg(image, samples, quality)?
            }
            _ => Stored::lossless(image, 0..bands)?,
        };
        let colours = match side.profile {
            Some(profile) => Colours::Profile(self.add_profile(profile, bands)?),
            None => Colours::Device(image.space),
        };
        let xmp = side.metadata.xmp.as_deref().map(|xmp| {
            let id = self.next.bump();
            self.pdf.metadata(id, xmp);
            id
        });
        Ok(self.add_image(image, &data, &Look { colours, mask, xmp }))
    }

    fn add_profile(&mut self, profile: &[u8], bands: usize) -> Result<Ref> {
        let id = self.next.bump();
        let packed = deflate(profile)?;
        let mut writer = self.pdf.icc_profile(id, &packed);
        writer.n(bands as i32).filter(Filter::FlateDecode);
        Ok(id)
    }

    fn add_image(&mut self, image: &Image, data: &Stored, look: &Look) -> Ref {
        let id = self.next.bump();
        let mut writer = self.pdf.image_xobject(id, &data.bytes);
        writer.filter(data.filter);
        writer.width(image.width as i32).height(image.height as i32);
        writer.bits_per_component(data.bits);
        match look.colours {
            Colours::Profile(profile) => writer.color_space().icc_based(profile),
            Colours::Device(ColourSpace::Gray) => writer.color_space().device_gray(),
            Colours::Device(ColourSpace::Rgb) => writer.color_space().device_rgb(),
            Colours::Device(ColourSpace::Cmyk) => writer.color_space().device_cmyk(),
        }
        if data.filter == Filter::FlateDecode {
            writer
                .decode_parms()
                .predictor(Predictor::PngOptimum)
                .colors(data.bands as i32)
                .bits_per_component(data.bits)
                .columns(image.width as i32);
        }
        if data.inverted {
            writer.decode([1.0, 0.0].repeat(data.bands));
        }
        if let Some(mask) = look.mask {
            writer.s_mask(mask);
        }
        if let Some(xmp) = look.xmp {
            writer.metadata(xmp);
        }
        id
    }
}

/// What the samples of a picture mean, and what goes with them.
struct Look {
    colours: Colours,
    mask: Option<Ref>,
    xmp: Option<Ref>,
}

enum Colours {
    Device(ColourSpace),
    Profile(Ref),
}

impl Look {
    fn of(colours: Colours) -> Self {
        Self { colours, mask: None, xmp: None }
    }
}

/// Samples as they stand in the file.
struct Stored {
    bytes: Vec<u8>,
    filter: Filter,
    bits: i32,
    bands: usize,
    /// Whether the largest number is no ink.
    inverted: bool,
}

impl Stored {
    /// The colour bands as JPEG.
    fn jpeg(image: &Image, samples: &[u8], quality: u8) -> Result<Self> {
        let bands = image.space.bands();
        let mut colours = samples.to_vec();
        if image.alpha {
            colours = samples
                .chunks_exact(bands + 1)
                .flat_map(|pixel| &pixel[..bands])
                .copied()
                .collect();
        }
        let layout = match image.space {
            ColourSpace::Gray => Layout::Gray,
            ColourSpace::Rgb => Layout::Rgb,
            ColourSpace::Cmyk => {
                // As Adobe stores CMYK; the file says so in `Decode`.
                colours.iter_mut().for_each(|sample| *sample = 255 - *sample);
                Layout::InvertedCmyk
            }
        };
        let settings = turbo::Settings {
            layout,
            quality,
            halve_chroma: quality < FULL_CHROMA_QUALITY,
            progressive: false,
            optimise: false,
        };
        let bytes = turbo::compress(&colours, (image.width, image.height), &settings);
        Ok(Self {
            bytes: bytes?,
            filter: Filter::DctDecode,
            bits: 8,
            bands,
            inverted: image.space == ColourSpace::Cmyk,
        })
    }

    /// Some of the bands without loss, each sample less its neighbour to the left.
    fn lossless(image: &Image, taken: std::ops::Range<usize>) -> Result<Self> {
        /// The PNG filter that subtracts the sample to the left.
        const SUB: u8 = 1;
        let bands = image.bands();
        let (kept, width) = (taken.len(), image.width as usize);
        let bytes_per_sample = if matches!(image.samples, Samples::U8(_)) { 1 } else { 2 };
        let step = kept * bytes_per_sample;
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        let mut line = Vec::with_capacity(width * step);
        for y in 0..image.height as usize {
            line.clear();
            let row = y * width * bands..(y + 1) * width * bands;
            match &image.samples {
                Samples::U8(samples) => {
                    let pixels = samples[row].chunks_exact(bands);
                    line.extend(pixels.flat_map(|pixel| &pixel[taken.clone()]));
                }
                Samples::U16(samples) => {
                    let pixels = samples[row].chunks_exact(bands);
                    let kept = pixels.flat_map(|pixel| &pixel[taken.clone()]);
                    line.extend(kept.flat_map(|sample| sample.to_be_bytes()));
                }
            }
            for at in (step..line.len()).rev() {
                line[at] = line[at].wrapping_sub(line[at - step]);
            }
            packer.write_all(&[SUB]).and_then(|()| packer.write_all(&line)).map_err(failed)?;
        }
        Ok(Self {
            bytes: packer.finish().map_err(failed)?,
            filter: Filter::FlateDecode,
            bits: 8 * bytes_per_sample as i32,
            bands: kept,
            inverted: false,
        })
    }
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).map_err(failed)?;
    packer.finish().map_err(failed)
}

#[cfg(test)]
mod tests;
