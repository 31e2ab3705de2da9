//! Records that are larger than an item of memcached may be.
//!
//! Such a record is cut into chunks under keys of their own; the entry's key holds only a short
//! head that lists them. Each store draws a new generation number that is part of the chunks' keys,
//! so that chunks of two stores can never be mixed, and writes the head last. The record put together
//! again is verified as a whole by its own checksum.
//!
//! Layout of a head, integers little-endian: the magic `HTcs`, version 1, three zero bytes, the chunk
//! size (4 bytes), the number of chunks (4), the record's length (8), the generation (8), the CRC-32
//! of all that (4).

use std::ops::Range;

const MAGIC: &[u8; 8] = b"HTcs\x01\0\0\0";
const HEAD_LEN: usize = 36;

/// How a record was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split {
    /// Length of every chunk but the last.
    pub chunk_bytes: usize,
    /// Length of the whole record.
    pub record_bytes: usize,
    /// What tells this store's chunks from any other's.
    pub generation: u64,
}

impl Split {
    /// Number of chunks.
    pub(super) fn count(&self) -> usize {
        self.record_bytes.div_ceil(self.chunk_bytes)
    }

    /// The part of the record that a chunk holds.
    pub(super) fn range(&self, chunk: usize) -> Range<usize> {
        let start = chunk * self.chunk_bytes;
        start..(start + self.chunk_bytes).min(self.record_bytes)
    }

    /// The key of a chunk.
    pub(super) fn key(&self, prefix: &str, hex: &str, chunk: usize) -> String {
        format!("{prefix}c{hex}.{:016x}.{chunk}", self.generation)
    }

    /// The head.
    pub(super) fn to_bytes(self) -> Option<[u8; HEAD_LEN]> {
        let mut head = [0; HEAD_LEN];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&u32::try_from(self.chunk_bytes).ok()?.to_le_bytes());
        head[12..16].copy_from_slice(&u32::try_from(self.count()).ok()?.to_le_bytes());
        head[16..24].copy_from_slice(&(self.record_bytes as u64).to_le_bytes());
        head[24..32].copy_from_slice(&self.generation.to_le_bytes());
        let sum = crc32fast::hash(&head[..32]);
        head[32..].copy_from_slice(&sum.to_le_bytes());
        Some(head)
    }

    /// Reads a head. Nothing when it is not one, is damaged, or describes a record over `max_bytes`.
    pub(super) fn from_bytes(value: &[u8], max_bytes: usize) -> Option<Self> {
        let head: &[u8; HEAD_LEN] = value.try_into().ok()?;
        let sum = u32::from_le_bytes(*head.last_chunk()?);
        if &head[..8] != MAGIC || crc32fast::hash(&head[..32]) != sum {
            return None;
        }
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let split = Self {
            chunk_bytes: word(8) as usize,
            record_bytes: usize::try_from(long(16)).ok()?,
            generation: long(24),
        };
        let sound = split.chunk_bytes > 0
            && (1..=max_bytes).contains(&split.record_bytes)
            && split.count() == word(12) as usize;
        sound.then_some(split)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn damaged_or_absurd_heads_are_refused() {
        let split = Split { chunk_bytes: 1_000_000, record_bytes: 5_000_001, generation: 7 };
        let head = split.to_bytes().unwrap();
        assert_eq!(Split::from_bytes(&head, 6_000_000), Some(split));
        assert_eq!(Split::from_bytes(&head, 5_000_000), None, "over the limit");
        assert_eq!(Split::from_bytes(&head[1..], 6_000_000), None);
        for bit in 0..head.len() * 8 {
            let mut damaged = head;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Split::from_bytes(&damaged, 6_000_000), None, "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn chunks_cover_the_record_once(chunk_bytes in 1_usize..5_000, record_bytes in 1_usize..100_000) {
            let split = Split { chunk_bytes, record_bytes, generation: u64::MAX };
            let mut end = 0;
            for chunk in 0..split.count() {
                let range = split.range(chunk);
                prop_assert_eq!(range.start, end);
                prop_assert!(!range.is_empty() && range.len() <= chunk_bytes);
                end = range.end;
            }
            prop_assert_eq!(end, record_bytes);
            prop_assert_eq!(Split::from_bytes(&split.to_bytes().unwrap(), record_bytes), Some(split));
        }
    }
}
