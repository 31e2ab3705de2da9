//! PNG: rows are read one by one, and those that are not wanted are let go.
//!
//! An interlaced file gives its rows only at the end and is held whole. Of an animated file the
//! default image is read.

mod colour;
mod raw_profile;

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use self::raw_profile::RawProfile;
use super::{
    Decoded, Decoder, File, Info, Reader, Region, Rows, Want, band_height, read_block, read_error,
    too_large,
};
use crate::pixel::metadata::{self, sensible};
use crate::pixel::{
    Cancel, ColourSpace, Density, Depth, Error, Format, Image, Limits, Metadata, Result, Samples,
};

/// Room for ancillary chunks and a few rows; pixels are not counted here.
const MAX_SIDE_BYTES: usize = 64 * 1024 * 1024;
const MAX_TEXT_BYTES: u32 = 16 * 1024 * 1024;
/// A chunk costs a seek; small chunks in great number would cost time without end.
const MAX_CHUNKS: u32 = 1_000_000;
const ROWS_PER_CANCEL_CHECK: u32 = 64;
const XMP_KEYWORD: &str = "XML:com.adobe.xmp";
const INCH_IN_METRES: f64 = 0.0254;

struct Png {
    reader: png::Reader<Reader>,
    interlaced: bool,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    let side = Side::read(&mut file.reader, limits)?;
    file.check_page(1)?;
    file.reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
    let options = png::Limits { bytes: MAX_SIDE_BYTES };
    let mut decoder = png::Decoder::new_with_limits(file.reader, options);
    decoder.set_transformations(png::Transformations::EXPAND);
    // They were read before, within bounds.
    decoder.set_ignore_text_chunk(true);
    let reader = decoder.read_info().map_err(png_error)?;
    check_palette(reader.info())?;
    let (colour, bits) = reader.output_color_type();
    let (space, alpha) = match colour {
        png::ColorType::Grayscale => (ColourSpace::Gray, false),
        png::ColorType::GrayscaleAlpha => (ColourSpace::Gray, true),
        png::ColorType::Rgb => (ColourSpace::Rgb, false),
        png::ColorType::Rgba => (ColourSpace::Rgb, true),
        png::ColorType::Indexed => return Err(Error::Malformed("it has no palette".into())),
    };
    let header = reader.info();
    let metadata = Metadata {
        xmp: side.xmp,
        density: side.density.or_else(|| side.exif.as_deref().and_then(metadata::density)),
        exif: side.exif,
        iptc: side.iptc,
    };
    let info = Info {
        orientation: metadata.exif.as_deref().and_then(metadata::orientation).unwrap_or_default(),
        space,
        depth: if bits == png::BitDepth::Sixteen { Depth::U16 } else { Depth::U8 },
        alpha,
        profile: colour::profile(header, space),
        metadata,
        ..Info::new(Format::Png, header.width, header.height)
    };
    let interlaced = header.interlaced;
    Ok((info, Box::new(Png { reader, interlaced })))
}

/// Fails on a palette that is no list of colours, over which the library would panic.
fn check_palette(info: &png::Info) -> Result<()> {
    const MAX_BYTES: usize = 256 * 3;
    let fits = |palette: &[u8]| palette.len().is_multiple_of(3) && palette.len() <= MAX_BYTES;
    if info.palette.as_deref().is_some_and(|palette| !fits(palette)) {
        return Err(Error::Malformed("its palette is damaged".into()));
    }
    Ok(())
}

