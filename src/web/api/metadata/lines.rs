//! Reading a table as spreadsheets write it, and how several tags stand in one cell.

use ::csv::{ByteRecord, ReaderBuilder};

use super::MAX_LINES;
use crate::web::Error;
use crate::web::api::csv::as_written;

/// The name under which faults of the whole table are told.
const TABLE: &str = "table";

/// Where the columns stand that are looked at.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Columns {
    src: Option<usize>,
    title: Option<usize>,
    description: Option<usize>,
    tags: Option<usize>,
}

/// What a line says; what has no column is none.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number in the text, from 1.
    pub number: u64,
    pub src: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
}

/// The lines of a table below that with the names of columns.
pub fn read(text: &str) -> Result<Vec<Row>, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut record = ByteRecord::new();
    let malformed = |error: ::csv::Error| Error::parameter(TABLE, error);
    if !reader.read_byte_record(&mut record).map_err(malformed)? {
        return Err(Error::parameter(TABLE, "it is empty"));
    }
    let columns = columns(&record)?;
    let (mut rows, mut counter) = (Vec::new(), Counter { text: text.as_bytes(), at: 0, line: 1 });
    while reader.read_byte_record(&mut record).map_err(malformed)? {
        if record.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
            continue;
        }
        if rows.len() >= MAX_LINES {
            let reason = format!("it has more than {MAX_LINES} lines");
            return Err(Error::parameter(TABLE, reason));
        }
        let number = counter.line_of(record.position().map_or(0, ::csv::Position::byte));
        let text = |at: Option<usize>| at.map(|at| cell(&record, at));
        rows.push(Row {
            number,
            src: text(columns.src).unwrap_or_default().trim().trim_start_matches('/').to_owned(),
            title: text(columns.title).map(|title| title.trim().to_owned()),
            description: text(columns.description),
            tags: text(columns.tags).map(|tags| taken_apart(&tags)),
        });
    }
    Ok(rows)
}

/// Counts lines as editors do, from one record to the next.
struct Counter<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Counter<'_> {
    /// The number of the line in which a record begins; line ends before it do not belong to it.
    fn line_of(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        let ends = self.text[byte..].iter().take_while(|c| matches!(c, b'\r' | b'\n')).count();
        let begins = (byte + ends).max(self.at);
        let passed = self.text[self.at..begins].iter().filter(|c| **c == b'\n').count();
        (self.at, self.line) = (begins, self.line + passed as u64);
        self.line
    }
}

/// The text of a cell; lines in it end as they do in forms.
fn cell(record: &ByteRecord, at: usize) -> String {
    let text = String::from_utf8_lossy(record.get(at).unwrap_or_default());
    as_written(&text).replace("\r\n", "\n")
}

/// What divides cells: of the usual three the one that stands most often in the first line.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |byte: u8| first.bytes().filter(|found| *found == byte).count();
    // The last of those that stand equally often is taken.
    [b'\t', b';', b','].into_iter().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

fn columns(header: &ByteRecord) -> Result<Columns, Error> {
    let mut columns = Columns::default();
    for (at, name) in header.iter().enumerate() {
        let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
        let column = match name.as_str() {
            "src" => &mut columns.src,
            "title" => &mut columns.title,
            "description" => &mut columns.description,
            "tags" => &mut columns.tags,
            _ => continue,
        };
        if column.replace(at).is_some() {
            return Err(Error::parameter(TABLE, format!("it has the column {name} twice")));
        }
    }
    if columns.src.is_none() {
        return Err(Error::parameter(TABLE, "its first line has to name the column src"));
    }
    if columns.title.or(columns.description).or(columns.tags).is_none() {
        let reason = "its first line names none of the columns title, description and tags";
        return Err(Error::parameter(TABLE, reason));
    }
    Ok(columns)
}

/// Tags in one cell: with semicolons between, or on a line each where one of them has a semicolon in it.
pub fn joined(tags: &[String]) -> String {
    if tags.iter().any(|tag| tag.contains(';')) {
        return tags.iter().map(|tag| format!("{tag}\n")).collect();
    }
    tags.join("; ")
}

/// The tags of a cell.
pub fn taken_apart(cell: &str) -> Vec<String> {
    let divider = if cell.contains('\n') { '\n' } else { ';' };
    let mut tags: Vec<String> = Vec::new();
    for tag in cell.split(divider).map(str::trim).filter(|tag| !tag.is_empty()) {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_every_spreadsheet_are_read() {
        for (text, name) in [
            ("src,title,tags\r\na/b.jpg,\"One, two\",x; y\r\n", "commas"),
            ("\u{feff}src;title;tags\na/b.jpg;One, two;\"x; y\"\n", "semicolons"),
            ("Title\tSRC\tother\ttags\nOne, two\t/a/b.jpg\t7\t\"x\ny\"", "tabs"),
        ] {
            let rows = read(text).unwrap();
            let expected = Row {
                number: 2,
                src: "a/b.jpg".into(),
                title: Some("One, two".into()),
                description: None,
                tags: Some(vec!["x".into(), "y".into()]),
            };
            assert_eq!(rows, [expected], "{name}");
        }
        // Lines are counted as an editor counts them, whatever stands in cells before.
        let rows = read("src,description\na,\"1\n2\n3\"\n\n , \nb,x\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 7]);
        assert_eq!(rows[0].description.as_deref(), Some("1\n2\n3"));
        let rows = read("src,title\r\na,1\r\n\r\nb,2\r\nc,3").unwrap();
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 4, 5]);
    }

    #[test]
    fn a_table_without_the_right_columns_is_refused() {
        for text in ["", "title\nx\n", "src\na\n", "src,title,src\na,b,c\n", "src,width\na,1\n"] {
            let error = read(text).expect_err(text);
            assert!(error.message().starts_with("table: "), "{}", error.message());
        }
        let long: String = (0..=MAX_LINES).map(|n| format!("{n},x\n")).collect();
        assert!(read(&format!("src,title\n{long}")).is_err());
    }

    #[test]
    fn tags_come_back_as_they_went() {
        for tags in [&["a"][..], &["a", "b c"], &["a;b"], &["a;b", "c"], &[]] {
            let tags: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
            assert_eq!(taken_apart(&joined(&tags)), tags);
        }
    }
}
