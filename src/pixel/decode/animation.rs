//! Pictures that follow each other in time.

use std::num::NonZeroU32;

use super::Decoded;
use crate::pixel::{Cancel, Result};

/// What is known of an animation before its pixels are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Animation {
    /// Number of frames, at least 2.
    pub frames: u32,
    /// How many times it is shown from beginning to end; none for endlessly.
    pub plays: Option<NonZeroU32>,
    /// Whether its frames have an alpha band.
    pub alpha: bool,
    /// Number of pixels that reading frame by frame holds at once, besides the frame itself.
    pub held_pixels: u64,
}

/// A picture as it is shown for a while: composed with those before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The pixels.
    pub decoded: Decoded,
    /// For how long it is shown, in milliseconds.
    pub shown_ms: u32,
}

/// The frames of an animation, in order.
pub trait Frames {
    /// The next frame; none after the last one.
    ///
    /// # Errors
    /// As [`Decoder::decode`](super::Decoder::decode).
    fn next(&mut self, cancel: &Cancel) -> Result<Option<Frame>>;
}
