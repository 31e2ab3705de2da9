//! What the pipeline has to understand of descriptive metadata.
//!
//! Metadata blocks travel as opaque bytes. A few of their fields describe the pixels, though: they
//! are read when a file is opened, and made to tell the truth again when a changed picture is
//! written. Changes are made in place, so that everything else in a block, known or not, survives.
//! What an administrator wants kept or dropped is chosen here, too.
//!
//! [`exif`], [`xmp`] and [`iptc`] know one kind of block each, [`fields`] Exif as values, [`carry`]
//! says IPTC in XMP. None knows of files: finding and embedding blocks is the codecs' work.

mod carry;
mod describe;
mod exif;
pub(crate) mod fields;
mod iptc;
mod listing;
mod xmp;

use std::sync::Arc;

use super::{Density, Metadata};

pub use describe::Description;
pub(crate) use exif::{density, orientation};
pub use listing::{Listing, listing};

/// How stored pixels have to be turned to stand upright: the values 1–8 of the Exif tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Orientation(u8);

impl Orientation {
    /// Stored as shown.
    pub const UPRIGHT: Self = Self(1);

    /// The orientation with this Exif value, if it is one.
    #[must_use]
    pub fn from_exif(value: u16) -> Option<Self> {
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value)).map(Self)
    }

    /// The Exif value, 1–8.
    #[must_use]
    pub fn exif(self) -> u8 {
        self.0
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_axes(self) -> bool {
        self.0 >= 5
    }

    /// Whether the stored pixels are mirrored left to right, before they are turned by
    /// [`clockwise_deg`](Self::clockwise_deg) to stand upright.
    #[must_use]
    pub fn mirrored(self) -> bool {
        matches!(self.0, 2 | 4 | 5 | 7)
    }

    /// The clockwise turn (0, 90, 180 or 270) that follows a mirroring to stand upright.
    #[must_use]
    pub fn clockwise_deg(self) -> u16 {
        match self.0 {
            3 | 4 => 180,
            6 | 7 => 90,
            5 | 8 => 270,
            _ => 0,
        }
    }
}

impl Default for Orientation {
    fn default() -> Self {
        Self::UPRIGHT
    }
}

/// A density, unless a value is not a positive number.
#[must_use]
pub(crate) fn sensible(x_dpi: f64, y_dpi: f64) -> Option<Density> {
    let fits = |dpi: f64| dpi.is_finite() && dpi > 0.0 && dpi <= 1e6;
    (fits(x_dpi) && fits(y_dpi)).then_some(Density { x_dpi, y_dpi })
}

/// What `strip` leaves in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripKeeps {
    /// No metadata at all.
    Nothing,
    /// Who made it and whose it is: Exif Artist and Copyright; IPTC By-line, Credit, Source and
    /// Copyright Notice; XMP creator, rights, credit, source, owner and usage terms.
    Copyright,
}

/// Which metadata a written picture carries, and what it has to say of the picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// Whether it is left out but for what is always kept.
    pub strip: bool,
    pub keeps: StripKeeps,
    /// Whether positions, serial numbers and maker's notes are left out.
    pub drop_private: bool,
    pub size: (u32, u32),
    pub orientation: Orientation,
    pub density: Option<Density>,
    /// Whether the file has no place for IPTC: what it says goes into XMP.
    pub iptc_as_xmp: bool,
    /// Whether the file has no place for the resolution but Exif.
    pub density_as_exif: bool,
}

/// The metadata as it has to be written.
///
/// Orientation, size and resolution are corrected where the blocks state them, and thumbnails, which
/// show another picture, removed. A block that is not well formed is left as it is, unless something
/// in it is to be dropped.
#[must_use]
pub(crate) fn for_picture(metadata: &Metadata, written: &Written) -> Metadata {
    let Written { density, .. } = *written;
    let Metadata { mut exif, mut xmp, mut iptc, .. } = match (written.strip, written.keeps) {
        (false, _) => metadata.clone(),
        (true, StripKeeps::Nothing) => Metadata::default(),
        (true, StripKeeps::Copyright) => rights(metadata),
    };
    if written.drop_private {
        exif = exif.and_then(|exif| exif::without_private(&exif)).map(Arc::from);
        xmp = xmp.and_then(|xmp| xmp::without_private(&xmp)).map(Arc::from);
    }
    exif = exif.map(|exif| {
        let mut bytes = exif.to_vec();
        exif::correct(&mut bytes, written.size, written.orientation, density);
        Arc::from(bytes)
    });
    xmp = xmp.map(|xmp| xmp::correct(&xmp, written.size, written.orientation, density).into());
    if exif.is_none() && written.density_as_exif {
        exif = exif::rights(None, density);
    }
    if written.iptc_as_xmp {
        xmp = carry::iptc_into_xmp(iptc.as_deref(), xmp);
        iptc = None;
    }
    Metadata { exif, xmp, iptc, density }
}

/// Only what tells whose a picture is.
fn rights(metadata: &Metadata) -> Metadata {
    Metadata {
        exif: exif::rights(metadata.exif.as_deref(), None),
        xmp: metadata.xmp.as_deref().and_then(carry::rights).map(Arc::from),
        iptc: metadata.iptc.as_deref().and_then(iptc::rights).map(Arc::from),
        density: None,
    }
}
