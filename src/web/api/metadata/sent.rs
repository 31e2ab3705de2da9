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
const MAX_TABLE_BYTES: u64 = 4 * MAX_TABLE_CHARS as u64;

/// The table of a form in parts: what is written into the field counts when no file was chosen.
///
/// # Errors
/// 400 without one, and for one that is not UTF-8; 413 for one that is too long.
pub fn sent(request: &Request) -> Result<String, Error> {
    let kind = request.headers.get(header::CONTENT_TYPE).and_then(|field| field.to_str().ok());
    let missing = || Error::parameter(TABLE, "must be given");
    let boundary = kind.and_then(boundary).ok_or_else(missing)?;
    let mut parts = Multipart::new(Content::of(&request.body), &boundary);
    let mut table = Vec::new();
    while let Some(head) = parts.next_part().map_err(broken)? {
        if head.name != TABLE || !table.is_empty() {
            continue;
        }
        (&mut parts).take(MAX_TABLE_BYTES + 1).read_to_end(&mut table).map_err(unread)?;
    }
    if table.is_empty() {
        return Err(missing());
    }
    let text = String::from_utf8(table);
    let text =
        text.map_err(|_| Error::parameter(TABLE, "must be UTF-8 (save it as “CSV UTF-8”)"))?;
    if text.chars().count() > MAX_TABLE_CHARS {
        return Err(Error::parameter(
            TABLE,
            format!("must have at most {MAX_TABLE_CHARS} characters"),
        ));
    }
    Ok(text)
}
