//! TIFF and BigTIFF: a page's strips or tiles are read one by one, those outside the wanted region
//! not at all.

mod chunks;
mod describe;
mod directory;
mod jpeg;
mod layout;
mod overlay;
mod raw;
mod samples;
mod unpacked;
mod whole;
mod ycbcr;

use std::sync::Arc;

use self::describe::metadata;
use self::directory::Directory;
use self::jpeg::JpegChunks;
use self::layout::{Colour, JPEG_COMPRESSION, Layout, NO_COMPRESSION, tag};
use self::overlay::Overlay;
use self::raw::RawRows;
use self::samples::Placing;
use self::unpacked::Unpacked;
pub(super) use self::whole::check_end;
use super::{
    Decoded, Decoder, File, Info, Orientation, Reader, Region, Rows, Want, read_error, too_large,
};
use crate::pixel::{Cancel, Error, Format, Image, Limits, Result};

struct Tiff {
    reader: Reader,
    directory: Directory,
    layout: Layout,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    let directory = Directory::read(&mut file.reader, file.page)?;
    file.check_page(directory.pages)?;
    let mut reader = file.reader;
    let layout = Layout::read(&mut reader, &directory)?;
    limits.check_declared(layout.width, layout.height)?;
    let orientation = directory
        .number(&mut reader, tag::ORIENTATION)?
        .and_then(|value| Orientation::from_exif(u16::try_from(value).ok()?))
        .unwrap_or_default();
    let metadata = metadata(&mut reader, &directory)?;
    let info = Info {
        orientation,
        space: layout.space(),
        depth: layout.depth(),
        alpha: layout.alpha.is_some(),
        pages: directory.pages,
        profile: directory
            .bytes(&mut reader, tag::ICC)?
            .filter(|_| layout.keeps_profile())
            .map(Arc::from),
        metadata,
        ..Info::new(Format::Tiff, layout.width, layout.height)
    };
    Ok((info, Box::new(Tiff { reader, directory, layout })))
}

impl Decoder for Tiff {
    fn held_pixels(&self, _info: &Info, want: &Want) -> u64 {
        want.region.pixels() + self.layout.chunk_pixels()
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let region = want.region;
        let image = self.into_page()?.part(&info, region, cancel)?;
        Ok(Decoded::unscaled(image, region))
    }

    fn held_by_rows(&self, _info: &Info, region: Region) -> Option<u64> {
        let rows = self.layout.rows_at_once(region).min(region.height);
        Some(u64::from(rows) * u64::from(region.width) + self.layout.chunk_pixels())
    }

    fn rows(self: Box<Self>, info: Info, region: Region) -> Result<Box<dyn Rows>> {
        let rows_at_once = self.layout.rows_at_once(region);
        let left = region;
        Ok(Box::new(Bands { page: self.into_page()?, info, left, rows_at_once }))
    }
}

impl Tiff {
    fn into_page(self) -> Result<Page> {
        let Self { reader, directory, layout } = self;
        let chunks = match layout.compression {
            JPEG_COMPRESSION => Chunks::Jpeg(JpegChunks::new(reader, &directory, &layout)?),
            NO_COMPRESSION if !layout.tiled && !matches!(layout.colour, Colour::Ycbcr(_)) => {
                Chunks::Raw(RawRows::new(reader, &directory, &layout)?)
            }
            _ if layout.is_odd() => Chunks::Odd(Unpacked::new(reader, &directory, &layout)?),
            _ => Chunks::plain(reader, &directory, &layout)?,
        };
        Ok(Page { layout, chunks })
    }
}

/// A page whose pixels are being read.
struct Page {
    layout: Layout,
    chunks: Chunks,
}

impl Page {
    /// The pixels of a region.
    fn part(&mut self, info: &Info, region: Region, cancel: &Cancel) -> Result<Image> {
        let Self { layout, chunks } = self;
        let mut image = info.try_image(region.width, region.height)?;
        let mut placing = Placing::new(layout, region, &mut image);
        let columns =
            region.x / layout.chunk_width..=(region.x + region.width - 1) / layout.chunk_width;
        let rows =
            region.y / layout.chunk_height..=(region.y + region.height - 1) / layout.chunk_height;
        let planes = if layout.planar { layout.bands() } else { vec![(0, 0)] };
        for row in rows {
            for column in columns.clone() {
                cancel.check()?;
                let within = layout.chunk_region(column, row);
                let index = u64::from(row) * u64::from(layout.chunks_across()) + u64::from(column);
                for (stored, band) in &planes {
                    let index = index + *stored as u64 * layout.chunks_per_plane();
                    let (bytes, line) = chunks.read(index, within, layout)?;
                    placing.put(bytes, line, within, layout.planar.then_some(*band))?;
                }
            }
        }
        placing.finish();
        Ok(image)
    }
}

