//! Reading files: from bytes to a picture, no more of it than is wanted.
//!
//! A file is opened first, which reads its header only, judges the declared size and gathers
//! profile and metadata. Pixels are read in a second step, which is told the wanted region and the
//! smallest useful scale, so that each format can do the least work that it is able to.
//!
//! Files come from strangers. What a file is, its content says; a name that says otherwise makes
//! it malformed. Nothing is allocated by a declared size that the limits have not passed, and
//! damage is an error, never a picture with parts missing.
//!
//! Decoders know nothing of what happens to the pixels afterwards.

mod animation;
mod bmp;
pub(in crate::pixel) mod dicom;
#[cfg(test)]
pub(in crate::pixel) mod fixture;
mod gif;
mod heif;
pub(in crate::pixel) mod ico;
mod jpeg;
mod jxl;
mod needs;
mod packbits;
mod pdf;
mod png;
mod pnm;
mod postscript;
mod psd;
pub(in crate::pixel) mod raw;
#[cfg(test)]
mod seeds;
pub(in crate::pixel) mod svg;
pub(in crate::pixel) mod tga;
mod tiff;
mod tool;
mod turbo;
mod vector;
mod webp;
mod xcf;

use std::fs;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::{Cancel, ColourSpace, Depth, Error, Format, Image, Limits, Metadata, Result};

pub use self::animation::{Animation, Frame, Frames};
pub use super::metadata::Orientation;
pub use needs::{FONT_FOLDERS, Needs, Tool, needs};

/// A readable, seekable source of bytes that may move between threads.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// What the decoders read from.
type Reader = BufReader<Box<dyn ReadSeek>>;

/// A file that has not been looked at yet.
pub struct Input {
    reader: Box<dyn ReadSeek>,
    len: u64,
    named: Option<Format>,
    file: Option<fs::File>,
}

impl Input {
    /// A file of `len` bytes, read from the start of `reader` wherever that stands; `named` is the format that its
    /// name promises, if it promises one.
    #[must_use]
    pub fn new(reader: impl Read + Seek + Send + 'static, len: u64, named: Option<Format>) -> Self {
        Self { reader: Box::new(reader), len, named, file: None }
    }

    /// A file of the system, which can be handed to another process as it is.
    ///
    /// # Errors
    /// [`Error::Io`] when the file's descriptor cannot be duplicated.
    pub fn of_file(file: fs::File, len: u64, named: Option<Format>) -> Result<Self> {
        let reader = file.try_clone().map_err(Error::Io)?;
        Ok(Self { reader: Box::new(reader), len, named, file: Some(file) })
    }

    /// The format of the content, which its name must not gainsay. The reader is left at its start.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the content is no image or another format than the name says.
    pub fn recognise(&mut self) -> Result<Format> {
        let mut head = [0; HEAD_BYTES];
        let mut len = 0;
        self.reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
        while len < head.len() {
            match self.reader.read(&mut head[len..]) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(error)),
            }
        }
        self.reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
        recognise(&head[..len], self.named)
    }

    /// Length of the file in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The file of the system behind it, if there is one. Its position is shared with the reader's.
    #[must_use]
    pub fn file(&self) -> Option<&fs::File> {
        self.file.as_ref()
    }

    /// The bytes, from wherever they have been read to.
    #[must_use]
    pub fn into_reader(self) -> Box<dyn ReadSeek> {
        self.reader
    }
}

/// What has to be known to open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Page or frame, from 1.
    pub page: u32,
    /// Resolution at which a document without pixels of its own is laid out, in dots per inch; 0
    /// leaves it to the format. Pictures made of pixels ignore it.
    pub dpi: u32,
}

impl Default for Opening {
    fn default() -> Self {
        Self { page: 1, dpi: 0 }
    }
}

/// Reads the files of [isolated](super::FormatRow::isolated) formats, in a process without rights.
pub trait Isolation: Send + Sync + std::fmt::Debug {
    /// Opens a file whose content is of this format.
    ///
    /// # Errors
    /// As [`Source::open`]; [`Error::Unsupported`] when this system cannot read the format.
    fn open(
        &self,
        input: Input,
        format: Format,
        opening: &Opening,
        limits: &Limits,
    ) -> Result<Source>;
}

