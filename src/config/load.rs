//! Gathering the settings from files, environment and command line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::kind::Raw;
use super::rules;
use super::settings::VARIABLE_PREFIX;
use super::{ConfigError, Fault, Origin, SETTINGS, Setting, Settings};

/// Where settings may stand.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The settings file. The files `conf.d/*.toml` beside it are read after it, in the order of
    /// their names.
    pub file: Option<PathBuf>,
    /// The environment. Variables of other programs are passed over.
    pub environment: Vec<(OsString, OsString)>,
    /// Names and values from the command line.
    pub overrides: Vec<(String, String)>,
}

impl Sources {
    /// A file, this process's environment, and the command line.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>, overrides: Vec<(String, String)>) -> Self {
        Self { file, environment: std::env::vars_os().collect(), overrides }
    }
}

/// Settings with where each was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    origins: BTreeMap<&'static str, Origin>,
}

impl Loaded {
    /// Where a setting was given.
    #[must_use]
    pub fn origin(&self, name: &str) -> &Origin {
        self.origins.get(name).unwrap_or(&Origin::Default)
    }
}

/// Our variables that are not settings: the first administrator's password, and what a pool hands to
/// the program that replaces it.
const OTHER_VARIABLES: [&str; 2] = ["ADMIN_PASSWORD", "HANDOVER"];

/// How the names of the tests' variables begin.
const TEST_PREFIX: &str = "TEST_";

/// Gathers the settings.
///
/// # Errors
/// Everything that is wrong: files that cannot be read, unknown settings, values that cannot be
/// used or do not fit each other.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let loaded =
        Loaded { settings: Settings::default(), files: Vec::new(), origins: BTreeMap::new() };
    let mut gathering = Gathering { loaded, faults: Vec::new() };
    if let Some(file) = &sources.file {
        gathering.file(file);
        gathering.folder(&file.with_file_name("conf.d"));
    }
    for (variable, value) in &sources.environment {
        gathering.variable(variable, value);
    }
    for (name, value) in &sources.overrides {
        gathering.set(name, Raw::Plain(value), Origin::CommandLine);
    }
    gathering.finish()
}

struct Gathering {
    loaded: Loaded,
    faults: Vec<Fault>,
}

impl Gathering {
    fn fault(&mut self, origin: Origin, name: Option<&str>, reason: impl Into<String>) {
        let name = name.map(str::to_owned);
        self.faults.push(Fault { origin, name, reason: reason.into() });
    }

    fn set(&mut self, name: &str, raw: Raw<'_>, origin: Origin) {
        let Some(setting) = Setting::find(name) else {
            let reason = match nearest(name) {
                Some(known) => format!("is not a setting; did you mean {known}?"),
                None => "is not a setting".to_owned(),
            };
            return self.fault(origin, Some(name), reason);
        };
        match setting.read(&mut self.loaded.settings, raw) {
            Ok(()) => {
                self.loaded.origins.insert(setting.about.name, origin);
            }
            Err(reason) => self.fault(origin, Some(name), reason),
        }
    }

    fn file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let origin = Origin::File { path: path.to_owned(), line: 0 };
                return self.fault(origin, None, format!("cannot be read: {error}"));
            }
        };
        self.loaded.files.push(path.to_owned());
        let at = |span: Option<std::ops::Range<usize>>| Origin::File {
            path: path.to_owned(),
            line: span.map_or(0, |span| line_of(&text, span.start)),
        };
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            self.fault(at(error.span()), None, error.message());
        }
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            self.entry(name.get_ref(), value.get_ref(), at(Some(name.span())));
        }
    }

    fn entry(&mut self, name: &str, value: &DeValue<'_>, origin: Origin) {
        match value {
            DeValue::String(text) => self.set(name, Raw::Text(text), origin),
            DeValue::Boolean(switch) => self.set(name, Raw::Switch(*switch), origin),
            DeValue::Integer(number) => {
                let number = i64::from_str_radix(number.as_str(), number.radix());
                self.set(name, number.map_or(Raw::Other, Raw::Whole), origin);
            }
            DeValue::Array(items) => {
                let texts: Option<Vec<String>> =
                    items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
                let whole = |item: &DeValue<'_>| match item {
                    DeValue::Integer(number) => {
                        i64::from_str_radix(number.as_str(), number.radix()).ok()
                    }
                    _ => None,
                };
                let numbers: Option<Vec<i64>> =
                    items.iter().map(|item| whole(item.get_ref())).collect();
                let raw = match (&texts, &numbers) {
                    (Some(texts), _) => Raw::List(texts),
                    (None, Some(numbers)) => Raw::Wholes(numbers),
                    (None, None) => Raw::Other,
                };
                self.set(name, raw, origin);
            }
            DeValue::Table(_) => {
                self.fault(origin, Some(name), "is a table; settings are not in tables");
            }
            DeValue::Float(_) | DeValue::Datetime(_) => self.set(name, Raw::Other, origin),
        }
    }

    /// The files of `conf.d`, which need not exist.
    fn folder(&mut self, folder: &Path) {
        let paths = std::fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>()
        });
        match paths {
            Ok(mut paths) => {
                paths.retain(|path| is_settings_file(path));
                paths.sort();
                for path in paths {
                    self.file(&path);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let origin = Origin::File { path: folder.to_owned(), line: 0 };
                self.fault(origin, None, format!("cannot be read: {error}"));
            }
        }
    }

    fn variable(&mut self, variable: &OsString, value: &OsString) {
        let Some(variable) = variable.to_str() else { return };
        let Some(name) = variable.strip_prefix(VARIABLE_PREFIX) else { return };
        if OTHER_VARIABLES.contains(&name) || name.starts_with(TEST_PREFIX) {
            return;
        }
        let origin = Origin::Environment(variable.to_owned());
        // Capitals only: `HALFTONE_listen` is not a variable of ours by any document.
        let lower = name.to_ascii_lowercase();
        if name != name.to_ascii_uppercase() {
            return self.fault(origin, Some(name), "is not a setting; variables have capitals");
        }
        match value.to_str() {
            Some(value) => self.set(&lower, Raw::Plain(value), origin),
            None => self.fault(origin, Some(&lower), "must be UTF-8"),
        }
    }

    fn finish(mut self) -> Result<Loaded, ConfigError> {
        if self.faults.is_empty() {
            for (name, reason) in rules::broken(&self.loaded.settings) {
                let origin = self.loaded.origin(name).clone();
                self.fault(origin, Some(name), reason);
            }
        }
        if self.faults.is_empty() {
            Ok(self.loaded)
        } else {
            Err(ConfigError { faults: self.faults })
        }
    }
}

/// Whether a file of `conf.d` counts. Hidden ones do not: they are what editors leave behind.
fn is_settings_file(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|extension| extension == "toml")
}

/// The setting whose name is meant by a mistyped one.
fn nearest(name: &str) -> Option<&'static str> {
    SETTINGS
        .iter()
        .map(|setting| (distance(name, setting.about.name), setting.about.name))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, known)| known)
}

/// Letters to insert, delete or replace between two words (Wagner and Fischer, 1974).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

/// The line, from 1, of a byte position.
fn line_of(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_single_letters() {
        for (from, to, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
            assert_eq!(distance(to, from), expected, "{to} {from}");
        }
    }

    #[test]
    fn only_near_names_are_meant() {
        assert_eq!(nearest("tread"), Some("threads"));
        assert_eq!(nearest("image_dir"), Some("images_dir"));
        assert_eq!(nearest("nothing"), None);
        assert_eq!(nearest(""), None);
    }
}
