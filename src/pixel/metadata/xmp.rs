//! XMP packets (ISO 16684-1): properties are corrected and removed in the text, so that everything
//! else survives as it was written, and new descriptions are added.

use std::ops::Range;

use roxmltree::{Document, Node};

use super::Orientation;
use crate::pixel::Density;

pub(super) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A namespace that we write, and its usual prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Space {
    pub prefix: &'static str,
    pub uri: &'static str,
}

pub(super) const DC: Space = Space { prefix: "dc", uri: "http://purl.org/dc/elements/1.1/" };
pub(super) const PHOTOSHOP: Space =
    Space { prefix: "photoshop", uri: "http://ns.adobe.com/photoshop/1.0/" };
pub(super) const RIGHTS: Space =
    Space { prefix: "xmpRights", uri: "http://ns.adobe.com/xap/1.0/rights/" };
pub(super) const CORE: Space =
    Space { prefix: "Iptc4xmpCore", uri: "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" };

/// How a property's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One text.
    Plain,
    /// Texts in order.
    Seq,
    /// Texts in no order.
    Bag,
    /// One text in several languages.
    Alt,
}

/// A property and its values, each with its language where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    pub space: Space,
    pub name: &'static str,
    pub form: Form,
    pub values: Vec<(Option<String>, String)>,
}

/// A packet's text; none when it is not UTF-8, the encoding of XMP in pictures.
fn text(packet: &[u8]) -> Option<&str> {
    Some(std::str::from_utf8(packet).ok()?.trim_end_matches('\0').trim_start_matches('\u{feff}'))
}

/// A property where it stands.
enum Found<'a, 'input> {
    Attribute(roxmltree::Attribute<'a, 'input>),
    Element(Node<'a, 'input>),
}

impl Found<'_, '_> {
    fn is(&self, uri: &str, name: &str) -> bool {
        let (found_uri, found_name) = match self {
            Self::Attribute(attribute) => (attribute.namespace(), attribute.name()),
            Self::Element(node) => (node.tag_name().namespace(), node.tag_name().name()),
        };
        found_uri == Some(uri) && found_name == name
    }

    /// Where its single text stands.
    fn value(&self) -> Option<Range<usize>> {
        match self {
            Self::Attribute(attribute) => Some(attribute.range_value()),
            Self::Element(node) => {
                let mut children = node.children();
                let only = children.next().filter(Node::is_text)?;
                children.next().is_none().then(|| only.range())
            }
        }
    }
}

/// The properties of all descriptions at the top.
fn properties<'a, 'input>(document: &'a Document<'input>) -> Vec<Found<'a, 'input>> {
    let mut found = Vec::new();
    let descriptions = document
        .descendants()
        .filter(|node| node.has_tag_name((RDF, "RDF")))
        .flat_map(|rdf| rdf.children())
        .filter(|node| node.has_tag_name((RDF, "Description")));
    for description in descriptions {
        found.extend(description.attributes().map(Found::Attribute));
        found.extend(description.children().filter(Node::is_element).map(Found::Element));
    }
    found
}

/// Changes a text in several places that do not overlap.
fn edit(text: &str, mut edits: Vec<(Range<usize>, String)>) -> Vec<u8> {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        // What lies in a part that goes, goes with it.
        if range.start < at {
            continue;
        }
        out.push_str(&text[at..range.start]);
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out.into_bytes()
}

/// The packet with orientation, size and resolution corrected where it states them, and without
/// thumbnails, which show another picture. A packet that is not well formed is left as it is.
pub(super) fn correct(
    packet: &[u8],
    (width, height): (u32, u32),
    orientation: Orientation,
    density: Option<Density>,
) -> Vec<u8> {
    let parsed = text(packet).and_then(|text| Some((text, Document::parse(text).ok()?)));
    let Some((text, document)) = parsed else { return packet.to_vec() };
    let dots = |dpi: f64| format!("{}/100", (dpi * 100.0).round());
    let mut truths = vec![
        (TIFF, "Orientation", orientation.exif().to_string()),
        (TIFF, "ImageWidth", width.to_string()),
        (TIFF, "ImageLength", height.to_string()),
        (EXIF, "PixelXDimension", width.to_string()),
        (EXIF, "PixelYDimension", height.to_string()),
    ];
    if let Some(density) = density {
        truths.push((TIFF, "XResolution", dots(density.x_dpi)));
        truths.push((TIFF, "YResolution", dots(density.y_dpi)));
        truths.push((TIFF, "ResolutionUnit", "2".into()));
    }
    let mut edits = Vec::new();
    for property in properties(&document) {
        if let (true, Found::Element(node)) = (property.is(XMP, "Thumbnails"), &property) {
            edits.push((node.range(), String::new()));
        }
        let truth = truths.iter().find(|(uri, name, _)| property.is(uri, name));
        if let (Some((_, _, truth)), Some(place)) = (truth, property.value()) {
            edits.push((place, truth.clone()));
        }
    }
    edit(text, edits)
}

