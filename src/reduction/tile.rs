//! Samples of a tile as bytes: each row as its difference from the one above, packed by zstd at its
//! fastest.
//!
//! Lossless, whatever the bands and the depth, so that a picture made from a level has one lossy step
//! as any other. `docs/decisions/0008-prepared-reductions.md` has the measurements of this and other
//! codings.

use std::cell::RefCell;
use std::io;

use zstd::bulk::{Compressor, Decompressor};

use crate::pixel::ladder::Row;

/// Columns and rows of a tile; those at the right and bottom edge are smaller.
pub(super) const TILE: u32 = 256;

/// zstd's effort: more of it makes tiles of photographs hardly smaller.
const EFFORT: i32 = 1;

/// A few rows of a level, as they come, before they are cut into tiles.
pub(super) struct Strip {
    /// Samples of one row, all bands.
    row_len: usize,
    /// Samples of one pixel.
    bands: usize,
    samples: Kept,
}

enum Kept {
    None,
    U8(Vec<u8>),
    U16(Vec<u16>),
}

impl Strip {
    pub(super) fn new(width: u32, bands: usize) -> Self {
        Self { row_len: width as usize * bands, bands, samples: Kept::None }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: Row<'_>) {
        match (&mut self.samples, row) {
            (Kept::U8(samples), Row::U8(row)) => samples.extend_from_slice(row),
            (Kept::U16(samples), Row::U16(row)) => samples.extend_from_slice(row),
            (kept, Row::U8(row)) => *kept = Kept::U8(row.to_vec()),
            (kept, Row::U16(row)) => *kept = Kept::U16(row.to_vec()),
        }
    }

    /// Rows that are waiting.
    pub(super) fn rows(&self) -> u32 {
        let len = match &self.samples {
            Kept::None => 0,
            Kept::U8(samples) => samples.len(),
            Kept::U16(samples) => samples.len(),
        };
        (len / self.row_len) as u32
    }

    /// Packs what is waiting, tile by tile from the left, and forgets it.
    pub(super) fn pack(&mut self, mut put: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut compressor = Compressor::new(EFFORT)?;
        let mut bytes = Vec::new();
        let step = TILE as usize * self.bands;
        for left in (0..self.row_len).step_by(step) {
            let columns = left..(left + step).min(self.row_len);
            bytes.clear();
            match &self.samples {
                Kept::None => {}
                Kept::U8(samples) => {
                    let rows = samples.chunks_exact(self.row_len);
                    differ(rows.map(|row| &row[columns.clone()]), u8::wrapping_sub, |value| {
                        bytes.push(value);
                    });
                }
                Kept::U16(samples) => {
                    // The high bytes first, then the low ones, which are mostly noise.
                    let rows = || samples.chunks_exact(self.row_len).map(|r| &r[columns.clone()]);
                    for shift in [8, 0] {
                        differ(rows(), u16::wrapping_sub, |value| {
                            bytes.push((value >> shift) as u8);
                        });
                    }
                }
            }
            put(&compressor.compress(&bytes)?)?;
        }
        match &mut self.samples {
            Kept::None => {}
            Kept::U8(samples) => samples.clear(),
            Kept::U16(samples) => samples.clear(),
        }
        Ok(())
    }
}

/// The difference of each sample from the one above.
fn differ<'a, T: Copy + Default + 'static>(
    rows: impl Iterator<Item = &'a [T]>,
    minus: fn(T, T) -> T,
    mut put: impl FnMut(T),
) {
    let mut above: Option<&[T]> = None;
    for row in rows {
        for (index, value) in row.iter().enumerate() {
            put(minus(*value, above.map_or(T::default(), |above| above[index])));
        }
        above = Some(row);
    }
}

thread_local! {
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Unpacks the bytes of a tile into `bytes`, which has its exact length.
fn unpack(packed: &[u8], bytes: &mut [u8]) -> io::Result<()> {
    let len = UNPACKER.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(Decompressor::new()?);
        }
        let unpacker = slot.as_mut().ok_or(io::ErrorKind::OutOfMemory)?;
        unpacker.decompress_to_buffer(packed, bytes)
    })?;
    if len != bytes.len() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(())
}

