//! How a picture fills a shape, and which part of it is kept.

use super::choice::one_of;
use super::number::{decimal, rounded};
use super::{Kind, Rules, Shape};
use crate::pixel::{Gravity, Point};

/// How a picture is brought to a width and a height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fit {
    /// Fitted in, the rest filled.
    Contain,
    /// What is too much cut off.
    Cover,
    /// Fitted in, the result smaller in one direction.
    Inside,
    /// Stretched.
    Fill,
}

const FITS: [(&str, Fit); 4] = [
    ("contain", Fit::Contain),
    ("cover", Fit::Cover),
    ("inside", Fit::Inside),
    ("fill", Fit::Fill),
];

/// One of the words for [`Fit`].
pub(in crate::spec) struct FitWord;

impl Kind<Fit> for FitWord {
    fn parse(&self, text: &str, _: &Rules) -> Result<Fit, String> {
        let found = FITS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
        found.map(|(_, fit)| *fit).ok_or_else(|| one_of(&FITS.map(|(word, _)| word)))
    }

    fn canonical(&self, value: &Fit) -> String {
        let found = FITS.iter().find(|(_, fit)| fit == value);
        found.map_or("contain", |(word, _)| word).to_owned()
    }

    fn shape(&self) -> Shape {
        Shape::Choice(FITS.map(|(word, _)| word).to_vec())
    }
}

/// The words for places, and how far right and down each is, in halves.
const PLACES: [(&str, u8, u8); 9] = [
    ("n", 1, 0),
    ("ne", 2, 0),
    ("e", 2, 1),
    ("se", 2, 2),
    ("s", 1, 2),
    ("sw", 0, 2),
    ("w", 0, 1),
    ("nw", 0, 0),
    ("c", 1, 1),
];

const FOCUS: &str = "focus";
const SMART: &str = "smart";

/// A place of the compass, `focus`, `smart`, or a point.
pub(in crate::spec) struct GravityPlace;

impl GravityPlace {
    fn words() -> Vec<&'static str> {
        PLACES.iter().map(|(word, ..)| *word).chain([FOCUS, SMART]).collect()
    }
}

impl Kind<Gravity> for GravityPlace {
    fn parse(&self, text: &str, _: &Rules) -> Result<Gravity, String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case(FOCUS) {
            return Ok(Gravity::Focus);
        }
        if text.eq_ignore_ascii_case(SMART) {
            return Ok(Gravity::Smart);
        }
        if let Some((_, x, y)) = PLACES.iter().find(|(word, ..)| word.eq_ignore_ascii_case(text)) {
            return Ok(Gravity::Side { x: *x, y: *y });
        }
        let fraction = |text: &str| {
            let number: f64 = text.trim().parse().ok()?;
            (0.0..=1.0).contains(&number).then(|| rounded(number))
        };
        // The canonical text has a colon, since keys are divided by commas.
        let point = text
            .split_once([',', ':'])
            .and_then(|(x, y)| Some(Point { x: fraction(x)?, y: fraction(y)? }));
        point.map(Gravity::Point).ok_or_else(|| {
            format!("{}, or two numbers from 0 to 1 with a comma between", one_of(&Self::words()))
        })
    }

    fn canonical(&self, value: &Gravity) -> String {
        match value {
            Gravity::Focus => FOCUS.into(),
            Gravity::Smart => SMART.into(),
            Gravity::Point(Point { x, y }) => format!("{}:{}", decimal(*x), decimal(*y)),
            Gravity::Side { x, y } => {
                let found = PLACES.iter().find(|(_, px, py)| (px, py) == (x, y));
                found.map_or("c", |(word, ..)| word).to_owned()
            }
        }
    }

    fn shape(&self) -> Shape {
        Shape::ChoiceOrPoint(Self::words())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn fits() {
        for (word, _) in FITS {
            reads(&FitWord, word, word);
            reads(&FitWord, &word.to_uppercase(), word);
        }
        for bad in ["crop", "containing", "co ver"] {
            refuses(&FitWord, bad);
        }
    }

    #[test]
    fn gravities() {
        for word in GravityPlace::words() {
            reads(&GravityPlace, &word.to_uppercase(), word);
        }
        reads(&GravityPlace, "0.3,0.7", "0.3:0.7");
        reads(&GravityPlace, " 0 , 1.0 ", "0:1");
        reads(&GravityPlace, "0.123456:.5", "0.12346:0.5");
        for bad in ["north", "0.3", "0.3,", "1.1,0", "-0.1,0", "NaN,0", "0.1,0.2,0.3", "x,y"] {
            refuses(&GravityPlace, bad);
        }
        let nw = GravityPlace.parse("nw", &Rules::default());
        assert_eq!(nw, Ok(Gravity::Side { x: 0, y: 0 }));
    }
}
