//! The examples of the imaging guide: each address answers with the picture that stands below it.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::magick;
use crate::site::Site;

/// Addresses of the guide, each with the picture below it.
fn examples(guide: &str) -> Vec<(&str, &str)> {
    let mut examples = Vec::new();
    let mut address = None;
    for line in guide.lines() {
        if let Some(code) = line.strip_prefix('`').and_then(|line| line.strip_suffix('`')) {
            address = code.starts_with("/image?").then_some(code).or(address);
        } else if let Some((_, picture)) = line.split_once("](images/guide/") {
            examples.push((address.take().expect(line), picture.strip_suffix(')').expect(line)));
        }
    }
    assert_eq!(address, None, "an address without a picture");
    examples
}

/// The demo library. Painting it takes a quarter of a minute without optimisation, so that it is kept in
/// the build folder for as long as the painter's sources stay what they are.
fn painted() -> PathBuf {
    let mut sources = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { sources.push(path) }
        }
    }
    assert!(sources.len() > 10, "the painter has more files than {sources:?}");
    sources.sort_unstable();
    let mut digest = Sha256::new();
    for source in sources {
        digest.update(source.as_os_str().as_encoded_bytes());
        digest.update(fs::read(source).unwrap());
    }
    let digest: String = digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("demo-{digest}"));
    // Each picture appears whole or not at all, and those that are there are left.
    halftone::demo::paint(&folder, |_| {}).unwrap();
    folder
}

/// Copies the files of folders that lie in a folder.
fn copy(from: &Path, to: &Path) {
    for folder in fs::read_dir(from).unwrap().flatten() {
        let into = to.join(folder.file_name());
        fs::create_dir(&into).unwrap();
        for file in fs::read_dir(folder.path()).unwrap().flatten() {
            fs::copy(file.path(), into.join(file.file_name())).unwrap();
        }
    }
}

#[test]
fn every_parameter_of_addresses_is_told_of() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let guide = fs::read_to_string(docs.join("imaging.md")).unwrap();
    for param in halftone::spec::PARAMS {
        let name = param.about.name;
        let told = ["`", "=", " "].iter().any(|end| guide.contains(&format!("`{name}{end}")))
            || guide.contains(&format!("&{name}="));
        assert!(told, "the guide does not tell of {name}");
    }
}

#[test]
fn every_example_answers_with_the_picture_that_is_shown() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let guide = fs::read_to_string(docs.join("imaging.md")).unwrap();
    let examples = examples(&guide);
    assert!(examples.len() >= 20);
    let site = Site::start("", |images| copy(&painted(), images));
    for (address, picture) in &examples {
        let shown = magick::pixels(&fs::read(docs.join("images/guide").join(picture)).unwrap());
        let made = magick::pixels(&site.ok(address).body);
        assert_eq!(made.size, shown.size, "{address}: run scripts/guide-pictures");
        let (width, height) = made.size;
        let pairs = made.part(0, 0, width, height).into_iter().zip(shown.part(0, 0, width, height));
        let apart: u64 = pairs
            .flat_map(|(one, other)| {
                std::array::from_fn::<_, 4, _>(|band| (one[band], other[band]))
            })
            .map(|(one, other)| u64::from(one.abs_diff(other)))
            .sum();
        let mean = apart as f64 / (4 * width * height) as f64;
        assert!(mean < 3.0, "{address}: {mean} levels from {picture}: run scripts/guide-pictures");
    }
    let kept = fs::read_dir(docs.join("images/guide")).unwrap().count();
    assert_eq!(kept, examples.len(), "pictures that the guide does not show");
}
