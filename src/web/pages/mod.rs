//! Pages for people.

mod error;
mod home;

pub use error::{error_page, html};
pub use home::{home, stylesheet};
