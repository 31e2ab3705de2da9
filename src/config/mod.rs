//! The settings: what an administrator may say, where it may be said, and what was said.
//!
//! [`SETTINGS`] is the one place of every setting. It drives the reading of files, environment and
//! command line ([`load()`]), the sample file ([`sample_toml`]), what `halftone config` prints
//! ([`check`], [`show`]) and the generated reference ([`reference_markdown`]).
//!
//! Later sources win over earlier ones: defaults, the settings file, the files of the folder
//! `conf.d` beside it by name, the environment (`HALFTONE_<NAME>`), the command line. Whatever is
//! wrong is reported all at once, each fault with its file and line.
//!
//! Nothing here knows what a setting is used for: other modules take their own options, which
//! `cli` fills from [`Settings`].

mod derived;
mod error;
mod kind;
mod load;
mod print;
mod rules;
mod settings;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, Fault, Origin};
pub use kind::{Endpoint, Network, Secret, SigningKey};
pub use load::{Loaded, Sources, load};
pub use print::{Shown, check, given_toml, reference_markdown, sample_toml, show, shown};
pub use settings::{About, Group, SETTINGS, Setting, Settings, Unit};
