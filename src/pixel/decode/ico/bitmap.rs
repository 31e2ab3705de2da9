//! The bitmaps in icons: colours, then a mask.

use super::super::too_large;
use crate::pixel::{Error, Image, Result, Samples};

const HEADER_BYTES: usize = 40;

/// A bitmap whose header is read.
pub(super) struct Bitmap {
    bytes: Vec<u8>,
    pub(super) width: u32,
    pub(super) height: u32,
    bits: usize,
    colours: usize,
    pixels_at: usize,
    from_top: bool,
}

impl Bitmap {
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self> {
        let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(Error::Malformed("it ends too early".into()));
        };
        let u32_at =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let header_bytes = u32_at(0) as usize;
        let height = u32_at(8).cast_signed();
        let bits = usize::from(u16::from_le_bytes([head[14], head[15]]));
        let (compression, colours) = (u32_at(16), u32_at(32));
        if !(HEADER_BYTES..=bytes.len()).contains(&header_bytes) {
            return Err(Error::Malformed("its header is no sound one".into()));
        }
        if compression != 0 || !matches!(bits, 1 | 4 | 8 | 24 | 32) {
            return Err(Error::Unsupported("an icon of an uncommon pixel type".into()));
        }
        let colours = match (bits, colours) {
            (24 | 32, _) => 0,
            (_, 0) => 1 << bits,
            (_, stated) if stated <= 1 << bits => stated as usize,
            _ => return Err(Error::Malformed("its palette is too long".into())),
        };
        Ok(Self {
            width: u32::try_from(u32_at(4).cast_signed()).unwrap_or(0),
            height: height.unsigned_abs() / 2,
            bits,
            colours,
            pixels_at: header_bytes + colours * 4,
            from_top: height < 0,
            bytes,
        })
    }

    /// Bytes of a row of colours and of one of the mask.
    fn lines(&self) -> (usize, usize) {
        let line = |bits: usize| (self.width as usize * bits).div_ceil(32) * 4;
        (line(self.bits), line(1))
    }

    /// Fails unless all colours are there. A mask may be missing.
    pub(super) fn check_len(&self) -> Result<()> {
        let colours = self.lines().0.saturating_mul(self.height as usize);
        if self.pixels_at.saturating_add(colours) > self.bytes.len() {
            return Err(Error::Malformed("it ends too early".into()));
        }
        Ok(())
    }

    /// Fills a picture of RGB with alpha.
    pub(super) fn paint(&self, image: &mut Image) -> Result<()> {
        let Samples::U8(samples) = &mut image.samples else { return Err(too_large()) };
        let (line, mask_line) = self.lines();
        let height = self.height as usize;
        let stored = &self.bytes[self.pixels_at..];
        let mask = &stored[line * height..];
        let mask = (mask.len() >= mask_line * height).then_some(mask);
        let palette = &self.bytes[self.pixels_at - self.colours * 4..self.pixels_at];
        // A fourth byte that is zero all over is no alpha: then the mask alone counts.
        let has_alpha = self.bits == 32
            && stored[..line * height].as_chunks::<4>().0.iter().any(|pixel| pixel[3] != 0);
        for (y, out) in samples.chunks_exact_mut(self.width as usize * 4).enumerate() {
            let row = if self.from_top { y } else { height - 1 - y };
            let pixels = &stored[row * line..][..line];
            for (x, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let entry = match self.bits {
                    24 => &pixels[x * 3..][..3],
                    32 => &pixels[x * 4..][..4],
                    bits => {
                        let shift = 8 - bits - x * bits % 8;
                        let index = pixels[x * bits / 8] >> shift & ((1u16 << bits) - 1) as u8;
                        palette
                            .get(usize::from(index) * 4..)
                            .and_then(|rest| rest.get(..3))
                            .ok_or_else(|| {
                                Error::Malformed(
                                    "a pixel has a colour that its palette does not have".into(),
                                )
                            })?
                    }
                };
                let masked = !has_alpha
                    && mask
                        .is_some_and(|mask| mask[row * mask_line + x / 8] & (0x80 >> (x % 8)) != 0);
                let alpha = match entry {
                    _ if masked => 0,
                    [_, _, _, alpha] if has_alpha => *alpha,
                    _ => 255,
                };
                *out = [entry[2], entry[1], entry[0], alpha];
            }
        }
        Ok(())
    }
}
