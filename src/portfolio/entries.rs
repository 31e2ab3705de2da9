//! The names of pictures in an export, which every system can unpack.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;

use crate::http::is_unseen;
use crate::pixel::Format;

/// The longest name that usual file systems take, in bytes.
const MOST_BYTES: usize = 255;

/// What ends a name and is no extension is longer, or has other characters, such as `1.5` or `St. Mary`.
const MOST_OF_AN_EXTENSION: usize = 4;

/// Names that stand for devices on Windows, whatever their extension ("Naming Files, Paths, and Namespaces").
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Gives every picture a name of its own.
#[derive(Default)]
pub struct Entries(HashSet<String>);

impl Entries {
    /// The name for a picture: as wanted, but for what some system does not take in names; with the first of the
    /// extensions of its format unless it has one of them; and with a number behind it when the name is taken. Names
    /// that differ only in case count as the same: on many systems they are. Without extensions the name keeps its own.
    pub fn name(&mut self, wanted: &str, extensions: &[&str]) -> String {
        let name = safe(wanted);
        let (stem, own) = parts(&name);
        let fits = |known: &&&str| known.eq_ignore_ascii_case(own);
        let (stem, extension) = match (extensions.iter().find(fits), extensions) {
            (Some(_), _) | (None, []) => (stem, own),
            (None, [usual, ..]) if is_extension(own) => (stem, *usual),
            (None, [usual, ..]) => (name.as_str(), *usual),
        };
        let dot = if extension.is_empty() { "" } else { "." };
        let with = |number: &str| {
            let rest = format!("{number}{dot}{extension}");
            let end = stem.floor_char_boundary(MOST_BYTES.saturating_sub(rest.len()));
            format!("{}{rest}", &stem[..end])
        };
        let mut name = with("");
        let mut number = 1_u32;
        while !self.0.insert(key(&name)) {
            name = with(&format!("-{number:03}"));
            number += 1;
        }
        name
    }
}

/// What names are compared by.
fn key(name: &str) -> String {
    name.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// What stands before the last point and what behind it. A name that begins with its only point has no extension.
fn parts(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, own)) if !stem.is_empty() => (stem, own),
        _ => (name, ""),
    }
}

/// Whether what stands behind a point is meant as an extension.
fn is_extension(own: &str) -> bool {
    let is_short = own.len() <= MOST_OF_AN_EXTENSION;
    let is_plain = own.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let has_letters = own.bytes().any(|byte| byte.is_ascii_alphabetic());
    Format::from_extension(own).is_some() || (is_short && is_plain && has_letters)
}

/// A name without what Windows takes in none, which is more than others refuse.
fn safe(wanted: &str) -> String {
    let sound = |c: char| match c {
        '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => '_',
        c if is_unseen(c) => '_',
        c => c,
    };
    let name: String = wanted.chars().map(sound).collect();
    let name = name.trim_start().trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    let first = name.split('.').next().unwrap_or_default().trim_end();
    if name.is_empty() || is_device(first) { format!("_{name}") } else { name.to_owned() }
}

