//! Which name stands for which file.

use std::collections::HashMap;

use serde::Deserialize;

/// The file's name.
pub(super) const NAME: &str = "manifest.json";

/// Digits of the content's hash in a file's name, as `web/build/output.mjs` writes them.
const DIGITS: usize = 16;

/// What `scripts/assets` made.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Manifest {
    files: HashMap<String, Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    file: String,
}

impl Manifest {
    /// Reads one.
    pub(super) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The file that a plain name stands for.
    pub(super) fn file_of(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(|entry| entry.file.as_str())
    }
}

/// Whether a name holds its content's hash: `name.0123456789abcdef.css`.
pub(super) fn is_hashed(name: &str) -> bool {
    let mut parts = name.rsplitn(3, '.');
    let extension = parts.next().is_some_and(|part| part.bytes().all(is_lower_or_digit));
    let hash = parts.next().is_some_and(|part| {
        part.len() == DIGITS && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    });
    extension && hash && parts.next().is_some_and(|rest| !rest.is_empty())
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_told_from_plain_names() {
        for name in ["a.0123456789abcdef.css", "js/a.min.ffffffffffffffff.js"] {
            assert!(is_hashed(name), "{name}");
        }
        for name in [
            "a.css",
            "a.0123456789abcde.css",
            "a.0123456789ABCDEF.css",
            "a.0123456789abcdeg.css",
            "0123456789abcdef.css",
            ".0123456789abcdef.css",
            "a.0123456789abcdef.css.gz",
            "a.0123456789abcdef",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
