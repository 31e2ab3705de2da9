//! The pixel pipeline: from the bytes of a source file and a [`Recipe`] to the bytes of a picture.
//!
//! This module knows files' contents, pixels and colour. It knows nothing of URLs, folders, users,
//! caches or settings files: what it needs from outside comes in as plain values
//! ([`EngineOptions`], [`Recipe`], [`Cancel`]).

mod buffer;
mod colour;
pub mod decode;
pub mod encode;
mod engine;
mod error;
mod format;
pub mod ladder;
mod limits;
mod metadata;
mod op;
mod place;
mod plan;
mod recipe;
mod turn;

pub use buffer::{ColourSpace, Density, Depth, Image, Metadata, Samples};
pub use engine::{Engine, EngineOptions, Made, Needs, Opened, Phase};
pub use error::{Error, Result};
pub use format::{Compression, FORMATS, Format, FormatRow};
pub use limits::{Cancel, Limits};
pub use metadata::Orientation;
pub use recipe::{
    Align, Crop, Edge, Fill, Flip, PngQuality, Quality, Recipe, Rgba, Tile, TileError,
};
