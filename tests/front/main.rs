//! Behind real front servers, with the files that an administrator installs.
//!
//! `files` judges those files alone, against a recorder; the others run the program behind them.

// Helpers of tests fail by panicking, as the tests themselves do.

#[path = "../support/mod.rs"]
mod support;

mod files;
mod lifecycle;
mod logs;
mod pictures;
mod uploads;
mod users;
