//! What a picture's metadata tells people: when, where and with what it was taken, what it shows,
//! whose it is.
//!
//! The same thing may be said in three blocks. XMP counts before IPTC and that before Exif, since
//! editors write it last; for what only a camera knows, Exif counts first (the guidelines of the
//! Metadata Working Group). Texts come from strangers: they are bounded, and hold no control
//! characters.

use time::{Date, Month};

use super::fields::{Exif, Field};
use super::iptc::{self, DataSet};
use super::xmp::{self, DC, Form, PHOTOSHOP, Property, Space};
use crate::pixel::Metadata;

/// The longest text that is kept, in characters.
const MAX_TEXT_CHARS: usize = 10_000;

/// The longest keyword, and the most of them.
const MAX_KEYWORD_CHARS: usize = 200;
const MAX_KEYWORDS: usize = 500;

const XMP: Space = Space { prefix: "xmp", uri: "http://ns.adobe.com/xap/1.0/" };
const XMP_EXIF: Space = Space { prefix: "exif", uri: "http://ns.adobe.com/exif/1.0/" };
const XMP_TIFF: Space = Space { prefix: "tiff", uri: "http://ns.adobe.com/tiff/1.0/" };

/// What is read of a packet.
const PROPERTIES: [(Space, &str, Form); 13] = [
    (DC, "title", Form::Alt),
    (DC, "description", Form::Alt),
    (DC, "subject", Form::Bag),
    (DC, "creator", Form::Seq),
    (DC, "rights", Form::Alt),
    (PHOTOSHOP, "Headline", Form::Plain),
    (PHOTOSHOP, "DateCreated", Form::Plain),
    (XMP, "CreateDate", Form::Plain),
    (XMP_EXIF, "DateTimeOriginal", Form::Plain),
    (XMP_EXIF, "GPSLatitude", Form::Plain),
    (XMP_EXIF, "GPSLongitude", Form::Plain),
    (XMP_TIFF, "Make", Form::Plain),
    (XMP_TIFF, "Model", Form::Plain),
];

/// What a picture's metadata tells people. Texts are empty where nothing is said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Description {
    /// When it was taken, in milliseconds since 1970, the camera's clock taken for UTC.
    pub taken_ms: Option<i64>,
    /// Maker and model of the camera.
    pub camera: String,
    /// Latitude (north positive) and longitude (east positive) in degrees.
    pub position: Option<(f64, f64)>,
    /// Title, or headline.
    pub headline: String,
    /// Caption.
    pub caption: String,
    /// Keywords, each once.
    pub keywords: Vec<String>,
    /// Who made it; several are divided by commas.
    pub creator: String,
    /// Whose it is.
    pub copyright: String,
}

impl Description {
    /// What these blocks say. Damage costs what is damaged, no more.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        let packet = metadata.xmp.as_deref().map(|xmp| xmp::read(xmp, &PROPERTIES));
        let sets = metadata.iptc.as_deref().map(iptc::read);
        let said = Said {
            xmp: packet.unwrap_or_default(),
            iptc: sets.unwrap_or_default(),
            exif: metadata.exif.as_deref().and_then(Exif::read).unwrap_or_default(),
        };
        Self {
            taken_ms: said.taken_ms(),
            camera: said.camera(),
            position: said.position(),
            headline: said.text(&[(DC, "title"), (PHOTOSHOP, "Headline")], &[5, 105], &[TITLE]),
            caption: said.text(&[(DC, "description")], &[120], &[CAPTION, COMMENT]),
            keywords: said.keywords(),
            creator: said.text(&[(DC, "creator")], &[iptc::BY_LINE], &[ARTIST, AUTHOR]),
            copyright: said.text(&[(DC, "rights")], &[iptc::COPYRIGHT], &[COPYRIGHT]),
        }
    }
}

const CAPTION: u16 = 0x010e;
const MAKE: u16 = 0x010f;
const MODEL: u16 = 0x0110;
const ARTIST: u16 = 0x013b;
const COPYRIGHT: u16 = 0x8298;
const TITLE: u16 = 0x9c9b;
const COMMENT: u16 = 0x9c9c;
const AUTHOR: u16 = 0x9c9d;
const KEYWORDS: u16 = 0x9c9e;
const DATE_ORIGINAL: u16 = 0x9003;
const DATE_DIGITIZED: u16 = 0x9004;

