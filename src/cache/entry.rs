//! A cached body and the form in which it is stored outside this process.
//!
//! A stored record proves by itself that it is whole and that it belongs to the key it was looked
//! up by: storage that loses, tears or mixes up values causes misses, never wrong pictures.
//!
//! Layout, integers little-endian:
//!
//! | Bytes | Content |
//! |---|---|
//! | 0–3 | the magic `HTce` |
//! | 4 | version, 1 |
//! | 5–7 | length of the content type |
//! | 8–11 | length of the key's text |
//! | 12–15 | CRC-32 of everything else: bytes 0–11 and 16 to the end |
//! | 16–23 | length of the body |
//! | 24… | the key's text, the content type, the body |

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::Key;

/// A cached body. Clones share its memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The MIME type of the body.
    pub content_type: Arc<str>,
    /// The body.
    pub body: Bytes,
}

impl Entry {
    /// An entry.
    #[must_use]
    pub fn new(content_type: impl Into<Arc<str>>, body: Bytes) -> Self {
        Self { content_type: content_type.into(), body }
    }
}

const MAGIC: &[u8; 4] = b"HTce";
const VERSION: u8 = 1;
const FIXED_LEN: usize = 24;

/// Everything of a record that stands before the body, or nothing when the key or the content type
/// is too long for the format.
pub(super) fn record_head(key: &Key, entry: &Entry) -> Option<Vec<u8>> {
    let (text, kind) = (key.text().as_bytes(), entry.content_type.as_bytes());
    let text_len = u32::try_from(text.len()).ok()?;
    let kind_len = u32::try_from(kind.len()).ok().filter(|len| *len < 1 << 24)?;
    let mut head = Vec::with_capacity(FIXED_LEN + text.len() + kind.len());
    head.extend_from_slice(MAGIC);
    head.push(VERSION);
    head.extend_from_slice(&kind_len.to_le_bytes()[..3]);
    head.extend_from_slice(&text_len.to_le_bytes());
    head.extend_from_slice(&[0; 4]);
    head.extend_from_slice(&(entry.body.len() as u64).to_le_bytes());
    head.extend_from_slice(text);
    head.extend_from_slice(kind);
    let sum = checksum(&head, &entry.body);
    head[12..16].copy_from_slice(&sum.to_le_bytes());
    Some(head)
}

/// The entry of a whole record, or nothing when the record is torn, damaged, of another version or
/// of another key. The body shares the record's memory.
pub(super) fn from_record(key: &Key, record: Vec<u8>) -> Option<Entry> {
    let (content_type, body) = parse(key, &record)?;
    Some(Entry { content_type, body: Bytes::from(record).slice(body) })
}

fn parse(key: &Key, record: &[u8]) -> Option<(Arc<str>, Range<usize>)> {
    let fixed: &[u8; FIXED_LEN] = record.first_chunk()?;
    if &fixed[..4] != MAGIC || fixed[4] != VERSION {
        return None;
    }
    let kind_len = u32::from_le_bytes([fixed[5], fixed[6], fixed[7], 0]) as usize;
    let text_len = u32::from_le_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]) as usize;
    let sum = u32::from_le_bytes([fixed[12], fixed[13], fixed[14], fixed[15]]);
    let body_len = u64::from_le_bytes(*fixed.last_chunk()?);
    let kind_at = FIXED_LEN.checked_add(text_len)?;
    let body_at = kind_at.checked_add(kind_len)?;
    if (body_at as u64).checked_add(body_len)? != record.len() as u64 {
        return None;
    }
    if &record[FIXED_LEN..kind_at] != key.text().as_bytes() {
        return None;
    }
    let (head, body) = record.split_at(body_at);
    if checksum(head, body) != sum {
        return None;
    }
    let content_type = std::str::from_utf8(&head[kind_at..]).ok()?;
    Some((content_type.into(), body_at..record.len()))
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head[..12]);
    hasher.update(&head[16..]);
    hasher.update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(key: &Key, entry: &Entry) -> Vec<u8> {
        let mut record = record_head(key, entry).unwrap();
        record.extend_from_slice(&entry.body);
        record
    }

    fn sample() -> (Key, Entry) {
        (Key::new("v1 é\r\n\0".into()), Entry::new("image/jpeg", Bytes::from_static(b"body")))
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let (key, entry) = (Key::new("k".into()), Entry::new("a/b", Bytes::from_static(b"xyz")));
        let record = record(&key, &entry);
        // The CRC was computed with Python: zlib.crc32(everything but bytes 12 to 15).
        let expected = b"HTce\x01\x03\0\0\x01\0\0\0CRC!\x03\0\0\0\0\0\0\0ka/bxyz";
        assert_eq!(record[..12], expected[..12]);
        assert_eq!(record[12..16], 0xd87c_9415_u32.to_le_bytes());
        assert_eq!(record[16..], expected[16..]);
    }

    #[test]
    fn every_truncation_and_extension_is_a_miss() {
        let (key, entry) = sample();
        let whole = record(&key, &entry);
        for len in 0..whole.len() {
            assert_eq!(from_record(&key, whole[..len].to_vec()), None, "cut to {len} bytes");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert_eq!(from_record(&key, longer), None);
        assert_eq!(from_record(&key, whole), Some(entry));
    }

    #[test]
    fn every_flipped_bit_is_a_miss() {
        let (key, entry) = sample();
        let whole = record(&key, &entry);
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(from_record(&key, damaged), None, "bit {bit}");
        }
    }

    #[test]
    fn the_record_of_another_key_is_a_miss() {
        let (key, entry) = sample();
        assert_eq!(from_record(&Key::new("v1 other".into()), record(&key, &entry)), None);
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(text in ".*", kind in ".*", body: Vec<u8>) {
            let (key, entry) = (Key::new(text), Entry::new(kind, Bytes::from(body)));
            prop_assert_eq!(from_record(&key, record(&key, &entry)), Some(entry));
        }

        #[test]
        fn foreign_bytes_are_a_miss(bytes: Vec<u8>) {
            let mut record = b"HTce\x01".to_vec();
            record.extend(bytes);
            prop_assert_eq!(from_record(&Key::new("k".into()), record), None);
        }
    }
}
