//! The container of JPEG XL (ISO/IEC 18181-2): where the codestream lies in it, and the metadata beside that.
//!
//! The decoder gets the codestream alone. It would unpack whatever boxes hold, however large that is, and refuse a
//! picture for metadata that are damaged. Knows nothing of the codestream.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use brotli_decompressor::Decompressor;

use super::super::{Reader, read_block, read_error};
use crate::pixel::{Error, Result};

/// Metadata that are larger are left out.
pub(super) const MAX_METADATA_BYTES: u64 = 16 << 20;

const SIGNATURE: [u8; 12] = *b"\0\0\0\x0cJXL \r\n\x87\n";
const MAX_BOXES: usize = 100_000;
const BUFFER_BYTES: usize = 4096;

/// What there is in a file.
pub(super) struct Boxes {
    /// The parts of the codestream, in their order.
    pub stream: Vec<Range<u64>>,
    exif: Option<Block>,
    xmp: Option<Block>,
}

/// The content of a box of metadata.
struct Block {
    at: Range<u64>,
    packed: bool,
}

impl Boxes {
    /// Finds them in a file of `len` bytes; a bare codestream is one part.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the container contradicts itself, [`Error::Io`].
    pub fn find(reader: &mut Reader, len: u64) -> Result<Self> {
        let mut found = Self { stream: Vec::new(), exif: None, xmp: None };
        let mut at = SIGNATURE.len() as u64;
        reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
        if len < at || read_block(reader, at)? != SIGNATURE {
            found.stream.push(0..len);
            return Ok(found);
        }
        for _ in 0..MAX_BOXES {
            // What is too short for a box is none.
            let Some((name, content)) = next(reader, at..len)? else { return Ok(found) };
            at = content.end;
            found.keep(reader, name, content)?;
        }
        Err(Error::Malformed("it has too many boxes".into()))
    }

    /// Takes note of a box; the reader stands at its content.
    fn keep(&mut self, reader: &mut Reader, name: [u8; 4], mut content: Range<u64>) -> Result<()> {
        match &name {
            b"jxlc" => self.stream.push(content),
            b"jxlp" => {
                // The highest bit says that it is the last one.
                let number = number(reader, &mut content)? & 0x7fff_ffff;
                if number as usize != self.stream.len() {
                    return Err(Error::Malformed("its parts are out of order".into()));
                }
                self.stream.push(content);
            }
            b"brob" => {
                let name = number(reader, &mut content)?.to_be_bytes();
                self.keep_metadata(name, Block { at: content, packed: true });
            }
            _ => self.keep_metadata(name, Block { at: content, packed: false }),
        }
        Ok(())
    }

    fn keep_metadata(&mut self, name: [u8; 4], block: Block) {
        let place = match &name {
            b"Exif" => &mut self.exif,
            b"xml " => &mut self.xmp,
            _ => return,
        };
        place.get_or_insert(block);
    }

    /// The Exif block from its TIFF header on, if there is a sound one.
    pub fn exif(&self, reader: &mut Reader) -> Result<Option<Vec<u8>>> {
        let Some(mut bytes) = self.exif.as_ref().map_or(Ok(None), |block| block.read(reader))?
        else {
            return Ok(None);
        };
        let Some(skipped) = bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)) else {
            return Ok(None);
        };
        let start = usize::try_from(skipped).unwrap_or(usize::MAX).saturating_add(4);
        bytes.drain(..start.min(bytes.len()));
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// The XMP packet, if there is a sound one.
    pub fn xmp(&self, reader: &mut Reader) -> Result<Option<Vec<u8>>> {
        self.xmp.as_ref().map_or(Ok(None), |block| block.read(reader))
    }
}

impl Block {
    /// The content; none where it is damaged, or larger than metadata are.
    fn read(&self, reader: &mut Reader) -> Result<Option<Vec<u8>>> {
        let len = self.at.end - self.at.start;
        reader.seek(SeekFrom::Start(self.at.start)).map_err(read_error)?;
        let content = reader.take(len);
        let most = MAX_METADATA_BYTES + 1;
        let mut bytes = Vec::new();
        let read = match self.packed {
            true => Decompressor::new(content, BUFFER_BYTES).take(most).read_to_end(&mut bytes),
            false if len < most => content.take(most).read_to_end(&mut bytes),
            false => return Ok(None),
        };
        match read.map_err(read_error) {
            Ok(_) => Ok(Some(bytes).filter(|bytes| (bytes.len() as u64) < most)),
            Err(Error::Malformed(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Name and content of the box in front of the reader; none when there is no room for one.
fn next(reader: &mut Reader, rest: Range<u64>) -> Result<Option<([u8; 4], Range<u64>)>> {
    let mut content = rest.start.saturating_add(8)..rest.end;
    if content.start > rest.end {
        return Ok(None);
    }
    reader.seek(SeekFrom::Start(rest.start)).map_err(read_error)?;
    let mut head = [0; 8];
    reader.read_exact(&mut head).map_err(read_error)?;
    let [s3, s2, s1, s0, name @ ..] = head;
    let size = match u32::from_be_bytes([s3, s2, s1, s0]) {
        // Up to the end of the file.
        0 => return Ok(Some((name, content))),
        1 if rest.end - content.start < 8 => return Ok(None),
        1 => {
            let high = u64::from(number(reader, &mut content)?);
            high << 32 | u64::from(number(reader, &mut content)?)
        }
        size => size.into(),
    };
    // What is longer than the file ends with it.
    content.end = rest.start.saturating_add(size).min(rest.end);
    if content.end < content.start {
        return Err(Error::Malformed("it has a box that is smaller than itself".into()));
    }
    Ok(Some((name, content)))
}

/// A number at the start of a box's content, which begins behind it from here on.
fn number(reader: &mut Reader, content: &mut Range<u64>) -> Result<u32> {
    if content.end - content.start < 4 {
        return Err(Error::Malformed("it has a box that is smaller than itself".into()));
    }
    content.start += 4;
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes).map_err(read_error)?;
    Ok(u32::from_be_bytes(bytes))
}
