//! WebP: lossy, lossless, with alpha; still pictures by region, animations by frame.
//!
//! libwebp could shrink while it decodes, but its rescaler works on companded values in its own way:
//! resampling is left to the pipeline.

mod sys;

use std::io::Read;
use std::num::NonZeroU32;
use std::sync::Arc;

use self::sys::Failure;
use super::{
    Animation, Decoded, Decoder, File, Frame, Frames, Info, Reader, Region, Want, load, read_block,
    read_error, too_large,
};
use crate::pixel::{Cancel, Error, Format, Limits, Metadata, Result, Samples, metadata};

const MAX_SIDE_BYTES: u64 = 16 * 1024 * 1024;
const MARGIN: u32 = 2;
const MAX_FRAMES: u32 = 100_000;

struct Webp {
    reader: Reader,
    len: u64,
    page: u32,
    animated: bool,
    frames: u32,
    plays: Option<NonZeroU32>,
    canvas_pixels: u64,
    /// Whether rows come out as they are decoded, so that a region is all that is held.
    streamed: bool,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    let container = Container::read(&mut file.reader, file.len, limits)?;
    file.check_page(container.frames.max(1))?;
    let info = Info {
        orientation: container
            .metadata
            .exif
            .as_deref()
            .and_then(metadata::orientation)
            .unwrap_or_default(),
        alpha: container.alpha,
        pages: container.frames.max(1),
        profile: container.profile,
        metadata: container.metadata,
        ..Info::new(Format::Webp, container.width, container.height)
    };
    let webp = Webp {
        reader: file.reader,
        len: container.len,
        page: file.page,
        animated: container.frames > 0,
        frames: container.frames,
        plays: container.plays,
        canvas_pixels: Region::full(container.width, container.height).pixels(),
        streamed: !container.lossless && !container.alpha,
    };
    Ok((info, Box::new(webp)))
}

impl Decoder for Webp {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        let whole = Region::full(info.width, info.height).pixels();
        let region = grown(want.region, info).pixels();
        match (self.animated, self.streamed) {
            // The decoder keeps the canvas and the one before it.
            (true, _) => whole * 2 + region,
            (false, true) => region,
            (false, false) => whole + region,
        }
    }

    fn decode(mut self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let data = load(&mut self.reader, self.len, (info.width, info.height))?;
        cancel.check()?;
        let region = grown(want.region, &info);
        let mut image = info.try_image(region.width, region.height)?;
        let Samples::U8(samples) = &mut image.samples else { return Err(too_large()) };
        if self.animated {
            let mut animation =
                sys::Animation::new(data, (info.width, info.height)).map_err(webp_error)?;
            for _ in 1..self.page {
                cancel.check()?;
                animation.next_canvas().map_err(webp_error)?;
            }
            let (canvas, _) = animation.next_canvas().map_err(webp_error)?;
            copy(canvas, info.width, region, samples);
        } else {
            sys::decode(&data, region, info.alpha, samples).map_err(webp_error)?;
        }
        Ok(Decoded::unscaled(image, region))
    }

    fn animation(&self) -> Option<Animation> {
        (self.frames > 1).then(|| Animation {
            frames: self.frames,
            plays: self.plays,
            alpha: true,
            held_pixels: 2 * self.canvas_pixels,
        })
    }

    fn frames(mut self: Box<Self>, info: Info, want: &Want) -> Result<Box<dyn Frames>> {
        let size = (info.width, info.height);
        let data = load(&mut self.reader, self.len, size)?;
        let animation = sys::Animation::new(data, size).map_err(webp_error)?;
        Ok(Box::new(Film { animation, info, region: want.region, left: self.frames }))
    }
}

/// The frames of an animation.
struct Film {
    animation: sys::Animation,
    info: Info,
    region: Region,
    /// How many frames the container has told of that did not come yet.
    left: u32,
}

impl Frames for Film {
    fn next(&mut self, cancel: &Cancel) -> Result<Option<Frame>> {
        cancel.check()?;
        if !self.animation.has_more() {
            return match self.left {
                0 => Ok(None),
                _ => Err(Error::Malformed("it ends too early".into())),
            };
        }
        self.left = self.left.saturating_sub(1);
        let Region { width, height, .. } = self.region;
        let mut image = self.info.try_image(width, height)?;
        let Samples::U8(samples) = &mut image.samples else { return Err(too_large()) };
        let (canvas, shown_ms) = self.animation.next_canvas().map_err(webp_error)?;
        copy(canvas, self.info.width, self.region, samples);
        Ok(Some(Frame { decoded: Decoded::unscaled(image, self.region), shown_ms }))
    }
}

/// Copies a region out of a canvas of RGBA pixels.
fn copy(canvas: &[u8], width: u32, region: Region, samples: &mut [u8]) {
    let columns = region.x as usize * 4..(region.x + region.width) as usize * 4;
    let rows = canvas.chunks_exact(width as usize * 4).skip(region.y as usize);
    for (to, from) in samples.chunks_exact_mut(region.width as usize * 4).zip(rows) {
        to.copy_from_slice(&from[columns.clone()]);
    }
}

/// The region grown so that libwebp's chroma samples begin with it, and so that smoothing between
/// them finds the neighbours that it has in the whole picture.
fn grown(region: Region, info: &Info) -> Region {
    let start = |at: u32| (at / 2 * 2).saturating_sub(MARGIN);
    let end = |at: u32, len: u32, total: u32| (at + len + MARGIN).min(total);
    let (x, y) = (start(region.x), start(region.y));
    Region {
        x,
        y,
        width: end(region.x, region.width, info.width) - x,
        height: end(region.y, region.height, info.height) - y,
    }
}