/// What is known of a picture before its pixels are read.
#[derive(Debug, Clone)]
pub struct Info {
    /// The format of the content.
    pub format: Format,
    /// Width as stored, before orientation is applied.
    pub width: u32,
    /// Height as stored, before orientation is applied.
    pub height: u32,
    /// How the stored pixels have to be turned.
    pub orientation: Orientation,
    /// The colour model of the decoded picture.
    pub space: ColourSpace,
    /// Bits per sample of the decoded picture.
    pub depth: Depth,
    /// Whether the decoded picture has an alpha band.
    pub alpha: bool,
    /// Number of pages or frames, at least 1.
    pub pages: u32,
    /// The embedded ICC profile, as found (not validated).
    pub profile: Option<Arc<[u8]>>,
    /// Descriptive data.
    pub metadata: Metadata,
    /// Whether the picture has no pixels of its own and can be decoded at any scale, above 1 too.
    pub vector: bool,
}

impl Info {
    /// A picture of this kind with zeroed samples, carrying profile and metadata.
    pub(in crate::pixel) fn try_image(&self, width: u32, height: u32) -> Result<Image> {
        let mut image = Image::try_new(width, height, self.space, self.alpha, self.depth)?;
        image.profile.clone_from(&self.profile);
        image.metadata = self.metadata.clone();
        Ok(image)
    }
}

/// A rectangle of stored pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Number of columns.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
}

impl Region {
    /// All of a picture of this size.
    #[must_use]
    pub fn full(width: u32, height: u32) -> Self {
        Self { x: 0, y: 0, width, height }
    }

    /// The part that lies in a picture of this size; at least one pixel of it.
    #[must_use]
    pub fn within(self, width: u32, height: u32) -> Self {
        let x = self.x.min(width.saturating_sub(1));
        let y = self.y.min(height.saturating_sub(1));
        Self {
            x,
            y,
            width: self.width.min(width - x).max(1),
            height: self.height.min(height - y).max(1),
        }
    }

    /// Number of pixels.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// What the caller will make use of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Want {
    /// The part of the picture, in stored pixels.
    pub region: Region,
    /// The smallest acceptable scale, above 0 and at most 1 (or above 1 for [vector](Info::vector)
    /// pictures): the decoder may shrink to any scale that is not below it.
    pub min_scale: f64,
}

impl Want {
    /// Every pixel of a picture of this size.
    #[must_use]
    pub fn everything(width: u32, height: u32) -> Self {
        Self { region: Region::full(width, height), min_scale: 1.0 }
    }
}

/// Pixels, and where in the source they come from.
///
/// Decoded column `i` covers the source from `left + i / scale.0` to `left + (i + 1) / scale.0`, and
/// rows likewise from `top` by `scale.1`. The picture covers the wanted region and may cover more;
/// its last column and row may reach beyond the source's edge by less than one decoded pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The pixels.
    pub image: Image,
    /// Left edge in stored pixels.
    pub left: f64,
    /// Top edge in stored pixels.
    pub top: f64,
    /// Decoded pixels per stored pixel, across and down, at most 1 unless the picture is a
    /// [vector](Info::vector) one.
    pub scale: (f64, f64),
}

impl Decoded {
    fn unscaled(image: Image, region: Region) -> Self {
        Self { image, left: f64::from(region.x), top: f64::from(region.y), scale: (1.0, 1.0) }
    }
}

/// What each format implements: the second step of reading a file whose header is known.
pub trait Decoder: Send {
    /// Number of pixels that `decode` will hold at once, in its result or beside it.
    fn held_pixels(&self, info: &Info, want: &Want) -> u64;

    /// Has the decoder shrink in proportion to light from now on, if it can, and only where that does
    /// not show in `judged`: the region from which all parts of one result are made, so that they
    /// are made alike. Then this is how many times the size of the result it has to leave, and what it
    /// leaves are averages over squares.
    fn shrink_in_light(&mut self, _info: &Info, _judged: Region) -> Option<f64> {
        None
    }

    /// Reads the pixels. `want.region` lies within the picture, and the limits hold.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`], [`Error::Limit`], [`Error::Cancelled`].
    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded>;

    /// What moves in the file, if anything does.
    fn animation(&self) -> Option<Animation> {
        None
    }

