//! Pages for people.

mod error;
mod home;

pub use error::error_page;
pub use home::{home, stylesheet};
