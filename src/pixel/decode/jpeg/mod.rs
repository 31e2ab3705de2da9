//! JPEG: shrinks by eighths and decodes only the wanted region where the file allows it.

mod entropy;
mod header;
mod hook;
mod refused;
mod shrink;
mod whole;

use std::sync::Arc;

use self::header::Header;
pub(super) use self::header::photoshop_resource;
use self::refused::Shortcut;
use self::shrink::Outcome;
pub(super) use self::whole::check_end;
use super::turbo::{self, Complaint, Decompressor, Window, scaled};
use super::{Decoded, Decoder, File, Info, Reader, Region, Want, load};
use crate::pixel::colour::curve::{Curve, Light};
use crate::pixel::{
    Cancel, ColourSpace, Depth, Error, Format, Image, Limits, Result, Samples, metadata,
};

/// A sound progressive file has about ten scans; each costs a walk over all coefficients.
const MAX_SCANS: u16 = 500;

/// How far a decoded region reaches beyond the wanted one, so that smoothing between chroma samples
/// finds the neighbours that it has in the whole picture.
const MARGIN: u32 = 2;

/// The IPTC block among the image resources that Photoshop strings together.
pub(super) fn photoshop_iptc(resources: &[u8]) -> Option<&[u8]> {
    header::photoshop_resource(resources, header::IPTC_RESOURCE)
}

/// A JPEG file whose header is read.
struct Jpeg {
    reader: Reader,
    len: u64,
    header: Header,
    /// The tone curve by which averages are taken; none averages encoded values.
    light: Option<Arc<Curve>>,
    /// The region in which it must not show that averages are taken.
    judged: Region,
    /// Pictures of which more would have to be held stay at a smaller scale although it may show.
    exact_pixels: u64,
}

/// How many times the size of the result is left when averages are taken in light: chosen so that
/// the quality benchmark stays above its bound.
const LIGHT_MARGIN: f64 = 1.3;

/// The most pixels that are held for the sake of exactness, where the limits allow as many.
const EXACT_PIXELS: u64 = 16_000_000;

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    let mut header = header::read(&mut file.reader)?;
    limits.check_declared(header.width, header.height)?;
    file.check_page(1)?;
    let space = match header.components {
        1 => ColourSpace::Gray,
        3 => ColourSpace::Rgb,
        _ => ColourSpace::Cmyk,
    };
    let metadata = std::mem::take(&mut header.metadata);
    let info = Info {
        format: Format::Jpeg,
        width: header.width,
        height: header.height,
        orientation: metadata.exif.as_deref().and_then(metadata::orientation).unwrap_or_default(),
        space,
        depth: Depth::U8,
        alpha: false,
        pages: 1,
        profile: header.profile.take(),
        metadata,
        vector: false,
    };
    Ok((
        info,
        Box::new(Jpeg {
            reader: file.reader,
            len: file.len,
            header,
            light: None,
            judged: Region::full(0, 0),
            exact_pixels: EXACT_PIXELS.min(limits.held_pixels),
        }),
    ))
}

impl Decoder for Jpeg {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        let whole = u64::from(info.width) * u64::from(info.height);
        let block =
            (!self.header.lossless).then(|| u32::from(self.header.max_sampling_x.max(1)) * 8);
        let (width, height) = (info.width, info.height);
        let plans = self.plans(want, (width, height), block);
        let result = plans.iter().map(|plan| plan.pixels((width, height))).max().unwrap_or(whole);
        result + self.header.buffered_pixels(whole)
    }

    fn shrink_in_light(&mut self, info: &Info, judged: Region) -> Option<f64> {
        let Light::Linear([_, green, _]) = Light::by_profile(info.space, info.profile.as_ref())
        else {
            return None;
        };
        if self.header.lossless {
            return None;
        }
        self.light = Some(green);
        self.judged = judged;
        Some(LIGHT_MARGIN)
    }

    fn decode(mut self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let mut data = load(&mut self.reader, self.len, (info.width, info.height))?;
        cancel.check()?;
        match self.decode_from(&data, &info, want) {
            Err(Failure::Ended) if !self.header.buffered => {
                // Some writers leave out the end marker. With it in place, only lost pixels are
                // left to complain about. (Of several scans, whole ones could be missing.)
                data.extend_from_slice(&[0xff, 0xd9]);
                self.decode_from(&data, &info, want)
            }
            result => result,
        }
        .map_err(Failure::into_error)
    }
}

