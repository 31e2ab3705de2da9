//! SVG, also compressed: painted at the size that is wanted.
//!
//! Nothing that a file refers to is opened, near or far; pictures in `data:` addresses are part of
//! it. Text is set in the system's fonts.

use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use flate2::read::GzDecoder;
use resvg::tiny_skia::{PixmapMut, Transform};
use resvg::usvg::{Error as SvgError, ImageHrefResolver, Options, Tree, fontdb};

use super::vector::{self, Canvas};
use super::{Decoded, Decoder, FONT_FOLDERS, File, Info, Want, read_block, read_error, too_large};
use crate::pixel::{Cancel, Error, Format, Limits, Result};

/// The longest text that is read, compressed or not.
const MAX_TEXT_BYTES: u64 = 64 << 20;

struct Svg {
    tree: Tree,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    file.check_page(1)?;
    let text = read_text(&mut file)?;
    let tree = parse(&text)?;
    let side = |length: f32| f64::from(length).round().clamp(1.0, f64::from(u32::MAX)) as u32;
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    limits.check_declared(width, height)?;
    let info = vector::info(Format::Svg, (width, height));
    Ok((info, Box::new(Svg { tree })))
}

impl Decoder for Svg {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        // Of what is painted, as much again for groups that are painted apart.
        Canvas::new(info, want).held_in_parts()
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let canvas = Canvas::new(&info, want);
        let size = self.tree.size();
        let (across, down) = canvas.fitting(f64::from(size.width()), f64::from(size.height()));
        canvas.paint_in_parts(&info, cancel, |part, samples| {
            let (left, top) = (-f64::from(part.left), -f64::from(part.top));
            let transform =
                Transform::from_row(across as f32, 0.0, 0.0, down as f32, left as f32, top as f32);
            let mut pixels =
                PixmapMut::from_bytes(samples, part.width, part.height).ok_or_else(too_large)?;
            of_library(|| resvg::render(&self.tree, transform, &mut pixels))
        })
    }
}

fn read_text(file: &mut File) -> Result<String> {
    let long = || Error::Limit("its text is too long".into());
    if file.len > MAX_TEXT_BYTES {
        return Err(long());
    }
    let mut bytes = read_block(&mut file.reader, file.len)?;
    if bytes.starts_with(GZIP) {
        let mut text = Vec::new();
        let decoder = GzDecoder::new(&bytes[..]);
        decoder.take(MAX_TEXT_BYTES + 1).read_to_end(&mut text).map_err(read_error)?;
        if text.len() as u64 > MAX_TEXT_BYTES {
            return Err(long());
        }
        bytes = text;
    }
    String::from_utf8(bytes)
        .map_err(|_| Error::Unsupported("SVG in another encoding than UTF-8".into()))
}

/// What compressed files begin with (RFC 1952).
const GZIP: &[u8] = &[0x1f, 0x8b, 8];

fn parse(text: &str) -> Result<Tree> {
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: ImageHrefResolver::default_data_resolver(),
            resolve_string: Box::new(|_, _| None),
        },
        fontdb: if text.contains("text") { fonts() } else { Arc::default() },
        font_family: "DejaVu Sans".into(),
        ..Options::default()
    };
    of_library(|| Tree::from_str(text, &options))?.map_err(|error| match error {
        SvgError::ElementsLimitReached => Error::Limit("it has too many elements".into()),
        SvgError::InvalidSize => Error::Malformed("it states no sensible size".into()),
        SvgError::NotAnUtf8Str
        | SvgError::SvgzFeatureNotEnabled
        | SvgError::MalformedGZip
        | SvgError::ParsingFailed(_) => Error::Malformed("it is not well-formed SVG".into()),
    })
}

/// What the library gives. It panics at some drawings whose lengths go beyond what its numbers hold, and keeps
/// nothing of one for the next, so that such a drawing needs no process of its own to end with.
fn of_library<T>(call: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call))
        .map_err(|_| Error::Malformed("its lengths cannot be computed with".into()))
}

/// The system's fonts, looked for once in a process.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let found = FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        for folder in FONT_FOLDERS {
            fonts.load_fonts_dir(folder);
        }
        for (name, set) in [
            ("DejaVu Serif", fontdb::Database::set_serif_family as fn(&mut _, _)),
            ("DejaVu Sans", fontdb::Database::set_sans_serif_family),
            ("DejaVu Sans Mono", fontdb::Database::set_monospace_family),
        ] {
            set(&mut fonts, name.to_owned());
        }
        Arc::new(fonts)
    });
    Arc::clone(found)
}

/// Whether a file's first bytes are those of an SVG document: after what may stand before it, the
/// first element is `svg`. A beginning that does not reach so far is taken for one.
pub(in crate::pixel) fn matches(head: &[u8]) -> bool {
    if head.starts_with(GZIP) {
        return true;
    }
    let mut rest = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if !rest.starts_with(b"<") {
        return false;
    }
    loop {
        let end: &[u8] = match rest {
            _ if rest.starts_with(b"<?xml") => b"?>",
            _ if rest.starts_with(b"<!--") => b"-->",
            _ if rest.starts_with(b"<!DOCTYPE svg") => return true,
            _ => break,
        };
        let Some(at) = rest.windows(end.len()).position(|part| part == end) else { return true };
        rest = rest[at + end.len()..].trim_ascii_start();
        if rest.is_empty() {
            return true;
        }
    }
    let name = rest.get(1..).unwrap_or_default();
    let len = name.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b':');
    let name = &name[..len.unwrap_or(name.len())];
    name == b"svg" || name.ends_with(b":svg")
}

#[cfg(test)]
pub(super) mod tests;
