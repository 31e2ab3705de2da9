//! The marker segments of a JPEG file before its first scan (ITU-T T.81 annex B).
//!
//! libjpeg-turbo reads a header only from a whole file in memory and keeps no metadata. This walk
//! reads no more of the file than the header, so that a file can be judged before it is loaded.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use super::super::{Reader, read_block, read_error};
use crate::pixel::metadata::sensible;
use crate::pixel::{Density, Error, Metadata, Result};

/// What the header says.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: u8,
    /// Widest horizontal sampling factor.
    pub(super) max_sampling_x: u8,
    /// Widest vertical sampling factor.
    pub(super) max_sampling_y: u8,
    /// Sampling factors of all components, multiplied each and added up.
    pub(super) sampled: u32,
    /// Whether there are several scans, so that all coefficients are held before the first pixel
    /// comes out.
    pub(super) buffered: bool,
    /// Whether the DCT is not used, so that there is neither scale nor region.
    pub(super) lossless: bool,
    pub(super) profile: Option<Arc<[u8]>>,
    pub(super) metadata: Metadata,
}

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
pub(super) const IPTC_RESOURCE: u16 = 0x0404;

/// Bytes of a coefficient.
const COEFFICIENT_BYTES: u64 = 2;

/// More than any sound file needs, little enough to hold.
const MAX_KEPT_BYTES: usize = 32 * 1024 * 1024;

impl Header {
    /// Pixels, of a byte per component, whose room the coefficients take that are held of a picture of
    /// `whole` pixels.
    pub(super) fn buffered_pixels(&self, whole: u64) -> u64 {
        if !self.buffered {
            return 0;
        }
        let full = u64::from(self.max_sampling_x) * u64::from(self.max_sampling_y);
        let bytes = whole * COEFFICIENT_BYTES * u64::from(self.sampled);
        bytes.div_ceil((full * u64::from(self.components)).max(1))
    }
}

/// Reads from the start of the file to its first scan.
pub(super) fn read(reader: &mut Reader) -> Result<Header> {
    let mut header = Header::default();
    let mut pieces = Pieces::default();
    reader.seek(SeekFrom::Start(2)).map_err(read_error)?;
    loop {
        match next_marker(reader)? {
            0x01 | 0xd0..=0xd8 => {}
            0xd9 => return Err(Error::Malformed("it holds no picture".into())),
            0xda => {
                let segment = segment(reader)?;
                let components = segment.first().copied().unwrap_or(0);
                header.buffered |= components != header.components;
                break;
            }
            marker @ (0xc0..=0xc3 | 0xc9 | 0xca) => frame(&mut header, marker, &segment(reader)?)?,
            0xc5..=0xc7 | 0xcb | 0xcd..=0xcf => {
                return Err(Error::Unsupported("its JPEG process is not in common use".into()));
            }
            marker @ (0xe0..=0xe2 | 0xed) => {
                pieces.keep(marker, segment(reader)?, &mut header)?;
            }
            _ => skip(reader)?,
        }
    }
    if header.width == 0 && header.components == 0 {
        return Err(Error::Malformed("it has no frame header".into()));
    }
    pieces.finish(&mut header);
    Ok(header)
}

fn byte(reader: &mut Reader) -> Result<u8> {
    let mut byte = [0];
    reader.read_exact(&mut byte).map_err(read_error)?;
    Ok(byte[0])
}

pub(super) fn next_marker(reader: &mut Reader) -> Result<u8> {
    loop {
        while byte(reader)? != 0xff {}
        let mut code = byte(reader)?;
        while code == 0xff {
            code = byte(reader)?;
        }
        if code != 0 {
            return Ok(code);
        }
    }
}

fn payload_len(reader: &mut Reader) -> Result<u16> {
    let mut len = [0; 2];
    reader.read_exact(&mut len).map_err(read_error)?;
    u16::from_be_bytes(len)
        .checked_sub(2)
        .ok_or_else(|| Error::Malformed("it has a segment of impossible length".into()))
}

fn segment(reader: &mut Reader) -> Result<Vec<u8>> {
    let len = payload_len(reader)?;
    read_block(reader, u64::from(len))
}

pub(super) fn skip(reader: &mut Reader) -> Result<()> {
    let len = payload_len(reader)?;
    reader.seek_relative(i64::from(len)).map_err(read_error)
}

