use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::languages::{ENGLISH, TRANSLATED, best, by_preference, translated};
use super::*;

/// Every text file below a folder, with its content.
pub(super) fn files(folder: &Path, extensions: &[&str], found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extensions, found);
        } else if path.extension().is_some_and(|e| extensions.contains(&e.to_str().unwrap())) {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for (folder, extensions) in [
        ("web/templates", &["html"][..]),
        ("src/web", &["rs"]),
        ("web/src/pages", &["ts"]),
        ("web/src/viewers", &["ts"]),
    ] {
        files(&root.join(folder), extensions, &mut found);
    }
    // These speak of how keys are found, and ask for none.
    found.retain(|(path, _)| !(path.contains("/web/text/") && path.ends_with("tests.rs")));
    found
}

/// The texts between each `before` and the next quote.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let parts = text.split(before).skip(1);
    parts.filter_map(|rest| rest.split_once('"').map(|(key, _)| key)).collect()
}

/// The keys that templates and programs ask for by their whole name.
fn asked() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (path, text) in sources() {
        if path.contains("/viewers/") {
            let said = quoted(&text, "say(\"").into_iter().map(str::to_owned);
            let of_titles = quoted(&text, "titled(this.say, \"");
            let of_titles =
                of_titles.into_iter().chain(quoted(&text, "titled(textsFor(element), \""));
            let both = of_titles.flat_map(|key| [key.to_owned(), format!("{key}-untitled")]);
            keys.extend(said.chain(both).map(|key| format!("{FOR_VIEWERS}{key}")));
            continue;
        }
        if path.ends_with(".ts") {
            keys.extend(quoted(&text, "word(\"").iter().map(|key| format!("{FOR_SCRIPTS}{key}")));
            continue;
        }
        for before in
            ["f.t(\"", "f.n(\"", "f.s(\"", "f.pair(\"", "f.many(\"", "f.named(\"", "key: \""]
        {
            keys.extend(quoted(&text, before).into_iter().map(str::to_owned));
        }
        let forms = quoted(&text, "amp;done=").into_iter().chain(quoted(&text, "done = \""));
        // Where it is another's to say.
        let said = forms.filter(|key| !key.is_empty() && !key.contains("{{"));
        keys.extend(said.map(|key| format!("done-{key}")));
    }
    keys
}

#[test]
fn every_text_that_is_asked_for_is_there() {
    let texts = for_languages(None);
    let asked = asked();
    assert!(asked.len() > 100, "only {} keys were found in the sources", asked.len());
    let missing: Vec<_> = asked.iter().filter(|key| !texts.has(key)).collect();
    assert!(missing.is_empty(), "without a text: {missing:?}");
}

#[test]
fn no_text_is_left_over() {
    let all: String = sources().into_iter().map(|(_, text)| text).collect();
    let unused: Vec<&str> = keys(ENGLISH)
        .filter(|key| {
            let of_viewer = key.strip_prefix(FOR_VIEWERS);
            let of_viewer = of_viewer.map(|key| key.strip_suffix("-untitled").unwrap_or(key));
            let of_script = key.strip_prefix(FOR_SCRIPTS).or(of_viewer);
            let key = of_script.or(key.strip_prefix("done-")).unwrap_or(key);
            !all.contains(&format!("\"{key}\"")) && !all.contains(&format!("done={key}\""))
        })
        // Made of a number or a name: of a status, an action, a parameter, a field, a kind of task or of act.
        // What other parts of the program say is looked for by a test of its own.
        .filter(|key| {
            let named = [
                "error-",
                "history-",
                "param-",
                "hint-",
                "word-",
                "work-",
                "came-",
                "field-",
                "act-",
                "reason-",
                "takes-",
                "queued-",
                "api-group-",
            ];
            !named.iter().any(|it| key.starts_with(it))
        })
        .collect();
    assert!(unused.is_empty(), "never asked for: {unused:?}");
}

