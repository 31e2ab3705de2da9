//! What parent and child say to each other.
//!
//! Both are the same binary, so that no version has to be agreed upon. Nothing that a child says is
//! believed: here it is only understood or not; `remote` judges what it means.

use std::io;
use std::sync::Arc;

use super::wire::{Reader, Writer};
use crate::pixel::decode::{Info, Opening, Region, Want};
use crate::pixel::{
    ColourSpace, Density, Depth, Error, FORMATS, Format, Limits, Metadata, Orientation,
};

/// The largest message: profile and metadata travel in one.
pub const MAX_BYTES: u32 = 64 << 20;

/// The longest text of an error.
const MAX_TEXT_CHARS: usize = 300;

/// What a file is told of that takes more memory than a child has.
pub const TOO_MUCH_MEMORY: &str = "reading it takes too much memory";

/// The names of parameters that decoders find fault with.
const PARAMETERS: [&str; 2] = ["page", "dpi"];

/// From parent to child.
#[derive(Debug, Clone)]
pub enum Request {
    /// Open the file whose descriptor comes along.
    Open(Open),
    /// Tell how many pixels the opened file would hold for this want.
    Held(Want),
    /// Decode the opened file.
    Decode(Want),
}

/// How to open a file.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    /// The format of its content.
    pub format: Format,
    /// Page and resolution.
    pub opening: Opening,
    /// Bounds.
    pub limits: Limits,
    /// Its length in bytes.
    pub len: u64,
}

/// From child to parent.
#[derive(Debug)]
pub enum Reply {
    /// The rules are on.
    Ready,
    /// The header.
    Opened(Box<Info>),
    /// A number of pixels.
    Held(u64),
    /// Pixels follow behind the message.
    Decoded(Frame),
    /// It did not work.
    Failed(Error),
}

/// Where decoded pixels lie, and what they are if that differs from what the header said.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Colour model.
    pub space: ColourSpace,
    /// Whether alpha follows the colour.
    pub alpha: bool,
    /// Bits per sample.
    pub depth: Depth,
    /// Left edge in stored pixels.
    pub left: f64,
    /// Top edge in stored pixels.
    pub top: f64,
    /// Decoded pixels per stored pixel, across and down.
    pub scale: (f64, f64),
    /// The profile, unless it is the header's.
    pub profile: Option<Option<Arc<[u8]>>>,
}

impl Request {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        match self {
            Self::Open(Open { format, opening, limits, len }) => {
                to.u8(0).u8(format_code(*format)).u32(opening.page).u32(opening.dpi);
                to.u64(limits.held_pixels).u64(limits.declared_pixels).u64(*len);
            }
            Self::Held(want) => put_want(to.u8(1), want),
            Self::Decode(want) => put_want(to.u8(2), want),
        }
        to.finish()
    }

    /// From bytes; `None` when they are something else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let request = match from.u8()? {
            0 => Self::Open(Open {
                format: format_of(from.u8()?)?,
                opening: Opening { page: from.u32()?, dpi: from.u32()? },
                limits: Limits { held_pixels: from.u64()?, declared_pixels: from.u64()? },
                len: from.u64()?,
            }),
            1 => Self::Held(want(&mut from)?),
            2 => Self::Decode(want(&mut from)?),
            _ => return None,
        };
        from.end(request)
    }
}

impl Reply {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::default();
        match self {
            Self::Ready => {
                to.u8(0);
            }
            Self::Opened(info) => put_info(to.u8(1), info),
            Self::Held(pixels) => {
                to.u8(2).u64(*pixels);
            }
            Self::Decoded(frame) => {
                to.u8(3).u32(frame.width).u32(frame.height).u8(space_code(frame.space));
                to.bool(frame.alpha).bool(frame.depth == Depth::U16);
                to.f64(frame.left).f64(frame.top).f64(frame.scale.0).f64(frame.scale.1);
                to.bool(frame.profile.is_some());
                if let Some(profile) = &frame.profile {
                    to.block(profile.as_ref());
                }
            }
            Self::Failed(error) => put_error(to.u8(4), error),
        }
        to.finish()
    }

    /// From bytes; `None` when they are something else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let reply = match from.u8()? {
            0 => Self::Ready,
            1 => Self::Opened(Box::new(info(&mut from)?)),
            2 => Self::Held(from.u64()?),
            3 => Self::Decoded(Frame {
                width: from.u32()?,
                height: from.u32()?,
                space: space_of(from.u8()?)?,
                alpha: from.bool()?,
                depth: depth_of(from.bool()?),
                left: from.f64()?,
                top: from.f64()?,
                scale: (from.f64()?, from.f64()?),
                profile: if from.bool()? { Some(from.block()?) } else { None },
            }),
            4 => Self::Failed(error(&mut from)?),
            _ => return None,
        };
        from.end(reply)
    }
}