impl Decoder for Png {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        if self.interlaced {
            // The rows come out when all passes are in; what is wanted is then copied out of them.
            let whole = Region::full(info.width, info.height);
            let direct = want.region == whole && info.depth == Depth::U8;
            whole.pixels() + if direct { 0 } else { want.region.pixels() }
        } else {
            // One row goes through our hands, two through the decoder's.
            want.region.pixels().max(u64::from(info.width) * 3)
        }
    }

    fn decode(mut self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let region = want.region;
        if !self.interlaced {
            let image = self.into_bands(info, region)?.part(region, cancel)?;
            return Ok(Decoded::unscaled(image, region));
        }
        let mut image = info.try_image(region.width, region.height)?;
        let line = self.line(&info, &image)?;
        let pixel = line / info.width as usize;
        if let (Samples::U8(samples), true) =
            (&mut image.samples, region == Region::full(info.width, info.height))
        {
            self.reader.next_frame(samples).map_err(png_error)?;
            self.reader.finish().map_err(png_error)?;
            return Ok(Decoded::unscaled(image, region));
        }
        let columns = region.x as usize * pixel..(region.x + region.width) as usize * pixel;
        let rows = region.y as usize..(region.y + region.height) as usize;
        let kept = image.row_len();
        let len = line.checked_mul(info.height as usize).ok_or_else(too_large)?;
        let Samples::U8(mut whole) = Samples::try_zeroed(Depth::U8, len)? else {
            return Err(too_large());
        };
        self.reader.next_frame(&mut whole).map_err(png_error)?;
        for (index, row) in whole.chunks_exact(line).take(rows.end).skip(rows.start).enumerate() {
            put_row(&mut image.samples, index * kept, &row[columns.clone()]);
        }
        if rows.end == info.height as usize {
            // The last checksum stands behind the last row.
            self.reader.finish().map_err(png_error)?;
        }
        Ok(Decoded::unscaled(image, region))
    }

    fn held_by_rows(&self, info: &Info, region: Region) -> Option<u64> {
        let band = u64::from(band_height(region)) * u64::from(region.width);
        (!self.interlaced).then(|| band + u64::from(info.width) * 3)
    }

    fn rows(self: Box<Self>, info: Info, region: Region) -> Result<Box<dyn Rows>> {
        Ok(Box::new(self.into_bands(info, region)?))
    }
}

impl Png {
    /// The bytes of a row, which have to be those of a row of `image`'s kind.
    fn line(&self, info: &Info, image: &Image) -> Result<usize> {
        let line = self.reader.output_line_size(info.width).ok_or_else(too_large)?;
        let sample_bytes = if info.depth == Depth::U16 { 2 } else { 1 };
        if line != info.width as usize * image.bands() * sample_bytes {
            return Err(Error::Malformed("its rows have an unexpected length".into()));
        }
        Ok(line)
    }

    fn into_bands(self, info: Info, region: Region) -> Result<Bands> {
        let line = self.line(&info, &info.try_image(1, 1)?)?;
        let mut row = Vec::new();
        row.try_reserve_exact(line).map_err(|_| Error::Memory)?;
        row.resize(line, 0);
        Ok(Bands { reader: self.reader, info, left: region, row, next: 0 })
    }
}

/// A region of a file that is not interlaced, read from top to bottom.
struct Bands {
    reader: png::Reader<Reader>,
    info: Info,
    /// What is still to be given.
    left: Region,
    row: Vec<u8>,
    /// The row of the file that comes next.
    next: u32,
}

impl Bands {
    /// The pixels of a region that begins no higher than where the last one ended.
    fn part(&mut self, region: Region, cancel: &Cancel) -> Result<Image> {
        let mut image = self.info.try_image(region.width, region.height)?;
        let (kept, pixel) = (image.row_len(), self.row.len() / self.info.width as usize);
        let columns = region.x as usize * pixel..(region.x + region.width) as usize * pixel;
        while self.next < region.y + region.height {
            if self.next.is_multiple_of(ROWS_PER_CANCEL_CHECK) {
                cancel.check()?;
            }
            self.reader.read_row(&mut self.row).map_err(png_error)?;
            if self.next >= region.y {
                let index = (self.next - region.y) as usize;
                put_row(&mut image.samples, index * kept, &self.row[columns.clone()]);
            }
            self.next += 1;
        }
        if self.next == self.info.height {
            // The last checksum stands behind the last row.
            self.reader.finish().map_err(png_error)?;
        }
        Ok(image)
    }
}

impl Rows for Bands {
    fn next(&mut self, cancel: &Cancel) -> Result<Option<Image>> {
        let Region { y, height, .. } = self.left;
        if height == 0 {
            return Ok(None);
        }
        let rows = band_height(Region { height, ..self.left });
        let band = Region { height: rows, ..self.left };
        self.left = Region { y: y + rows, height: height - rows, ..self.left };
        self.part(band, cancel).map(Some)
    }
}

/// Copies a row of big-endian samples to the place where it begins.
pub(super) fn put_row(samples: &mut Samples, at: usize, row: &[u8]) {
    match samples {
        Samples::U8(samples) => samples[at..at + row.len()].copy_from_slice(row),
        Samples::U16(samples) => {
            let (pairs, _) = row.as_chunks::<2>();
            for (sample, pair) in samples[at..].iter_mut().zip(pairs) {
                *sample = u16::from_be_bytes(*pair);
            }
        }
    }
}

