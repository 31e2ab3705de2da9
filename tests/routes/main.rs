//! The addresses of the program, one module for each concern of them, against the real binary.
//!
//! What is expected comes from the guide's arithmetic, from fixtures with known colours, or from
//! ImageMagick, never from the program's own output.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod library;
mod magick;
mod people;
mod site;

mod access;
mod active_directory;
mod animation;
mod api;
mod assets;
mod backup;
mod bench;
mod caching;
mod changes;
mod check;
mod cli;
mod database;
mod documents;
mod errors;
mod files;
mod fit;
mod format_auto;
mod formats;
mod front_user;
mod guide;
mod hostile;
mod image;
mod import;
mod languages;
mod ldap;
mod legacy;
mod limits;
mod locks;
mod monitoring;
mod original;
mod overlay;
mod overload;
mod pages;
mod pixels;
mod placeholder;
mod prepared;
mod prepared_pages;
mod profiles;
mod protection;
mod query;
mod recipes;
mod sessions;
mod settings;
mod templates;
mod tokens;
mod totp;
mod tracking;
mod user_command;
mod warm;
