//! The kinds of values that parameters take: how each is read, written and described.

mod choice;
mod colour;
mod colour_names;
mod fit;
mod number;
mod place;
mod profile;
mod quality;
mod text;

use serde_json::Value;

pub(super) use choice::{
    ColourModel, CompassPoint, FileFormat, Mirror, RenderingIntent, Switch, Uprighting,
};
pub use choice::{FormatChoice, FormatWish};
pub(super) use colour::Colour;
pub use fit::Fit;
pub(super) use fit::{FitWord, GravityPlace};
pub(super) use number::{Integer, Max, Number, rounded};
pub(super) use place::{Alignment, GridTile};
pub(super) use profile::ProfileName;
pub(super) use quality::QualityLevel;
pub use quality::QualityWish;
pub(super) use text::{SourceFile, Text};

use super::Rules;

/// A kind of value.
///
/// `parse(canonical(x)) == x` holds for every `x` that `parse` can return.
pub(super) trait Kind<T>: Sync {
    /// Reads a value that is not blank. The error is the rest of a sentence: "must be …".
    fn parse(&self, text: &str, rules: &Rules) -> Result<T, String>;

    /// The one text that stands for a value in URLs and keys.
    fn canonical(&self, value: &T) -> String;

    /// The text that stands for a value in keys: the canonical one, unless the key says by other
    /// means what the value stands for.
    fn key_text(&self, value: &T) -> String {
        self.canonical(value)
    }

    /// What values look like, for forms, schemas and the reference.
    fn shape(&self) -> Shape;

    /// The value as templates hold it.
    fn to_json(&self, value: &T) -> Value {
        Value::String(self.canonical(value))
    }

    /// Reads a template's value; blank texts and null are no value.
    fn read_json(&self, value: &Value, rules: &Rules) -> Result<Option<T>, String> {
        let text = match value {
            Value::Null => return Ok(None),
            Value::String(text) if text.trim().is_empty() => return Ok(None),
            Value::String(text) => text.clone(),
            Value::Number(number) => match number.as_f64() {
                // Some clients write every number with a fraction.
                Some(whole) if number.is_f64() && whole.fract() == 0.0 => format!("{whole:.0}"),
                _ => number.to_string(),
            },
            Value::Bool(switch) => switch.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err("must be one value, not a list or an object".into());
            }
        };
        if text.contains(['\0', '\r', '\n']) {
            return Err("must not contain control characters".into());
        }
        self.parse(&text, rules).map(Some)
    }
}

/// What the values of a parameter look like.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Free text.
    Text {
        /// The largest number of characters.
        max_chars: usize,
    },
    /// A whole number.
    Integer {
        /// The smallest.
        min: i64,
        /// The largest; none when a setting says it.
        max: Option<i64>,
    },
    /// A number.
    Number {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// Yes or no.
    Switch,
    /// One of some words, whose letters may be large or small.
    Choice(Vec<&'static str>),
    /// An edge letter and a position.
    Align(&'static str),
    /// A colour.
    Colour,
    /// A tile of a grid.
    Tile,
    /// One of some words, or a whole number.
    ChoiceOrInteger {
        /// The words.
        words: Vec<&'static str>,
        /// The smallest number.
        min: i64,
        /// The largest number.
        max: i64,
    },
    /// One of some words, or a point as two fractions.
    ChoiceOrPoint(Vec<&'static str>),
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text { max_chars } => write!(f, "text of at most {max_chars} characters"),
            Self::Integer { min, max: Some(max) } => write!(f, "whole number, {min} to {max}"),
            Self::Integer { min, max: None } => {
                write!(f, "whole number, {min} to the setting `max_image_dimension`")
            }
            Self::Number { min, max } => write!(f, "number, {min} to {max}"),
            Self::Switch => write!(f, "`true` or `false`, `1` or `0`"),
            Self::Choice(words) => write!(f, "`{}`", words.join("`, `")),
            Self::Align(letters) => {
                let letters: Vec<String> = letters.chars().map(|c| format!("`{c}`")).collect();
                write!(f, "one of {} followed by a number, 0 to 1", letters.join(", "))
            }
            Self::Colour => write!(f, "colour"),
            Self::Tile => write!(f, "`number:grid`"),
            Self::ChoiceOrInteger { words, min, max } => {
                write!(f, "`{}`, or whole number, {min} to {max}", words.join("`, `"))
            }
            Self::ChoiceOrPoint(words) => {
                write!(f, "`{}`, or two numbers, 0 to 1, with a comma between", words.join("`, `"))
            }
        }
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Reads `text` and checks that its canonical text is `canonical` and reads the same.
    pub fn reads<T: PartialEq + std::fmt::Debug>(kind: &dyn Kind<T>, text: &str, canonical: &str) {
        let rules = Rules::default();
        let value = kind.parse(text, &rules).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(kind.canonical(&value), canonical, "canonical text of {text}");
        assert_eq!(kind.parse(canonical, &rules).as_ref(), Ok(&value), "{canonical} again");
        let json = kind.to_json(&value);
        assert_eq!(kind.read_json(&json, &rules), Ok(Some(value)), "{json} again");
    }

    /// Checks that `text` is refused.
    pub fn refuses<T: std::fmt::Debug>(kind: &dyn Kind<T>, text: &str) {
        let reason = kind.parse(text, &Rules::default()).expect_err(text);
        assert!(reason.starts_with("must "), "{reason}");
    }

    #[test]
    fn control_characters_and_nests_are_refused_in_json() {
        let text = Text { max_chars: 10 };
        for bad in [r#""a\u0000b""#, r#""a\nb""#, r#""a\rb""#, "[1]", r#"{"value":1}"#] {
            let value = serde_json::from_str(bad).unwrap();
            assert!(text.read_json(&value, &Rules::default()).is_err(), "{bad}");
        }
        for none in ["null", r#""""#, r#""  ""#] {
            let value = serde_json::from_str(none).unwrap();
            assert_eq!(text.read_json(&value, &Rules::default()), Ok(None), "{none}");
        }
    }
}
