use std::fs;
use std::path::Path;

use super::super::languages::{self, IN_ENGLISH};
use super::super::tests::files;
use super::*;
use crate::spec::PARAMS;

/// What people are told of comes from here.
const SOURCES: [&str; 6] =
    ["src/auth", "src/library", "src/portfolio", "src/profiles", "src/source", "src/spec"];
const MORE_SOURCES: [&str; 4] =
    ["src/web", "src/http/multipart.rs", "src/pixel/error.rs", "src/pixel/recipe.rs"];

/// What stands before a sentence that tells what is wrong.
const TELLING: [&str; 20] = [
    "#[error(",
    "Error::",
    "Self::conflict(",
    "Self::parameter(",
    "Self::refused(",
    ".saying(",
    "ParamError::new(",
    "Err(",
    "Invalid(",
    "Malformed(",
    "NotAPicture(",
    "NotFound(",
    "Exists(",
    "fault(",
    "whole(",
    "unknown(",
    "reason",
    "NewTask",
    "failed =",
    "FAILED",
];

/// Files whose sentences stand in logs, in the database, in answers for programs or on command lines alone.
const UNSHOWN: [&str; 14] = [
    "src/auth/directory.rs",
    "src/auth/explain.rs",
    "src/auth/first_start.rs",
    "src/auth/seal.rs",
    "src/auth/sign_in.rs",
    "src/auth/store.rs",
    "src/library/journal.rs",
    "src/library/sync/",
    "src/library/watch.rs",
    "src/portfolio/publish.rs",
    "src/web/health.rs",
    "src/web/text/",
    "src/web/waiting.rs",
    "src/web/pages/admin/acts.rs",
];

/// Sentences that only logs and the API's document have.
const UNSHOWN_SENTENCES: [&str; 3] =
    ["it is against a rule", "no random numbers", "the shape alone is used, for the document"];

/// The texts between quotes outside tests, each with the statement before it.
fn quoted(source: &str) -> Vec<(String, String)> {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap();
    let mut rest = source.split("#[cfg(test)]\npub(super) mod ").next().unwrap();
    let (mut found, mut statement) = (Vec::new(), String::new());
    while let Some(first) = rest.chars().next() {
        let mut taken = first.len_utf8();
        if rest.starts_with("//") {
            taken = rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("r#\"") {
            taken = rest.find("\"#").unwrap() + 2;
        } else if rest.starts_with("'\\") {
            taken = 3 + rest[3..].find('\'').unwrap() + 1;
        } else if first == '\'' && rest.chars().nth(2) == Some('\'') {
            taken = rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at);
        } else if first == '"' {
            let (text, length) = unquoted(&rest[1..]);
            found.push((statement.clone(), text));
            taken = length + 1;
        } else if first == ';' || rest.starts_with("\n}") {
            statement.clear();
        } else {
            statement.push(first);
        }
        rest = &rest[taken..];
    }
    found
}

/// The text up to the closing quote, and the length of what stands for it.
fn unquoted(source: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, c)) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
    }
    panic!("a text that never ends: {text}");
}

/// A text with `{}` for each of its places.
fn skeleton(text: &str) -> String {
    let mut parts = text.split('{');
    let mut skeleton = parts.next().unwrap().to_owned();
    for part in parts {
        let (_, rest) = part.split_once('}').unwrap_or(("", part));
        let adjoins = skeleton.ends_with("{}");
        skeleton.push_str(if adjoins { rest } else { "{}" });
        skeleton.push_str(if adjoins { "" } else { rest });
    }
    skeleton
}

/// Whether one text is another with something in its places.
fn fits(skeleton: &str, text: &str) -> bool {
    let pieces: Vec<&str> = skeleton.split("{}").collect();
    let places = vec![""; pieces.len()];
    Sentence { key: "", pieces, places }.given(text).is_some()
}

/// Whether it is words, not a name or a sign.
fn is_words(text: &str) -> bool {
    let is_word = |part: &str| part.chars().filter(|c| c.is_alphabetic()).count() > 1;
    text.split_whitespace().count() > 1 && text.split_whitespace().any(is_word)
}

