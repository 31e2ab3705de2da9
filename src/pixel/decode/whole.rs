//! Whether a file is there to its end: what an upload that broke off, or a full disk at its sender's, leaves
//! behind opens well and lacks the lower part of its picture.
//!
//! Only how the file is built is followed, from part to part; no pixel is decoded, so that this costs a few
//! reads, or for JPEG, whose data has no length, one pass over its bytes. What is damaged in
//! between shows when it is decoded. Formats that are not named here are followed to their end when they are
//! opened (PNG, GIF, WebP, PSD and others), or say nothing of their length.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};

use super::read::{READ_AHEAD_BYTES, Reader};
use super::{Input, jpeg, read_error, tiff};
use crate::pixel::{Error, Format, Result};

/// Fails when the file ends before its picture does.
///
/// # Errors
/// [`Error::Malformed`] then, and when its parts contradict one another; [`Error::Io`].
pub fn check_end(mut input: Input) -> Result<()> {
    let format = input.recognise()?;
    let len = input.len();
    let mut reader = BufReader::with_capacity(READ_AHEAD_BYTES, input.into_reader());
    match format {
        Format::Jpeg => jpeg::check_end(&mut reader),
        Format::Tiff => tiff::check_end(&mut reader, len),
        Format::Avif | Format::Heic | Format::Jxl => boxes(&mut reader, len),
        _ => Ok(()),
    }
}

pub(super) fn cut_off() -> Error {
    Error::Malformed("it is cut off: the file ends before its picture does".into())
}

/// The boxes of an ISO base media file (ISO/IEC 14496-12, section 4.2). A bare JPEG XL codestream, which
/// has none, says nothing of its length.
fn boxes(reader: &mut Reader, len: u64) -> Result<()> {
    reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
    if reader.fill_buf().map_err(read_error)?.starts_with(&[0xff, 0x0a]) {
        return Ok(());
    }
    let mut at = 0;
    while at < len {
        let mut head = [0; 8];
        reader.read_exact(&mut head).map_err(read_error)?;
        let (size, head_bytes) = match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
            // To the end of the file.
            0 => return Ok(()),
            1 => {
                let mut wide = [0; 8];
                reader.read_exact(&mut wide).map_err(read_error)?;
                (u64::from_be_bytes(wide), 16)
            }
            size => (u64::from(size), 8),
        };
        if size < head_bytes {
            return Err(Error::Malformed("it has a box of impossible size".into()));
        }
        at = at.checked_add(size).filter(|end| *end <= len).ok_or_else(cut_off)?;
        reader.seek(SeekFrom::Start(at)).map_err(read_error)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::fixture::{decode_named, open_here};
    use super::super::{Opening, seeds};
    use super::*;

    fn check(file: &[u8], format: Format) -> Result<()> {
        let len = file.len() as u64;
        check_end(Input::new(Cursor::new(file.to_vec()), len, Some(format)))
    }

    /// Formats of which a cut file may open and pass, since nothing in them says how long they are:
    /// those with run-length codes or numbers as text, and what other programs read.
    const SAY_NOTHING: [Format; 5] =
        [Format::Bmp, Format::Tga, Format::Pnm, Format::Dicom, Format::Raw];

    #[test]
    fn whole_files_pass_and_cut_ones_do_not_open_or_do_not_pass() {
        let mut refused = 0;
        for (format, file) in seeds::seeds() {
            assert!(check(&file, format).is_ok(), "{format:?}");
            // Behind the end may stand anything.
            let longer = [&file[..], b"\0\0rubbish"].concat();
            assert!(check(&longer, format).is_ok(), "{format:?}");
            for left in [file.len() - 1, file.len() * 9 / 10, file.len() / 2] {
                let cut = &file[..left];
                let opens = open_here(cut, format, &Opening::default()).is_ok();
                let passes = opens && check(cut, format).is_ok();
                // Where nothing of the picture is missing, it may.
                if decode_named(cut, format).is_err() {
                    let says = !SAY_NOTHING.contains(&format);
                    assert!(!(passes && says), "{format:?} {left} of {}", file.len());
                    refused += usize::from(says);
                }
            }
        }
        assert!(refused >= 40, "{refused}");
    }

    #[test]
    fn boxes_are_followed_to_the_end_of_the_file() {
        let ftyp = b"\0\0\0\x14ftypavif\0\0\0\0avif";
        let wide = b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x12ab";
        let open = b"\0\0\0\0mdat";
        let parts = |parts: &[&[u8]]| parts.concat();
        assert!(check(&parts(&[ftyp, wide]), Format::Avif).is_ok());
        assert!(check(&parts(&[ftyp, wide, open]), Format::Avif).is_ok());
        let whole = parts(&[ftyp, wide]);
        for left in [whole.len() - 1, ftyp.len() + 16, ftyp.len() + 3] {
            assert!(check(&whole[..left], Format::Avif).is_err(), "{left}");
        }
        let small = parts(&[ftyp, b"\0\0\0\x07mdat"]);
        assert!(check(&small, Format::Avif).is_err());
        let huge = parts(&[ftyp, b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff"]);
        assert!(check(&huge, Format::Avif).is_err());
    }
}
