//! Halftone: a dynamic image server.
//!
//! One original per picture lies on disk as a plain file; every other size, crop, rotation, format
//! and colour space is made from its URL when it is asked for, cached, and served fast.
//!
//! # Layers
//!
//! ```text
//! cli ─▶ web ─▶ auth, source, cache, db, stats, task, spec, http
//!  ├──▶ process ─▶ fastcgi ─▶ http          spec ─▶ pixel (types only)      pixel ─▶ nothing
//!  ├──▶ import ─▶ auth, config, db, source, spec         backup ─▶ db
//!  ├──▶ library ─▶ auth, db, pixel, source, task
//!  └──▶ sandbox ─▶ pixel
//! ```
//!
//! [`pixel`] imports no other module of this crate, [`spec`] imports only types of [`pixel`], `web`
//! is imported by `cli` alone and nothing imports `cli`. `tests/layers.rs` reads the `use` lines
//! and fails on a breach.

#![warn(clippy::unwrap_used)]

pub mod auth;
pub mod backup;
pub mod bytelock;
pub mod cache;
pub mod cli;
pub mod config;
pub mod db;
pub mod demo;
pub mod fastcgi;
pub mod http;
pub mod import;
pub mod library;
pub mod load;
pub mod pixel;
pub mod portfolio;
pub mod process;
pub mod profiles;
pub mod protection;
pub mod reduction;
pub mod sandbox;
pub mod source;
pub mod spec;
pub mod stats;
pub mod task;
pub mod tls;
pub mod web;