/// The samples of a tile of 8 bits, whose rows have `row_len` of them; `samples` is of its length.
pub(super) fn unpack_u8(packed: &[u8], row_len: usize, samples: &mut [u8]) -> io::Result<()> {
    unpack(packed, samples)?;
    for start in (row_len..samples.len()).step_by(row_len) {
        let (above, row) = samples[start - row_len..].split_at_mut(row_len);
        for (value, above) in row.iter_mut().zip(above) {
            *value = value.wrapping_add(*above);
        }
    }
    Ok(())
}

/// The same of 16 bits.
pub(super) fn unpack_u16(packed: &[u8], row_len: usize, samples: &mut [u16]) -> io::Result<()> {
    let mut bytes = vec![0; samples.len() * 2];
    unpack(packed, &mut bytes)?;
    let (high, low) = bytes.split_at(samples.len());
    for (value, (high, low)) in samples.iter_mut().zip(high.iter().zip(low)) {
        *value = u16::from_be_bytes([*high, *low]);
    }
    for start in (row_len..samples.len()).step_by(row_len) {
        let (above, row) = samples[start - row_len..].split_at_mut(row_len);
        for (value, above) in row.iter_mut().zip(above) {
            *value = value.wrapping_add(*above);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: usize) -> Vec<u16> {
        let mut state = 3_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u16
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn samples_come_back_as_they_were() {
        let (width, height, bands) = (300_usize, 5_usize, 3_usize);
        let deep = noise(width * height * bands);
        let shallow: Vec<u8> = deep.iter().map(|value| (*value >> 8) as u8).collect();
        let (mut one, mut two) = (Strip::new(300, 3), Strip::new(300, 3));
        for y in 0..height {
            let row = y * width * bands..(y + 1) * width * bands;
            one.push(Row::U8(&shallow[row.clone()]));
            two.push(Row::U16(&deep[row]));
        }
        assert_eq!((one.rows(), two.rows()), (5, 5));
        let mut packed = [Vec::new(), Vec::new()];
        for (strip, packed) in [&mut one, &mut two].into_iter().zip(&mut packed) {
            strip
                .pack(|tile| {
                    packed.push(tile.to_vec());
                    Ok(())
                })
                .unwrap();
            assert_eq!((strip.rows(), packed.len()), (0, 2));
        }
        let mut left = 0;
        for (index, columns) in [256_usize, 44].into_iter().enumerate() {
            let row_len = columns * bands;
            let mut eight = vec![0_u8; row_len * height];
            let mut sixteen = vec![0_u16; row_len * height];
            unpack_u8(&packed[0][index], row_len, &mut eight).unwrap();
            unpack_u16(&packed[1][index], row_len, &mut sixteen).unwrap();
            for y in 0..height {
                let from = (y * width + left) * bands;
                assert_eq!(eight[y * row_len..][..row_len], shallow[from..from + row_len]);
                assert_eq!(sixteen[y * row_len..][..row_len], deep[from..from + row_len]);
            }
            left += columns;
        }
    }

    #[test]
    fn tiles_of_another_length_are_damaged() {
        let mut strip = Strip::new(4, 1);
        strip.push(Row::U8(&[1, 2, 3, 4]));
        let mut tile = Vec::new();
        strip
            .pack(|bytes| {
                tile = bytes.to_vec();
                Ok(())
            })
            .unwrap();
        assert!(unpack_u8(&tile, 4, &mut [0; 4]).is_ok());
        assert!(unpack_u8(&tile, 4, &mut [0; 8]).is_err());
        assert!(unpack_u8(&tile, 3, &mut [0; 3]).is_err());
        assert!(unpack_u8(b"no zstd", 4, &mut [0; 4]).is_err());
    }
}
