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
- **Alpha** is transparency; pictures in formats without it are laid on the fill colour.
- **Colours**: what a format cannot hold is converted by profile, CMYK to sRGB.
- **Kept** is what travels from a source to a result unless `strip` leaves it out. Resolution is what
  the format has a field of its own for; where it has none, an Exif block still states it.
- **Pages** are pages, frames or several pictures in one file; `page` picks one. Results have one.
- **Apart**: read in a process of its own, without rights, because such files are complex or their
  decoder is written in a language in which a mistake can be used against the server.
- **Needs** is the Debian package that has to be installed; without it the answer for such a file is
  415, and everything else works.
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
    FORMATS.iter().filter(|row| row.read || row.write)
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
        yes(row.write),
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
                "write": row.write,
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
                .filter(|_| row.write),
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
        let count = FORMATS.iter().filter(|row| row.read || row.write).count();
        assert!(count >= 10);
        assert_eq!(text().lines().count(), count + 1);
        assert_eq!(json().as_array().unwrap().len(), count);
        assert_eq!(markdown().lines().filter(|line| line.starts_with("| ")).count(), count + 1);
    }

    #[test]
    fn the_reference_page_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/formats.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(page == markdown(), "docs/reference/formats.md is old: run `halftone docs`");
    }
}
