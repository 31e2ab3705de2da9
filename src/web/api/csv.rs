//! Tables for spreadsheets (RFC 4180): what the API tells as a list of objects, a line for each.

use serde::Serialize;
use serde_json::Value;

use crate::web::Error;

/// The media type of such a table.
pub const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

/// A table of rows that are objects of plain values and have the same names: those of `leading` as far as
/// there are, then the others by name. Without rows there is no line at all.
///
/// A text that a spreadsheet would take for a formula gets an apostrophe in front: names of files and
/// hosts are chosen by others than the reader. All texts stand in quotes, since some spreadsheets divide cells
/// at semicolons or tabs too.
pub fn table(rows: &impl Serialize, leading: &[&str]) -> Result<Vec<u8>, Error> {
    let rows = serde_json::to_value(rows).map_err(Error::internal)?;
    let rows: Vec<_> = rows.as_array().into_iter().flatten().filter_map(Value::as_object).collect();
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::NonNumeric)
        .from_writer(Vec::new());
    let mut names: Vec<&String> = rows.first().map(|row| row.keys().collect()).unwrap_or_default();
    names.sort_by_key(|name| {
        let place = leading.iter().position(|leading| leading == name);
        (place.unwrap_or(usize::MAX), *name)
    });
    if !names.is_empty() {
        writer.write_record(&names).map_err(Error::internal)?;
    }
    for row in rows {
        let cells = names.iter().map(|name| row.get(*name).map(cell).unwrap_or_default());
        writer.write_record(cells).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.into_error()))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        // Numbers and truth values begin with no sign but their own.
        other => other.to_string(),
    }
}

/// Whether a spreadsheet would take a text for a formula.
fn is_formula(text: &str) -> bool {
    text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.starts_with(['\t', '\r', '\n'])
}

/// A text that could be taken for what this makes of another gets an apostrophe, too, so that each comes back
/// as it was.
fn harmless(text: &str) -> String {
    match is_formula(text.trim_start_matches('\'')) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// The text that a cell was made of.
pub fn as_written(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_are_those_of_the_standard() {
        let rows = json!([
            { "src": "a, b/\"c\".jpg", "views": 3, "seconds": 0.5, "note": null },
            { "src": "two\nlines.jpg", "views": -1, "seconds": 0.25, "note": true },
        ]);
        let expected = "\"src\",\"views\",\"note\",\"seconds\"\r\n\
                        \"a, b/\"\"c\"\".jpg\",3,\"\",0.5\r\n\
                        \"two\nlines.jpg\",-1,\"true\",0.25\r\n";
        let table = |rows| String::from_utf8(table(rows, &["src", "none", "views"]).unwrap());
        assert_eq!(table(&rows).unwrap(), expected);
        assert_eq!(table(&json!([])).unwrap(), "");
    }

    #[test]
    fn texts_come_back_as_they_went() {
        for text in ["=1", "'=1", "''-x", "it's", "'tis", "", "'", " =1", "\t=1", "a=b"] {
            assert_eq!(as_written(&harmless(text)), text);
        }
        // What somebody has typed into the table stands for itself.
        assert_eq!(as_written("=1+1"), "=1+1");
        assert_eq!(as_written("'90s"), "'90s");
    }

    #[test]
    fn nothing_that_is_text_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"] {
            let table = String::from_utf8(table(&json!([{ "src": text }]), &[]).unwrap()).unwrap();
            let cell = table.strip_prefix("\"src\"\r\n\"").unwrap();
            assert!(cell.starts_with('\''), "{table}");
        }
        assert_eq!(table(&json!([{ "n": -5 }]), &[]).unwrap(), b"\"n\"\r\n-5\r\n");
        assert_eq!(table(&json!([{ "s": "a=b" }]), &[]).unwrap(), b"\"s\"\r\n\"a=b\"\r\n");
        // Also where a semicolon divides.
        assert_eq!(table(&json!([{ "s": ";=1" }]), &[]).unwrap(), b"\"s\"\r\n\";=1\"\r\n");
    }
}
