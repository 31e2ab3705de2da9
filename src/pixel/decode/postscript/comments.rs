//! What the comments of a PostScript file tell (Adobe Technical Notes 5001 and 5002).

use crate::pixel::{Error, Result};

/// A part of the plane, in points; up is up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub left: f64,
    pub bottom: f64,
    pub right: f64,
    pub top: f64,
}

/// The longest side of a page that can be meant, in points.
const LONGEST_POINTS: f64 = 1e6;

impl Bounds {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.top - self.bottom
    }

    fn sensible(self) -> Option<Self> {
        let fits = |length: f64| length > 0.0 && length <= LONGEST_POINTS;
        let near = self.left.abs() <= LONGEST_POINTS && self.bottom.abs() <= LONGEST_POINTS;
        (near && fits(self.width()) && fits(self.height())).then_some(self)
    }

    /// The page that a line of our survey tells of.
    pub fn of_page(line: &str) -> Option<Self> {
        let mut numbers = line.strip_prefix("halftone page ")?.split(' ').map(str::parse);
        let (right, top) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Self { left: 0.0, bottom: 0.0, right, top }.sensible()
    }

    /// The four numbers of a comment.
    fn of_comment(value: &str) -> Option<Self> {
        let numbers: Vec<f64> =
            value.split_ascii_whitespace().map_while(|number| number.parse().ok()).collect();
        let [left, bottom, right, top] = numbers[..] else { return None };
        Self { left, bottom, right, top }.sensible()
    }
}

/// The PostScript in a file: all of it, or the part that a header for other systems points to.
pub fn text(mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    if !bytes.starts_with(&[0xc5, 0xd0, 0xd3, 0xc6]) {
        return Ok(bytes);
    }
    let number = |at: usize| {
        let four = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(four)).ok()
    };
    let part = number(4).zip(number(8)).and_then(|(start, len)| {
        let end = start.checked_add(len)?;
        (end <= bytes.len() && len > 0).then_some((start, end))
    });
    let (start, end) = part.ok_or_else(|| Error::Malformed("it ends too early".into()))?;
    bytes.truncate(end);
    bytes.drain(..start);
    Ok(bytes)
}

/// The bounding box of an encapsulated file; `None` for any other.
pub fn bounds(bytes: &[u8]) -> Option<Bounds> {
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    let first = String::from_utf8_lossy(lines.next()?).into_owned();
    if !first.contains("EPSF") {
        return None;
    }
    let (mut plain, mut exact) = (None, None);
    for line in lines.filter(|line| line.starts_with(b"%%")) {
        let line = String::from_utf8_lossy(line);
        // The first that has numbers counts; one at the end is announced by one that has none.
        if let Some(value) = line.strip_prefix("%%BoundingBox:") {
            plain = plain.or_else(|| Bounds::of_comment(value));
        } else if let Some(value) = line.strip_prefix("%%HiResBoundingBox:") {
            exact = exact.or_else(|| Bounds::of_comment(value));
        }
    }
    exact.or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of(left: f64, bottom: f64, right: f64, top: f64) -> Bounds {
        Bounds { left, bottom, right, top }
    }

    #[test]
    fn boxes_are_found_where_they_may_stand() {
        let eps = "%!PS-Adobe-3.0 EPSF-3.0";
        for (text, expected) in [
            ("%%BoundingBox: 1 2 31 42", Some(of(1.0, 2.0, 31.0, 42.0))),
            ("%%BoundingBox:-5 -6 7 8", Some(of(-5.0, -6.0, 7.0, 8.0))),
            (
                "%%BoundingBox: (atend)\nshowpage\n%%Trailer\n%%BoundingBox: 0 0 9 9",
                Some(of(0.0, 0.0, 9.0, 9.0)),
            ),
            (
                "%%BoundingBox: 0 0 10 10\r\n%%HiResBoundingBox: 0.5 0.25 9.5 9.75",
                Some(of(0.5, 0.25, 9.5, 9.75)),
            ),
            ("%%BoundingBox: 0 0 0 0", None),
            ("%%BoundingBox: 0 0 nan 5", None),
            ("%%BoundingBox: 0 0 1e9 5", None),
            ("%%BoundingBox: 5 5", None),
            ("", None),
        ] {
            assert_eq!(bounds(format!("{eps}\n{text}\n").as_bytes()), expected, "{text}");
        }
        assert_eq!(bounds(b"%!PS-Adobe-3.0\n%%BoundingBox: 0 0 9 9\n"), None);
    }

    #[test]
    fn the_part_that_a_binary_header_points_to() {
        let mut file = vec![0xc5, 0xd0, 0xd3, 0xc6, 30, 0, 0, 0, 4, 0, 0, 0];
        file.resize(30, 0);
        file.extend(b"%!PSpreview");
        assert_eq!(text(file.clone()).unwrap(), b"%!PS");
        for (at, value) in [(4, 250), (8, 250), (8, 0), (11, 255)] {
            let mut broken = file.clone();
            broken[at] = value;
            assert!(matches!(text(broken), Err(Error::Malformed(_))), "{at}");
        }
        assert_eq!(text(b"%!PS".to_vec()).unwrap(), b"%!PS");
    }
}
