//! Texts: secrets, folders and files, web addresses.

use std::fmt;
use std::path::PathBuf;

use super::{Kind, Raw, list, quoted, quoted_list, text};
use crate::config::settings::Unit;

/// A text that is not for everybody's eyes: its `Debug` form tells nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is blank.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secret(blank)" } else { "Secret(hidden)" })
    }
}

/// The address of a database: blank, `sqlite:` with a path, or a PostgreSQL URL.
pub(in crate::config) struct DatabaseAddress;

impl Kind<Secret> for DatabaseAddress {
    fn read(&self, raw: Raw<'_>) -> Result<Secret, String> {
        let text = text(raw)?;
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !text.is_empty() && !known.iter().any(|scheme| text.starts_with(scheme)) {
            return Err("must be blank or begin with sqlite: or postgresql://".into());
        }
        Ok(Secret(text.to_owned()))
    }

    fn toml(&self, value: &Secret) -> String {
        quoted(value.expose())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "blank, `sqlite:` with a path, or `postgresql://…`".into()
    }
}

/// A word of letters, digits, `.`, `_` and `-`, or blank.
pub(in crate::config) struct Word {
    /// The largest number of characters.
    pub max_chars: usize,
}

impl Kind<String> for Word {
    fn read(&self, raw: Raw<'_>) -> Result<String, String> {
        let word = text(raw)?;
        let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !plain || word.len() > self.max_chars {
            return Err(format!(
                "must have at most {} letters, digits, dots, dashes and underscores",
                self.max_chars
            ));
        }
        Ok(word.to_owned())
    }

    fn toml(&self, value: &String) -> String {
        quoted(value)
    }

    fn describe(&self, _: Option<Unit>) -> String {
        format!("at most {} letters, digits, `.`, `_` and `-`", self.max_chars)
    }
}

/// The path of a file or folder.
pub(in crate::config) struct Folder {
    /// Whether it may be left blank.
    pub blank: bool,
}

impl Kind<PathBuf> for Folder {
    fn read(&self, raw: Raw<'_>) -> Result<PathBuf, String> {
        let path = text(raw)?;
        if path.is_empty() && !self.blank {
            return Err("must be a path".into());
        }
        Ok(PathBuf::from(path))
    }

    fn toml(&self, value: &PathBuf) -> String {
        quoted(&value.to_string_lossy())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        if self.blank { "path, or blank".into() } else { "path".into() }
    }
}

/// The paths of folders.
pub(in crate::config) struct Folders;

impl Kind<Vec<PathBuf>> for Folders {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<PathBuf>, String> {
        let folder = |path: &str| {
            if path.starts_with('/') && !path.contains(['\0', '\r', '\n']) {
                Ok(PathBuf::from(path))
            } else {
                Err("must be a list of paths that begin with /".into())
            }
        };
        list(raw)?.into_iter().map(folder).collect()
    }

    fn toml(&self, value: &Vec<PathBuf>) -> String {
        quoted_list(value.iter().map(|path| path.to_string_lossy().into_owned()))
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "list of paths".into()
    }
}

/// Texts.
pub(in crate::config) struct Texts {
    /// What they are, in the plural.
    pub of: &'static str,
}

impl Kind<Vec<String>> for Texts {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<String>, String> {
        let items = list(raw)?;
        if items.iter().any(|item| item.is_empty() || item.chars().any(char::is_control)) {
            return Err("must be a list of texts without control characters".into());
        }
        Ok(items.into_iter().map(str::to_owned).collect())
    }

    fn toml(&self, value: &Vec<String>) -> String {
        quoted_list(value.iter().cloned())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        format!("list of {}", self.of)
    }
}

/// One of some words.
pub(in crate::config) struct Choice(pub &'static [&'static str]);

impl Kind<String> for Choice {
    fn read(&self, raw: Raw<'_>) -> Result<String, String> {
        let word = text(raw)?;
        if self.0.contains(&word) {
            Ok(word.to_owned())
        } else {
            Err(format!("must be one of {}", self.0.join(", ")))
        }
    }

    fn toml(&self, value: &String) -> String {
        quoted(value)
    }

    fn describe(&self, _: Option<Unit>) -> String {
        format!("`{}`", self.0.join("` or `"))
    }
}

