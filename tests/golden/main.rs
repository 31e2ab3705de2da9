//! What pictures come out of the engine, pixel by pixel.
//!
//! Sources are painted here, and what is expected of them is computed here too, by plain float
//! arithmetic that shares nothing with the program, or comes from another program (libvips,
//! ImageMagick). Size, bands and depth are compared first, then pixels within a stated number of
//! levels. A difference leaves a sheet of expected, difference and actual in `target/tmp`.

// A test crate from end to end, its helpers included.

mod alpha;
mod auto_quality;
mod banded;
mod ciede;
mod colour;
mod cost;
mod depth;
mod drawings;
mod engine;
mod fill;
mod fit;
mod formats;
mod gamma;
mod geometry;
mod ink;
mod locked;
mod metadata;
mod mosaic;
mod motion;
mod others;
mod overlay;
mod overlay_others;
mod png;
mod png_file;
mod prepared;
mod press;
mod profiles;
mod sharpen;
mod smart;
mod support;
mod tilt;
