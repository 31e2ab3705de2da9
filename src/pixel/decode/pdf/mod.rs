//! PDF: one page, laid out at a resolution and painted at the size that is wanted.
//!
//! A page is transparent where nothing is painted. Fonts that a file does not bring are replaced by
//! those that come with the renderer.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::TRANSPARENT;
use hayro::vello_cpu::{PixmapMut, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};

use super::vector::{self, Canvas};
use super::{Decoded, Decoder, File, Info, Want, read_block};
use crate::pixel::metadata::sensible;
use crate::pixel::{Cancel, Error, Format, Limits, Metadata, Result};

/// Dots per inch when nobody says.
pub(super) const DEFAULT_DPI: u32 = 150;

/// Points of a page per inch (ISO 32000-1, 8.3.2.3).
pub(super) const POINTS_PER_INCH: f64 = 72.0;

/// The longest file that is read.
const MAX_FILE_BYTES: u64 = 1 << 30;

struct Document {
    pdf: Pdf,
    page: usize,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    if file.len > MAX_FILE_BYTES {
        return Err(Error::Limit("its file is too long".into()));
    }
    let bytes = read_block(&mut file.reader, file.len)?;
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(_) => Error::Unsupported("it is protected by a password".into()),
        LoadPdfError::Invalid => Error::Malformed("it is not a sound PDF file".into()),
    })?;
    let pages = u32::try_from(pdf.pages().len()).unwrap_or(u32::MAX);
    if pages == 0 {
        return Err(Error::Malformed("it has no pages".into()));
    }
    file.check_page(pages)?;
    let page = file.page as usize - 1;
    let dpi = dots(file.dpi);
    let (width, height) = size(&pdf.pages()[page], dpi);
    limits.check_declared(width, height)?;
    let info = Info {
        pages,
        metadata: Metadata { density: sensible(dpi, dpi), ..Metadata::default() },
        ..vector::info(Format::Pdf, (width, height))
    };
    Ok((info, Box::new(Document { pdf, page })))
}

/// The resolution that is meant.
pub(super) fn dots(dpi: u32) -> f64 {
    f64::from(if dpi == 0 { DEFAULT_DPI } else { dpi })
}

/// Pixels of a length in points, at least one.
pub(super) fn pixels(points: f64, dpi: f64) -> u32 {
    (points * dpi / POINTS_PER_INCH).round().clamp(1.0, f64::from(u32::MAX)) as u32
}

fn size(page: &Page, dpi: f64) -> (u32, u32) {
    let (width, height) = page.render_dimensions();
    (pixels(width.into(), dpi), pixels(height.into(), dpi))
}

impl Decoder for Document {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        // Of what is painted, as much again for groups that are painted apart.
        Canvas::new(info, want).held_in_parts()
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let canvas = Canvas::new(&info, want);
        let side = |length: u32| {
            u16::try_from(length)
                .map_err(|_| Error::Limit("a side is longer than 65535 pixels".into()))
        };
        let page = &self.pdf.pages()[self.page];
        let (points_across, points_down) = page.render_dimensions();
        let (across, down) = canvas.fitting(points_across.into(), points_down.into());
        // `initial_transform` sets the page upright, with its own corner at the origin.
        let on_grid = Affine::scale_non_uniform(across, down) * upright(page);
        let cache = RenderCache::new();
        canvas.paint_in_parts(&info, cancel, |part, samples| {
            let (width, height) = (side(part.width)?, side(part.height)?);
            let to_corner = (-f64::from(part.left), -f64::from(part.top));
            let transform = Affine::translate(to_corner) * on_grid;
            let mut context = RenderContext::new(width, height);
            let interpreter = InterpreterSettings::default();
            let settings = RenderSettings::default();
            render_into(page, &cache, &interpreter, &settings, &mut context, transform);
            context.flush();
            let target = PixmapMut::new(width, height, samples)
                .ok_or_else(|| Error::Limit("its page is too large".into()))?;
            let settings = RasterizerSettings {
                target_init: TargetInit::Clear(TRANSPARENT),
                ..RasterizerSettings::default()
            };
            context.render_with(target, &mut Resources::default(), settings);
            Ok(())
        })
    }
}

fn upright(page: &Page) -> Affine {
    use hayro::hayro_interpret::util::TransformExt as _;
    page.initial_transform(true).to_kurbo()
}

#[cfg(test)]
pub(super) mod tests;
