//! Sentences that other parts of the program say in English: what is wrong, what a value may be, what a task does. They pass through
//! places that keep text alone (tasks, the shared cache, answers for programs), so that their text in another
//! language is found by the English one. `web/text/en/sentences.ftl` holds a copy of each with a key; a test compares
//! them with the sources.

use std::cmp::Reverse;
use std::sync::LazyLock;

use fluent_bundle::FluentValue;

use super::Texts;
use super::languages::ENGLISH;

/// What the keys of such sentences begin with.
const KEYS: [&str; 4] = ["says-", "reason-", "takes-", "queued-"];

/// The place of a part that is a sentence of its own.
const NESTED: &str = "reason";

/// Those with the most words of their own first, as others may fit them too.
pub(super) static SENTENCES: LazyLock<Vec<Sentence<'static>>> = LazyLock::new(|| {
    let mut all: Vec<Sentence<'_>> = ENGLISH.lines().filter_map(Sentence::read).collect();
    all.sort_by_key(|sentence| {
        Reverse(sentence.pieces.iter().map(|piece| piece.len()).sum::<usize>())
    });
    all
});

/// A sentence with places for what it speaks of.
pub(super) struct Sentence<'s> {
    pub key: &'s str,
    /// What stands before, between and behind the places.
    pub pieces: Vec<&'s str>,
    places: Vec<&'s str>,
}

impl<'s> Sentence<'s> {
    /// Reads a line of a Fluent file: `key = There is no { $name } here.`
    fn read(line: &'s str) -> Option<Self> {
        let (key, text) = line.split_once(" = ")?;
        if !KEYS.iter().any(|known| key.starts_with(known)) {
            return None;
        }
        let mut parts = text.split("{ $");
        let (mut pieces, mut places) = (vec![parts.next()?], Vec::new());
        for part in parts {
            let (place, piece) = part.split_once(" }")?;
            places.push(place);
            pieces.push(piece);
        }
        Some(Self { key, pieces, places })
    }

    /// What stands in its places in an English text; none where that is another sentence.
    fn given<'a>(&self, text: &'a str) -> Option<Vec<(&'s str, &'a str)>> {
        let (first, rest) = self.pieces.split_first()?;
        let mut left = text.strip_prefix(first)?;
        let mut found = Vec::new();
        let Some((last, between)) = rest.split_last() else {
            return left.is_empty().then_some(found);
        };
        left = left.strip_suffix(last)?;
        let mut places = self.places.iter();
        for piece in between {
            let (given, behind) = left.split_once(piece)?;
            found.push((*places.next()?, given));
            left = behind;
        }
        found.push((*places.next()?, left));
        found.iter().all(|(_, given)| !given.is_empty()).then_some(found)
    }
}

impl Texts {
    /// A sentence that another part of the program says in English; none where it is not known.
    pub fn sentence(&self, english: &str) -> Option<String> {
        let (sentence, given) = known(english)?;
        if self.fallback.is_none() {
            return Some(english.to_owned());
        }
        let value = |(place, text): (&'static str, &str)| match place {
            NESTED => (place, FluentValue::from(self.sentence_or_same(text))),
            _ => (place, value(text)),
        };
        Some(self.args(sentence.key, given.into_iter().map(value)))
    }

    /// The same to stand by itself: it begins with a capital letter and ends with a stop. A name that it begins with
    /// stays as it is.
    pub fn whole_sentence(&self, english: &str) -> Option<String> {
        let said = self.sentence(english)?;
        Some(ended(if begins_with_word(english) { begun(&said) } else { said }))
    }

    /// The same; what is not known stays as it is.
    pub fn sentence_or_same(&self, english: &str) -> String {
        self.sentence(english).unwrap_or_else(|| english.to_owned())
    }
}

/// A text with a capital letter at its beginning.
pub fn begun(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// A text with a stop at its end.
pub fn ended(mut text: String) -> String {
    if text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | '\'' | '"' | '”')) {
        text.push('.');
    }
    text
}

/// The sentence that an English text is, and what stands in its places.
fn known(english: &str) -> Option<(&'static Sentence<'static>, Vec<(&'static str, &str)>)> {
    SENTENCES.iter().find_map(|sentence| Some((sentence, sentence.given(english)?)))
}

/// Whether a text begins with a word of ours, and not with a name that was put in.
fn begins_with_word(english: &str) -> bool {
    let Some((sentence, given)) = known(english) else { return false };
    match (sentence.pieces.first(), given.first()) {
        (Some(&""), Some((NESTED, inner))) => begins_with_word(inner),
        (first, _) => first.is_some_and(|first| !first.is_empty()),
    }
}

/// Numbers are given as such, since the form of a word may go by them.
fn value(text: &str) -> FluentValue<'static> {
    let plain = text == "0" || (!text.starts_with('0') && text.len() < 16);
    match text.bytes().all(|byte| byte.is_ascii_digit()) && plain {
        true => FluentValue::try_number(text).into_owned(),
        false => FluentValue::from(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
