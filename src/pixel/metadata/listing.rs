//! All that a picture's metadata says, name by name, for people.
//!
//! Everything in it comes from strangers: there are only so many entries, texts are bounded and hold no control
//! characters, and what is damaged is left out.

use super::describe::clean;
use super::fields::Exif;
use super::{iptc, xmp};
use crate::pixel::Metadata;

/// The most entries of one block.
const MOST_ENTRIES: usize = 400;

/// The longest value, in characters.
const MOST_CHARS: usize = 400;

/// What one block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What the block is called: Exif, IPTC or XMP.
    pub block: &'static str,
    /// Names and values, as they stand in it.
    pub entries: Vec<(String, String)>,
}

/// What all blocks say; those that say nothing are left out.
#[must_use]
pub fn listing(metadata: &Metadata) -> Vec<Listing> {
    let blocks = [
        ("Exif", metadata.exif.as_deref().map(exif_entries)),
        ("IPTC", metadata.iptc.as_deref().map(iptc_entries)),
        ("XMP", metadata.xmp.as_deref().map(xmp::all)),
    ];
    let list = |(block, entries): (&'static str, Option<Vec<(String, String)>>)| {
        let entries = entries.unwrap_or_default().into_iter();
        let plain =
            |(name, value): (String, String)| (clean(&name, MOST_CHARS), clean(&value, MOST_CHARS));
        let said = |(name, value): &(String, String)| !name.is_empty() && !value.is_empty();
        let entries: Vec<_> = entries.map(plain).filter(said).take(MOST_ENTRIES).collect();
        (!entries.is_empty()).then_some(Listing { block, entries })
    };
    blocks.into_iter().filter_map(list).collect()
}

/// The fields of an Exif block but for those that only programs read.
fn exif_entries(block: &[u8]) -> Vec<(String, String)> {
    // Written anew, so that nothing but what was understood is looked at further.
    let Some(sound) = Exif::read(block).map(|fields| fields.without_notes().write()) else {
        return Vec::new();
    };
    let Ok(read) = exif::Reader::new().read_raw(sound) else { return Vec::new() };
    let big_endian = block.starts_with(b"MM") || block.starts_with(b"Exif\0\0MM");
    let entry = |field: &exif::Field| {
        let name = field.tag.to_string();
        // A tag that has no name, or a value that is none for people.
        let is_named = !name.starts_with("Tag(");
        let is_long = matches!(&field.value, exif::Value::Undefined(bytes, _) if bytes.len() > 64);
        if !is_named {
            return None;
        }
        let shown = match (&field.value, field.tag) {
            (exif::Value::Undefined(bytes, _), exif::Tag::UserComment) => {
                comment(bytes, big_endian)
            }
            (exif::Value::Ascii(texts), _) => {
                let shown = field.display_value().to_string();
                // What is shown in quotes is text as it stands there, with escapes; dates and the like are not.
                match shown.starts_with('"') {
                    true => {
                        let texts = texts.iter().map(|bytes| text(bytes));
                        let said: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
                        said.join(", ")
                    }
                    false => shown,
                }
            }
            _ if is_long => return None,
            _ => field.display_value().with_unit(&read).to_string().trim_matches('"').to_owned(),
        };
        Some((name, shown))
    };
    read.fields().filter_map(entry).take(MOST_ENTRIES).collect()
}

/// Text as programs write it: UTF-8 beyond the ASCII of the standard, ISO 8859-1 where it is not that.
fn text(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    let text = text.unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect());
    text.trim_end_matches(['\0', ' ']).to_owned()
}

/// A comment, which begins with the name of its code in eight bytes (Exif 2.32, section 4.6.5).
fn comment(bytes: &[u8], big_endian: bool) -> String {
    let Some((code, rest)) = bytes.split_at_checked(8) else { return String::new() };
    match code {
        b"UNICODE\0" => {
            let units = rest.chunks_exact(2).map(|two| match big_endian {
                true => u16::from_be_bytes([two[0], two[1]]),
                false => u16::from_le_bytes([two[0], two[1]]),
            });
            let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
            text.trim_end_matches(['\0', ' ']).to_owned()
        }
        b"JIS\0\0\0\0\0" => String::new(),
        _ => text(rest),
    }
}

/// Names of the data sets of IIM 4.2, record 2.
const DATA_SETS: [(u8, &str); 31] = [
    (5, "Object Name"),
    (10, "Urgency"),
    (15, "Category"),
    (20, "Supplemental Category"),
    (22, "Fixture Identifier"),
    (25, "Keywords"),
    (26, "Content Location Code"),
    (27, "Content Location Name"),
    (30, "Release Date"),
    (35, "Release Time"),
    (37, "Expiration Date"),
    (38, "Expiration Time"),
    (40, "Special Instructions"),
    (55, "Date Created"),
    (60, "Time Created"),
    (62, "Digital Creation Date"),
    (63, "Digital Creation Time"),
    (65, "Originating Program"),
    (70, "Program Version"),
    (80, "By-line"),
    (85, "By-line Title"),
    (90, "City"),
    (92, "Sublocation"),
    (95, "Province/State"),
    (101, "Country Name"),
    (103, "Original Transmission Reference"),
    (105, "Headline"),
    (110, "Credit"),
    (115, "Source"),
    (116, "Copyright Notice"),
    (120, "Caption/Abstract"),
];

