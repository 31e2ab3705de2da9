//! A TIFF structure in memory: finding its fields, and overwriting their numbers.
//!
//! Every access is checked against the end. Knows no field's meaning.

use std::ops::Range;

use super::super::fields::{Field, unit};

/// Bytes of an entry of a directory.
pub(super) const ENTRY_BYTES: usize = 12;

pub(super) const SHORT: u16 = 3;
pub(super) const LONG: u16 = 4;
pub(super) const RATIONAL: u16 = 5;

/// A TIFF structure in memory; every access is checked against its end.
pub(in crate::pixel::metadata) struct Block<'a> {
    bytes: &'a [u8],
    pub(super) big_endian: bool,
}

/// One entry of a directory: its type, count, and the place of its value field.
pub(super) struct Entry {
    kind: u16,
    count: u32,
    pub value: usize,
}

impl<'a> Block<'a> {
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..4)? {
            b"MM\0*" => true,
            b"II*\0" => false,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    pub fn first_directory(&self) -> Option<usize> {
        Some(self.u32(4)? as usize)
    }

    pub(super) fn next_directory_place(&self, directory: usize) -> Option<usize> {
        let count = usize::from(self.u16(directory)?);
        let place = directory + 2 + count * ENTRY_BYTES;
        self.u32(place).map(|_| place)
    }

    pub(super) fn entry(&self, directory: usize, tag: u16) -> Option<Entry> {
        let count = usize::from(self.u16(directory)?);
        (0..count).map(|index| directory + 2 + index * ENTRY_BYTES).find_map(|at| {
            (self.u16(at)? == tag).then_some(())?;
            self.u32(at + 8)?;
            Some(Entry { kind: self.u16(at + 2)?, count: self.u32(at + 4)?, value: at + 8 })
        })
    }

    /// A whole number that says where something is or how long.
    pub(super) fn place(&self, directory: usize, tag: u16) -> Option<usize> {
        self.integer(&self.entry(directory, tag)?).map(|place| place as usize)
    }

    pub(super) fn tags(&self, directory: usize) -> Vec<u16> {
        let count = self.u16(directory).map_or(0, usize::from);
        (0..count).map_while(|index| self.u16(directory + 2 + index * ENTRY_BYTES)).collect()
    }

    /// Where an entry's values stand.
    pub(super) fn value(&self, entry: &Entry) -> Option<Range<usize>> {
        let (size, _) = unit(entry.kind)?;
        let len = (entry.count as usize).checked_mul(size)?;
        let at = if len <= 4 { entry.value } else { self.u32(entry.value)? as usize };
        let end = at.checked_add(len).filter(|end| *end <= self.bytes.len())?;
        Some(at..end)
    }

    /// All sound fields of a directory.
    pub fn fields(&self, directory: usize) -> Vec<Field> {
        let mut fields = Vec::new();
        // Fields may share bytes; a block can only tell as much as it holds.
        let mut left = self.bytes.len();
        for tag in self.tags(directory) {
            let Some(entry) = self.entry(directory, tag) else { continue };
            let Some(value) = self.value(&entry).filter(|value| value.len() <= left) else {
                continue;
            };
            left -= value.len();
            let data = self.bytes[value].to_vec();
            fields.push(Field::stored(tag, entry.kind, entry.count, data, self.big_endian));
        }
        fields
    }

    pub(super) fn integer(&self, entry: &Entry) -> Option<u32> {
        match (entry.kind, entry.count) {
            (SHORT, 1) => self.u16(entry.value).map(u32::from),
            (LONG, 1) => self.u32(entry.value),
            _ => None,
        }
    }

    pub(super) fn rational_place(&self, entry: &Entry) -> Option<usize> {
        if entry.kind != RATIONAL || entry.count != 1 {
            return None;
        }
        let place = self.u32(entry.value)? as usize;
        self.u32(place.checked_add(4)?).map(|_| place)
    }

    pub(super) fn rational(&self, entry: &Entry) -> Option<f64> {
        let place = self.rational_place(entry)?;
        Some(f64::from(self.u32(place)?) / f64::from(self.u32(place + 4)?))
    }
}

/// Overwrites a whole number, in the type that it has; a number too large for it becomes the largest.
pub(super) fn put_integer(bytes: &mut [u8], big_endian: bool, entry: &Entry, value: u32) {
    match (entry.kind, entry.count) {
        (SHORT, 1) => {
            let value = u16::try_from(value).unwrap_or(u16::MAX);
            let raw = if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
            bytes[entry.value..entry.value + 2].copy_from_slice(&raw);
        }
        (LONG, 1) => put_u32(bytes, big_endian, entry.value, value),
        _ => {}
    }
}

pub(super) fn put_u32(bytes: &mut [u8], big_endian: bool, at: usize, value: u32) {
    let raw = if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    bytes[at..at + 4].copy_from_slice(&raw);
}
