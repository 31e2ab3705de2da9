//! Prepared reductions: smaller versions of a picture, kept on disk, from which later results are
//! made instead of from the original.
//!
//! Most of what a small picture costs is reading the large one. A reduction that was made before,
//! from the original's own pixels and in proportion to light, costs little to read, and what is made
//! from one of sufficient size cannot be told from what is made from the original. Whether that
//! holds is measured for each picture when its reductions are made (`judge`): SSIMULACRA2 of what
//! a level gives against the exact reduction. Levels that do not suffice are not used.
//!
//! A file of reductions holds a header (what is known of the original, with profile and metadata,
//! and the revision it was made from) and levels, each a grid of tiles of losslessly packed samples
//! (`container`, `tile`). Files that are stale or damaged are ignored and made again; nothing
//! here is ever the reason for an error to a client.
//!
//! It knows pictures, files and locks. It knows nothing of HTTP, databases or settings.

mod bands;
mod blocks;
mod container;
mod judge;
mod level;
mod make;
mod store;
mod tile;

pub use level::Prepared;
pub use make::Outcome;
pub use store::{Options, Reductions, Subject, Usage};

use crate::pixel;

/// Why reductions could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The original cannot be read.
    #[error("the original cannot be read: {0}")]
    Source(#[from] pixel::Error),
    /// The folder of reductions cannot be used.
    #[error("the folder of reductions cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// Whoever asked for it wants it to stop.
    #[error("called off")]
    Stopped,
}

/// Result of making reductions.
pub type Result<T> = std::result::Result<T, Error>;
