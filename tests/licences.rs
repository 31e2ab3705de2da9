//! Every dependency's licence is compatible with this project's.

use std::process::Command;

/// Licences that may be linked into an Apache-2.0 program.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "IJG",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "Apache-2.0 WITH LLVM-exception",
    "bzip2-1.0.6",
];

/// Licences of what runs in browsers or builds it, beside those: one of fonts, and one as free as MIT.
const ALLOWED_IN_BROWSERS: &[&str] = &["OFL-1.1", "BlueOak-1.0.0"];

/// Packages whose description forgets the licence that their own readme tells.
const TOLD_ELSEWHERE: &[(&str, &str)] = &[("node_modules/combine-errors", "MIT")];

/// Whether a licence expression can be met: one side of each `OR`, both of each `AND`.
fn acceptable(expression: &str) -> bool {
    let expression = expression.trim().replace('/', " OR ");
    if let Some((left, right)) = split(&expression, " AND ") {
        return acceptable(&left) && acceptable(&right);
    }
    if let Some((left, right)) = split(&expression, " OR ") {
        return acceptable(&left) || acceptable(&right);
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => acceptable(inner),
        None => ALLOWED.contains(&expression.trim()),
    }
}

/// Splits at the first `operator` that stands outside parentheses.
fn split(expression: &str, operator: &str) -> Option<(String, String)> {
    let mut depth = 0;
    for (index, c) in expression.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && expression[index..].starts_with(operator) => {
                let right = &expression[index + operator.len()..];
                return Some((expression[..index].to_owned(), right.to_owned()));
            }
            _ => {}
        }
    }
    None
}

#[test]
fn every_dependency_may_be_linked() {
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let about = String::from_utf8(rustc.stdout).expect("rustc's version is text");
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("it names a host");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("it lists packages");
    assert!(packages.len() > 100, "only {} packages were listed", packages.len());
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !package["license"].as_str().is_some_and(acceptable))
        .map(|package| format!("{} {}", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_package_of_the_browser_side_may_be_used() {
    for (lock, least) in [("web/package-lock.json", 5), ("tests/browser/package-lock.json", 1)] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(lock);
        let json = std::fs::read(path).expect("it is there");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("it is JSON");
        let packages = json["packages"].as_object().expect("it lists packages");
        assert!(packages.len() > least, "{lock}: only {} packages", packages.len());
        let refused: Vec<String> = packages
            .iter()
            .filter(|(name, package)| {
                let told = TOLD_ELSEWHERE.iter().find(|(known, _)| known == name);
                let licence = package["license"].as_str().or(told.map(|(_, licence)| *licence));
                !licence.is_some_and(|it| acceptable(it) || ALLOWED_IN_BROWSERS.contains(&it))
            })
            .map(|(name, package)| format!("{lock}: {name} {}", package["license"]))
            .collect();
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }
}

#[test]
fn expressions_are_understood() {
    assert!(acceptable("MIT OR GPL-2.0"));
    assert!(acceptable("MIT/Apache-2.0"));
    assert!(acceptable("(MIT OR GPL-3.0) AND Zlib"));
    assert!(!acceptable("GPL-3.0"));
    assert!(!acceptable("MIT AND AGPL-3.0"));
}
