//! The names of pictures in an export.

use std::collections::HashSet;

/// Gives every picture a name of its own.
#[derive(Default)]
pub struct Entries(HashSet<String>);

impl Entries {
    /// The name for a picture: as wanted, with the extension of a format if it was made in one, and
    /// with a number behind it when the name is taken. Names that differ only in case count as the
    /// same: on many systems they are.
    pub fn name(&mut self, wanted: &str, extension: Option<&str>) -> String {
        let (stem, own) = match wanted.rsplit_once('.') {
            Some((stem, own)) if !stem.is_empty() => (stem, own),
            _ => (wanted, ""),
        };
        let extension = extension.unwrap_or(own);
        let dot = if extension.is_empty() { "" } else { "." };
        let mut name = format!("{stem}{dot}{extension}");
        let mut number = 1_u32;
        while !self.0.insert(name.to_lowercase()) {
            name = format!("{stem}-{number:03}{dot}{extension}");
            number += 1;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_pictures_have_one_name() {
        let mut entries = Entries::default();
        let cases = [
            (("a.jpg", None), "a.jpg"),
            (("a.jpg", None), "a-001.jpg"),
            (("A.JPG", None), "A-002.JPG"),
            (("a.tif", Some("jpg")), "a-003.jpg"),
            (("b.c.tif", Some("png")), "b.c.png"),
            (("plain", None), "plain"),
            (("plain", Some("png")), "plain.png"),
            ((".hidden", None), ".hidden"),
        ];
        for ((wanted, extension), expected) in cases {
            assert_eq!(entries.name(wanted, extension), expected);
        }
    }
}