/// A region of a page, read from top to bottom.
struct Bands {
    page: Page,
    info: Info,
    /// What is still to be read.
    left: Region,
    rows_at_once: u32,
}

impl Rows for Bands {
    fn next(&mut self, cancel: &Cancel) -> Result<Option<Image>> {
        let Region { y, height, .. } = self.left;
        if height == 0 {
            return Ok(None);
        }
        // Bands end where strips or tiles do, so that none is unpacked twice.
        let chunk = self.page.layout.chunk_height;
        let rows = self.rows_at_once - if self.rows_at_once >= chunk { y % chunk } else { 0 };
        let rows = rows.min(height);
        let band = Region { height: rows, ..self.left };
        self.left = Region { y: y + rows, height: height - rows, ..self.left };
        self.page.part(&self.info, band, cancel).map(Some)
    }
}

/// Where a page's strips or tiles come from.
enum Chunks {
    Plain(Plain),
    Jpeg(JpegChunks),
    Raw(RawRows),
    Odd(Unpacked),
}

/// Strips or tiles that the `tiff` crate unpacks.
struct Plain {
    decoder: Box<tiff::decoder::Decoder<Overlay>>,
    buffer: Vec<u8>,
    /// Which chunk is in the buffer, and the bytes of one of its rows: a large one is asked for many
    /// times when it is read in bands.
    read: Option<(u32, usize)>,
}

impl Chunks {
    /// Opens the wanted page as if it were the file's first and grey.
    fn plain(mut reader: Reader, directory: &Directory, layout: &Layout) -> Result<Self> {
        let dialect = directory.dialect;
        let mut patches = vec![dialect.first_directory(directory.offset)];
        if let Some(field) = directory.field(tag::PHOTOMETRIC) {
            patches.push((field.place, dialect.put_u16(1)));
        }
        let turned =
            if layout.low_first { layout.places(&mut reader, directory)? } else { Vec::new() };
        let overlay = Overlay::new(reader, patches, turned).map_err(read_error)?;
        let decoder = tiff::decoder::Decoder::new(overlay).map_err(tiff_error)?;
        // What the crate would allocate follows from sizes that have been judged already.
        let decoder = decoder.with_limits(tiff::decoder::Limits::unlimited());
        Ok(Self::Plain(Plain { decoder: Box::new(decoder), buffer: Vec::new(), read: None }))
    }

    /// The samples of a chunk without its padding, and the bytes of one of its rows.
    fn read(&mut self, index: u64, within: Region, layout: &Layout) -> Result<(&[u8], usize)> {
        let number = u32::try_from(index).map_err(|_| too_large());
        match self {
            Self::Raw(rows) => rows.read(index, layout),
            Self::Jpeg(chunks) => chunks.read(number?, layout),
            Self::Odd(chunks) => chunks.read(number?, within, layout),
            Self::Plain(chunks) => chunks.read(number?, within, layout),
        }
    }
}

impl Plain {
    fn read(&mut self, index: u32, within: Region, layout: &Layout) -> Result<(&[u8], usize)> {
        if let Some((read, line)) = self.read
            && read == index
        {
            return Ok((&self.buffer, line));
        }
        self.read = None;
        let samples = if layout.planar { 1 } else { layout.samples };
        let line = (within.width as usize * layout.bits * samples).div_ceil(8);
        let stated = self.decoder.image_chunk_buffer_layout(index).map_err(tiff_error)?;
        let len = line.checked_mul(within.height as usize).ok_or_else(too_large)?;
        if stated.len != len
            || self.decoder.chunk_data_dimensions(index) != (within.width, within.height)
        {
            return Err(Error::Malformed("its strips do not match its size".into()));
        }
        let buffer = &mut self.buffer;
        buffer.clear();
        buffer.try_reserve_exact(len).map_err(|_| Error::Memory)?;
        buffer.resize(len, 0);
        self.decoder.read_chunk_bytes(index, buffer).map_err(tiff_error)?;
        self.read = Some((index, line));
        Ok((&self.buffer, line))
    }
}

fn tiff_error(error: tiff::TiffError) -> Error {
    match error {
        tiff::TiffError::IoError(error) => read_error(error),
        tiff::TiffError::UnsupportedError(what) => {
            Error::Unsupported(format!("the TIFF decoder says: {what}"))
        }
        tiff::TiffError::LimitsExceeded => Error::Limit("its strips are too large".into()),
        other => Error::Malformed(format!("the TIFF decoder says: {other}")),
    }
}

#[cfg(test)]
pub(super) mod odd_tests;
#[cfg(test)]
mod tests;
