//! Values from a short list of words. Large and small letters are the same.

use serde_json::Value;

use super::{Kind, Rules, Shape};
use crate::pixel::{ColourSpace, Compass, FORMATS, Flip, Format, Intent};

/// Yes or no.
pub(in crate::spec) struct Switch;

impl Kind<bool> for Switch {
    fn parse(&self, text: &str, _: &Rules) -> Result<bool, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "t" => Ok(true),
            "0" | "false" | "f" => Ok(false),
            _ => Err("must be true or false, 1 or 0".into()),
        }
    }

    fn canonical(&self, value: &bool) -> String {
        if *value { "1".into() } else { "0".into() }
    }

    fn shape(&self) -> Shape {
        Shape::Switch
    }

    fn to_json(&self, value: &bool) -> Value {
        Value::Bool(*value)
    }
}

/// A file format with its variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FormatChoice {
    /// The format.
    pub format: Format,
    /// Whether it is coded progressively (JPEG).
    pub progressive: bool,
}

/// A file format that is named, or left to what the client can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormatWish {
    /// This one.
    Named(FormatChoice),
    /// The best that the client takes.
    Auto,
}

/// The word for leaving it open.
pub(super) const AUTO: &str = "auto";

/// The words for progressive JPEG.
const PROGRESSIVE: [&str; 2] = ["pjpg", "pjpeg"];

/// A format that can be written.
pub(in crate::spec) struct FileFormat;

impl Kind<FormatWish> for FileFormat {
    fn parse(&self, text: &str, _: &Rules) -> Result<FormatWish, String> {
        let word = text.trim();
        if word.eq_ignore_ascii_case(AUTO) {
            return Ok(FormatWish::Auto);
        }
        let named =
            |format, progressive| Ok(FormatWish::Named(FormatChoice { format, progressive }));
        if PROGRESSIVE.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            return named(Format::Jpeg, true);
        }
        match Format::from_extension(word) {
            Some(format) if format.row().is_written() => named(format, false),
            _ => Err(one_of(&words())),
        }
    }

    fn canonical(&self, value: &FormatWish) -> String {
        match value {
            FormatWish::Auto => AUTO,
            FormatWish::Named(choice) if choice.progressive => PROGRESSIVE[0],
            FormatWish::Named(choice) => choice.format.extension(),
        }
        .to_owned()
    }

    fn shape(&self) -> Shape {
        Shape::Choice(words())
    }
}

fn words() -> Vec<&'static str> {
    let mut words = vec![AUTO];
    for row in FORMATS.iter().filter(|row| row.is_written()) {
        words.extend(row.extensions);
        if row.format == Format::Jpeg {
            words.extend(PROGRESSIVE);
        }
    }
    words
}

pub(super) fn one_of(words: &[&str]) -> String {
    format!("must be one of {}", words.join(", "))
}

/// A mirror.
pub(in crate::spec) struct Mirror;

impl Kind<Flip> for Mirror {
    fn parse(&self, text: &str, _: &Rules) -> Result<Flip, String> {
        match text.trim() {
            "h" | "H" => Ok(Flip::Horizontal),
            "v" | "V" => Ok(Flip::Vertical),
            _ => Err(one_of(&["h", "v"])),
        }
    }

    fn canonical(&self, value: &Flip) -> String {
        match value {
            Flip::Horizontal => "h".into(),
            Flip::Vertical => "v".into(),
        }
    }

    fn shape(&self) -> Shape {
        Shape::Choice(vec!["h", "v"])
    }
}

/// Whether the picture is turned upright.
pub(in crate::spec) struct Uprighting;

impl Kind<bool> for Uprighting {
    fn parse(&self, text: &str, _: &Rules) -> Result<bool, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            AUTO => Ok(true),
            "none" => Ok(false),
            _ => Err(one_of(&[AUTO, "none"])),
        }
    }

    fn canonical(&self, value: &bool) -> String {
        if *value { AUTO.into() } else { "none".into() }
    }

    fn shape(&self) -> Shape {
        Shape::Choice(vec![AUTO, "none"])
    }
}

/// A colour model.
pub(in crate::spec) struct ColourModel;

impl Kind<ColourSpace> for ColourModel {
    fn parse(&self, text: &str, _: &Rules) -> Result<ColourSpace, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "rgb" => Ok(ColourSpace::Rgb),
            "cmyk" => Ok(ColourSpace::Cmyk),
            "gray" | "grey" => Ok(ColourSpace::Gray),
            _ => Err(one_of(&["rgb", "cmyk", "gray"])),
        }
    }

    fn canonical(&self, value: &ColourSpace) -> String {
        match value {
            ColourSpace::Rgb => "rgb".into(),
            ColourSpace::Cmyk => "cmyk".into(),
            ColourSpace::Gray => "gray".into(),
        }
    }

    fn shape(&self) -> Shape {
        Shape::Choice(vec!["rgb", "cmyk", "gray", "grey"])
    }
}

