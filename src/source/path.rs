//! The name of a source: a path below the repository's root that cannot leave it.
//!
//! Names come from URLs. What is written here decides which of them can mean a file at all, and
//! makes the different spellings of one file one value. It is pure text work: no file is looked at.

use std::fmt;
use std::sync::Arc;

use super::PathError;

/// The longest name of one file or folder, in bytes, as Linux file systems have it.
const MAX_SEGMENT_BYTES: usize = 255;

/// The longest path, in bytes.
const MAX_PATH_BYTES: usize = 1024;

/// The path of a source below the repository's root, in its one normal spelling: no leading,
/// trailing or doubled slash, no `.` and no `..`, no control character.
///
/// Names are kept byte for byte: no case folding, no Unicode normalisation, no percent-decoding (the
/// URL's decoding has happened before). A backslash is an ordinary byte of a name. Cloning shares
/// the text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourcePath {
    /// With a leading slash, so that the folder is a slice of it.
    text: Arc<str>,
}

impl SourcePath {
    /// Reads a path, decoded from its URL. A leading slash means the repository's root, as no slash
    /// does.
    ///
    /// # Errors
    ///
    /// [`PathError::Outside`] for a `..` segment anywhere, even one that would stay inside;
    /// [`PathError::Invalid`] for control characters (NUL, CR and LF among them), a path or a segment
    /// that is too long, or one that can only be a folder (it ends with `/` or `/.`);
    /// [`PathError::Missing`] when no name is left.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.chars().any(char::is_control) {
            return Err(PathError::Invalid("it holds a control character"));
        }
        let mut normal = String::with_capacity(text.len() + 1);
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => return Err(PathError::Outside),
                _ if segment.len() > MAX_SEGMENT_BYTES => {
                    return Err(PathError::Invalid("a name in it is too long"));
                }
                _ => {
                    normal.push('/');
                    normal.push_str(segment);
                }
            }
        }
        if normal.is_empty() {
            return Err(PathError::Missing);
        }
        if normal.len() - 1 > MAX_PATH_BYTES {
            return Err(PathError::Invalid("it is too long"));
        }
        if text.ends_with('/') || text.ends_with("/.") {
            return Err(PathError::Invalid("it names a folder"));
        }
        Ok(Self { text: normal.into() })
    }

    /// The path without a leading slash: `a/b.jpg`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text[1..]
    }

    /// The folder that holds it: `/` for the root, else with a leading and no trailing slash: `/a/b`.
    #[must_use]
    pub fn folder(&self) -> &str {
        match self.last_slash() {
            0 => "/",
            slash => &self.text[..slash],
        }
    }

    /// The name without the folder.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.text[self.last_slash() + 1..]
    }

    /// What follows the name's last dot, as it is written. `None` when there is no dot, nothing after
    /// it, or nothing before it.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        match self.file_name().rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() && !extension.is_empty() => Some(extension),
            _ => None,
        }
    }

    /// Whether the file or one of its folders has a name that starts with a dot. The repository
    /// treats such files as not existing: they hold what is made and kept beside the originals.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.text.contains("/.")
    }

    fn last_slash(&self) -> usize {
        self.text.rfind('/').expect("the text starts with a slash")
    }
}