/// The packet without positions and serial numbers, wherever in it they stand; none when it cannot
/// be read, so that nobody can say what it holds.
pub(super) fn without_private(packet: &[u8]) -> Option<Vec<u8>> {
    let text = text(packet)?;
    let document = Document::parse(text).ok()?;
    let mut edits = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        if is_private(node.tag_name().name()) {
            edits.push((node.range(), String::new()));
        }
        for attribute in node.attributes().filter(|attribute| is_private(attribute.name())) {
            edits.push((attribute.range(), String::new()));
        }
    }
    Some(edit(text, edits))
}

/// Whether a property of this name, in whatever namespace, tells a place or a thing's number.
fn is_private(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("gps")
        || name.contains("serialnumber")
        || name.ends_with("latitude")
        || name.ends_with("longitude")
}

/// Whether the packet has any value for a property; true for a packet that cannot be read.
pub(super) fn has(packet: &[u8], space: Space, name: &str) -> bool {
    let parsed = text(packet).and_then(|text| Document::parse(text).ok());
    parsed.is_none_or(|document| properties(&document).iter().any(|one| one.is(space.uri, name)))
}

/// The values of some properties of a packet; those that it does not have are left out.
pub(super) fn read(packet: &[u8], wanted: &[(Space, &'static str, Form)]) -> Vec<Property> {
    let Some(document) = text(packet).and_then(|text| Document::parse(text).ok()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for property in properties(&document) {
        let Some((space, name, form)) =
            wanted.iter().find(|(space, name, _)| property.is(space.uri, name)).copied()
        else {
            continue;
        };
        let values: Vec<_> = match &property {
            Found::Attribute(attribute) => vec![(None, attribute.value().to_owned())],
            Found::Element(node) => {
                let items: Vec<_> = node
                    .descendants()
                    .filter(|item| item.has_tag_name((RDF, "li")))
                    .map(|item| (item.attribute((XML, "lang")).map(str::to_owned), words(item)))
                    .collect();
                if items.is_empty() { vec![(None, words(*node))] } else { items }
            }
        };
        if values.iter().any(|(_, text)| !text.is_empty()) {
            found.push(Property { space, name, form, values });
        }
    }
    found
}

/// Every property at the top of a packet by the name that it has there, and its texts.
pub(super) fn all(packet: &[u8]) -> Vec<(String, String)> {
    let Some(document) = text(packet).and_then(|text| Document::parse(text).ok()) else {
        return Vec::new();
    };
    let root = document.root_element();
    let named = |node: Node<'_, '_>, uri: Option<&str>, name: &str| {
        let prefix = uri.and_then(|uri| node.lookup_prefix(uri).or(root.lookup_prefix(uri)));
        prefix.map_or_else(|| name.to_owned(), |prefix| format!("{prefix}:{name}"))
    };
    let descriptions = document.descendants().filter(|node| {
        let below = node.parent().is_some_and(|parent| parent.has_tag_name((RDF, "RDF")));
        below && node.has_tag_name((RDF, "Description"))
    });
    let mut found = Vec::new();
    for description in descriptions {
        for attribute in description.attributes().filter(|one| one.namespace() != Some(RDF)) {
            let name = named(description, attribute.namespace(), attribute.name());
            found.push((name, attribute.value().to_owned()));
        }
        for node in description.children().filter(Node::is_element) {
            let (uri, name) = (node.tag_name().namespace(), node.tag_name().name());
            let texts = node.descendants().filter(Node::is_text).filter_map(|text| text.text());
            let texts: Vec<&str> = texts.map(str::trim).filter(|text| !text.is_empty()).collect();
            found.push((named(node, uri, name), texts.join(", ")));
        }
    }
    found
}

fn words(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(Node::is_text).filter_map(|text| text.text());
    texts.collect::<String>().trim().to_owned()
}

/// A packet of these properties.
pub(super) fn write(properties: &[Property]) -> Vec<u8> {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"{RDF}\">{}</rdf:RDF>\
         </x:xmpmeta><?xpacket end=\"w\"?>",
        description(properties)
    )
    .into_bytes()
}

/// The packet with another description; none when it cannot be read.
pub(super) fn with(packet: &[u8], properties: &[Property]) -> Option<Vec<u8>> {
    let text = text(packet)?;
    let document = Document::parse(text).ok()?;
    let rdf = document.descendants().find(|node| node.has_tag_name((RDF, "RDF")))?.range();
    let end = rdf.start + text[rdf].rfind("</")?;
    Some(edit(text, vec![(end..end, description(properties))]))
}

fn description(properties: &[Property]) -> String {
    let mut spaces: Vec<Space> = Vec::new();
    for property in properties {
        if !spaces.contains(&property.space) {
            spaces.push(property.space);
        }
    }
    let declared: String =
        spaces.iter().map(|space| format!(" xmlns:{}=\"{}\"", space.prefix, space.uri)).collect();
    let body: String = properties.iter().map(element).collect();
    format!(
        "<rdf:Description xmlns:rdf=\"{RDF}\" rdf:about=\"\"{declared}>{body}</rdf:Description>"
    )
}

fn element(property: &Property) -> String {
    let name = format!("{}:{}", property.space.prefix, property.name);
    let list = match property.form {
        Form::Plain => {
            let text = property.values.first().map(|(_, text)| escaped(text)).unwrap_or_default();
            return format!("<{name}>{text}</{name}>");
        }
        Form::Seq => "Seq",
        Form::Bag => "Bag",
        Form::Alt => "Alt",
    };
    let item = |(language, text): &(Option<String>, String)| match (property.form, language) {
        (Form::Alt, language) => {
            let language = escaped(language.as_deref().unwrap_or("x-default"));
            format!("<rdf:li xml:lang=\"{language}\">{}</rdf:li>", escaped(text))
        }
        _ => format!("<rdf:li>{}</rdf:li>", escaped(text)),
    };
    let items: String = property.values.iter().map(item).collect();
    format!("<{name}><rdf:{list}>{items}</rdf:{list}></{name}>")
}

/// Text for XML 1.0: what it cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(character),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(attributes: &str, body: &str) -> Vec<u8> {
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='{RDF}'><rdf:Description \
             rdf:about='' xmlns:t='{TIFF}' xmlns:e='{EXIF}' xmlns:dc='{}' xmlns:xmp='{XMP}' \
             xmlns:aux='urn:aux' {attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>",
            DC.uri
        )
        .into_bytes()
    }

    #[test]
    fn what_describes_the_pixels_is_corrected_in_both_forms() {
        let before = packet(
            "t:Orientation='6' e:PixelXDimension='4000' t:XResolution='72/1'",
            "<e:PixelYDimension>3000</e:PixelYDimension><t:Make>6</t:Make>\
             <xmp:Thumbnails><rdf:Alt><rdf:li>x</rdf:li></rdf:Alt></xmp:Thumbnails>",
        );
        let after = packet(
            "t:Orientation='1' e:PixelXDimension='40' t:XResolution='30000/100'",
            "<e:PixelYDimension>30</e:PixelYDimension><t:Make>6</t:Make>",
        );
        let density = Some(Density { x_dpi: 300.0, y_dpi: 300.0 });
        let made = correct(&before, (40, 30), Orientation::UPRIGHT, density);
        assert_eq!(String::from_utf8(made), String::from_utf8(after));
        let damaged = b"<a t:Orientation='6'".to_vec();
        assert_eq!(correct(&damaged, (1, 1), Orientation::UPRIGHT, None), damaged);
    }

    #[test]
    fn positions_and_numbers_go_at_any_depth() {
        let before = packet(
            "e:GPSLatitude='51,30N' aux:SerialNumber='7' aux:Lens='50mm'",
            "<dc:title>Home</dc:title><e:GPSTimeStamp>x</e:GPSTimeStamp><aux:Place>\
             <rdf:Description e:GPSLongitude='0,7W' aux:City='L'/></aux:Place>",
        );
        let after = String::from_utf8(without_private(&before).unwrap()).unwrap();
        for gone in ["51,30N", "GPS", "Serial", "0,7W"] {
            assert!(!after.contains(gone), "{gone}: {after}");
        }
        for kept in ["50mm", "Home", "City='L'"] {
            assert!(after.contains(kept), "{kept}: {after}");
        }
        assert!(Document::parse(&after).is_ok());
        assert_eq!(without_private(b"<open"), None);
    }

    #[test]
    fn properties_are_read_written_and_added() {
        let rights = Property {
            space: DC,
            name: "rights",
            form: Form::Alt,
            values: vec![
                (Some("x-default".into()), "© Ann & <Co>".into()),
                (Some("de".into()), "Rechte".into()),
            ],
        };
        let creator = Property {
            space: DC,
            name: "creator",
            form: Form::Seq,
            values: vec![(None, "Ann".into()), (None, "\"Bob\"".into())],
        };
        let credit = Property {
            space: PHOTOSHOP,
            name: "Credit",
            form: Form::Plain,
            values: vec![(None, "Agency".into())],
        };
        let wanted = [
            (DC, "rights", Form::Alt),
            (DC, "creator", Form::Seq),
            (PHOTOSHOP, "Credit", Form::Plain),
        ];
        let all = [rights, creator, credit];
        assert_eq!(read(&write(&all), &wanted), all);
        let more = with(&packet("", "<dc:title>T</dc:title>"), &all[..2]).unwrap();
        assert_eq!(read(&more, &wanted), all[..2]);
        assert!(has(&more, DC, "title") && !has(&more, PHOTOSHOP, "Credit"));
    }
}
