//! WebP: lossy below quality 100, lossless at 100, with or without alpha.
//!
//! libwebp writes the picture; the container around it, when there is metadata to carry, is
//! written here (RFC 9649).

mod sys;

use std::num::NonZeroU32;

use super::{EncodeOptions, Sequence, Side, check};
use crate::pixel::{ColourSpace, Error, Format, Image, Result, Samples};

const LOSSLESS_QUALITY: u8 = 100;
/// Effort 0–6. On photographs of 400 pixels at quality 75, 4 (libwebp's own default) takes 2.3
/// times as long as 2 for 4 % fewer bytes of the same visual score.
const LOSSY_METHOD: i32 = 2;
const LOSSLESS_METHOD: i32 = 4;
/// Lossless pictures above this are written with less effort and memory.
const LARGE_PIXELS: u64 = 2_000_000;
const LARGE_METHOD: i32 = 0;
const LARGE_QUALITY: f32 = 20.0;

const ICC_FLAG: u8 = 0x20;
const ALPHA_FLAG: u8 = 0x10;
const EXIF_FLAG: u8 = 0x08;
const XMP_FLAG: u8 = 0x04;

pub(super) fn encode(image: &Image, options: &EncodeOptions, side: &Side<'_>) -> Result<Vec<u8>> {
    let coloured;
    let samples = match coloured_samples(image)? {
        Coloured::AsIs(samples) => samples,
        Coloured::Made(samples) => {
            coloured = samples;
            &coloured
        }
    };
    let encoder = if image.alpha {
        webp::Encoder::from_rgba(samples, image.width, image.height)
    } else {
        webp::Encoder::from_rgb(samples, image.width, image.height)
    };
    let config = config(options, image)?;
    let simple = encoder.encode_advanced(&config).map_err(|error| match error {
        error if sys::is_memory(error) => Error::Memory,
        error => Error::Encode(format!("the WebP encoder says: {error:?}")),
    })?;
    wrap(&simple, image, side)
}

/// An animation.
pub(super) struct Motion {
    encoder: sys::AnimationEncoder,
    config: webp::WebPConfig,
    first: Image,
    options: EncodeOptions,
    until_ms: i32,
}

impl Motion {
    pub(super) fn new(
        first: &Image,
        plays: Option<NonZeroU32>,
        options: &EncodeOptions,
    ) -> Result<Self> {
        // The format counts to 65535 only.
        let plays = plays.map_or(0, |times| u16::try_from(times.get()).unwrap_or(u16::MAX));
        let encoder = sys::AnimationEncoder::new((first.width, first.height), plays)?;
        // Its size and what goes with it are needed at the end, its pixels are not.
        let side = Image {
            samples: Samples::U8(Vec::new()),
            profile: first.profile.clone(),
            metadata: first.metadata.clone(),
            ..*first
        };
        let config = config(options, first)?;
        Ok(Self { encoder, config, first: side, options: options.clone(), until_ms: 0 })
    }
}

impl Sequence for Motion {
    fn push(&mut self, image: &Image, shown_ms: u32) -> Result<()> {
        check(image, Format::Webp)?;
        if (image.width, image.height) != (self.first.width, self.first.height) {
            return Err(Error::Encode("a frame has another size than the first one".into()));
        }
        let coloured = coloured_samples(image)?;
        let samples = match &coloured {
            Coloured::AsIs(samples) => samples,
            Coloured::Made(samples) => samples.as_slice(),
        };
        self.encoder.add(samples, image.alpha, self.until_ms, &self.config)?;
        let shown_ms = i32::try_from(shown_ms).unwrap_or(i32::MAX);
        self.until_ms = self.until_ms.saturating_add(shown_ms);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        let file = self.encoder.finish(self.until_ms)?;
        wrap(&file, &self.first, &Side::of(&self.first, &self.options))
    }
}

fn config(options: &EncodeOptions, image: &Image) -> Result<webp::WebPConfig> {
    let mut config = webp::WebPConfig::new()
        .map_err(|()| Error::Encode("the WebP encoder does not start".into()))?;
    let quality = options.quality.lossy.clamp(1, 100);
    config.method = LOSSY_METHOD;
    if quality == LOSSLESS_QUALITY {
        config.method = LOSSLESS_METHOD;
        config.lossless = 1;
        // How hard to try, in lossless mode.
        config.quality = 75.0;
        if u64::from(image.width) * u64::from(image.height) > LARGE_PIXELS {
            config.method = LARGE_METHOD;
            config.quality = LARGE_QUALITY;
            config.low_memory = 1;
        }
    } else {
        config.quality = f32::from(quality);
    }
    Ok(config)
}