fn iptc_entries(block: &[u8]) -> Vec<(String, String)> {
    let sets = iptc::read(block);
    let entry = |(number, name): &(u8, &str)| {
        let texts = iptc::texts(&sets, *number);
        (!texts.is_empty()).then(|| ((*name).to_owned(), texts.join(", ")))
    };
    DATA_SETS.iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fields::Field;
    use super::*;

    fn text(tag: u16, text: &str) -> Field {
        Field { tag, kind: 2, count: text.len() as u32, data: text.as_bytes().to_vec() }
    }

    #[test]
    fn every_block_is_listed_by_its_own_names() {
        let exif = Exif {
            main: vec![text(0x010f, "Maker\0")],
            exif: vec![Field::hundredths(0x829a, 0.25), text(0x927c, "notes of the maker\0")],
            ..Exif::default()
        };
        let packet = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
             <rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' dc:format='image/jpeg'>\
             <dc:subject><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></dc:subject>\
             </rdf:Description></rdf:RDF></x:xmpmeta>";
        let metadata = Metadata {
            exif: Some(Arc::from(exif.write())),
            iptc: Some(Arc::from(&b"\x1c\x02\x5a\x00\x05Paris\x1c\x02\x19\x00\x01k"[..])),
            xmp: Some(Arc::from(packet.as_bytes())),
            density: None,
        };
        let said = listing(&metadata);
        let of = |block: &str, name: &str| {
            let found = said.iter().find(|listing| listing.block == block)?;
            let entry = found.entries.iter().find(|(known, _)| known == name)?;
            Some(entry.1.clone())
        };
        assert_eq!(of("Exif", "Make").as_deref(), Some("Maker"));
        assert_eq!(of("Exif", "ExposureTime").as_deref(), Some("1/4 s"));
        assert_eq!(of("Exif", "MakerNote"), None);
        assert_eq!(of("IPTC", "City").as_deref(), Some("Paris"));
        assert_eq!(of("IPTC", "Keywords").as_deref(), Some("k"));
        assert_eq!(of("XMP", "dc:format").as_deref(), Some("image/jpeg"));
        assert_eq!(of("XMP", "dc:subject").as_deref(), Some("a, b"));
    }

    #[test]
    fn texts_are_read_as_they_were_meant() {
        let latin = Field { tag: 0x8298, kind: 2, count: 9, data: b"\xa9 J\xfcrgen\0".to_vec() };
        let written = "Gr\u{fc}\u{df}e \u{201c}an\u{201d} alle, und noch mehr, damit es lang ist";
        let units = written.encode_utf16().flat_map(u16::to_le_bytes);
        let comment: Vec<u8> = b"UNICODE\0".iter().copied().chain(units).collect();
        let exif = Exif {
            main: vec![
                text(0x010f, "J\u{fc}rgen \"J\u{fc}\" \\\0"),
                latin,
                text(0x0132, "2016:05:04 03:02:01\0"),
            ],
            exif: vec![Field { tag: 0x9286, kind: 7, count: comment.len() as u32, data: comment }],
            ..Exif::default()
        };
        let block = exif.write();
        let metadata = Metadata { exif: Some(Arc::from(block)), ..Metadata::default() };
        let said = listing(&metadata);
        let of = |name: &str| {
            let entry = said[0].entries.iter().find(|(known, _)| known == name);
            entry.map(|(_, value)| value.as_str())
        };
        assert_eq!(of("Make"), Some("J\u{fc}rgen \"J\u{fc}\" \\"));
        assert_eq!(of("Copyright"), Some("\u{a9} J\u{fc}rgen"));
        assert_eq!(of("DateTime"), Some("2016-05-04 03:02:01"));
        assert_eq!(of("UserComment"), Some(written));
    }

    #[test]
    fn what_is_damaged_or_endless_is_bounded() {
        assert!(listing(&Metadata::default()).is_empty());
        let long = format!("{}\0", "x".repeat(100_000));
        let many: Vec<Field> = (0..3000).map(|at| text(0x8000 + at, "y\0")).collect();
        let exif = Exif { main: vec![text(0x010e, &long)], exif: many, ..Exif::default() };
        let metadata = Metadata {
            exif: Some(Arc::from(exif.write())),
            xmp: Some(Arc::from(&b"<x:xmpmeta"[..])),
            ..Metadata::default()
        };
        let said = listing(&metadata);
        assert_eq!(said.len(), 1);
        assert!(said[0].entries.len() <= MOST_ENTRIES);
        assert!(said[0].entries.iter().all(|(_, value)| value.chars().count() <= MOST_CHARS));
    }
}