fn webp_error(failure: Failure) -> Error {
    match failure {
        Failure::Memory => Error::Memory,
        Failure::Unsupported => Error::Unsupported("WebP of an unknown kind".into()),
        Failure::Truncated => Error::Malformed("it ends too early".into()),
        Failure::Corrupt => Error::Malformed("its data is corrupt".into()),
    }
}

/// What the RIFF chunks say (RFC 9649).
#[derive(Default)]
struct Container {
    /// Bytes of the file that belong to the container.
    len: u64,
    width: u32,
    height: u32,
    alpha: bool,
    lossless: bool,
    /// Number of animation frames, 0 for a still picture.
    frames: u32,
    /// How many times an animation is shown; none for endlessly.
    plays: Option<NonZeroU32>,
    profile: Option<Arc<[u8]>>,
    metadata: Metadata,
}

impl Container {
    fn read(reader: &mut Reader, file_len: u64, limits: &Limits) -> Result<Self> {
        let head: [u8; 12] = read_array(reader)?;
        let stated = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let len = stated + 8;
        if len > file_len {
            return Err(Error::Malformed("it ends too early".into()));
        }
        let mut container = Self { len, ..Self::default() };
        let mut animated = false;
        let mut picture = false;
        let mut at = 12;
        while at + 8 <= len {
            let [n0, n1, n2, n3, l0, l1, l2, l3] = read_array(reader)?;
            let size = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
            let padded = size + size % 2;
            // The last chunk's padding is often forgotten.
            if at + 8 + size > len {
                return Err(Error::Malformed("it has a chunk that is longer than itself".into()));
            }
            let kept = match &[n0, n1, n2, n3] {
                b"VP8X" => 10,
                b"ANIM" => 6,
                b"VP8 " | b"VP8L" if !picture && !animated => {
                    picture = true;
                    size.min(32)
                }
                b"ICCP" | b"EXIF" | b"XMP " if size <= MAX_SIDE_BYTES => size,
                b"ANMF" => {
                    container.frames += 1;
                    0
                }
                _ => 0,
            };
            let data = read_block(reader, kept.min(size))?;
            match &[n0, n1, n2, n3] {
                b"VP8X" => animated = container.extended(&data, limits)?,
                b"VP8 " | b"VP8L" if kept > 0 => {
                    container.bitstream(&[n0, n1, n2, n3], size, &data, limits)?;
                }
                b"ANIM" => {
                    let times =
                        data.get(4..6).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
                    container.plays = NonZeroU32::new(times.into());
                }
                b"ICCP" => container.profile = Some(Arc::from(data)),
                b"EXIF" => {
                    let exif = data.strip_prefix(b"Exif\0\0").unwrap_or(&data);
                    container.metadata.density = metadata::density(exif);
                    container.metadata.exif = Some(Arc::from(exif));
                }
                b"XMP " => container.metadata.xmp = Some(Arc::from(data)),
                _ => {}
            }
            let rest = i64::try_from(padded - kept.min(size)).map_err(|_| too_large())?;
            reader.seek_relative(rest).map_err(read_error)?;
            at += 8 + padded;
        }
        container.finish(animated, picture)
    }

    fn finish(mut self, animated: bool, picture: bool) -> Result<Self> {
        if !animated {
            self.frames = 0;
        } else if self.frames > MAX_FRAMES {
            return Err(Error::Limit("it has too many frames".into()));
        } else {
            // Frames need not cover the canvas.
            self.alpha = true;
        }
        if (animated && self.frames == 0) || (!animated && !picture) || self.width == 0 {
            return Err(Error::Malformed("it holds no picture".into()));
        }
        Ok(self)
    }

    /// The extended header: canvas size, and whether the file is an animation.
    fn extended(&mut self, data: &[u8], limits: &Limits) -> Result<bool> {
        let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = *data else {
            return Err(Error::Malformed("its header is too short".into()));
        };
        let animated = flags & 0x02 != 0;
        self.alpha = flags & 0x10 != 0;
        self.width = u32::from_le_bytes([w0, w1, w2, 0]) + 1;
        self.height = u32::from_le_bytes([h0, h1, h2, 0]) + 1;
        limits.check_declared(self.width, self.height)?;
        if animated {
            limits.check_held(self.width, self.height)?;
        }
        Ok(animated)
    }

    /// The picture's own header, of which the start is enough.
    fn bitstream(
        &mut self,
        name: &[u8; 4],
        size: u64,
        start: &[u8],
        limits: &Limits,
    ) -> Result<()> {
        let mut riff = b"RIFF".to_vec();
        let size = u32::try_from(size).map_err(|_| too_large())?;
        riff.extend_from_slice(&size.saturating_add(12).next_multiple_of(2).to_le_bytes());
        riff.extend_from_slice(b"WEBP");
        riff.extend_from_slice(name);
        riff.extend_from_slice(&size.to_le_bytes());
        riff.extend_from_slice(start);
        let features = sys::features(&riff)
            .ok_or_else(|| Error::Malformed("its picture header is corrupt".into()))?;
        if self.width != 0 && (self.width, self.height) != (features.width, features.height) {
            return Err(Error::Malformed("its header is ambiguous".into()));
        }
        self.width = features.width;
        self.height = features.height;
        self.alpha |= features.alpha;
        self.lossless = features.lossless;
        limits.check_declared(self.width, self.height)
    }
}

fn read_array<const N: usize>(reader: &mut Reader) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(read_error)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
