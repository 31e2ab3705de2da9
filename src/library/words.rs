//! Texts as words that can be looked for: small letters and digits, without accents, the same for
//! what is kept and for what is asked.
//!
//! Scripts that put no blanks between words are taken letter by letter: whoever looks for two letters
//! finds texts that have both.

use unicode_normalization::UnicodeNormalization as _;

/// The longest word, in characters; more of it counts for nothing.
const MAX_WORD_CHARS: usize = 60;

/// The words of a text, in order.
#[must_use]
pub fn of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    // Decomposed, accents stand alone and can be left out.
    for c in text.nfkd().filter(|c| !is_accent(*c)) {
        if has_no_blanks(c) {
            end(&mut word);
            word.push(c);
            end(&mut word);
        } else if c.is_alphanumeric() {
            if word.chars().count() < MAX_WORD_CHARS {
                word.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
            }
        } else {
            end(&mut word);
        }
    }
    end(&mut word);
    words
}

/// Accents of Latin, Greek and Cyrillic letters.
fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn has_no_blanks(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Burmese
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3040}'..='\u{30ff}' // Japanese syllables
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_words() {
        for (text, words) in [
            ("IMG_1234-Café (2).jpg", &["img", "1234", "cafe", "2", "jpg"][..]),
            ("CAFE\u{301} Größe", &["cafe", "große"]),
            ("пейзаж Й", &["пеизаж", "и"]),
            ("日本 photo", &["日", "本", "photo"]),
            ("' \" \\ : & | ! * ( )", &[]),
            ("ﬁne Ⅳ", &["fine", "iv"]),
        ] {
            assert_eq!(of(text), words, "{text}");
        }
        assert_eq!(of(&"x".repeat(500))[0].len(), MAX_WORD_CHARS);
    }
}
