//! (to be written)

pub mod bytelock;
pub mod slots;
