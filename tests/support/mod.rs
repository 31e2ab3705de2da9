//! What the integration tests share: the real binary, real front servers, a small HTTP client, and
//! pictures made by code.
//!
//! Everything listens on loopback or in a temporary folder, is ended by its process id when its value
//! is dropped, and is waited for by condition, never by a fixed sleep. A tool that is missing fails
//! the test that needs it and says how to get it.

// Each test target compiles this module for itself and uses its own part of it.
#![allow(dead_code)]
// Helpers of tests fail by panicking, as the tests themselves do.

pub mod apache;
pub mod browser;
pub mod cluster;
pub mod config;
pub mod database;
pub mod fcgi;
pub mod files;
pub mod fixture;
pub mod front;
pub mod halftone;
pub mod http;
pub mod load;
pub mod memcached;
pub mod namespace;
pub mod nginx;
pub mod process;
pub mod qis;
pub mod recorder;
pub mod relay;
pub mod slapd;
pub mod tus;
pub mod wait;