/// The blocks, taken apart.
#[derive(Default)]
struct Said<'a> {
    xmp: Vec<Property>,
    iptc: Vec<DataSet<'a>>,
    exif: Exif,
}

impl Said<'_> {
    fn xmp(&self, space: Space, name: &str) -> Vec<&str> {
        let of = |one: &&Property| one.space == space && one.name == name;
        let Some(property) = self.xmp.iter().find(of) else { return Vec::new() };
        let values = property.values.iter().map(|(_, text)| text.as_str());
        match property.form {
            Form::Alt | Form::Plain => {
                let default =
                    |(lang, _): &&(Option<String>, String)| lang.as_deref() == Some("x-default");
                let chosen = property.values.iter().find(default).map(|(_, text)| text.as_str());
                chosen.into_iter().chain(values).take(1).collect()
            }
            Form::Seq | Form::Bag => values.collect(),
        }
    }

    /// The first of these that says something.
    fn text(&self, xmp: &[(Space, &str)], iptc: &[u8], exif: &[u16]) -> String {
        let packet = xmp.iter().map(|(space, name)| self.xmp(*space, name).join(", "));
        let sets = iptc.iter().map(|number| iptc::texts(&self.iptc, *number).join(", "));
        let fields = exif.iter().map(|tag| field_text(&self.exif.main, *tag));
        let mut all = packet.chain(sets).chain(fields).map(|text| clean(&text, MAX_TEXT_CHARS));
        all.find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn keywords(&self) -> Vec<String> {
        let mut words: Vec<String> =
            self.xmp(DC, "subject").into_iter().map(str::to_owned).collect();
        words.extend(iptc::texts(&self.iptc, 25));
        words.extend(field_text(&self.exif.main, KEYWORDS).split(';').map(str::to_owned));
        let mut kept: Vec<String> = Vec::new();
        for word in words {
            let word = clean(&word, MAX_KEYWORD_CHARS).replace('\n', " ");
            if !word.is_empty() && kept.len() < MAX_KEYWORDS && !kept.contains(&word) {
                kept.push(word);
            }
        }
        kept
    }

    fn camera(&self) -> String {
        let either = |tag, name| {
            let text = clean(&field_text(&self.exif.main, tag), MAX_KEYWORD_CHARS);
            if text.is_empty() { clean(&self.xmp(XMP_TIFF, name).concat(), 200) } else { text }
        };
        let (make, model) = (either(MAKE, "Make"), either(MODEL, "Model"));
        // Many models begin with their maker's name.
        let first = make.split(' ').next().unwrap_or_default().to_lowercase();
        if make.is_empty() || (!first.is_empty() && model.to_lowercase().starts_with(&first)) {
            model
        } else {
            format!("{make} {model}").trim().to_owned()
        }
    }

    fn taken_ms(&self) -> Option<i64> {
        let camera = field_text(&self.exif.exif, DATE_ORIGINAL);
        let digitized = field_text(&self.exif.exif, DATE_DIGITIZED);
        let iptc_day = iptc::texts(&self.iptc, 55).concat();
        let iptc = format!("{iptc_day} {}", iptc::texts(&self.iptc, 60).concat());
        let packet = |space, name| self.xmp(space, name).concat();
        [
            camera,
            packet(XMP_EXIF, "DateTimeOriginal"),
            packet(PHOTOSHOP, "DateCreated"),
            iptc,
            digitized,
            packet(XMP, "CreateDate"),
        ]
        .iter()
        .find_map(|text| moment_ms(text))
    }

    fn position(&self) -> Option<(f64, f64)> {
        let gps = |reference: u16, value: u16, negative: &str| {
            let degrees = degrees(self.exif.gps.iter().find(|field| field.tag == value)?)?;
            let sign = field_text(&self.exif.gps, reference);
            Some(if sign.eq_ignore_ascii_case(negative) { -degrees } else { degrees })
        };
        let exif = gps(1, 2, "S").zip(gps(3, 4, "W"));
        let xmp = |name| xmp_degrees(&self.xmp(XMP_EXIF, name).concat());
        let found = exif.or_else(|| xmp("GPSLatitude").zip(xmp("GPSLongitude")));
        // Cameras without reception write zeros.
        found.filter(|(north, east)| {
            north.abs() <= 90.0 && east.abs() <= 180.0 && (*north, *east) != (0.0, 0.0)
        })
    }
}