#[test]
fn the_page_of_front_servers_looks_and_speaks_like_the_others() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let (page, tokens) =
        (read("web/maintenance/maintenance.html"), read("web/src/styles/tokens.css"));
    let texts = for_languages(None);
    let title = texts.get("error-503");
    assert!(page.contains(&format!("<h1>{title}</h1>")), "{page}");
    assert!(page.contains(&format!("<title>{title} · Halftone</title>")), "{page}");
    assert!(page.contains(&format!("<a href=\"\">{}</a>", texts.get("error-again"))), "{page}");
    for property in ["background: light-dark(", "color: light-dark("] {
        let (_, rest) = page.split_once(property).unwrap();
        let colours = rest.split_once(';').unwrap().0;
        assert!(tokens.contains(&format!("light-dark({colours};")), "{property}{colours}");
    }
    // No script can run where the server is away, and nothing comes from elsewhere.
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
}

#[test]
fn every_file_of_texts_is_sound() {
    for (tag, source) in TRANSLATED.iter().chain(&[("en", ENGLISH)]) {
        let faults = FluentResource::try_new((*source).to_owned()).err().map(|(_, faults)| faults);
        assert!(faults.is_none(), "{tag}: {faults:?}");
        let mut seen = BTreeSet::new();
        for key in keys(source) {
            assert!(seen.insert(key), "{tag}: {key} stands twice");
        }
        assert!(tag.parse::<LanguageIdentifier>().is_ok(), "{tag}");
    }
}

#[test]
fn the_most_wanted_language_comes_first() {
    // RFC 9110, section 12.5.4, gives the first of these.
    assert_eq!(by_preference("da, en-gb;q=0.8, en;q=0.7"), ["da", "en-gb", "en"]);
    assert_eq!(by_preference("fr;q=0.1, de ;q=0.9,,it;q=0"), ["de", "fr"]);
    assert_eq!(by_preference(""), [""; 0]);
    assert_eq!(for_languages(Some("xx, EN-AU")).language(), "en");
    assert_eq!(for_languages(Some("xx")).language(), "en");
    let others: &'static [Texts] =
        added(&[("pt-BR", ""), ("de", ""), ("pt", ""), ("ar", "")]).leak();
    for (accepted, language, direction) in [
        ("de-AT, en;q=0.9", "de", "ltr"),
        ("PT-br", "pt-BR", "ltr"),
        ("pt", "pt", "ltr"),
        ("pt-PT", "pt-BR", "ltr"),
        ("en-GB, de;q=0.9", "en", "ltr"),
        ("xx, ar;q=0.1", "ar", "rtl"),
        ("*", "en", "ltr"),
    ] {
        let texts = best(others, accepted);
        assert_eq!((texts.language(), texts.direction()), (language, direction), "{accepted}");
    }
}

fn added(sources: &[(&str, &str)]) -> Vec<Texts> {
    let sources: Vec<_> =
        sources.iter().map(|(tag, text)| ((*tag).into(), (*text).into())).collect();
    translated(&sources)
}

#[test]
fn what_a_language_lacks_is_english() {
    let source = "nav-browse = Bilder\nnumber-separator = .\nscript-try-again = Noch einmal\n\
                  home-broken = { $";
    let texts = added(&[("de", source), ("en", "nav-browse = Not this"), ("not a tag", "x = y")]);
    let [texts] = &texts[..] else { panic!("{} languages", texts.len()) };
    assert_eq!(texts.get("nav-browse"), "Bilder");
    assert_eq!(texts.number(1234), "1.234");
    assert_eq!(texts.get("says-busy"), in_english().get("says-busy"));
    assert_eq!(in_english().get("nav-browse"), "Browse");
    let scripts =
        |texts: &Texts| -> serde_json::Value { serde_json::from_str(texts.scripts()).unwrap() };
    let (own, english) = (scripts(texts), scripts(in_english()));
    assert_eq!(own["try-again"], "Noch einmal");
    assert_eq!(own["upload-sum"], english["upload-sum"]);
    assert_eq!(own.as_object().unwrap().len(), english.as_object().unwrap().len());
}

