//! JPEG XL (ISO/IEC 18181), bare or in its container: still pictures, animations by frame.
//!
//! The decoder applies the orientation that the file states, and renders to the colour space that
//! it names. CMYK is refused: nothing at hand writes it, so that it could not be shown to be right.

mod boxes;

use std::io::{Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use jxl_oxide::{AllocTracker, InitializeResult, JxlImage, JxlThreadPool};

use self::boxes::Boxes;
use super::bmp::cut;
use super::{
    Decoded, Decoder, File, Info, Reader, Region, Want, load_parts, read_block, read_error,
};
use crate::pixel::op::unmultiply::unmultiply;
use crate::pixel::{
    Cancel, ColourSpace, Depth, Error, Format, Limits, Metadata, Result, Samples, metadata,
};

/// The header is given to the decoder in pieces of this size, until it has seen enough.
const PIECE_BYTES: u64 = 4096;
/// A header that is longer, with its profile, is none.
const MAX_HEADER_BYTES: u64 = 32 << 20;
/// What the decoder may hold: so much for tables, and so much for each pixel. Its buffers are
/// floats, a few per band.
const TABLE_BYTES: u64 = 256 << 20;
const PER_PIXEL_BYTES: u64 = 96;
const MAX_FRAMES: u32 = 100_000;

struct Jxl {
    image: JxlImage,
    page: u32,
    premultiplied: bool,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    let boxes = Boxes::find(&mut file.reader, file.len)?;
    let (width, height) = declared_size(&mut file.reader, &boxes.stream)?;
    limits.check_declared(width, height)?;
    limits.check_held(width, height)?;
    let data = load_parts(&mut file.reader, &boxes.stream, (width, height))?;
    let allowed = TABLE_BYTES + u64::from(width) * u64::from(height) * PER_PIXEL_BYTES;
    let mut image = JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(AllocTracker::with_limit(usize::try_from(allowed).unwrap_or(usize::MAX)))
        .read(&data[..])
        .map_err(jxl_error)?;
    if !image.is_loading_done() {
        return Err(Error::Malformed("it ends too early".into()));
    }
    let pages = u32::try_from(image.num_loaded_keyframes()).unwrap_or(u32::MAX);
    if pages == 0 {
        return Err(Error::Malformed("it holds no picture".into()));
    } else if pages > MAX_FRAMES {
        return Err(Error::Limit("it has too many frames".into()));
    }
    file.check_page(pages)?;
    keep_original_colours(&mut image);
    let format = image.pixel_format();
    if format.has_black() {
        return Err(Error::Unsupported("JPEG XL in CMYK".into()));
    }
    let header = &image.image_header().metadata;
    let premultiplied = header.ec_info.iter().find_map(|extra| extra.alpha_associated());
    let info = Info {
        space: if format.is_grayscale() { ColourSpace::Gray } else { ColourSpace::Rgb },
        depth: if header.bit_depth.bits_per_sample() > 8 { Depth::U16 } else { Depth::U8 },
        alpha: format.has_alpha(),
        pages,
        profile: profile(&image),
        metadata: blocks(&mut file.reader, &boxes)?,
        ..Info::new(Format::Jxl, image.width(), image.height())
    };
    let premultiplied = premultiplied == Some(true);
    Ok((info, Box::new(Jxl { image, page: file.page, premultiplied })))
}

impl Decoder for Jxl {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        // The decoder's floats weigh at least as much as another picture.
        let whole = Region::full(info.width, info.height);
        whole.pixels() * 2 + if want.region == whole { 0 } else { want.region.pixels() }
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let render = self.image.render_frame(self.page as usize - 1).map_err(jxl_error)?;
        cancel.check()?;
        let mut whole = info.try_image(info.width, info.height)?;
        let mut stream = if info.alpha { render.stream() } else { render.stream_no_alpha() };
        let fits = (stream.width(), stream.height(), stream.channels() as usize)
            == (info.width, info.height, whole.bands());
        if !fits {
            return Err(Error::Malformed("its header is ambiguous".into()));
        }
        let len = whole.samples.len();
        let written = match &mut whole.samples {
            Samples::U8(samples) => stream.write_to_buffer(samples),
            Samples::U16(samples) => stream.write_to_buffer(samples),
        };
        if written != len {
            return Err(Error::Malformed("it ends too early".into()));
        }
        if self.premultiplied {
            unmultiply(&mut whole);
        }
        cut(whole, want.region)
    }
}

/// Width and height, from as little of the file as tells them.
fn declared_size(reader: &mut Reader, stream: &[Range<u64>]) -> Result<(u32, u32)> {
    let mut decoder = JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(AllocTracker::with_limit(TABLE_BYTES as usize))
        .build_uninit();
    let mut pending: Vec<u8> = Vec::new();
    let mut left = MAX_HEADER_BYTES;
    for part in stream {
        reader.seek(SeekFrom::Start(part.start)).map_err(read_error)?;
        let mut at = part.start;
        while at < part.end && left > 0 {
            let piece = PIECE_BYTES.min(part.end - at);
            pending.extend(read_block(reader, piece)?);
            (at, left) = (at + piece, left.saturating_sub(piece));
            let consumed = decoder.feed_bytes(&pending).map_err(jxl_error)?;
            pending.drain(..consumed);
            match decoder.try_init().map_err(jxl_error)? {
                InitializeResult::NeedMoreData(more) => decoder = more,
                InitializeResult::Initialized(image) => {
                    return Ok((image.width(), image.height()));
                }
            }
        }
    }
    Err(Error::Malformed("it ends too early".into()))
}

/// Asks for the picture in the space of its own profile, which the decoder would otherwise leave
/// for sRGB where it does not understand the profile by itself.
fn keep_original_colours(image: &mut JxlImage) {
    let original = image.original_icc().map(<[u8]>::to_vec);
    if let Some(profile) = original.filter(|_| image.image_header().metadata.xyb_encoded) {
        // A profile that cannot be used leaves things as they are.
        let _ = image.request_icc(&profile);
    }
}

/// The profile of what is rendered; none for sRGB and its grey.
fn profile(image: &JxlImage) -> Option<Arc<[u8]>> {
    const SRGB: [u8; 2] = [1, 13];
    let plain = image.rendered_cicp().is_some_and(|codes| codes[..2] == SRGB);
    (!plain)
        .then(|| Arc::from(image.rendered_icc()))
        .filter(|profile: &Arc<[u8]>| !profile.is_empty())
}

fn blocks(reader: &mut Reader, boxes: &Boxes) -> Result<Metadata> {
    let (exif, xmp) = (boxes.exif(reader)?, boxes.xmp(reader)?);
    Ok(Metadata {
        density: exif.as_deref().and_then(metadata::density),
        exif: exif.map(Arc::from),
        xmp: xmp.map(Arc::from),
        ..Metadata::default()
    })
}

fn jxl_error(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match error.downcast_ref::<std::io::Error>() {
        Some(inner) if inner.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::Malformed("it ends too early".into())
        }
        _ => {
            let said = error.to_string();
            if said.contains("out of memory") || said.contains("allocat") {
                Error::Limit("it needs more memory than its size allows".into())
            } else {
                Error::Malformed(format!("the JPEG XL decoder says: {said}"))
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
