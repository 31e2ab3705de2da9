//! What of a block is kept: all but what tells too much, or only whose the picture is.

use std::sync::Arc;

use super::super::fields::{EXIF_DIRECTORY, Exif, Field, GPS_DIRECTORY, MAKER_NOTE};
use super::block::{Block, ENTRY_BYTES};
use super::{
    ARTIST, BODY_SERIAL_NUMBER, CAMERA_SERIAL_NUMBER, COPYRIGHT, INCHES, LENS_SERIAL_NUMBER,
    RESOLUTION_UNIT, X_RESOLUTION, Y_RESOLUTION,
};
use crate::pixel::Density;

/// The block without position, serial numbers and maker's notes; none when it is not a block, so
/// that nobody can say what it holds. Their bytes are erased, not only unlinked.
pub(in crate::pixel::metadata) fn without_private(block: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = block.to_vec();
    let first = Block::new(&bytes)?.first_directory()?;
    if let Some(gps) = Block::new(&bytes)?.place(first, GPS_DIRECTORY) {
        let tags = Block::new(&bytes)?.tags(gps);
        tags.into_iter().for_each(|tag| remove(&mut bytes, gps, tag));
    }
    if let Some(exif) = Block::new(&bytes)?.place(first, EXIF_DIRECTORY) {
        for tag in [MAKER_NOTE, BODY_SERIAL_NUMBER, LENS_SERIAL_NUMBER] {
            remove(&mut bytes, exif, tag);
        }
    }
    for tag in [GPS_DIRECTORY, CAMERA_SERIAL_NUMBER] {
        remove(&mut bytes, first, tag);
    }
    Some(bytes)
}

/// Takes a field out of a directory, which closes up, and erases its value.
fn remove(bytes: &mut [u8], directory: usize, tag: u16) {
    let Some(block) = Block::new(bytes) else { return };
    let big_endian = block.big_endian;
    let Some(count) = block.u16(directory) else { return };
    let Some(entry) = block.entry(directory, tag) else { return };
    let value = block.value(&entry);
    let link = directory + 2 + usize::from(count) * ENTRY_BYTES;
    // The link to the next directory follows the last entry, and moves up with it.
    let end = if block.u32(link).is_some() { link + 4 } else { link };
    if let Some(value) = value {
        bytes[value].fill(0);
    }
    let at = entry.value - 8;
    bytes.copy_within(at + ENTRY_BYTES..end, at);
    bytes[end - ENTRY_BYTES..end].fill(0);
    let count = if big_endian { (count - 1).to_be_bytes() } else { (count - 1).to_le_bytes() };
    bytes[directory..directory + 2].copy_from_slice(&count);
}

/// A block of only who made the picture and whose it is, and its resolution; none when there is
/// nothing to say.
pub(in crate::pixel::metadata) fn rights(
    block: Option<&[u8]>,
    density: Option<Density>,
) -> Option<Arc<[u8]>> {
    let mut exif = Exif::default();
    if let Some(read) = block.and_then(Exif::read) {
        exif.main.extend(read.main.into_iter().filter(|f| matches!(f.tag, ARTIST | COPYRIGHT)));
    }
    if let Some(density) = density {
        exif.main.push(Field::hundredths(X_RESOLUTION, density.x_dpi));
        exif.main.push(Field::hundredths(Y_RESOLUTION, density.y_dpi));
        exif.main.push(Field::short(RESOLUTION_UNIT, INCHES));
    }
    (!exif.is_empty()).then(|| exif.write().into())
}
