//! What the histories of images and of portfolios have in common.

use super::error::Result;
use super::value::Row;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id: later ones are higher.
    pub id: i64,
    /// Who did it; none for somebody unknown, and for the server itself.
    pub user_id: Option<i64>,
    /// The number of what was done: of images [`image_history`](super::image_history) has them, of
    /// portfolios [`folio_history`](super::folio_history).
    pub action: i64,
    /// More of it, for people.
    pub detail: String,
    /// When.
    pub at_ms: i64,
}

/// Reads rows of id, user, action, detail and time.
pub(super) fn entries(rows: &[Row]) -> Result<Vec<Entry>> {
    let entry = |row: &Row| {
        Ok(Entry {
            id: row.int(0)?,
            user_id: row.opt_int(1)?,
            action: row.int(2)?,
            detail: row.text(3)?,
            at_ms: row.int(4)?,
        })
    };
    rows.iter().map(entry).collect()
}
