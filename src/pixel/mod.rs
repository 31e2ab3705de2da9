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
pub mod glance;
mod heif;
pub mod ladder;
mod library;
mod limits;
mod metadata;
mod op;
mod optional;
mod place;
mod plan;
mod recipe;
pub mod score;
mod turn;

pub use buffer::{ColourSpace, Density, Depth, Image, Metadata, Samples};
pub use colour::{Profile, ProfileKind};
pub use engine::{Engine, EngineOptions, Made, Needs, Opened, Phase};
pub use error::{Error, Result};
pub use format::{
    Block, Compression, FORMATS, Format, FormatRow, json as formats_json,
    markdown as formats_markdown, text as formats_text,
};
pub use limits::{Cancel, Limits};
pub use metadata::{Description, Listing, Orientation, StripKeeps, listing};
pub use optional::{Optional, optional};
pub use plan::result_size;
pub use recipe::{
    Align, Compass, Crop, Edge, Fill, Flip, Gravity, Ground, Icc, Intent, Overlay, PngQuality,
    Point, Quality, Recipe, Reshape, Rgba, Tile, TileError,
};
