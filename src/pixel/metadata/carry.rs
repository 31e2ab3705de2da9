//! What is said in one kind of block, said in another.
//!
//! PNG and WebP have no place for IPTC. Its data sets have fixed counterparts in XMP (IPTC Core 1.1
//! and the mapping of the Metadata Working Group): each is added unless the packet has that property
//! already, since editors keep XMP as the newer of the two.

use std::sync::Arc;

use super::iptc;
use super::xmp::{self, CORE, DC, Form, PHOTOSHOP, Property, RIGHTS, Space};

/// Data set numbers of the application record, and the properties that say the same.
const COUNTERPARTS: [(u8, Space, &str, Form); 22] = [
    (5, DC, "title", Form::Alt),
    (10, PHOTOSHOP, "Urgency", Form::Plain),
    (15, PHOTOSHOP, "Category", Form::Plain),
    (20, PHOTOSHOP, "SupplementalCategories", Form::Bag),
    (25, DC, "subject", Form::Bag),
    (40, PHOTOSHOP, "Instructions", Form::Plain),
    (55, PHOTOSHOP, "DateCreated", Form::Plain),
    (iptc::BY_LINE, DC, "creator", Form::Seq),
    (85, PHOTOSHOP, "AuthorsPosition", Form::Plain),
    (90, PHOTOSHOP, "City", Form::Plain),
    (92, CORE, "Location", Form::Plain),
    (95, PHOTOSHOP, "State", Form::Plain),
    (100, CORE, "CountryCode", Form::Plain),
    (101, PHOTOSHOP, "Country", Form::Plain),
    (103, PHOTOSHOP, "TransmissionReference", Form::Plain),
    (105, PHOTOSHOP, "Headline", Form::Plain),
    (iptc::CREDIT, PHOTOSHOP, "Credit", Form::Plain),
    (iptc::SOURCE, PHOTOSHOP, "Source", Form::Plain),
    (iptc::COPYRIGHT, DC, "rights", Form::Alt),
    (120, DC, "description", Form::Alt),
    (122, PHOTOSHOP, "CaptionWriter", Form::Plain),
    (12, CORE, "SubjectCode", Form::Bag),
];

const DATE_CREATED: u8 = 55;

/// Properties that tell whose a picture is.
const RIGHTS_PROPERTIES: [(Space, &str, Form); 8] = [
    (DC, "creator", Form::Seq),
    (DC, "rights", Form::Alt),
    (PHOTOSHOP, "Credit", Form::Plain),
    (PHOTOSHOP, "Source", Form::Plain),
    (RIGHTS, "Marked", Form::Plain),
    (RIGHTS, "Owner", Form::Bag),
    (RIGHTS, "UsageTerms", Form::Alt),
    (RIGHTS, "WebStatement", Form::Plain),
];

/// The packet with what the IPTC block says besides.
pub(super) fn iptc_into_xmp(block: Option<&[u8]>, packet: Option<Arc<[u8]>>) -> Option<Arc<[u8]>> {
    let Some(block) = block else { return packet };
    let sets = iptc::read(block);
    let mut properties = Vec::new();
    for (number, space, name, form) in COUNTERPARTS {
        let mut texts = iptc::texts(&sets, number);
        if texts.is_empty() || packet.as_deref().is_some_and(|xmp| xmp::has(xmp, space, name)) {
            continue;
        }
        if matches!(form, Form::Plain | Form::Alt) {
            texts.truncate(1);
        }
        if number == DATE_CREATED {
            texts = texts.iter().map(|text| date(text)).collect();
        }
        let values = texts.into_iter().map(|text| (None, text)).collect();
        properties.push(Property { space, name, form, values });
    }
    if properties.is_empty() {
        return packet;
    }
    match packet {
        None => Some(xmp::write(&properties).into()),
        // What can be read and has no place for descriptions says nothing: a new one takes its place.
        Some(packet) => {
            Some(xmp::with(&packet, &properties).unwrap_or_else(|| xmp::write(&properties)).into())
        }
    }
}

/// A date of IPTC (20260131) as XMP writes it (2026-01-31).
fn date(text: &str) -> String {
    match (text.get(..4), text.get(4..6), text.get(6..8)) {
        (Some(year), Some(month), Some(day)) if text.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{year}-{month}-{day}")
        }
        _ => text.to_owned(),
    }
}

/// A packet of only those properties that tell whose the picture is; none when there are none.
pub(super) fn rights(packet: &[u8]) -> Option<Vec<u8>> {
    let found = xmp::read(packet, &RIGHTS_PROPERTIES);
    (!found.is_empty()).then(|| xmp::write(&found))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &[u8] = b"\x1c\x02\x05\x00\x05Title\x1c\x02\x19\x00\x01a\x1c\x02\x19\x00\x01b\
        \x1c\x02\x37\x00\x0820260131\x1c\x02\x74\x00\x05A & B";

    fn values(packet: &[u8], space: Space, name: &'static str) -> Vec<String> {
        let read = xmp::read(packet, &[(space, name, Form::Plain)]);
        read.into_iter().flat_map(|one| one.values).map(|(_, text)| text).collect()
    }

    #[test]
    fn iptc_is_said_in_xmp() {
        let packet = iptc_into_xmp(Some(BLOCK), None).unwrap();
        assert_eq!(values(&packet, DC, "title"), ["Title"]);
        assert_eq!(values(&packet, DC, "subject"), ["a", "b"]);
        assert_eq!(values(&packet, PHOTOSHOP, "DateCreated"), ["2026-01-31"]);
        assert_eq!(values(&packet, DC, "rights"), ["A & B"]);
    }

    #[test]
    fn what_xmp_says_already_stays() {
        let property = |text: &str| Property {
            space: DC,
            name: "title",
            form: Form::Alt,
            values: vec![(None, text.into())],
        };
        let packet: Arc<[u8]> = xmp::write(&[property("Newer")]).into();
        let more = iptc_into_xmp(Some(BLOCK), Some(packet.clone())).unwrap();
        assert_eq!(values(&more, DC, "title"), ["Newer"]);
        assert_eq!(values(&more, DC, "subject"), ["a", "b"]);
        assert_eq!(iptc_into_xmp(None, Some(packet.clone())), Some(packet));
        for empty in [
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
        ] {
            let packet = iptc_into_xmp(Some(BLOCK), Some(empty.as_bytes().into())).unwrap();
            assert_eq!(values(&packet, DC, "title"), ["Title"], "{empty}");
        }
        // What nobody can read is left alone.
        let strange: Arc<[u8]> = b"\xff\xfe<\0x\0".to_vec().into();
        assert_eq!(iptc_into_xmp(Some(BLOCK), Some(strange.clone())), Some(strange));
        assert_eq!(iptc_into_xmp(Some(b""), None), None);
    }

    #[test]
    fn rights_are_all_that_is_left() {
        let packet = iptc_into_xmp(Some(BLOCK), None).unwrap();
        let left = rights(&packet).unwrap();
        assert_eq!(values(&left, DC, "rights"), ["A & B"]);
        assert_eq!(values(&left, DC, "title"), [] as [&str; 0]);
        assert_eq!(rights(b"<x/>"), None);
    }
}
