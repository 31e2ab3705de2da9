//! The addresses of the program, one module for each concern of them, against the real binary.
//!
//! What is expected comes from the guide's arithmetic, from fixtures with known colours, or from
//! ImageMagick, never from the program's own output.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod library;
mod magick;
mod site;

mod access;
mod caching;
mod cli;
mod database;
mod errors;
mod files;
mod hostile;
mod image;
mod legacy;
mod limits;
mod locks;
mod original;
mod overload;
mod pixels;
mod query;
mod settings;
mod templates;
mod tracking;
