//! Exif blocks as they are: fields are read, changed and removed in place.
//!
//! A block is a TIFF structure (CIPA DC-008, TIFF 6.0) whose values point at each other by place, and
//! makers keep notes in it whose own places nobody else knows. Changes therefore never move what is
//! there: values are overwritten, a directory closes up where an entry goes, and one that has to grow
//! is written anew behind everything else.

//!
//! `block` finds and overwrites numbers, `correct` and `kept` say which.

mod block;
mod correct;
mod kept;
#[cfg(test)]
mod tests;

pub(super) use self::block::Block;
pub(super) use self::correct::correct;
pub(super) use self::kept::{rights, without_private};
use super::{Orientation, sensible};
use crate::pixel::Density;

const IMAGE_WIDTH: u16 = 0x0100;
const IMAGE_LENGTH: u16 = 0x0101;
const ORIENTATION: u16 = 0x0112;
const X_RESOLUTION: u16 = 0x011a;
const Y_RESOLUTION: u16 = 0x011b;
const RESOLUTION_UNIT: u16 = 0x0128;
const ARTIST: u16 = 0x013b;
const THUMBNAIL_PLACE: u16 = 0x0201;
const THUMBNAIL_LEN: u16 = 0x0202;
const COPYRIGHT: u16 = 0x8298;
const PIXEL_X_DIMENSION: u16 = 0xa002;
const PIXEL_Y_DIMENSION: u16 = 0xa003;
const BODY_SERIAL_NUMBER: u16 = 0xa431;
const LENS_SERIAL_NUMBER: u16 = 0xa435;
const CAMERA_SERIAL_NUMBER: u16 = 0xc62f;

const INCHES: u16 = 2;

const CM_PER_INCH: f64 = 2.54;

/// The orientation that an Exif block states, if it states a valid one.
#[must_use]
pub(crate) fn orientation(exif: &[u8]) -> Option<Orientation> {
    let block = Block::new(exif)?;
    let entry = block.entry(block.first_directory()?, ORIENTATION)?;
    Orientation::from_exif(u16::try_from(block.integer(&entry)?).ok()?)
}

/// The resolution that an Exif block states, if it states a sensible one with a unit.
#[must_use]
pub(crate) fn density(exif: &[u8]) -> Option<Density> {
    let block = Block::new(exif)?;
    let directory = block.first_directory()?;
    let x = block.rational(&block.entry(directory, X_RESOLUTION)?)?;
    let y = block.rational(&block.entry(directory, Y_RESOLUTION)?)?;
    let unit = block.entry(directory, RESOLUTION_UNIT).and_then(|entry| block.integer(&entry));
    let per_inch = match unit.unwrap_or(2) {
        2 => 1.0,
        3 => CM_PER_INCH,
        _ => return None,
    };
    sensible(x * per_inch, y * per_inch)
}
