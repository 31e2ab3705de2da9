//! The table that a form of a page sends: as a file, or written into a field.

use std::io::Read;

use http::header;

use super::MAX_TABLE_CHARS;
use crate::http::{Multipart, Request, boundary};
use crate::web::Error;
use crate::web::api::input::{Content, broken, unread};

/// The name of the field.
const TABLE: &str = "table";

/// The longest table in bytes: no character takes more than four.
const MAX_TABLE_BYTES: usize = 4 * MAX_TABLE_CHARS;

/// A table as it was sent.
pub struct Table {
    /// Its text.
    pub text: String,
    /// Whether it was written into the field.
    pub is_typed: bool,
}

impl Table {
    /// Its text, unless that is too long.
    ///
    /// # Errors
    /// 400 for one that is too long.
    pub fn bounded(&self) -> Result<&str, Error> {
        match self.text.chars().count() > MAX_TABLE_CHARS {
            true => Err(too_long()),
            false => Ok(&self.text),
        }
    }
}

/// The table of a form in parts: what is written into the field counts when no file was chosen.
///
/// # Errors
/// 400 without one, for one that is not UTF-8, and for one that is too long to be held.
pub fn sent(request: &Request) -> Result<Table, Error> {
    let kind = request.headers.get(header::CONTENT_TYPE).and_then(|field| field.to_str().ok());
    let missing = || Error::parameter(TABLE, "must be given");
    let boundary = kind.and_then(boundary).ok_or_else(missing)?;
    let mut parts = Multipart::new(Content::of(&request.body), &boundary);
    let (mut table, mut is_typed) = (Vec::new(), false);
    while let Some(head) = parts.next_part().map_err(broken)? {
        if head.name != TABLE || !table.is_empty() {
            continue;
        }
        is_typed = head.file_name.is_none();
        let limit = MAX_TABLE_BYTES as u64 + 1;
        (&mut parts).take(limit).read_to_end(&mut table).map_err(unread)?;
    }
    if table.is_empty() {
        return Err(missing());
    }
    if table.len() > MAX_TABLE_BYTES {
        return Err(too_long());
    }
    let text = String::from_utf8(table);
    let text =
        text.map_err(|_| Error::parameter(TABLE, "must be UTF-8 (save it as “CSV UTF-8”)"))?;
    Ok(Table { text, is_typed })
}

fn too_long() -> Error {
    Error::parameter(TABLE, format!("must have at most {MAX_TABLE_CHARS} characters"))
}
