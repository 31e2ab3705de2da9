//! Processes without rights: what they cannot do, what becomes of those that misbehave, and the
//! documents that are read in them.
//!
//! Every test starts the real binary as a child. A probe is such a child that tries what its input
//! says instead of decoding it.

#![allow(clippy::unwrap_used)]

mod support;

mod faults;
mod kernel;
mod refusals;
mod replacing;