fn frame(header: &mut Header, marker: u8, segment: &[u8]) -> Result<()> {
    let [precision, y1, y0, x1, x0, components, rest @ ..] = segment else {
        return Err(Error::Malformed("its frame header is too short".into()));
    };
    if *precision != 8 {
        return Err(Error::Unsupported(format!("JPEG with {precision} bits per sample")));
    }
    if header.components != 0 {
        return Err(Error::Malformed("it has two frame headers".into()));
    }
    if !matches!(components, 1 | 3 | 4) {
        return Err(Error::Unsupported(format!("JPEG with {components} components")));
    }
    if rest.len() < usize::from(*components) * 3 {
        return Err(Error::Malformed("its frame header is too short".into()));
    }
    header.width = u32::from(u16::from_be_bytes([*x1, *x0]));
    header.height = u32::from(u16::from_be_bytes([*y1, *y0]));
    header.components = *components;
    header.max_sampling_x = rest.chunks_exact(3).map(|part| part[1] >> 4).max().unwrap_or(1);
    header.max_sampling_y = rest.chunks_exact(3).map(|part| part[1] & 15).max().unwrap_or(1);
    header.sampled =
        rest.chunks_exact(3).map(|part| u32::from(part[1] >> 4) * u32::from(part[1] & 15)).sum();
    header.buffered = matches!(marker, 0xc2 | 0xca);
    header.lossless = marker == 0xc3;
    Ok(())
}

/// Segments that make up profile and metadata, gathered until the header ends.
#[derive(Default)]
struct Pieces {
    kept_bytes: usize,
    icc: Vec<(u8, u8, Vec<u8>)>,
    photoshop: Vec<u8>,
    jfif: Option<Density>,
}

impl Pieces {
    fn keep(&mut self, marker: u8, segment: Vec<u8>, header: &mut Header) -> Result<()> {
        self.kept_bytes += segment.len();
        if self.kept_bytes > MAX_KEPT_BYTES {
            return Err(Error::Limit("it carries too much metadata".into()));
        }
        let metadata = &mut header.metadata;
        match marker {
            0xe0 => self.jfif = self.jfif.or_else(|| jfif_density(&segment)),
            0xe1 => {
                if let Some(exif) = segment.strip_prefix(EXIF) {
                    metadata.exif.get_or_insert_with(|| Arc::from(exif));
                } else if let Some(xmp) = segment.strip_prefix(XMP) {
                    metadata.xmp.get_or_insert_with(|| Arc::from(xmp));
                }
            }
            0xe2 => {
                if let Some([number, count, data @ ..]) = segment.strip_prefix(ICC) {
                    self.icc.push((*number, *count, data.to_vec()));
                }
            }
            0xed => {
                if let Some(data) = segment.strip_prefix(PHOTOSHOP) {
                    self.photoshop.extend_from_slice(data);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self, header: &mut Header) {
        self.icc.sort_by_key(|(number, _, _)| *number);
        let whole = self.icc.iter().zip(1..).all(|((number, count, _), expected)| {
            *number == expected && usize::from(*count) == self.icc.len()
        });
        if whole && !self.icc.is_empty() {
            let profile: Vec<u8> = self.icc.into_iter().flat_map(|(_, _, data)| data).collect();
            header.profile = Some(Arc::from(profile));
        }
        header.metadata.iptc = photoshop_resource(&self.photoshop, IPTC_RESOURCE).map(Arc::from);
        let exif = header.metadata.exif.as_deref();
        header.metadata.density =
            self.jfif.or_else(|| exif.and_then(crate::pixel::metadata::density));
    }
}

/// The density of a JFIF segment, unless it states only a pixel's shape.
fn jfif_density(segment: &[u8]) -> Option<Density> {
    let [_, _, unit, x1, x0, y1, y0, ..] = segment.strip_prefix(b"JFIF\0")? else { return None };
    let per_inch = match unit {
        1 => 1.0,
        2 => 2.54,
        _ => return None,
    };
    let dots = |high: u8, low: u8| f64::from(u16::from_be_bytes([high, low])) * per_inch;
    sensible(dots(*x1, *x0), dots(*y1, *y0))
}

/// The content of one of the image resources that Photoshop strings together.
pub(in crate::pixel::decode) fn photoshop_resource(mut data: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        data = data.strip_prefix(b"8BIM")?;
        let id = u16::from_be_bytes(data.get(..2)?.try_into().ok()?);
        // The name is a length byte and text, padded to an even size.
        let name = (1 + usize::from(*data.get(2)?)).next_multiple_of(2);
        let at = 2 + name;
        let len = u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?) as usize;
        let content = data.get(at + 4..)?;
        let found = content.get(..len)?;
        if id == wanted {
            return (!found.is_empty()).then_some(found);
        }
        data = content.get(len.next_multiple_of(2)..)?;
    }
}
