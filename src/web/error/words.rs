//! What people are told of an error: the texts of the pages where there is one, and fields by the names that forms
//! give them. Programs get the message as it is.

use super::Error;
use crate::spec::PARAMS;
use crate::web::text::{Texts, begun, ended};

impl Error {
    /// The message for a page.
    pub fn in_words(&self, texts: &Texts) -> String {
        in_words(texts, &self.message)
    }

    /// The message for who writes the address of a picture, and knows parameters by the names that it has.
    pub fn in_words_by_names(&self, texts: &Texts) -> String {
        told(texts, &self.message, |_| None)
    }
}

/// A message of the API for a page: `email: must be given` tells of the field by what its form calls it.
pub fn in_words(texts: &Texts, message: &str) -> String {
    told(texts, message, |name| label(texts, name))
}

/// A message with the name that it begins with as `called` says, else as a sentence that stands by itself.
fn told(texts: &Texts, message: &str, called: impl Fn(&str) -> Option<String>) -> String {
    if let Some(said) = texts.whole_sentence(message) {
        return said;
    }
    // The name of a field, or the path of a file.
    let is_name =
        |name: &str| !name.is_empty() && (!name.contains(' ') || name.contains(['/', '.']));
    let Some((name, reason)) = message.split_once(": ").filter(|(name, _)| is_name(name)) else {
        return ended(begun(message));
    };
    let reason = texts.sentence_or_same(reason);
    match called(name) {
        Some(name) => texts.args("fault", [("name", name.into()), ("reason", reason.into())]),
        None => format!("{name}: {reason}"),
    }
}

/// What a field of the API, or a parameter of pictures, is called; none for other words.
pub fn label(texts: &Texts, name: &str) -> Option<String> {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || !name.chars().all(sound) {
        return None;
    }
    let of_template = || {
        let named = |param: &&crate::spec::Param| param.template().is_some_and(|t| t.name == name);
        PARAMS.iter().find(named).map(|param| format!("param-{}", param.about.name))
    };
    let keys = [format!("field-{}", name.replace('_', "-")), format!("param-{name}")];
    let key = keys.into_iter().chain(of_template()).find(|key| texts.has(key));
    key.map(|key| texts.get(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::text::for_languages;

    #[test]
    fn fields_go_by_the_names_of_forms() {
        let texts = for_languages(None);
        let told = |message: &str| in_words(texts, message);
        for (message, words) in [
            ("email: must be given", "Email: must be given"),
            ("first_name: must be text", "First name: must be text"),
            ("maxwidth: must be a number", "Maximum width: must be a number"),
            ("dpi_x: must be a number", "Resolution (dpi): must be a number"),
            // No fields: a sentence, a header field, a name that nobody knows.
            ("The account is active.", "The account is active."),
            ("it is not a picture", "It is not a picture."),
            ("a b.png already exists", "a b.png already exists."),
            ("folder /a already exists", "Folder /a already exists."),
            ("the path is not valid: it is too long", "The path is not valid: it is too long."),
            ("Referer: not here", "Referer: not here"),
            ("such_thing: must be given", "such_thing: must be given"),
            ("something: new (at most)", "something: new (at most)"),
            ("something new: at most", "Something new: at most."),
            ("a/b c.png: cannot be read", "a/b c.png: cannot be read"),
            ("the image is damaged: overlay: no end", "The image is damaged: overlay: no end."),
            ("", ""),
        ] {
            assert_eq!(told(message), words);
        }
    }

    #[test]
    fn every_field_of_the_api_has_its_words() {
        let texts = for_languages(None);
        let fields = crate::web::api::field_names();
        assert!(fields.len() > 50, "{fields:?}");
        let raw: Vec<_> = fields.iter().filter(|name| label(texts, name).is_none()).collect();
        assert!(raw.is_empty(), "without words: {raw:?}");
    }

    #[test]
    fn programs_and_pages_are_told_the_same() {
        let texts = for_languages(None);
        for error in [Error::forbidden(), Error::not_found(), Error::busy(1), Error::sign_in()] {
            assert_eq!(error.message(), error.in_words(texts));
            assert!(error.message().ends_with('.'), "{}", error.message());
        }
        let other = Error::busy(1).saying("name: is taken");
        assert_eq!(other.in_words(texts), "Name: is taken");
    }
}
