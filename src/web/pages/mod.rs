//! Pages for people.

mod error;
mod home;
mod portfolio;

pub use error::{error_page, html};
pub use home::{home, stylesheet};
pub use portfolio::{download, portfolio};
