//! Making a block tell the truth of another picture than the one that it was written for.

use super::super::fields::{EXIF_DIRECTORY, Field};
use super::block::{Block, ENTRY_BYTES, put_integer, put_u32};
use super::{
    IMAGE_LENGTH, IMAGE_WIDTH, INCHES, ORIENTATION, PIXEL_X_DIMENSION, PIXEL_Y_DIMENSION,
    RESOLUTION_UNIT, THUMBNAIL_LEN, THUMBNAIL_PLACE, X_RESOLUTION, Y_RESOLUTION,
};
use crate::pixel::Density;
use crate::pixel::metadata::Orientation;

/// Corrects orientation, size and resolution where a block states them, adds the resolution where it
/// does not, and removes the thumbnail, which shows another picture. A block that is not well formed
/// is left as it is.
pub(in crate::pixel::metadata) fn correct(
    bytes: &mut Vec<u8>,
    (width, height): (u32, u32),
    orientation: Orientation,
    density: Option<Density>,
) {
    let Some(block) = Block::new(bytes) else { return };
    let Some(first) = block.first_directory() else { return };
    let big_endian = block.big_endian;
    let exif = block.place(first, EXIF_DIRECTORY);
    let mut integers = vec![
        (block.entry(first, ORIENTATION), u32::from(orientation.exif())),
        (block.entry(first, IMAGE_WIDTH), width),
        (block.entry(first, IMAGE_LENGTH), height),
    ];
    if let Some(exif) = exif {
        integers.push((block.entry(exif, PIXEL_X_DIMENSION), width));
        integers.push((block.entry(exif, PIXEL_Y_DIMENSION), height));
    }
    let mut rationals = Vec::new();
    let mut missing = Vec::new();
    if orientation != Orientation::UPRIGHT && block.entry(first, ORIENTATION).is_none() {
        missing.push(Field::short(ORIENTATION, orientation.exif().into()));
    }
    if let Some(density) = density {
        match block.entry(first, RESOLUTION_UNIT) {
            Some(entry) => integers.push((Some(entry), INCHES.into())),
            None => missing.push(Field::short(RESOLUTION_UNIT, INCHES)),
        }
        for (tag, dpi) in [(X_RESOLUTION, density.x_dpi), (Y_RESOLUTION, density.y_dpi)] {
            match block.entry(first, tag) {
                Some(entry) => rationals.extend(block.rational_place(&entry).map(|at| (at, dpi))),
                None => missing.push(Field::hundredths(tag, dpi)),
            }
        }
    }
    for (entry, value) in integers {
        if let Some(entry) = entry {
            put_integer(bytes, big_endian, &entry, value);
        }
    }
    for (place, dpi) in rationals {
        put_u32(bytes, big_endian, place, (dpi * 100.0).round() as u32);
        put_u32(bytes, big_endian, place + 4, 100);
    }
    drop_thumbnail(bytes, first);
    if !missing.is_empty() {
        grow(bytes, first, missing);
    }
}

/// Unlinks the directories behind the first and erases the thumbnail that the next one names.
fn drop_thumbnail(bytes: &mut Vec<u8>, first: usize) {
    let Some(block) = Block::new(bytes) else { return };
    let big_endian = block.big_endian;
    let Some(link) = block.next_directory_place(first) else { return };
    let second = block.u32(link).filter(|place| *place != 0).map(|place| place as usize);
    let jpeg = second.and_then(|second| {
        let place = block.place(second, THUMBNAIL_PLACE)?;
        let len = block.place(second, THUMBNAIL_LEN)?;
        Some(place..place.checked_add(len)?)
    });
    put_u32(bytes, big_endian, link, 0);
    let Some(jpeg) = jpeg.filter(|jpeg| jpeg.start >= 8 && jpeg.end <= bytes.len()) else { return };
    // A thumbnail is a JPEG; if these bytes are none, the field lies, and they may be anything.
    if !bytes[jpeg.clone()].starts_with(&[0xff, 0xd8]) {
        return;
    }
    if jpeg.end == bytes.len() {
        bytes.truncate(jpeg.start);
    } else {
        bytes[jpeg].fill(0);
    }
}

/// Writes a directory anew at the end, with more fields, and makes it the first.
fn grow(bytes: &mut Vec<u8>, first: usize, more: Vec<Field>) {
    let Some(block) = Block::new(bytes) else { return };
    let big_endian = block.big_endian;
    let Some(count) = block.u16(first).map(usize::from) else { return };
    let Some(old) = bytes.get(first + 2..first + 2 + count * ENTRY_BYTES) else { return };
    let mut entries: Vec<Vec<u8>> = old.chunks_exact(ENTRY_BYTES).map(<[u8]>::to_vec).collect();
    let u16 = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let u32 = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    for field in more {
        // The change of byte order is its own reverse.
        let Field { tag, kind, count, data } = field;
        let field = Field::stored(tag, kind, count, data, big_endian);
        let mut value = [0; 4];
        if field.data.len() <= value.len() {
            value[..field.data.len()].copy_from_slice(&field.data);
        } else {
            bytes.resize(bytes.len().next_multiple_of(2), 0);
            let Ok(place) = u32::try_from(bytes.len()) else { return };
            value = u32(place);
            bytes.extend_from_slice(&field.data);
        }
        let head = [&u16(field.tag)[..], &u16(field.kind), &u32(field.count), &value].concat();
        entries.push(head);
    }
    entries.sort_by_key(|entry| {
        let tag = [entry[0], entry[1]];
        if big_endian { u16::from_be_bytes(tag) } else { u16::from_le_bytes(tag) }
    });
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    let (Ok(place), Ok(count)) = (u32::try_from(bytes.len()), u16::try_from(entries.len())) else {
        return;
    };
    bytes.extend_from_slice(&u16(count));
    entries.iter().for_each(|entry| bytes.extend_from_slice(entry));
    bytes.extend_from_slice(&[0; 4]);
    put_u32(bytes, big_endian, 4, place);
}