/// Why decoding failed.
enum Failure {
    /// The data ended before the end marker.
    Ended,
    /// Anything else.
    Error(Error),
}

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Self::Ended => Error::Malformed("it ends too early".into()),
            Self::Error(error) => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        match complaint {
            Complaint::Warning(message) | Complaint::Fatal(message)
                if message.contains("Premature end of JPEG file") =>
            {
                Self::Ended
            }
            other => Self::Error(other.into()),
        }
    }
}

impl Jpeg {
    /// The scales that may be decoded to.
    fn scales(&self) -> &'static [u32] {
        match &self.light {
            _ if self.header.lossless => &[8],
            // Colour that is coarser one way than the other gets too coarse at an eighth.
            Some(_) if self.header.max_sampling_x != self.header.max_sampling_y => &[2, 4, 8],
            Some(_) => &[1, 2, 4, 8],
            None => SCALES,
        }
    }

    fn decode_from(&self, data: &[u8], info: &Info, want: &Want) -> Result<Decoded, Failure> {
        turbo::with(data, MAX_SCANS, |decompressor| {
            self.decode_with(decompressor, data, info, want)
        })
    }

    fn decode_with(
        &self,
        decompressor: &mut Decompressor<'_>,
        data: &[u8],
        info: &Info,
        want: &Want,
    ) -> Result<Decoded, Failure> {
        if decompressor.size() != (info.width, info.height) {
            return Err(Error::Malformed("its header is ambiguous".into()).into());
        }
        let plans = self.plans(want, decompressor.size(), decompressor.block_width());
        let (last, shortcuts) = plans.split_last().expect("there is always a way");
        for plan in shortcuts {
            let shortcut = Shortcut::new(data, self.judged, plan.eighths);
            if shortcut.is_refused() {
                continue;
            }
            match self.decode_plan(data, info, plan, true)? {
                Some(decoded) => return Ok(decoded),
                None => shortcut.refuse(),
            }
        }
        let decoded = self.decode_plan(data, info, last, false)?;
        decoded.ok_or_else(|| Error::Malformed("it cannot be decoded at any scale".into()).into())
    }

    /// The ways to decode, to be tried in this order; the last always serves.
    fn plans(&self, want: &Want, size: (u32, u32), block: Option<u32>) -> Vec<Plan> {
        let least = smallest_scale(want.min_scale, self.scales());
        if self.light.is_none() || least == 8 {
            return vec![Plan::new(want, size, block, least)];
        }
        let judged = Want { region: self.judged, ..*want };
        let mut plans: Vec<Plan> = Vec::new();
        for &eighths in self.scales().iter().filter(|eighths| **eighths >= least) {
            let want = if eighths == 8 { want } else { &judged };
            let plan = Plan::new(want, size, block, eighths);
            if !plans.is_empty() && plan.pixels(size) > self.exact_pixels {
                break;
            }
            plans.push(plan);
        }
        plans
    }

    /// Decodes in one way; none when too much fine detail would be lost and that is `judged`.
    fn decode_plan(
        &self,
        data: &[u8],
        info: &Info,
        plan: &Plan,
        judged: bool,
    ) -> Result<Option<Decoded>, Failure> {
        let (width, height) = (scaled(info.width, plan.eighths), scaled(info.height, plan.eighths));
        let window = plan.window.unwrap_or(Window { x: 0, y: 0, width, height });
        let mut image = info.try_image(window.width, window.height)?;
        let bands = image.bands();
        let Samples::U8(samples) = &mut image.samples else {
            return Err(Error::Unsupported("JPEG with deep samples".into()).into());
        };
        let request = shrink::Request {
            data,
            size: (info.width, info.height),
            eighths: plan.eighths,
            window,
            bands,
            max_scans: MAX_SCANS,
            light: self.light.as_deref().map(Curve::averaging),
            judged,
        };
        match shrink::decode(&request, samples) {
            Err(Complaint::Warning(message)) if harmless(&message) && ends_well(data) => {}
            Ok(Outcome::TooFine) => return Ok(None),
            result => _ = result?,
        }
        // Adobe stores no ink as 255, and so does who writes CMYK without its marker, or has it lost.
        if info.space == ColourSpace::Cmyk {
            samples.iter_mut().for_each(|sample| *sample = 255 - *sample);
        }
        Ok(Some(plan.place(image)))
    }
}