/// Without control characters but line ends, without blanks at its ends, and not too long.
pub(super) fn clean(text: &str, max_chars: usize) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String =
        text.chars().filter(|c| *c == '\n' || !c.is_control()).take(max_chars).collect();
    kept.trim().to_owned()
}

/// A field's text: ASCII or UTF-8, ISO 8859-1 where it is neither, UTF-16 in those of Windows.
fn field_text(fields: &[Field], tag: u16) -> String {
    let Some(field) = fields.iter().find(|field| field.tag == tag) else { return String::new() };
    let text = match (field.kind, tag) {
        (1 | 7, 0x9c9b..=0x9c9f) => {
            let units = field.data.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
        }
        (2 | 129, _) => match std::str::from_utf8(&field.data) {
            Ok(text) => text.to_owned(),
            Err(_) => field.data.iter().map(|byte| char::from(*byte)).collect(),
        },
        _ => String::new(),
    };
    text.trim_end_matches(['\0', ' ']).to_owned()
}

/// Degrees, minutes and seconds as three fractions.
fn degrees(field: &Field) -> Option<f64> {
    if field.kind != 5 || field.data.len() < 24 {
        return None;
    }
    let part = |at: usize| {
        let word = |at: usize| {
            field
                .data
                .get(at..at + 4)?
                .try_into()
                .ok()
                .map(|word| f64::from(u32::from_le_bytes(word)))
        };
        let (over, under) = (word(at)?, word(at + 4)?);
        // Seconds that are not known are written as 0/0.
        Some(if under == 0.0 { 0.0 } else { over / under })
    };
    Some(part(0)? + part(8)? / 60.0 + part(16)? / 3600.0)
}

/// `52,30.5N` or `52,30,30N`.
fn xmp_degrees(text: &str) -> Option<f64> {
    let text = text.trim();
    let (numbers, sign) = match text.char_indices().last()? {
        (at, 'N' | 'E' | 'n' | 'e') => (&text[..at], 1.0),
        (at, 'S' | 'W' | 's' | 'w') => (&text[..at], -1.0),
        _ => return None,
    };
    let mut sum = 0.0;
    let mut unit = 1.0;
    for part in numbers.split(',') {
        let value: f64 = part.trim().parse().ok().filter(|value: &f64| value.is_finite())?;
        sum += value / unit;
        unit *= 60.0;
    }
    Some(sign * sum)
}

