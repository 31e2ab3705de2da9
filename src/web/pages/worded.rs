//! Values of image parameters as they are read where nobody edits them.

use super::frame::Frame;
use crate::spec::{Param, Shape};

/// A value in words, with its unit; what is no value of the parameter stays as it is.
pub fn worded(f: &Frame, param: &Param, text: &str) -> String {
    let name = param.about.name;
    let value = param.canonical(text).unwrap_or_else(|| text.to_owned());
    if matches!(param.shape(), Shape::Switch) {
        return f.t(if value == "1" { "yes" } else { "no" });
    }
    let word = f.word(name, &value);
    if word != value {
        return word;
    }
    let whole = value.parse::<i64>();
    match (name, whole) {
        ("width" | "height" | "maxwidth" | "maxheight", Ok(pixels)) => {
            f.s("value-pixels", f.number(pixels))
        }
        ("dpi", Ok(dpi)) => f.s("value-dpi", f.number(dpi)),
        ("expires", Ok(seconds)) => f.texts().duration(seconds),
        ("angle", _) => f.s("value-degrees", value),
        _ => value,
    }
}

/// What a parameter is called where its values have their units.
pub fn called(f: &Frame, param: &Param) -> String {
    match param.about.name {
        "expires" => f.t("value-of-expires"),
        "dpi" => f.t("value-of-dpi"),
        name => f.param(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::PARAMS;

    #[test]
    fn values_have_words_or_units() {
        let f = Frame::for_tests();
        for (name, text, expected) in [
            ("width", "1200", "1,200 px"),
            ("width", "0", "auto"),
            ("width", "wide", "wide"),
            ("flip", "H", "Left to right"),
            ("format", "JPEG", "JPEG"),
            ("quality", "80", "80"),
            ("strip", "true", "Yes"),
            ("strip", "0", "No"),
            ("angle", "-90", "-90°"),
            ("dpi", "300", "300 dpi"),
            ("expires", "604800", "7 days"),
            ("expires", "3600", "1 hour"),
            ("expires", "90", "90 seconds"),
            ("expires", "0", "left to the browser"),
            ("expires", "-1", "not kept"),
        ] {
            let param = PARAMS.iter().find(|param| param.about.name == name).unwrap();
            assert_eq!(worded(&f, param, text).replace('\u{a0}', " "), expected, "{name}={text}");
        }
    }
}