fn put_want(to: &mut Writer, want: &Want) {
    let Region { x, y, width, height } = want.region;
    to.u32(x).u32(y).u32(width).u32(height).f64(want.min_scale);
}

fn want(from: &mut Reader) -> Option<Want> {
    let region = Region { x: from.u32()?, y: from.u32()?, width: from.u32()?, height: from.u32()? };
    Some(Want { region, min_scale: from.f64()? })
}

fn put_info(to: &mut Writer, info: &Info) {
    to.u8(format_code(info.format)).u32(info.width).u32(info.height);
    to.u8(info.orientation.exif()).u8(space_code(info.space)).bool(info.depth == Depth::U16);
    to.bool(info.alpha).bool(info.vector).u32(info.pages).block(info.profile.as_ref());
    let Metadata { exif, xmp, iptc, density } = &info.metadata;
    to.block(exif.as_ref()).block(xmp.as_ref()).block(iptc.as_ref()).bool(density.is_some());
    if let Some(Density { x_dpi, y_dpi }) = density {
        to.f64(*x_dpi).f64(*y_dpi);
    }
}

fn info(from: &mut Reader) -> Option<Info> {
    Some(Info {
        format: format_of(from.u8()?)?,
        width: from.u32()?,
        height: from.u32()?,
        orientation: Orientation::from_exif(from.u8()?.into())?,
        space: space_of(from.u8()?)?,
        depth: depth_of(from.bool()?),
        alpha: from.bool()?,
        vector: from.bool()?,
        pages: from.u32()?,
        profile: from.block()?,
        metadata: Metadata {
            exif: from.block()?,
            xmp: from.block()?,
            iptc: from.block()?,
            density: if from.bool()? {
                Some(Density { x_dpi: from.f64()?, y_dpi: from.f64()? })
            } else {
                None
            },
        },
    })
}

fn put_error(to: &mut Writer, error: &Error) {
    match error {
        Error::Malformed(text) => to.u8(0).bytes(text.as_bytes()),
        Error::Unsupported(text) => to.u8(1).bytes(text.as_bytes()),
        Error::Limit(text) => to.u8(2).bytes(text.as_bytes()),
        Error::Parameter { name, reason } => {
            to.u8(3).bytes(name.as_bytes()).bytes(reason.as_bytes())
        }
        Error::Encode(text) => to.u8(0).bytes(text.as_bytes()),
        // A child's memory is bounded, and the bound is one for what reading a file may take.
        Error::Memory => to.u8(2).bytes(TOO_MUCH_MEMORY.as_bytes()),
        Error::Cancelled => to.u8(4),
        Error::Io(error) => to.u8(5).u32(error.raw_os_error().unwrap_or(0).unsigned_abs()),
    };
}

fn error(from: &mut Reader) -> Option<Error> {
    Some(match from.u8()? {
        0 => Error::Malformed(text(from)?),
        1 => Error::Unsupported(text(from)?),
        2 => Error::Limit(text(from)?),
        3 => {
            let name = text(from)?;
            let name = PARAMETERS.into_iter().find(|known| *known == name)?;
            Error::Parameter { name, reason: text(from)? }
        }
        4 => Error::Cancelled,
        5 => Error::Io(io::Error::from_raw_os_error(from.u32()?.cast_signed())),
        _ => return None,
    })
}

/// A text as it may be shown to people: bounded, on one line.
fn text(from: &mut Reader) -> Option<String> {
    let text = String::from_utf8_lossy(from.bytes()?).into_owned();
    Some(text.chars().filter(|c| !c.is_control()).take(MAX_TEXT_CHARS).collect())
}

fn format_code(format: Format) -> u8 {
    let place = FORMATS.iter().position(|row| row.format == format);
    place.and_then(|place| u8::try_from(place).ok()).expect("the table of formats is short")
}

fn format_of(code: u8) -> Option<Format> {
    FORMATS.get(usize::from(code)).map(|row| row.format)
}

fn space_code(space: ColourSpace) -> u8 {
    match space {
        ColourSpace::Gray => 0,
        ColourSpace::Rgb => 1,
        ColourSpace::Cmyk => 2,
    }
}

fn space_of(code: u8) -> Option<ColourSpace> {
    [ColourSpace::Gray, ColourSpace::Rgb, ColourSpace::Cmyk].get(usize::from(code)).copied()
}

fn depth_of(deep: bool) -> Depth {
    if deep { Depth::U16 } else { Depth::U8 }
}

#[cfg(test)]
mod tests;
