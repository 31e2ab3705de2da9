//! What the pipeline has to understand of descriptive metadata: orientation, resolution and size.
//!
//! Metadata blocks travel as opaque bytes. A few of their fields describe the pixels, though: they
//! are read when a file is opened, and made to tell the truth again when a changed picture is
//! written. Changes are made in place, so that everything else in a block, known or not, survives.
//!
//! This module knows the TIFF structure of an Exif block (CIPA DC-008, TIFF 6.0) and two properties
//! of XMP. It knows nothing of files: finding and embedding blocks is the codecs' work.

use std::sync::Arc;

use super::{Density, Metadata};

/// How stored pixels have to be turned to stand upright: the values 1–8 of the Exif tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Orientation(u8);

impl Orientation {
    /// Stored as shown.
    pub const UPRIGHT: Self = Self(1);

    /// The orientation with this Exif value, if it is one.
    #[must_use]
    pub fn from_exif(value: u16) -> Option<Self> {
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value)).map(Self)
    }

    /// The Exif value, 1–8.
    #[must_use]
    pub fn exif(self) -> u8 {
        self.0
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_axes(self) -> bool {
        self.0 >= 5
    }

    /// Whether the stored pixels are mirrored left to right, before they are turned by
    /// [`clockwise_deg`](Self::clockwise_deg) to stand upright.
    #[must_use]
    pub fn mirrored(self) -> bool {
        matches!(self.0, 2 | 4 | 5 | 7)
    }

    /// The clockwise turn (0, 90, 180 or 270) that follows a mirroring to stand upright.
    #[must_use]
    pub fn clockwise_deg(self) -> u16 {
        match self.0 {
            3 | 4 => 180,
            6 | 7 => 90,
            5 | 8 => 270,
            _ => 0,
        }
    }
}

impl Default for Orientation {
    fn default() -> Self {
        Self::UPRIGHT
    }
}

const ORIENTATION: u16 = 0x0112;
const X_RESOLUTION: u16 = 0x011a;
const Y_RESOLUTION: u16 = 0x011b;
const RESOLUTION_UNIT: u16 = 0x0128;
const EXIF_DIRECTORY: u16 = 0x8769;
const PIXEL_X_DIMENSION: u16 = 0xa002;
const PIXEL_Y_DIMENSION: u16 = 0xa003;

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

/// A density, unless a value is not a positive number.
#[must_use]
pub(crate) fn sensible(x_dpi: f64, y_dpi: f64) -> Option<Density> {
    let fits = |dpi: f64| dpi.is_finite() && dpi > 0.0 && dpi <= 1e6;
    (fits(x_dpi) && fits(y_dpi)).then_some(Density { x_dpi, y_dpi })
}

/// The metadata as it has to be written with a picture of this size, orientation and resolution.
///
/// Orientation, size and resolution are corrected where the blocks state them, and the Exif
/// thumbnail, which shows another picture, is unlinked. A block that is not well formed is left as it is.
#[must_use]
pub(crate) fn for_picture(
    metadata: &Metadata,
    (width, height): (u32, u32),
    orientation: Orientation,
    density: Option<Density>,
) -> Metadata {
    let exif = metadata.exif.as_ref().map(|exif| {
        let mut bytes = exif.to_vec();
        correct_exif(&mut bytes, (width, height), orientation, density);
        Arc::from(bytes)
    });
    let xmp = metadata.xmp.as_ref().map(|xmp| {
        let mut bytes = xmp.to_vec();
        correct_xmp(&mut bytes, orientation);
        Arc::from(bytes)
    });
    Metadata { exif, xmp, iptc: metadata.iptc.clone(), density }
}