/// Whether a warning is about something that does not touch the pixels.
fn harmless(message: &str) -> bool {
    const HARMLESS: &[&str] = &[
        "extraneous bytes before marker",
        "Unknown Adobe color transform code",
        "Warning: unknown JFIF revision number",
        "bad ICC marker",
    ];
    HARMLESS.iter().any(|part| message.contains(part))
}

/// Whether an end marker is there: the library tells only the first of its warnings, so that after a
/// harmless one the end has to be looked for.
fn ends_well(data: &[u8]) -> bool {
    data.windows(2).rev().any(|pair| pair == [0xff, 0xd9])
}

/// What is asked of the library: scale, and the part of the scaled picture.
struct Plan {
    eighths: u32,
    window: Option<Window>,
}

impl Plan {
    /// `block` is the width of the blocks at which a window may begin, if windows are possible.
    fn new(want: &Want, (width, height): (u32, u32), block: Option<u32>, eighths: u32) -> Self {
        let Region { x, y, width: columns, height: rows } = want.region;
        let Some(block) = block.filter(|_| want.region != Region::full(width, height)) else {
            return Self { eighths, window: None };
        };
        let step = block * eighths / 8;
        let (x, right) = span(x, columns, width, eighths);
        let (y, bottom) = span(y, rows, height, eighths);
        let x = x / step * step;
        Self { eighths, window: Some(Window { x, y, width: right - x, height: bottom - y }) }
    }

    /// Number of pixels decoded of a picture of this size.
    fn pixels(&self, (width, height): (u32, u32)) -> u64 {
        let (width, height) = self.window.map_or_else(
            || (scaled(width, self.eighths), scaled(height, self.eighths)),
            |window| (window.width, window.height),
        );
        u64::from(width) * u64::from(height)
    }

    fn place(&self, image: Image) -> Decoded {
        let scale = f64::from(self.eighths) / 8.0;
        let (x, y) = self.window.map_or((0, 0), |window| (window.x, window.y));
        let (left, top) = (f64::from(x) / scale, f64::from(y) / scale);
        Decoded { image, left, top, scale: (scale, scale) }
    }
}

/// The scales in eighths that save work: 7 eighths, for which libjpeg-turbo has no vector code, were
/// measured to take twice as long as all 8.
const SCALES: &[u32] = &[1, 2, 3, 4, 5, 6, 8];

/// The smallest of these scales that is not below `min_scale`.
fn smallest_scale(min_scale: f64, scales: &[u32]) -> u32 {
    let enough = |eighths: &&u32| f64::from(**eighths) >= min_scale * 8.0 - 1e-9;
    scales.iter().find(enough).copied().unwrap_or(8)
}

/// First and end of the scaled pixels that cover `len` stored ones from `start`, with the margin.
fn span(start: u32, len: u32, total: u32, eighths: u32) -> (u32, u32) {
    let first = u64::from(start) * u64::from(eighths) / 8;
    let first = u32::try_from(first).unwrap_or(u32::MAX).saturating_sub(MARGIN);
    let end = scaled(start.saturating_add(len), eighths).saturating_add(MARGIN);
    (first, end.min(scaled(total, eighths)))
}

#[cfg(test)]
pub(super) mod entropy_tests;
#[cfg(test)]
mod tests;