fn is_device(name: &str) -> bool {
    let name = name.to_uppercase();
    let numbered = ["COM", "LPT"].iter().find_map(|device| name.strip_prefix(device));
    let mut number = numbered.unwrap_or_default().chars();
    let is_numbered =
        matches!((number.next(), number.next()), (Some('0'..='9' | '¹' | '²' | '³'), None));
    is_numbered || DEVICES.contains(&&*name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JPG: &[&str] = &["jpg", "jpeg"];
    const PNG: &[&str] = &["png"];

    #[test]
    fn no_two_pictures_have_one_name() {
        let mut entries = Entries::default();
        let cases = [
            (("a.jpg", JPG), "a.jpg"),
            (("a.jpg", JPG), "a-001.jpg"),
            (("A.JPG", JPG), "A-002.JPG"),
            (("a.tif", JPG), "a-003.jpg"),
            (("b.c.tif", PNG), "b.c.png"),
            (("plain", &[]), "plain"),
            (("plain", PNG), "plain.png"),
            ((".hidden", &[]), ".hidden"),
            // One letter, written as one character and as two.
            (("\u{e9}.jpg", JPG), "\u{e9}.jpg"),
            (("E\u{301}.jpg", JPG), "E\u{301}-001.jpg"),
        ];
        for ((wanted, extensions), expected) in cases {
            assert_eq!(entries.name(wanted, extensions), expected);
        }
    }

    #[test]
    fn the_extension_is_that_of_the_format() {
        for (wanted, extensions, expected) in [
            ("x.exe", JPG, "x.jpg"),
            ("x.jpeg", JPG, "x.jpeg"),
            ("x.JPG", JPG, "x.JPG"),
            ("x.png", JPG, "x.jpg"),
            ("x.jpg.exe", JPG, "x.jpg.jpg"),
            ("x.exe", &[], "x.exe"),
            ("Version 1.5", JPG, "Version 1.5.jpg"),
            ("St. Mary", JPG, "St. Mary.jpg"),
            ("J.Smith", JPG, "J.Smith.jpg"),
            ("x.", JPG, "x.jpg"),
            ("x. ", PNG, "x.png"),
            ("x.jfif", &["jpg", "jfif"], "x.jfif"),
        ] {
            assert_eq!(Entries::default().name(wanted, extensions), expected, "{wanted}");
        }
    }

    #[test]
    fn windows_takes_every_name() {
        for (wanted, expected) in [
            ("CON", "_CON.jpg"),
            ("con.jpg", "_con.jpg"),
            ("Nul.tar.jpg", "_Nul.tar.jpg"),
            ("aux .jpg", "_aux .jpg"),
            ("COM1.jpg", "_COM1.jpg"),
            ("lpt³.jpg", "_lpt³.jpg"),
            ("COM12.jpg", "COM12.jpg"),
            ("console.jpg", "console.jpg"),
            ("a<b>c:d\"e|f?g*h.jpg", "a_b_c_d_e_f_g_h.jpg"),
            ("../../etc/passwd", ".._.._etc_passwd.jpg"),
            ("a\\b.jpg", "a_b.jpg"),
            ("a\u{7}b\u{202e}gpj.exe", "a_b_gpj.jpg"),
            ("  a. . ", "a.jpg"),
            ("...", "_.jpg"),
            ("", "_.jpg"),
        ] {
            assert_eq!(Entries::default().name(wanted, JPG), expected, "{wanted}");
        }
    }

    #[test]
    fn long_names_stay_within_what_file_systems_take() {
        let mut entries = Entries::default();
        let long = "ä".repeat(200) + ".tif";
        for _ in 0..3 {
            let name = entries.name(&long, JPG);
            assert!(name.len() <= MOST_BYTES && name.ends_with(".jpg"), "{name}");
        }
        assert_eq!(entries.0.len(), 3);
    }

    proptest! {
        #[test]
        fn whatever_is_wanted_can_be_unpacked(wanted in ".{0,300}", other in ".{0,8}") {
            let mut entries = Entries::default();
            let names = [&wanted, &other, &wanted].map(|wanted| entries.name(wanted, JPG));
            for name in &names {
                prop_assert!(name.len() <= MOST_BYTES);
                prop_assert!(!name.contains(|c: char| "<>:\"/\\|?*".contains(c) || c.is_control()));
                prop_assert!(name.to_ascii_lowercase().ends_with(".jpg") || name.to_ascii_lowercase().ends_with(".jpeg"));
                prop_assert!(!is_device(name.split('.').next().unwrap_or_default().trim_end()));
            }
            prop_assert_eq!(names.iter().map(|name| name.to_lowercase()).collect::<HashSet<_>>().len(), 3);
        }
    }
}
