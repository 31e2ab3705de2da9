//! The image resources of a Photoshop file: profile, metadata, resolution.

use std::sync::Arc;

use super::super::jpeg::photoshop_resource;
use super::super::{Reader, read_block};
use super::header::word;
use crate::pixel::metadata::sensible;
use crate::pixel::{Density, Error, Metadata, Result};

const RESOLUTION: u16 = 1005;
const IPTC: u16 = 1028;
const PROFILE: u16 = 1039;
const VERSION: u16 = 1057;
const EXIF: u16 = 1058;
const XMP: u16 = 1060;

/// Thumbnails, paths and slices among them are far smaller together.
const MAX_BYTES: u32 = 256 * 1024 * 1024;

/// What of them concerns us.
pub(super) struct Resources {
    pub(super) profile: Option<Arc<[u8]>>,
    pub(super) metadata: Metadata,
    /// Whether the merged picture is a blank one.
    pub(super) without_merged: bool,
}

impl Resources {
    pub(super) fn read(reader: &mut Reader) -> Result<Self> {
        let len = u32::from_be_bytes(word(reader)?);
        if len > MAX_BYTES {
            return Err(Error::Limit("it carries too much metadata".into()));
        }
        let block = read_block(reader, len.into())?;
        let resource = |id| photoshop_resource(&block, id);
        let shared = |id| resource(id).map(Arc::from);
        let metadata = Metadata {
            exif: shared(EXIF),
            xmp: shared(XMP),
            iptc: shared(IPTC),
            density: resource(RESOLUTION).and_then(density),
        };
        // A version number of four bytes stands before the flag.
        let without_merged = resource(VERSION).and_then(|block| block.get(4)) == Some(&0);
        Ok(Self { profile: shared(PROFILE), metadata, without_merged })
    }
}

/// Dots per inch as fixed-point numbers, whatever unit the program shows.
fn density(block: &[u8]) -> Option<Density> {
    let dpi = |at: usize| {
        let bytes = block.get(at..at + 4)?.try_into().ok()?;
        Some(f64::from(u32::from_be_bytes(bytes)) / 65536.0)
    };
    sensible(dpi(0)?, dpi(8)?)
}
