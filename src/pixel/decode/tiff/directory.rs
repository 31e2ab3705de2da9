//! The directories of a TIFF or BigTIFF file: which pages there are, and the fields of one.
//!
//! The `tiff` crate decodes strips and tiles well, but refuses palettes and most extra samples, and
//! does not tell where in the file a field's value stands. Fields are therefore read here.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

use super::super::{Reader, read_block, read_error};
use crate::pixel::{Error, Result};

/// More pages than any sound file has; each costs a seek.
const MAX_PAGES: usize = 65_535;
const MAX_FIELDS: u64 = 4_096;
/// Longest value that is read: a profile, a packet of metadata, the places of all strips.
const MAX_VALUE_BYTES: u64 = 32 * 1024 * 1024;

/// One field of a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) tag: u16,
    kind: u16,
    count: u64,
    /// Where in the file the value begins.
    pub(super) place: u64,
}

impl Field {
    pub(super) fn kind(&self) -> u16 {
        self.kind
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of the value; none of a kind that is not known.
    pub(super) fn size(&self) -> Option<u64> {
        let unit = match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => return None,
        };
        self.count.checked_mul(unit)
    }
}

/// How numbers are stored, and where the first directory is named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) big_endian: bool,
    pub(super) big: bool,
}

impl Dialect {
    pub(super) fn u16(self, bytes: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn u32(self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    fn u64(self, bytes: [u8; 8]) -> u64 {
        if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) }
    }

    pub(super) fn put_u16(self, value: u16) -> Vec<u8> {
        let bytes = if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        bytes.to_vec()
    }

    /// The place of the first directory's offset, and an offset as it is stored there.
    pub(super) fn first_directory(self, offset: u64) -> (u64, Vec<u8>) {
        let wide = if self.big_endian { offset.to_be_bytes() } else { offset.to_le_bytes() };
        match (self.big, self.big_endian) {
            (true, _) => (8, wide.to_vec()),
            (false, true) => (4, wide[4..].to_vec()),
            (false, false) => (4, wide[..4].to_vec()),
        }
    }
}

/// One page's fields, and the number of pages in the file.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) dialect: Dialect,
    /// Where this directory stands.
    pub(super) offset: u64,
    pub(super) pages: u32,
    fields: Vec<Field>,
}

impl Directory {
    /// Reads the directory of a page, counted from 1; of the last one when there are fewer.
    pub(super) fn read(reader: &mut Reader, page: u32) -> Result<Self> {
        let mut wanted = None;
        let mut pages = 0;
        Self::each(reader, &mut |_, directory| {
            pages += 1;
            if pages <= page {
                wanted = Some(Self { fields: directory.fields.clone(), ..*directory });
            }
            Ok(())
        })?;
        let wanted = wanted.ok_or_else(|| Error::Malformed("it holds no picture".into()))?;
        Ok(Self { pages, ..wanted })
    }

    /// Reads the directory of each page, one after the other; their numbers of pages are those up to
    /// them.
    pub(super) fn each(
        reader: &mut Reader,
        work: &mut dyn FnMut(&mut Reader, &Self) -> Result<()>,
    ) -> Result<()> {
        reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
        let [order, _, m0, m1] = array(reader)?;
        let mut dialect = Dialect { big_endian: order == b'M', big: false };
        dialect.big = dialect.u16([m0, m1]) == 43;
        let mut next = if dialect.big {
            let _: [u8; 4] = array(reader)?;
            dialect.u64(array(reader)?)
        } else {
            dialect.u32(array(reader)?).into()
        };
        let mut pages = 0;
        let mut seen = HashSet::new();
        while next != 0 {
            if !seen.insert(next) || seen.len() > MAX_PAGES {
                return Err(Error::Malformed("its pages run in a circle".into()));
            }
            let (fields, after) = read_fields(reader, dialect, next)?;
            pages += 1;
            work(reader, &Self { dialect, offset: next, pages, fields })?;
            next = after;
        }
        Ok(())
    }

