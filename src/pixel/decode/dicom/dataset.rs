//! The elements of a DICOM file: the few that say what the picture is, and where it lies.
//!
//! Every other element is passed over by its length, unread.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};

use super::super::{Reader, read_block, read_error};
use crate::pixel::{Error, Result};

/// Sequences within sequences; the standard needs four.
const MAX_DEPTH: usize = 16;
/// The longest value that is of interest: a palette of 65536 words.
const MAX_VALUE_BYTES: u64 = 256 * 1024;
const UNDEFINED: u32 = u32::MAX;

const PIXELS: u32 = 0x7fe0_0010;
const ITEM: u32 = 0xfffe_e000;
const ITEM_END: u32 = 0xfffe_e00d;
const SEQUENCE_END: u32 = 0xfffe_e0dd;
const TRANSFER_SYNTAX: u32 = 0x0002_0010;

/// How a file codes its elements and its picture (PS3.5, annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
    Deflated,
    Jpeg,
    RunLength,
}

impl Syntax {
    fn from_uid(uid: &str) -> Result<Self> {
        let Some(rest) = uid.strip_prefix("1.2.840.10008.1.2") else {
            return Err(Error::Unsupported("a DICOM file of a private transfer syntax".into()));
        };
        Ok(match rest {
            "" => Self::ImplicitLittle,
            ".1" => Self::ExplicitLittle,
            ".1.99" => Self::Deflated,
            ".2" => Self::ExplicitBig,
            ".4.50" | ".4.51" | ".4.57" | ".4.70" => Self::Jpeg,
            ".5" => Self::RunLength,
            _ => {
                let name = match rest {
                    ".4.80" | ".4.81" => "JPEG-LS",
                    ".4.90" | ".4.91" | ".4.92" | ".4.93" => "JPEG 2000",
                    ".4.110" | ".4.111" | ".4.112" => "JPEG XL",
                    rest if rest.starts_with(".4.10") => "video",
                    rest if rest.starts_with(".4.20") => "high-throughput JPEG 2000",
                    _ => "a compression that is not known here",
                };
                return Err(Error::Unsupported(format!("a DICOM file with {name} in it")));
            }
        })
    }

    fn explicit(self) -> bool {
        self != Self::ImplicitLittle
    }

    pub(super) fn big_endian(self) -> bool {
        self == Self::ExplicitBig
    }
}

/// What was found.
pub(super) struct Dataset {
    pub(super) syntax: Syntax,
    /// Values by the tag of the innermost sequence around them (0 is none) and their own.
    values: HashMap<(u32, u32), Vec<u8>>,
    pub(super) pixels_at: u64,
    /// Bytes of plain pixels; those of a fragmented picture are not known beforehand.
    pub(super) pixels_len: u64,
    /// Whether the picture is stored as a row of compressed fragments.
    pub(super) fragmented: bool,
}

/// Reads the head of the file and leaves the reader at the first element of the data set.
pub(super) fn read_syntax(reader: &mut Reader) -> Result<Syntax> {
    let head = read_block(reader, 132)?;
    if !super::matches(&head) {
        return Err(Error::Malformed("its header is no sound one".into()));
    }
    let mut uid = None;
    loop {
        let start = reader.stream_position().map_err(read_error)?;
        let mut walk = Walk::new(reader, Syntax::ExplicitLittle, start, u64::MAX);
        let element = walk.element(true)?;
        if element.tag >> 16 != 2 {
            reader.seek(SeekFrom::Start(start)).map_err(read_error)?;
            break;
        }
        if element.len == UNDEFINED {
            return Err(damaged());
        }
        if element.tag == TRANSFER_SYNTAX {
            let value = read_block(reader, u64::from(element.len.min(1024)))?;
            let text = String::from_utf8_lossy(&value);
            uid = Some(text.trim_end_matches(['\0', ' ']).to_owned());
        } else {
            reader.seek_relative(i64::from(element.len)).map_err(read_error)?;
        }
    }
    Syntax::from_uid(&uid.ok_or_else(damaged)?)
}

impl Dataset {
    pub(super) fn read(reader: &mut Reader, syntax: Syntax, at: u64, len: u64) -> Result<Self> {
        let mut walk = Walk::new(reader, syntax, at, len);
        let (element, pixels_at) = walk
            .elements(0, 0, None, syntax.explicit())?
            .ok_or_else(|| Error::Unsupported("a DICOM file that holds no picture".into()))?;
        let values = walk.values;
        let fragmented = element.len == UNDEFINED;
        if fragmented != matches!(syntax, Syntax::Jpeg | Syntax::RunLength) {
            return Err(damaged());
        }
        let pixels_len = len.saturating_sub(pixels_at).min(element.len.into());
        Ok(Self { syntax, values, pixels_at, pixels_len, fragmented })
    }

    /// The bytes of an element in the innermost sequence `parent`.
    pub(super) fn bytes(&self, parent: u32, tag: u32) -> Option<&[u8]> {
        self.values.get(&(parent, tag)).map(Vec::as_slice)
    }

    /// The words of an element.
    pub(super) fn words(&self, parent: u32, tag: u32) -> Option<Vec<u16>> {
        let (pairs, _) = self.bytes(parent, tag)?.as_chunks::<2>();
        let word = |pair: &[u8; 2]| {
            if self.syntax.big_endian() {
                u16::from_be_bytes(*pair)
            } else {
                u16::from_le_bytes(*pair)
            }
        };
        Some(pairs.iter().map(word).collect())
    }

