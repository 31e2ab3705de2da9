//! Colours: names, hexadecimal and decimal numbers, or none.

use serde_json::Value;

use super::colour_names::COLOUR_NAMES;
use super::{Kind, Rules, Shape};
use crate::pixel::{Fill, Rgba};

/// An opaque sRGB colour, `none`, or `auto`.
pub(in crate::spec) struct Colour;

const LENGTHS: std::ops::RangeInclusive<usize> = 3..=32;

impl Kind<Fill> for Colour {
    fn parse(&self, text: &str, _: &Rules) -> Result<Fill, String> {
        let word = text.trim().to_ascii_lowercase();
        if !LENGTHS.contains(&word.chars().count()) {
            return Err("must have 3 to 32 characters".into());
        }
        if word == "none" || word == "transparent" {
            return Ok(Fill::Transparent);
        }
        if word == "auto" {
            return Ok(Fill::Auto);
        }
        named(&word)
            .or_else(|| hexadecimal(&word))
            .or_else(|| decimal(&word))
            .map(|[r, g, b]| Fill::Colour(Rgba { r, g, b, a: 255 }))
            .ok_or_else(|| {
                "must be a colour name, hexadecimal such as ff0000, rgb(255,0,0), none, or auto"
                    .into()
            })
    }

    fn canonical(&self, value: &Fill) -> String {
        match value {
            Fill::Colour(Rgba { r, g, b, .. }) => format!("{r:02x}{g:02x}{b:02x}"),
            Fill::Transparent => "none".into(),
            Fill::Auto => "auto".into(),
        }
    }

    fn shape(&self) -> Shape {
        Shape::Colour
    }

    fn to_json(&self, value: &Fill) -> Value {
        match value {
            Fill::Colour(_) => format!("#{}", self.canonical(value)).into(),
            Fill::Transparent | Fill::Auto => self.canonical(value).into(),
        }
    }
}

fn named(word: &str) -> Option<[u8; 3]> {
    let at = COLOUR_NAMES.binary_search_by_key(&word, |(name, _)| name).ok()?;
    let [_, r, g, b] = COLOUR_NAMES[at].1.to_be_bytes();
    Some([r, g, b])
}

/// `rrggbb` or `rgb`, with or without a `#` before.
fn hexadecimal(word: &str) -> Option<[u8; 3]> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    let digits: Vec<u8> =
        digits.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    match digits[..] {
        [r, g, b] => Some([r * 17, g * 17, b * 17]),
        [a, b, c, d, e, f] => Some([a * 16 + b, c * 16 + d, e * 16 + f]),
        _ => None,
    }
}

/// `rgb(r,g,b)` with numbers from 0 to 255.
fn decimal(word: &str) -> Option<[u8; 3]> {
    let inner = word.strip_prefix("rgb(")?.strip_suffix(')')?;
    let numbers: Vec<u8> =
        inner.split(',').map(|number| number.trim().parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn every_way_of_writing() {
        for (text, canonical) in [
            ("red", "ff0000"),
            ("DarkGrey", "a9a9a9"),
            ("ff8000", "ff8000"),
            ("#FF8000", "ff8000"),
            ("f80", "ff8800"),
            ("#f80", "ff8800"),
            ("rgb(255,128,0)", "ff8000"),
            ("RGB( 255, 128 ,0 )", "ff8000"),
            ("none", "none"),
            ("Transparent", "none"),
            ("Auto", "auto"),
        ] {
            reads(&Colour, text, canonical);
        }
        for bad in [
            "notacolour",
            "12",
            "ff80",
            "ff80000",
            "#",
            "##fff",
            "rgb(256,0,0)",
            "rgb(1,2)",
            "rgb(1,2,3,4)",
            "rgb(1,2,3",
            "rgb(-1,2,3)",
            "ééé",
            "lightgoldenrodyellowlightgoldenrodyellow",
        ] {
            refuses(&Colour, bad);
        }
    }

    #[test]
    fn names_are_sorted_and_every_one_is_read() {
        assert!(COLOUR_NAMES.is_sorted_by(|a, b| a.0 < b.0));
        for (name, value) in COLOUR_NAMES {
            reads(&Colour, name, &format!("{value:06x}"));
        }
    }
}
