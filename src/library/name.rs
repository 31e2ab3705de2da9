//! Names of uploaded files and of new folders: made safe, and told apart from those that are there.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{Error, Result};

/// The longest name, in bytes, that leaves room for a number.
const MAX_BYTES: usize = 251;

/// Signs that stay beside letters and digits.
const SIGNS: &str = " .-_()[]+,=@~!'";

/// Cleans the name of a file that somebody sends. Folders that browsers send along are left out,
/// letters are composed (NFC), or written in ASCII where other letters are not wanted; signs that
/// mean something to shells, URLs or other systems become `_`, what cannot be seen goes, and a name
/// neither begins with a dot nor ends with one. A name that is too long loses the end of its stem.
///
/// # Errors
/// [`Error::Parameter`] named `files` when no name is left.
pub fn clean(sent: &str, unicode: bool) -> Result<String> {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let composed: String = if unicode { last.nfc().collect() } else { deunicode::deunicode(last) };
    let mut name = String::new();
    for c in composed.chars() {
        if c.is_alphanumeric() || is_combining_mark(c) || SIGNS.contains(c) {
            name.push(c);
        } else if c.is_whitespace() && !c.is_control() {
            name.push(' ');
        } else if !c.is_control() && !is_invisible(c) {
            name.push('_');
        }
    }
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = name.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    let (stem, extension) = split(name);
    let stem = stem.trim_end();
    // Not " jpg", of which nobody would tell what it is.
    let extension = extension.replace(' ', "");
    if stem.is_empty() || extension.len() > 20 {
        return Err(Error::parameter("files", "the name is not fit for a file"));
    }
    let end = stem.floor_char_boundary(MAX_BYTES - extension.len());
    Ok(format!("{}{extension}", stem[..end].trim_end()))
}

/// Signs that only steer how others are shown: two names that look alike would differ.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{fffc}'..='\u{ffff}')
}

/// Fails for a name that would be shown as another one: with signs that turn the direction of writing.
///
/// # Errors
/// [`Error::Parameter`] named `path`.
pub fn check_direction(name: &str) -> Result<()> {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if name.contains(turns) {
        return Err(Error::parameter(
            "path",
            "must not hold signs that turn the direction of writing",
        ));
    }
    Ok(())
}

/// The name with a number, for when it is taken: `name-001.ext`.
#[must_use]
pub fn numbered(name: &str, number: u32) -> String {
    let (stem, extension) = split(name);
    format!("{stem}-{number:03}{extension}")
}

/// A name in composed letters, as names of new files and folders are kept.
#[must_use]
pub fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// Stem, and the extension with its dot.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && at + 1 < name.len() => name.split_at(at),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(sent: &str) -> String {
        clean(sent, true).unwrap()
    }

    #[test]
    fn names_of_all_scripts_stay_readable() {
        for same in [
            "a.jpg",
            "Ünïcode ñame.png",
            "日本語.jpg",
            "пейзаж (2).tif",
            "صورة.webp",
            "हिन्दी.gif",
            "it's.jpg",
        ] {
            assert_eq!(cleaned(same), same);
        }
        // NFD comes in, NFC is kept.
        assert_eq!(cleaned("cafe\u{301}.jpg"), "caf\u{e9}.jpg");
    }

    #[test]
    fn what_is_dangerous_goes() {
        for (sent, kept) in [
            ("../../etc/passwd.jpg", "passwd.jpg"),
            ("C:\\photos\\a.jpg", "a.jpg"),
            (".htaccess.jpg", "htaccess.jpg"),
            ("a\"b.jpg", "a_b.jpg"),
            ("a\r\nb\0.jpg", "ab.jpg"),
            ("a?b*c<d>|e:f.jpg", "a_b_c_d__e_f.jpg"),
            ("a%2fb&c#d;e$f`g.jpg", "a_2fb_c_d_e_f_g.jpg"),
            ("gpj.\u{202e}exe.jpg", "gpj.exe.jpg"),
            ("  a \u{a0} b . jpg. ", "a b.jpg"),
            ("smile \u{1f600}.jpg", "smile _.jpg"),
        ] {
            assert_eq!(cleaned(sent), kept, "{sent:?}");
        }
        for nothing in ["", "...", "/", "\u{200b}", "..\\..", "\n"] {
            assert!(clean(nothing, true).is_err(), "{nothing:?}");
        }
    }

    #[test]
    fn ascii_where_nothing_else_is_wanted() {
        assert_eq!(clean("Größe façade.jpg", false).unwrap(), "Grosse facade.jpg");
        assert_eq!(clean("cafe\u{301}.jpg", false).unwrap(), "cafe.jpg");
        assert!(clean("北京.jpg", false).unwrap().is_ascii());
    }

    #[test]
    fn long_names_lose_the_end_of_their_stem() {
        let name = cleaned(&format!("{}.jpeg", "é".repeat(200)));
        assert_eq!(name, format!("{}.jpeg", "é".repeat(123)));
        assert_eq!(cleaned(&format!("{}.jpg", "x".repeat(300))).len(), 251);
        assert_eq!(numbered(&name, 7).len(), 123 * 2 + 4 + 5);
    }

    #[test]
    fn numbers_stand_before_the_extension() {
        assert_eq!(numbered("a.tar.jpg", 1), "a.tar-001.jpg");
        assert_eq!(numbered("a", 12), "a-012");
        assert_eq!(numbered("a.jpg", 1000), "a-1000.jpg");
    }
}
