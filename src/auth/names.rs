//! Names of accounts and groups that people can tell apart.
//!
//! Who takes one name for another gives rights to the wrong one. So names are kept composed (NFKC, which
//! also makes full-width letters usual ones), hold nothing that cannot be seen, keep to one script in a
//! word, and do not look like another name by the skeletons of UTS 39 (Unicode security mechanisms).
//! Names that look alike in ASCII alone stay apart: `user1` and `userl` are both honest.
//!
//! Holds for new names. Those that are there already, or come by an import, go on as they are.

use std::collections::HashMap;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::{MixedScript as _, skeleton};

/// What is wrong with a name, if anything is: the rest of a sentence about it.
#[must_use]
pub fn fault(name: &str) -> Option<String> {
    if let Some(hidden) = name.chars().find(|c| is_hidden(*c)) {
        let code = u32::from(hidden);
        return Some(format!("must not contain characters that cannot be seen (U+{code:04X})"));
    }
    let words = name.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation());
    let mixed = words.into_iter().find(|word| is_mixed(word))?;
    Some(format!("must not mix letters of several scripts in one word ({mixed})"))
}

/// Whether a character has no shape of its own: controls, marks of direction, joiners, fillers, blanks
/// other than the usual one, and what is no character at all.
fn is_hidden(c: char) -> bool {
    use GeneralCategory as Category;
    let invisible = matches!(
        c.general_category(),
        Category::Control
            | Category::Format
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::PrivateUse
            | Category::Unassigned
    );
    let blank = c == '\u{2800}' || (c.general_category() == Category::SpaceSeparator && c != ' ');
    // The skeleton leaves out just what may be drawn as nothing (Default_Ignorable_Code_Point).
    invisible || blank || skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

/// Whether a word mixes scripts that are not written together. Japanese, Korean and Chinese have Latin
/// letters among their own: the level Highly Restrictive of UTS 39, section 5.2.
fn is_mixed(word: &str) -> bool {
    if word.is_single_script() {
        return false;
    }
    let others: String = word.chars().filter(|c| c.script() != Script::Latin).collect();
    let scripts = others.as_str().resolve_script_set();
    !(scripts.hanb || scripts.jpan || scripts.kore)
}

/// Names that were met, by how they look.
#[derive(Default)]
pub struct Met(HashMap<(usize, String), Vec<String>>);

impl Met {
    /// Meets a name; gives back one that was met before and cannot be told from it.
    pub fn meet(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        for (way, look) in looks(name).into_iter().enumerate() {
            let alike = self.0.entry((way, look)).or_default();
            let other = alike.iter().find(|other| !(other.is_ascii() && name.is_ascii()));
            found = found.or_else(|| other.cloned());
            alike.push(name.to_owned());
        }
        found
    }
}

/// How a name looks in small letters, and as it is written; names ignore case.
fn looks(name: &str) -> [String; 2] {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let as_written: String = skeleton(&name).collect();
    [name, as_written].map(|text| skeleton(&text.to_lowercase()).collect())
}

/// Whether a name cannot be told from one of those that there are.
#[must_use]
pub fn looks_like_another<'a>(name: &str, others: impl Iterator<Item = &'a str>) -> bool {
    let mut met = Met::default();
    for other in others {
        met.meet(other);
    }
    met.meet(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_refused_by_its_code() {
        // Zero width space, bidi override, Hangul filler, Braille blank, tag letter, private use,
        // combining grapheme joiner, Ogham space.
        for (name, code) in [
            ("adm\u{200b}in", "U+200B"),
            ("\u{202e}nimda", "U+202E"),
            ("admin\u{3164}", "U+3164"),
            ("admin\u{2800}x", "U+2800"),
            ("admin\u{e0061}", "U+E0061"),
            ("admin\u{e000}", "U+E000"),
            ("ad\u{34f}min", "U+034F"),
            ("a\u{1680}b", "U+1680"),
            ("a\u{7}b", "U+0007"),
        ] {
            let fault = fault(name).unwrap_or_default();
            assert!(fault.contains(code), "{name:?}: {fault}");
        }
    }

    #[test]
    fn a_word_keeps_to_one_script() {
        // Cyrillic а, о and с, Greek ο and Α among Latin letters.
        for name in ["\u{430}dmin", "r\u{43e}\u{43e}t", "offi\u{441}e", "b\u{3bf}b", "\u{391}dmin"]
        {
            assert!(fault(name).is_some_and(|fault| fault.contains(name)), "{name}");
        }
        for name in [
            "jo",
            "Jörg Müßig",
            "o'neill-smith_2",
            "jo@example.com",
            "Отдел PR",
            "Γιάννης",
            "東京Tower",
            "ひらがなカタカナ漢字",
            "서울 Seoul",
            "فريق 7",
            "नमस्ते",
            "Łódź",
            "Presse (Zürich) & Co.",
        ] {
            assert_eq!(fault(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_look_alike_are_known_whatever_their_case() {
        let alike = |one: &str, other: &str| looks_like_another(one, [other].into_iter());
        // All Cyrillic: "асе", "РОСА", "сорт".
        assert!(alike("\u{430}\u{441}\u{435}", "ace"));
        assert!(alike("\u{430}\u{441}\u{435}", "ACE"));
        assert!(alike("\u{420}\u{41e}\u{421}\u{410}", "poca"));
        assert!(alike("POCA", "\u{420}\u{41e}\u{421}\u{410}"));
        // Two blanks, which a page shows as one.
        assert!(alike("jörg  x", "jörg x"));
        for (one, other) in [("jo", "joe"), ("сова", "coba"), ("user1", "userl"), ("jörg", "jorg")]
        {
            assert!(!alike(one, other), "{one} {other}");
        }
    }
}
