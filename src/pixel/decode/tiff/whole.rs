//! Whether the strips and tiles of every page of a TIFF file lie within the file.

use super::super::Reader;
use super::super::whole::cut_off;
use super::directory::Directory;
use super::layout::{Layout, NO_COMPRESSION, tag};
use crate::pixel::Result;

/// Fails when a page has data beyond the file's end.
pub(in super::super) fn check_end(reader: &mut Reader, len: u64) -> Result<()> {
    Directory::each(reader, &mut |reader, page| check_page(reader, page, len))
}

fn check_page(reader: &mut Reader, page: &Directory, len: u64) -> Result<()> {
    let tables = page.field(tag::JPEG_TABLES);
    let tables = tables.and_then(|field| field.place.checked_add(field.size()?));
    if tables.is_some_and(|end| end > len) {
        return Err(cut_off());
    }
    for (offsets, sizes) in
        [(tag::STRIP_OFFSETS, tag::STRIP_SIZES), (tag::TILE_OFFSETS, tag::TILE_SIZES)]
    {
        let offsets = page.numbers(reader, offsets, u64::MAX)?.unwrap_or_default();
        let sizes = page.numbers(reader, sizes, u64::MAX)?.unwrap_or_default();
        let needed = needed(reader, page);
        for (index, offset) in offsets.iter().enumerate() {
            // A strip without a size has at least a byte, one of size 0 is left out by its writer.
            let stated = sizes.get(index).copied().unwrap_or(1);
            let size = needed.map_or(stated, |needed| stated.min(needed.of(index as u64)));
            if offset.checked_add(size).is_none_or(|end| end > len) {
                return Err(cut_off());
            }
        }
    }
    Ok(())
}

/// What uncompressed strips need: some writers state more of the last one.
#[derive(Clone, Copy)]
struct Needed {
    line_bytes: u64,
    height: u64,
    rows_per_strip: u64,
}

impl Needed {
    fn of(self, strip: u64) -> u64 {
        let strips = self.height.div_ceil(self.rows_per_strip);
        let first = strip % strips * self.rows_per_strip;
        self.line_bytes.saturating_mul(self.rows_per_strip.min(self.height - first))
    }
}

/// None for pages whose strips have lengths that only their compression knows, or that cannot be read.
fn needed(reader: &mut Reader, page: &Directory) -> Option<Needed> {
    let layout = Layout::read(reader, page).ok()?;
    if layout.tiled || layout.compression != NO_COMPRESSION || layout.height == 0 {
        return None;
    }
    let samples = if layout.planar { 1 } else { layout.samples };
    let bits = u64::from(layout.width) * (layout.bits * samples) as u64;
    let height = u64::from(layout.height);
    let rows = page.number(reader, tag::ROWS_PER_STRIP).ok()?.unwrap_or(height);
    Some(Needed { line_bytes: bits.div_ceil(8), height, rows_per_strip: rows.clamp(1, height) })
}
