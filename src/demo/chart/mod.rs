//! .
pub(super) mod colour;
pub(super) mod resolution;
