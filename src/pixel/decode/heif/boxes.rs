//! The one fact that libheif 1.15 does not tell before decoding: whether the pictures are grey.
//!
//! It stands in the codecs' configuration boxes (ISO/IEC 14496-15; AV1 in ISOBMFF 2.3), among the
//! properties of all items. A file counts as grey when every coded item of it is, so that alpha
//! planes, which are grey as well, do not matter.

/// Bytes of a box's size and name.
const HEAD: usize = 8;

/// Whether no item of the file is coded in colour. False for what cannot be understood.
pub(super) fn monochrome(file: &[u8]) -> bool {
    let Some(properties) = child(file, b"meta")
        // A full box: version and flags come first.
        .and_then(|meta| meta.get(4..))
        .and_then(|meta| child(meta, b"iprp"))
        .and_then(|iprp| child(iprp, b"ipco"))
    else {
        return false;
    };
    let mut items = 0;
    for (name, content) in Boxes(properties) {
        let gray = match &name {
            b"av1C" => content.get(2).map(|flags| flags & 0x10 != 0),
            b"hvcC" => content.get(16).map(|chroma| chroma & 3 == 0),
            _ => continue,
        };
        items += 1;
        if gray != Some(true) {
            return false;
        }
    }
    items > 0
}

fn child<'a>(parent: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    Boxes(parent).find(|(name, _)| name == wanted).map(|(_, content)| content)
}

/// The boxes in a run of bytes: name and content.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.0.first_chunk::<HEAD>()?;
        let name = [head[4], head[5], head[6], head[7]];
        let (start, len) = match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
            // To the end.
            0 => (HEAD, self.0.len()),
            1 => {
                let long: [u8; 8] = self.0.get(HEAD..HEAD + 8)?.try_into().ok()?;
                (HEAD + 8, usize::try_from(u64::from_be_bytes(long)).ok()?)
            }
            len => (HEAD, len as usize),
        };
        let content = self.0.get(start..len)?;
        self.0 = &self.0[len..];
        Some((name, content))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut out = (content.len() as u32 + 8).to_be_bytes().to_vec();
        out.extend_from_slice(name);
        out.extend_from_slice(content);
        out
    }

    fn file(properties: &[Vec<u8>]) -> Vec<u8> {
        let iprp = boxed(b"iprp", &boxed(b"ipco", &properties.concat()));
        let meta = [&[0; 4][..], &boxed(b"hdlr", b"pict"), &iprp].concat();
        [boxed(b"ftyp", b"avif"), boxed(b"meta", &meta)].concat()
    }

    #[test]
    fn a_file_is_grey_when_every_item_is() {
        let av1 = |flags| boxed(b"av1C", &[0x81, 0, flags, 0]);
        let mut hevc = vec![0; 23];
        assert!(monochrome(&file(&[av1(0x1c)])));
        assert!(monochrome(&file(&[av1(0x1c), boxed(b"ispe", &[0; 12]), av1(0x10)])));
        assert!(!monochrome(&file(&[av1(0x0c), av1(0x1c)])));
        assert!(!monochrome(&file(&[boxed(b"ispe", &[0; 12])])));
        assert!(monochrome(&file(&[boxed(b"hvcC", &hevc)])));
        hevc[16] = 0xfd;
        assert!(!monochrome(&file(&[boxed(b"hvcC", &hevc)])));
        assert!(!monochrome(b""));
    }

    proptest! {
        #[test]
        fn damaged_boxes_never_panic(at in 0usize..90, value: u8, cut in 0usize..90) {
            let mut bytes = file(&[boxed(b"av1C", &[0x81, 0, 0x1c, 0])]);
            let len = bytes.len();
            bytes[at % len] = value;
            bytes.truncate(cut);
            let _ = monochrome(&bytes);
        }
    }
}