    /// The frames of the animation, each as `decode` would give it. `info.alpha` is the animation's.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    fn frames(self: Box<Self>, _info: Info, _want: &Want) -> Result<Box<dyn Frames>> {
        Err(Error::Unsupported("nothing moves in it".into()))
    }
}

/// An opened file: its header is read, its pixels are not.
pub struct Source {
    info: Info,
    decoder: Box<dyn Decoder>,
}

impl Source {
    /// A source whose header was read elsewhere.
    #[must_use]
    pub fn new(info: Info, decoder: Box<dyn Decoder>) -> Self {
        Self { info, decoder }
    }

    /// Opens a file and reads its header; files of isolated formats are left to `isolation`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the content is damaged, is no image, or is not the format that the
    /// file's name says; [`Error::Unsupported`]; [`Error::Limit`] when it declares too many pixels;
    /// [`Error::Parameter`] named `page` when it does not have that page.
    pub fn open(
        mut input: Input,
        opening: &Opening,
        limits: &Limits,
        isolation: Option<&dyn Isolation>,
    ) -> Result<Self> {
        let format = input.recognise()?;
        match isolation {
            Some(isolation) if format.row().isolated => {
                isolation.open(input, format, opening, limits)
            }
            None if format.row().isolated => Err(Error::Unsupported(format!(
                "{} files are read in a process of their own only, and there is none",
                format.row().title
            ))),
            _ => Self::open_here(input, format, opening, limits),
        }
    }

    /// Opens a file of a known format in this process, whether it is isolated or not.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_here(
        input: Input,
        format: Format,
        opening: &Opening,
        limits: &Limits,
    ) -> Result<Self> {
        let reader = BufReader::with_capacity(READ_AHEAD_BYTES, input.reader);
        let file = File { reader, len: input.len, page: opening.page.max(1), dpi: opening.dpi };
        let (info, decoder) = match format {
            Format::Jpeg => jpeg::open(file, limits),
            Format::Png => png::open(file, limits),
            Format::Gif => gif::open(file, limits),
            Format::Bmp => bmp::open(file, limits),
            Format::Webp => webp::open(file, limits),
            Format::Tiff => tiff::open(file, limits),
            Format::Avif | Format::Heic => heif::open(file, format, limits),
            Format::Jxl => jxl::open(file, limits),
            Format::Svg => svg::open(file, limits),
            Format::Pdf => pdf::open(file, limits),
            Format::Postscript => postscript::open(file, limits),
            Format::Xcf => xcf::open(file, limits),
            Format::Tga => tga::open(file, limits),
            Format::Pnm => pnm::open(file, limits),
            Format::Ico => ico::open(file, limits),
            Format::Psd => psd::open(file, limits),
            Format::Dicom => dicom::open(file, limits),
            Format::Raw => raw::open(file, limits),
        }?;
        Ok(Self { info, decoder })
    }

    /// What is known of the picture.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// See [`Decoder::shrink_in_light`].
    pub(crate) fn shrink_in_light(&mut self, judged: Region) -> Option<f64> {
        self.decoder.shrink_in_light(&self.info, judged.within(self.info.width, self.info.height))
    }

    /// Number of pixels that [`decode`](Self::decode) will hold at once for this want.
    #[must_use]
    pub fn held_pixels(&self, want: &Want) -> u64 {
        self.decoder.held_pixels(&self.info, &self.clamp(want))
    }

    /// Reads the wanted pixels. A region that reaches beyond the picture is cut at its edges.
    ///
    /// # Errors
    /// [`Error::Limit`] when more pixels would be held than allowed, [`Error::Malformed`] when the
    /// file is damaged or truncated, [`Error::Cancelled`].
    pub fn decode(self, want: &Want, limits: &Limits, cancel: &Cancel) -> Result<Decoded> {
        let want = self.clamp(want);
        let held = self.decoder.held_pixels(&self.info, &want);
        limits.check_total(held)?;
        cancel.check()?;
        self.decoder.decode(self.info, &want, cancel)
    }

    /// What moves in the file, if anything does.
    #[must_use]
    pub fn animation(&self) -> Option<Animation> {
        self.decoder.animation()
    }

    /// Reads the wanted pixels of one frame after the other.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn frames(mut self, want: &Want, limits: &Limits) -> Result<Box<dyn Frames>> {
        let want = self.clamp(want);
        if let Some(animation) = self.animation() {
            self.info.alpha = animation.alpha;
            limits.check_total(animation.held_pixels + want.region.pixels())?;
        }
        self.decoder.frames(self.info, &want)
    }

    fn clamp(&self, want: &Want) -> Want {
        let scale = want.min_scale;
        Want {
            region: want.region.within(self.info.width, self.info.height),
            min_scale: match scale {
                _ if scale > 0.0 && scale < 1.0 => scale,
                _ if self.info.vector && scale.is_finite() => scale.max(1.0),
                _ => 1.0,
            },
        }
    }
}