/// The sentences of the sources: where each stands, itself, and whether it tells what is wrong.
fn told() -> Vec<(String, String, bool)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for place in SOURCES.iter().chain(&MORE_SOURCES) {
        let path = root.join(place);
        if path.is_dir() {
            files(&path, &["rs"], &mut sources);
        } else {
            sources.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    let unshown = |path: &str| {
        let path = path.strip_prefix(&format!("{}/", root.display())).unwrap_or(path);
        path.contains("tests") || UNSHOWN.iter().any(|known| path.starts_with(known))
    };
    sources.retain(|(path, _)| !unshown(path));
    assert!(sources.len() > 100, "{} sources", sources.len());
    let mut all = Vec::new();
    for (path, source) in &sources {
        for (statement, text) in quoted(source) {
            let before = statement.trim_end();
            if statement.contains("log::") || before.ends_with("missing(,") {
                continue;
            }
            let tells = TELLING.iter().any(|telling| statement.contains(telling));
            let text = match before.ends_with("missing(") {
                true => format!("There is no {text} {{}}."),
                false => skeleton(&text),
            };
            let tells = tells || text.starts_with("must ");
            if is_words(reason(&text)) && !UNSHOWN_SENTENCES.contains(&text.as_str()) {
                all.push((path.clone(), text, tells));
            }
        }
    }
    all
}

/// What follows the name of a field.
fn reason(text: &str) -> &str {
    match text.split_once(": ") {
        Some((name, reason)) if name == "{}" || !name.contains(' ') => reason,
        _ => text,
    }
}

fn known(sentence: &Sentence<'_>) -> String {
    sentence.pieces.join("{}")
}

#[test]
fn every_sentence_that_tells_what_is_wrong_has_its_text() {
    let told = told();
    let missing: Vec<_> = told
        .iter()
        .filter(|(_, text, tells)| {
            let is_known = |known: String| fits(text, &known) || fits(reason(text), &known);
            *tells && !SENTENCES.iter().map(known).any(is_known)
        })
        .collect();
    assert!(told.iter().filter(|(_, _, tells)| *tells).count() > 200);
    assert!(missing.is_empty(), "not in web/text/en/sentences.ftl: {missing:#?}");
}

#[test]
fn no_text_of_a_sentence_is_left_over() {
    let told = told();
    let unsaid: Vec<_> = SENTENCES
        .iter()
        .filter(|sentence| {
            sentence.key.starts_with("reason-") || sentence.key.starts_with("queued-")
        })
        .filter(|sentence| {
            let known = known(sentence);
            !told.iter().any(|(_, text, _)| fits(text, &known) || fits(reason(text), &known))
        })
        .map(|sentence| sentence.key)
        .collect();
    assert!(unsaid.is_empty(), "nothing says: {unsaid:?}");
}

#[test]
fn what_parameters_take_is_known() {
    let mut taken = std::collections::BTreeSet::new();
    for param in PARAMS {
        let text = param.shape().to_string().replace('`', "");
        let found = SENTENCES.iter().find(|sentence| sentence.given(&text).is_some());
        let is_list = matches!(param.shape(), crate::spec::Shape::Choice(_));
        assert_eq!(found.is_none(), is_list, "{}: {text}", param.about.name);
        taken.extend(found.map(|sentence| sentence.key));
    }
    let all = SENTENCES.iter().map(|sentence| sentence.key).filter(|key| key.starts_with("takes-"));
    let unused: Vec<_> = all.filter(|key| !taken.contains(key)).collect();
    assert!(unused.is_empty(), "nothing takes: {unused:?}");
}

#[test]
fn each_sentence_is_found_by_itself() {
    for sentence in SENTENCES.iter() {
        let text = sentence.pieces.join("41");
        let found = SENTENCES.iter().find(|other| other.given(&text).is_some()).unwrap();
        assert_eq!(found.key, sentence.key, "{text}");
        assert_eq!(IN_ENGLISH.sentence(&text).as_deref(), Some(&*text));
    }
}

#[test]
fn sentences_are_told_in_the_language_of_the_reader() {
    let source = "reason-whole-between = muss von { $least } bis { $most } gehen\n\
                  reason-cannot = Das geht nicht: { $reason }.\n\
                  reason-last-administrator = es ist das letzte Konto\n\
                  reason-most-chars = { $most ->\n    [one] höchstens ein Zeichen\n   *[other] höchstens { $most } Zeichen\n}\n";
    let texts = languages::translated(&[("de".to_owned(), source.to_owned())]).pop().unwrap();
    for (english, german) in [
        ("must be a whole number from 0 to 5000", Some("muss von 0 bis 5000 gehen")),
        ("must have at most 1 characters", Some("höchstens ein Zeichen")),
        ("must have at most 255 characters", Some("höchstens 255 Zeichen")),
        (
            "This cannot be done: this is the last account that may do everything.",
            Some("Das geht nicht: es ist das letzte Konto."),
        ),
        ("This cannot be done: the moon is away.", Some("Das geht nicht: the moon is away.")),
        // What the language lacks is English, and what nobody knows is none.
        ("must be given", Some("must be given")),
        ("there is no user 007", None),
        ("There is no user 007.", Some("There is no user 007.")),
        ("", None),
    ] {
        assert_eq!(texts.sentence(english).as_deref(), german, "{english}");
    }
}
