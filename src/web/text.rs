//! The words of pages, in the language that a visitor reads best of those that there are.
//!
//! They stand in `web/text`, a folder of Fluent files for each language; English is whole, and what another
//! language lacks is taken from it. Must not know what pages there are.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use http::header;
use unic_langid::LanguageIdentifier;

use crate::http::Request;

/// Every language, the fallback first: its tag, its direction of writing, its text.
const LANGUAGES: &[(&str, &str, &str)] = &[("en", "ltr", ENGLISH)];

const ENGLISH: &str = concat!(
    include_str!("../../web/text/en/pages.ftl"),
    include_str!("../../web/text/en/publish.ftl"),
    include_str!("../../web/text/en/portfolios.ftl"),
    include_str!("../../web/text/en/reports.ftl"),
    include_str!("../../web/text/en/administration.ftl"),
    include_str!("../../web/text/en/tasks.ftl"),
    include_str!("../../web/text/en/help.ftl"),
    include_str!("../../web/text/en/messages.ftl"),
);

/// Messages that begin so are for scripts.
const FOR_SCRIPTS: &str = "script-";

/// The texts of one language.
pub struct Texts {
    language: &'static str,
    direction: &'static str,
    separator: String,
    bundle: FluentBundle<FluentResource>,
    scripts: String,
}

static TEXTS: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    LANGUAGES.iter().map(|(tag, direction, source)| Texts::read(tag, direction, source)).collect()
});

/// The texts for who sends this `Accept-Language` field.
pub fn for_languages(accepted: Option<&str>) -> &'static Texts {
    let known = |tag: &str| {
        let primary = tag.split('-').next().unwrap_or_default();
        TEXTS.iter().find(|texts| texts.language.eq_ignore_ascii_case(primary))
    };
    by_preference(accepted.unwrap_or_default()).into_iter().find_map(known).unwrap_or(&TEXTS[0])
}

/// The texts for who sent a request.
pub fn texts_of(request: &Request) -> &'static Texts {
    let accepted = request.headers.get(header::ACCEPT_LANGUAGE);
    for_languages(accepted.and_then(|field| field.to_str().ok()))
}

/// The tags of an `Accept-Language` field (RFC 9110, section 12.5.4), the most wanted first.
fn by_preference(field: &str) -> Vec<&str> {
    let mut tags: Vec<(f32, &str)> = field
        .split(',')
        .filter_map(|item| {
            let mut parts = item.trim().split(';');
            let tag = parts.next()?.trim();
            let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
            let weight = weight.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0));
            (weight > 0.0 && !tag.is_empty()).then_some((weight, tag))
        })
        .collect();
    tags.sort_by(|a, b| b.0.total_cmp(&a.0));
    tags.into_iter().map(|(_, tag)| tag).collect()
}

impl Texts {
    fn read(language: &'static str, direction: &'static str, source: &str) -> Self {
        let tag: LanguageIdentifier = language.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Names are isolated by elements, which also hold in attributes that are read aloud.
        bundle.set_use_isolating(false);
        // A test reads every file; what is sound of a damaged one is used.
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(sound, _)| sound);
        let scripts: Vec<String> =
            keys(source).filter(|key| key.starts_with(FOR_SCRIPTS)).map(str::to_owned).collect();
        bundle.add_resource_overriding(resource);
        let mut texts =
            Self { language, direction, separator: String::new(), bundle, scripts: String::new() };
        texts.separator = texts.get("number-separator");
        texts.scripts = texts.for_scripts(&scripts);
        texts
    }

    /// The language's tag.
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// `ltr` or `rtl`.
    pub fn direction(&self) -> &'static str {
        self.direction
    }

    /// The message of a key; the key itself where there is none.
    pub fn get(&self, key: &str) -> String {
        self.with(key, None)
    }

    /// Whether there is a message of this key.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// The message with a number that it calls `$count`.
    pub fn count(&self, key: &str, count: i64) -> String {
        let mut given = FluentArgs::new();
        // The form of a word goes by the number, and what is shown is its text.
        given.set("count", count);
        given.set("shown", self.number(count));
        self.with(key, Some(&given))
    }

    /// The message with a name that it calls `$name`.
    pub fn name(&self, key: &str, name: &str) -> String {
        self.args(key, [("name", FluentValue::from(name))])
    }

    /// The message with what it calls by these names.
    pub fn args<'a>(
        &self,
        key: &str,
        given: impl IntoIterator<Item = (&'a str, FluentValue<'a>)>,
    ) -> String {
        self.with(key, Some(&given.into_iter().collect()))
    }

    fn with(&self, key: &str, given: Option<&FluentArgs<'_>>) -> String {
        let pattern = self.bundle.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            log::warn!("the pages have no text {key:?}");
            return key.to_owned();
        };
        self.bundle.format_pattern(pattern, given, &mut Vec::new()).into_owned()
    }

    /// A whole number with its digits in groups of three.
    pub fn number(&self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(&self.separator);
            }
            text.push(digit);
        }
        if number < 0 { format!("-{text}") } else { text }
    }

    /// A length of a file in the unit that fits, in powers of 1000.
    pub fn bytes(&self, bytes: i64) -> String {
        const UNITS: [&str; 5] = ["unit-b", "unit-kb", "unit-mb", "unit-gb", "unit-tb"];
        let (mut value, mut unit) = (bytes as f64, 0);
        while value >= 999.5 && unit + 1 < UNITS.len() {
            (value, unit) = (value / 1000.0, unit + 1);
        }
        let decimals = usize::from(unit > 1 && value < 99.95);
        format!("{value:.decimals$}\u{a0}{}", self.get(UNITS[unit]))
    }

    /// The messages for scripts, as a JSON object that can stand within an element of a page.
    pub fn scripts(&self) -> &str {
        &self.scripts
    }

    /// What a script is to put in stays written as `{name}`.
    fn for_scripts(&self, keys: &[String]) -> String {
        let places = ["name", "count", "total", "done", "failed", "percent"];
        let message = |key: &String| {
            let given = places.map(|place| (place, FluentValue::from(format!("{{{place}}}"))));
            (key[FOR_SCRIPTS.len()..].to_owned(), self.args(key, given).into())
        };
        let all: serde_json::Map<String, serde_json::Value> = keys.iter().map(message).collect();
        serde_json::Value::Object(all).to_string().replace('<', "\\u003c")
    }
}

/// The keys of the messages of a file.
fn keys(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(|line| {
        let (key, _) = line.split_once('=')?;
        let key = key.trim_end();
        let first = key.bytes().next()?;
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (first.is_ascii_lowercase() && key.bytes().all(sound)).then_some(key)
    })
}

#[cfg(test)]
mod tests;