impl fmt::Display for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SourcePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ok(text: &str) -> String {
        SourcePath::parse(text).unwrap().as_str().to_owned()
    }

    fn err(text: &str) -> PathError {
        SourcePath::parse(text).unwrap_err()
    }

    #[test]
    fn spellings_of_one_path_are_one_value() {
        for text in ["a/b.jpg", "/a/b.jpg", "/a//b.jpg", "//a/./b.jpg", "./a/b.jpg"] {
            assert_eq!(ok(text), "a/b.jpg", "{text}");
        }
        assert_eq!(ok("/etc/passwd"), "etc/passwd");
    }

    #[test]
    fn parent_segments_are_outside_even_when_they_would_stay_inside() {
        for text in
            ["..", "/..", "../a.jpg", "a/../b.jpg", "a/b/..", "/a/../../etc/passwd", "a/../"]
        {
            assert_eq!(err(text), PathError::Outside, "{text}");
        }
    }

    #[test]
    fn look_alikes_of_parent_segments_are_plain_names() {
        for text in
            ["%2e%2e/a.jpg", "..%2fa.jpg", "a..b/c.jpg", "\u{ff0e}\u{ff0e}/a.jpg", "..\\a.jpg"]
        {
            assert_eq!(ok(text), text);
        }
        assert_eq!(ok(".../a.jpg"), ".../a.jpg");
    }

    #[test]
    fn control_characters_are_invalid() {
        for c in ['\0', '\r', '\n', '\t', '\u{1b}', '\u{7f}', '\u{85}'] {
            assert!(matches!(err(&format!("a{c}.jpg")), PathError::Invalid(_)), "{c:?}");
        }
        // Also where another fault would be found first.
        assert!(matches!(err("../a\0"), PathError::Invalid(_)));
    }

    #[test]
    fn nothing_named_is_missing() {
        for text in ["", "/", "//", ".", "/./", "./."] {
            assert_eq!(err(text), PathError::Missing, "{text}");
        }
    }

    #[test]
    fn folders_are_invalid() {
        for text in ["a/", "a.jpg/", "/a/b//", "a.jpg/."] {
            assert!(matches!(err(text), PathError::Invalid(_)), "{text}");
        }
    }

    #[test]
    fn lengths_are_counted_in_bytes() {
        assert_eq!(ok(&"n".repeat(255)).len(), 255);
        assert!(matches!(err(&"n".repeat(256)), PathError::Invalid(_)));
        assert_eq!(ok(&"é".repeat(127)).len(), 254);
        assert!(matches!(err(&"é".repeat(128)), PathError::Invalid(_)));

        let path_1024 = format!("{}{}", "d23456789/".repeat(102), "file");
        assert_eq!(path_1024.len(), 1024);
        assert_eq!(ok(&path_1024), path_1024);
        assert_eq!(ok(&format!("///{path_1024}")), path_1024);
        assert!(matches!(err(&format!("{path_1024}s")), PathError::Invalid(_)));
    }

    #[test]
    fn parts() {
        let path = SourcePath::parse("/a/b.c/d.Tar.GZ").unwrap();
        assert_eq!(path.folder(), "/a/b.c");
        assert_eq!(path.file_name(), "d.Tar.GZ");
        assert_eq!(path.extension(), Some("GZ"));

        let path = SourcePath::parse("plain").unwrap();
        assert_eq!((path.folder(), path.file_name(), path.extension()), ("/", "plain", None));
        assert_eq!(SourcePath::parse("a.b/plain").unwrap().extension(), None);
        assert_eq!(SourcePath::parse("name.").unwrap().extension(), None);
        assert_eq!(SourcePath::parse(".jpg").unwrap().extension(), None);
    }

    #[test]
    fn hidden_names() {
        for text in [".a.jpg", "/.folio_exports/a.jpg", "a/.b/c.jpg", ".../a.jpg"] {
            assert!(SourcePath::parse(text).unwrap().is_hidden(), "{text}");
        }
        for text in ["a.jpg", "a./b.jpg", "./a.jpg"] {
            assert!(!SourcePath::parse(text).unwrap().is_hidden(), "{text}");
        }
    }

    #[test]
    fn composed_and_decomposed_names_stay_apart() {
        let composed = SourcePath::parse("caf\u{e9}.jpg").unwrap();
        let decomposed = SourcePath::parse("cafe\u{301}.jpg").unwrap();
        assert_ne!(composed, decomposed);
    }

    proptest! {
        #[test]
        fn whatever_parses_is_normal_and_stays_inside(
            text in "[a./\\\\%\u{0}-\u{20}é]{0,40}",
        ) {
            if let Ok(path) = SourcePath::parse(&text) {
                prop_assert_eq!(&SourcePath::parse(path.as_str()).unwrap(), &path);
                for segment in path.as_str().split('/') {
                    prop_assert!(!matches!(segment, "" | "." | ".."));
                }
                prop_assert!(!path.as_str().chars().any(char::is_control));
                let joined = format!("{}/{}", path.folder().trim_end_matches('/'), path.file_name());
                prop_assert_eq!(&joined[1..], path.as_str());
            }
        }
    }
}
