//! Reading files: from bytes to a picture, no more of it than is wanted.
//!
//! A file is opened first, which reads its header only, judges the declared size and gathers
//! profile and metadata. Pixels are read in a second step, which is told the wanted region and the
//! smallest useful scale, so that each format can do the least work that it is able to.
//!
//! Files come from strangers. What a file is, its content says; a name that says otherwise makes
//! it malformed. Nothing is allocated by a declared size that the limits have not passed, and
//! damage is an error, never a picture with parts missing.
//!
//! Decoders know nothing of what happens to the pixels afterwards.

// The way of a file: `input` tells its format, `source` opens it with the format's decoder, `info`
// is what that says of it, `want` what is then asked of it and comes back; `whole` tells whether
// it is there to its end.
mod info;
mod input;
mod source;
mod want;
mod whole;

// The formats.
mod bmp;
pub(super) mod dicom;
mod gif;
pub(super) mod heif;
pub(super) mod ico;
mod jpeg;
mod jxl;
mod pdf;
mod png;
mod pnm;
mod postscript;
mod psd;
pub(super) mod raw;
pub(super) mod svg;
pub(super) mod tga;
mod tiff;
mod webp;
mod xcf;

// What several of them share.
mod animation;
mod lab;
mod needs;
mod packbits;
mod read;
mod tool;
mod turbo;
mod vector;

#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod row_tests;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod tests;

use super::{Cancel, Error, Image, Result};

pub use self::animation::{Animation, Frame, Frames};
pub use self::info::Info;
pub use self::input::{HEAD_BYTES, Input, ReadSeek};
pub use self::needs::{FONT_FOLDERS, Needs, Tool, needs};
use self::read::{File, Reader, load, load_parts, no_such_page, read_block, read_error, too_large};
pub use self::source::{Isolation, Opening, Source};
pub use self::tool::{Confinement, confine_programs};
pub(in crate::pixel) use self::turbo::tells_of_memory;
pub use self::want::{Decoded, Region, Want};
pub use self::whole::check_end;
pub use super::metadata::Orientation;

/// What each format implements: the second step of reading a file whose header is known.
pub trait Decoder: Send {
    /// Number of pixels that `decode` will hold at once, in its result or beside it.
    fn held_pixels(&self, info: &Info, want: &Want) -> u64;

    /// Has the decoder shrink in proportion to light from now on, if it can, and only where that does
    /// not show in `judged`: the region from which all parts of one result are made, so that they
    /// are made alike. Then this is how many times the size of the result it has to leave, and what it
    /// leaves are averages over squares.
    fn shrink_in_light(&mut self, _info: &Info, _judged: Region) -> Option<f64> {
        None
    }

    /// Reads the pixels. `want.region` lies within the picture, and the limits hold.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`], [`Error::Limit`], [`Error::Cancelled`].
    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded>;

    /// Number of pixels that [`rows`](Self::rows) will hold at once, in a band or beside it; none of a
    /// decoder that has to hold the whole region anyway.
    fn held_by_rows(&self, _info: &Info, _region: Region) -> Option<u64> {
        None
    }

    /// Reads a region from top to bottom, a band of rows at a time.
    ///
    /// # Errors
    /// As [`decode`](Self::decode); [`Error::Unsupported`] where [`held_by_rows`](Self::held_by_rows)
    /// is none.
    fn rows(self: Box<Self>, _info: Info, _region: Region) -> Result<Box<dyn Rows>> {
        Err(Error::Unsupported("its rows do not come one after the other".into()))
    }

    /// What moves in the file, if anything does.
    fn animation(&self) -> Option<Animation> {
        None
    }

    /// The frames of the animation, each as `decode` would give it. `info.alpha` is the animation's.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    fn frames(self: Box<Self>, _info: Info, _want: &Want) -> Result<Box<dyn Frames>> {
        Err(Error::Unsupported("nothing moves in it".into()))
    }
}

/// The rows of a region, from the top.
pub trait Rows: Send {
    /// The next band, as wide as the region; none when all have been given.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    fn next(&mut self, cancel: &Cancel) -> Result<Option<Image>>;
}

/// Rows of a region that make a band of a few million pixels, at least one.
fn band_height(region: Region) -> u32 {
    // Small pictures have many bands where they are tested.
    const BAND_PIXELS: u32 = if cfg!(test) { 500 } else { 4_000_000 };
    (BAND_PIXELS / region.width).clamp(1, region.height)
}

/// Loads what decoders would load when they are first used, for a process that will not be able to
/// open anything later. What is missing is told when a file that takes it is opened.
pub fn prepare() {
    heif::prepare();
}
