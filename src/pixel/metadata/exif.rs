//! Exif blocks as they are: fields are read, changed and removed in place.
//!
//! A block is a TIFF structure (CIPA DC-008, TIFF 6.0) whose values point at each other by place, and
//! makers keep notes in it whose own places nobody else knows. Changes therefore never move what is
//! there: values are overwritten, a directory closes up where an entry goes, and one that has to grow
//! is written anew behind everything else.

use std::ops::Range;
use std::sync::Arc;

use super::fields::{EXIF_DIRECTORY, Exif, Field, GPS_DIRECTORY, MAKER_NOTE, unit};
use super::{Orientation, sensible};
use crate::pixel::Density;

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
const ENTRY_BYTES: usize = 12;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

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

/// Corrects orientation, size and resolution where a block states them, adds the resolution where it
/// does not, and removes the thumbnail, which shows another picture. A block that is not well formed
/// is left as it is.
pub(super) fn correct(
    bytes: &mut Vec<u8>,
    (width, height): (u32, u32),
    orientation: Orientation,
    density: Option<Density>,
) {
    let Some(block) = Block::new(bytes) else { return };
    let Some(first) = block.first_directory() else { return };
    let big_endian = block.big_endian;
    let exif = block.place(first, EXIF_DIRECTORY);
    let mut integers = vec![(block.entry(first, ORIENTATION), u32::from(orientation.exif()))];
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

/// The block without position, serial numbers and maker's notes; none when it is not a block, so
/// that nobody can say what it holds. Their bytes are erased, not only unlinked.
pub(super) fn without_private(block: &[u8]) -> Option<Vec<u8>> {
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
pub(super) fn rights(block: Option<&[u8]>, density: Option<Density>) -> Option<Arc<[u8]>> {
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
/// A TIFF structure in memory; every access is checked against its end.
pub(super) struct Block<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

/// One entry of a directory: its type, count, and the place of its value field.
struct Entry {
    kind: u16,
    count: u32,
    value: usize,
}

impl<'a> Block<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"MM\0*" => true,
            b"II*\0" => false,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    pub(super) fn first_directory(&self) -> Option<usize> {
        Some(self.u32(4)? as usize)
    }

    fn next_directory_place(&self, directory: usize) -> Option<usize> {
        let count = usize::from(self.u16(directory)?);
        let place = directory + 2 + count * ENTRY_BYTES;
        self.u32(place).map(|_| place)
    }

    fn entry(&self, directory: usize, tag: u16) -> Option<Entry> {
        let count = usize::from(self.u16(directory)?);
        (0..count).map(|index| directory + 2 + index * ENTRY_BYTES).find_map(|at| {
            (self.u16(at)? == tag).then_some(())?;
            self.u32(at + 8)?;
            Some(Entry { kind: self.u16(at + 2)?, count: self.u32(at + 4)?, value: at + 8 })
        })
    }

    /// A whole number that says where something is or how long.
    fn place(&self, directory: usize, tag: u16) -> Option<usize> {
        self.integer(&self.entry(directory, tag)?).map(|place| place as usize)
    }

    fn tags(&self, directory: usize) -> Vec<u16> {
        let count = self.u16(directory).map_or(0, usize::from);
        (0..count).map_while(|index| self.u16(directory + 2 + index * ENTRY_BYTES)).collect()
    }

    /// Where an entry's values stand.
    fn value(&self, entry: &Entry) -> Option<Range<usize>> {
        let (size, _) = unit(entry.kind)?;
        let len = (entry.count as usize).checked_mul(size)?;
        let at = if len <= 4 { entry.value } else { self.u32(entry.value)? as usize };
        let end = at.checked_add(len).filter(|end| *end <= self.bytes.len())?;
        Some(at..end)
    }

    /// All sound fields of a directory.
    pub(super) fn fields(&self, directory: usize) -> Vec<Field> {
        let mut fields = Vec::new();
        // Fields may share bytes; a block can only tell as much as it holds.
        let mut left = self.bytes.len();
        for tag in self.tags(directory) {
            let Some(entry) = self.entry(directory, tag) else { continue };
            let Some(value) = self.value(&entry).filter(|value| value.len() <= left) else {
                continue;
            };
            left -= value.len();
            let data = self.bytes[value].to_vec();
            fields.push(Field::stored(tag, entry.kind, entry.count, data, self.big_endian));
        }
        fields
    }

    fn integer(&self, entry: &Entry) -> Option<u32> {
        match (entry.kind, entry.count) {
            (SHORT, 1) => self.u16(entry.value).map(u32::from),
            (LONG, 1) => self.u32(entry.value),
            _ => None,
        }
    }

    fn rational_place(&self, entry: &Entry) -> Option<usize> {
        if entry.kind != RATIONAL || entry.count != 1 {
            return None;
        }
        let place = self.u32(entry.value)? as usize;
        self.u32(place.checked_add(4)?).map(|_| place)
    }

    fn rational(&self, entry: &Entry) -> Option<f64> {
        let place = self.rational_place(entry)?;
        Some(f64::from(self.u32(place)?) / f64::from(self.u32(place + 4)?))
    }
}

fn put_integer(bytes: &mut [u8], big_endian: bool, entry: &Entry, value: u32) {
    match (entry.kind, entry.count) {
        (SHORT, 1) => {
            let value = u16::try_from(value).unwrap_or(u16::MAX);
            let raw = if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
            bytes[entry.value..entry.value + 2].copy_from_slice(&raw);
        }
        (LONG, 1) => put_u32(bytes, big_endian, entry.value, value),
        _ => {}
    }
}

fn put_u32(bytes: &mut [u8], big_endian: bool, at: usize, value: u32) {
    let raw = if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    bytes[at..at + 4].copy_from_slice(&raw);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A block of one directory, in either byte order, whose entries hold one value each.
    fn block(big_endian: bool, entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let u16 = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let u32 = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut out = if big_endian { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
        out.extend(u32(8));
        out.extend(u16(entries.len() as u16));
        for (tag, kind, value) in entries {
            out.extend(u16(*tag));
            out.extend(u16(*kind));
            out.extend(u32(1));
            if *kind == SHORT {
                out.extend(u16(*value as u16));
                out.extend([0; 2]);
            } else {
                out.extend(u32(*value));
            }
        }
        out.extend(u32(0));
        out
    }

    #[test]
    fn reads_and_sets_orientation_in_both_byte_orders() {
        for big_endian in [false, true] {
            for kind in [SHORT, LONG] {
                let mut bytes = block(big_endian, &[(0x010f, LONG, 9), (ORIENTATION, kind, 7)]);
                assert_eq!(orientation(&bytes), Orientation::from_exif(7));
                correct(&mut bytes, (1, 1), Orientation::UPRIGHT, None);
                assert_eq!(bytes, block(big_endian, &[(0x010f, LONG, 9), (ORIENTATION, kind, 1)]));
            }
        }
        assert_eq!(orientation(&block(true, &[(ORIENTATION, SHORT, 9)])), None);
        assert_eq!(orientation(&block(true, &[])), None);
    }

    #[test]
    fn reads_density_in_inches_and_centimetres() {
        for (unit, expected) in [(2, Some(118.0)), (3, Some(118.0 * 2.54)), (1, None)] {
            // Three entries end at 8 + 2 + 36 + 4 = 50.
            let mut bytes = block(
                true,
                &[
                    (X_RESOLUTION, RATIONAL, 50),
                    (Y_RESOLUTION, RATIONAL, 50),
                    (RESOLUTION_UNIT, SHORT, unit),
                ],
            );
            bytes.extend(236u32.to_be_bytes());
            bytes.extend(2u32.to_be_bytes());
            assert_eq!(density(&bytes).map(|density| density.x_dpi), expected);
            let at = bytes.len() - 4;
            bytes[at..].fill(0);
            assert_eq!(density(&bytes), None, "a division by zero is no density");
        }
    }

    #[test]
    fn a_missing_resolution_is_added_and_the_rest_stays_in_place() {
        for big_endian in [false, true] {
            let mut bytes = block(big_endian, &[(ORIENTATION, SHORT, 6), (0x4746, SHORT, 3)]);
            let before = bytes.clone();
            let dots = Density { x_dpi: 240.0, y_dpi: 120.5 };
            correct(&mut bytes, (1, 1), Orientation::UPRIGHT, Some(dots));
            assert_eq!(density(&bytes), Some(dots));
            assert_eq!(orientation(&bytes), Some(Orientation::UPRIGHT));
            assert_eq!(bytes[8..10], before[8..10]);
            let read = exif::Reader::new().read_raw(bytes).unwrap();
            let tags: Vec<u16> = read.fields().map(|field| field.tag.number()).collect();
            assert_eq!(tags, [ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, 0x4746]);
        }
    }

    fn text(tag: u16, text: &str) -> Field {
        Field { tag, kind: 2, count: text.len() as u32, data: text.as_bytes().to_vec() }
    }

    fn camera() -> Exif {
        Exif {
            main: vec![
                text(ARTIST, "Ann Other\0"),
                text(COPYRIGHT, "(c) Ann\0"),
                text(0x010f, "M\0"),
            ],
            exif: vec![
                text(MAKER_NOTE, "number 12345 within"),
                text(BODY_SERIAL_NUMBER, "12345-67\0"),
                text(LENS_SERIAL_NUMBER, "1\0"),
                Field::short(0x8827, 400),
            ],
            gps: vec![text(1, "N\0"), text(0x12, "WGS-84 here\0")],
            interop: vec![text(1, "R98\0")],
        }
    }

    #[test]
    fn private_fields_are_erased() {
        let block = without_private(&camera().write()).unwrap();
        let left = Exif::read(&block).unwrap();
        assert_eq!(left.exif, [Field::short(0x8827, 400)]);
        assert_eq!((left.gps, left.main.len(), left.interop.len()), (Vec::new(), 3, 1));
        let all = String::from_utf8_lossy(&block);
        assert!(!all.contains("12345") && !all.contains("WGS-84") && all.contains("Ann Other"));
        assert_eq!(without_private(b"no block"), None);
    }

    #[test]
    fn rights_are_all_that_is_left() {
        let block = rights(Some(&camera().write()), None).unwrap();
        let left = Exif::read(&block).unwrap();
        let main = camera().main[..2].to_vec();
        assert_eq!(left, Exif { main, ..Exif::default() });
        assert_eq!(rights(None, None), None);
        let dots = Density { x_dpi: 72.0, y_dpi: 72.0 };
        assert_eq!(density(&rights(None, Some(dots)).unwrap()), Some(dots));
    }

    #[test]
    fn a_thumbnail_goes_with_its_bytes() {
        let mut bytes = camera().write();
        let place = bytes.len() as u32;
        let jpeg = [&[0xff, 0xd8][..], &[7; 50]].concat();
        bytes.extend(&jpeg);
        let second = bytes.len() as u32;
        bytes.extend(2u16.to_le_bytes());
        for (tag, value) in [(THUMBNAIL_PLACE, place), (THUMBNAIL_LEN, jpeg.len() as u32)] {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(LONG.to_le_bytes());
            bytes.extend(1u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        let first = Block::new(&bytes).unwrap().first_directory().unwrap();
        let link = Block::new(&bytes).unwrap().next_directory_place(first).unwrap();
        put_u32(&mut bytes, false, link, second);
        correct(&mut bytes, (1, 1), Orientation::UPRIGHT, None);
        assert!(!bytes.windows(4).any(|part| part == [7; 4]));
        assert_eq!(Exif::read(&bytes), Exif::read(&camera().write()));
    }

    proptest! {
        #[test]
        fn damaged_blocks_never_panic(
            big_endian: bool,
            head in prop::collection::vec(any::<u8>(), 0..8),
            entries in prop::collection::vec((0x0100u16..0x0130, 1u16..6, 0u32..90), 0..6),
            exif in 0u32..100,
            tail in prop::collection::vec(any::<u8>(), 0..60),
            cut in 0usize..140,
        ) {
            let mut entries = entries;
            entries.push((EXIF_DIRECTORY, LONG, exif));
            let mut bytes = block(big_endian, &entries);
            bytes.extend(tail);
            bytes.truncate(cut);
            for (byte, value) in bytes.iter_mut().skip(4).zip(head) {
                *byte ^= value & 3;
            }
            let _ = (orientation(&bytes), density(&bytes));
            let _ = (without_private(&bytes), rights(Some(&bytes), None));
            let dots = Density { x_dpi: 300.0, y_dpi: 300.0 };
            correct(&mut bytes, (7, 7), Orientation::UPRIGHT, Some(dots));
        }
    }
}
