//! Portfolios: who may do what with them, and publishing them as files.
//!
//! Knows rows, rights, files and the making of pictures. Must not know HTTP, settings or which process
//! it runs in.

mod access;
mod entries;
mod expire;
mod exports;
mod publish;
mod render;

pub use access::{level, may_change};
pub use expire::ExpireExports;
pub use exports::Exports;
pub use publish::{NotPublished, PublishPortfolio, check_published};
pub use render::{Kept, Publisher, Renderer};