    pub(super) fn field(&self, tag: u16) -> Option<Field> {
        self.fields.iter().find(|field| field.tag == tag).copied()
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The fields of another directory of the file, which no page is.
    pub(super) fn fields_at(&self, reader: &mut Reader, offset: u64) -> Result<Vec<Field>> {
        Ok(read_fields(reader, self.dialect, offset)?.0)
    }

    /// The value of a field as it stands in the file.
    pub(super) fn value(&self, reader: &mut Reader, field: &Field) -> Result<Vec<u8>> {
        let Some(size) = field.size().filter(|size| *size <= MAX_VALUE_BYTES) else {
            return Err(Error::Malformed("it has a field of impossible size".into()));
        };
        reader.seek(SeekFrom::Start(field.place)).map_err(read_error)?;
        read_block(reader, size)
    }

    /// A field's value as it stands in the file.
    pub(super) fn bytes(&self, reader: &mut Reader, tag: u16) -> Result<Option<Vec<u8>>> {
        self.first_bytes(reader, tag, u64::MAX)
    }

    /// The first `most` items of a field's value as they stand in the file.
    fn first_bytes(&self, reader: &mut Reader, tag: u16, most: u64) -> Result<Option<Vec<u8>>> {
        let Some(field) = self.field(tag) else { return Ok(None) };
        let field = Field { count: field.count.min(most), ..field };
        self.value(reader, &field).map(Some)
    }

    /// The whole numbers of a field, at most the first `most`; none when it is not there or holds
    /// something else.
    pub(super) fn numbers(
        &self,
        reader: &mut Reader,
        tag: u16,
        most: u64,
    ) -> Result<Option<Vec<u64>>> {
        let Some(field) = self.field(tag) else { return Ok(None) };
        let dialect = self.dialect;
        let Some(bytes) = self.first_bytes(reader, tag, most)? else { return Ok(None) };
        Ok(match field.kind {
            1 | 7 => Some(bytes.into_iter().map(u64::from).collect()),
            3 => Some(bytes.as_chunks().0.iter().map(|raw| dialect.u16(*raw).into()).collect()),
            4 | 13 => {
                Some(bytes.as_chunks().0.iter().map(|raw| dialect.u32(*raw).into()).collect())
            }
            16 | 18 => Some(bytes.as_chunks().0.iter().map(|raw| dialect.u64(*raw)).collect()),
            _ => None,
        })
    }

    /// The first number of a field.
    pub(super) fn number(&self, reader: &mut Reader, tag: u16) -> Result<Option<u64>> {
        Ok(self.numbers(reader, tag, 1)?.and_then(|numbers| numbers.first().copied()))
    }

    /// The first fraction of a field.
    pub(super) fn fraction(&self, reader: &mut Reader, tag: u16) -> Result<Option<f64>> {
        Ok(self.fractions::<1>(reader, tag)?.map(|[fraction]| fraction))
    }

    /// The first `N` fractions of a field; none when it has fewer or holds something else.
    pub(super) fn fractions<const N: usize>(
        &self,
        reader: &mut Reader,
        tag: u16,
    ) -> Result<Option<[f64; N]>> {
        if self.field(tag).is_none_or(|field| field.kind != 5) {
            return Ok(None);
        }
        let bytes = self.first_bytes(reader, tag, N as u64)?.unwrap_or_default();
        let number = |raw: &[u8; 4]| f64::from(self.dialect.u32(*raw));
        let pairs = bytes.as_chunks::<4>().0.as_chunks::<2>().0;
        let fractions: Vec<f64> = pairs.iter().map(|[n, d]| number(n) / number(d)).collect();
        Ok(fractions.first_chunk().copied())
    }
}

/// The fields of the directory at an offset, and the offset of the next one (0 when it is the last).
fn read_fields(reader: &mut Reader, dialect: Dialect, offset: u64) -> Result<(Vec<Field>, u64)> {
    reader.seek(SeekFrom::Start(offset)).map_err(read_error)?;
    let count =
        if dialect.big { dialect.u64(array(reader)?) } else { dialect.u16(array(reader)?).into() };
    if count > MAX_FIELDS {
        return Err(Error::Malformed("it has too many fields".into()));
    }
    let (head, width) = if dialect.big { (8, 20) } else { (2, 12) };
    let mut fields = Vec::new();
    for index in 0..count {
        let tag = dialect.u16(array(reader)?);
        let kind = dialect.u16(array(reader)?);
        let inline = offset + head + index * width + if dialect.big { 12 } else { 8 };
        let (count, value, room): (u64, u64, u64) = if dialect.big {
            (dialect.u64(array(reader)?), dialect.u64(array(reader)?), 8)
        } else {
            (dialect.u32(array(reader)?).into(), dialect.u32(array(reader)?).into(), 4)
        };
        let mut field = Field { tag, kind, count, place: value };
        if field.size().is_some_and(|size| size <= room) {
            field.place = inline;
        }
        fields.push(field);
    }
    let next =
        if dialect.big { dialect.u64(array(reader)?) } else { dialect.u32(array(reader)?).into() };
    Ok((fields, next))
}

fn array<const N: usize>(reader: &mut Reader) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(read_error)?;
    Ok(bytes)
}
