//! YCbCr that is not JPEG (TIFF 6.0, section 21): chroma of several pixels stored once, behind their
//! luma.

use super::super::{Reader, Region};
use super::directory::Directory;
use super::layout::tag;
use crate::pixel::{Error, Result};

/// Shares of red, green and blue in luma: ITU-R BT.601.
const USUAL_SHARES: [f64; 3] = [0.299, 0.587, 0.114];
/// The values of no and of full light, of luma and of both chromas.
const FULL_RANGE: [f64; 6] = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];

/// What the samples mean and how they are grouped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ycbcr {
    /// Pixels across and down that share their chroma: 1, 2 or 4.
    across: u32,
    down: u32,
    shares: [f64; 3],
    range: [f64; 6],
}

impl Ycbcr {
    pub(super) fn read(reader: &mut Reader, directory: &Directory) -> Result<Self> {
        let shared = directory.numbers(reader, tag::YCBCR_SUBSAMPLING, 2)?;
        let (across, down) = match shared.as_deref() {
            None => (2, 2),
            Some([across @ (1 | 2 | 4), down @ (1 | 2 | 4)]) => (*across as u32, *down as u32),
            Some(_) => return Err(Error::Malformed("its chroma has an impossible size".into())),
        };
        let shares = directory.fractions(reader, tag::YCBCR_COEFFICIENTS)?;
        let range = directory.fractions(reader, tag::REFERENCE_BLACK_WHITE)?;
        let (shares, range) = (shares.unwrap_or(USUAL_SHARES), range.unwrap_or(FULL_RANGE));
        let sound = shares.iter().all(|share| (0.01..=1.0).contains(share))
            && range.iter().all(|value| value.is_finite())
            && range.chunks(2).all(|pair| pair[1] - pair[0] >= 1.0);
        if !sound {
            return Err(Error::Malformed("its luma has impossible coefficients".into()));
        }
        Ok(Self { across, down, shares, range })
    }

    /// Bytes of a chunk of this size.
    pub(super) fn stored_len(self, width: u32, height: u32) -> Option<usize> {
        let groups = u64::from(width.div_ceil(self.across)) * u64::from(height.div_ceil(self.down));
        let group = u64::from(self.across * self.down + 2);
        usize::try_from(groups.checked_mul(group)?).ok()
    }

    /// The RGB pixels of a chunk of this size, its padding left out.
    pub(super) fn to_rgb(self, stored: &[u8], size: Region, rgb: &mut Vec<u8>) -> Result<()> {
        let (width, height) = (size.width as usize, size.height as usize);
        let (across, down) = (self.across as usize, self.down as usize);
        rgb.clear();
        rgb.try_reserve_exact(width * height * 3).map_err(|_| Error::Memory)?;
        rgb.resize(width * height * 3, 0);
        let groups_across = width.div_ceil(across);
        for (index, group) in stored.chunks_exact(across * down + 2).enumerate() {
            let (left, top) = (index % groups_across * across, index / groups_across * down);
            let chroma = [group[across * down], group[across * down + 1]];
            for (at, luma) in group[..across * down].iter().enumerate() {
                let (x, y) = (left + at % across, top + at / across);
                if x < width && y < height {
                    let to = (y * width + x) * 3;
                    rgb[to..to + 3].copy_from_slice(&self.pixel(*luma, chroma));
                }
            }
        }
        Ok(())
    }

    fn pixel(self, luma: u8, [cb, cr]: [u8; 2]) -> [u8; 3] {
        let [y0, y1, b0, b1, r0, r1] = self.range;
        let [share_r, share_g, share_b] = self.shares;
        let luma = (f64::from(luma) - y0) * 255.0 / (y1 - y0);
        let cb = (f64::from(cb) - b0) * 127.0 / (b1 - b0);
        let cr = (f64::from(cr) - r0) * 127.0 / (r1 - r0);
        let red = luma + cr * (2.0 - 2.0 * share_r);
        let blue = luma + cb * (2.0 - 2.0 * share_b);
        let green = (luma - share_b * blue - share_r * red) / share_g;
        [red, green, blue].map(|value| value.round().clamp(0.0, 255.0) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(across: u32, down: u32) -> Ycbcr {
        Ycbcr { across, down, shares: USUAL_SHARES, range: FULL_RANGE }
    }

    #[test]
    fn colours_are_those_of_the_definition() {
        // JFIF: pure red is 76, 85, 255; blue 29, 255, 107; green 150, 44, 21, each rounded.
        let all = usual(1, 1);
        for (stored, rgb) in [
            ([76, 85, 255], [254, 0, 0]),
            ([29, 255, 107], [0, 0, 254]),
            ([150, 44, 21], [0, 255, 1]),
            ([0, 128, 128], [0; 3]),
            ([255, 128, 128], [255; 3]),
            ([93, 128, 128], [93; 3]),
        ] {
            let found = all.pixel(stored[0], [stored[1], stored[2]]);
            let off = found.iter().zip(rgb).map(|(a, b): (&u8, u8)| a.abs_diff(b)).max();
            assert!(off <= Some(1), "{stored:?}: {found:?}, not {rgb:?}");
        }
    }

    #[test]
    fn groups_lie_where_they_belong() {
        // Two groups of four pixels across, of which the picture has five.
        let stored = [1, 2, 3, 4, 128, 128, 5, 9, 9, 9, 128, 128];
        let four = usual(4, 1);
        let size = Region { x: 0, y: 0, width: 5, height: 1 };
        assert_eq!(four.stored_len(5, 1), Some(12));
        let mut rgb = Vec::new();
        four.to_rgb(&stored, size, &mut rgb).unwrap();
        assert_eq!(rgb, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]);
        // One of two by two, of which the picture has two above each other.
        let two = usual(2, 2);
        let size = Region { x: 0, y: 0, width: 1, height: 2 };
        two.to_rgb(&[10, 0, 20, 0, 128, 128], size, &mut rgb).unwrap();
        assert_eq!(rgb, [10, 10, 10, 20, 20, 20]);
    }

    #[test]
    fn ranges_of_studios_are_stretched() {
        let studio = Ycbcr { range: [16.0, 235.0, 128.0, 240.0, 128.0, 240.0], ..usual(1, 1) };
        assert_eq!(studio.pixel(16, [128, 128]), [0; 3]);
        assert_eq!(studio.pixel(235, [128, 128]), [255; 3]);
    }
}
