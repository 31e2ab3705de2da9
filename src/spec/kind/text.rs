//! Free text, and the names of files.

use super::{Kind, Rules, Shape};

/// Text that is taken as it is, spaces included.
pub(in crate::spec) struct Text {
    /// The largest number of characters.
    pub max_chars: usize,
}

impl Kind<String> for Text {
    fn parse(&self, text: &str, _: &Rules) -> Result<String, String> {
        if text.chars().count() > self.max_chars {
            return Err(format!("must have at most {} characters", self.max_chars));
        }
        Ok(text.to_owned())
    }

    fn canonical(&self, value: &String) -> String {
        value.clone()
    }

    fn shape(&self) -> Shape {
        Shape::Text { max_chars: self.max_chars }
    }
}

/// The path of a file of the repository.
pub(in crate::spec) struct SourceFile;

const PATH: Text = Text { max_chars: 1024 };

impl Kind<String> for SourceFile {
    fn parse(&self, text: &str, rules: &Rules) -> Result<String, String> {
        PATH.parse(text, rules)
    }

    fn canonical(&self, value: &String) -> String {
        value.clone()
    }

    /// That there is one; which one, and in which revision, is added to the key by whoever looks
    /// it up.
    fn key_text(&self, _: &String) -> String {
        String::new()
    }

    fn shape(&self) -> Shape {
        Shape::Text { max_chars: PATH.max_chars }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        let text = Text { max_chars: 4 };
        reads(&text, "äöü ", "äöü ");
        refuses(&text, "äöü ß");
    }

    #[test]
    fn files_are_named_as_they_are_and_left_out_of_keys() {
        reads(&SourceFile, "logos/ü, b.png", "logos/ü, b.png");
        refuses(&SourceFile, &"x".repeat(1025));
        assert_eq!(SourceFile.key_text(&"a.png".to_owned()), "");
    }
}
