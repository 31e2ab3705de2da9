//! Finding images: only those that the caller may see are counted and given.

use super::{Caller, Error, Library, Result, words};
use crate::auth::Level;
use crate::db::images::{self, ImageRow};
use crate::db::search::{self, Query};
use crate::source::FolderPath;

/// The most images that are given at once.
const MAX_LIMIT: u32 = 1000;

/// The most words that are looked for.
const MAX_WORDS: usize = 20;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The images of this page, in the order that was wanted.
    pub images: Vec<ImageRow>,
    /// How many there are on all pages.
    pub total: i64,
}

impl Library {
    /// Finds images by the beginnings of the words in `text` and what else `query` asks for; its own
    /// words are replaced.
    ///
    /// # Errors
    /// [`Error::Parameter`] named as the field; [`Error::Database`]; [`Error::Rights`].
    pub fn search(&self, caller: &Caller<'_>, text: &str, query: Query) -> Result<Found> {
        let mut wanted = words::of(text);
        if wanted.is_empty() && !text.trim().is_empty() {
            return Err(Error::parameter("q", "it has no letters and no digits"));
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted.truncate(MAX_WORDS);
        if let Some(folder) = &query.folder {
            FolderPath::parse(folder).map_err(|error| Error::path("path", error))?;
        }
        if query.limit == 0 || query.limit > MAX_LIMIT {
            return Err(Error::parameter("limit", format!("must be from 1 to {MAX_LIMIT}")));
        }
        let query = Query { words: wanted, ..query };
        let scope = caller.scope(Level::View)?;
        let (ids, total) = search::find(&self.db, &query, &scope)?;
        let mut images = images::by_ids(&self.db, &ids)?;
        images.sort_by_key(|image| ids.iter().position(|id| *id == image.id));
        Ok(Found { images, total })
    }
}
