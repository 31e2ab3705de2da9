//! The layer rule of ARCHITECTURE.md, read off the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules that a module may name, where that is restricted; others may name what they like except
/// `web` and `cli`.
const RESTRICTED: &[(&str, &[&str])] = &[
    ("pixel", &[]),
    ("spec", &["pixel"]),
    ("config", &[]),
    ("demo", &[]),
    ("http", &["pixel"]),
    ("source", &[]),
    ("profiles", &["pixel"]),
    ("protection", &["spec"]),
    ("fastcgi", &["http", "pixel"]),
    ("cache", &["bytelock"]),
    ("db", &["tls"]),
    ("auth", &["db", "tls"]),
    ("backup", &["db"]),
    ("import", &["auth", "config", "db", "source", "spec"]),
    ("library", &["auth", "db", "pixel", "source", "task"]),
    ("load", &["tls"]),
    ("stats", &["db"]),
    ("task", &["db"]),
    ("process", &["bytelock", "fastcgi", "http", "pixel"]),
    ("reduction", &["bytelock", "pixel"]),
    ("sandbox", &["pixel"]),
    ("bytelock.rs", &[]),
    ("tls", &[]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the source folder is readable") {
        let path = entry.expect("its entries are readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules of this crate that a source file names by `crate::`, comments and tests aside.
fn named(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut modules = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => modules.extend(first_segments(list)),
            None => modules.extend(identifier(rest)),
        }
    }
    modules
}

fn identifier(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first segments of `a::…, b, c::{…}}`, the inside of a list.
fn first_segments(list: &str) -> Vec<String> {
    let mut depth = 1;
    let mut names = Vec::new();
    let mut fresh = true;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => fresh = true,
            c if fresh && depth == 1 && c.is_alphabetic() => {
                names.extend(identifier(&list[at..]));
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[test]
fn modules_keep_to_their_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "only {} source files were found", files.len());
    let mut breaches = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).expect("it lies in src");
        let module = relative.iter().next().expect("it has a first part").to_string_lossy();
        let text = fs::read_to_string(&file).expect("it is readable");
        for name in named(&text) {
            let allowed = RESTRICTED.iter().find(|(restricted, _)| *restricted == module);
            let breach = name != module
                && match allowed {
                    Some((_, allowed)) => !allowed.contains(&name.as_str()),
                    None => match name.as_str() {
                        "cli" => !matches!(module.as_ref(), "main.rs" | "lib.rs"),
                        "web" => module != "cli",
                        _ => false,
                    },
                };
            if breach {
                breaches.push(format!("{} names crate::{name}", relative.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn lists_over_several_lines_are_seen() {
    let code = "use crate::{\n    auth::{self, Level},\n    db,\n};\nuse crate::http::Request;\n";
    let expected: BTreeSet<String> = ["auth", "db", "http"].map(str::to_owned).into();
    assert_eq!(named(code), expected);
}

/// The libraries of a package by name, with versions and features.
fn libraries(manifest: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
    let text = fs::read_to_string(&path).expect("it is readable");
    let table: toml::Table = text.parse().expect("it is sound");
    table["dependencies"].as_table().expect("it names libraries").clone()
}

#[test]
fn what_is_fuzzed_takes_the_libraries_that_the_program_takes() {
    let (ours, mut fuzzed) = (libraries("Cargo.toml"), libraries("fuzz/Cargo.toml"));
    assert!(fuzzed.remove("libfuzzer-sys").is_some());
    assert!(fuzzed.len() > 20, "only {} libraries", fuzzed.len());
    for (name, wanted) in &fuzzed {
        assert_eq!(ours.get(name), Some(wanted), "{name}");
    }
    // And in the versions that are locked for it.
    let locked = |file: &str| -> BTreeSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = fs::read_to_string(&path).expect("it is readable");
        let table: toml::Table = text.parse().expect("it is sound");
        let packages = table["package"].as_array().expect("packages are listed");
        let of = |package: &toml::Value| format!("{} {}", package["name"], package["version"]);
        packages.iter().map(of).collect()
    };
    let (ours, fuzzed) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    let other: Vec<&String> = fuzzed.difference(&ours).collect();
    let known = ["arbitrary", "halftone-fuzz", "libfuzzer-sys"];
    let is_known = |package: &&&String| known.iter().any(|name| package.contains(name));
    assert!(other.iter().all(|package| is_known(&package)), "{other:?}");
}
