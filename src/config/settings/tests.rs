use std::collections::HashSet;

use super::*;
use crate::config::{Loaded, Sources, load, reference_markdown, sample_toml};

#[test]
fn names_are_unique_and_those_of_the_fields() {
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.about.name).collect();
    assert_eq!(names, FIELDS);
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
}

#[test]
fn every_default_is_valid_and_written_as_it_is_read() {
    let defaults = Settings::default();
    for setting in SETTINGS {
        let text = setting.toml(&defaults);
        let document: toml::Table = toml::from_str(&format!("x = {text}")).unwrap();
        let plain = match &document["x"] {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(items) => {
                let items: Vec<&str> = items.iter().map(|item| item.as_str().unwrap()).collect();
                items.join(",")
            }
            other => other.to_string(),
        };
        assert_eq!(plain, setting.about.default, "{}", setting.about.name);
    }
}

#[test]
fn names_tell_their_unit() {
    for setting in SETTINGS {
        let suffix = match setting.about.unit {
            Some(Unit::Milliseconds) => "_ms",
            Some(Unit::Seconds) => "_s",
            Some(Unit::Minutes) => "_min",
            Some(Unit::Days) => "_days",
            Some(Unit::Kilobytes) => "_kb",
            Some(Unit::Megabytes) => "_mb",
            Some(Unit::Megapixels) => "_megapixels",
            Some(Unit::Pixels) | None => continue,
        };
        assert!(setting.about.name.ends_with(suffix), "{}", setting.about.name);
    }
}

#[test]
fn settings_stand_with_their_group() {
    let mut groups: Vec<Group> = SETTINGS.iter().map(|setting| setting.about.group).collect();
    groups.dedup();
    assert_eq!(groups, Group::ALL);
}

/// The sample with every setting uncommented.
fn uncommented() -> String {
    let lines = sample_toml()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest.to_owned(),
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>();
    lines.join("\n")
}

#[test]
fn the_sample_says_every_setting_at_its_default() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("halftone.toml");
    std::fs::write(&file, uncommented()).unwrap();
    let load = |file| load(&Sources { file: Some(file), ..Sources::default() });
    let loaded: Loaded = load(file).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    for setting in SETTINGS {
        let origin = loaded.origin(setting.about.name).to_string();
        assert!(origin.contains("halftone.toml:"), "{}: {origin}", setting.about.name);
    }
    let file = folder.path().join("as-it-is.toml");
    std::fs::write(&file, sample_toml()).unwrap();
    assert_eq!(load(file).unwrap().settings, Settings::default());
}

#[test]
fn generated_files_are_current() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, text) in [
        ("conf/halftone.toml", sample_toml()),
        ("docs/reference/settings.md", reference_markdown()),
    ] {
        let written = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        assert!(written == text, "{path} is not current: run `halftone docs`");
    }
}
