//! The examples of the imaging guide: each address answers with the picture that stands below it.

use std::fs;
use std::path::Path;

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

#[test]
fn every_example_answers_with_the_picture_that_is_shown() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let guide = fs::read_to_string(docs.join("imaging.md")).unwrap();
    let examples = examples(&guide);
    assert!(examples.len() >= 20);
    let site = Site::start("", |images| {
        halftone::demo::paint(images, |_| {}).unwrap();
    });
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