fn correct_exif(
    bytes: &mut [u8],
    (width, height): (u32, u32),
    orientation: Orientation,
    density: Option<Density>,
) {
    let Some(block) = Block::new(bytes) else { return };
    let Some(first) = block.first_directory() else { return };
    let big_endian = block.big_endian;
    let exif = block
        .entry(first, EXIF_DIRECTORY)
        .and_then(|entry| block.integer(&entry))
        .map(|offset| offset as usize);
    let mut integers = vec![(block.entry(first, ORIENTATION), u32::from(orientation.exif()))];
    if let Some(exif) = exif {
        integers.push((block.entry(exif, PIXEL_X_DIMENSION), width));
        integers.push((block.entry(exif, PIXEL_Y_DIMENSION), height));
    }
    let mut rationals = Vec::new();
    if let Some(density) = density {
        integers.push((block.entry(first, RESOLUTION_UNIT), 2));
        rationals.push((block.entry(first, X_RESOLUTION), density.x_dpi));
        rationals.push((block.entry(first, Y_RESOLUTION), density.y_dpi));
    }
    let places: Vec<_> = rationals
        .into_iter()
        .filter_map(|(entry, dpi)| Some((block.rational_place(&entry?)?, dpi)))
        .collect();
    let next = block.next_directory_place(first);

    for (entry, value) in integers {
        if let Some(entry) = entry {
            put_integer(bytes, big_endian, &entry, value);
        }
    }
    for (place, dpi) in places {
        put_u32(bytes, big_endian, place, (dpi * 100.0).round() as u32);
        put_u32(bytes, big_endian, place + 4, 100);
    }
    if let Some(next) = next {
        put_u32(bytes, big_endian, next, 0);
    }
}

/// Sets the one digit of every `tiff:Orientation`, written as attribute or as element.
fn correct_xmp(bytes: &mut [u8], orientation: Orientation) {
    const NAME: &[u8] = b"tiff:Orientation";
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(NAME.len()).position(|part| part == NAME) {
        at += found + NAME.len();
        let digit = match &bytes[at..] {
            [b'>', digit, b'<', ..] if digit.is_ascii_digit() => at + 1,
            [b'=', b'"' | b'\'', digit, b'"' | b'\'', ..] if digit.is_ascii_digit() => at + 2,
            _ => continue,
        };
        bytes[digit] = b'0' + orientation.exif();
    }
}

/// A TIFF structure in memory; every access is checked against its end.
struct Block<'a> {
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
    fn new(bytes: &'a [u8]) -> Option<Self> {
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

    fn first_directory(&self) -> Option<usize> {
        Some(self.u32(4)? as usize)
    }

    fn next_directory_place(&self, directory: usize) -> Option<usize> {
        let count = usize::from(self.u16(directory)?);
        let place = directory + 2 + count * 12;
        self.u32(place).map(|_| place)
    }

    fn entry(&self, directory: usize, tag: u16) -> Option<Entry> {
        let count = usize::from(self.u16(directory)?);
        (0..count).map(|index| directory + 2 + index * 12).find_map(|at| {
            (self.u16(at)? == tag).then_some(())?;
            self.u32(at + 8)?;
            Some(Entry { kind: self.u16(at + 2)?, count: self.u32(at + 4)?, value: at + 8 })
        })
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
                correct_exif(&mut bytes, (1, 1), Orientation::UPRIGHT, None);
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
    fn sets_orientation_in_both_forms_of_xmp() {
        let mut xmp =
            b"tiff:Orientation=\"6\" <tiff:Orientation>8</tiff:Orientation> tiff:Orientation='x'"
                .to_vec();
        correct_xmp(&mut xmp, Orientation::UPRIGHT);
        assert_eq!(
            String::from_utf8(xmp).unwrap(),
            "tiff:Orientation=\"1\" <tiff:Orientation>1</tiff:Orientation> tiff:Orientation='x'"
        );
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
            let len = bytes.len();
            let dots = Density { x_dpi: 300.0, y_dpi: 300.0 };
            correct_exif(&mut bytes, (7, 7), Orientation::UPRIGHT, Some(dots));
            prop_assert_eq!(bytes.len(), len);
        }
    }
}
