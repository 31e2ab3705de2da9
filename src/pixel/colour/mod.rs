//! What the numbers of a picture mean, and how to change them into another colour space.
//!
//! [`icc`] judges embedded profiles, [`profile`] those of the administrator, [`curve`] knows how samples relate to light, [`transform`]
//! converts pixels between spaces. None of this knows of geometry or files.
//!
//! Conversions that nobody asked for by a profile's name are relative colorimetric with black point
//! compensation: colours that both spaces can show stay as they are, and the darkest tone of the one
//! becomes the darkest of the other, whatever tables a profile's maker put in for the perceptual
//! intent. It is the usual choice for photographs on their way to a screen or to a press. A profile
//! that is asked for ([`apply`]) comes with an intent of the caller's choice.

pub(crate) mod apply;
pub(crate) mod cicp;
pub(crate) mod convert;
pub(crate) mod curve;
pub(crate) mod gamma;
pub(crate) mod icc;
mod profile;
pub(crate) mod transform;

pub use profile::{Profile, ProfileKind};