/// What the chunks around the pixels say, wherever in the file they stand.
#[derive(Default)]
struct Side {
    exif: Option<Arc<[u8]>>,
    xmp: Option<Arc<[u8]>>,
    iptc: Option<Arc<[u8]>>,
    density: Option<Density>,
}

impl Side {
    /// Walks over all chunks from the start, passing over pixels unread.
    fn read(reader: &mut Reader, limits: &Limits) -> Result<Self> {
        let mut side = Self::default();
        reader.seek(SeekFrom::Start(8)).map_err(read_error)?;
        for index in 0..MAX_CHUNKS {
            let mut head = [0; 8];
            reader.read_exact(&mut head).map_err(read_error)?;
            let [l0, l1, l2, l3, name @ ..] = head;
            let len = u32::from_be_bytes([l0, l1, l2, l3]);
            match (&name, index) {
                (b"IHDR", 0) if len == 13 => {
                    let header = read_block(reader, 13)?;
                    let number = |at: usize| {
                        u32::from_be_bytes([
                            header[at],
                            header[at + 1],
                            header[at + 2],
                            header[at + 3],
                        ])
                    };
                    limits.check_declared(number(0), number(4))?;
                }
                (_, 0) => return Err(Error::Malformed("its header is missing".into())),
                (b"IEND", _) => {
                    // Its check sum, without which the pixels cannot be had.
                    read_block(reader, 4)?;
                    return Ok(side);
                }
                (b"eXIf" | b"iTXt" | b"tEXt" | b"zTXt" | b"pHYs", _) if len <= MAX_TEXT_BYTES => {
                    let data = read_block(reader, u64::from(len))?;
                    side.keep(&name, &data);
                }
                _ => reader.seek_relative(i64::from(len)).map_err(read_error)?,
            }
            reader.seek_relative(4).map_err(read_error)?;
        }
        Err(Error::Malformed("it has too many chunks".into()))
    }

    fn keep(&mut self, name: &[u8; 4], data: &[u8]) {
        match name {
            b"eXIf" => {
                let data = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
                self.exif.get_or_insert_with(|| Arc::from(data));
            }
            b"tEXt" | b"zTXt" => self.keep_raw(raw_profile::read(data, name == b"zTXt")),
            b"iTXt" => self.xmp = self.xmp.take().or_else(|| xmp(data).map(Arc::from)),
            _ => {
                if let [x3, x2, x1, x0, y3, y2, y1, y0, 1] = *data {
                    let dpi = |bytes| f64::from(u32::from_be_bytes(bytes)) * INCH_IN_METRES;
                    self.density = sensible(dpi([x3, x2, x1, x0]), dpi([y3, y2, y1, y0]));
                }
            }
        }
    }
}

impl Side {
    /// Keeps what no chunk of its own has said.
    fn keep_raw(&mut self, profile: Option<RawProfile>) {
        match profile {
            Some(RawProfile::Exif(exif)) => {
                self.exif.get_or_insert_with(|| Arc::from(exif));
            }
            Some(RawProfile::Iptc(iptc)) => {
                self.iptc.get_or_insert_with(|| Arc::from(iptc));
            }
            Some(RawProfile::Xmp(xmp)) => {
                self.xmp.get_or_insert_with(|| Arc::from(xmp));
            }
            None => {}
        }
    }
}

/// The XMP packet of an international text chunk.
fn xmp(data: &[u8]) -> Option<Cow<'_, [u8]>> {
    let rest = data.strip_prefix(XMP_KEYWORD.as_bytes())?.strip_prefix(b"\0")?;
    let ([compressed, 0], rest) = rest.split_first_chunk()? else { return None };
    // Language tag and translated keyword, each ended by a zero, stand before the text.
    let text = rest.splitn(3, |byte| *byte == 0).nth(2)?;
    match compressed {
        0 => Some(text.into()),
        1 => unpacked(text).map(Cow::from),
        _ => None,
    }
}

/// What was compressed by zlib; none when it is damaged, or larger than metadata are.
fn unpacked(data: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let most = u64::from(MAX_TEXT_BYTES) + 1;
    flate2::read::ZlibDecoder::new(data).take(most).read_to_end(&mut text).ok()?;
    ((text.len() as u64) < most).then_some(text)
}

fn png_error(error: png::DecodingError) -> Error {
    match error {
        png::DecodingError::IoError(error) => read_error(error),
        png::DecodingError::LimitsExceeded => Error::Limit("its chunks are too large".into()),
        other => Error::Malformed(format!("the PNG decoder says: {other}")),
    }
}

#[cfg(test)]
mod tests;
