//! Camera raw files: the camera's own preview where it is large enough for what is wanted, else the
//! sensor's data, developed by LibRaw with the camera's white balance.
//!
//! What comes out is sRGB of 16 bits. Brightness is not guessed: the sensor's full scale is white,
//! so that the same file and its neighbours in a series come out alike. Many raw files are TIFF
//! inside; their names tell them apart.

mod preview;
mod sys;

use std::sync::Arc;

use self::preview::Preview;
use self::sys::Raw;
use super::bmp::cut;
use super::{Decoded, Decoder, File, Info, Orientation, Region, Want, load};
use crate::pixel::{
    Cancel, ColourSpace, Depth, Error, Format, Image, Limits, Metadata, Result, Samples,
};

/// Files are read into memory before their size in pixels is known; this many megapixels are more
/// than sensors have.
const ASSUMED_SIDE: u32 = 20_000;

struct Developer {
    data: Vec<u8>,
    preview: Option<Preview>,
    /// Whether it can be developed at half its size.
    halves: bool,
}

/// Whether a file can be a raw one by its first bytes. That of a TIFF may be one or not.
pub(in crate::pixel) fn matches(head: &[u8]) -> bool {
    const MAGICS: [&[u8]; 9] = [
        b"II*\0",
        b"MM\0*",
        b"IIRO",
        b"IIRS",
        b"MMOR",
        b"IIU\0",
        b"FUJIFILMCCD-RAW",
        b"\0MRM",
        b"FOVb",
    ];
    MAGICS.iter().any(|magic| head.starts_with(magic)) || head.get(4..12) == Some(b"ftypcrx ")
}

/// Whether what begins like a TIFF is one of Canon's raw files.
pub(in crate::pixel) fn is_canon(head: &[u8]) -> bool {
    head.starts_with(b"II*\0") && head.get(8..10) == Some(b"CR")
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    file.check_page(1)?;
    let data = load(&mut file.reader, file.len, (ASSUMED_SIDE, ASSUMED_SIDE))?;
    let mut raw = Raw::open(&data)?;
    let preview = raw.preview()?;
    let xmp = raw.xmp().map(Arc::from);
    let about = raw.about()?;
    drop(raw);
    limits.check_declared(about.width, about.height)?;
    limits.check_declared(about.raw_width, about.raw_height)?;
    let orientation = orientation(about.flip);
    let preview = preview.and_then(|file| Preview::open(file, (about.width, about.height), limits));
    let metadata = Metadata {
        exif: preview.as_ref().and_then(|preview| preview.exif.clone()),
        xmp,
        iptc: None,
        density: None,
    };
    let info = Info {
        orientation,
        space: if about.colours == 1 { ColourSpace::Gray } else { ColourSpace::Rgb },
        depth: Depth::U16,
        metadata,
        ..Info::new(Format::Raw, about.width, about.height)
    };
    Ok((info, Box::new(Developer { data, preview, halves: about.halves != 0 })))
}

/// The Exif value of LibRaw's turning: its bit 4 swaps the axes first, then 2 turns rows around
/// and 1 columns.
fn orientation(flip: u32) -> Orientation {
    let value = match flip {
        1 => 2,
        2 => 4,
        3 | 180 => 3,
        4 => 5,
        5 | 270 => 8,
        6 | 90 => 6,
        7 => 7,
        _ => 1,
    };
    Orientation::from_exif(value).unwrap_or_default()
}

/// Half the size costs a quarter of the work: each pixel is one cell of the colour filter.
const HALF: f64 = 0.5;

impl Decoder for Developer {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        if let Some(held) = self.preview.as_ref().and_then(|preview| preview.held(info, want)) {
            return held;
        }
        let whole = Region::full(info.width, info.height);
        let part = if want.region == whole { 0 } else { want.region.pixels() };
        // The sensor's data, LibRaw's picture of four samples, and the result.
        if self.halves && want.min_scale <= HALF {
            whole.pixels()
        } else {
            whole.pixels() * 3 + part
        }
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let Self { data, preview, halves } = *self;
        if let Some(preview) = preview.filter(|preview| preview.held(&info, want).is_some()) {
            return preview.decode(&info, want, cancel);
        }
        let half = halves && want.min_scale <= HALF;
        let mut raw = Raw::open(&data)?;
        let (width, height, bands) = raw.develop(half)?;
        cancel.check()?;
        let space = if bands == 1 { ColourSpace::Gray } else { ColourSpace::Rgb };
        let mut developed = Image::try_new(width, height, space, false, Depth::U16)?;
        let Samples::U16(samples) = &mut developed.samples else {
            return Err(Error::Limit("its pixels have no place".into()));
        };
        raw.copy(samples)?;
        drop(raw);
        cancel.check()?;
        let scale = if half { HALF } else { 1.0 };
        let size = (scaled(info.width, scale), scaled(info.height, scale));
        let mut whole = fitted(developed, size, info.space)?;
        whole.metadata = info.metadata;
        if half {
            return Ok(Decoded { image: whole, left: 0.0, top: 0.0, scale: (scale, scale) });
        }
        cut(whole, want.region)
    }
}

/// A length at a scale, so that the last pixel is covered.
fn scaled(len: u32, scale: f64) -> u32 {
    ((f64::from(len) * scale).ceil() as u32).max(1)
}

/// The picture in the size and colour model that was announced: LibRaw may give a row more or less
/// where it turns or stretches, then the edge is repeated or cut.
fn fitted(developed: Image, (width, height): (u32, u32), space: ColourSpace) -> Result<Image> {
    if (developed.width, developed.height, developed.space) == (width, height, space) {
        return Ok(developed);
    }
    let near = |is: u32, announced: u32| is.abs_diff(announced) <= 8 + announced / 50;
    if !near(developed.width, width) || !near(developed.height, height) {
        return Err(Error::Malformed("its size is not the one that it declares".into()));
    }
    let mut image = Image::try_new(width, height, space, false, Depth::U16)?;
    let (from_bands, to_bands) = (developed.bands(), image.bands());
    let line = developed.row_len();
    let (Samples::U16(from), Samples::U16(to)) = (&developed.samples, &mut image.samples) else {
        return Err(Error::Limit("its pixels have no place".into()));
    };
    for (y, row) in to.chunks_exact_mut(width as usize * to_bands).enumerate() {
        let source = &from[y.min(developed.height as usize - 1) * line..][..line];
        for (x, pixel) in row.chunks_exact_mut(to_bands).enumerate() {
            let at = x.min(developed.width as usize - 1) * from_bands;
            for (band, sample) in pixel.iter_mut().enumerate() {
                *sample = source[at + band.min(from_bands - 1)];
            }
        }
    }
    Ok(image)
}

#[cfg(test)]
pub(super) mod camera_tests;
#[cfg(test)]
pub(super) mod tests;
