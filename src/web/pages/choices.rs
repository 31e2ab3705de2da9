//! What fields of forms can be set to where programs get other words than people: the forms' lists are made from
//! this table, and the page that shows a form once more reads it back.

/// A choice: the word that is sent, and its text.
pub type Choice = (&'static str, &'static str);

const ACCESS: &[Choice] = &[
    ("0", "portfolio-may-nothing"),
    ("10", "portfolio-may-look"),
    ("20", "portfolio-may-download"),
];

/// The fields, each with its choices in the order in which they are offered.
const FIELDS: &[(&str, &[Choice])] = &[
    ("auth_type", &[("1", "user-kept-here"), ("2", "user-kept-ldap")]),
    ("group_type", &[("2", "group-local"), ("3", "group-ldap")]),
    ("required", &[("false", "folder-template-default"), ("true", "folder-template-required")]),
    (
        "overwrite",
        &[("rename", "upload-rename"), ("no", "upload-refuse"), ("yes", "upload-replace")],
    ),
    ("public_access", ACCESS),
    ("internal_access", ACCESS),
    ("format", &[("zip", "portfolio-zip"), ("pdf", "portfolio-pdf")]),
    ("originals", &[("false", "publish-made"), ("true", "publish-originals")]),
];

/// The choices of a field; none where it has no such list.
pub fn of(field: &str) -> &'static [Choice] {
    FIELDS.iter().find(|(name, _)| *name == field).map_or(&[], |(_, choices)| choices)
}

/// The text of a choice.
pub fn text_of(field: &str, word: &str) -> Option<&'static str> {
    of(field).iter().find(|(known, _)| *known == word).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::Frame;

    #[test]
    fn every_choice_is_a_word_of_its_own_with_a_text() {
        let f = Frame::for_tests();
        for (at, (field, choices)) in FIELDS.iter().enumerate() {
            assert!(FIELDS[..at].iter().all(|(other, _)| other != field), "{field}");
            for (at, (word, text)) in choices.iter().enumerate() {
                assert!(choices[..at].iter().all(|(other, _)| other != word), "{field} {word}");
                assert!(f.texts().has(text), "{text}");
            }
        }
    }
}
