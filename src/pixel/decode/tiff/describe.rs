//! What a page says of itself besides its pixels: profile-like blocks, resolution, and the fields
//! that other formats keep in an Exif block.

use std::sync::Arc;

use super::super::jpeg::photoshop_iptc;
use super::super::{Reader, read_error};
use super::directory::{Directory, Field};
use super::layout::tag;
use crate::pixel::metadata::fields::{
    EXIF_DIRECTORY, Exif, Field as ExifField, GPS_DIRECTORY, INTEROP_DIRECTORY, take_place, unit,
};
use crate::pixel::metadata::sensible;
use crate::pixel::{Density, Error, Metadata, Result};

const CM_PER_INCH: f64 = 2.54;

/// The longest value of an Exif field that is read, and of all together.
const MOST_FIELD_BYTES: u64 = 1024 * 1024;
const MOST_EXIF_BYTES: u64 = 4 * 1024 * 1024;

pub(super) fn metadata(reader: &mut Reader, directory: &Directory) -> Result<Metadata> {
    let iptc = match iptc(reader, directory)? {
        Some(iptc) => Some(iptc),
        None => directory
            .bytes(reader, tag::PHOTOSHOP)?
            .and_then(|resources| photoshop_iptc(&resources).map(<[u8]>::to_vec)),
    };
    Ok(Metadata {
        exif: exif(reader, directory)?,
        xmp: directory.bytes(reader, tag::XMP)?.map(Arc::from),
        iptc: iptc.map(Arc::from),
        density: density(reader, directory)?,
    })
}

/// The IPTC block. Some writers say that it is made of numbers of four bytes, and change their byte
/// order with the file's.
fn iptc(reader: &mut Reader, directory: &Directory) -> Result<Option<Vec<u8>>> {
    const MARKER: u8 = 0x1c;
    let Some(mut bytes) = directory.bytes(reader, tag::IPTC)? else { return Ok(None) };
    if bytes.first() != Some(&MARKER) && bytes.get(3) == Some(&MARKER) {
        bytes.chunks_exact_mut(4).for_each(<[u8]>::reverse);
    }
    Ok(Some(bytes))
}

fn density(reader: &mut Reader, directory: &Directory) -> Result<Option<Density>> {
    let per_inch = match directory.number(reader, tag::RESOLUTION_UNIT)?.unwrap_or(2) {
        2 => 1.0,
        3 => CM_PER_INCH,
        _ => return Ok(None),
    };
    let x = directory.fraction(reader, tag::X_RESOLUTION)?;
    let y = directory.fraction(reader, tag::Y_RESOLUTION)?;
    Ok(x.zip(y).and_then(|(x, y)| sensible(x * per_inch, y * per_inch)))
}

/// The descriptive fields as an Exif block; none when there are none. The orientation is among them,
/// so that it is not lost where it is not applied.
fn exif(reader: &mut Reader, directory: &Directory) -> Result<Option<Arc<[u8]>>> {
    let mut left = MOST_EXIF_BYTES;
    let mut exif = Exif::default();
    let mut main = fields(reader, directory, directory.fields(), &mut left)?;
    let exif_place = take_place(&mut main, EXIF_DIRECTORY);
    let gps_place = take_place(&mut main, GPS_DIRECTORY);
    let orientation = main.iter().find(|field| field.tag == tag::ORIENTATION).cloned();
    exif.main = main;
    exif.exif = below(reader, directory, exif_place, &mut left)?;
    let interop_place = take_place(&mut exif.exif, INTEROP_DIRECTORY);
    exif.interop = below(reader, directory, interop_place, &mut left)?;
    exif.gps = below(reader, directory, gps_place, &mut left)?;
    let mut exif = exif.describing();
    exif.main.extend(orientation.filter(|field| field.data != [1, 0]));
    Ok((!exif.is_empty()).then(|| exif.write().into()))
}

/// The fields of another directory; none of one that is damaged, for the pixels do not need it.
fn below(
    reader: &mut Reader,
    directory: &Directory,
    place: Option<usize>,
    left: &mut u64,
) -> Result<Vec<ExifField>> {
    let Some(place) = place else { return Ok(Vec::new()) };
    match directory.fields_at(reader, place as u64) {
        Ok(found) => fields(reader, directory, &found, left),
        Err(Error::Io(error)) => Err(read_error(error)),
        Err(_) => Ok(Vec::new()),
    }
}

fn fields(
    reader: &mut Reader,
    directory: &Directory,
    found: &[Field],
    left: &mut u64,
) -> Result<Vec<ExifField>> {
    let mut read = Vec::new();
    for field in found {
        let Some((size, _)) = unit(field.kind()) else { continue };
        let len = field.count().saturating_mul(size as u64);
        let Ok(count) = u32::try_from(field.count()) else { continue };
        if len > MOST_FIELD_BYTES.min(*left) || is_bulk(field.tag) {
            continue;
        }
        match directory.value(reader, field) {
            Ok(data) => {
                *left -= len;
                let big_endian = directory.dialect.big_endian;
                read.push(ExifField::stored(field.tag, field.kind(), count, data, big_endian));
            }
            Err(Error::Io(error)) => return Err(read_error(error)),
            Err(_) => {}
        }
    }
    Ok(read)
}

/// Whether a field of the main directory is long and known not to be one of Exif.
fn is_bulk(tag: u16) -> bool {
    matches!(
        tag,
        tag::STRIP_OFFSETS
            | tag::STRIP_SIZES
            | tag::TILE_OFFSETS
            | tag::TILE_SIZES
            | tag::PALETTE
            | tag::JPEG_TABLES
            | tag::XMP
            | tag::IPTC
            | tag::PHOTOSHOP
            | tag::ICC
    )
}
