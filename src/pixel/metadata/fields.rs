//! Exif as values without places: for files that keep its fields among their own (TIFF), and for
//! blocks made anew.
//!
//! A block that is read and written again loses the maker's notes: they hold places in the block
//! they come from.

use super::exif::Block;

pub(crate) const EXIF_DIRECTORY: u16 = 0x8769;
pub(crate) const GPS_DIRECTORY: u16 = 0x8825;
pub(crate) const INTEROP_DIRECTORY: u16 = 0xa005;
pub(super) const MAKER_NOTE: u16 = 0x927c;

/// Fields of a picture's main directory that describe it and not the way it is stored: TIFF 6.0,
/// Exif 2.32 and the fields that Windows adds.
const DESCRIBING: [u16; 16] = [
    0x010d, // DocumentName
    0x010e, // ImageDescription
    0x010f, // Make
    0x0110, // Model
    0x0131, // Software
    0x0132, // DateTime
    0x013b, // Artist
    0x013c, // HostComputer
    0x4746, // Rating
    0x4749, // RatingPercent
    0x8298, // Copyright
    0x9c9b, // XPTitle
    0x9c9c, // XPComment
    0x9c9d, // XPAuthor
    0x9c9e, // XPKeywords
    0x9c9f, // XPSubject
];

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub tag: u16,
    pub kind: u16,
    pub count: u32,
    /// The values, least significant byte first.
    pub data: Vec<u8>,
}

/// Bytes of one item of a type, and of the units in which its byte order goes; none for types that
/// Exif does not have.
pub(crate) fn unit(kind: u16) -> Option<(usize, usize)> {
    match kind {
        1 | 2 | 6 | 7 | 129 => Some((1, 1)),
        3 | 8 => Some((2, 2)),
        4 | 9 | 11 | 13 => Some((4, 4)),
        5 | 10 => Some((8, 4)),
        12 => Some((8, 8)),
        _ => None,
    }
}

impl Field {
    /// A field of values as they stand in a file.
    pub fn stored(tag: u16, kind: u16, count: u32, mut data: Vec<u8>, big_endian: bool) -> Self {
        if let (true, Some((_, unit))) = (big_endian, unit(kind)) {
            data.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        }
        Self { tag, kind, count, data }
    }

    /// A small whole number.
    pub fn short(tag: u16, value: u16) -> Self {
        Self { tag, kind: 3, count: 1, data: value.to_le_bytes().to_vec() }
    }

    /// A fraction in hundredths.
    pub fn hundredths(tag: u16, value: f64) -> Self {
        let hundredths = (value * 100.0).round() as u32;
        let data = [hundredths.to_le_bytes(), 100u32.to_le_bytes()].concat();
        Self { tag, kind: 5, count: 1, data }
    }

    fn place(tag: u16, place: u32) -> Self {
        Self { tag, kind: 4, count: 1, data: place.to_le_bytes().to_vec() }
    }
}

/// The fields of a block, by directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exif {
    pub main: Vec<Field>,
    pub exif: Vec<Field>,
    pub gps: Vec<Field>,
    pub interop: Vec<Field>,
}

impl Exif {
    /// The fields of a block; none when it is not one. Of damaged directories what is sound.
    pub fn read(block: &[u8]) -> Option<Self> {
        let block = Block::new(block)?;
        let mut main = block.fields(block.first_directory()?);
        let exif_place = take_place(&mut main, EXIF_DIRECTORY);
        let gps_place = take_place(&mut main, GPS_DIRECTORY);
        let below = |place: Option<usize>| place.map(|at| block.fields(at)).unwrap_or_default();
        let mut exif = below(exif_place);
        let interop_place = take_place(&mut exif, INTEROP_DIRECTORY);
        let interop = below(interop_place);
        Some(Self { main, exif, gps: below(gps_place), interop })
    }

    /// Only what describes the picture, not the way it was stored.
    pub fn describing(mut self) -> Self {
        self.main.retain(|field| DESCRIBING.contains(&field.tag));
        self.exif.retain(|field| field.tag != MAKER_NOTE);
        self
    }

    /// Without the maker's notes, which hold places in the block that they come from.
    pub fn without_notes(mut self) -> Self {
        self.exif.retain(|field| field.tag != MAKER_NOTE);
        self
    }