    /// The first word of a top-level element.
    pub(super) fn word(&self, tag: u32) -> Option<u16> {
        self.words(0, tag)?.first().copied()
    }

    /// The text of a top-level element.
    pub(super) fn text(&self, parent: u32, tag: u32) -> Option<String> {
        let text = String::from_utf8_lossy(self.bytes(parent, tag)?);
        Some(text.trim_matches(['\0', ' ']).to_owned())
    }

    /// The first of an element's decimal numbers.
    pub(super) fn number(&self, parent: u32, tag: u32) -> Option<f64> {
        let text = self.text(parent, tag)?;
        text.split('\\').next()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// The head of an element.
#[derive(Debug, Clone, Copy)]
struct Element {
    tag: u32,
    len: u32,
    sequence: bool,
    /// Whether it is of unknown kind: what it holds is then coded the implicit way.
    unknown: bool,
}

/// A way through the elements, from `at` on and not beyond `end`.
struct Walk<'a> {
    reader: &'a mut Reader,
    big_endian: bool,
    at: u64,
    end: u64,
    values: HashMap<(u32, u32), Vec<u8>>,
}

impl<'a> Walk<'a> {
    fn new(reader: &'a mut Reader, syntax: Syntax, at: u64, end: u64) -> Self {
        Self { reader, big_endian: syntax.big_endian(), at, end, values: HashMap::new() }
    }

    /// Walks over elements up to `end`, or the delimiter of their item, and stops at the pixels.
    fn elements(
        &mut self,
        depth: usize,
        parent: u32,
        end: Option<u64>,
        explicit: bool,
    ) -> Result<Option<(Element, u64)>> {
        if depth > MAX_DEPTH {
            return Err(damaged());
        }
        while end.map_or(depth > 0 || self.at < self.end, |end| self.at < end) {
            let element = self.element(explicit)?;
            match element.tag {
                PIXELS if depth == 0 => return Ok(Some((element, self.at))),
                ITEM_END => return Ok(None),
                _ if element.len == UNDEFINED => {
                    let explicit = explicit && !element.unknown;
                    self.items(depth, element.tag, None, explicit)?;
                }
                _ if element.sequence || is_sequence(element.tag) => {
                    let end = self.at + u64::from(element.len);
                    self.items(depth, element.tag, Some(end), explicit)?;
                }
                _ => self.value(parent, element)?,
            }
        }
        Ok(None)
    }

    /// Walks over the items of a sequence.
    fn items(&mut self, depth: usize, tag: u32, end: Option<u64>, explicit: bool) -> Result<()> {
        while end.is_none_or(|end| self.at < end) {
            let item = self.element(explicit)?;
            match (item.tag, item.len) {
                (SEQUENCE_END, _) => return Ok(()),
                (ITEM, UNDEFINED) => {
                    self.elements(depth + 1, tag, None, explicit)?;
                }
                (ITEM, len) => {
                    let end = self.at + u64::from(len);
                    self.elements(depth + 1, tag, Some(end), explicit)?;
                }
                _ => return Err(damaged()),
            }
        }
        Ok(())
    }

    fn value(&mut self, parent: u32, element: Element) -> Result<()> {
        let len = u64::from(element.len);
        if self.at + len > self.end {
            return Err(Error::Malformed("it ends too early".into()));
        }
        if element.tag >> 16 == 0x0028 && len <= MAX_VALUE_BYTES {
            let value = read_block(self.reader, len)?;
            self.values.entry((parent, element.tag)).or_insert(value);
        } else {
            self.reader.seek_relative(i64::from(element.len)).map_err(read_error)?;
        }
        self.at += len;
        Ok(())
    }

    fn element(&mut self, explicit: bool) -> Result<Element> {
        let group = self.word()?;
        let tag = u32::from(group) << 16 | u32::from(self.word()?);
        // Items and their ends have no kind.
        if !explicit || group == 0xfffe {
            let len = self.long()?;
            return Ok(Element { tag, len, sequence: false, unknown: false });
        }
        let kind: [u8; 2] = self.take()?;
        let long = matches!(
            &kind,
            b"OB"
                | b"OD"
                | b"OF"
                | b"OL"
                | b"OV"
                | b"OW"
                | b"SQ"
                | b"SV"
                | b"UC"
                | b"UN"
                | b"UR"
                | b"UT"
                | b"UV"
        );
        let len = if long {
            self.word()?;
            self.long()?
        } else {
            self.word()?.into()
        };
        Ok(Element { tag, len, sequence: &kind == b"SQ", unknown: &kind == b"UN" })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(read_error)?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn word(&mut self) -> Result<u16> {
        let bytes = self.take()?;
        Ok(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&mut self) -> Result<u32> {
        let bytes = self.take()?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}

/// Sequences that hold what we look for; implicit coding does not tell them from values.
fn is_sequence(tag: u32) -> bool {
    matches!(tag, 0x0028_3000 | 0x0028_3010 | 0x0028_9132 | 0x0028_9145 | 0x5200_9229 | 0x5200_9230)
}

pub(super) fn damaged() -> Error {
    Error::Malformed("its elements are no sound ones".into())
}
