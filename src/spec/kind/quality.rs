//! How much of a picture is kept.

use serde_json::Value;

use super::choice::AUTO;
use super::{Kind, Rules, Shape};

/// A quality that is named, or left to a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QualityWish {
    /// This number.
    Level(u8),
    /// Whatever reaches the score that is aimed at.
    Auto,
}

/// A number from 1 to 100, or `auto`.
pub(in crate::spec) struct QualityLevel;

const MIN: u8 = 1;
const MAX: u8 = 100;

impl Kind<QualityWish> for QualityLevel {
    fn parse(&self, text: &str, _: &Rules) -> Result<QualityWish, String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case(AUTO) {
            return Ok(QualityWish::Auto);
        }
        // Leading zeros are as good as none, however many.
        let level = text.parse::<u64>().ok().and_then(|level| u8::try_from(level).ok());
        level
            .filter(|level| (MIN..=MAX).contains(level))
            .map(QualityWish::Level)
            .ok_or_else(|| format!("must be a whole number from {MIN} to {MAX}, or {AUTO}"))
    }

    fn canonical(&self, value: &QualityWish) -> String {
        match value {
            QualityWish::Level(level) => level.to_string(),
            QualityWish::Auto => AUTO.into(),
        }
    }

    fn shape(&self) -> Shape {
        Shape::ChoiceOrInteger { words: vec![AUTO], min: MIN.into(), max: MAX.into() }
    }

    fn to_json(&self, value: &QualityWish) -> Value {
        match value {
            QualityWish::Level(level) => (*level).into(),
            QualityWish::Auto => AUTO.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn numbers_and_auto() {
        reads(&QualityLevel, " 080 ", "80");
        reads(&QualityLevel, "1", "1");
        reads(&QualityLevel, "100", "100");
        reads(&QualityLevel, "AUTO", "auto");
        for bad in ["0", "101", "-1", "80.5", "best", "356"] {
            refuses(&QualityLevel, bad);
        }
    }
}
