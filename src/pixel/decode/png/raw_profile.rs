//! Metadata in text chunks whose keyword begins with `Raw profile type`: a convention of ImageMagick
//! from before PNG had places of its own for Exif, and still the only one for IPTC.
//!
//! The text is a line with a name, a line with a length, and hexadecimal digits.

use super::super::jpeg::photoshop_iptc;

const KEYWORD: &[u8] = b"Raw profile type ";

/// What a chunk holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RawProfile {
    Exif(Vec<u8>),
    Iptc(Vec<u8>),
    Xmp(Vec<u8>),
}

/// Reads a `tEXt` or `zTXt` chunk; none when it is another text, or damaged.
pub(super) fn read(chunk: &[u8], compressed: bool) -> Option<RawProfile> {
    let rest = chunk.strip_prefix(KEYWORD)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (name, data) = (&rest[..end], &rest[end + 1..]);
    let text = if compressed { super::unpacked(data.strip_prefix(&[0])?)? } else { data.to_vec() };
    let bytes = digits(&text)?;
    match name {
        b"iptc" => {
            // As in a JPEG's segment, or bare.
            let bare = bytes.strip_prefix(b"Photoshop 3.0\0").unwrap_or(&bytes);
            let iptc = if bare.starts_with(b"8BIM") { photoshop_iptc(bare)? } else { bare };
            Some(RawProfile::Iptc(iptc.to_vec()))
        }
        b"exif" => Some(RawProfile::Exif(without(&bytes, b"Exif\0\0"))),
        b"xmp" => Some(RawProfile::Xmp(bytes)),
        b"APP1" if bytes.starts_with(b"Exif\0\0") => {
            Some(RawProfile::Exif(without(&bytes, b"Exif\0\0")))
        }
        b"APP1" => {
            let xmp = bytes.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0")?;
            Some(RawProfile::Xmp(xmp.to_vec()))
        }
        _ => None,
    }
}

fn without(bytes: &[u8], prefix: &[u8]) -> Vec<u8> {
    bytes.strip_prefix(prefix).unwrap_or(bytes).to_vec()
}

/// The bytes that the digits after name and length stand for, as many as the length says.
fn digits(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut lines = text.trim_start_matches('\n').splitn(3, '\n');
    let _name = lines.next()?;
    let len: usize = lines.next()?.trim().parse().ok()?;
    let values = lines.next()?.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let values: Vec<u8> = values
        .map(|byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = values.as_chunks::<2>().0.iter().map(|[h, l]| h << 4 | l).collect();
    (bytes.len() == len).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_iptc_are_read() {
        let bare = b"Raw profile type iptc\0\niptc\n       7\n1c0205\n00026869\n";
        let iptc = RawProfile::Iptc(b"\x1c\x02\x05\0\x02hi".to_vec());
        assert_eq!(read(bare, false), Some(iptc));
        let wrapped = b"Raw profile type iptc\0\niptc\n      20\n3842494d040400000000\n00071c02050002686900\n";
        assert_eq!(read(wrapped, false), read(bare, false));
    }

    #[test]
    fn damage_and_other_texts_are_nothing() {
        for bad in [
            &b"Comment\0hello"[..],
            b"Raw profile type iptc",
            b"Raw profile type iptc\0\niptc\n 9\n1c0205",
            b"Raw profile type iptc\0\niptc\n x\n1c0205",
            b"Raw profile type exif\0\nexif\n 1\nzz",
            b"Raw profile type other\0\nother\n 1\n00",
        ] {
            assert_eq!(read(bad, false), None);
            assert_eq!(read(bad, true), None);
        }
    }
}
