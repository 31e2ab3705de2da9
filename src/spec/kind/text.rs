//! Free text.

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
}