/// `2026:01:31 12:34:56`, `2026-01-31T12:34:56.7+01:00`, `20260131 123456+0100`, also without a time:
/// the date and the clock's time as they are written.
fn moment_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, clock) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (day, clock) = (digits(day), digits(clock.split(['+', '-', 'Z', '.']).next()?));
    let number = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let month = Month::try_from(u8::try_from(number(&day, 4, 6)?).ok()?).ok()?;
    let date = u8::try_from(number(&day, 6, 8)?).ok()?;
    let date = Date::from_calendar_date(number(&day, 0, 4)?.into(), month, date).ok()?;
    let part = |at: usize| u8::try_from(number(&clock, at, at + 2).unwrap_or(0)).ok();
    let moment = date.with_hms(part(0)?, part(2)?, part(4)?).ok()?;
    Some(moment.assume_utc().unix_timestamp() * 1000)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn text(tag: u16, text: &str) -> Field {
        Field { tag, kind: 2, count: text.len() as u32, data: text.as_bytes().to_vec() }
    }

    fn fractions(tag: u16, values: [u32; 6]) -> Field {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Field { tag, kind: 5, count: 3, data }
    }

    fn exif() -> Exif {
        Exif {
            main: vec![
                text(CAPTION, "From Exif\0"),
                text(MAKE, "NIKON CORPORATION\0"),
                text(MODEL, "NIKON D850\0"),
                text(ARTIST, "Ann\0"),
            ],
            exif: vec![text(DATE_ORIGINAL, "2020:02:29 12:34:56\0")],
            gps: vec![
                text(1, "S\0"),
                fractions(2, [33, 1, 51, 1, 3540, 100]),
                text(3, "E\0"),
                fractions(4, [151, 1, 12, 1, 0, 0]),
            ],
            interop: Vec::new(),
        }
    }

    fn blocks(exif: &Exif, iptc: &[u8], xmp: &str) -> Metadata {
        let some = |bytes: &[u8]| (!bytes.is_empty()).then(|| Arc::from(bytes));
        Metadata {
            exif: Some(Arc::from(exif.write())),
            iptc: some(iptc),
            xmp: some(xmp.as_bytes()),
            density: None,
        }
    }

    fn packet(inside: &str) -> String {
        format!(
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"{}\"><rdf:Description \
             xmlns:dc=\"{}\" xmlns:exif=\"{}\">{inside}</rdf:Description></rdf:RDF></x:xmpmeta>",
            xmp::RDF,
            DC.uri,
            XMP_EXIF.uri
        )
    }

    #[test]
    fn the_camera_tells_when_where_and_with_what() {
        let said = Description::of(&blocks(&exif(), b"", ""));
        // date -u -d '2020-02-29 12:34:56' +%s
        assert_eq!(said.taken_ms, Some(1_582_979_696_000));
        assert_eq!(said.camera, "NIKON D850");
        let (north, east) = said.position.unwrap();
        // 33°51'35.4" and 151°12'.
        assert!((north + 33.859_833_3).abs() < 1e-6 && (east - 151.2).abs() < 1e-9);
        assert_eq!((said.caption.as_str(), said.creator.as_str()), ("From Exif", "Ann"));
    }

    #[test]
    fn editors_have_the_last_word_on_texts() {
        let iptc = b"\x1c\x02\x78\x00\x09From IPTC\x1c\x02\x19\x00\x01b\x1c\x02\x74\x00\x03(c)";
        let xmp = packet(
            "<dc:description><rdf:Alt><rdf:li xml:lang=\"de\">Deutsch</rdf:li>\
             <rdf:li xml:lang=\"x-default\">From XMP</rdf:li></rdf:Alt></dc:description>\
             <dc:subject><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></dc:subject>\
             <dc:creator><rdf:Seq><rdf:li>Bea</rdf:li><rdf:li>Cem</rdf:li></rdf:Seq></dc:creator>",
        );
        let said = Description::of(&blocks(&exif(), iptc, &xmp));
        assert_eq!(said.caption, "From XMP");
        assert_eq!(said.keywords, ["a", "b"]);
        assert_eq!((said.creator.as_str(), said.copyright.as_str()), ("Bea, Cem", "(c)"));
        let said = Description::of(&blocks(&exif(), iptc, ""));
        assert_eq!((said.caption.as_str(), said.keywords), ("From IPTC", vec!["b".to_owned()]));
    }

    #[test]
    fn moments_and_positions_in_every_spelling() {
        for (text, seconds) in [
            ("2026-01-31T12:34:56.7+01:00", Some(1_769_862_896)),
            ("2026:01:31 12:34:56", Some(1_769_862_896)),
            ("20260131 123456+0100", Some(1_769_862_896)),
            ("2026-01-31", Some(1_769_817_600)),
            ("0000:00:00 00:00:00", None),
            ("    :  :     :  :  ", None),
            ("2026-13-01", None),
            ("", None),
        ] {
            assert_eq!(moment_ms(text), seconds.map(|s: i64| s * 1000), "{text}");
        }
        assert_eq!(xmp_degrees("52,30.0N"), Some(52.5));
        assert_eq!(xmp_degrees("13,24,36W"), Some(-13.41));
        assert_eq!(xmp_degrees("x"), None);
    }

    #[test]
    fn texts_are_bounded_and_plain() {
        assert_eq!(clean(" a\0b\r\nc\u{7} ", 100), "ab\nc");
        assert_eq!(clean("äöü", 2), "äö");
        let windows = Field { tag: TITLE, kind: 1, count: 6, data: b"H\0i\0\0\0".to_vec() };
        assert_eq!(field_text(&[windows], TITLE), "Hi");
        let latin = Field { tag: ARTIST, kind: 2, count: 4, data: b"J\xf6rg".to_vec() };
        assert_eq!(field_text(&[latin], ARTIST), "Jörg");
        assert_eq!(Description::of(&Metadata::default()), Description::default());
    }
}
