//! PackBits, the run-length coding of bytes that TIFF, Photoshop and DICOM share (TIFF 6.0,
//! section 9).

use crate::pixel::{Error, Result};

/// Unpacks until `out` is full; what follows in `packed` is padding.
///
/// # Errors
/// [`Error::Malformed`] when `packed` ends before.
pub(super) fn unpack(packed: &[u8], out: &mut [u8]) -> Result<()> {
    let mut rest = packed;
    let mut at = 0;
    while at < out.len() {
        let (&head, after) = rest.split_first().ok_or_else(ended)?;
        rest = after;
        let room = out.len() - at;
        match head {
            0..=127 => {
                let count = usize::from(head) + 1;
                let bytes = rest.get(..count).ok_or_else(ended)?;
                let kept = count.min(room);
                out[at..at + kept].copy_from_slice(&bytes[..kept]);
                rest = &rest[count..];
                at += kept;
            }
            128 => {}
            129..=255 => {
                let (&byte, after) = rest.split_first().ok_or_else(ended)?;
                let kept = (257 - usize::from(head)).min(room);
                out[at..at + kept].fill(byte);
                rest = after;
                at += kept;
            }
        }
    }
    Ok(())
}

fn ended() -> Error {
    Error::Malformed("its packed data ends too early".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_apple_is_unpacked() {
        // From Apple's Technical Note TN1023.
        let packed = [
            0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7,
            0xaa,
        ];
        let expected = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        let mut out = [0; 24];
        unpack(&packed, &mut out).unwrap();
        assert_eq!(out, expected);
        assert!(unpack(&packed[..14], &mut out).is_err());
        assert!(unpack(&packed, &mut [0; 25]).is_err());
        unpack(&[128, 1, 5, 6], &mut out[..2]).unwrap();
        assert_eq!(out[..2], [5, 6]);
    }
}
