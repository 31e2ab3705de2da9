//! What keeps others from having endless variants of pictures made, or from showing them elsewhere:
//! signed addresses, where they are demanded, and the pages that pictures may be shown on.
//!
//! The bound on sizes is a matter of what a request means (`spec::Sizes`), and the rate of new pictures
//! one of counting over a host (`process::Rates`). Here is only what can be said of texts: nothing of
//! requests, settings, accounts or databases.

mod demand;
mod referer;
mod signature;

pub use demand::Demands;
pub use referer::Referers;
pub use signature::{KEY_MIN_BYTES, Key, Signatures, Verdict};
