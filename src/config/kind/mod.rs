//! The kinds of values that settings take.

mod access;
mod guard;
mod network;
mod scalar;
mod text;

use super::settings::Unit;

pub(super) use access::{DirectoryAddress, FreeText, Hosts, SecretText};
pub use guard::SigningKey;
pub(super) use guard::{PageHosts, SigningKeys, Where, Wholes};
pub(super) use network::{Address, Endpoints, Networks, Servers};
pub use network::{Endpoint, Network};
pub(super) use scalar::{Level, Mode, Switch, Whole};
pub use text::Secret;
pub(super) use text::{Choice, DatabaseAddress, Folder, Folders, Origins, Texts, WebAddress, Word};

/// A value as it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Raw<'a> {
    /// Text without a type, from the environment or the command line.
    Plain(&'a str),
    /// A text in TOML.
    Text(&'a str),
    /// A whole number in TOML.
    Whole(i64),
    /// A truth value in TOML.
    Switch(bool),
    /// A list of texts in TOML.
    List(&'a [String]),
    /// A list of whole numbers in TOML, with at least one.
    Wholes(&'a [i64]),
    /// Anything else.
    Other,
}

/// A kind of value.
///
/// `read(toml(x)) == x` holds for every `x` that `read` can return.
pub(super) trait Kind<T>: Sync {
    /// Reads a value. The error is the rest of a sentence: "must be …".
    fn read(&self, raw: Raw<'_>) -> Result<T, String>;

    /// The value in TOML.
    fn toml(&self, value: &T) -> String;

    /// What values look like, for the reference.
    fn describe(&self, unit: Option<Unit>) -> String;
}

/// A text in TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The text of a value that is one.
fn text(raw: Raw<'_>) -> Result<&str, String> {
    match raw {
        Raw::Plain(text) | Raw::Text(text) if !text.contains(['\0', '\r', '\n']) => Ok(text),
        Raw::Plain(_) | Raw::Text(_) => Err("must not contain control characters".into()),
        Raw::Whole(_) | Raw::Switch(_) | Raw::List(_) | Raw::Wholes(_) | Raw::Other => {
            Err("must be a text in quotation marks".into())
        }
    }
}

/// The items of a list; plain text is divided at commas and spaces.
fn list(raw: Raw<'_>) -> Result<Vec<&str>, String> {
    match raw {
        Raw::Plain(text) => {
            Ok(text.split([',', ' ', '\t']).filter(|item| !item.is_empty()).collect())
        }
        Raw::List(items) => Ok(items.iter().map(String::as_str).collect()),
        Raw::Text(_) | Raw::Whole(_) | Raw::Switch(_) | Raw::Wholes(_) | Raw::Other => {
            Err("must be a list of texts, such as [\"a\", \"b\"]".into())
        }
    }
}

/// A list of texts in TOML.
fn quoted_list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| quoted(&item)).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Reads `plain` and checks that it is written as `toml` and is the same when read from there.
    pub fn reads<T: PartialEq + std::fmt::Debug>(kind: &dyn Kind<T>, plain: &str, toml: &str) {
        let value = kind.read(Raw::Plain(plain)).unwrap_or_else(|e| panic!("{plain}: {e}"));
        assert_eq!(kind.toml(&value), toml);
        let document: toml::Table = toml::from_str(&format!("x = {toml}")).unwrap();
        let again = match &document["x"] {
            toml::Value::String(text) => kind.read(Raw::Text(text)),
            toml::Value::Integer(number) => kind.read(Raw::Whole(*number)),
            toml::Value::Boolean(switch) => kind.read(Raw::Switch(*switch)),
            toml::Value::Array(items) if items.iter().any(toml::Value::is_integer) => {
                let items: Vec<i64> = items.iter().map(|item| item.as_integer().unwrap()).collect();
                kind.read(Raw::Wholes(&items))
            }
            toml::Value::Array(items) => {
                let items: Vec<String> =
                    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect();
                kind.read(Raw::List(&items))
            }
            other => panic!("{other}"),
        };
        assert_eq!(again, Ok(value), "{toml} again");
    }

    /// Checks that a value is refused.
    pub fn refuses<T: std::fmt::Debug>(kind: &dyn Kind<T>, raw: Raw<'_>) {
        let reason = kind.read(raw).expect_err("refused");
        assert!(reason.starts_with("must "), "{reason}");
    }
}