/// The beginning of web addresses, or blank.
pub(in crate::config) struct WebAddress;

impl Kind<String> for WebAddress {
    fn read(&self, raw: Raw<'_>) -> Result<String, String> {
        let text = text(raw)?.trim();
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let web = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        if (web && !text.contains(' ')) || text.is_empty() {
            Ok(text.to_owned())
        } else {
            Err("must be blank or begin with http:// or https:// and a host".into())
        }
    }

    fn toml(&self, value: &String) -> String {
        quoted(value)
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "blank, or `http://…` or `https://…`".into()
    }
}

/// The origins of web pages: scheme, host and port, without a path; or `*` for all.
pub(in crate::config) struct Origins;

impl Kind<Vec<String>> for Origins {
    fn read(&self, raw: Raw<'_>) -> Result<Vec<String>, String> {
        let origin = |text: &str| {
            let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            let host = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', ' ', '*']));
            if host || text == "*" {
                Ok(text.to_owned())
            } else {
                Err("must be a list of origins such as https://www.example.com, or *".into())
            }
        };
        list(raw)?.into_iter().map(origin).collect()
    }

    fn toml(&self, value: &Vec<String>) -> String {
        quoted_list(value.iter().cloned())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "list of `http://…` or `https://…` without a path, or `*`".into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn origins_have_no_path() {
        let two = ["https://a.example".to_owned(), "http://b.example:8080".to_owned()].to_vec();
        let (plain, toml) = ("https://a.example http://b.example:8080", "");
        let _ = toml;
        assert_eq!(Origins.read(Raw::Plain(plain)).unwrap_or_default(), two);
        assert_eq!(Origins.read(Raw::Plain("*")).unwrap_or_default(), ["*"]);
        for text in ["a.example", "https://a.example/", "https://*.example", "https://", "ftp://a"]
        {
            refuses(&Origins, Raw::Plain(text));
        }
    }

    #[test]
    fn secrets_do_not_show() {
        reads(&DatabaseAddress, "postgresql://u:pw@h/d", "\"postgresql://u:pw@h/d\"");
        reads(&DatabaseAddress, "", "\"\"");
        let secret = DatabaseAddress.read(Raw::Plain("sqlite:///tmp/pw")).unwrap();
        assert!(!format!("{secret:?}").contains("pw"));
        let reason = DatabaseAddress.read(Raw::Plain("mysql://pw")).unwrap_err();
        assert!(!reason.contains("pw"));
    }

    #[test]
    fn words() {
        reads(&Word { max_chars: 5 }, "a.B-_", "\"a.B-_\"");
        reads(&Word { max_chars: 5 }, "", "\"\"");
        for bad in ["abcdef", "a b", "ä", "a\n"] {
            refuses(&Word { max_chars: 5 }, Raw::Plain(bad));
        }
    }

    #[test]
    fn choices_and_lists_of_folders() {
        let choice = Choice(&["nothing", "copyright"]);
        reads(&choice, "copyright", "\"copyright\"");
        for bad in [Raw::Plain("Copyright"), Raw::Plain(""), Raw::Switch(true)] {
            refuses(&choice, bad);
        }
        reads(&Folders, "/a, /b/c", "[\"/a\", \"/b/c\"]");
        reads(&Folders, "", "[]");
        for bad in [Raw::Plain("a/b"), Raw::Text("/a"), Raw::List(&["/a\nb".to_owned()])] {
            refuses(&Folders, bad);
        }
    }

    #[test]
    fn paths_and_addresses() {
        reads(&Folder { blank: true }, "", "\"\"");
        reads(&Folder { blank: false }, "/srv/a b", "\"/srv/a b\"");
        reads(&Folder { blank: false }, "ä \\", "'ä \\'");
        for bad in
            [Raw::Plain("a\nb"), Raw::Text("a\0b"), Raw::Whole(1), Raw::List(&[]), Raw::Other]
        {
            refuses(&Folder { blank: true }, bad);
        }
        refuses(&Folder { blank: false }, Raw::Plain(""));
        reads(&WebAddress, "https://images.example.com/", "\"https://images.example.com/\"");
        for bad in ["example.com", "http://", "http:///x", "ftp://x", "http://a b"] {
            refuses(&WebAddress, Raw::Plain(bad));
        }
    }
}
