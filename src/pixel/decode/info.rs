//! What is known of a picture before its pixels are read.

use std::sync::Arc;

use super::Orientation;
use crate::pixel::{ColourSpace, Depth, Format, Image, Metadata, Result};

/// What is known of a picture before its pixels are read.
#[derive(Debug, Clone)]
pub struct Info {
    /// The format of the content.
    pub format: Format,
    /// Width as stored, before orientation is applied.
    pub width: u32,
    /// Height as stored, before orientation is applied.
    pub height: u32,
    /// How the stored pixels have to be turned.
    pub orientation: Orientation,
    /// The colour model of the decoded picture.
    pub space: ColourSpace,
    /// Bits per sample of the decoded picture.
    pub depth: Depth,
    /// Whether the decoded picture has an alpha band.
    pub alpha: bool,
    /// Number of pages or frames, at least 1.
    pub pages: u32,
    /// The embedded ICC profile, as found (not validated).
    pub profile: Option<Arc<[u8]>>,
    /// Descriptive data.
    pub metadata: Metadata,
    /// Whether the picture has no pixels of its own and can be decoded at any scale, above 1 too.
    pub vector: bool,
}

impl Info {
    /// A picture as most are: one page of opaque 8-bit RGB, upright, with nothing beside its
    /// pixels. For decoders, which then say what is different.
    #[must_use]
    pub fn new(format: Format, width: u32, height: u32) -> Self {
        Self {
            format,
            width,
            height,
            orientation: Orientation::UPRIGHT,
            space: ColourSpace::Rgb,
            depth: Depth::U8,
            alpha: false,
            pages: 1,
            profile: None,
            metadata: Metadata::default(),
            vector: false,
        }
    }

    /// A picture of this kind with zeroed samples, carrying profile and metadata.
    pub(in crate::pixel) fn try_image(&self, width: u32, height: u32) -> Result<Image> {
        let mut image = Image::try_new(width, height, self.space, self.alpha, self.depth)?;
        image.profile.clone_from(&self.profile);
        image.metadata = self.metadata.clone();
        Ok(image)
    }
}