    pub fn is_empty(&self) -> bool {
        [&self.main, &self.exif, &self.gps, &self.interop].iter().all(|fields| fields.is_empty())
    }

    /// As a block.
    pub fn write(&self) -> Vec<u8> {
        let mut block = b"II*\0\0\0\0\0".to_vec();
        let (mut main, mut exif) = (self.main.clone(), self.exif.clone());
        if !self.interop.is_empty() {
            let place = append_directory(&mut block, &self.interop);
            exif.push(Field::place(INTEROP_DIRECTORY, place));
        }
        if !exif.is_empty() {
            main.push(Field::place(EXIF_DIRECTORY, append_directory(&mut block, &exif)));
        }
        if !self.gps.is_empty() {
            main.push(Field::place(GPS_DIRECTORY, append_directory(&mut block, &self.gps)));
        }
        let place = append_directory(&mut block, &main);
        block[4..8].copy_from_slice(&place.to_le_bytes());
        block
    }
}

/// Takes out the field that says where another directory is.
pub(crate) fn take_place(fields: &mut Vec<Field>, tag: u16) -> Option<usize> {
    let index = fields.iter().position(|field| field.tag == tag)?;
    let field = fields.remove(index);
    let data = <[u8; 4]>::try_from(field.data).ok()?;
    Some(u32::from_le_bytes(data) as usize)
}

/// Writes values and then the directory behind a block of this byte order, and returns its place.
fn append_directory(block: &mut Vec<u8>, fields: &[Field]) -> u32 {
    let mut fields: Vec<&Field> = fields.iter().collect();
    fields.sort_by_key(|field| field.tag);
    fields.dedup_by_key(|field| field.tag);
    let place = |block: &mut Vec<u8>| {
        block.resize(block.len().next_multiple_of(2), 0);
        // Blocks come from files whose metadata is bounded far below this.
        u32::try_from(block.len()).unwrap_or(u32::MAX)
    };
    let mut entries = Vec::with_capacity(fields.len());
    for field in fields {
        let mut value = [0; 4];
        if field.data.len() <= value.len() {
            value[..field.data.len()].copy_from_slice(&field.data);
        } else {
            value = place(block).to_le_bytes();
            block.extend_from_slice(&field.data);
        }
        entries.push((field, value));
    }
    let at = place(block);
    block.extend_from_slice(&(entries.len() as u16).to_le_bytes());
    for (field, value) in entries {
        block.extend_from_slice(&field.tag.to_le_bytes());
        block.extend_from_slice(&field.kind.to_le_bytes());
        block.extend_from_slice(&field.count.to_le_bytes());
        block.extend_from_slice(&value);
    }
    block.extend_from_slice(&[0; 4]);
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(tag: u16, text: &str) -> Field {
        Field { tag, kind: 2, count: text.len() as u32, data: text.as_bytes().to_vec() }
    }

    fn sample() -> Exif {
        Exif {
            main: vec![text(0x010e, "A caption\0"), text(0x010f, "Me\0"), Field::short(0x4746, 4)],
            exif: vec![Field::hundredths(0x829a, 0.25), Field::short(0x8827, 400)],
            gps: vec![text(1, "N\0")],
            interop: vec![text(1, "R98\0")],
        }
    }

    #[test]
    fn what_is_written_is_read_and_understood_by_others() {
        let block = sample().write();
        assert_eq!(Exif::read(&block), Some(sample()));
        let read = exif::Reader::new().read_raw(block).unwrap();
        let shown =
            |tag, directory| read.get_field(tag, directory).unwrap().display_value().to_string();
        assert_eq!(shown(exif::Tag::ImageDescription, exif::In::PRIMARY), "\"A caption\"");
        assert_eq!(shown(exif::Tag::ExposureTime, exif::In::PRIMARY), "1/4");
        assert_eq!(shown(exif::Tag::PhotographicSensitivity, exif::In::PRIMARY), "400");
        assert_eq!(shown(exif::Tag::GPSLatitudeRef, exif::In::PRIMARY), "N");
    }

    #[test]
    fn only_what_describes_is_kept() {
        let mut exif = sample();
        exif.main.push(Field::short(0x0112, 6));
        exif.exif.push(text(MAKER_NOTE, "secret places"));
        assert_eq!(exif.describing(), sample());
        assert!(Exif::default().is_empty() && !sample().is_empty());
    }
}
