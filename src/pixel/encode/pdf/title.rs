//! What a picture is called, by its metadata: IPTC's object name, or XMP's `dc:title`.

use crate::pixel::Metadata;

/// Longer titles are cut.
const MAX_CHARS: usize = 250;

/// The title, if the metadata has one.
pub(super) fn of(metadata: &Metadata) -> Option<String> {
    let iptc = metadata.iptc.as_deref().and_then(object_name);
    let title = iptc.or_else(|| metadata.xmp.as_deref().and_then(dublin_core))?;
    let title: String = title.trim().chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect();
    (!title.is_empty()).then_some(title)
}

/// Data set 2:05 of an IPTC-IIM block.
fn object_name(mut iptc: &[u8]) -> Option<String> {
    while let [0x1c, record, set, high, low, rest @ ..] = iptc {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let content = rest.get(..len)?;
        if (*record, *set) == (2, 5) {
            return Some(String::from_utf8_lossy(content).into_owned());
        }
        iptc = &rest[len..];
    }
    None
}

/// The first alternative of `dc:title`.
fn dublin_core(xmp: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(xmp).ok()?;
    let (_, after) = text.split_once("<dc:title")?;
    let (title, _) = after.split_once("</dc:title>")?;
    let (_, item) = title.split_once("<rdf:li")?;
    let (_, item) = item.split_once('>')?;
    let (item, _) = item.split_once('<')?;
    let mut plain = item.to_owned();
    // The ampersand last, so that nothing is unescaped twice.
    for (entity, character) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
    {
        plain = plain.replace(entity, character);
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn iptc_wins_and_xmp_is_unescaped() {
        let iptc = b"\x1c\x01\x5a\0\x03\x1b%G\x1c\x02\x05\0\x05Title\x1c\x02\x50\0\x01A";
        let xmp = b"<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Salt &amp;amp; Pepper</rdf:li>\
            <rdf:li xml:lang='de'>Salz</rdf:li></rdf:Alt></dc:title>";
        let both = Metadata {
            iptc: Some(Arc::from(&iptc[..])),
            xmp: Some(Arc::from(&xmp[..])),
            ..Metadata::default()
        };
        assert_eq!(of(&both).as_deref(), Some("Title"));
        assert_eq!(
            of(&Metadata { iptc: None, ..both.clone() }).as_deref(),
            Some("Salt &amp; Pepper")
        );
        let cut = Metadata { iptc: Some(Arc::from(&iptc[..15])), xmp: None, ..both };
        assert_eq!(of(&cut), None);
        assert_eq!(of(&Metadata::default()), None);
    }
}
