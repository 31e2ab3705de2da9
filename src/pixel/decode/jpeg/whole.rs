//! Following a JPEG file from marker to marker to its end (ITU-T T.81, annex B).

use std::io::{BufRead as _, Seek as _, SeekFrom};

use super::super::whole::cut_off;
use super::super::{Reader, read_error};
use super::header::{next_marker, skip};
use crate::pixel::Result;

/// Fails when the file ends before the marker that ends its picture. Reads every byte once and keeps none.
pub(in super::super) fn check_end(reader: &mut Reader) -> Result<()> {
    reader.seek(SeekFrom::Start(2)).map_err(read_error)?;
    let mut marker = next_marker(reader)?;
    loop {
        marker = match marker {
            0xd9 => return Ok(()),
            0x01 | 0xd0..=0xd8 => next_marker(reader)?,
            0xda => {
                skip(reader)?;
                after_data(reader)?
            }
            _ => {
                skip(reader)?;
                next_marker(reader)?
            }
        };
    }
}

/// Passes over entropy-coded data: the marker that ends it. In the data, 0xff is followed by 0, by a marker
/// of restart, or by more of itself.
fn after_data(reader: &mut Reader) -> Result<u8> {
    let mut after_ff = false;
    loop {
        let bytes = reader.fill_buf().map_err(read_error)?;
        if bytes.is_empty() {
            return Err(cut_off());
        }
        let mut at = 0;
        while at < bytes.len() {
            if after_ff {
                let code = bytes[at];
                at += 1;
                if !matches!(code, 0 | 0xd0..=0xd7 | 0xff) {
                    reader.consume(at);
                    return Ok(code);
                }
                after_ff = code == 0xff;
            } else if let Some(found) = bytes[at..].iter().position(|byte| *byte == 0xff) {
                at += found + 1;
                after_ff = true;
            } else {
                at = bytes.len();
            }
        }
        let read = bytes.len();
        reader.consume(read);
    }
}
