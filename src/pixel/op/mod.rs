//! The operations on pixels, a file each.
//!
//! Every operation takes a picture and gives a picture; alpha is straight between them. What is to
//! be done, and where, is in the [`Plan`](super::plan::Plan); the engine names their order.

pub(crate) mod canvas;
pub(crate) mod depth;
pub(crate) mod edge_colour;
mod interpolate;
pub(crate) mod kernel;
mod mask;
pub(crate) mod overlay;
pub(crate) mod resample;
pub(crate) mod rows;
pub(crate) mod saliency;
pub(crate) mod sample;
pub(crate) mod sharpen;
pub(crate) mod tilt;
pub(crate) mod turn;
pub(crate) mod unmultiply;
