//! Charts whose every pixel is known, for judging sizes, sharpness and colour by eye and by number.

pub(super) mod colour;
pub(super) mod resolution;
