//! Windows icons and cursors: the largest picture is the first page, smaller ones follow.
//!
//! A picture is a PNG, or a bitmap without its file header whose height is doubled because a mask of
//! one bit per pixel follows. Icons are small: a bitmap is read whole.

mod bitmap;

use std::io::{Cursor, Read, Seek, SeekFrom};

use self::bitmap::Bitmap;
use super::bmp::cut;
use super::{Decoded, Decoder, File, Info, Reader, Region, Want, png, read_block, read_error};
use crate::pixel::{Cancel, Error, Format, Limits, Result};

const DIRECTORY_BYTES: u64 = 6;
const ENTRY_BYTES: u64 = 16;
/// No picture in an icon is larger; those of 256×256 without compression take a quarter megabyte.
const MAX_PICTURE_BYTES: u32 = 64 * 1024 * 1024;

/// One picture of the file.
#[derive(Debug, Clone, Copy)]
struct Entry {
    width: u32,
    height: u32,
    bits: u16,
    len: u32,
    offset: u32,
}

/// Whether a file that begins with these bytes is an icon or a cursor.
///
/// The magic number is short and mostly zeros, so the first entry is looked at as well.
pub(in crate::pixel) fn matches(head: &[u8]) -> bool {
    let Some(head) = head.first_chunk::<22>() else { return false };
    let count = u16::from_le_bytes([head[4], head[5]]);
    let offset = u32::from_le_bytes([head[18], head[19], head[20], head[21]]);
    let len = u32::from_le_bytes([head[14], head[15], head[16], head[17]]);
    matches!(head[..4], [0, 0, 1 | 2, 0])
        && count > 0
        && u64::from(offset) >= DIRECTORY_BYTES + ENTRY_BYTES * u64::from(count)
        && len > 0
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    let entries = entries(&mut file.reader)?;
    let pages = entries.len() as u32;
    file.check_page(pages)?;
    let entry = entries[file.page as usize - 1];
    if u64::from(entry.offset) + u64::from(entry.len) > file.len {
        return Err(Error::Malformed("it ends too early".into()));
    }
    if entry.len > MAX_PICTURE_BYTES {
        return Err(Error::Limit("its file is far larger than its pixels need".into()));
    }
    file.reader.seek(SeekFrom::Start(entry.offset.into())).map_err(read_error)?;
    let bytes = read_block(&mut file.reader, entry.len.into())?;
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let inner = File {
            reader: Reader::new(Box::new(Cursor::new(bytes))),
            len: entry.len.into(),
            page: 1,
            dpi: 0,
        };
        let (info, decoder) = png::open(inner, limits)?;
        return Ok((Info { format: Format::Ico, pages, ..info }, decoder));
    }
    let bitmap = Bitmap::read(bytes)?;
    limits.check_declared(bitmap.width, bitmap.height)?;
    limits.check_held(bitmap.width, bitmap.height)?;
    bitmap.check_len()?;
    let info = Info { alpha: true, pages, ..Info::new(Format::Ico, bitmap.width, bitmap.height) };
    Ok((info, Box::new(bitmap)))
}

/// The pictures of the directory, the largest and deepest first.
fn entries(reader: &mut Reader) -> Result<Vec<Entry>> {
    let mut head = [0; DIRECTORY_BYTES as usize];
    reader.read_exact(&mut head).map_err(read_error)?;
    let [0, 0, kind @ (1 | 2), 0, low, high] = head else {
        return Err(Error::Malformed("its header is no sound one".into()));
    };
    let count = u16::from_le_bytes([low, high]);
    let stored = read_block(reader, ENTRY_BYTES * u64::from(count))?;
    let (stored, _) = stored.as_chunks::<{ ENTRY_BYTES as usize }>();
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    let number = |entry: &[u8; 16], at: usize| {
        u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]])
    };
    let mut entries: Vec<Entry> = stored
        .iter()
        .map(|entry| Entry {
            width: side(entry[0]),
            height: side(entry[1]),
            // In a cursor the place of its point stands there.
            bits: if kind == 1 { u16::from_le_bytes([entry[6], entry[7]]) } else { 0 },
            len: number(entry, 8),
            offset: number(entry, 12),
        })
        .collect();
    if entries.is_empty() {
        return Err(Error::Malformed("it holds no picture".into()));
    }
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.width * entry.height, entry.bits)));
    Ok(entries)
}

impl Decoder for Bitmap {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        let whole = Region::full(info.width, info.height);
        whole.pixels() + if want.region == whole { 0 } else { want.region.pixels() }
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        cancel.check()?;
        let mut whole = info.try_image(info.width, info.height)?;
        self.paint(&mut whole)?;
        cut(whole, want.region)
    }
}

#[cfg(test)]
pub(super) mod tests;
