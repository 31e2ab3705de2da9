//! Words that stand in the tables of parameters and of settings. English is the table's own; another language may
//! have a text by a key made of the row's name.

use std::collections::BTreeSet;

use super::languages::ENGLISH;
use super::{Texts, keys};
use crate::config::{self, SETTINGS, Shown};
use crate::spec::{self, PARAMS, Param};

/// What a parameter does.
fn of_param(param: &Param) -> (String, &'static str) {
    (format!("parameter-{}", param.about.name), param.about.doc)
}

/// The heading of a group of parameters.
fn of_params(group: spec::Group) -> (String, &'static str) {
    (format!("params-{}", group.name()), group.title())
}

/// What a setting does.
fn of_setting(name: &str, doc: &'static str) -> (String, &'static str) {
    (format!("setting-{}", name.replace('_', "-")), doc)
}

/// The heading of a group of settings.
fn of_settings(group: config::Group) -> (String, &'static str) {
    (format!("settings-of-{}", group.name()), group.title())
}

impl Texts {
    /// What a parameter does; without the marks of Markdown, as what follows.
    pub fn parameter(&self, param: &Param) -> String {
        self.in_table(of_param(param))
    }

    /// What a parameter does, for who sets it by a control of a page and not in an address: a sentence of the pages,
    /// or where there is none the first one of its row.
    pub fn hint(&self, param: &Param) -> String {
        let key = format!("hint-{}", param.about.name);
        if self.has(&key) {
            return self.get(&key);
        }
        let all = self.parameter(param);
        let first = all.split_once(". ").map_or(all.as_str(), |(first, _)| first);
        format!("{}.", first.trim_end_matches('.'))
    }

    /// The heading of a group of parameters.
    pub fn parameters(&self, group: spec::Group) -> String {
        self.in_table(of_params(group))
    }

    /// What a parameter takes.
    pub fn takes(&self, param: &Param) -> String {
        self.sentence_or_same(&param.shape().to_string().replace('`', ""))
    }

    /// What a setting does.
    pub fn setting(&self, setting: &Shown) -> String {
        self.in_table(of_setting(setting.name, setting.doc))
    }

    /// The heading of a group of settings.
    pub fn settings(&self, group: config::Group) -> String {
        self.in_table(of_settings(group))
    }

    fn in_table(&self, (key, words): (String, &str)) -> String {
        let text = if self.has(&key) { self.get(&key) } else { words.to_owned() };
        text.replace('`', "")
    }
}

/// Every key that the tables give, with its English words.
pub(super) fn all() -> impl Iterator<Item = (String, &'static str)> {
    let params = PARAMS.iter().map(of_param);
    let settings = SETTINGS.iter().map(|setting| of_setting(setting.about.name, setting.about.doc));
    let groups = spec::Group::ALL.into_iter().map(of_params);
    groups.chain(params).chain(config::Group::ALL.into_iter().map(of_settings)).chain(settings)
}

/// All texts in English as one Fluent file, those of the tables too: what a translation begins with.
#[must_use]
pub fn english() -> String {
    format!(
        "{ENGLISH}\n# What parameters of pictures and settings do, and their groups\n{}",
        tables()
    )
}

/// Those of them that a translation lacks.
#[must_use]
pub fn lacking(translation: &str) -> String {
    let has: BTreeSet<&str> = keys(translation).collect();
    let all = english();
    let mut text = String::new();
    let mut is_wanted = false;
    for line in all.lines() {
        // The rest of a message of several lines is set in, or closes it.
        if !line.starts_with([' ', '}']) {
            is_wanted = keys(line).any(|key| !has.contains(key));
        }
        if is_wanted {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn tables() -> String {
    all().map(|(key, words)| format!("{key} = {}\n", escaped(words))).collect()
}

/// Braces mean something in Fluent files.
fn escaped(words: &str) -> String {
    let part = |c: char| match c {
        '{' | '}' => format!("{{\"{c}\"}}"),
        c => c.to_string(),
    };
    words.chars().map(part).collect()
}
