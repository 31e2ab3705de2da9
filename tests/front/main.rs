//! Behind real front servers, with the files that an administrator installs.
//!
//! `files` judges those files alone, against a recorder; the others run the program behind them.

// Helpers of tests fail by panicking, as the tests themselves do.

#[path = "../support/mod.rs"]
mod support;

mod assets;
mod bench;
mod check;
mod edge;
mod files;
mod followed;
mod handed;
mod lifecycle;
mod logs;
mod maintenance;
mod memcached;
mod pictures;
mod postgres;
mod tls;
mod under_load;
mod uploads;
mod users;
