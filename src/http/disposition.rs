//! The name under which a response is saved (RFC 6266, with names by RFC 8187).

use std::fmt::Write;

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the `attr-char` of RFC 8187, section 3.2.1.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// What a browser does with a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Shows it; the name serves when the user saves it.
    Inline,
    /// Saves it.
    Attachment,
}

impl Disposition {
    /// The value of `Content-Disposition`. `name` may hold anything: folders before it are dropped,
    /// and what could end the field, hide the name's true end or be taken for a path is replaced.
    ///
    /// A name that is not plain ASCII is sent twice: as such, and with replacements for old clients.
    #[must_use]
    pub fn to_header_value(self, name: &str) -> HeaderValue {
        let mut value = String::from(match self {
            Self::Inline => "inline",
            Self::Attachment => "attachment",
        });
        let name = safe_name(name);
        if !name.is_empty() {
            let plain: String = name.chars().map(plain_or_replaced).collect();
            write_to(&mut value, format_args!("; filename=\"{plain}\""));
            if plain != name {
                let escaped = utf8_percent_encode(&name, ESCAPED);
                write_to(&mut value, format_args!("; filename*=UTF-8''{escaped}"));
            }
        }
        HeaderValue::from_str(&value).expect("only printable ASCII is written")
    }
}

fn write_to(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string does not fail");
}

/// The last name of a path, of either system's kind, without characters that are not seen.
fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().map(|c| if is_unseen(c) { '_' } else { c }).collect();
    // Two dots alone are a folder's name.
    if seen.chars().all(|c| c == '.') { String::new() } else { seen }
}

/// Control characters, and those that change the direction of text: `photo\u{202e}gpj.exe` looks
/// like a picture.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// Clients disagree on escapes inside quotes, and some decode `%`: neither is sent.
fn plain_or_replaced(c: char) -> char {
    match c {
        '"' | '%' => '_',
        ' '..='~' => c,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn inline(name: &str) -> String {
        Disposition::Inline.to_header_value(name).to_str().unwrap().to_owned()
    }

    #[test]
    fn plain_names_are_quoted() {
        assert_eq!(inline("photo.jpg"), "inline; filename=\"photo.jpg\"");
        assert_eq!(
            Disposition::Attachment.to_header_value("my photo; 1.jpg"),
            "attachment; filename=\"my photo; 1.jpg\"",
        );
    }

    #[test]
    fn other_names_are_sent_twice() {
        // The percent-encoding is that of the name's UTF-8 bytes: é is C3 A9, € is E2 82 AC.
        assert_eq!(
            inline("café €.jpg"),
            "inline; filename=\"caf_ _.jpg\"; filename*=UTF-8''caf%C3%A9%20%E2%82%AC.jpg",
        );
        assert_eq!(
            inline("50%41 \"x\" (a'b*).jpg"),
            "inline; filename=\"50_41 _x_ (a'b*).jpg\"; \
             filename*=UTF-8''50%2541%20%22x%22%20%28a%27b%2A%29.jpg",
        );
    }

    #[test]
    fn folders_are_dropped() {
        for name in ["/a/b.jpg", "../../b.jpg", "C:\\x\\b.jpg", "a\\..\\b.jpg"] {
            assert_eq!(inline(name), "inline; filename=\"b.jpg\"", "{name}");
        }
    }

    #[test]
    fn nothing_left_is_no_name() {
        for name in ["", "a/", "..", ".", "/"] {
            assert_eq!(inline(name), "inline", "{name}");
        }
    }

    #[test]
    fn nothing_is_injected() {
        assert_eq!(
            inline("a\r\nSet-Cookie: x=1\0.jpg"),
            "inline; filename=\"a__Set-Cookie: x=1_.jpg\"",
        );
        assert_eq!(
            inline("a\"; filename=\"b.exe"),
            "inline; filename=\"a_; filename=_b.exe\"; \
             filename*=UTF-8''a%22%3B%20filename%3D%22b.exe",
        );
        assert_eq!(inline("photo\u{202e}gpj.exe"), "inline; filename=\"photo_gpj.exe\"");
    }

    proptest! {
        #[test]
        fn any_name_makes_one_sound_value(name in any::<String>()) {
            let value = inline(&name);
            prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert!(matches!(value.matches('"').count(), 0 | 2));
            if let Some((_, escaped)) = value.split_once("UTF-8''") {
                let decoded = percent_encoding::percent_decode_str(escaped).decode_utf8().unwrap();
                prop_assert_eq!(decoded, safe_name(&name));
            }
        }
    }
}
