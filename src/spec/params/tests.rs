use std::collections::HashSet;

use super::*;
use crate::spec::reference_markdown;

#[test]
fn names_are_unique_and_those_of_the_fields() {
    let names: Vec<&str> = PARAMS.iter().map(|param| param.about.name).collect();
    assert_eq!(names, FIELDS);
    let mut seen = HashSet::new();
    for param in PARAMS.iter().filter(|param| param.in_urls()) {
        for name in std::iter::once(&param.about.name).chain(param.about.aliases) {
            assert!(seen.insert(*name), "{name} stands twice");
        }
    }
}

#[test]
fn template_names_are_unique() {
    let mut seen = HashSet::new();
    for param in PARAMS {
        // The name of URLs is understood in templates too.
        let mut names = HashSet::from([param.about.name]);
        if let Some(template) = param.template() {
            names.insert(template.name);
            names.extend(template.aliases);
        }
        for name in names {
            assert!(seen.insert(name), "{name} stands twice");
        }
    }
}

#[test]
fn key_letters_are_unique() {
    let mut seen = HashSet::new();
    for letter in PARAMS.iter().filter_map(|param| param.about.key) {
        assert!(letter.is_ascii_alphabetic());
        assert!(seen.insert(letter), "{letter} stands twice");
    }
}

#[test]
fn defaults_are_valid_and_canonical_texts_read_the_same() {
    for param in PARAMS {
        let Some(default) = param.about.default else { continue };
        let mut params = Params::default();
        param.read(&mut params, default, Layer::Url, &Rules::default()).unwrap();
        let text = param.text(&params).unwrap();
        let mut again = Params::default();
        param.read(&mut again, &text, Layer::Url, &Rules::default()).unwrap();
        assert_eq!(again, params, "{}", param.about.name);
    }
}

#[test]
fn originals_take_what_says_how_to_send() {
    let names: Vec<&str> =
        PARAMS.iter().filter(|param| param.about.original).map(|param| param.about.name).collect();
    assert_eq!(names, ["src", "attach", "xref", "stats"]);
}

#[test]
fn local_conversion_takes_what_changes_the_picture() {
    let names: HashSet<&str> = pixel_params().map(|param| param.about.name).collect();
    for name in ["width", "format", "fill", "tile", "colorspace"] {
        assert!(names.contains(name), "{name}");
    }
    for name in ["src", "tmp", "attach", "xref", "stats", "expires"] {
        assert!(!names.contains(name), "{name}");
    }
}

#[test]
fn the_reference_is_current_and_tells_of_every_parameter() {
    let text = reference_markdown();
    for param in PARAMS {
        assert!(text.contains(&format!("\n### {}\n", param.about.name)), "{}", param.about.name);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/parameters.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "docs/reference/parameters.md is not current: run `halftone docs`");
}
