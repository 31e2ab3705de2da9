//! The table of formats for people and for programs: text for a terminal, Markdown, JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Block, Compression, FORMATS, FormatRow};

const HEAD: &str = "\
<!-- Written by `halftone docs` from src/pixel/format/table.rs; changes made here are lost. -->

# Formats

What Halftone reads and writes; `halftone formats` prints the same.

";

const NOTES: &str = "
- **Bits** are the most per sample. Pictures of more than 8 are worked on with 16 and keep them where
  the result's format has them; AVIF is written with 12 then.
- **Alpha** is transparency; pictures in formats without it are laid on the fill colour. Bitmaps that
  have it are read with it.
- **Colours**: what a format cannot hold is converted by profile, CMYK to sRGB.
- **Kept** is what travels from a source to a result unless `strip` leaves it out. Resolution is what
  the format has a field of its own for; where it has none, an Exif block still states it.
- **Pages** are pages, frames or several pictures in one file; `page` picks one. Results have one, but for
  animations that stay animated, and for portfolios that are published as one PDF.
- **Apart**: read in a process of its own, without rights, because such files are complex or their
  decoder is written in a language in which a mistake can be used against the server.
- **Needs** is the Debian package that has to be installed; without it the answer for such a file is
  415, and everything else works.
";

const COSTS: &str = "
## How large a result may be

Encoders cannot be called off while they write a picture. So its size is judged beforehand, and what is too
large is answered with 400, which names `format` and the limit:

- **Pixels a side** are what the format holds.
- **Megapixels** are what is written in about a quarter of the time that a request has by default
  (`request_deadline_s`), from the quality on that is named.
- **Bytes a pixel** are what the encoder holds at most, beside the picture itself, for RGB with 8 bits, and
  what comes on top. Picture and encoder together must stay within `picture_memory_mb`, which is the tighter
  bound for JPEG XL and AVIF by default, and they count in `pixel_budget_megapixels`.

How the figures were measured stands in [0012](../decisions/0012-what-one-picture-may-cost.md).

| Format | From quality | Pixels a side | Megapixels | Bytes a pixel |
|---|---|---|---|---|
";

/// The names of the columns.
const COLUMNS: [&str; 11] = [
    "Format",
    "Extensions",
    "Read",
    "Write",
    "Pages",
    "Alpha",
    "Bits",
    "Colours",
    "Kept",
    "Apart",
    "Needs",
];

/// Reading or writing: the rows that are listed.
fn listed() -> impl Iterator<Item = &'static FormatRow> {
    FORMATS.iter().filter(|row| row.read || row.is_written())
}

fn spaces(row: &FormatRow) -> Vec<&'static str> {
    [("grey", row.gray), ("RGB", true), ("CMYK", row.cmyk)]
        .into_iter()
        .filter_map(|(name, has)| has.then_some(name))
        .collect()
}

fn kept(row: &FormatRow) -> Vec<&'static str> {
    let blocks = row.metadata.iter().map(|block| match block {
        Block::Exif => "Exif",
        Block::Xmp => "XMP",
        Block::Iptc => "IPTC",
        Block::Resolution => "resolution",
    });
    row.profile.then_some("ICC").into_iter().chain(blocks).collect()
}

fn cells(row: &FormatRow) -> [String; 11] {
    let yes = |is: bool| if is { "yes" } else { "" }.to_owned();
    [
        row.title.to_owned(),
        row.extensions.join(" "),
        yes(row.read),
        yes(row.is_written()),
        yes(row.pages),
        yes(row.alpha),
        row.bits.to_string(),
        spaces(row).join(" "),
        kept(row).join(" "),
        yes(row.read && row.isolated),
        row.needs.unwrap_or_default().to_owned(),
    ]
}

/// The table in columns of equal width, for a terminal.
#[must_use]
pub fn text() -> String {
    let rows: Vec<[String; 11]> =
        std::iter::once(COLUMNS.map(str::to_owned)).chain(listed().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 11] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The reference page.
#[must_use]
pub fn markdown() -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = String::from(HEAD);
    text.push_str(&line(&COLUMNS.map(str::to_owned)));
    let _ = writeln!(text, "|{}", "---|".repeat(COLUMNS.len()));
    for row in listed() {
        text.push_str(&line(&cells(row)));
    }
    text.push_str(NOTES);
    text.push_str(COSTS);
    for row in FORMATS {
        for cost in row.costs {
            let mut bytes = vec![cost.bytes_per_pixel.to_string()];
            for (holds, what, more) in [
                (row.alpha, "transparency", cost.alpha_bytes),
                (row.deep, "16 bits", cost.deep_bytes),
                (cost.progressive_bytes > 0, "a progressive file", cost.progressive_bytes),
            ] {
                if holds {
                    bytes.push(format!("{more} for {what}"));
                }
            }
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                row.title,
                cost.from_quality,
                row.most_side,
                cost.most_megapixels,
                bytes.join(" + ")
            );
        }
    }
    text
}

/// The table as JSON: a list of objects.
#[must_use]
pub fn json() -> Value {
    listed()
        .map(|row| {
            json!({
                "name": row.title,
                "extensions": row.extensions,
                "mime": row.mime,
                "read": row.read,
                "write": row.is_written(),
                "pages": row.pages,
                "alpha": row.alpha,
                "bits": row.bits,
                "colours": spaces(row),
                "metadata": kept(row),
                "quality": match row.compression {
                    Compression::Lossy => Some("1-100"),
                    Compression::Png => Some("10-99"),
                    Compression::Fixed => None,
                }
                .filter(|_| row.is_written()),
                "limits": row.costs.iter().map(|cost| json!({
                    "from_quality": cost.from_quality,
                    "pixels_a_side": row.most_side,
                    "megapixels": cost.most_megapixels,
                    "bytes_a_pixel": cost.bytes_per_pixel,
                })).collect::<Value>(),
                "isolated": row.read && row.isolated,
                "needs": row.needs,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_lists_every_usable_format() {
        let count = FORMATS.iter().filter(|row| row.read || row.is_written()).count();
        assert!(count >= 10);
        assert_eq!(text().lines().count(), count + 1);
        assert_eq!(json().as_array().unwrap().len(), count);
        let page = markdown();
        let (formats, costs) = page.split_once("\n## ").unwrap();
        let lines = |part: &str| part.lines().filter(|line| line.starts_with("| ")).count();
        assert_eq!(lines(formats), count + 1);
        let limits: usize = FORMATS.iter().map(|row| row.costs.len()).sum();
        assert_eq!(lines(costs), limits + 1);
    }

    #[test]
    fn the_reference_page_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/formats.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(page == markdown(), "docs/reference/formats.md is old: run `halftone docs`");
    }
}