#[test]
fn the_texts_to_translate_hold_those_of_the_tables() {
    use crate::config::SETTINGS;
    use crate::spec::PARAMS;

    let all = english();
    // Read again, they say the same as the tables.
    let texts = Texts::read(&"en".parse().unwrap(), &[&all], None);
    let plain = |words: &str| words.replace('`', "");
    for param in PARAMS {
        let key = format!("parameter-{}", param.about.name);
        assert!(texts.has(&key), "{key}");
        assert_eq!(texts.get(&key), param.about.doc, "{key}");
        assert_eq!(in_english().parameter(param), plain(param.about.doc));
    }
    for setting in SETTINGS {
        let key = format!("setting-{}", setting.about.name.replace('_', "-"));
        assert_eq!(texts.get(&key), setting.about.doc, "{key}");
    }
    assert_eq!(texts.get("settings-of-caches"), "Caches");
    assert_eq!(texts.get("params-size"), "Size");
    let mut seen = BTreeSet::new();
    for key in keys(&all) {
        assert!(seen.insert(key), "{key} stands twice");
        assert!(texts.has(key), "{key}");
    }
    // A row cannot be taken for a text of the pages.
    let own: BTreeSet<&str> = keys(ENGLISH).collect();
    assert!(tables::all().all(|(key, _)| !own.contains(&*key)));
}

#[test]
fn what_a_translation_lacks_is_told() {
    assert_eq!(lacking(&english()), "");
    let all = lacking("");
    assert_eq!(keys(&all).collect::<Vec<_>>(), keys(&english()).collect::<Vec<_>>());
    let left = lacking("nav-browse = Bilder\nparameter-width = Breite\n");
    assert!(!left.contains("\nnav-browse =") && !left.contains("\nparameter-width ="), "{left}");
    assert_eq!(keys(&left).count(), keys(&all).count() - 2);
    // Messages of several lines stay whole.
    assert!(FluentResource::try_new(left.clone()).is_ok());
    assert!(
        left.contains("came-folders = { $count ->\n    [one] one folder\n   *[other]"),
        "{left}"
    );
}

#[test]
fn numbers_are_readable() {
    let texts = for_languages(None);
    for (number, shown) in
        [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-12_345, "-12,345")]
    {
        assert_eq!(texts.number(number), shown);
    }
    for (bytes, shown) in [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (12_340_000, "12.3 MB"),
        (123_000_000_000, "123 GB"),
    ] {
        assert_eq!(texts.bytes(bytes).replace('\u{a0}', " "), shown);
    }
    // As the settings count that limit it.
    for (bytes, shown) in [
        (999, "999 B"),
        (1000 << 10, "1000 kB"),
        (32 << 20, "32 MB"),
        (34_000_000, "32.4 MB"),
        (1 << 30, "1 GB"),
        ((3 << 30) / 2, "1.5 GB"),
    ] {
        assert_eq!(texts.memory(bytes).replace('\u{a0}', " "), shown);
    }
}

#[test]
fn texts_for_scripts_stay_within_their_element() {
    let scripts = for_languages(None).scripts();
    assert!(!scripts.contains('<'), "{scripts}");
    let all: serde_json::Value = serde_json::from_str(scripts).unwrap();
    assert!(all.as_object().unwrap().len() > 5, "{scripts}");
    assert_eq!(all["upload-sum"], "{done} of {total} uploaded");
}

#[test]
fn viewers_are_told_what_their_scripts_do_not_know() {
    assert_eq!(in_english().viewers(), "");
    let texts = added(&[
        (
            "de",
            "viewer-zoom-in = Größer\nviewer-open = { $title } <groß>\nviewer-place = { $index }/{ $count }",
        ),
        ("fr", "nav-browse = Images"),
    ]);
    let [german, french] = &texts[..] else { panic!("{} languages", texts.len()) };
    assert_eq!(french.viewers(), "");
    assert!(!german.viewers().contains('<'), "{}", german.viewers());
    let all: serde_json::Value = serde_json::from_str(german.viewers()).unwrap();
    assert_eq!(
        all,
        serde_json::json!({ "zoom-in": "Größer", "open": "{title} <groß>", "place": "{index}/{count}" })
    );
}
