//! The parts of the program that read files, by themselves: what else there is of it would only make
//! building longer. They import nothing else, which `tests/layers.rs` sees to, as it does to this
//! package's taking the same libraries.

pub mod pixel;
pub mod sandbox;
