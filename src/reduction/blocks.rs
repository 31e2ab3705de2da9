//! Numbers, texts and what is known of a picture, as bytes: little-endian, blocks led by their
//! length.
//!
//! What is read was written here and is guarded by a checksum; still nothing in it is trusted with a
//! size or a place.

use std::sync::Arc;

use crate::pixel::decode::Info;
use crate::pixel::{ColourSpace, Density, Depth, Format, Metadata, Orientation};

/// Collects bytes.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn block(&mut self, block: &[u8]) {
        self.u64(block.len() as u64);
        self.0.extend_from_slice(block);
    }

    fn optional(&mut self, block: Option<&[u8]>) {
        self.u32(u32::from(block.is_some()));
        self.block(block.unwrap_or_default());
    }

    pub(super) fn info(&mut self, info: &Info) {
        self.block(info.format.extension().as_bytes());
        self.u32(info.width);
        self.u32(info.height);
        self.u32(info.orientation.exif().into());
        self.u32(match info.space {
            ColourSpace::Gray => 1,
            ColourSpace::Rgb => 3,
            ColourSpace::Cmyk => 4,
        });
        self.u32(match info.depth {
            Depth::U8 => 8,
            Depth::U16 => 16,
        });
        self.u32(info.alpha.into());
        self.u32(info.pages);
        self.optional(info.profile.as_deref());
        let Metadata { exif, xmp, iptc, density } = &info.metadata;
        self.optional(exif.as_deref());
        self.optional(xmp.as_deref());
        self.optional(iptc.as_deref());
        self.u32(density.is_some().into());
        let density = density.unwrap_or(Density { x_dpi: 0.0, y_dpi: 0.0 });
        self.f64(density.x_dpi);
        self.f64(density.y_dpi);
    }
}

/// Takes bytes apart; nothing when they end too early.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        Some(f64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(super) fn block(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.u64()?).ok()?;
        self.take(len)
    }

    fn optional(&mut self) -> Option<Option<Arc<[u8]>>> {
        let there = self.u32()? != 0;
        let block = self.block()?;
        Some(there.then(|| Arc::from(block)))
    }

    pub(super) fn info(&mut self) -> Option<Info> {
        let format = Format::from_extension(std::str::from_utf8(self.block()?).ok()?)?;
        let (width, height) = (self.u32()?, self.u32()?);
        let orientation = Orientation::from_exif(u16::try_from(self.u32()?).ok()?)?;
        let space = match self.u32()? {
            1 => ColourSpace::Gray,
            3 => ColourSpace::Rgb,
            4 => ColourSpace::Cmyk,
            _ => return None,
        };
        let depth = match self.u32()? {
            8 => Depth::U8,
            16 => Depth::U16,
            _ => return None,
        };
        let (alpha, pages) = (self.u32()? != 0, self.u32()?);
        let profile = self.optional()?;
        let (exif, xmp, iptc) = (self.optional()?, self.optional()?, self.optional()?);
        let there = self.u32()? != 0;
        let density = Density { x_dpi: self.f64()?, y_dpi: self.f64()? };
        let metadata = Metadata { exif, xmp, iptc, density: there.then_some(density) };
        Some(Info {
            format,
            width,
            height,
            orientation,
            space,
            depth,
            alpha,
            pages,
            profile,
            metadata,
            vector: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_picture_comes_back_and_half_of_it_does_not() {
        let info = Info {
            format: Format::Tiff,
            width: 20_000,
            height: 3,
            orientation: Orientation::from_exif(6).unwrap(),
            space: ColourSpace::Cmyk,
            depth: Depth::U16,
            alpha: true,
            pages: 7,
            profile: Some(Arc::from(&b"profile"[..])),
            metadata: Metadata {
                exif: Some(Arc::from(&b"exif"[..])),
                xmp: None,
                iptc: Some(Arc::from(&b""[..])),
                density: Some(Density { x_dpi: 300.0, y_dpi: 72.5 }),
            },
            vector: false,
        };
        let mut writer = Writer::default();
        writer.info(&info);
        let read = Reader(&writer.0).info().unwrap();
        assert_eq!(format!("{read:?}"), format!("{info:?}"));
        for len in 0..writer.0.len() {
            assert!(Reader(&writer.0[..len]).info().is_none(), "{len}");
        }
    }
}
