//! HEIC and AVIF, by libheif: still pictures and collections of them.
//!
//! The container's transformations (turn, mirror, clean aperture) are part of the picture and are
//! applied by the library, so that an orientation in the Exif block says nothing more (ISO/IEC
//! 23000-22, 7.3.6). Embedded thumbnails are other pictures, made elsewhere by unknown rules, and
//! are not used. Image sequences show their primary picture only.

mod boxes;
mod brands;

use std::sync::Arc;

pub(in crate::pixel) use self::brands::{is_avif, is_heic};
use super::{Decoded, Decoder, File, Info, Region, Want, load, too_large};
use crate::pixel::colour::cicp;
use crate::pixel::heif::{Colours, Container, Failure, Picture, Plane};
use crate::pixel::op::unmultiply::unmultiply;
use crate::pixel::{
    Cancel, ColourSpace, Depth, Error, Format, Limits, Metadata, Result, Samples, metadata,
};

/// Pixels a side beyond which the library does not look at a picture: the most that AV1 has.
const MAX_SIDE: u32 = 65_536;

struct Heif {
    picture: Picture,
}

pub(super) fn open(
    mut file: File,
    format: Format,
    limits: &Limits,
) -> Result<(Info, Box<dyn Decoder>)> {
    let data = load(&mut file.reader, file.len, (0, 0))?;
    let gray = boxes::monochrome(&data);
    let container = Container::read(data, MAX_SIDE).map_err(heif_error)?;
    let pictures = container.pictures().map_err(heif_error)?;
    let pages = u32::try_from(pictures.len()).unwrap_or(u32::MAX);
    file.check_page(pages)?;
    let id = pictures[file.page as usize - 1];
    let picture = container.into_picture(id).map_err(heif_error)?;
    for (width, height) in [picture.size(), picture.coded_size()] {
        limits.check_declared(width, height)?;
        limits.check_held(width, height)?;
    }
    let (width, height) = picture.size();
    let info = Info {
        space: if gray { ColourSpace::Gray } else { ColourSpace::Rgb },
        depth: if picture.bits() > 8 { Depth::U16 } else { Depth::U8 },
        alpha: picture.alpha(),
        pages,
        profile: profile(&picture)?.map(Arc::from),
        metadata: blocks(&picture)?,
        ..Info::new(format, width, height)
    };
    Ok((info, Box::new(Heif { picture })))
}

/// Loads the library and its codecs.
pub(super) fn prepare() {
    // A failure is remembered, and told to whoever opens a file.
    let _ = crate::pixel::heif::prepare();
}

impl Decoder for Heif {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        // The codec's own picture, the library's, and ours.
        let whole = Region::full(info.width, info.height);
        whole.pixels() * 2 + if want.region == whole { whole } else { want.region }.pixels()
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let deep = info.depth == Depth::U16;
        let pixels = self.picture.decode(deep).map_err(heif_error)?;
        cancel.check()?;
        let plane = pixels.plane().map_err(heif_error)?;
        if (plane.width, plane.height) != (info.width, info.height) {
            return Err(Error::Malformed("its header is ambiguous".into()));
        }
        let region = want.region;
        let mut image = info.try_image(region.width, region.height)?;
        let gray = info.space == ColourSpace::Gray;
        match &mut image.samples {
            Samples::U8(to) => {
                copy(&plane, region, (gray, info.alpha), to, |byte: [u8; 1]| byte[0])
            }
            Samples::U16(to) => {
                // 10 or 12 bits are spread over the whole range.
                let most = (1_u32 << plane.bits.clamp(1, 16)) - 1;
                copy(&plane, region, (gray, info.alpha), to, |bytes: [u8; 2]| {
                    let value = u32::from(u16::from_le_bytes(bytes)).min(most);
                    ((value * 65535 + most / 2) / most) as u16
                });
            }
        }
        if self.picture.premultiplied() {
            unmultiply(&mut image);
        }
        Ok(Decoded::unscaled(image, region))
    }
}

/// Copies a region of RGB or RGBA samples of `N` bytes each; of grey pictures the first band.
fn copy<T, const N: usize>(
    plane: &Plane<'_>,
    region: Region,
    (gray, alpha): (bool, bool),
    to: &mut [T],
    read: impl Fn([u8; N]) -> T,
) {
    let bands = if alpha { 4 } else { 3 };
    let taken: &[usize] = match (gray, alpha) {
        (true, false) => &[0],
        (true, true) => &[0, 3],
        (false, false) => &[0, 1, 2],
        (false, true) => &[0, 1, 2, 3],
    };
    let rows = plane.bytes.chunks(plane.stride).skip(region.y as usize);
    for (to, row) in to.chunks_exact_mut(region.width as usize * taken.len()).zip(rows) {
        let pixels = row.chunks_exact(bands * N).skip(region.x as usize);
        for (to, pixel) in to.chunks_exact_mut(taken.len()).zip(pixels) {
            for (to, band) in to.iter_mut().zip(taken) {
                let bytes = &pixel[band * N..(band + 1) * N];
                *to = read(bytes.try_into().expect("the slice has N bytes"));
            }
        }
    }
}

fn profile(picture: &Picture) -> Result<Option<Vec<u8>>> {
    Ok(match picture.colours().map_err(heif_error)? {
        Colours::Unsaid => None,
        Colours::Profile(profile) => Some(profile),
        Colours::Coded { primaries, transfer } => cicp::profile(primaries, transfer),
    })
}

fn blocks(picture: &Picture) -> Result<Metadata> {
    let mut found = Metadata::default();
    let exif = picture.blocks(c"Exif").map_err(heif_error)?;
    if let Some(exif) = exif.first().and_then(|(_, block)| exif_content(block)) {
        found.density = metadata::density(exif);
        found.exif = Some(Arc::from(exif));
    }
    let xmp = picture.blocks(c"mime").map_err(heif_error)?;
    found.xmp = xmp
        .into_iter()
        .find(|(content_type, _)| content_type == "application/rdf+xml")
        .map(|(_, block)| Arc::from(block));
    Ok(found)
}

/// The TIFF structure in an Exif item, which begins with its distance from the next field
/// (ISO/IEC 23008-12, A.2.1).
fn exif_content(block: &[u8]) -> Option<&[u8]> {
    let (distance, rest) = block.split_first_chunk::<4>()?;
    rest.get(u32::from_be_bytes(*distance) as usize..).filter(|content| !content.is_empty())
}

fn heif_error(failure: Failure) -> Error {
    match failure {
        Failure::Missing(message) | Failure::Unsupported(message) => Error::Unsupported(message),
        Failure::Limit(message) if message.is_empty() => too_large(),
        Failure::Limit(message) => Error::Limit(message),
        Failure::Memory => Error::Memory,
        Failure::Corrupt(message) => Error::Malformed(format!("the HEIF decoder says: {message}")),
    }
}

#[cfg(test)]
pub(super) mod tests;
