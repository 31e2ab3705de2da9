//! The words of pages, in the language that a visitor reads best of those that there are.
//!
//! English stands in `web/text/en`, in Fluent files, and is whole; what another language lacks is taken from it,
//! or from the table that says it. Must not know what pages there are.

mod languages;
mod sentences;
mod tables;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::{CharacterDirection, LanguageIdentifier};

pub use languages::{add_languages, for_languages, in_english, texts_of};
pub use sentences::{begun, ended};
pub use tables::{english, lacking};

/// Messages that begin so are for scripts.
const FOR_SCRIPTS: &str = "script-";

/// Those that begin so are for viewers, whose scripts bring the English ones along.
const FOR_VIEWERS: &str = "viewer-";

/// The texts of one language.
pub struct Texts {
    language: String,
    direction: &'static str,
    separator: String,
    bundle: FluentBundle<FluentResource>,
    scripts: String,
    viewers: String,
    /// Where what it lacks is taken from; none for English itself.
    fallback: Option<&'static Texts>,
}

impl Texts {
    /// Reads the files of a language; what stands in a later one holds over the same in one before.
    fn read(tag: &LanguageIdentifier, sources: &[&str], fallback: Option<&'static Self>) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![tag.clone()]);
        // Names are isolated by elements, which also hold in attributes that are read aloud.
        bundle.set_use_isolating(false);
        for source in sources {
            // What is sound of a damaged file is used.
            let resource =
                FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(sound, _)| sound);
            bundle.add_resource_overriding(resource);
        }
        let direction = match tag.character_direction() {
            CharacterDirection::RTL => "rtl",
            _ => "ltr",
        };
        let mut texts = Self {
            language: tag.to_string(),
            direction,
            separator: String::new(),
            bundle,
            scripts: String::new(),
            viewers: String::new(),
            fallback,
        };
        texts.separator = texts.get("number-separator");
        texts.scripts = texts.for_scripts();
        texts.viewers = texts.for_viewers();
        texts
    }

    /// The language's tag.
    pub fn language(&self) -> &str {
        &self.language
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
        self.of(key).is_some()
    }

    /// The texts that have a message of this key: these, or those that fill them up.
    fn of(&self, key: &str) -> Option<&Self> {
        let own = self.bundle.get_message(key).is_some_and(|message| message.value().is_some());
        if own { Some(self) } else { self.fallback?.of(key) }
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
        let found = self.of(key).and_then(|texts| {
            let pattern = texts.bundle.get_message(key)?.value()?;
            Some(texts.bundle.format_pattern(pattern, given, &mut Vec::new()).into_owned())
        });
        found.unwrap_or_else(|| {
            log::warn!("the pages have no text {key:?}");
            key.to_owned()
        })
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

    /// Percent, rounded to whole ones.
    pub fn percent(&self, percent: f64) -> String {
        self.name("percent", &self.number(percent.round() as i64))
    }

    /// A length of a file in the unit that fits, in powers of 1000.
    pub fn bytes(&self, bytes: i64) -> String {
        self.in_units(bytes, 1000.0)
    }

    /// Memory, and what settings limit, in the unit that fits: in powers of 1024, as settings count.
    pub fn memory(&self, bytes: i64) -> String {
        self.in_units(bytes, 1024.0)
    }

    /// A length of time in the largest unit that it is whole numbers of.
    pub fn duration(&self, seconds: i64) -> String {
        const UNITS: [(i64, &str); 3] =
            [(86_400, "length-days"), (3_600, "length-hours"), (60, "length-minutes")];
        let is_whole = |(unit, _): &(i64, &str)| seconds >= *unit && seconds % unit == 0;
        let (unit, key) = UNITS.into_iter().find(is_whole).unwrap_or((1, "length-seconds"));
        self.count(key, seconds / unit)
    }

    fn in_units(&self, bytes: i64, step: f64) -> String {
        const UNITS: [&str; 5] = ["unit-b", "unit-kb", "unit-mb", "unit-gb", "unit-tb"];
        let (mut value, mut unit) = (bytes as f64, 0);
        while value >= step - 0.5 && unit + 1 < UNITS.len() {
            (value, unit) = (value / step, unit + 1);
        }
        let decimals = usize::from(unit > 1 && value < 99.95 && value.fract() != 0.0);
        format!("{value:.decimals$}\u{a0}{}", self.get(UNITS[unit]))
    }

    /// The messages for scripts, as a JSON object that can stand within an element of a page.
    pub fn scripts(&self) -> &str {
        &self.scripts
    }

    /// What viewers on our own pages say in another way than their scripts do, in the same form; blank for
    /// nothing.
    pub fn viewers(&self) -> &str {
        &self.viewers
    }

    /// All that viewers say, in the form in which pages say it to them, for people to read.
    pub fn viewers_for_people(&self) -> String {
        let all = self.messages(FOR_VIEWERS, |_| true);
        format!("{:#}", serde_json::Value::Object(all))
    }

    fn for_scripts(&self) -> String {
        within_element(self.messages(FOR_SCRIPTS, |_| true))
    }

    fn for_viewers(&self) -> String {
        let is_own = |key: &str| self.fallback.is_some() && self.bundle.has_message(key);
        let own = self.messages(FOR_VIEWERS, is_own);
        if own.is_empty() { String::new() } else { within_element(own) }
    }

    /// The messages whose keys begin so, as far as they are wanted. What a script is to put in stays written as
    /// `{name}`.
    fn messages(&self, beginning: &str, is_wanted: impl Fn(&str) -> bool) -> Messages {
        let places = ["name", "count", "total", "done", "failed", "percent", "title", "index"];
        let message = |key: &str| {
            let given = places.map(|place| (place, FluentValue::from(format!("{{{place}}}"))));
            (key[beginning.len()..].to_owned(), self.args(key, given).into())
        };
        let wanted = |key: &&str| key.starts_with(beginning) && is_wanted(key);
        keys(languages::ENGLISH).filter(wanted).map(message).collect()
    }
}

type Messages = serde_json::Map<String, serde_json::Value>;

/// A JSON object that can stand within an element of a page.
fn within_element(messages: Messages) -> String {
    serde_json::Value::Object(messages).to_string().replace('<', "\\u003c")
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