/// Samples of RGB or RGBA.
enum Coloured<'a> {
    AsIs(&'a [u8]),
    Made(Vec<u8>),
}

fn coloured_samples(image: &Image) -> Result<Coloured<'_>> {
    let Samples::U8(samples) = &image.samples else {
        return Err(Error::Encode("WebP cannot hold 16 bits per sample".into()));
    };
    match image.space {
        ColourSpace::Rgb => Ok(Coloured::AsIs(samples)),
        ColourSpace::Gray => colour(samples, image.alpha).map(Coloured::Made),
        ColourSpace::Cmyk => Err(Error::Encode("WebP cannot hold CMYK".into())),
    }
}

fn colour(samples: &[u8], alpha: bool) -> Result<Vec<u8>> {
    let (from, to) = if alpha { (2, 4) } else { (1, 3) };
    let mut out = Vec::new();
    out.try_reserve_exact(samples.len() / from * to).map_err(|_| Error::Memory)?;
    for pixel in samples.chunks_exact(from) {
        out.extend_from_slice(&[pixel[0]; 3]);
        out.extend_from_slice(&pixel[1..]);
    }
    Ok(out)
}

/// Puts the picture's chunks into an extended container when there is something to add.
fn wrap(simple: &[u8], image: &Image, side: &Side<'_>) -> Result<Vec<u8>> {
    let exif = side.metadata.exif.as_deref();
    let xmp = side.metadata.xmp.as_deref();
    if side.profile.is_none() && exif.is_none() && xmp.is_none() {
        return Ok(simple.to_vec());
    }
    let pictures = picture_chunks(simple)
        .ok_or_else(|| Error::Encode("the WebP encoder wrote no picture".into()))?;
    // Whether it moves or is transparent, the encoder has said where it wrote such a header.
    let mut flags = extended_flags(simple).unwrap_or(if image.alpha { ALPHA_FLAG } else { 0 });
    for (there, flag) in
        [(side.profile.is_some(), ICC_FLAG), (exif.is_some(), EXIF_FLAG), (xmp.is_some(), XMP_FLAG)]
    {
        flags |= if there { flag } else { 0 };
    }
    let mut header = vec![flags, 0, 0, 0];
    header.extend_from_slice(&(image.width - 1).to_le_bytes()[..3]);
    header.extend_from_slice(&(image.height - 1).to_le_bytes()[..3]);

    let mut body = b"WEBP".to_vec();
    put_chunk(&mut body, b"VP8X", &header)?;
    if let Some(profile) = side.profile {
        put_chunk(&mut body, b"ICCP", profile)?;
    }
    body.extend_from_slice(pictures);
    if let Some(exif) = exif {
        put_chunk(&mut body, b"EXIF", exif)?;
    }
    if let Some(xmp) = xmp {
        put_chunk(&mut body, b"XMP ", xmp)?;
    }
    let mut out = b"RIFF".to_vec();
    out.extend_from_slice(&chunk_len(body.len())?.to_le_bytes());
    out.extend_from_slice(&body);
    Ok(out)
}

/// The flags of the extended header, if there is one.
fn extended_flags(file: &[u8]) -> Option<u8> {
    file.get(12..)?.strip_prefix(b"VP8X")?.get(4).copied()
}

/// The chunks that make up the picture (`ANIM`, `ANMF`, `ALPH`, `VP8 `, `VP8L`), without an extended header.
fn picture_chunks(file: &[u8]) -> Option<&[u8]> {
    let chunks = file.get(12..)?;
    if !chunks.starts_with(b"VP8X") {
        return Some(chunks);
    }
    let len = u32::from_le_bytes(chunks.get(4..8)?.try_into().ok()?) as usize;
    chunks.get(8 + len.next_multiple_of(2)..)
}

fn put_chunk(out: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) -> Result<()> {
    out.extend_from_slice(name);
    out.extend_from_slice(&chunk_len(data.len())?.to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
    Ok(())
}

fn chunk_len(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| Error::Encode("WebP cannot hold that much".into()))
}
