//! TIFF and BigTIFF: a page's strips or tiles are read one by one, those outside the wanted region
//! not at all.

mod describe;
mod directory;
mod jpeg;
mod layout;
mod overlay;
mod raw;
mod samples;

use std::sync::Arc;

use self::describe::metadata;
use self::directory::Directory;
use self::jpeg::JpegChunks;
use self::layout::{JPEG_COMPRESSION, Layout, NO_COMPRESSION, tag};
use self::overlay::Overlay;
use self::raw::RawRows;
use self::samples::Placing;
use super::{
    Decoded, Decoder, File, Info, Orientation, Reader, Region, Want, read_error, too_large,
};
use crate::pixel::{Cancel, Error, Format, Limits, Result};

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
        profile: directory.bytes(&mut reader, tag::ICC)?.map(Arc::from),
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
        let Self { reader, directory, layout } = *self;
        let region = want.region;
        let mut image = info.try_image(region.width, region.height)?;
        let mut placing = Placing::new(&layout, region, &mut image);
        let mut chunks = match layout.compression {
            JPEG_COMPRESSION => Chunks::Jpeg(JpegChunks::new(reader, &directory, &layout)?),
            NO_COMPRESSION if !layout.tiled => {
                Chunks::Raw(RawRows::new(reader, &directory, &layout)?)
            }
            _ => Chunks::plain(reader, &directory)?,
        };
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
                    let (bytes, line) = chunks.read(index, within, &layout)?;
                    placing.put(bytes, line, within, layout.planar.then_some(*band))?;
                }
            }
        }
        placing.finish();
        Ok(Decoded::unscaled(image, region))
    }
}

/// Where a page's strips or tiles come from.
enum Chunks {
    Plain { decoder: Box<tiff::decoder::Decoder<Overlay>>, buffer: Vec<u8> },
    Jpeg(JpegChunks),
    Raw(RawRows),
}

impl Chunks {
    /// Opens the wanted page as if it were the file's first and grey.
    fn plain(reader: Reader, directory: &Directory) -> Result<Self> {
        let dialect = directory.dialect;
        let mut patches = vec![dialect.first_directory(directory.offset)];
        if let Some(field) = directory.field(tag::PHOTOMETRIC) {
            patches.push((field.place, dialect.put_u16(1)));
        }
        let overlay = Overlay::new(reader, patches).map_err(read_error)?;
        let decoder = tiff::decoder::Decoder::new(overlay).map_err(tiff_error)?;
        // What the crate would allocate follows from sizes that have been judged already.
        let decoder = decoder.with_limits(tiff::decoder::Limits::unlimited());
        Ok(Self::Plain { decoder: Box::new(decoder), buffer: Vec::new() })
    }

    /// The samples of a chunk without its padding, and the bytes of one of its rows.
    fn read(&mut self, index: u64, within: Region, layout: &Layout) -> Result<(&[u8], usize)> {
        let number = u32::try_from(index).map_err(|_| too_large());
        match self {
            Self::Raw(rows) => rows.read(index, layout),
            Self::Jpeg(chunks) => chunks.read(number?, layout),
            Self::Plain { decoder, buffer } => {
                let index = number?;
                let samples = if layout.planar { 1 } else { layout.samples };
                let line = (within.width as usize * layout.bits * samples).div_ceil(8);
                let stated = decoder.image_chunk_buffer_layout(index).map_err(tiff_error)?;
                let len = line.checked_mul(within.height as usize).ok_or_else(too_large)?;
                if stated.len != len
                    || decoder.chunk_data_dimensions(index) != (within.width, within.height)
                {
                    return Err(Error::Malformed("its strips do not match its size".into()));
                }
                buffer.clear();
                buffer.try_reserve_exact(len).map_err(|_| too_large())?;
                buffer.resize(len, 0);
                decoder.read_chunk_bytes(index, buffer).map_err(tiff_error)?;
                Ok((buffer, line))
            }
        }
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
mod tests;