/// A rendering intent.
pub(in crate::spec) struct RenderingIntent;

const INTENTS: [(&str, Intent); 4] = [
    ("perceptual", Intent::Perceptual),
    ("relative", Intent::Relative),
    ("saturation", Intent::Saturation),
    ("absolute", Intent::Absolute),
];

impl Kind<Intent> for RenderingIntent {
    fn parse(&self, text: &str, _: &Rules) -> Result<Intent, String> {
        let word = text.trim();
        INTENTS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, intent)| *intent)
            .ok_or_else(|| one_of(&INTENTS.map(|(word, _)| word)))
    }

    fn canonical(&self, value: &Intent) -> String {
        let known = INTENTS.iter().find(|(_, intent)| intent == value);
        known.expect("every intent has a word").0.to_owned()
    }

    fn shape(&self) -> Shape {
        Shape::Choice(INTENTS.map(|(word, _)| word).to_vec())
    }
}

/// A compass point, or the centre.
pub(in crate::spec) struct CompassPoint;

const POINTS: [(&str, Compass); 9] = [
    ("c", Compass::Centre),
    ("n", Compass::North),
    ("ne", Compass::NorthEast),
    ("e", Compass::East),
    ("se", Compass::SouthEast),
    ("s", Compass::South),
    ("sw", Compass::SouthWest),
    ("w", Compass::West),
    ("nw", Compass::NorthWest),
];

impl Kind<Compass> for CompassPoint {
    fn parse(&self, text: &str, _: &Rules) -> Result<Compass, String> {
        let word = text.trim();
        POINTS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, point)| *point)
            .ok_or_else(|| one_of(&POINTS.map(|(word, _)| word)))
    }

    fn canonical(&self, value: &Compass) -> String {
        let point = POINTS.iter().find(|(_, point)| point == value);
        point.map_or(POINTS[0].0, |(word, _)| word).to_owned()
    }

    fn shape(&self) -> Shape {
        Shape::Choice(POINTS.map(|(word, _)| word).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn switches() {
        for yes in ["1", "true", "TRUE", "t"] {
            reads(&Switch, yes, "1");
        }
        for no in ["0", "False", "F"] {
            reads(&Switch, no, "0");
        }
        for bad in ["2", "yes", "on", "-1"] {
            refuses(&Switch, bad);
        }
    }

    #[test]
    fn formats_go_by_every_extension() {
        for (word, canonical) in [
            ("jpg", "jpg"),
            ("JPEG", "jpg"),
            ("jfif", "jpg"),
            ("pjpeg", "pjpg"),
            ("PJPG", "pjpg"),
            ("tiff", "tif"),
            ("png", "png"),
            ("gif", "gif"),
            ("bmp", "bmp"),
            ("webp", "webp"),
            ("Auto", "auto"),
        ] {
            reads(&FileFormat, word, canonical);
        }
        for bad in [".jpg", "exe", "jpgx", "pj"] {
            refuses(&FileFormat, bad);
        }
    }

    #[test]
    fn every_word_that_is_offered_is_taken() {
        let rules = Rules::default();
        for word in words() {
            assert!(FileFormat.parse(word, &rules).is_ok(), "{word}");
        }
        for word in ["rgb", "cmyk", "gray", "grey"] {
            assert!(ColourModel.parse(word, &rules).is_ok(), "{word}");
        }
    }

    #[test]
    fn mirrors_and_colour_models() {
        reads(&Uprighting, "AUTO", "auto");
        reads(&Uprighting, "none", "none");
        refuses(&Uprighting, "90");
        reads(&Mirror, "H", "h");
        reads(&Mirror, "v", "v");
        refuses(&Mirror, "hv");
        reads(&ColourModel, "GREY", "gray");
        reads(&ColourModel, "Cmyk", "cmyk");
        refuses(&ColourModel, "lab");
    }

    #[test]
    fn intents() {
        for word in ["perceptual", "relative", "saturation", "absolute"] {
            reads(&RenderingIntent, &word.to_uppercase(), word);
        }
        refuses(&RenderingIntent, "relative colorimetric");
    }

    #[test]
    fn every_compass_point_has_its_place() {
        use crate::pixel::Edge::{Centre, End, Start};
        for (word, edges) in [
            ("C", (Centre, Centre)),
            ("n", (Centre, Start)),
            ("NE", (End, Start)),
            ("e", (End, Centre)),
            ("Se", (End, End)),
            ("s", (Centre, End)),
            ("sw", (Start, End)),
            ("W", (Start, Centre)),
            ("nw", (Start, Start)),
        ] {
            reads(&CompassPoint, word, &word.to_lowercase());
            assert_eq!(CompassPoint.parse(word, &Rules::default()).unwrap().edges(), edges);
        }
        for bad in ["wn", "north", "x", "0"] {
            refuses(&CompassPoint, bad);
        }
    }
}