/// Loads what decoders would load when they are first used, for a process that will not be able to
/// open anything later. What is missing is told when a file that takes it is opened.
pub fn prepare() {
    heif::prepare();
}

/// Bytes at the beginning of a file that tell its format.
pub const HEAD_BYTES: usize = 512;

/// Large enough that headers come in one read, small enough not to matter.
const READ_AHEAD_BYTES: usize = 64 * 1024;

/// A file whose format is known, positioned at its start.
struct File {
    reader: Reader,
    len: u64,
    page: u32,
    /// As in [`Opening`].
    dpi: u32,
}

impl File {
    /// Fails unless the page exists.
    fn check_page(&self, pages: u32) -> Result<()> {
        if self.page > pages {
            return Err(no_such_page(pages));
        }
        Ok(())
    }
}

fn no_such_page(pages: u32) -> Error {
    let reason = match pages {
        1 => "the image has only one page".to_owned(),
        pages => format!("the image has only {pages} pages"),
    };
    Error::Parameter { name: "page", reason }
}

fn recognise(head: &[u8], named: Option<Format>) -> Result<Format> {
    let article = |format: Format| format.row().title;
    // Some formats share their first bytes: what the name says is asked first.
    if let Some(named) = named.filter(|named| (named.row().matches)(head)) {
        return Ok(named);
    }
    match (Format::sniff(head), named) {
        (Some(found), None) => Ok(found),
        (Some(found), Some(named)) if found == named => Ok(found),
        // Illustrator writes PDF.
        (Some(Format::Pdf), Some(Format::Postscript)) => Ok(Format::Pdf),
        (Some(found), Some(named)) => Err(Error::Malformed(format!(
            "its content is {} but its name says {}",
            article(found),
            article(named)
        ))),
        (None, _) => Err(Error::Malformed("its content is not an image".into())),
    }
}

/// An error of the medium, or of a file that ends before it should.
///
/// Decoders report bad data as errors of reading, too; only the system's have a number.
fn read_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::Malformed("it ends too early".into()),
        _ if error.raw_os_error().is_none() => Error::Malformed("its data is corrupt".into()),
        _ => Error::Io(error),
    }
}

/// Reads a block of known size without trusting the size: memory grows with what is really there.
fn read_block(reader: &mut impl Read, len: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let expected = usize::try_from(len).map_err(|_| too_large())?;
    bytes.try_reserve(expected.min(READ_AHEAD_BYTES)).map_err(|_| too_large())?;
    reader.take(len).read_to_end(&mut bytes).map_err(read_error)?;
    if bytes.len() < expected {
        return Err(Error::Malformed("it ends too early".into()));
    }
    Ok(bytes)
}

/// Reads a whole file for a decoder that needs it in memory, unless it is absurdly large for its
/// number of pixels.
fn load(reader: &mut Reader, len: u64, (width, height): (u32, u32)) -> Result<Vec<u8>> {
    const ALWAYS_BYTES: u64 = 256 * 1024 * 1024;
    const PER_PIXEL_BYTES: u64 = 12;
    let pixels = u64::from(width) * u64::from(height);
    if len > ALWAYS_BYTES.saturating_add(pixels.saturating_mul(PER_PIXEL_BYTES)) {
        return Err(Error::Limit("its file is far larger than its pixels need".into()));
    }
    let len_bytes = usize::try_from(len).map_err(|_| too_large())?;
    let mut data = Vec::new();
    // Two bytes more, for an end marker that may be missing.
    data.try_reserve_exact(len_bytes.saturating_add(2)).map_err(|_| too_large())?;
    reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
    reader.take(len).read_to_end(&mut data).map_err(read_error)?;
    Ok(data)
}

fn too_large() -> Error {
    Error::Limit("not enough memory to read it".into())
}

#[cfg(test)]
mod tests;
