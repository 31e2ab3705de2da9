//! Numbers.

use serde_json::Value;

use super::{Kind, Rules, Shape};

/// Whole numbers.
pub(in crate::spec) struct Integer {
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: Max,
}

/// The upper end of a range.
pub(in crate::spec) enum Max {
    /// A fixed number.
    Fixed(i64),
    /// [`Rules::max_dimension`].
    Dimension,
}

impl<T: TryFrom<i64> + Copy + Into<i64>> Kind<T> for Integer {
    fn parse(&self, text: &str, rules: &Rules) -> Result<T, String> {
        let max = match self.max {
            Max::Fixed(max) => max,
            Max::Dimension => i64::from(rules.max_dimension),
        };
        text.trim()
            .parse()
            .ok()
            .filter(|number| (self.min..=max).contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| format!("must be a whole number from {} to {max}", self.min))
    }

    fn canonical(&self, value: &T) -> String {
        let number: i64 = (*value).into();
        number.to_string()
    }

    fn shape(&self) -> Shape {
        let max = match self.max {
            Max::Fixed(max) => Some(max),
            Max::Dimension => None,
        };
        Shape::Integer { min: self.min, max }
    }

    fn to_json(&self, value: &T) -> Value {
        let number: i64 = (*value).into();
        number.into()
    }
}

/// Numbers with a fraction, rounded to 5 decimals.
pub(in crate::spec) struct Number {
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

/// Decimals that are kept: `10^5`.
const SCALE: f64 = 1e5;

/// Rounds to 5 decimals; −0 becomes 0.
pub(in crate::spec) fn rounded(number: f64) -> f64 {
    (number * SCALE).round() / SCALE + 0.0
}

/// A number without superfluous zeros.
pub(super) fn decimal(number: f64) -> String {
    let text = format!("{number:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Kind<f64> for Number {
    fn parse(&self, text: &str, _: &Rules) -> Result<f64, String> {
        text.trim()
            .parse()
            .ok()
            .filter(|number| (self.min..=self.max).contains(number))
            .map(rounded)
            .ok_or_else(|| format!("must be a number from {} to {}", self.min, self.max))
    }

    fn canonical(&self, value: &f64) -> String {
        decimal(*value)
    }

    fn shape(&self) -> Shape {
        Shape::Number { min: self.min, max: self.max }
    }

    fn to_json(&self, value: &f64) -> Value {
        // Whole numbers are written without a fraction, as people write them.
        serde_json::from_str(&decimal(*value)).unwrap_or(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn integers_keep_their_range() {
        let integer = Integer { min: -1, max: Max::Fixed(200) };
        let kind: &dyn Kind<i64> = &integer;
        reads(kind, "-1", "-1");
        reads(kind, " 0200 ", "200");
        for bad in ["-2", "201", "1.5", "x", "1e2", "", "9999999999999999999999", "0x10"] {
            refuses(kind, bad);
        }
        let narrow: &dyn Kind<u8> = &Integer { min: 0, max: Max::Fixed(1000) };
        refuses(narrow, "256");
    }

    #[test]
    fn the_largest_dimension_is_a_rule() {
        let kind: &dyn Kind<u32> = &Integer { min: 0, max: Max::Dimension };
        assert_eq!(kind.parse("500", &Rules { max_dimension: 500 }), Ok(500));
        let reason = kind.parse("501", &Rules { max_dimension: 500 }).unwrap_err();
        assert_eq!(reason, "must be a whole number from 0 to 500");
    }

    #[test]
    fn numbers_are_rounded_to_five_decimals() {
        let kind = Number { min: -360.0, max: 360.0 };
        reads(&kind, "0.123456", "0.12346");
        reads(&kind, "-0.000001", "0");
        reads(&kind, "1e2", "100");
        reads(&kind, ".5", "0.5");
        reads(&kind, "359.999999", "360");
        for bad in ["NaN", "inf", "-inf", "360.1", "-361", "1,5", "", "1.2.3"] {
            refuses(&kind, bad);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_number_reads_again(number in -360.0f64..=360.0) {
            let kind = Number { min: -360.0, max: 360.0 };
            let value = kind.parse(&number.to_string(), &Rules::default()).unwrap();
            proptest::prop_assert!((value - number).abs() <= 0.000_005_000_1);
            proptest::prop_assert_eq!(kind.parse(&kind.canonical(&value), &Rules::default()), Ok(value));
        }
    }
}
